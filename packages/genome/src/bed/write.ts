import type { ByteSink } from "../byte-sink.js";
import type { Interval } from "../intervals/interval.js";
import { checkColumn, checkPlace, writeLines } from "../text/write-fields.js";
import type { Strand } from "./read.js";

/** What a BED line is written from; later columns need the earlier ones, which are filled in where missing. */
export interface BedColumns extends Interval {
  readonly name?: string;
  readonly score?: number;
  readonly strand?: Strand;
}

/** A BED line of 3 to 6 columns, without its line end. */
export function formatBedRecord(record: BedColumns): string {
  checkPlace(record);
  const { chromosome, start, end, name, score, strand } = record;
  const columns: (string | number)[] = [checkColumn(chromosome, "chromosome"), start, end];
  const last = strand !== undefined ? 6 : score !== undefined ? 5 : name !== undefined ? 4 : 3;
  if (last >= 4) columns.push(name === undefined ? "." : checkColumn(name, "name"));
  if (last >= 5) columns.push(score ?? 0);
  if (last >= 6) columns.push(strand!);
  return columns.join("\t");
}

/** Writes BED lines in the order given. */
export function writeBed(
  sink: ByteSink,
  records: Iterable<BedColumns> | AsyncIterable<BedColumns>,
): Promise<void> {
  return writeLines(sink, records, formatBedRecord);
}

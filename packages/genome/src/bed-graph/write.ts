import type { ByteSink } from "../byte-sink.js";
import type { Interval } from "../intervals/interval.js";
import { checkColumn, checkPlace, writeLines } from "../text/write-fields.js";

/** What a bedGraph line is written from. */
export interface BedGraphColumns extends Interval {
  readonly value: number;
}

/** A bedGraph line, without its line end; the value in the fewest digits that read back as the same number. */
export function formatBedGraphRecord(record: BedGraphColumns): string {
  checkPlace(record);
  return `${checkColumn(record.chromosome, "chromosome")}\t${record.start}\t${record.end}\t${record.value}`;
}

/** Writes bedGraph lines in the order given. */
export function writeBedGraph(
  sink: ByteSink,
  records: Iterable<BedGraphColumns> | AsyncIterable<BedGraphColumns>,
): Promise<void> {
  return writeLines(sink, records, formatBedGraphRecord);
}

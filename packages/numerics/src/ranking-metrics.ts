import { BindscapeError } from "./error.js";
import { sortOrder } from "./sort.js";

/**
 * The area under the receiver operating characteristic: the probability that a random positive scores above a
 * random negative, a tie counting one half (the Mann-Whitney U statistic over its maximum). Counted in whole
 * numbers, so the result is exact up to the final division.
 *
 * @param scores higher means more likely positive; no NaN
 * @param labels 0 or 1, as many as scores
 * @returns NaN when one of the two classes is absent
 */
export function areaUnderRoc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let positives = 0;
  let negatives = 0;
  let doubledWins = 0;
  forEachThreshold(scores, labels, (_, groupPositives, groupNegatives) => {
    // Negatives seen so far score higher: each positive of this group loses to them and ties with its own group's.
    doubledWins += groupPositives * (2 * negatives + groupNegatives);
    positives += groupPositives;
    negatives += groupNegatives;
  });
  if (positives === 0 || negatives === 0) return Number.NaN;
  const pairs = positives * negatives;
  return (2 * pairs - doubledWins) / (2 * pairs);
}

/**
 * Average precision, the sum over distinct thresholds of (recall gained) x precision, without interpolation
 * (what scikit-learn calls `average_precision_score`). Equal scores enter together.
 *
 * @returns NaN when there is no positive
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  let positives = 0;
  let called = 0;
  let sum = 0;
  forEachThreshold(scores, labels, (_, groupPositives, groupNegatives) => {
    positives += groupPositives;
    called += groupPositives + groupNegatives;
    sum += groupPositives * (positives / called);
  });
  return positives === 0 ? Number.NaN : sum / positives;
}

/**
 * The largest recall of any threshold whose false discovery proportion, FP / (TP + FP), is at most `fdr`: recall
 * at precision 1 - fdr or better. Compared as a proportion of false calls, so that 1 false call in 10 is within
 * `fdr` 0.1 whatever the rounding of 1 - 0.1.
 *
 * @param fdr in [0, 1]
 * @returns 0 when no threshold qualifies, NaN when there is no positive
 */
export function recallAtFdr(scores: ArrayLike<number>, labels: ArrayLike<number>, fdr: number): number {
  if (!(fdr >= 0 && fdr <= 1)) {
    throw new BindscapeError({
      source: "recallAtFdr",
      found: `fdr ${fdr}`,
      expected: "a number from 0 to 1",
    });
  }
  let positives = 0;
  let called = 0;
  let best = 0;
  forEachThreshold(scores, labels, (_, groupPositives, groupNegatives) => {
    positives += groupPositives;
    called += groupPositives + groupNegatives;
    if ((called - positives) / called <= fdr) best = positives;
  });
  return positives === 0 ? Number.NaN : best / positives;
}

/**
 * Walks the distinct scores from the highest to the lowest and reports how many positives and negatives have
 * each: the one loop under every ranking metric, so that they all treat ties alike.
 *
 * @throws BindscapeError when the lengths differ, a label is neither 0 nor 1, or a score is not a number
 */
export function forEachThreshold(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  visit: (threshold: number, positives: number, negatives: number) => void,
): void {
  if (scores.length !== labels.length) {
    throw new BindscapeError({
      source: "labels",
      found: `${labels.length} labels for ${scores.length} scores`,
      expected: "one label for each score",
    });
  }
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1) {
      throw new BindscapeError({
        source: "labels",
        found: `${String(labels[i])} at index ${i}`,
        expected: "0 or 1",
        next: "Leave unlabelled items out before computing a metric",
      });
    }
  }
  const order = sortOrder(scores, "scores");
  for (let at = order.length - 1; at >= 0; ) {
    const threshold = scores[order[at]] + 0; // -0 and 0 are one threshold
    let positives = 0;
    let size = 0;
    for (; at >= 0 && scores[order[at]] === threshold; at--) {
      positives += labels[order[at]];
      size++;
    }
    visit(threshold, positives, size - positives);
  }
}

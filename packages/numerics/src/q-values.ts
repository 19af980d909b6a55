import { BindscapeError } from "./error.js";
import { sortOrder } from "./sort.js";

/** Thresholds tried for the share of true nulls: 0.005, 0.01, ... 0.5. */
const LAMBDAS = 100;
const LARGEST_LAMBDA = 0.5;
/** P-values a bootstrap sample has at most. */
const LARGEST_SAMPLE = 1000;

/**
 * The share of true null hypotheses among tests (pi0; Storey 2002): the p-values above lambda, over those expected
 * there of true nulls alone. Of 100 lambdas up to 0.5 it takes the one with the least mean squared error about the
 * smallest estimate over bootstrap samples (Storey, Taylor and Siegmund 2004). The expectation over all samples is
 * used, which has a closed form, so the answer is not random. Samples are of 1000 p-values at most, as the MEME
 * suite's appear to be: its estimates come out alike.
 *
 * @param sorted p-values, ascending, from 0 to 1
 * @returns above 0 and at most 1; 1 where nothing is known
 */
export function estimateNullShare(sorted: ArrayLike<number>): number {
  const atMost = new Float64Array(LAMBDAS);
  let passed = 0;
  for (let i = 0; i < LAMBDAS; i++) {
    while (passed < sorted.length && sorted[passed] <= lambdaAt(i)) passed++;
    atMost[i] = passed;
  }
  return nullShareOfCounts(atMost, sorted.length);
}

/** The thresholds of {@link estimateNullShare}, ascending. */
export const NULL_SHARE_LAMBDAS: readonly number[] = Object.freeze(
  Array.from({ length: LAMBDAS }, (_, i) => lambdaAt(i)),
);

/**
 * As {@link estimateNullShare}, of p-values too many to keep.
 * @param atMost how many are at most as large as each of {@link NULL_SHARE_LAMBDAS}
 * @param count how many there are in all
 */
export function nullShareOfCounts(atMost: ArrayLike<number>, count: number): number {
  if (count === 0) return 1;
  const estimates = new Float64Array(LAMBDAS);
  const variances = new Float64Array(LAMBDAS);
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LAMBDAS; i++) {
    const lambda = lambdaAt(i);
    const above = (count - atMost[i]) / count;
    estimates[i] = above / (1 - lambda);
    variances[i] = (above * (1 - above)) / (1 - lambda) ** 2 / Math.min(count, LARGEST_SAMPLE);
    smallest = Math.min(smallest, estimates[i]);
  }
  let best = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < LAMBDAS; i++) {
    const error = variances[i] + (estimates[i] - smallest) ** 2;
    if (error < least) [least, best] = [error, estimates[i]];
  }
  // All p-values small: no true null was seen, but a share of 0 would make every q-value 0.
  return best > 0 ? Math.min(1, best) : 1 / count;
}

function lambdaAt(index: number): number {
  return ((index + 1) / LAMBDAS) * LARGEST_LAMBDA;
}

/**
 * The q-value of each test: the least false discovery rate at which it is called, by Benjamini and Hochberg (1995),
 * times the share of true nulls.
 *
 * @param pValues in any order, from 0 to 1
 * @param nullShare {@link estimateNullShare} of them when left out; 1 for Benjamini and Hochberg's own
 * @returns in the order given
 * @throws BindscapeError for a value that is no probability
 */
export function qValues(pValues: ArrayLike<number>, nullShare?: number): Float64Array {
  const order = sortOrder(pValues, "p-values");
  const count = order.length;
  const sorted = Float64Array.from(order, (index) => pValues[index]);
  if (count > 0 && !(sorted[0] >= 0 && sorted[count - 1] <= 1)) {
    throw new BindscapeError({
      source: "p-values",
      found: `${sorted[0] < 0 ? sorted[0] : sorted[count - 1]}`,
      expected: "probabilities, from 0 to 1",
    });
  }
  const share = nullShare ?? estimateNullShare(sorted);
  const result = new Float64Array(count);
  let least = 1;
  for (let rank = count; rank > 0; rank--) {
    least = Math.min(least, (sorted[rank - 1] * count * share) / rank);
    result[order[rank - 1]] = least;
  }
  return result;
}

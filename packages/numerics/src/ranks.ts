import { BindscapeError } from "./error.js";
import { sortOrder } from "./sort.js";

/** Ranks from 1 to n, ascending; equal values share the mean of the ranks they stand on. */
export function midRanks(values: ArrayLike<number>): Float64Array {
  const order = sortOrder(values);
  const ranks = new Float64Array(order.length);
  for (let start = 0; start < order.length; ) {
    const value = values[order[start]];
    let end = start + 1;
    while (end < order.length && values[order[end]] === value) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) ranks[order[i]] = rank;
    start = end;
  }
  return ranks;
}

/**
 * Averages several scorings of the same items by rank, so that scorings on different scales weigh the same:
 * the mean over scorings of mid-rank / n, in (0, 1], higher for higher scores.
 *
 * @throws BindscapeError when there is no scoring or the scorings differ in length.
 */
export function rankAverage(scores: readonly ArrayLike<number>[]): Float64Array {
  if (scores.length === 0) {
    throw new BindscapeError({
      source: "rankAverage",
      found: "no scores",
      expected: "at least one array of scores",
    });
  }
  const count = scores[0].length;
  const average = new Float64Array(count);
  for (const [which, scoring] of scores.entries()) {
    if (scoring.length !== count) {
      throw new BindscapeError({
        source: "rankAverage",
        found: `${scoring.length} scores in array ${which}`,
        expected: `${count}, as in array 0`,
      });
    }
    const ranks = midRanks(scoring);
    for (let i = 0; i < count; i++) average[i] += ranks[i];
  }
  for (let i = 0; i < count; i++) average[i] /= scores.length * count;
  return average;
}

import { BindscapeError } from "./error.js";
import { midRanks } from "./ranks.js";

/** The arithmetic mean; NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/**
 * The variance about the mean, in two passes (a one-pass sum of squares cancels when the mean is large).
 *
 * @param freedomLost 1 (the default) for the unbiased sample variance, 0 for the variance of a whole population
 * @returns NaN for `freedomLost` values or fewer
 */
export function variance(values: ArrayLike<number>, freedomLost = 1): number {
  if (values.length <= freedomLost) return Number.NaN;
  const centre = mean(values);
  let squares = 0;
  let drift = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - centre;
    squares += difference * difference;
    drift += difference;
  }
  // The drift is what rounding left in the mean (Chan, Golub and LeVeque 1983, eq. 1.7).
  return (squares - (drift * drift) / values.length) / (values.length - freedomLost);
}

/**
 * The quantile at probability `p` by linear interpolation between order statistics at (n - 1) p (type 7 of
 * Hyndman and Fan 1996, the default of numpy and R). NaN for no values.
 *
 * @param values in any order; not changed
 * @param p in [0, 1]
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  if (!(p >= 0 && p <= 1)) {
    throw new BindscapeError({
      source: "quantile",
      found: `probability ${p}`,
      expected: "a number from 0 to 1",
    });
  }
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  // Typed arrays sort NaN to the end.
  if (Number.isNaN(sorted[sorted.length - 1])) return Number.NaN;
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return (low === high ? low : low + (high - low) * (place - below)) + 0; // never -0
}

/** Pearson's product-moment correlation, in [-1, 1]; NaN when either side is constant or there are fewer than 2 pairs. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPairs("pearson", a, b);
  const meanA = mean(a);
  const meanB = mean(b);
  let squaresA = 0;
  let squaresB = 0;
  let products = 0;
  for (let i = 0; i < a.length; i++) {
    const differenceA = a[i] - meanA;
    const differenceB = b[i] - meanB;
    squaresA += differenceA * differenceA;
    squaresB += differenceB * differenceB;
    products += differenceA * differenceB;
  }
  // Rounding in the mean must not make a constant side look as if it varied.
  if (isConstant(a) || isConstant(b)) return Number.NaN;
  const correlation = products / (Math.sqrt(squaresA) * Math.sqrt(squaresB));
  return Math.max(-1, Math.min(1, correlation));
}

/** Spearman's rank correlation: Pearson's on mid-ranks. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  checkPairs("spearman", a, b);
  return pearson(midRanks(a), midRanks(b));
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

function checkPairs(source: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length) {
    throw new BindscapeError({
      source,
      found: `${a.length} and ${b.length} values`,
      expected: "as many on both sides",
    });
  }
}

import { BindscapeError } from "./error.js";

/** Below this the tail comes from the series of the distribution function, above it from the continued fraction. */
const SERIES_LIMIT = 2.5;
/** Levels of the continued fraction: at the limit above, more change nothing in the last digit. */
const FRACTION_LEVELS = 150;
const LOG_SQRT_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** ln of the probability that a standard normal deviate exceeds `z`; exact to about 14 digits, far into the tail. */
export function logNormalTail(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z < -SERIES_LIMIT) return Math.log1p(-Math.exp(logNormalTail(-z)));
  if (z <= SERIES_LIMIT) return Math.log(0.5 - shareBetween(z));
  if (z === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  // Mills' ratio as Laplace's continued fraction (Abramowitz and Stegun 26.2.14), from its last level up.
  let fraction = z;
  for (let level = FRACTION_LEVELS; level > 0; level--) fraction = z + level / fraction;
  return -0.5 * z * z - LOG_SQRT_TWO_PI - Math.log(fraction);
}

/** The probability that a standard normal deviate exceeds `z`. */
export function normalTail(z: number): number {
  return Math.abs(z) <= SERIES_LIMIT ? 0.5 - shareBetween(z) : Math.exp(logNormalTail(z));
}

/** The probability between 0 and z (Abramowitz and Stegun 26.2.11: all terms have the sign of z). */
function shareBetween(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return sum * Math.exp(-0.5 * z * z - LOG_SQRT_TWO_PI);
}

/** What {@link testTwoProportions} finds. */
export interface TwoProportionTest {
  /** Above 0 where the first share is the larger. */
  readonly zScore: number;
  /** One-sided, of the tail on the side of `zScore`: at most 0.5, also where the first share is the smaller. */
  readonly pValue: number;
}

/**
 * The two-proportion z test with the pooled share: is `hits` of `total` another share than `controlHits` of
 * `controlTotal`? Where nothing or everything is a hit there is no variance, and the test says z = 0, p = 0.5.
 *
 * @throws BindscapeError for counts that are not whole numbers with 0 <= hits <= total, and for nothing to count
 */
export function testTwoProportions(
  hits: number,
  total: number,
  controlHits: number,
  controlTotal: number,
): TwoProportionTest {
  for (const [part, whole] of [
    [hits, total],
    [controlHits, controlTotal],
  ]) {
    if (Number.isInteger(part) && Number.isInteger(whole) && part >= 0 && part <= whole && whole > 0)
      continue;
    throw new BindscapeError({
      source: "two-proportion test",
      found: `${part} of ${whole}`,
      expected: "whole numbers, the first from 0 to the second, the second above 0",
    });
  }
  const pooled = (hits + controlHits) / (total + controlTotal);
  const variance = pooled * (1 - pooled) * (1 / total + 1 / controlTotal);
  if (variance === 0) return { zScore: 0, pValue: 0.5 };
  const zScore = (hits / total - controlHits / controlTotal) / Math.sqrt(variance);
  return { zScore, pValue: normalTail(Math.abs(zScore)) };
}

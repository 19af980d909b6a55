import { BindscapeError } from "./error.js";
import { logGamma } from "./special-functions.js";
import { pearson } from "./statistics.js";

/**
 * The regularised incomplete beta function I_x(a, b), the share of a beta distribution below x, by its continued
 * fraction (Abramowitz and Stegun 26.5.8, evaluated after Lentz) on the side where that converges fast.
 *
 * @param a above 0
 * @param b above 0
 * @param x from 0 to 1
 */
export function regularisedBeta(a: number, b: number, x: number): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1)) {
    throw new BindscapeError({
      source: "regularisedBeta",
      found: `a ${a}, b ${b}, x ${x}`,
      expected: "a and b above 0, x from 0 to 1",
    });
  }
  if (x === 0 || x === 1) return x;
  const scale = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (scale * betaFraction(a, b, x)) / a
    : 1 - (scale * betaFraction(b, a, 1 - x)) / b;
}

function betaFraction(a: number, b: number, x: number): number {
  const avoidZero = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / avoidZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / avoidZero(1 + even * d);
    c = avoidZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / avoidZero(1 + odd * d);
    c = avoidZero(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return fraction;
}

/** A Pearson correlation and how likely one as far from 0 is without any. */
export interface CorrelationTest {
  /** NaN where one of the two does not vary. */
  readonly r: number;
  /** Two-sided, of Student's t with count - 2 degrees of freedom; NaN below three pairs. */
  readonly pValue: number;
  readonly count: number;
}

/** Pearson's correlation of pairs with its two-sided p-value (scipy's `pearsonr`). */
export function testCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): CorrelationTest {
  const count = a.length;
  const r = pearson(a, b);
  const freedom = count - 2;
  // With t = r sqrt(freedom / (1 - r^2)), freedom / (freedom + t^2) is 1 - r^2.
  const pValue =
    freedom < 1 || Number.isNaN(r) ? Number.NaN : regularisedBeta(freedom / 2, 0.5, Math.max(0, 1 - r * r));
  return { r, pValue, count };
}

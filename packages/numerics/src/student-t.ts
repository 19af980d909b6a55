import { regularisedBeta } from "./correlation-test.js";
import { BindscapeError } from "./error.js";

/**
 * P(|T| <= t) of Student's t distribution with a whole number of degrees of freedom, by the incomplete beta
 * function (Abramowitz and Stegun 1964, 26.7.1).
 * @param t at least 0
 */
export function studentCoverage(t: number, freedom: number): number {
  if (!(Number.isInteger(freedom) && freedom >= 1)) {
    throw new BindscapeError({
      source: "studentCoverage",
      found: `${freedom} degrees of freedom`,
      expected: "a whole number from 1",
    });
  }
  return 1 - regularisedBeta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

/** Half the width, in standard errors, of a confidence interval of a mean: the t whose coverage is `confidence`. */
export function studentQuantile(confidence: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (studentCoverage(high, freedom) < confidence) high *= 2;
  for (let i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const middle = (low + high) / 2;
    if (studentCoverage(middle, freedom) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** A mean with its confidence interval by Student's t; one value has no interval (both ends NaN). */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The mean of values that are numbers, with the interval that covers the true mean with probability `confidence`. */
export function meanInterval(values: readonly number[], confidence = 0.95): MeanInterval {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length < 2) return { mean, low: Number.NaN, high: Number.NaN };
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1);
  const half = studentQuantile(confidence, known.length - 1) * Math.sqrt(variance / known.length);
  return { mean, low: mean - half, high: mean + half };
}

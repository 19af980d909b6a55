import { describe, expect, it } from "vitest";
import { meanInterval, studentCoverage, studentQuantile } from "../src/student-t.js";

/** The closed form for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4). */
function closedFormCoverage(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  const isOdd = freedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= ((k - 1) / k) * cosine * cosine;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

describe("Student's t", () => {
  it("has the coverage of its closed form", () => {
    for (const freedom of [1, 2, 3, 4, 5, 8, 29, 100]) {
      for (const t of [0, 0.01, 0.5, 1, 2.5, 6, 40])
        expect(studentCoverage(t, freedom)).toBeCloseTo(closedFormCoverage(t, freedom), 11);
    }
  });

  it("has the tabulated 95 % and 99 % quantiles", () => {
    // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, upper critical values at .025 and .005.
    for (const [freedom, at95, at99] of [
      [1, 12.706, 63.657],
      [2, 4.303, 9.925],
      [3, 3.182, 5.841],
      [4, 2.776, 4.604],
      [5, 2.571, 4.032],
      [9, 2.262, 3.25],
      [30, 2.042, 2.75],
    ]) {
      expect(studentQuantile(0.95, freedom)).toBeCloseTo(at95, 3);
      expect(studentQuantile(0.99, freedom)).toBeCloseTo(at99, 3);
    }
  });

  it("integrates the density", () => {
    for (const freedom of [1, 2, 3, 4, 7, 8]) {
      // Unnormalised density by Simpson's rule over 0 to 2, normalised by its closed-form coverage at a far point.
      const density = (x: number) => (1 + (x * x) / freedom) ** (-(freedom + 1) / 2);
      const area = (to: number, steps = 20_000) => {
        let sum = density(0) + density(to);
        for (let i = 1; i < steps; i++) sum += density((to * i) / steps) * (i % 2 === 1 ? 4 : 2);
        return (sum * to) / steps / 3;
      };
      expect(area(2) / area(0.7)).toBeCloseTo(studentCoverage(2, freedom) / studentCoverage(0.7, freedom), 9);
    }
  });

  it("gives the interval of a mean", () => {
    const { mean, low, high } = meanInterval([1, 2, 3, 4, 5]);
    // Standard deviation sqrt(2.5), standard error sqrt(0.5), t of 4 degrees 2.7764451.
    expect(mean).toBe(3);
    expect(high - mean).toBeCloseTo(2.7764451 * Math.SQRT1_2, 6);
    expect(mean - low).toBeCloseTo(high - mean, 12);
    expect(meanInterval([7]).low).toBeNaN();
    expect(meanInterval([7, Number.NaN, 9]).mean).toBe(8);
    expect(() => studentCoverage(1, 0)).toThrow("degrees of freedom");
  });
});

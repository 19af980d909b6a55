import { describe, expect, it } from "vitest";
import { meanInterval, studentCoverage, studentQuantile } from "../src/student-t.js";

describe("Student's t", () => {
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

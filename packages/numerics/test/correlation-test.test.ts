import { describe, expect, it } from "vitest";
import { regularisedBeta, testCorrelation } from "../src/correlation-test.js";
import { distributionGap } from "../src/distribution-gap.js";
import { BindscapeError } from "../src/error.js";
import { Random } from "../src/random.js";

describe("the incomplete beta function", () => {
  it.each([
    [0.5, 0.5, 0.3, 0.36901011956554536],
    [2, 3, 0.9, 0.9963],
    [18, 0.5, 0.6639, 0.00013648437399964202],
    [1000, 0.5, 0.99, 7.366397738015049e-6],
    [50, 50, 0.51, 0.5790722361129401],
    [1e-3, 2, 0.1, 0.9985979938799937],
  ])("I(%f, %f, %f) is scipy's", (a, b, x, expected) => {
    expect(regularisedBeta(a, b, x) / expected).toBeCloseTo(1, 11);
    expect(regularisedBeta(b, a, 1 - x)).toBeCloseTo(1 - expected, 11);
  });

  it("has its closed forms and limits", () => {
    for (const x of [0, 0.2, 0.7, 1]) {
      expect(regularisedBeta(1, 1, x)).toBeCloseTo(x, 14);
      expect(regularisedBeta(3, 1, x)).toBeCloseTo(x ** 3, 14);
    }
    expect(() => regularisedBeta(0, 1, 0.5)).toThrow(BindscapeError);
    expect(() => regularisedBeta(1, 1, 1.5)).toThrow(BindscapeError);
  });
});

describe("the test of a correlation", () => {
  it.each([
    [3, 0.5797609183596178, 0.6062919036931399],
    [5, 0.179381942496139, 0.7728346825644886],
    [38, 0.23921358952933225, 0.14805150102507178],
    [1000, 0.2924282550058152, 3.622482600235435e-21],
  ])("of %i pairs is scipy's pearsonr", (count, r, pValue) => {
    const a = Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101);
    const b = a.map((value, i) => value * 0.3 + ((i * 53 + 7) % 89) / 89);
    const found = testCorrelation(a, b);
    expect(found.r).toBeCloseTo(r, 13);
    expect(found.pValue / pValue).toBeCloseTo(1, 10);
    expect(found.count).toBe(count);
  });

  it("gives the paper's p-value for r = .58 of 38 factors", () => {
    // 38 pairs with exactly that correlation: a second vector made orthogonal to the first.
    const random = new Random(1);
    const centred = () => {
      const raw = Float64Array.from({ length: 38 }, () => random.normal());
      const average = raw.reduce((sum, value) => sum + value, 0) / 38;
      return raw.map((value) => value - average);
    };
    const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    const a = centred();
    const raw = centred();
    const share = dot(a, raw) / dot(a, a);
    const across = raw.map((value, i) => value - share * a[i]);
    const r = 0.58;
    const b = a.map(
      (value, i) =>
        (r * value) / Math.sqrt(dot(a, a)) +
        (Math.sqrt(1 - r * r) * across[i]) / Math.sqrt(dot(across, across)),
    );
    const found = testCorrelation(a, b);
    expect(found.r).toBeCloseTo(0.58, 12);
    // The paper says .00012; .58 is rounded.
    expect(found.pValue).toBeGreaterThan(0.0001);
    expect(found.pValue).toBeLessThan(0.00016);
  });

  it("is NaN without variation or with two pairs, and 0 for a line", () => {
    expect(testCorrelation([1, 1, 1], [1, 2, 3])).toEqual({ r: Number.NaN, pValue: Number.NaN, count: 3 });
    expect(testCorrelation([1, 2], [1, 3]).pValue).toBeNaN();
    expect(testCorrelation([1, 2, 3, 4], [2, 4, 6, 8]).pValue).toBeLessThan(1e-6);
  });
});

describe("the gap between two distributions", () => {
  it("is scipy's ks_2samp statistic", () => {
    expect(distributionGap([1, 2, 3, 4, 4, 5], [2, 2, 4, 6, 7])).toBeCloseTo(0.4, 15);
  });

  it.each([1, 2, 3, 4])("is the largest of all differences (seed %i)", (seed) => {
    const random = new Random(seed);
    const a = Array.from({ length: 1 + random.integer(40) }, () => random.integer(12));
    const b = Array.from({ length: 1 + random.integer(40) }, () => random.integer(9) + random.uniform());
    const share = (values: number[], limit: number) =>
      values.filter((value) => value <= limit).length / values.length;
    const expected = Math.max(...[...a, ...b].map((limit) => Math.abs(share(a, limit) - share(b, limit))));
    expect(distributionGap(a, b)).toBeCloseTo(expected, 15);
    expect(distributionGap(b, a)).toBeCloseTo(expected, 15);
  });

  it("is NaN for an empty sample", () => {
    expect(distributionGap([], [1])).toBeNaN();
  });
});

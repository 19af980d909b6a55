import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../src/random.js";
import { midRanks, rankAverage } from "../src/ranks.js";
import { sortOrder } from "../src/sort.js";
import { mean, pearson, quantile, spearman, variance } from "../src/statistics.js";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 });

describe("sortOrder", () => {
  it("sorts stably whatever the length, on both sides of the radix threshold", () => {
    const random = new Random(8);
    for (const count of [0, 1, 2, 2047, 2048, 5000]) {
      for (const values of [
        Float64Array.from({ length: count }, () => random.normal()),
        Float32Array.from({ length: count }, () => random.normal()),
        Int32Array.from({ length: count }, () => random.integer(50) - 25),
        Array.from({ length: count }, () => (random.integer(3) - 1) * random.uniform()),
      ]) {
        const expected = Array.from({ length: count }, (_, i) => i).sort(
          (i, j) => values[i] - values[j] || i - j,
        );
        expect(Array.from(sortOrder(values))).toEqual(expected);
      }
    }
  });

  it("does not change what it is given", () => {
    const values = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i));
    const copy = values.slice();
    sortOrder(values);
    expect(values).toEqual(copy);
  });
});

describe("ranks", () => {
  it("equal one plus the values below and half the other equal ones", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }), (values) => {
        const expected = values.map((value) => {
          const below = values.filter((other) => other < value).length;
          const equal = values.filter((other) => other === value).length;
          return below + (equal + 1) / 2;
        });
        expect(Array.from(midRanks(values))).toEqual(expected);
      }),
    );
  });

  it("average to (0, 1], blind to the scale of each scoring", () => {
    expect(Array.from(rankAverage([[10, 20, 30, 40]]))).toEqual([0.25, 0.5, 0.75, 1]);
    expect(
      Array.from(
        rankAverage([
          [1, 2, 2, 3],
          [0.1, 0.2, 0.3, 0.25],
        ]),
      ),
    ).toEqual([1 / 4, 4.5 / 8, 6.5 / 8, 7 / 8]);
    const random = new Random(4);
    const scores = Array.from({ length: 300 }, () => random.normal());
    expect(rankAverage([scores, scores.map((score) => Math.exp(score))])).toEqual(rankAverage([scores]));
    expect(() => rankAverage([])).toThrow(/no scores/);
    expect(() => rankAverage([[1], [1, 2]])).toThrow(/2 scores in array 1; expected 1/);
  });
});

describe("statistics", () => {
  /** The recipe of the stored scipy 1.17.1 and numpy 2.4.6 figures. */
  const labels = Array.from({ length: 500 }, (_, i) => ((i * i * 31 + i * 17) % 7 < 2 ? 1 : 0));
  const scores = labels.map((label, i) => ((i * 7919 + 13) % 101) / 101 + label * 0.125);

  it("equal stored scipy and numpy figures", () => {
    expect(spearman(scores, labels)).toBeCloseTo(0.18248170082726262, 13);
    expect(pearson(scores, labels)).toBeCloseTo(0.19368667979927728, 13);
    expect(variance(scores)).toBeCloseTo(0.08672825812884469, 14);
    expect(Array.from(midRanks(scores).subarray(0, 5))).toEqual([104, 243.5, 448.5, 213.5, 351.5]);
    expect(quantile(scores, 0.1)).toBeCloseTo(0.14851485, 8);
    expect(quantile(scores, 0.25)).toBeCloseTo(0.2970297, 7);
    expect(quantile(scores, 0.9)).toBeCloseTo(0.94121287, 8);
  });

  it("keep the variance under a shift that would swamp a one-pass sum", () => {
    const values = Array.from({ length: 1000 }, (_, i) => i % 10);
    expect(
      variance(
        values.map((value) => value + 1e9),
        0,
      ),
    ).toBeCloseTo(8.25, 9);
    expect(variance([5], 0)).toBe(0);
    expect(variance([5])).toBeNaN();
    expect(mean([])).toBeNaN();
  });

  it("quantile meets the extremes and the median, and refuses a probability that is none", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 50 }), (values) => {
        expect(quantile(values, 0)).toBe(Math.min(...values.map((value) => value + 0)));
        expect(quantile(values, 1)).toBe(Math.max(...values) + 0);
      }),
    );
    expect(quantile([-0, -0], 0.5)).toBe(0);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([], 0.5)).toBeNaN();
    expect(quantile([1, Number.NaN], 0)).toBeNaN();
    expect(() => quantile([1], 1.5)).toThrow(/probability 1.5/);
  });

  it("correlations are 1 for a rising line, NaN for a constant, and never outside [-1, 1]", () => {
    const line = Array.from({ length: 100 }, (_, i) => 0.1 * i);
    expect(
      pearson(
        line,
        line.map((value) => 3 * value + 7),
      ),
    ).toBeCloseTo(1, 14);
    expect(
      spearman(
        line,
        line.map((value) => -Math.exp(value)),
      ),
    ).toBe(-1);
    expect(
      pearson(
        line,
        line.map(() => 0.1),
      ),
    ).toBeNaN();
    expect(pearson([1], [1])).toBeNaN();
    fc.assert(
      fc.property(fc.array(fc.tuple(finite, finite), { minLength: 2, maxLength: 20 }), (pairs) => {
        const r = pearson(
          pairs.map(([a]) => a),
          pairs.map(([, b]) => b),
        );
        expect(Number.isNaN(r) || (r >= -1 && r <= 1)).toBe(true);
      }),
    );
    expect(() => pearson([1, 2], [1])).toThrow(/2 and 1 values/);
  });
});

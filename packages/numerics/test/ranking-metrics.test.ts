import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { precisionRecallCurve, rocCurve, summariseCurve } from "../src/curves.js";
import { BindscapeError } from "../src/error.js";
import { Random } from "../src/random.js";
import { areaUnderRoc, averagePrecision, recallAtFdr } from "../src/ranking-metrics.js";

/** Every pair of a positive and a negative, compared one by one. */
function pairCounting(scores: number[], labels: number[]): number {
  let wins = 0;
  let pairs = 0;
  for (const [i, label] of labels.entries()) {
    if (label !== 1) continue;
    for (const [j, other] of labels.entries()) {
      if (other !== 0) continue;
      pairs++;
      wins += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

/** Calls at every distinct threshold, each counted anew over all items. */
function sweep(scores: number[], labels: number[]) {
  const thresholds = [...new Set(scores.map((score) => score + 0))].sort((a, b) => b - a);
  return thresholds.map((threshold) => {
    const called = labels.filter((_, i) => scores[i] >= threshold);
    const truePositives = called.filter((label) => label === 1).length;
    return { threshold, truePositives, falsePositives: called.length - truePositives };
  });
}

function sweptAveragePrecision(scores: number[], labels: number[]): number {
  const positives = labels.filter((label) => label === 1).length;
  let earlier = 0;
  let sum = 0;
  for (const { truePositives, falsePositives } of sweep(scores, labels)) {
    sum += ((truePositives - earlier) / positives) * (truePositives / (truePositives + falsePositives));
    earlier = truePositives;
  }
  return sum;
}

/** Scores with many ties, few ties, extremes and both zeros. */
const anyScore = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true }),
  fc.float({ noNaN: true }),
  fc.constantFrom(-0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, -5e-324),
);
const scored = fc
  .array(fc.tuple(anyScore, fc.integer({ min: 0, max: 1 })), { minLength: 2, maxLength: 120 })
  .map((items) => ({ scores: items.map(([score]) => score), labels: items.map(([, label]) => label) }));

/** The recipe of the stored scikit-learn 1.9.1 figures: ties on purpose, positives a little higher. */
function recipe(count: number, modulus: number, period: number) {
  const labels = Array.from({ length: count }, (_, i) => ((i * i * 31 + i * 17) % period < 2 ? 1 : 0));
  const scores = labels.map((label, i) => ((i * 7919 + 13) % modulus) / modulus + label * 0.125);
  return { scores, labels };
}

describe("ranking metrics against brute force", () => {
  it("areaUnderRoc equals counting all pairs, ties one half", () => {
    fc.assert(
      fc.property(scored, ({ scores, labels }) => {
        const expected = pairCounting(scores, labels);
        expect(areaUnderRoc(scores, labels)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("averagePrecision equals a sweep over all thresholds", () => {
    fc.assert(
      fc.property(scored, ({ scores, labels }) => {
        if (labels.includes(1)) {
          expect(averagePrecision(scores, labels)).toBeCloseTo(sweptAveragePrecision(scores, labels), 13);
        } else {
          expect(averagePrecision(scores, labels)).toBeNaN();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("recallAtFdr equals the best recall of a sweep", () => {
    fc.assert(
      fc.property(scored, fc.constantFrom(0, 0.05, 0.1, 0.25, 0.5, 1), ({ scores, labels }, fdr) => {
        const positives = labels.filter((label) => label === 1).length;
        const allowed = sweep(scores, labels).filter(
          ({ truePositives, falsePositives }) => falsePositives / (truePositives + falsePositives) <= fdr,
        );
        const expected =
          positives === 0
            ? Number.NaN
            : Math.max(0, ...allowed.map((point) => point.truePositives)) / positives;
        expect(recallAtFdr(scores, labels, fdr)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("holds on the radix path too: doubles, singles, few values, extremes", () => {
    const random = new Random("radix");
    const count = 3000;
    const labels = Array.from({ length: count }, () => random.integer(2));
    const makers: [string, () => number][] = [
      ["doubles", () => random.normal()],
      ["singles", () => Math.fround(random.normal())],
      ["few values", () => random.integer(5) - 2],
      ["huge and tiny", () => (random.uniform() - 0.5) * 10 ** (random.integer(600) - 300)],
      ["infinities and zeros", () => [-0, 0, Infinity, -Infinity, 1][random.integer(5)]],
      ["neighbouring doubles", () => 1 + random.integer(7) * Number.EPSILON],
    ];
    for (const [name, make] of makers) {
      const scores = Array.from({ length: count }, make);
      expect(areaUnderRoc(scores, labels), name).toBe(pairCounting(scores, labels));
      expect(areaUnderRoc(Float64Array.from(scores), labels), name).toBe(pairCounting(scores, labels));
      const rounded = scores.map(Math.fround);
      expect(areaUnderRoc(Float32Array.from(scores), labels), name).toBe(pairCounting(rounded, labels));
    }
  });
});

describe("ranking metrics against stored scikit-learn 1.9.1 figures", () => {
  const stored = [
    {
      of: [50, 11, 3],
      roc: 0.6268382352941176,
      precision: 0.8078475110311781,
      recalls: [7 / 34, 7 / 34, 1],
      points: 22,
    },
    {
      of: [500, 101, 7],
      roc: 0.6064636298281159,
      precision: 0.578487465019655,
      recalls: [0.12149532710280374, 0.12149532710280374, 0.4719626168224299],
      points: 201,
    },
    {
      of: [5000, 997, 13],
      roc: 0.6143233351287882,
      precision: 0.4751141555016464,
      recalls: [0.12158647594278284, 0.1267880364109233, 0.217815344603381],
      points: 1766,
    },
  ];
  for (const { of, roc, precision, recalls, points } of stored) {
    it(`${of[0]} items`, () => {
      const { scores, labels } = recipe(of[0], of[1], of[2]);
      expect(areaUnderRoc(scores, labels)).toBeCloseTo(roc, 14);
      expect(averagePrecision(scores, labels)).toBeCloseTo(precision, 14);
      for (const [i, fdr] of [0.05, 0.1, 0.5].entries())
        expect(recallAtFdr(scores, labels, fdr)).toBe(recalls[i]);
      expect(rocCurve(scores, labels).threshold.length).toBe(points + 1);
    });
  }
});

describe("ranking metrics at the edges", () => {
  it("says NaN where a class it needs is absent", () => {
    expect(areaUnderRoc([1, 2], [1, 1])).toBeNaN();
    expect(areaUnderRoc([1, 2], [0, 0])).toBeNaN();
    expect(areaUnderRoc([], [])).toBeNaN();
    expect(averagePrecision([1, 2], [0, 0])).toBeNaN();
    expect(averagePrecision([1, 2], [1, 1])).toBe(1);
    expect(recallAtFdr([1, 2], [0, 0], 0.1)).toBeNaN();
  });

  it("counts 1 false call in 10 as within a false discovery rate of 0.1, and 2 in 19 as beyond it", () => {
    const scores = Array.from({ length: 10 }, (_, i) => 10 - i);
    expect(recallAtFdr(scores, [1, 1, 1, 1, 1, 0, 1, 1, 1, 1], 0.1)).toBe(1);
    const more = Array.from({ length: 19 }, (_, i) => 19 - i);
    const labels = more.map((_, i) => (i === 3 || i === 9 ? 0 : 1));
    // The best within 0.1 is none beyond the three before the first false call: 1 in 9 is 0.11.
    expect(recallAtFdr(more, labels, 0.1)).toBe(3 / 17);
  });

  it("returns 0 when even the top score is mostly false", () => {
    expect(recallAtFdr([3, 2, 1], [0, 0, 1], 0.5)).toBe(0);
  });

  it("refuses what it cannot rank, by index", () => {
    expect(() => areaUnderRoc([1, Number.NaN], [0, 1])).toThrow(/scores: NaN at index 1/);
    expect(() => areaUnderRoc(new Array(3000).fill(Number.NaN), new Array(3000).fill(1))).toThrow(
      BindscapeError,
    );
    expect(() => areaUnderRoc([1, 2], [0, 2])).toThrow(/labels: 2 at index 1; expected 0 or 1/);
    expect(() => averagePrecision([1, 2], [0])).toThrow(/1 labels for 2 scores/);
    expect(() => recallAtFdr([1], [1], 10)).toThrow(/fdr 10/);
    expect(() => areaUnderRoc(["1", "2"] as unknown as number[], [0, 1])).toThrow(BindscapeError);
  });
});

describe("curves", () => {
  it("have the points of a sweep after one where nothing is called", () => {
    fc.assert(
      fc.property(scored, ({ scores, labels }) => {
        const points = sweep(scores, labels);
        const positives = labels.filter((label) => label === 1).length;
        const roc = rocCurve(scores, labels);
        const precisionRecall = precisionRecallCurve(scores, labels);
        expect(Array.from(roc.threshold)).toEqual([
          Number.POSITIVE_INFINITY,
          ...points.map((point) => point.threshold),
        ]);
        expect(Array.from(roc.recall).slice(1)).toEqual(
          points.map((point) => point.truePositives / positives),
        );
        expect(Array.from(roc.falsePositiveRate).slice(1)).toEqual(
          points.map((point) => point.falsePositives / (labels.length - positives)),
        );
        expect(Array.from(precisionRecall.precision)).toEqual([
          1,
          ...points.map((point) => point.truePositives / (point.truePositives + point.falsePositives)),
        ]);
        expect(precisionRecall.recall).toEqual(roc.recall);
      }),
    );
  });

  it("integrate to areaUnderRoc by trapezoids", () => {
    const { scores, labels } = recipe(500, 101, 7);
    const { falsePositiveRate, recall } = rocCurve(scores, labels);
    let area = 0;
    for (let i = 1; i < recall.length; i++) {
      area += ((falsePositiveRate[i] - falsePositiveRate[i - 1]) * (recall[i] + recall[i - 1])) / 2;
    }
    expect(area).toBeCloseTo(areaUnderRoc(scores, labels), 13);
  });

  it("thin to the points asked for, ends kept, no dropped point far from a kept one", () => {
    const random = new Random(3);
    const labels = Array.from({ length: 20000 }, () => random.integer(2));
    const scores = labels.map((label) => random.normal() + label);
    const curve = rocCurve(scores, labels);
    const thin = summariseCurve(curve, 100);
    expect(thin.recall.length).toBeLessThanOrEqual(100);
    expect(thin.recall.length).toBeGreaterThan(95);
    expect([thin.recall[0], thin.falsePositiveRate[0], thin.threshold[0]]).toEqual([0, 0, Infinity]);
    expect([thin.recall.at(-1), thin.falsePositiveRate.at(-1)]).toEqual([1, 1]);
    // The curve is 2 long in steps along the axes, so each of the 99 stretches is at most 2 / 99 and a step.
    for (let i = 1; i < thin.recall.length; i++) {
      const stretch =
        thin.recall[i] - thin.recall[i - 1] + thin.falsePositiveRate[i] - thin.falsePositiveRate[i - 1];
      expect(stretch).toBeLessThan(2 / 99 + 2e-4);
    }
    expect(summariseCurve(curve, 1e6)).toBe(curve);
    expect(() => summariseCurve(curve, 1)).toThrow(BindscapeError);
  });
});

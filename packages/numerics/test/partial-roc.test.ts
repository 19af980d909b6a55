import { describe, expect, it } from "vitest";
import { rocCurve } from "../src/curves.js";
import { BindscapeError } from "../src/error.js";
import { partialAreaUnderRoc } from "../src/partial-roc.js";
import { Random } from "../src/random.js";
import { areaUnderRoc } from "../src/ranking-metrics.js";

/** The recipe of the stored scikit-learn 1.9.1 figures: ties on purpose, positives a little higher. */
function recipe(count: number, modulus: number, period: number) {
  const labels = Array.from({ length: count }, (_, i) => ((i * i * 31 + i * 17) % period < 2 ? 1 : 0));
  const scores = labels.map((label, i) => ((i * 7919 + 13) % modulus) / modulus + label * 0.125);
  return { scores, labels };
}

/** Recall at a false positive rate, read off the points of the curve, summed over many steps. */
function summed(scores: readonly number[], labels: readonly number[], limit: number): number {
  const { falsePositiveRate, recall } = rocCurve(scores, labels);
  const steps = 200_000;
  let sum = 0;
  let at = 0;
  for (let step = 0; step < steps; step++) {
    const rate = (limit * (step + 0.5)) / steps;
    while (falsePositiveRate[at + 1] < rate) at++;
    const [x0, x1] = [falsePositiveRate[at], falsePositiveRate[at + 1]];
    sum += recall[at] + ((recall[at + 1] - recall[at]) * (rate - x0)) / (x1 - x0);
  }
  return (limit * sum) / steps;
}

describe("the partial area under the ROC curve", () => {
  it.each([
    [500, 101, 7, 0.1, 0.01655447356381936, 0.560813018756944],
    [500, 101, 7, 0.013, 0.0015794392523364486, 0.5578738435343753],
    [2000, 13, 11, 0.1, 0.017152529621967276, 0.5639606822208804],
    [2000, 13, 11, 0.05, 0.007692307692307693, 0.5660749506903353],
    [300, 997, 3, 0.1, 0.0179, 0.5678947368421052],
    [997, 501, 40, 0.1, 0.014935340022296545, 0.552291263275245],
    [997, 501, 40, 1, 0.60479375696767, 0.60479375696767],
  ])("is scikit-learn's on %i items, modulus %i, period %i, to %f", (...row) => {
    const [count, modulus, period, limit, area, standardised] = row;
    const { scores, labels } = recipe(count, modulus, period);
    const found = partialAreaUnderRoc(scores, labels, limit);
    expect(found.area).toBeCloseTo(area, 14);
    expect(found.normalised).toBeCloseTo(area / limit, 12);
    expect(found.standardised).toBeCloseTo(standardised, 13);
  });

  it.each([1, 2, 3, 4, 5, 6])("is the sum of recalls over a fine grid of rates (seed %i)", (seed) => {
    const random = new Random(seed);
    const values = seed % 2 === 0 ? 5 : 1000;
    const labels = Array.from({ length: 80 }, () => Number(random.uniform() < 0.4));
    const scores = labels.map((label) => random.integer(values) + label * values * 0.2);
    for (const limit of [0.1, 0.37, 1]) {
      const { area } = partialAreaUnderRoc(scores, labels, limit);
      expect(area).toBeCloseTo(summed(scores, labels, limit), 5);
    }
    expect(partialAreaUnderRoc(scores, labels, 1).area).toBeCloseTo(areaUnderRoc(scores, labels), 13);
  });

  it("is what closed forms say", () => {
    const perfect = partialAreaUnderRoc([4, 3, 2, 1], [1, 1, 0, 0], 0.1);
    expect(perfect).toEqual({ area: expect.closeTo(0.1, 15), normalised: 1, standardised: 1 });
    const oneScore = partialAreaUnderRoc([1, 1, 1, 1], [1, 0, 1, 0], 0.1);
    expect(oneScore.area).toBeCloseTo(0.005, 15);
    expect(oneScore.standardised).toBeCloseTo(0.5, 14);
    expect(partialAreaUnderRoc([1, 2], [0, 1]).area).toBeCloseTo(0.1, 15);
    expect(partialAreaUnderRoc([2, 1], [0, 1]).area).toBe(0);
    expect(partialAreaUnderRoc([1, 2], [1, 1]).area).toBeNaN();
    expect(partialAreaUnderRoc([1, 2], [0, 0]).standardised).toBeNaN();
  });

  it("refuses limits that are none", () => {
    for (const limit of [0, -1, 1.1, Number.NaN]) {
      expect(() => partialAreaUnderRoc([1, 2], [0, 1], limit)).toThrow(BindscapeError);
    }
  });
});

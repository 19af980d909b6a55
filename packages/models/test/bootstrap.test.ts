import { areaUnderRoc, averagePrecision, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { bootstrapByRegion, cutIntoStretches } from "../src/evaluate/bootstrap.js";

/** Normal scores, bound bins `shift` higher: the true auROC is Phi(shift / sqrt 2). */
function drawScores(regions: number, size: number, shift: number, seed: number) {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: regions * size }, () => random.integer(2));
  const scores = Float64Array.from(labels, (label) => random.normal() + shift * label);
  const stretches = Array.from({ length: regions }, (_, i) => ({ from: i * size, to: (i + 1) * size }));
  return { scores, labels, stretches };
}

describe("bootstrap over regions", () => {
  it("holds the estimate on all bins, and is the same for one seed", () => {
    const { scores, labels, stretches } = drawScores(20, 30, 1, 1);
    const once = bootstrapByRegion(scores, labels, stretches, { replicates: 300 });
    expect(once.auroc.estimate).toBe(areaUnderRoc(scores, labels));
    expect(once.auprc.estimate).toBe(averagePrecision(scores, labels));
    expect(once.auroc.low).toBeLessThan(once.auroc.estimate);
    expect(once.auroc.high).toBeGreaterThan(once.auroc.estimate);
    expect(bootstrapByRegion(scores, labels, stretches, { replicates: 300 })).toEqual(once);
    expect(bootstrapByRegion(scores, labels, stretches, { replicates: 300, seed: 2 })).not.toEqual(once);
  });

  it("covers the true area about 95 % of the time where regions are independent", () => {
    // Phi(1 / sqrt 2) = 0.7602499: of 120 intervals, fewer than 104 or all would be a defect (binomial, p < 1e-3).
    let covered = 0;
    for (let seed = 0; seed < 120; seed++) {
      const { scores, labels, stretches } = drawScores(40, 12, 1, 100 + seed);
      const { auroc } = bootstrapByRegion(scores, labels, stretches, { replicates: 200, seed });
      if (auroc.low <= 0.7602499 && 0.7602499 <= auroc.high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(104);
  });

  it("is as wide as regions differ: bins that repeat within a region add no certainty", () => {
    const { scores, labels, stretches } = drawScores(20, 30, 1, 3);
    const copies = 10;
    const repeated = {
      scores: Float64Array.from({ length: scores.length * copies }, (_, i) => scores[Math.floor(i / copies)]),
      labels: Uint8Array.from({ length: labels.length * copies }, (_, i) => labels[Math.floor(i / copies)]),
      stretches: stretches.map(({ from, to }) => ({ from: from * copies, to: to * copies })),
    };
    const width = ({ auroc }: ReturnType<typeof bootstrapByRegion>) => auroc.high - auroc.low;
    const plain = bootstrapByRegion(scores, labels, stretches, { replicates: 300 });
    const copied = bootstrapByRegion(repeated.scores, repeated.labels, repeated.stretches, {
      replicates: 300,
    });
    expect(width(copied)).toBeCloseTo(width(plain), 12);
  });

  it("leaves out resamples without a bound bin and counts them", () => {
    const scores = [1, 2, 3, 4, 5, 6];
    const labels = [0, 0, 0, 0, 0, 1];
    const regions = [
      { from: 0, to: 3 },
      { from: 3, to: 6 },
    ];
    const { replicates, regions: count } = bootstrapByRegion(scores, labels, regions, { replicates: 400 });
    expect(count).toBe(2);
    // A resample of two regions lacks the one with the bound bin a quarter of the time (300 expected, sd 8.7).
    expect(replicates).toBeGreaterThan(260);
    expect(replicates).toBeLessThan(340);
  });
});

describe("stretches of evaluated bins", () => {
  it("keeps segments apart, cuts long ones evenly and loses no bin", () => {
    const bins = Uint32Array.from({ length: 100 }, (_, i) => i);
    const stretches = cutIntoStretches(bins, (bin) => (bin < 10 ? 0 : 1), 30);
    expect(stretches).toEqual([
      { from: 0, to: 10 },
      { from: 10, to: 40 },
      { from: 40, to: 70 },
      { from: 70, to: 100 },
    ]);
  });
});

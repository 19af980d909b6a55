import { logOddsMatrix } from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { GATA1_MOTIF, TAL1_MOTIF } from "../src/gata-tal-motifs.js";
import { simulateGataTal } from "../src/simulate-gata-tal.js";
import { expectError } from "./helpers.js";

const { set, motifs } = simulateGataTal({ sequences: [3_000, 100, 50], seed: 3 });
const placesIn = (sequence: number, name: string) =>
  motifs.filter((motif) => motif.sequence === sequence && motif.motif === name);

describe("the GATA1 and TAL1 simulation", () => {
  it("has balanced parts of the sizes asked for, a core in the middle of each sequence", () => {
    expect(set.count).toBe(3_150);
    expect(set.length).toBe(1_000);
    for (const [split, size] of [
      ["training", 3_000],
      ["validation", 100],
      ["test", 50],
    ] as const) {
      const rows = set.splits!.flatMap((name, row) => (name === split ? [row] : []));
      expect(rows).toHaveLength(size);
      expect(rows.filter((row) => set.labels[row] === 1)).toHaveLength(size / 2);
    }
    for (let row = 0; row < set.count; row++) {
      expect([set.cores![2 * row], set.cores![2 * row + 1]]).toEqual([495, 505]);
    }
    expect(motifs.filter(({ motif }) => motif === "GATA1")).toHaveLength(set.count);
  });

  it("embeds 1 to 3 TAL1 motifs in positives only, in the shares of a truncated Poisson distribution of mean 2", () => {
    const counts = new Map<number, number>();
    const inSequence = new Uint8Array(set.count);
    for (const { sequence, motif } of motifs) if (motif === "TAL1") inSequence[sequence]++;
    for (let row = 0; row < set.count; row++) {
      if (set.labels[row] === 0) expect(inSequence[row]).toBe(0);
      else counts.set(inSequence[row], (counts.get(inSequence[row]) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3]);
    // Poisson(2) in proportions 2 : 2 : 4/3 for 1, 2 and 3; five standard errors of 1,575 draws.
    for (const [count, share] of [
      [1, 3 / 8],
      [2, 3 / 8],
      [3, 1 / 4],
    ]) {
      expect(Math.abs(counts.get(count)! / 1_575 - share)).toBeLessThan(5 * Math.sqrt(0.24 / 1_575));
    }
    const none = simulateGataTal({ sequences: [400, 0, 0], minimum: 0, seed: 3 });
    const empty = Array.from({ length: 200 }, (_, i) => 2 * i).filter(
      (row) => !none.motifs.some(({ sequence, motif }) => sequence === row && motif === "TAL1"),
    );
    // 1 / (1 + 2 + 2 + 4/3) = 0.158 of 200.
    expect(empty.length).toBeGreaterThan(12);
    expect(empty.length).toBeLessThan(55);
  });

  it("places motifs uniformly, apart from each other and from the core", () => {
    const histogram = new Float64Array(10);
    for (let row = 0; row < set.count; row++) {
      const here = [...placesIn(row, "GATA1"), ...placesIn(row, "TAL1")].sort((a, b) => a.start - b.start);
      for (const [i, { start, end }] of here.entries()) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(1_000);
        if (i > 0) expect(start).toBeGreaterThanOrEqual(here[i - 1].end);
      }
      if (row > 400) break;
    }
    const starts = motifs.filter(({ motif }) => motif === "TAL1").map(({ start }) => start);
    for (const start of starts) histogram[Math.min(9, Math.floor(start / 98.5))]++;
    const expected = starts.length / 10;
    // The two bins at the core lose 25 places in all; the rest is within five standard deviations.
    for (const count of histogram)
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected) + 0.15 * expected);
  });

  it("draws sites from the motifs and the rest from .3, .2, .2, .3", () => {
    for (const [name, motif] of [
      ["GATA1", GATA1_MOTIF],
      ["TAL1", TAL1_MOTIF],
    ] as const) {
      const sites = motifs.filter((one) => one.motif === name);
      const shares = new Float64Array(motif.length * 4);
      for (const { sequence, start } of sites) {
        for (let k = 0; k < motif.length; k++)
          shares[k * 4 + set.codes[sequence * 1_000 + start + k]] += 1 / sites.length;
      }
      const error = shares.map((share, i) => Math.abs(share - motif.probabilities[i]));
      expect(Math.max(...error)).toBeLessThan(5 * Math.sqrt(0.25 / sites.length));
      // Sites lie on the forward strand: they score as sites there.
      const weights = logOddsMatrix(motif);
      const bits = sites.map(({ sequence, start }) => {
        let sum = 0;
        for (let k = 0; k < motif.length; k++)
          sum += weights[k * 4 + set.codes[sequence * 1_000 + start + k]];
        return sum;
      });
      expect(bits.reduce((a, b) => a + b) / bits.length).toBeGreaterThan(5);
    }
    const outside = new Float64Array(4);
    for (let row = 1; row < 400; row += 2) {
      for (let k = 0; k < 490; k++) outside[set.codes[row * 1_000 + k]]++;
    }
    const total = outside.reduce((a, b) => a + b);
    for (const [base, share] of [0.3, 0.2, 0.2, 0.3].entries())
      expect(Math.abs(outside[base] / total - share)).toBeLessThan(5 * Math.sqrt(0.24 / total));
  });

  it("is the same for the same seed, and a smaller set begins a larger one", () => {
    const small = simulateGataTal({ sequences: [20, 4, 0], seed: 3 });
    expect(small.set.codes.subarray(0, 20_000)).toEqual(set.codes.subarray(0, 20_000));
    expect(small.motifs.filter(({ sequence }) => sequence < 20)).toEqual(
      motifs.filter(({ sequence }) => sequence < 20),
    );
    expect(simulateGataTal({ sequences: [20, 4, 0], seed: 4 }).set.codes).not.toEqual(small.set.codes);
  });

  it("refuses what cannot be done", async () => {
    await expectError(
      () => simulateGataTal({ sequences: [1, 2] as never }),
      "sequences",
      "three whole numbers",
    );
    await expectError(() => simulateGataTal({ sequences: [10, 0, 0], length: 100 }), "maximum", "100 bp");
    await expectError(() => simulateGataTal({ sequences: [10, 0, 0], minimum: 4 }), "minimum", "4 to 3");
    await expectError(() => simulateGataTal({ sequences: [10, 0, 0], mean: 0 }), "mean");
    await expectError(() => simulateGataTal({ sequences: [2_000_000, 0, 0] }), "sequences", "at most");
    await expectError(() => simulateGataTal({ sequences: [10, 0, 0], mean: 100, maximum: 3 }), "hardly ever");
  });
});

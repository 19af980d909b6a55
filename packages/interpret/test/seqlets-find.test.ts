import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { findSeqlets, sumWindows } from "../src/seqlets/find-seqlets.js";
import { empiricalNull, fitLaplaceNull } from "../src/seqlets/window-null.js";
import { plantWords } from "./seqlet-helpers.js";

/** Laplace numbers, each side of 0 with a rate of its own. */
function drawLaplace(random: Random, count: number, above: number, below: number, shareAbove: number) {
  return Float32Array.from({ length: count }, () => {
    const size = -Math.log(1 - random.uniform());
    return random.uniform() < shareAbove ? size / above : -size / below;
  });
}

describe("the null of window scores", () => {
  it("fits a Laplace distribution to one", () => {
    for (let seed = 0; seed < 5; seed++) {
      const scores = drawLaplace(new Random(seed), 200_000, 2, 5, 0.7);
      const chance = fitLaplaceNull(scores);
      expect(Math.abs(chance.middle)).toBeLessThan(0.05);
      for (const score of [0.2, 0.5, 1, 2]) {
        expect(chance.shareAbove(score) / (0.7 * Math.exp(-2 * score))).toBeGreaterThan(0.75);
        expect(chance.shareAbove(score) / (0.7 * Math.exp(-2 * score))).toBeLessThan(1.2);
      }
      expect(chance.shareBelow(-0.4) / (0.3 * Math.exp(-2))).toBeCloseTo(1, 0);
    }
  });

  it("is not misled by a tenth of scores that are far out", () => {
    const random = new Random(7);
    const scores = drawLaplace(random, 50_000, 3, 3, 0.5).map((score, i) =>
      i % 10 === 0 ? 4 + random.uniform() : score,
    );
    const chance = fitLaplaceNull(scores);
    expect(chance.shareAbove(4)).toBeLessThan(1e-4);
  });

  it("counts scores of windows without motifs", () => {
    const random = new Random(3);
    const scores = Float32Array.from({ length: 2000 }, () => random.normal());
    const chance = empiricalNull(scores);
    for (const score of [-1, 0.3, 2]) {
      expect(chance.shareAbove(score)).toBe((scores.filter((s) => s >= score).length + 1) / 2001);
      expect(chance.shareBelow(score)).toBe((scores.filter((s) => s <= score).length + 1) / 2001);
    }
    expect(() => empiricalNull(scores.slice(0, 10))).toThrow(/10 windows.*at least 1000/);
  });
});

describe("seqlets", () => {
  it("are what repeated search for the largest window finds", () => {
    for (let seed = 0; seed < 15; seed++) {
      const random = new Random(`seqlets ${seed}`);
      const [count, length] = [20, 50 + random.integer(40)];
      const [window, flank] = [3 + random.integer(10), random.integer(8)];
      const scores = Float32Array.from({ length: count * length }, () => random.normal() ** 3);
      const fdr = 0.05 + random.uniform() * 0.4;
      const found = findSeqlets(scores, count, length, { window, flank, fdr, shares: [0, 1] });
      const perSequence = length - window + 1;
      // Window sums by their definition.
      const sums = Float32Array.from({ length: count * perSequence }, (_, at) => {
        const [i, k] = [Math.floor(at / perSequence), at % perSequence];
        let sum = 0;
        for (let p = 0; p < window; p++) sum += scores[i * length + k + p];
        return sum;
      });
      sumWindows(scores, count, length, window).forEach((sum, at) => {
        expect(sum).toBeCloseTo(sums[at], 4);
      });
      const own = sumWindows(scores, count, length, window);
      // The least score whose expected number by chance is within the rate.
      const passes = (score: number) =>
        found.null.shareAbove(score) * own.length <= fdr * own.filter((other) => other >= score).length;
      const threshold = Math.min(...[...own].filter((score) => score > found.null.middle && passes(score)));
      expect(found.thresholds.positive).toBe(threshold);
      const expected: string[] = [];
      for (let i = 0; i < count; i++) {
        const left = own.slice(i * perSequence, (i + 1) * perSequence);
        for (;;) {
          let best = -1;
          left.forEach((score, k) => {
            if (score >= threshold && (best < 0 || Math.abs(score) > Math.abs(left[best]))) best = k;
          });
          if (best < 0) break;
          expected.push(`${i}:${best - flank}`);
          const apart = Math.floor(window / 2) + flank;
          left.fill(Number.NEGATIVE_INFINITY, Math.max(0, best - apart), best + apart + 1);
        }
      }
      expect(found.positive.map(({ sequence, start }) => `${sequence}:${start}`).sort()).toEqual(
        expected.sort(),
      );
      expect(found.width).toBe(window + 2 * flank);
      const sizes = found.positive.map(({ score }) => Math.abs(score));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    }
  });

  it("turn their sign with the contributions", () => {
    const { scores, count, length } = plantWords([{ word: "TGACTCAT", weight: 1, chance: 0.8 }]);
    const found = findSeqlets(scores, count, length);
    const turned = findSeqlets(
      scores.map((score) => -score),
      count,
      length,
    );
    const places = (list: typeof found.positive) =>
      list.map(({ sequence, start }) => `${sequence}:${start}`).sort();
    // The mode is a class of a histogram, so that single windows at the thresholds may differ.
    const [a, b] = [new Set(places(found.positive)), places(turned.negative)];
    expect(b.filter((place) => a.has(place)).length).toBeGreaterThan(0.97 * b.length);
    expect(b.length / a.size).toBeCloseTo(1, 1);
  });

  it("are as many as the shares of windows allow", () => {
    const random = new Random(2);
    const scores = Float32Array.from({ length: 200 * 100 }, () => random.normal());
    const found = findSeqlets(scores, 200, 100, { window: 5, flank: 0, shares: [0.05, 0.1] });
    expect(found.isByShare).toBe(true);
    const own = sumWindows(scores, 200, 100, 5);
    const passing = own.filter(
      (score) => score >= found.thresholds.positive || score <= found.thresholds.negative,
    ).length;
    expect(passing / own.length).toBeCloseTo(0.05, 3);
  });

  it("refuse what cannot be searched", () => {
    const scores = new Float32Array(200);
    expect(() => findSeqlets(scores, 20, 10)).toThrow(/sequences of 10 bp.*at least a window, 21 bp/);
    expect(() => findSeqlets(scores, 2, 100, { window: 2 })).toThrow(/a window of 2 bp/);
    expect(() => findSeqlets(scores, 2, 100, { fdr: 0 })).toThrow(/false discovery rate of 0/);
    expect(() => findSeqlets(scores, 2, 100, { shares: [0.5, 0.1] })).toThrow(/from 0.5 to 0.1/);
    const none = findSeqlets(scores, 2, 100);
    expect([none.positive.length, none.negative.length]).toEqual([0, 0]);
  });
});

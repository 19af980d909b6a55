import { describe, expect, it } from "vitest";
import { testMannWhitney } from "../src/mann-whitney.js";
import { Random } from "../src/random.js";
import { areaUnderRoc } from "../src/ranking-metrics.js";

describe("testMannWhitney against stored scipy 1.17.1 figures (mannwhitneyu, two-sided)", () => {
  it("exact, of few values and of 40 against 30", () => {
    const few = testMannWhitney([0.11, 2.5, 3.1, -0.7, 4.4], [0.2, -1.1, 0.05, 1.9, -2.2, 0.31, 2.7]);
    expect(few).toMatchObject({ u: 25, isExact: true });
    expect(few.pValue).toBeCloseTo(0.26767676767676774, 12);
    const more = testMannWhitney(
      Array.from({ length: 40 }, (_, i) => ((i * 37 + 5) % 101) + 0.5),
      Array.from({ length: 30 }, (_, i) => ((i * 53 + 11) % 97) - 12.25),
    );
    expect(more).toMatchObject({ u: 750, isExact: true });
    expect(more.pValue).toBeCloseTo(0.0759252548175818, 12);
  });

  it("approximate, of many values and with ties", () => {
    const many = testMannWhitney(
      Array.from({ length: 80 }, (_, i) => ((i * 37 + 5) % 101) / 10),
      Array.from({ length: 130 }, (_, i) => ((i * 53 + 11) % 97) / 10 - 0.7),
    );
    expect(many).toMatchObject({ u: 6106.5, isExact: false });
    expect(many.pValue).toBeCloseTo(0.03411273604189162, 9);
    const ties = testMannWhitney([1, 2, 2, 3, 3, 3, 5], [0, 1, 1, 2, 3, 4]);
    expect(ties).toMatchObject({ u: 28.5, isExact: false });
    expect(ties.pValue).toBeCloseTo(0.3050416035619362, 12);
  });
});

describe("testMannWhitney", () => {
  it("is the share of all orders at least as far out, counted one by one", () => {
    // All ways to pick which 4 of 9 ranks are the first group's.
    const all: number[] = [];
    for (let chosen = 0; chosen < 512; chosen++) {
      const ranks = Array.from({ length: 9 }, (_, i) => i + 1).filter((rank) => chosen & (1 << (rank - 1)));
      if (ranks.length === 4) all.push(ranks.reduce((sum, rank) => sum + rank, 0) - 10);
    }
    for (let seed = 0; seed < 20; seed++) {
      const values = new Random(seed).shuffle([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      const { u, pValue } = testMannWhitney(values.slice(0, 4), values.slice(4));
      const far = Math.max(u, 20 - u);
      const share = all.filter((other) => other >= far).length / all.length;
      expect(pValue).toBeCloseTo(Math.min(1, 2 * share), 12);
    }
  });

  it("says auROC as its share, whichever group comes first", () => {
    const random = new Random(3);
    const first = Array.from({ length: 70 }, () => Math.round(8 * random.normal()));
    const second = Array.from({ length: 60 }, () => Math.round(8 * random.normal() - 2));
    const labels = [...first.map(() => 1), ...second.map(() => 0)];
    const test = testMannWhitney(first, second);
    expect(test.share).toBeCloseTo(areaUnderRoc([...first, ...second], labels), 12);
    const swapped = testMannWhitney(second, first);
    expect(swapped.u).toBe(70 * 60 - test.u);
    expect(swapped.pValue).toBe(test.pValue);
  });

  it("finds nothing among equal values, and refuses empty groups", () => {
    expect(testMannWhitney([2, 2, 2], [2, 2])).toMatchObject({ pValue: 1, share: 0.5 });
    expect(() => testMannWhitney([], [1])).toThrow(/groups of 0 and 1/);
    expect(() => testMannWhitney([Number.NaN], [1])).toThrow(/NaN/);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BindscapeError } from "../src/error.js";
import { clusterByAverage, cutTree, pairIndex } from "../src/hierarchical-clustering.js";
import { Random } from "../src/random.js";

/** The definition, step by step: all pairs of clusters are looked at before each merge. */
function slowly(distances: ArrayLike<number>, items: number): { members: string; height: number }[] {
  let clusters = Array.from({ length: items }, (_, i) => [i]);
  const merges: { members: string; height: number }[] = [];
  const between = (a: number[], b: number[]) =>
    a.reduce((sum, i) => sum + b.reduce((part, j) => part + distances[pairIndex(i, j, items)], 0), 0) /
    (a.length * b.length);
  while (clusters.length > 1) {
    let best = { height: Number.POSITIVE_INFINITY, i: 0, j: 0 };
    for (let i = 0; i < clusters.length; i++) {
      for (let j = i + 1; j < clusters.length; j++) {
        const height = between(clusters[i], clusters[j]);
        if (height < best.height) best = { height, i, j };
      }
    }
    const joined = [...clusters[best.i], ...clusters[best.j]];
    clusters = [...clusters.filter((_, at) => at !== best.i && at !== best.j), joined];
    merges.push({ members: [...joined].sort((a, b) => a - b).join(), height: best.height });
  }
  return merges;
}

describe("clusterByAverage", () => {
  it("makes the same tree as looking at all pairs before each merge", () => {
    // Drawn evenly: near-equal and denormal distances, which fast-check likes to try, are ties that rounding breaks.
    const given = fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer()).map(([items, seed]) => {
      const random = new Random(seed);
      const values = Array.from({ length: (items * (items - 1)) / 2 }, () => random.uniform());
      return [items, values] as const;
    });
    fc.assert(
      fc.property(given, ([items, values]) => {
        const expected = slowly(values, items);
        const merges = clusterByAverage(Float64Array.from(values), items);
        const members: number[][] = Array.from({ length: items }, (_, i) => [i]);
        expect(merges).toHaveLength(items - 1);
        merges.forEach(({ left, right, height, size }, index) => {
          members.push([...members[left], ...members[right]].sort((a, b) => a - b));
          expect(members[items + index]).toHaveLength(size);
          expect(height).toBeCloseTo(expected[index].height, 10);
        });
        expect(new Set(members.slice(items).map((list) => list.join()))).toEqual(
          new Set(expected.map((merge) => merge.members)),
        );
      }),
    );
  });

  it("is a worked example: two close pairs and a far item", () => {
    //            0-1 0-2 0-3 0-4 1-2 1-3 1-4 2-3 2-4 3-4
    const merges = clusterByAverage(Float64Array.of(1, 6, 7, 10, 8, 9, 12, 2, 14, 16), 5);
    expect(merges).toEqual([
      { left: 0, right: 1, height: 1, size: 2 },
      { left: 2, right: 3, height: 2, size: 2 },
      { left: 5, right: 6, height: 7.5, size: 4 },
      { left: 4, right: 7, height: 13, size: 5 },
    ]);
    expect(Array.from(cutTree(merges, 7.4))).toEqual([0, 0, 1, 1, 2]);
    expect(Array.from(cutTree(merges, 7.5))).toEqual([0, 0, 0, 0, 1]);
    expect(Array.from(cutTree(merges, 0))).toEqual([0, 1, 2, 3, 4]);
  });

  it("ends where all distances are equal, and with one item", () => {
    expect(clusterByAverage(new Float32Array(4950).fill(0.5), 100)).toHaveLength(99);
    expect(clusterByAverage(new Float64Array(0), 1)).toEqual([]);
    expect(Array.from(cutTree([], 1))).toEqual([0]);
  });

  it("refuses what are no distances", () => {
    expect(() => clusterByAverage(Float64Array.of(1, 2), 3)).toThrow(/2 distances of 3 items/);
    expect(() => clusterByAverage(Float64Array.of(Number.NaN), 2)).toThrow(BindscapeError);
  });
});

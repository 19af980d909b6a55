import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Interval } from "../src/intervals/interval.js";
import { IntervalIndex } from "../src/intervals/interval-index.js";
import {
  intersectIntervals,
  mergeIntervals,
  subtractIntervals,
  totalLength,
} from "../src/intervals/set-algebra.js";
import { expectError } from "./helpers.js";

const size = 60;
const chromosome = fc.constantFrom("a", "b");
const interval: fc.Arbitrary<Interval> = fc
  .tuple(chromosome, fc.nat(size), fc.nat(size))
  .map(([name, x, y]) => ({ chromosome: name, start: Math.min(x, y), end: Math.max(x, y) }));
const intervals = fc.array(interval, { maxLength: 15 });

/** The brute-force twin: which bases are covered, one flag each. */
function paint(all: readonly Interval[], name: string): boolean[] {
  const covered = new Array<boolean>(size).fill(false);
  for (const { chromosome, start, end } of all) if (chromosome === name) covered.fill(true, start, end);
  return covered;
}

/** Intervals of maximal runs of true, which is what every set operation returns. */
function runs(flags: boolean[], name: string): Interval[] {
  const found: Interval[] = [];
  for (let i = 0; i < size; i++) {
    if (!flags[i]) continue;
    const start = i;
    while (i < size && flags[i]) i++;
    found.push({ chromosome: name, start, end: i });
  }
  return found;
}

const byName = (all: Interval[], name: string) => all.filter(({ chromosome }) => chromosome === name);

describe("interval sets", () => {
  it("merge, subtract and intersect as sets of bases do", () => {
    fc.assert(
      fc.property(intervals, intervals, (a, b) => {
        const merged = mergeIntervals(a);
        const left = subtractIntervals(a, b);
        const common = intersectIntervals(a, b);
        for (const name of ["a", "b"]) {
          const inA = paint(a, name);
          const inB = paint(b, name);
          expect(byName(merged, name)).toEqual(runs(inA, name));
          expect(byName(left, name)).toEqual(
            runs(
              inA.map((flag, i) => flag && !inB[i]),
              name,
            ),
          );
          expect(byName(common, name)).toEqual(
            runs(
              inA.map((flag, i) => flag && inB[i]),
              name,
            ),
          );
        }
        expect(totalLength(left) + totalLength(common)).toBe(totalLength(merged));
      }),
      { numRuns: 500 },
    );
  });

  it("merge over gaps", () => {
    const place = (start: number, end: number) => ({ chromosome: "a", start, end });
    expect(mergeIntervals([place(8, 9), place(0, 5), place(10, 12)], 1)).toEqual([place(0, 5), place(8, 12)]);
    expect(mergeIntervals([place(0, 5), place(5, 6)])).toEqual([place(0, 6)]);
  });

  it("refuse coordinates that are none", async () => {
    for (const [start, end] of [
      [3, 2],
      [-1, 2],
      [0.5, 2],
      [0, Number.NaN],
      [0, 2 ** 32],
    ]) {
      await expectError(
        () => mergeIntervals([{ chromosome: "a", start, end }]),
        `the interval a:${start}-${end}; expected whole numbers, 0 <= start <= end < 2^32.`,
      );
    }
  });
});

describe("IntervalIndex", () => {
  it("answers as a scan of all intervals does", () => {
    fc.assert(
      fc.property(intervals, interval, (all, query) => {
        const index = new IntervalIndex(all);
        const { chromosome: name, start, end } = query;
        const expected = all.filter(
          (one) => one.chromosome === name && Math.max(one.start, start) < Math.min(one.end, end),
        );
        const found = index.find(name, start, end);
        expect(new Set(found)).toEqual(new Set(expected));
        expect(found).toHaveLength(expected.length);
        expect(found.every((one, i) => i === 0 || found[i - 1].start <= one.start)).toBe(true);
        expect(index.overlaps(name, start, end)).toBe(expected.length > 0);
        const covered = paint(all, name).slice(start, end);
        expect(index.overlapLength(name, start, end)).toBe(covered.filter(Boolean).length);
        expect(index.length).toBe(all.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("knows its chromosomes, and nothing of others", () => {
    const index = new IntervalIndex([{ chromosome: "b", start: 1, end: 4294967295 }]);
    expect(index.chromosomes).toEqual(["b"]);
    expect(index.overlaps("a", 0, 10)).toBe(false);
    expect(index.overlapLength("a", 0, 10)).toBe(0);
    expect(index.find("a", 0, 10)).toEqual([]);
    expect(index.merged("a").starts).toHaveLength(0);
    expect(index.overlapLength("b", 0, 4294967295)).toBe(4294967294);
    expect(index.merged("b")).toEqual({ starts: Uint32Array.of(1), ends: Uint32Array.of(4294967295) });
  });
});

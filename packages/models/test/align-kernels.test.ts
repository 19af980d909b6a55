import { matchProfiles } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignKernels } from "../src/kernels/align-kernels.js";
import { makeMotif } from "./helpers.js";

/** A motif between positions without preference, on either strand. */
function place(consensus: string, before: number, after: number, isReversed: boolean): number[] {
  const flat = (count: number) => new Array<number>(count * 4).fill(0.25);
  const forward = [...flat(before), ...makeMotif("m", consensus, 0.9).probabilities, ...flat(after)];
  return isReversed ? forward.reverse() : forward;
}

describe("alignment of kernels", () => {
  it("puts planted motifs under one another whatever their offset and strand, and families together", () => {
    const families = ["TTACCCG", "GATAAGC", "CACGTTG"];
    const random = new Random("families");
    const planted = Array.from({ length: 15 }, (_, i) => {
      const before = random.integer(8);
      return { family: i % 3, before, isReversed: i > 0 && random.integer(2) === 1 };
    });
    const kernels = planted.map(({ family, before, isReversed }) =>
      place(families[family], before, 12 - before, isReversed),
    );
    const { rows, columns } = alignKernels(kernels);
    expect(rows.map(({ kernel }) => kernel).sort((a, b) => a - b)).toEqual(planted.map((_, i) => i));
    expect(rows.find(({ kernel }) => kernel === 0)!.isReversed).toBe(false);
    // Runs of one family: three families make three runs.
    const order = rows.map(({ kernel }) => planted[kernel].family);
    expect(order.filter((family, i) => i === 0 || order[i - 1] !== family)).toHaveLength(3);
    for (let family = 0; family < 3; family++) {
      const starts = rows
        .filter(({ kernel }) => planted[kernel].family === family)
        .map(({ kernel, offset, isReversed }) => {
          const { before, isReversed: wasReversed } = planted[kernel];
          // Where the motif's first base (or its complement's) stands, and how it reads there.
          const at = isReversed === wasReversed ? before : 12 - before;
          return `${offset + at} ${isReversed !== wasReversed}`;
        });
      expect(new Set(starts).size, `family ${family}: ${starts}`).toBe(1);
    }
    for (const { offset, length } of rows) {
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(offset + length).toBeLessThanOrEqual(columns);
    }
    expect(Math.min(...rows.map(({ offset }) => offset))).toBe(0);
    expect(Math.max(...rows.map(({ offset, length }) => offset + length))).toBe(columns);
  });

  it("matches two profiles as trying every placement does", () => {
    const profile = fc
      .array(fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: -3, max: 3 }))), {
        minLength: 1,
        maxLength: 6,
      })
      .map((rows) => Float64Array.from(rows.flat()));
    fc.assert(
      fc.property(profile, profile, (a, b) => {
        const found = matchProfiles(a, b);
        let best = Number.NEGATIVE_INFINITY;
        const at = (values: Float64Array, position: number, base: number) => values[position * 4 + base] ?? 0;
        for (let offset = -6; offset <= 6; offset++) {
          if (offset <= -b.length / 4 || offset >= a.length / 4) continue;
          for (const isReversed of [false, true]) {
            let sum = 0;
            for (let position = 0; position < 6; position++) {
              const other = position - offset;
              if (other < 0 || other >= b.length / 4 || position >= a.length / 4) continue;
              for (let base = 0; base < 4; base++) {
                const value = isReversed ? at(b, b.length / 4 - 1 - other, 3 - base) : at(b, other, base);
                sum += at(a, position, base) * value;
              }
            }
            best = Math.max(best, sum);
          }
        }
        const norm = Math.hypot(...a) * Math.hypot(...b);
        expect(found.similarity).toBeCloseTo(norm === 0 ? 0 : best / norm, 10);
        expect(found.similarity).toBeLessThanOrEqual(1 + 1e-12);
      }),
      { numRuns: 200 },
    );
  });

  it("gives one kernel alone, kernels without information, and none a place", () => {
    expect(alignKernels([])).toEqual({ columns: 0, rows: [] });
    expect(alignKernels([place("ACG", 1, 1, false)])).toEqual({
      columns: 5,
      rows: [{ kernel: 0, offset: 0, length: 5, isReversed: false }],
    });
    const flat = new Array<number>(16).fill(0.25);
    const { rows } = alignKernels([flat, flat, place("ACGT", 0, 0, false)]);
    expect(rows).toHaveLength(3);
    for (const { offset } of rows) expect(offset).toBeGreaterThanOrEqual(0);
  });
});

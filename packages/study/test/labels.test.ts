import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BinTable } from "../src/bins.js";
import { AMBIGUOUS, BOUND, labelBins, UNBOUND } from "../src/labels.js";
import { makeAssembly } from "./helpers.js";

/** Every bin of an assembly, found by trying every start there is. */
function allBins(assembly: ReturnType<typeof makeAssembly>, size: number, step: number) {
  const bins: { chromosome: string; start: number }[] = [];
  for (const segment of assembly.segments) {
    for (let start = segment.start; start + size <= segment.end; start++) {
      if (start % step === 0) bins.push({ chromosome: segment.chromosome, start });
    }
  }
  return bins;
}

const overlap = (a: number, b: number, c: number, d: number) => Math.max(0, Math.min(b, d) - Math.max(a, c));

const sizesOf = fc.oneof(
  fc.dictionary(fc.constantFrom("chr1", "chr2", "chr3"), fc.integer({ min: 1, max: 900 }), { minKeys: 1 }),
  // Pieces with ragged ends, some shorter than a bin, some touching.
  fc
    .array(fc.tuple(fc.nat(150), fc.integer({ min: 1, max: 500 })), { minLength: 1, maxLength: 4 })
    .map((gaps) => {
      let at = 0;
      return Object.fromEntries(
        gaps.map(([gap, length]) => {
          const start = at + gap;
          at = start + length;
          return [`chr1:${start}-${at}`, length];
        }),
      );
    }),
);
const gridOf = fc.constantFrom([200, 50], [100, 30], [7, 3], [50, 50], [30, 70], [1, 1]);
const intervalsOf = fc
  .array(
    fc.record({
      chromosome: fc.constantFrom("chr1", "chr2", "chr9"),
      start: fc.nat(1000),
      length: fc.integer({ min: 0, max: 400 }),
    }),
    { maxLength: 8 },
  )
  .map((all) => all.map(({ chromosome, start, length }) => ({ chromosome, start, end: start + length })));

describe("the bins of an assembly", () => {
  it("are those a search of all starts finds", () => {
    fc.assert(
      fc.property(sizesOf, gridOf, (sizes, [size, step]) => {
        const assembly = makeAssembly(sizes);
        const bins = new BinTable(assembly, { size, step });
        const expected = allBins(assembly, size, step);
        expect(bins.count).toBe(expected.length);
        const found = expected.map((_, bin) => ({
          chromosome: bins.partOf(bin).segment.chromosome,
          start: bins.startOf(bin),
        }));
        expect(found).toEqual(expected);
        for (const part of bins.parts) expect(part.segment).toBe(assembly.segments[part.segmentIndex]);
        for (const { name } of assembly.chromosomes) {
          const numbers = expected.flatMap(({ chromosome }, bin) => (chromosome === name ? [bin] : []));
          expect([...bins.onChromosomes([name])]).toEqual(numbers);
        }
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  it("that an interval overlaps are those a comparison with each finds", () => {
    fc.assert(
      fc.property(
        sizesOf,
        gridOf,
        fc.integer({ min: -50, max: 1000 }),
        fc.integer({ min: 1, max: 400 }),
        (sizes, [size, step], from, length) => {
          const assembly = makeAssembly(sizes);
          const bins = new BinTable(assembly, { size, step });
          for (const part of bins.parts) {
            const found: number[] = [];
            const [first, last] = bins.overlapping(part, from, from + length);
            for (let bin = first; bin < last; bin++) found.push(bin);
            const expected: number[] = [];
            for (let bin = part.firstIndex; bin < part.firstIndex + part.count; bin++) {
              if (overlap(bins.startOf(bin), bins.startOf(bin) + size, from, from + length) > 0)
                expected.push(bin);
            }
            expect(found).toEqual(expected);
          }
        },
      ),
      { numRuns: 300, seed: 4 },
    );
  });

  it("number 241,370 on yeast chromosomes", () => {
    // sacCer3, chrI to chrXVI; 200 bp every 50 bp, counted by hand: floor((size - 200) / 50) + 1 each.
    const sizes = [
      230218, 813184, 316620, 1531933, 576874, 270161, 1090940, 562643, 439888, 745751, 666816, 1078177,
      924431, 784333, 1091291, 948066,
    ];
    const assembly = { segments: sizes.map((end, i) => ({ chromosome: `${i}`, start: 0, end, offset: 0 })) };
    expect(new BinTable(assembly as never, { size: 200, step: 50 }).count).toBe(241_370);
  });
});

describe("labels", () => {
  it("follow the rule, peak by peak", () => {
    const assembly = makeAssembly({ chr1: 1000 });
    const bins = new BinTable(assembly, { size: 200, step: 50 });
    const label = (peaks: [number, number][], relaxed: [number, number][] = []) => {
      const onChr1 = (all: [number, number][]) =>
        all.map(([start, end]) => ({ chromosome: "chr1", start, end }));
      return [...labelBins(bins, onChr1(peaks), onChr1(relaxed), 101)];
    };
    // [300, 401): 101 bp, wholly inside the bins at 250 and 300 and at 201 (none): bound there only.
    expect(label([[300, 401]])).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(label([[300, 400]])).toEqual(new Array(17).fill(UNBOUND));
    // Two peaks of 60 bp in one bin cover 120 of it, but neither is 101 bp.
    expect(
      label([
        [300, 360],
        [365, 425],
      ]),
    ).toEqual(new Array(17).fill(UNBOUND));
    // Relaxed: one bp of overlap is enough to be ambiguous, and bound wins.
    expect(label([[300, 401]], [[449, 450]])).toEqual([0, 0, 0, 0, 0, 1, 1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(label([], [[450, 450]])).toEqual(new Array(17).fill(UNBOUND));
  });

  it("are those of a brute-force twin", () => {
    fc.assert(
      fc.property(
        sizesOf,
        gridOf,
        intervalsOf,
        intervalsOf,
        fc.integer({ min: 1, max: 150 }),
        (sizes, [size, step], peaks, relaxed, needed) => {
          const assembly = makeAssembly(sizes);
          const labels = labelBins(new BinTable(assembly, { size, step }), peaks, relaxed, needed);
          const covers = (all: typeof peaks, chromosome: string, start: number, least: number) =>
            all.some(
              (peak) =>
                peak.chromosome === chromosome && overlap(peak.start, peak.end, start, start + size) >= least,
            );
          const expected = allBins(assembly, size, step).map(({ chromosome, start }) => {
            if (covers(peaks, chromosome, start, needed)) return BOUND;
            return covers(relaxed, chromosome, start, 1) ? AMBIGUOUS : UNBOUND;
          });
          expect([...labels]).toEqual(expected);
        },
      ),
      { numRuns: 500, seed: 5 },
    );
  });
});

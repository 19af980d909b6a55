import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BinTable } from "../src/bins.js";
import { checkHoldOutsDisjoint, EXCLUDED, splitBins, TEST, TRAINING, VALIDATION } from "../src/splits.js";
import { expectError, interval, makeAssembly, NO_HOLD_OUTS } from "./helpers.js";

const whole = (chromosome: string) => ({ chromosome, start: 0, end: Number.POSITIVE_INFINITY });

describe("hold-outs by chromosome", () => {
  const bins = new BinTable(makeAssembly({ a: 2000, b: 1500, c: 1200 }), { size: 200, step: 50 });
  const splits = splitBins(bins, { ...NO_HOLD_OUTS, validation: [whole("b")], test: [whole("c")] }, 1000);

  it("take every bin of the chromosome, and none at borders is lost", () => {
    const expected = [...Array(37).fill(TRAINING), ...Array(27).fill(VALIDATION), ...Array(21).fill(TEST)];
    expect([...splits.use]).toEqual(expected);
    expect(splits.counts).toEqual({
      training: 37,
      validation: 27,
      test: 21,
      blacklisted: 0,
      unlabelled: 0,
      atBorders: 0,
    });
  });
});

describe("hold-outs by region", () => {
  const bins = new BinTable(makeAssembly({ a: 6000 }), { size: 200, step: 50 });
  const region = interval("a:3000-4000");

  it("take the bins wholly inside, and keep windows of the others a window away", () => {
    const { use, counts } = splitBins(bins, { ...NO_HOLD_OUTS, test: [region] }, 1000);
    // Test bins start at 3000 to 3800; a training bin stands 1000 bp from the nearest: at most 2000, at least 4800.
    const expected = Array.from({ length: bins.count }, (_, bin) => {
      const start = bin * 50;
      if (start >= 3000 && start <= 3800) return TEST;
      return start <= 2000 || start >= 4800 ? TRAINING : EXCLUDED;
    });
    expect([...use]).toEqual(expected);
    expect(counts.atBorders).toBe(expected.filter((value) => value === EXCLUDED).length);
  });

  it("read touching and overlapping regions as one", () => {
    const parts = [interval("a:3450-4000"), interval("a:3000-3450"), interval("a:3200-3300")];
    expect(splitBins(bins, { ...NO_HOLD_OUTS, test: parts }, 1000).use).toEqual(
      splitBins(bins, { ...NO_HOLD_OUTS, test: [region] }, 1000).use,
    );
  });

  it("leave only the bin's own length away where windows are no longer than bins", () => {
    const { use } = splitBins(bins, { ...NO_HOLD_OUTS, test: [region] }, 200);
    const trained = [...use].flatMap((value, bin) => (value === TRAINING ? [bin * 50] : []));
    expect(Math.max(...trained.filter((start) => start < 3000))).toBe(2800);
    expect(Math.min(...trained.filter((start) => start > 3000))).toBe(4000);
  });
});

describe("regions without use", () => {
  const bins = new BinTable(makeAssembly({ a: 3000, b: 3000 }), { size: 200, step: 50 });

  it("take out every bin they touch, and count it once", () => {
    const { use, counts } = splitBins(
      bins,
      {
        ...NO_HOLD_OUTS,
        test: [whole("b")],
        unlabelled: [interval("a:1000-1100")],
        blacklist: [interval("a:1099-1101"), interval("b:0-1")],
      },
      1000,
    );
    const excluded = [...use].flatMap((value, bin) => (value === EXCLUDED ? [bin] : []));
    // Starts 850 to 1050 touch 1000-1100; of 950, 1000, 1050 (and 900) that touch the blacklist none is new but 1100.
    expect(excluded.map((bin) => bins.startOf(bin))).toEqual([850, 900, 950, 1000, 1050, 1100, 0]);
    expect(counts.unlabelled).toBe(5);
    expect(counts.blacklisted).toBe(2);
    expect(counts.training + counts.test).toBe(bins.count - 7);
  });
});

describe("no leak", () => {
  const region = fc
    .record({
      chromosome: fc.constantFrom("a", "b"),
      start: fc.nat(2500),
      length: fc.integer({ min: 1, max: 900 }),
    })
    .map(({ chromosome, start, length }) => ({ chromosome, start, end: start + length }));
  const grid = fc.constantFrom([200, 50], [100, 30], [51, 17], [60, 60]);

  it("between windows of any two splits, over all pairs of bins", () => {
    let pairs = 0;
    fc.assert(
      fc.property(
        fc.array(region, { maxLength: 3 }),
        fc.array(region, { maxLength: 3 }),
        grid,
        fc.constantFrom(30, 200, 201, 377, 1000),
        (validation, test, [size, step], windowLength) => {
          const bins = new BinTable(makeAssembly({ a: 3000, b: 1700 }), { size, step });
          const { use, counts } = splitBins(bins, { ...NO_HOLD_OUTS, validation, test }, windowLength);
          const all = Array.from(use, (split, bin) => ({
            split,
            chromosome: bins.partOf(bin).segment.chromosome,
            start: bins.startOf(bin),
            window: bins.startOf(bin) - Math.floor((windowLength - size) / 2),
          }));
          const used = all.filter(({ split }) => split !== EXCLUDED);
          for (const a of used) {
            for (const b of used) {
              if (a.split >= b.split || a.chromosome !== b.chromosome) continue;
              pairs++;
              if (Math.abs(a.window - b.window) < windowLength)
                throw new Error(`windows at ${a.start} and ${b.start}`);
              if (Math.abs(a.start - b.start) < size) throw new Error(`bins at ${a.start} and ${b.start}`);
            }
          }
          // Held-out bins lie inside their own regions, training bins touch none.
          const touches = (regions: typeof test, bin: (typeof all)[number]) =>
            regions.some(
              (r) => r.chromosome === bin.chromosome && r.start < bin.start + size && bin.start < r.end,
            );
          for (const bin of used) {
            if (bin.split === TRAINING) expect(touches([...validation, ...test], bin)).toBe(false);
            if (bin.split === TEST) expect(touches(test, bin)).toBe(true);
            if (bin.split === VALIDATION) expect(touches(validation, bin)).toBe(true);
          }
          expect(counts.training + counts.validation + counts.test + counts.atBorders).toBe(bins.count);
        },
      ),
      { numRuns: 150, seed: 6 },
    );
    expect(pairs).toBeGreaterThan(10_000);
  });
});

describe("hold-outs that share sequence", () => {
  const check = (validation: string, test: string) =>
    checkHoldOutsDisjoint(
      { ...NO_HOLD_OUTS, validation: [interval(validation)], test: [interval(test)] },
      "study.yaml",
    );

  it("are refused, one base is enough", async () => {
    await expectError(
      () => check("a:100-200", "a:199-300"),
      "study.yaml: validation (a:100-200) and test (a:199-300) hold out the same sequence",
      "under `holdOut`",
    );
    await expectError(
      () =>
        checkHoldOutsDisjoint({ ...NO_HOLD_OUTS, validation: [whole("a")], test: [interval("a:5-6")] }, "s"),
      "all of a",
    );
  });

  it("may touch or lie on other chromosomes", () => {
    expect(() => check("a:100-200", "a:200-300")).not.toThrow();
    expect(() => check("a:100-200", "b:100-200")).not.toThrow();
  });
});

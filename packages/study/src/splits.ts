import type { Interval } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { BinTable } from "./bins.js";
import { forEachOverlap } from "./labels.js";

/** What a bin may be used for. */
export const EXCLUDED = 0;
export const TRAINING = 1;
export const VALIDATION = 2;
export const TEST = 3;

/** The parts of a genome that are held out, and those that are never used. */
export interface HoldOuts {
  readonly validation: readonly Interval[];
  readonly test: readonly Interval[];
  /** Without labels: neither trained on nor evaluated. */
  readonly unlabelled: readonly Interval[];
  readonly blacklist: readonly Interval[];
}

/** The use of every bin, and why bins were left out. */
export interface BinSplits {
  /** One of EXCLUDED, TRAINING, VALIDATION and TEST a bin. */
  readonly use: Uint8Array;
  readonly counts: {
    readonly training: number;
    readonly validation: number;
    readonly test: number;
    readonly blacklisted: number;
    readonly unlabelled: number;
    /** Bins at the border of two splits: their window would show sequence of a window of the other split. */
    readonly atBorders: number;
  };
}

/**
 * Assigns every bin to training, validation or test. A bin lies in a hold-out when it lies wholly inside it. No
 * window of one split overlaps a window of another: bins whose window (of `windowLength` bp, centred on the bin)
 * comes nearer to another split's territory than its windows reach out of it are excluded.
 */
export function splitBins(bins: BinTable, holdOuts: HoldOuts, windowLength: number): BinSplits {
  const { size } = bins.grid;
  const use = new Uint8Array(bins.count).fill(TRAINING);
  const margin = Math.max(0, Math.ceil((windowLength - size) / 2));
  const claim = (intervals: readonly Interval[], split: number) => {
    // First keep others' windows away from every window of this split, then claim the bins wholly inside.
    const reach = 2 * margin;
    const halo = intervals.map(({ chromosome, start, end }) => ({
      chromosome,
      start: start - reach,
      end: end + reach,
    }));
    const inside = new Uint8Array(bins.count);
    forEachOverlap(bins, joinTouching(intervals), (bin, overlap) => {
      if (overlap === size) inside[bin] = 1;
    });
    forEachOverlap(bins, halo, (bin) => {
      if (!inside[bin]) use[bin] = EXCLUDED;
    });
    for (let bin = 0; bin < use.length; bin++) if (inside[bin] && use[bin] !== EXCLUDED) use[bin] = split;
  };
  claim(holdOuts.test, TEST);
  const afterTest = use.slice();
  claim(holdOuts.validation, VALIDATION);
  // A test bin that only came near a validation region stays a test bin: the validation bin there gives way.
  for (let bin = 0; bin < use.length; bin++) if (afterTest[bin] === TEST) use[bin] = TEST;
  let atBorders = 0;
  for (const value of use) if (value === EXCLUDED) atBorders++;

  let unlabelled = 0;
  forEachOverlap(bins, holdOuts.unlabelled, (bin) => {
    if (use[bin] !== EXCLUDED) unlabelled++;
    use[bin] = EXCLUDED;
  });
  let blacklisted = 0;
  forEachOverlap(bins, holdOuts.blacklist, (bin) => {
    if (use[bin] !== EXCLUDED) blacklisted++;
    use[bin] = EXCLUDED;
  });
  const counts = [0, 0, 0, 0];
  for (const value of use) counts[value]++;
  return {
    use,
    counts: {
      training: counts[TRAINING],
      validation: counts[VALIDATION],
      test: counts[TEST],
      blacklisted,
      unlabelled,
      atBorders,
    },
  };
}

/**
 * Refuses hold-outs that share sequence.
 * @throws BindscapeError naming the two regions
 */
export function checkHoldOutsDisjoint(holdOuts: HoldOuts, source: string): void {
  for (const validation of holdOuts.validation) {
    for (const test of holdOuts.test) {
      if (validation.chromosome !== test.chromosome) continue;
      if (validation.start < test.end && test.start < validation.end) {
        throw new BindscapeError({
          source,
          found: `validation (${writeRegion(validation)}) and test (${writeRegion(test)}) hold out the same sequence`,
          expected: "hold-outs that do not overlap",
          next: "Take the overlap out of one of them under `holdOut`",
        });
      }
    }
  }
}

/** Intervals that overlap or touch as one, since a bin may lie across their border. Ends may be infinite. */
function joinTouching(intervals: readonly Interval[]): Interval[] {
  const joined: { chromosome: string; start: number; end: number }[] = [];
  const sorted = intervals.toSorted(
    (a, b) => compare(a.chromosome, b.chromosome) || compare(a.start, b.start),
  );
  for (const { chromosome, start, end } of sorted) {
    const last = joined.at(-1);
    if (last?.chromosome === chromosome && start <= last.end) last.end = Math.max(last.end, end);
    else joined.push({ chromosome, start, end });
  }
  return joined;
}

function compare<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeRegion({ chromosome, start, end }: Interval): string {
  return start === 0 && end === Number.POSITIVE_INFINITY
    ? `all of ${chromosome}`
    : `${chromosome}:${start}-${end}`;
}

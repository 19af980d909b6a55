import type { Interval } from "@bindscape/genome";
import type { BinTable } from "./bins.js";

/** Label of a bin: bound, unbound, or, never trained on or evaluated, ambiguous, or without any label. */
export const BOUND = 1;
export const UNBOUND = 0;
export const AMBIGUOUS = -1;
export const UNLABELLED = -2;

/**
 * Labels every bin for one experiment. A bin is bound when one peak covers at least `boundOverlap` bp of it
 * (the reference uses `bedtools intersect -f .505`: 101 of 200 bp, peak by peak), ambiguous when it is not
 * bound but a relaxed peak touches it (paper, section 2.1), unbound otherwise.
 * @returns one of BOUND, UNBOUND and AMBIGUOUS a bin
 */
export function labelBins(
  bins: BinTable,
  peaks: readonly Interval[],
  relaxedPeaks: readonly Interval[],
  boundOverlap: number,
): Int8Array {
  const labels = new Int8Array(bins.count);
  forEachOverlap(bins, relaxedPeaks, (bin) => {
    labels[bin] = AMBIGUOUS;
  });
  forEachOverlap(bins, peaks, (bin, overlap) => {
    if (overlap >= boundOverlap) labels[bin] = BOUND;
  });
  return labels;
}

/** Calls back for every bin that an interval touches, with the bp of overlap with that one interval. */
export function forEachOverlap(
  bins: BinTable,
  intervals: readonly Interval[],
  visit: (bin: number, overlap: number) => void,
): void {
  for (const { chromosome, start, end } of intervals) {
    if (start >= end) continue;
    for (const part of bins.partsOf(chromosome)) {
      if (end <= part.segment.start || start >= part.segment.end) continue;
      const [first, last] = bins.overlapping(part, start, end);
      for (let bin = first; bin < last; bin++) {
        const binStart = part.firstStart + (bin - part.firstIndex) * bins.grid.step;
        visit(bin, Math.min(end, binStart + bins.grid.size) - Math.max(start, binStart));
      }
    }
  }
}

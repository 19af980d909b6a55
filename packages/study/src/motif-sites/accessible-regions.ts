import type { Interval } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import type { CellAccess } from "../cell-access.js";
import { takeTurn } from "../take-turn.js";

export interface AccessibleOptions {
  /** bp over which the signal is averaged around each base; 150 when left out, about a nucleosome's length. */
  readonly width?: number;
  /** Share of the genome's bases that is called accessible, those of the highest average; .05 when left out. */
  readonly share?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

export interface AccessibleRegions {
  /** Sorted, neither overlapping nor touching. */
  readonly regions: readonly Interval[];
  /** Lowest average that was called. */
  readonly threshold: number;
  /** Bases in regions over all bases. */
  readonly share: number;
}

/** Most averages that the threshold is found from. */
const SAMPLES = 4_000_000;
/** Bases read at a time. */
const PART = 1 << 22;

/**
 * Calls accessible regions from a track: bases whose signal, averaged over `width` bp around them, is among the
 * highest `share` of the genome and above 0. The threshold is the quantile of averages at every k-th base, k such that
 * there are at most four million. Averages at the ends of segments are over the bases there are.
 * @throws BindscapeError for options out of range, and where the track has no signal
 */
export async function callAccessibleRegions(
  access: CellAccess,
  track: number,
  options: AccessibleOptions = {},
): Promise<AccessibleRegions> {
  const { width = 150, share = 0.05 } = options;
  if (!(Number.isSafeInteger(width) && width >= 1 && share > 0 && share < 1)) {
    throw new BindscapeError({
      source: "accessible regions",
      found: `a width of ${width} bp and a share of ${share}`,
      expected: "a whole number of bp from 1, and a share between 0 and 1",
    });
  }
  const bases = access.segments.reduce((sum, { start, end }) => sum + end - start, 0);
  const step = Math.max(1, Math.ceil(bases / SAMPLES));
  const samples: number[] = [];
  let passed = 0;
  await forEachAverage(access, track, width, options, (_, averages) => {
    let at = (step - (passed % step)) % step;
    for (; at < averages.length; at += step) samples.push(averages[at]);
    passed += averages.length;
  });
  const sorted = Float64Array.from(samples).sort();
  const rank = Math.max(0, sorted.length - Math.max(1, Math.round(share * sorted.length)));
  // Ties at the threshold are all called, unless it is the value of no signal.
  let threshold = sorted[rank];
  if (!(threshold > 0)) threshold = sorted.find((value) => value > 0) ?? Number.NaN;
  if (Number.isNaN(threshold)) {
    throw new BindscapeError({
      source: `track ${access.tracks[track].name}`,
      found: "no signal above 0",
      expected: "a track of accessibility",
    });
  }
  const regions: Interval[] = [];
  let called = 0;
  await forEachAverage(access, track, width, options, (segmentIndex, averages, partStart) => {
    const { chromosome } = access.segments[segmentIndex];
    for (let i = 0; i < averages.length; i++) {
      if (!(averages[i] >= threshold)) continue;
      const start = i;
      while (i < averages.length && averages[i] >= threshold) i++;
      called += i - start;
      const last = regions.at(-1);
      // A region may go on from one part to the next.
      if (last?.chromosome === chromosome && last.end === partStart + start) {
        regions[regions.length - 1] = { ...last, end: partStart + i };
      } else regions.push({ chromosome, start: partStart + start, end: partStart + i });
    }
  });
  return { regions, threshold, share: called / bases };
}

/** Averages of a track over `width` bp around every base: floor(width / 2) before it, the rest from it on. */
async function forEachAverage(
  access: CellAccess,
  track: number,
  width: number,
  { onProgress, signal }: AccessibleOptions,
  visit: (segmentIndex: number, averages: Float64Array, start: number) => void,
): Promise<void> {
  const before = Math.floor(width / 2);
  const total = access.segments.reduce((sum, { start, end }) => sum + end - start, 0);
  let done = 0;
  for (const [segmentIndex, segment] of access.segments.entries()) {
    for (let from = segment.start; from < segment.end; from += PART) {
      await takeTurn(signal);
      const to = Math.min(segment.end, from + PART);
      const readFrom = Math.max(segment.start, from - before);
      const readTo = Math.min(segment.end, to - before + width - 1);
      const values = await access.readSignal(track, segmentIndex, readFrom, readTo);
      const sums = new Float64Array(values.length + 1);
      for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i] + values[i];
      const averages = new Float64Array(to - from);
      for (let i = 0; i < averages.length; i++) {
        const first = Math.max(0, from + i - before - readFrom);
        const last = Math.min(values.length, from + i - before + width - readFrom);
        averages[i] = (sums[last] - sums[first]) / (last - first);
      }
      visit(segmentIndex, averages, from);
      done += to - from;
      onProgress?.({ task: "calling accessible regions", done, total, unit: "bases" });
    }
  }
}

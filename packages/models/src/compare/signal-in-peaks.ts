import { type Interval, mergeIntervals } from "@bindscape/genome";
import type { WindowSource } from "@bindscape/study";

/** How much of a track lies in peaks. */
export interface SignalInPeaks {
  readonly track: string;
  /** Sum over all bases, and over bases in any peak; each base counts once, logarithms are undone. */
  readonly total: number;
  readonly inPeaks: number;
  /** `inPeaks` of `total`; NaN where there is no signal. With cuts as signal: FRiP, the fraction of reads in peaks. */
  readonly fraction: number;
}

/** The share of each track's signal that lies in peaks (FactorNet, Figure S1A), over the sequence of the study. */
export function measureSignalInPeaks(source: WindowSource, peaks: readonly Interval[]): SignalInPeaks[] {
  const merged = mergeIntervals(peaks);
  return source.tracks.map(({ name, values, log }) => {
    const sum = (from: number, to: number) => {
      let total = 0;
      for (let i = from; i < to; i++) total += log ? Math.expm1(values[i]) : values[i];
      return total;
    };
    let total = 0;
    let inPeaks = 0;
    for (const segment of source.segments) {
      total += sum(segment.offset, segment.offset + segment.end - segment.start);
      for (const { chromosome, start, end } of merged) {
        if (chromosome !== segment.chromosome) continue;
        const from = Math.max(start, segment.start);
        const to = Math.min(end, segment.end);
        if (from < to) {
          inPeaks += sum(segment.offset + from - segment.start, segment.offset + to - segment.start);
        }
      }
    }
    return { track: name, total, inPeaks, fraction: inPeaks / total };
  });
}

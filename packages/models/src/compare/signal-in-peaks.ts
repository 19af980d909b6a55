import { type Interval, mergeIntervals } from "@bindscape/genome";
import { type SourceTrack, type WindowSource, withSourceReader } from "@bindscape/study";

/** How much of a track lies in peaks. */
export interface SignalInPeaks {
  readonly track: string;
  /** Sum over all bases, and over bases in any peak; each base counts once, logarithms are undone. */
  readonly total: number;
  readonly inPeaks: number;
  /** `inPeaks` of `total`; NaN where there is no signal. With cuts as signal: FRiP, the fraction of reads in peaks. */
  readonly fraction: number;
}

/** Bases of a part that is summed at a time. */
const PART_BASES = 1 << 24;

/**
 * The share of each track's signal that lies in peaks (FactorNet, Figure S1A), over the sequence of the study. Of a cell
 * in files, part after part.
 */
export function measureSignalInPeaks(
  cell: WindowSource,
  peaks: readonly Interval[],
): Promise<SignalInPeaks[]> {
  const merged = mergeIntervals(peaks);
  const totals = cell.tracks.map(() => 0);
  const within = cell.tracks.map(() => 0);
  return withSourceReader(cell, async (reader) => {
    for (const [segmentIndex, segment] of cell.segments.entries()) {
      const inside = merged.filter(
        ({ chromosome, start, end }) =>
          chromosome === segment.chromosome && start < segment.end && end > segment.start,
      );
      for (let start = segment.start; start < segment.end; start += PART_BASES) {
        const end = Math.min(segment.end, start + PART_BASES);
        const part = await reader.readRegions([{ segmentIndex, start, end }]);
        const at = part.segments[0].offset - start;
        for (const [t, track] of part.tracks.entries()) {
          totals[t] += sumSignal(track, at + start, at + end);
          for (const peak of inside) {
            const from = Math.max(peak.start, start);
            const to = Math.min(peak.end, end);
            if (from < to) within[t] += sumSignal(track, at + from, at + to);
          }
        }
      }
    }
    return cell.tracks.map(({ name }, t) => ({
      track: name,
      total: totals[t],
      inPeaks: within[t],
      fraction: within[t] / totals[t],
    }));
  });
}

function sumSignal({ values, log }: SourceTrack, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += log ? Math.expm1(values[i]) : values[i];
  return sum;
}

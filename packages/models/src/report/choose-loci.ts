import type { Interval } from "@bindscape/genome";
import { logOddsMatrix, type Motif } from "@bindscape/motifs";
import {
  type Experiment,
  type Segment,
  type Study,
  type WindowSource,
  withSourceReader,
} from "@bindscape/study";
import { genomeBackground } from "../bin-features.js";
import type { LocusView } from "./report-data.js";

/** Bp on either side of the middle of a drawn locus. */
const LOCUS_FLANK = 2500;
/** Steps a locus is drawn in. */
const LOCUS_STEPS = 500;
/** Motif sites drawn need this share of the best possible log-odds. */
const SITE_SHARE = 0.7;

/** Scores of the bins of a hold-out by which loci are chosen and drawn. */
export interface LocusScores {
  /** Ascending. */
  readonly bins: Uint32Array;
  readonly labels: ArrayLike<number>;
  readonly scores: Float32Array;
  /** What the scores are, for the axis: "probability" or "mean rank". */
  readonly unit: string;
}

/**
 * Three loci of the hold-out to look at: the strongest peak (first in the file), the peak that was predicted worst
 * among the stronger half, and the highest-scoring bin outside peaks.
 */
export async function chooseLoci(
  study: Study,
  experiment: Experiment,
  source: WindowSource,
  scored: LocusScores,
): Promise<LocusView[]> {
  const best = bestScoreByPeak(study, experiment, scored);
  const loci: { title: string; chromosome: string; middle: number }[] = [];
  const strongest = best[0];
  if (strongest) loci.push({ title: "Strongest held-out peak", ...middleOf(strongest.peak) });
  const stronger = best.slice(1, Math.max(2, Math.ceil(best.length / 2)));
  const missed = stronger.reduce(
    (low, entry) => (low === null || entry.score < low.score ? entry : low),
    null as (typeof best)[number] | null,
  );
  if (missed) loci.push({ title: "Stronger peak with the lowest score", ...middleOf(missed.peak) });
  let highest = -1;
  for (let i = 0; i < scored.bins.length; i++) {
    if (scored.labels[i] === 0 && (highest < 0 || scored.scores[i] > scored.scores[highest])) highest = i;
  }
  if (highest >= 0) {
    const bin = scored.bins[highest];
    const { chromosome } = study.bins.partOf(bin).segment;
    loci.push({
      title: "Unbound bin with the highest score",
      chromosome,
      middle: study.bins.startOf(bin) + study.bins.grid.size / 2,
    });
  }
  return withSourceReader(source, async (reader) => {
    const views: LocusView[] = [];
    for (const { title, chromosome, middle } of loci) {
      const segmentIndex = study.assembly.segments.findIndex(
        (segment) => segment.chromosome === chromosome && middle >= segment.start && middle < segment.end,
      );
      const segment = study.assembly.segments[segmentIndex];
      const start = Math.max(segment.start, middle - LOCUS_FLANK);
      const end = Math.min(segment.end, middle + LOCUS_FLANK);
      const part = await reader.readRegions([{ segmentIndex, start, end }]);
      views.push(drawLocus(study, experiment, part, scored, title, segment));
    }
    return views;
  });
}

function middleOf({ chromosome, start, end }: Interval): { chromosome: string; middle: number } {
  return { chromosome, middle: Math.floor((start + end) / 2) };
}

/** Peaks with bins in the hold-out, in the order of the file, each with its best bin's score. */
function bestScoreByPeak(study: Study, experiment: Experiment, { bins, scores }: LocusScores) {
  const found: { peak: Interval; score: number }[] = [];
  for (const peak of experiment.peaks) {
    let score = -1;
    for (const part of study.bins.partsOf(peak.chromosome)) {
      const [first, last] = study.bins.overlapping(part, peak.start, peak.end);
      for (let row = findRow(bins, first); row < bins.length && bins[row] < last; row++) {
        score = Math.max(score, scores[row]);
      }
    }
    if (score >= 0) found.push({ peak, score });
  }
  return found;
}

/** The first row of ascending bins whose bin is not below one. */
function findRow(bins: Uint32Array, bin: number): number {
  let low = 0;
  let high = bins.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bins[middle] < bin) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param source with the locus as its one segment @param segment of the study, in which it lies */
function drawLocus(
  study: Study,
  experiment: Experiment,
  source: WindowSource,
  scored: LocusScores,
  title: string,
  segment: Segment,
): LocusView {
  const { chromosome, start, end, offset: first } = source.segments[0];
  const offset = first - start;
  const stepOf = (position: number) => Math.floor(((position - start) / (end - start)) * LOCUS_STEPS);
  const tracks: { label: string; unit: string; kind: "signal" | "prediction"; values: (number | null)[] }[] =
    source.tracks.map((track) => ({
      label: track.name,
      unit: track.unit,
      kind: "signal" as const,
      values: meanBySteps(track.values, offset + start, offset + end, track.log),
    }));
  const prediction: (number | null)[] = new Array(LOCUS_STEPS).fill(null);
  const { size, step } = study.bins.grid;
  scored.bins.forEach((bin, row) => {
    const part = study.bins.partOf(bin);
    if (part.segment !== segment) return;
    const from = part.firstStart + (bin - part.firstIndex) * step + (size - step) / 2;
    if (from + step <= start || from >= end) return;
    const last = Math.min(LOCUS_STEPS - 1, stepOf(from + step - 1));
    for (let k = Math.max(0, stepOf(from)); k <= last; k++)
      prediction[k] = Math.round(scored.scores[row] * 1e4) / 1e4;
  });
  tracks.push({ label: "Prediction", unit: scored.unit, kind: "prediction", values: prediction });
  const overlapping = (peaks: readonly Interval[], relaxed: boolean) =>
    peaks
      .filter((peak) => peak.chromosome === chromosome && peak.start < end && peak.end > start)
      .map((peak) => ({ start: Math.max(start, peak.start), end: Math.min(end, peak.end), relaxed }));
  return {
    title,
    chromosome,
    start,
    end,
    tracks,
    peaks: [...overlapping(experiment.peaks, false), ...overlapping(experiment.relaxedPeaks, true)],
    sites: experiment.motif
      ? findSites(experiment.motif, genomeBackground(source), source.codes, offset, start, end)
      : [],
  };
}

function meanBySteps(values: Float32Array, from: number, to: number, isLog: boolean): number[] {
  return Array.from({ length: LOCUS_STEPS }, (_, k) => {
    const first = from + Math.floor(((to - from) * k) / LOCUS_STEPS);
    const last = Math.max(first + 1, from + Math.floor(((to - from) * (k + 1)) / LOCUS_STEPS));
    let sum = 0;
    for (let i = first; i < last; i++) sum += isLog ? Math.expm1(values[i]) : values[i];
    return Math.round((sum / (last - first)) * 1e4) / 1e4;
  });
}

/**
 * Sites of a motif in [start, end) with at least a fixed share of the best possible log-odds.
 * @param offset where the chromosome's base 0 would lie in `codes`
 */
export function findSites(
  motif: Motif,
  background: readonly [number, number, number, number],
  codes: Uint8Array,
  offset: number,
  start: number,
  end: number,
): LocusView["sites"] {
  const { length } = motif;
  const matrix = logOddsMatrix(motif, { background, pseudocount: 0.001 });
  let highest = 0;
  for (let row = 0; row < length; row++) highest += Math.max(...matrix.subarray(row * 4, row * 4 + 4));
  const sites: { start: number; end: number; strand: "+" | "-"; score: number }[] = [];
  for (let position = start; position + length <= end; position++) {
    let forward = 0;
    let reverse = 0;
    for (let k = 0; k < length; k++) {
      const code = codes[offset + position + k];
      forward += code < 4 ? matrix[k * 4 + code] : -10;
      reverse += code < 4 ? matrix[(length - 1 - k) * 4 + 3 - code] : -10;
    }
    const score = Math.max(forward, reverse);
    if (score < SITE_SHARE * highest) continue;
    sites.push({ start: position, end: position + length, strand: forward >= reverse ? "+" : "-", score });
  }
  return sites;
}

import { areaUnderRoc, averagePrecision, quantile, Random } from "@bindscape/numerics";
import type { Study } from "@bindscape/study";
import type { FactorEvaluation } from "./evaluate-factor.node.js";

/** Bins of a region where segments are long: 1,000 bins every 50 bp are 50 kb. */
const BINS_PER_REGION = 1000;

/** A measure on all bins with the central 95 % of its values on resampled regions. */
export interface BootstrapInterval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapMetrics {
  readonly auroc: BootstrapInterval;
  readonly auprc: BootstrapInterval;
  /** Regions that were drawn from, and resamples that held both classes. */
  readonly regions: number;
  readonly replicates: number;
}

/** A stretch of bins, [from, to), that is drawn as a whole: bins that overlap are not independent. */
export interface BinStretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Percentile bootstrap (Efron 1979) over regions: as many regions as there are, drawn with replacement, all bins
 * of a drawn region at a time. Resamples without a bound or without an unbound bin are left out and counted.
 * @param regions stretches of the arrays; every bin in at most one
 */
export function bootstrapByRegion(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  regions: readonly BinStretch[],
  { replicates = 1000, seed = 420 }: { readonly replicates?: number; readonly seed?: number } = {},
): BootstrapMetrics {
  const random = Random.forPart(seed, "bootstrap");
  const auroc: number[] = [];
  const auprc: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    const drawnScores: number[] = [];
    const drawnLabels: number[] = [];
    for (let i = 0; i < regions.length; i++) {
      const { from, to } = regions[random.integer(regions.length)];
      for (let bin = from; bin < to; bin++) {
        drawnScores.push(scores[bin]);
        drawnLabels.push(labels[bin]);
      }
    }
    const area = areaUnderRoc(drawnScores, drawnLabels);
    if (Number.isNaN(area)) continue;
    auroc.push(area);
    auprc.push(averagePrecision(drawnScores, drawnLabels));
  }
  const interval = (estimate: number, values: number[]): BootstrapInterval => ({
    estimate,
    low: values.length === 0 ? Number.NaN : quantile(values, 0.025),
    high: values.length === 0 ? Number.NaN : quantile(values, 0.975),
  });
  return {
    auroc: interval(areaUnderRoc(scores, labels), auroc),
    auprc: interval(averagePrecision(scores, labels), auprc),
    regions: regions.length,
    replicates: auroc.length,
  };
}

/**
 * Cuts evaluated bins into the stretches to draw from: one a sequence segment, and segments longer than
 * `length` bins into pieces of about that many.
 * @param bins bin numbers, ascending, or anything that `segmentOf` knows
 * @param segmentOf the segment a bin lies in
 */
export function cutIntoStretches(
  bins: ArrayLike<number>,
  segmentOf: (bin: number) => number,
  length: number,
): BinStretch[] {
  const stretches: BinStretch[] = [];
  let from = 0;
  for (let i = 1; i <= bins.length; i++) {
    const ends = i === bins.length || segmentOf(bins[i]) !== segmentOf(bins[i - 1]);
    if (!ends) continue;
    const pieces = Math.max(1, Math.round((i - from) / length));
    for (let piece = 0; piece < pieces; piece++) {
      stretches.push({
        from: from + Math.floor(((i - from) * piece) / pieces),
        to: from + Math.floor(((i - from) * (piece + 1)) / pieces),
      });
    }
    from = i;
  }
  return stretches;
}

/** Intervals of every method of an evaluation, in the order of its methods, all from the same resamples. */
export function bootstrapEvaluation(
  study: Study,
  { selected, methodScores }: Pick<FactorEvaluation, "selected" | "methodScores">,
  replicates: number,
): BootstrapMetrics[] {
  const segments = selected.bins.map((bin) => study.bins.partOf(bin).segmentIndex);
  return bootstrapMethods({ segments, labels: selected.labels, methodScores }, replicates);
}

/** The same of bins whose sequence segments are known. */
export function bootstrapMethods(
  {
    segments,
    labels,
    methodScores,
  }: Pick<FactorEvaluation, "methodScores"> & {
    readonly segments: ArrayLike<number>;
    readonly labels: ArrayLike<number>;
  },
  replicates: number,
): BootstrapMetrics[] {
  const regions = cutIntoStretches(segments, (segment) => segment, BINS_PER_REGION);
  return methodScores.map((scores) => bootstrapByRegion(scores, labels, regions, { replicates }));
}

import {
  areaUnderRoc,
  averagePrecision,
  precisionRecallCurve,
  recallAtFdr,
  rocCurve,
  summariseCurve,
} from "@bindscape/numerics";
import type {
  CurvePoints,
  MethodEvaluation,
  MethodMetrics,
  ScoreDistribution,
} from "../report/report-data.js";

/** False discovery rates at which recall is reported. */
export const FALSE_DISCOVERY_RATES = [0.01, 0.05, 0.1, 0.25, 0.5] as const;

/** Points a curve keeps for drawing. */
const CURVE_POINTS = 400;

/** Labelled bins of an evaluation: every array has one entry a bin. */
export interface EvaluationBins {
  /** Bin numbers in the study's table. */
  readonly bins: Uint32Array;
  /** 1 bound, 0 unbound. */
  readonly labels: Uint8Array;
  readonly chromosomes: readonly { readonly name: string; readonly from: number; readonly to: number }[];
}

export function measureScores(scores: ArrayLike<number>, labels: ArrayLike<number>): MethodMetrics {
  return {
    auroc: areaUnderRoc(scores, labels),
    auprc: averagePrecision(scores, labels),
    recallAtFdr: Object.fromEntries(
      FALSE_DISCOVERY_RATES.map((fdr) => [String(fdr), recallAtFdr(scores, labels, fdr)]),
    ),
  };
}

/** Everything a report says about one method's scores, pooled and by chromosome. */
export function evaluateMethod(
  method: string,
  label: string,
  scores: Float32Array | Float64Array,
  { labels, chromosomes }: EvaluationBins,
): MethodEvaluation {
  const roc = summariseCurve({ ...rocCurve(scores, labels) }, CURVE_POINTS);
  const precisionRecall = summariseCurve({ ...precisionRecallCurve(scores, labels) }, CURVE_POINTS);
  return {
    method,
    label,
    pooled: measureScores(scores, labels),
    perChromosome: Object.fromEntries(
      chromosomes.map(({ name, from, to }) => [
        name,
        measureScores(scores.subarray(from, to), labels.subarray(from, to)),
      ]),
    ),
    roc: toPoints(roc.falsePositiveRate, roc.recall),
    precisionRecall: toPoints(precisionRecall.recall, precisionRecall.precision),
  };
}

/** A thinned curve as plain numbers, rounded for reports. */
function toPoints(x: ArrayLike<number>, y: ArrayLike<number>): CurvePoints {
  const round = (value: number) => Math.round(value * 1e5) / 1e5;
  return { x: Array.from(x, round), y: Array.from(y, round) };
}

/** Histogram of scores from 0 to 1 in `steps` equal steps. */
export function distributeScores(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  steps = 50,
): ScoreDistribution {
  const bound = new Array<number>(steps).fill(0);
  const unbound = new Array<number>(steps).fill(0);
  for (let i = 0; i < scores.length; i++) {
    const step = Math.min(steps - 1, Math.max(0, Math.floor(scores[i] * steps)));
    if (labels[i] === 1) bound[step]++;
    else unbound[step]++;
  }
  return { edges: Array.from({ length: steps + 1 }, (_, i) => i / steps), bound, unbound };
}

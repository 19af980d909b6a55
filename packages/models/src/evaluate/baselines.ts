import { fitLogisticRegression, type LogisticModel } from "@bindscape/numerics";
import {
  type BinFeature,
  type BinSplits,
  type Experiment,
  readFeatures,
  type Study,
  type WindowPlan,
  type WindowSource,
} from "@bindscape/study";
import { motifFeature, signalFeatures } from "../bin-features.js";
import { requestBins } from "./select-bins.js";
import { selectTrainingBins } from "./select-training-bins.js";

/** Rows whose squares are in memory together. */
const ROWS_AT_A_TIME = 1 << 18;

/** Scores of a baseline on the evaluated bins. */
export interface BaselineScores {
  readonly method: "pwm" | "signal" | "regression";
  readonly label: string;
  readonly scores: Float64Array;
}

/**
 * What can be had without a network, on the same bins: the best PWM log-odds in the bin, the signal in the bin,
 * and logistic regression on PWM, signal in 200 bp and 1 kb (log counts) and their squares, trained on all
 * training bins (of a large genome on two million of them). Baselines that the study has no inputs or no bound training bins for are left out.
 */
export async function scoreBaselines(
  study: Study,
  experiment: Experiment,
  source: WindowSource,
  splits: BinSplits,
  bins: Uint32Array,
): Promise<BaselineScores[]> {
  const motif = experiment.motif ? [motifFeature(experiment.motif, source, "inside")] : [];
  const signal = signalFeatures(source);
  const features: BinFeature[] = [...motif, ...signal];
  if (features.length === 0) return [];
  const width = features.length;
  const { size } = study.bins.grid;
  const plan: WindowPlan = { windowLength: size, binSize: size, tracks: [], features };
  const values = await readFeatures(source, plan, requestBins(study, bins));
  const column = (index: number) =>
    Float64Array.from({ length: bins.length }, (_, row) => values[row * width + index]);
  const baselines: BaselineScores[] = [];
  if (motif.length > 0) {
    baselines.push({
      method: "pwm",
      label: `PWM ${experiment.motif!.name}, best log-odds in the bin`,
      scores: column(0),
    });
  }
  if (signal.length > 0) {
    baselines.push({
      method: "signal",
      label: `${source.tracks[0].name} signal in the bin`,
      scores: column(motif.length),
    });
  }
  // A factor may be measured on the hold-out alone, as in a cell that is only predicted.
  const training = selectTrainingBins(study, experiment, splits);
  if (!training.labels.includes(1) || !training.labels.includes(0)) return baselines;
  const trainingValues = await readFeatures(source, plan, requestBins(study, training.bins));
  const model = fitLogisticRegression({
    features: withSquares(trainingValues, width),
    rows: training.bins.length,
    columns: 2 * width,
    labels: training.labels,
    weights: training.weights,
  });
  baselines.push({
    method: "regression",
    label: `Logistic regression on ${[...(motif.length ? ["PWM"] : []), ...(signal.length ? ["signal"] : [])].join(" and ")}`,
    scores: predictRows(model, values, width),
  });
  return baselines;
}

/** Probabilities of all rows, some at a time: with squares in 64 bits a row takes four times its room. */
function predictRows(model: LogisticModel, values: Float32Array, width: number): Float64Array {
  const rows = values.length / width;
  const scores = new Float64Array(rows);
  for (let from = 0; from < rows; from += ROWS_AT_A_TIME) {
    const to = Math.min(rows, from + ROWS_AT_A_TIME);
    scores.set(model.predict(withSquares(values.subarray(from * width, to * width), width), to - from), from);
  }
  return scores;
}

function withSquares(values: Float32Array, width: number): Float64Array {
  const rows = values.length / width;
  const out = new Float64Array(rows * 2 * width);
  for (let row = 0; row < rows; row++) {
    for (let f = 0; f < width; f++) {
      const value = values[row * width + f];
      out[row * 2 * width + f] = value;
      out[row * 2 * width + width + f] = value * value;
    }
  }
  return out;
}

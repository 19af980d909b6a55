import { fitLogisticRegression, type LogisticModel } from "@bindscape/numerics";
import {
  type BinSplits,
  type Experiment,
  readFeatures,
  type Study,
  type WindowPlan,
  type WindowSource,
} from "@bindscape/study";
import { requestBins } from "../evaluate/select-bins.js";
import { selectTrainingBins, type TrainingBins } from "../evaluate/select-training-bins.js";
import type { FeatureScaling, LinearStart } from "../model-definition.js";

/** Most a bin's difficulty may exceed that of an average one. */
const GREATEST_DIFFICULTY = 20;
/** Bins whose features are in memory together. */
const BINS_AT_A_TIME = 1 << 20;
/** What every bin's difficulty has at least. */
const LEAST_DIFFICULTY = 0.2;

/** Logistic regressions of the tasks on scaled bin-level features and their squares. */
export interface RegressionStart {
  readonly linearStart: readonly LinearStart[];
  /** How much likelier each bin of a cell looks bound than an average one, over the tasks; at least a little. */
  measureDifficulty(bins: Uint32Array, cell: number): Promise<Float64Array>;
}

/**
 * Fits a logistic regression for every task on its labelled training bins (all, or of a large genome two million): on the signal and on the task's own
 * motif, each as it is and squared, and on annotations. Coefficients of other tasks' motifs are 0.
 * @param byCell the experiments of every cell, in the same order of factors
 * @param sources one a cell
 */
export async function fitRegressionStart(
  study: Study,
  byCell: readonly (readonly Experiment[])[],
  sources: readonly WindowSource[],
  splits: BinSplits,
  plan: WindowPlan,
  scaling: FeatureScaling,
): Promise<RegressionStart> {
  const featurePlan: WindowPlan = { ...plan, tracks: [], windowLength: plan.binSize };
  const featuresOf = (bins: Uint32Array, cell: number) =>
    readFeatures(sources[cell], featurePlan, requestBins(study, bins));
  const width = plan.features.length;
  const columnsOf = (experiment: Experiment) => {
    const own = plan.features.flatMap((feature, f) =>
      feature.kind === "signal" || (feature.kind === "motif" && feature.name === experiment.motif?.name)
        ? [f]
        : [],
    );
    // The square of a flag says nothing new, and a number about a cell nothing about its bins.
    const flags = plan.features.flatMap((feature, f) => (feature.kind === "overlap" ? [f] : []));
    return [...own, ...flags, ...own.map((f) => width + f)];
  };
  const pick = (values: Float32Array, columns: readonly number[]) => {
    const rows = values.length / width;
    const out = new Float64Array(rows * columns.length);
    for (let row = 0; row < rows; row++) {
      columns.forEach((column, c) => {
        const f = column % width;
        const scaled = (values[row * width + f] - scaling.mean[f]) / scaling.scale[f];
        out[row * columns.length + c] = column < width ? scaled : scaled * scaled;
      });
    }
    return out;
  };
  const models: { columns: number[]; model: LogisticModel; share: number }[] = [];
  for (const [task, experiment] of byCell[0].entries()) {
    const columns = columnsOf(experiment);
    const parts: { training: TrainingBins; features: Float64Array }[] = [];
    for (const [cell, experiments] of byCell.entries()) {
      const training = selectTrainingBins(study, experiments[task], splits);
      parts.push({ training, features: pick(await featuresOf(training.bins, cell), columns) });
    }
    const labels = joinNumbers(parts.map(({ training }) => training.labels));
    const features = joinNumbers(parts.map((part) => part.features));
    const weights = parts.some(({ training }) => training.weights)
      ? joinNumbers(
          parts.map(({ training }) => training.weights ?? new Float64Array(training.bins.length).fill(1)),
        )
      : undefined;
    const model = fitLogisticRegression({
      features,
      rows: labels.length,
      columns: columns.length,
      labels,
      weights,
    });
    models.push({ columns, model, share: shareOfBound(labels, weights) });
  }
  return {
    linearStart: models.map(({ columns, model }) => toLinearStart(model, columns, 2 * width)),
    async measureDifficulty(bins, cell) {
      const difficulty = new Float64Array(bins.length);
      for (let from = 0; from < bins.length; from += BINS_AT_A_TIME) {
        const part = bins.subarray(from, from + BINS_AT_A_TIME);
        const values = await featuresOf(part, cell);
        for (const { columns, model, share } of models) {
          const probabilities = model.predict(pick(values, columns), part.length);
          for (let i = 0; i < part.length; i++)
            difficulty[from + i] = Math.max(difficulty[from + i], probabilities[i] / share);
        }
      }
      for (let i = 0; i < difficulty.length; i++)
        difficulty[i] = LEAST_DIFFICULTY + Math.min(difficulty[i], GREATEST_DIFFICULTY);
      return difficulty;
    },
  };
}

function shareOfBound(labels: Float64Array, weights: Float64Array | undefined): number {
  if (!weights) return labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const bound = labels.reduce((sum, label, i) => sum + label * weights[i], 0);
  return bound / weights.reduce((sum, weight) => sum + weight, 0);
}

function joinNumbers(parts: readonly ArrayLike<number>[]): Float64Array {
  const joined = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A regression's coefficients on its own standardised columns, put back on the scaled features. */
function toLinearStart(model: LogisticModel, columns: readonly number[], width: number): LinearStart {
  const coefficients = new Array<number>(width).fill(0);
  let intercept = model.intercept;
  columns.forEach((column, c) => {
    coefficients[column] = model.coefficients[c] / model.scale[c];
    intercept -= coefficients[column] * model.mean[c];
  });
  return { intercept, coefficients };
}

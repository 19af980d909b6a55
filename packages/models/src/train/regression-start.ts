import { fitLogisticRegression, type LogisticModel } from "@bindscape/numerics";
import {
  type BinSplits,
  type Experiment,
  type Study,
  TRAINING,
  WindowMaker,
  type WindowPlan,
  type WindowSource,
} from "@bindscape/study";
import { requestBins, selectBins } from "../evaluate/select-bins.js";
import type { FeatureScaling, LinearStart } from "../model-definition.js";

/** Most a bin's difficulty may exceed that of an average one. */
const GREATEST_DIFFICULTY = 20;
/** What every bin's difficulty has at least. */
const LEAST_DIFFICULTY = 0.2;

/** Logistic regressions of the tasks on scaled bin-level features and their squares. */
export interface RegressionStart {
  readonly linearStart: readonly LinearStart[];
  /** How much likelier each bin of a cell looks bound than an average one, over the tasks; at least a little. */
  measureDifficulty(bins: Uint32Array, cell: number): Float64Array;
}

/**
 * Fits a logistic regression for every task on all its labelled training bins: on the signal and on the task's own
 * motif, each as it is and squared, and on annotations. Coefficients of other tasks' motifs are 0.
 * @param byCell the experiments of every cell, in the same order of factors
 * @param sources one a cell
 */
export function fitRegressionStart(
  study: Study,
  byCell: readonly (readonly Experiment[])[],
  sources: readonly WindowSource[],
  splits: BinSplits,
  plan: WindowPlan,
  scaling: FeatureScaling,
): RegressionStart {
  const makers = sources.map(
    (source) => new WindowMaker(source, { ...plan, tracks: [], windowLength: plan.binSize }),
  );
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
  const models: { columns: number[]; model: LogisticModel; share: number }[] = byCell[0].map(
    (experiment, task) => {
      const columns = columnsOf(experiment);
      const parts = byCell.map((experiments, cell) => {
        const { bins, labels } = selectBins(study, experiments[task], splits, TRAINING);
        return { labels, features: pick(makers[cell].fillFeatures(requestBins(study, bins)), columns) };
      });
      const labels = joinNumbers(parts.map((part) => part.labels));
      const features = joinNumbers(parts.map((part) => part.features));
      const model = fitLogisticRegression({ features, rows: labels.length, columns: columns.length, labels });
      return { columns, model, share: labels.reduce((sum, label) => sum + label, 0) / labels.length };
    },
  );
  return {
    linearStart: models.map(({ columns, model }) => toLinearStart(model, columns, 2 * width)),
    measureDifficulty(bins, cell) {
      const values = makers[cell].fillFeatures(requestBins(study, bins));
      const difficulty = new Float64Array(bins.length);
      for (const { columns, model, share } of models) {
        const probabilities = model.predict(pick(values, columns), bins.length);
        for (let i = 0; i < bins.length; i++)
          difficulty[i] = Math.max(difficulty[i], probabilities[i] / share);
      }
      return difficulty.map((value) => LEAST_DIFFICULTY + Math.min(value, GREATEST_DIFFICULTY));
    },
  };
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

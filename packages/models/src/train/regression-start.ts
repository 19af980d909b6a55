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
  /** How much likelier each bin looks bound than an average one, over the tasks; at least a little. */
  measureDifficulty(bins: Uint32Array): Float64Array;
}

/**
 * Fits a logistic regression for every task on all its labelled training bins: on the task's own motif and on all
 * features that are not motifs, each as it is and squared. Coefficients of other tasks' motifs are 0.
 */
export function fitRegressionStart(
  study: Study,
  experiments: readonly Experiment[],
  source: WindowSource,
  splits: BinSplits,
  plan: WindowPlan,
  scaling: FeatureScaling,
): RegressionStart {
  const maker = new WindowMaker(source, { ...plan, tracks: [], windowLength: plan.binSize });
  const width = plan.features.length;
  const columnsOf = (experiment: Experiment) => {
    const own = plan.features.flatMap((feature, f) =>
      feature.kind !== "motif" || feature.name === experiment.motif?.name ? [f] : [],
    );
    return [...own, ...own.map((f) => width + f)];
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
  const models: { columns: number[]; model: LogisticModel; share: number }[] = experiments.map(
    (experiment) => {
      const { bins, labels } = selectBins(study, experiment, splits, TRAINING);
      const columns = columnsOf(experiment);
      const features = pick(maker.fillFeatures(requestBins(study, bins)), columns);
      const model = fitLogisticRegression({ features, rows: bins.length, columns: columns.length, labels });
      return { columns, model, share: labels.reduce((sum, label) => sum + label, 0) / labels.length };
    },
  );
  return {
    linearStart: models.map(({ columns, model }) => toLinearStart(model, columns, 2 * width)),
    measureDifficulty(bins) {
      const values = maker.fillFeatures(requestBins(study, bins));
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

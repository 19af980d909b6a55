import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type SequenceSet, type SequenceTask, type SplitName, writeTask } from "@bindscape/study";
import { measureTask, type SequenceMetrics } from "../sequences/evaluate-sequences.js";
import { splitRows } from "../sequences/sequence-splits.js";
import {
  type GappedKMerSvmModel,
  type GappedKMerSvmOptions,
  trainGappedKMerSvm,
} from "./gapped-k-mer-svm.js";
import { type KMerLogisticModel, type KMerLogisticOptions, trainKMerLogistic } from "./k-mer-logistic.js";

export const BASELINE_METHODS = ["kmer-logistic", "gkm-svm"] as const;
export type BaselineMethod = (typeof BASELINE_METHODS)[number];

/** How a page or table calls a method. */
export const BASELINE_TITLES: Readonly<Record<BaselineMethod, string>> = {
  "kmer-logistic": "k-mer logistic regression",
  "gkm-svm": "gapped-k-mer SVM",
};

/** A model that scores sequences by their words: higher looks more bound. */
export type BaselineModel = KMerLogisticModel | GappedKMerSvmModel;

export interface TrainBaselineOptions {
  readonly method: BaselineMethod;
  /** Share of the sequences to validate on, where the data say of none; default 0.1, as networks have it. */
  readonly validationShare?: number;
  /** Of the split and of whatever a method draws; default 0. */
  readonly seed?: number;
  readonly logistic?: KMerLogisticOptions;
  readonly svm?: GappedKMerSvmOptions;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** How well a baseline ranks the sequences of one part. */
export interface BaselineMetrics extends SequenceMetrics {
  readonly split: SplitName;
}

/** A baseline of one task. */
export interface TaskBaseline {
  readonly task: SequenceTask;
  readonly model: BaselineModel;
  /** Of every sequence of the set, in its order; NaN where a sequence has no known word. */
  readonly scores: Float64Array;
  readonly metrics: readonly BaselineMetrics[];
  /** What training found, for records. */
  readonly training: Readonly<Record<string, unknown>>;
}

export interface TrainedBaseline {
  readonly method: BaselineMethod;
  /** bp of the sequences. */
  readonly length: number;
  readonly tasks: readonly TaskBaseline[];
  /** By sequence: the part each was used as. */
  readonly splits: readonly SplitName[];
}

/**
 * Trains a baseline on the sequences that networks train on ({@link splitRows}), one model a task, and measures it on
 * every part. Sequences whose label is missing have no part in training or measuring that task.
 * @throws BindscapeError where a task has labels of one kind alone to train on
 */
export function trainBaseline(set: SequenceSet, options: TrainBaselineOptions): TrainedBaseline {
  const { method, validationShare = 0.1, seed = 0, onProgress, signal } = options;
  const rows = splitRows(set, validationShare, seed);
  const splits: SplitName[] = Array.from({ length: set.count }, () => "test");
  for (const row of rows.training) splits[row] = "training";
  for (const row of rows.validation) splits[row] = "validation";
  const tasks = set.tasks.map((task, t): TaskBaseline => {
    const labels = Float32Array.from(
      { length: set.count },
      (_, row) => set.labels[row * set.tasks.length + t],
    );
    const training = rows.training.filter((row) => !Number.isNaN(labels[row]));
    const bound = training.reduce((sum, row) => sum + labels[row], 0);
    if (bound === 0 || bound === training.length)
      throw new BindscapeError({
        source: set.source,
        found: `${bound} bound and ${training.length - bound} unbound sequences of ${writeTask(task) || "the label"} to train on`,
        expected: "some of each",
      });
    const common = { seed, onProgress, signal };
    const trained =
      method === "kmer-logistic"
        ? trainKMerLogistic(set, labels, training, { ...common, ...options.logistic })
        : trainGappedKMerSvm(set, labels, training, { ...common, ...options.svm });
    const { model, ...facts } = trained;
    const scores = model.score(set);
    return { task, model, scores, metrics: measure(set, t, scores, splits), training: facts };
  });
  return { method, length: set.length, tasks, splits };
}

function measure(
  set: SequenceSet,
  t: number,
  scores: Float64Array,
  splits: readonly SplitName[],
): BaselineMetrics[] {
  return (["training", "validation", "test"] as const).flatMap((split) => {
    const rows = Array.from({ length: set.count }, (_, row) => row).filter((row) => splits[row] === split);
    if (rows.length === 0) return [];
    return [{ split, ...measureScoresOfTask(set, t, scores, rows) }];
  });
}

/**
 * How well scores rank the sequences of some rows by one task. Sequences without a score (NaN) come last.
 * @param scores of every sequence of the set
 */
export function measureScoresOfTask(
  set: SequenceSet,
  task: number,
  scores: ArrayLike<number>,
  rows: readonly number[],
): SequenceMetrics {
  const kept = rows.flatMap((row) => {
    const label = set.labels[row * set.tasks.length + task];
    if (Number.isNaN(label)) return [];
    return [{ score: Number.isNaN(scores[row]) ? Number.NEGATIVE_INFINITY : scores[row], label }];
  });
  return measureTask(set.tasks[task], rows.length, kept);
}

import { areaUnderRoc, averagePrecision, BindscapeError, partialAreaUnderRoc } from "@bindscape/numerics";
import { type SequenceSet, type SequenceTask, type SplitName, writeTask } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import { type PredictSequencesOptions, predictSequences } from "./predict-sequences.js";

/** How well one output ranks sequences. */
export interface SequenceMetrics {
  readonly factor: string;
  readonly cell: string;
  readonly bound: number;
  readonly unbound: number;
  readonly missing: number;
  /** Null where the data have bound or unbound sequences alone. */
  readonly auroc: number | null;
  /** Average precision. */
  readonly auprc: number | null;
  /** Area under the ROC curve up to a false positive rate of 0.1, divided by 0.1. */
  readonly partialAuroc: number | null;
}

export interface SequenceEvaluation {
  /** Rows that were scored; both strands counted where they are separate. */
  readonly sequences: number;
  readonly tasks: readonly SequenceMetrics[];
  /** Means over the tasks that have both kinds. */
  readonly mean: {
    readonly auroc: number | null;
    readonly auprc: number | null;
    readonly partialAuroc: number | null;
  };
}

export interface EvaluateSequencesOptions extends Omit<PredictSequencesOptions, "output"> {
  /** Rows of this part alone; all where absent. */
  readonly split?: SplitName;
}

/**
 * Ranks labelled sequences by a network's outputs. Outputs go with the labels of the same name; one output and one
 * label go together whatever they are called.
 * @throws BindscapeError where no label has an output, or the split is not there
 */
export async function evaluateSequences(
  network: Network,
  set: SequenceSet,
  options: EvaluateSequencesOptions,
): Promise<SequenceEvaluation> {
  const outputs = network.file.tasks;
  const pairs = pairTasks(outputs, set);
  const part = options.split === undefined ? set : takeSplit(set, options.split);
  const scores = await predictSequences(network, part, { ...options, output: "logit" });
  const repeats = options.strands === "separate" ? 2 : 1;
  const tasks = pairs.map(({ label, output }) => {
    const kept: { score: number; label: number }[] = [];
    for (let row = 0; row < part.count * repeats; row++) {
      const value = part.labels[Math.floor(row / repeats) * set.tasks.length + label];
      if (!Number.isNaN(value)) kept.push({ score: scores[row * outputs.length + output], label: value });
    }
    return measureTask(set.tasks[label], part.count * repeats, kept);
  });
  const meanOf = (key: "auroc" | "auprc" | "partialAuroc") => {
    const known = tasks.flatMap((task) => task[key] ?? []);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  };
  return {
    sequences: part.count * repeats,
    tasks,
    mean: { auroc: meanOf("auroc"), auprc: meanOf("auprc"), partialAuroc: meanOf("partialAuroc") },
  };
}

function pairTasks(
  outputs: readonly SequenceTask[],
  { tasks, source }: SequenceSet,
): { label: number; output: number }[] {
  if (outputs.length === 1 && tasks.length === 1) return [{ label: 0, output: 0 }];
  const names = outputs.map(writeTask);
  const pairs = tasks.flatMap((task, label) => {
    const output = names.indexOf(writeTask(task));
    return output < 0 ? [] : [{ label, output }];
  });
  if (pairs.length > 0) return pairs;
  throw new BindscapeError({
    source,
    found: `labels of ${tasks.map(writeTask).join(", ")}`,
    expected: `some of the network's outputs: ${names.join(", ")}`,
  });
}

/** The rows of one part of a sequence set. */
export function takeSplit(set: SequenceSet, split: SplitName): SequenceSet {
  const rows = Array.from({ length: set.count }, (_, row) => row).filter(
    (row) => set.splits?.[row] === split,
  );
  if (rows.length > 0) return takeSequences(set, rows);
  throw new BindscapeError({
    source: set.source,
    found: set.splits ? `no sequence for ${split}` : "no column that says which sequence is for what",
    expected: `sequences for ${split}`,
    next: "Leave --split out to take all sequences",
  });
}

/** Some sequences of a set, in the order of the rows. */
export function takeSequences(set: SequenceSet, rows: ArrayLike<number>): SequenceSet {
  const { length, tasks } = set;
  const kept = Array.from(rows);
  const codes = new Uint8Array(kept.length * length);
  const labels = new Float32Array(kept.length * tasks.length);
  kept.forEach((row, i) => {
    codes.set(set.codes.subarray(row * length, (row + 1) * length), i * length);
    labels.set(set.labels.subarray(row * tasks.length, (row + 1) * tasks.length), i * tasks.length);
  });
  const { splits, names, places, cores } = set;
  return {
    source: set.source,
    count: kept.length,
    length,
    tasks,
    codes,
    labels,
    ...(splits && { splits: kept.map((row) => splits[row]) }),
    ...(names && { names: kept.map((row) => names[row]) }),
    ...(places && { places: kept.map((row) => places[row]) }),
    ...(cores && { cores: Int32Array.from(kept.flatMap((row) => [cores[2 * row], cores[2 * row + 1]])) }),
  };
}

/** Metrics of one task from the scores of the sequences whose label is known. */
export function measureTask(
  { factor, cell }: SequenceTask,
  count: number,
  kept: readonly { readonly score: number; readonly label: number }[],
): SequenceMetrics {
  const bound = kept.filter(({ label }) => label === 1).length;
  const unbound = kept.length - bound;
  const counts = { factor, cell, bound, unbound, missing: count - kept.length };
  if (bound === 0 || unbound === 0) return { ...counts, auroc: null, auprc: null, partialAuroc: null };
  const scores = kept.map(({ score }) => score);
  const labels = kept.map(({ label }) => label);
  return {
    ...counts,
    auroc: areaUnderRoc(scores, labels),
    auprc: averagePrecision(scores, labels),
    partialAuroc: partialAreaUnderRoc(scores, labels).normalised,
  };
}

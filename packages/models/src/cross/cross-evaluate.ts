import type { Runtime } from "@bindscape/gradient";
import {
  areaUnderRoc,
  averagePrecision,
  type ProgressListener,
  partialAreaUnderRoc,
} from "@bindscape/numerics";
import type { SequenceSet } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import type { NetworkStrands } from "../network/network-strands.js";
import { takeSplit } from "../sequences/evaluate-sequences.js";
import { predictSequences } from "../sequences/predict-sequences.js";
import { type CrossCell, type CrossMatrix, nameTasks } from "./cross-summary.js";

/** A network and where it was read from. */
export interface CrossModel {
  readonly from: string;
  readonly network: Network;
}

/** A data set, where it was read from, and what its description says. */
export interface CrossDataset {
  readonly from: string;
  readonly set: SequenceSet;
  readonly gcDifference?: number;
  /** By name and split. */
  readonly baselines?: Readonly<Record<string, Readonly<Record<string, { readonly auroc: number | null }>>>>;
}

export interface CrossOptions {
  readonly runtime: Runtime;
  /** Part that is measured, where a data set has parts; "test". */
  readonly split?: "training" | "validation" | "test" | "all";
  /** What is made of the two strands; the network's own rule where absent. */
  readonly strands?: NetworkStrands;
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * Measures every output of every model on every task of every data set: how well a model of one factor, or of one
 * cell, ranks the sites of another. Ranked by the logit.
 */
export async function crossEvaluate(
  models: readonly CrossModel[],
  datasets: readonly CrossDataset[],
  options: CrossOptions,
): Promise<CrossMatrix> {
  const { split = "test", strands, signal } = options;
  const parts = datasets.map(({ set }) => (split === "all" || !set.splits ? set : takeSplit(set, split)));
  const outputs = models.flatMap(({ from, network }, model) =>
    network.file.tasks.map(({ factor, cell }, output) => ({ factor, cell, from, model, output })),
  );
  const labels = datasets.flatMap(({ from, set, ...rest }, dataset) =>
    set.tasks.map(({ factor, cell }, task) => ({ factor, cell, from, dataset, task, ...rest })),
  );
  const cells: CrossCell[][] = outputs.map(() => []);
  let done = 0;
  for (const [m, { network }] of models.entries()) {
    for (const [d, part] of parts.entries()) {
      signal?.throwIfAborted();
      options.onProgress?.({
        task: "measuring",
        done: done++,
        total: models.length * datasets.length,
        unit: "pairs",
      });
      const logits = await predictSequences(network, part, {
        runtime: options.runtime,
        output: "logit",
        ...(strands && { strands }),
        threads: options.threads,
        signal,
      });
      const repeats = logits.length / (part.count * network.file.tasks.length);
      for (const [row, { model, output }] of outputs.entries()) {
        if (model !== m) continue;
        for (const [column, { dataset, task }] of labels.entries()) {
          if (dataset !== d) continue;
          const width = network.file.tasks.length;
          const scores = Float32Array.from(
            { length: part.count * repeats },
            (_, i) => logits[i * width + output],
          );
          cells[row][column] = measureCell(scores, part, task, repeats);
        }
      }
    }
  }
  const rowNames = nameTasks(outputs);
  const columnNames = nameTasks(labels);
  return {
    split,
    rows: outputs.map(({ factor, cell }, i) => ({ factor, cell, name: rowNames[i] })),
    columns: labels.map(({ factor, cell, gcDifference, baselines = {} }, i) => ({
      factor,
      cell,
      name: columnNames[i],
      gcDifference: gcDifference ?? null,
      baselines: Object.fromEntries(
        Object.entries(baselines).map(([name, bySplit]) => [name, bySplit[split]?.auroc ?? null]),
      ),
    })),
    cells,
  };
}

/** @param repeats scores a sequence: 2 where strands are separate */
function measureCell(scores: Float32Array, set: SequenceSet, task: number, repeats: number): CrossCell {
  const kept: number[] = [];
  const own: number[] = [];
  for (const [i, score] of scores.entries()) {
    const label = set.labels[Math.floor(i / repeats) * set.tasks.length + task];
    if (Number.isNaN(label)) continue;
    kept.push(score);
    own.push(label);
  }
  const bound = own.reduce((sum, label) => sum + label, 0);
  const counts = { bound, unbound: own.length - bound };
  if (bound === 0 || bound === own.length) {
    return { ...counts, auroc: null, auprc: null, partialAuroc: null, partialArea: null };
  }
  const partial = partialAreaUnderRoc(kept, own);
  return {
    ...counts,
    auroc: areaUnderRoc(kept, own),
    auprc: averagePrecision(kept, own),
    partialAuroc: partial.normalised,
    partialArea: partial.area,
  };
}

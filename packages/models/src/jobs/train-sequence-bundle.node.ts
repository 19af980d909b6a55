import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeFileError } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import type { ProgressListener } from "@bindscape/numerics";
import type { SequenceSet } from "@bindscape/study";
import { type Bundle, writeBundle } from "../bundle/bundle.node.js";
import { makeRunRecord } from "../bundle/run-record.node.js";
import { type ChosenDevice, cpuDevice } from "../devices/choose-device.node.js";
import type { HistoryEntry } from "../report/report-data.js";
import type { SequenceTrainingSettings } from "../sequences/settings.js";
import { type SequenceTrainingResult, trainOnSequences } from "../sequences/train-sequences.js";
import { readCheckpoint } from "../train/checkpoint.node.js";
import { keepIn } from "../train/train.node.js";
import { fingerprint } from "./train-bundle.node.js";
import { withTrainingFolder } from "./training-folder.node.js";

export interface TrainSequenceBundleOptions {
  readonly set: SequenceSet;
  /** Files the set was read from, or their folder, and others the result depends on. */
  readonly inputs: readonly string[];
  readonly model: string;
  readonly modelOptions: Record<string, unknown>;
  readonly settings: SequenceTrainingSettings;
  /** Bundle whose convolutions and recurrent layers are taken over. */
  readonly from?: Bundle;
  readonly freeze?: boolean;
  readonly taskWeights?: readonly number[];
  readonly motifs?: readonly Motif[];
  /** Folder of the bundle; checkpoints stand in `OUT.training` until it is written. */
  readonly out: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly threads?: number;
  readonly checkNumerics?: boolean;
  readonly device?: ChosenDevice;
  readonly command: string;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: (entry: HistoryEntry, best: boolean) => void;
  readonly signal?: AbortSignal;
}

/**
 * Trains a network on a sequence set and writes its bundle; stopped half-way, it leaves checkpoints from which
 * `resume` goes on bit for bit.
 */
export async function trainSequenceBundle(
  options: TrainSequenceBundleOptions,
): Promise<SequenceTrainingResult> {
  const { set, out, settings, model, modelOptions, from, device = cpuDevice } = options;
  return withTrainingFolder(out, options, async (folder) => {
    const inputs = (
      await Promise.all([...options.inputs, ...(from ? [from.path] : [])].map(listFiles))
    ).flat();
    const started = performance.now();
    const mark = await fingerprint(inputs, settings, [
      "sequences",
      set.length,
      set.tasks,
      model,
      modelOptions,
      options.freeze ?? false,
      options.taskWeights ?? null,
    ]);
    const result = await trainOnSequences(set, {
      runtime: nodeRuntime(device.device),
      model,
      modelOptions,
      settings,
      ...(from && { from: from.network, fromName: from.path }),
      freeze: options.freeze,
      taskWeights: options.taskWeights,
      motifs: options.motifs,
      threads: options.threads,
      checkNumerics: options.checkNumerics,
      saved: options.resume ? await readCheckpoint(folder, mark) : null,
      ...keepIn(folder, mark),
      onProgress: options.onProgress,
      onEpoch: options.onEpoch,
      signal: options.signal,
    });
    const seconds = (performance.now() - started) / 1000;
    const { network, history, bestEpoch, sequences, stepMilliseconds } = result;
    await writeBundle(
      out,
      {
        network,
        history,
        metrics: {
          bestEpoch,
          validationLoss: history[bestEpoch - 1].validationLoss,
          sequences,
          stepMilliseconds,
        },
        run: await makeRunRecord(options.command, settings.seed, inputs, seconds, device),
      },
      options.overwrite,
    );
    return result;
  });
}

/** A file itself; the files of a folder, by name. */
export async function listFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(path, name))
      .sort();
  } catch (error) {
    throw describeFileError(error, path, "read");
  }
}

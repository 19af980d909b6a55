import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { describeFileError } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type Experiment, findExperiment, hashFile, type Study } from "@bindscape/study";
import { refuseExisting, writeBundle } from "../bundle/bundle.node.js";
import { makeRunRecord } from "../bundle/run-record.node.js";
import type { TrainingSettings } from "../train/settings.js";
import { type TrainOptions, type TrainResult, trainNetwork } from "../train/train.node.js";
import { BINDSCAPE_VERSION } from "../version.js";

export interface TrainBundleOptions {
  readonly study: Study;
  /** One factor, or several for one network with an output each. */
  readonly factors: readonly string[];
  readonly cell?: string;
  readonly model: string;
  readonly modelOptions: Record<string, unknown>;
  readonly settings: TrainingSettings;
  /** Folder of the bundle; checkpoints stand in `OUT.training` until it is written. */
  readonly out: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly threads?: number;
  readonly command: string;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: TrainOptions["onEpoch"];
  readonly signal?: AbortSignal;
}

/** Folder of the checkpoints of a bundle in the making. */
export function trainingFolderOf(out: string): string {
  return `${out.replace(/[/\\]+$/, "")}.training`;
}

/**
 * Trains a network and writes its bundle. Stopped half-way, it leaves checkpoints beside the bundle's name, from
 * which `resume` goes on; a finished bundle removes them.
 */
export async function trainBundle(options: TrainBundleOptions): Promise<TrainResult> {
  const { study, out, settings, model, modelOptions } = options;
  const experiments = options.factors.map((factor) => findExperiment(study, factor, options.cell));
  refuseExisting(out, options.overwrite ?? false);
  const checkpointFolder = trainingFolderOf(out);
  if (options.resume && !existsSync(checkpointFolder)) {
    throw new BindscapeError({
      source: checkpointFolder,
      found: "no checkpoint to go on from",
      expected: "the folder of a training run that was stopped",
      next: "Train without --resume",
    });
  }
  try {
    if (!options.resume) await rm(checkpointFolder, { recursive: true, force: true });
    await mkdir(checkpointFolder, { recursive: true });
  } catch (error) {
    throw describeFileError(error, checkpointFolder, "write");
  }
  const started = performance.now();
  const result = await trainNetwork(study, experiments, {
    model,
    modelOptions,
    settings,
    checkpointFolder,
    resume: options.resume,
    fingerprint: await fingerprintRun(study, experiments, model, modelOptions, settings),
    threads: options.threads,
    onProgress: options.onProgress,
    onEpoch: options.onEpoch,
    signal: options.signal,
  });
  const seconds = (performance.now() - started) / 1000;
  await writeBundle(
    out,
    {
      network: result.network,
      history: result.history,
      metrics: {
        bestEpoch: result.bestEpoch,
        validationLoss: result.history[result.bestEpoch - 1].validationLoss,
        trainingPeaks: result.trainingPeaks,
        waitShare: result.waitShare,
        stepMilliseconds: result.stepMilliseconds,
      },
      run: await makeRunRecord(options.command, settings.seed, study.inputs, seconds),
    },
    options.overwrite,
  );
  await rm(checkpointFolder, { recursive: true, force: true });
  return result;
}

/** Hash of everything the weights depend on. The number of epochs may grow between a run and its resumption. */
async function fingerprintRun(
  study: Study,
  experiments: readonly Experiment[],
  model: string,
  modelOptions: unknown,
  settings: TrainingSettings,
): Promise<string> {
  const { epochs, patience: _patience, ...fixed } = settings;
  // A learning rate that falls along a curve depends on the number of epochs after all.
  const schedule = settings.finalLearningRate === undefined ? null : { epochs };
  const files = await Promise.all(
    study.inputs.map(async (file) => ((await stat(file)).isFile() ? await hashFile(file) : file)),
  );
  const parts = [
    BINDSCAPE_VERSION,
    files,
    experiments.map(({ factor, cell }) => [factor, cell]),
    model,
    modelOptions,
    fixed,
    schedule,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { isAddress } from "@bindscape/genome";
import type { ProgressListener } from "@bindscape/numerics";
import { type Experiment, findExperiment, type Study } from "@bindscape/study";
import { writeBundle } from "../bundle/bundle.node.js";
import { hashInput, makeRunRecord } from "../bundle/run-record.node.js";
import { type ChosenDevice, cpuDevice } from "../devices/choose-device.node.js";
import type { OptimisationSettings, TrainingSettings } from "../train/settings.js";
import { type TrainOptions, type TrainResult, trainNetwork } from "../train/train.node.js";
import { BINDSCAPE_VERSION } from "../version.js";
import { withTrainingFolder } from "./training-folder.node.js";

export interface TrainBundleOptions {
  readonly study: Study;
  /** One factor, or several for one network with an output each. */
  readonly factors: readonly string[];
  /** One cell, or several to pool; where absent, the one the factors were measured in. */
  readonly cells?: readonly string[];
  /** Another cell whose validation windows choose the epoch. */
  readonly validationCell?: string;
  readonly model: string;
  readonly modelOptions: Record<string, unknown>;
  readonly settings: TrainingSettings;
  /** Folder of the bundle; checkpoints stand in `OUT.training` until it is written. */
  readonly out: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly threads?: number;
  /** See `TrainOptions`. */
  readonly checkNumerics?: boolean;
  /** What the network is computed on, for its run record too. Default: the CPU. */
  readonly device?: ChosenDevice;
  readonly command: string;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: TrainOptions["onEpoch"];
  readonly signal?: AbortSignal;
}

/**
 * Trains a network and writes its bundle. Stopped half-way, it leaves checkpoints beside the bundle's name, from
 * which `resume` goes on; a finished bundle removes them.
 */
export async function trainBundle(options: TrainBundleOptions): Promise<TrainResult> {
  const { study, out, settings, model, modelOptions } = options;
  const experiments = [...new Set(options.cells ?? [undefined])].flatMap((cell) =>
    options.factors.map((factor) => findExperiment(study, factor, cell)),
  );
  const { validationCell } = options;
  // Refused before a folder is made, as the cells trained in are.
  if (validationCell !== undefined)
    for (const { factor } of experiments) findExperiment(study, factor, validationCell);
  return withTrainingFolder(out, options, async (checkpointFolder) => {
    const started = performance.now();
    const result = await trainNetwork(study, experiments, {
      model,
      modelOptions,
      settings,
      validationCell,
      checkpointFolder,
      resume: options.resume,
      fingerprint: await fingerprintRun(study, experiments, options),
      threads: options.threads,
      checkNumerics: options.checkNumerics,
      device: options.device?.device,
      onProgress: options.onProgress,
      onEpoch: options.onEpoch,
      signal: options.signal,
    });
    const seconds = (performance.now() - started) / 1000;
    const run = await makeRunRecord(
      options.command,
      settings.seed,
      study.inputs,
      seconds,
      options.device ?? cpuDevice,
    );
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
        run,
      },
      options.overwrite,
    );
    return result;
  });
}

/** Hash of everything the weights depend on. The number of epochs may grow between a run and its resumption. */
async function fingerprintRun(
  study: Study,
  experiments: readonly Experiment[],
  { model, modelOptions, settings, validationCell }: TrainBundleOptions,
): Promise<string> {
  return fingerprint(study.inputs, settings, [
    experiments.map(({ factor, cell }) => [factor, cell]),
    model,
    modelOptions,
    ...(validationCell === undefined ? [] : [validationCell]),
  ]);
}

/**
 * Hash of a version of Bindscape, of input files, of settings of a training but for how long it may last, and of
 * whatever else its weights depend on.
 */
export async function fingerprint(
  inputs: readonly string[],
  settings: OptimisationSettings,
  others: readonly unknown[],
): Promise<string> {
  const { epochs, patience: _patience, ...fixed } = settings;
  // A learning rate that falls along a curve depends on the number of epochs after all.
  const schedule = settings.finalLearningRate === undefined ? null : { epochs };
  const files = await Promise.all(
    inputs.map(async (file) =>
      isAddress(file) || (await stat(file)).isFile() ? await hashInput(file) : file,
    ),
  );
  const parts = [BINDSCAPE_VERSION, files, fixed, schedule, ...others];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

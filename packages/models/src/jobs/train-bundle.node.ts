import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm, rmdir, stat } from "node:fs/promises";
import { describeFileError, isAddress, refuseExisting } from "@bindscape/genome";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type Experiment, findExperiment, type Study } from "@bindscape/study";
import { writeBundle } from "../bundle/bundle.node.js";
import { hashInput, makeRunRecord } from "../bundle/run-record.node.js";
import { type ChosenDevice, cpuDevice } from "../devices/choose-device.node.js";
import type { TrainingSettings } from "../train/settings.js";
import { type TrainOptions, type TrainResult, trainNetwork } from "../train/train.node.js";
import { BINDSCAPE_VERSION } from "../version.js";

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
  const experiments = [...new Set(options.cells ?? [undefined])].flatMap((cell) =>
    options.factors.map((factor) => findExperiment(study, factor, cell)),
  );
  const { validationCell } = options;
  // Refused before a folder is made, as the cells trained in are.
  if (validationCell !== undefined)
    for (const { factor } of experiments) findExperiment(study, factor, validationCell);
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
  }).catch(async (error: unknown) => {
    // What fails before its first checkpoint has nothing to go on from: an empty folder goes, any other stays.
    await rmdir(checkpointFolder).catch(() => {});
    throw error;
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
      run: await makeRunRecord(
        options.command,
        settings.seed,
        study.inputs,
        seconds,
        options.device ?? cpuDevice,
      ),
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
  { model, modelOptions, settings, validationCell }: TrainBundleOptions,
): Promise<string> {
  const { epochs, patience: _patience, ...fixed } = settings;
  // A learning rate that falls along a curve depends on the number of epochs after all.
  const schedule = settings.finalLearningRate === undefined ? null : { epochs };
  const files = await Promise.all(
    study.inputs.map(async (file) =>
      isAddress(file) || (await stat(file)).isFile() ? await hashInput(file) : file,
    ),
  );
  const parts = [
    BINDSCAPE_VERSION,
    files,
    experiments.map(({ factor, cell }) => [factor, cell]),
    model,
    modelOptions,
    fixed,
    schedule,
    ...(validationCell === undefined ? [] : [validationCell]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

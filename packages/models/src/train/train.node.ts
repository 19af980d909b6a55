import { type NodeDevice, nodeRuntime, type Predictor } from "@bindscape/gradient";
import { type ProgressListener, Random } from "@bindscape/numerics";
import {
  BatchPipeline,
  drawPooledEpoch,
  type Experiment,
  findExperiment,
  type LabelledWindows,
  pickWindows,
  type Study,
} from "@bindscape/study";
import type { ModelFile } from "../bundle/model-file.js";
import { findModel } from "../model-table.js";
import type { Network } from "../network/describe-network.js";
import { runPredictor, splitRequest } from "../network/network.node.js";
import type { HistoryEntry } from "../report/report-data.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.node.js";
import {
  type EpochLoopOptions,
  type EpochLoopResult,
  type FeedBatch,
  fillBatches,
  LossSum,
  runEpochs,
  type TrainingData,
} from "./epoch-loop.js";
import { groupByCell, prepareTraining, type TrainingPlan } from "./prepare.js";
import type { TrainingSettings } from "./settings.js";

export interface TrainOptions {
  readonly model: string;
  /** Options of the architecture, defaults filled in. */
  readonly modelOptions: Record<string, unknown>;
  readonly settings: TrainingSettings;
  /** Cell whose validation windows choose the epoch, in place of those of the cells trained in (-vi). */
  readonly validationCell?: string;
  /** Folder for checkpoints; none are written where absent. */
  readonly checkpointFolder?: string;
  /** Go on from the checkpoint in the folder, if there is one. */
  readonly resume?: boolean;
  /** Hash of everything the result depends on, for checkpoints. */
  readonly fingerprint?: string;
  readonly threads?: number;
  /** Look at every tensor of every step, to name the layer where a value first is no finite number (slow). */
  readonly checkNumerics?: boolean;
  /** What networks are computed on. Default "cpu". */
  readonly device?: NodeDevice;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: (entry: HistoryEntry, best: boolean) => void;
  readonly signal?: AbortSignal;
}

/** What training gives: the network with the best weights, and how it got there. */
export interface TrainResult {
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
  readonly bestEpoch: number;
  /** Share of the training time spent waiting for batches. */
  readonly waitShare: number;
  readonly seconds: number;
  readonly stepMilliseconds: number;
  readonly trainingPeaks: number;
}

/**
 * Trains a network on one or more experiments of one cell, or of the same factors in several cells, whose windows are
 * then pooled. Ends after the last epoch or when the validation
 * loss has not fallen for `patience` epochs; the weights of the best epoch are kept. Stopped by `signal`, it
 * leaves the checkpoint of the last whole epoch and throws the signal's reason.
 * @throws BindscapeError where there is nothing to train on, or the loss is no longer a number
 */
export async function trainNetwork(
  study: Study,
  experiments: readonly Experiment[],
  options: TrainOptions,
): Promise<TrainResult> {
  const { settings } = options;
  const definition = findModel(options.model);
  const byCell = groupByCell(study, experiments);
  const cells = byCell.map(([{ cell }]) => cell);
  const { validationCell } = options;
  const elsewhere =
    validationCell === undefined
      ? undefined
      : {
          experiments: byCell[0].map(({ factor }) => findExperiment(study, factor, validationCell)),
          source: await study.loadCell(validationCell),
        };
  const plan = await prepareTraining(
    study,
    byCell.flat(),
    await Promise.all(cells.map((cell) => study.loadCell(cell))),
    definition,
    options.modelOptions,
    settings,
    elsewhere,
  );
  const build = definition.build(options.modelOptions, plan.context);
  const checkpoint =
    options.resume && options.checkpointFolder
      ? await readCheckpoint(options.checkpointFolder, options.fingerprint ?? "")
      : null;
  const pipeline = new BatchPipeline(plan.sources, plan.context.plan, { batchSize: settings.batchSize });
  const waiting = { milliseconds: 0 };
  let result: EpochLoopResult;
  try {
    result = await runEpochs({
      runtime: nodeRuntime(options.device),
      build,
      data: studyData(plan, pipeline, waiting, options),
      settings,
      threads: options.threads,
      checkNumerics: options.checkNumerics,
      saved: checkpoint,
      ...keepIn(options.checkpointFolder, options.fingerprint),
      advice: ", or cap the tracks with `transform.cap`",
      onProgress: options.onProgress,
      onEpoch: options.onEpoch,
      signal: options.signal,
    });
  } finally {
    await pipeline.close();
  }
  const { history, bestEpoch, bestParameters, steps, trainMilliseconds } = result;
  const best = history[bestEpoch - 1];
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: definition.name,
    options: options.modelOptions,
    citation: definition.citation,
    departures: [...definition.departures(options.modelOptions)],
    tasks: byCell[0].map(({ factor, cell }) => ({ factor, cell, ...(cells.length > 1 && { cells }) })),
    plan: toPlain(plan.context.plan),
    bins: study.file.bins,
    featureScaling: toPlain(plan.context.featureScaling),
    boundShare: [...plan.context.boundShare],
    seededKernels: [...definition.firstLayer(options.modelOptions, plan.context).seeded],
    training: {
      study: study.name,
      assembly: study.assembly.name,
      seed: settings.seed,
      settings: { ...settings },
      epochs: history.length,
      bestEpoch,
      validationLoss: best.validationLoss,
      ...(validationCell !== undefined && { validationCell }),
    },
  };
  return {
    network: { file, parameters: bestParameters },
    history,
    bestEpoch,
    waitShare: trainMilliseconds === 0 ? 0 : waiting.milliseconds / trainMilliseconds,
    seconds: history.reduce((sum, entry) => sum + entry.seconds, 0),
    stepMilliseconds: steps === 0 ? 0 : trainMilliseconds / steps,
    trainingPeaks: plan.samplers.reduce((sum, sampler) => sum + sampler.trainingPeaks, 0),
  };
}

/** Windows of a study as what a network is trained and validated on. @param waiting time that training waits for them */
function studyData(
  plan: TrainingPlan,
  pipeline: BatchPipeline,
  waiting: { milliseconds: number },
  options: TrainOptions,
): TrainingData {
  const { settings } = options;
  const { batchSize } = settings;
  // In the control experiment the choice of the epoch must not see a true label either.
  const shuffle = (windows: LabelledWindows, ...part: (string | number)[]) =>
    settings.shuffleLabels ? permuteLabels(windows, Random.forPart(settings.seed, ...part)) : windows;
  const validation = shuffle(plan.validation, "shuffle-validation");
  const withinCells = plan.withinCells && shuffle(plan.withinCells, "shuffle-validation");
  const [sampler] = plan.samplers;
  return {
    source: sampler.study.source,
    draw(epoch) {
      const drawn = drawPooledEpoch(plan.samplers, Random.forPart(settings.seed, "epoch", epoch));
      const windows = padToBatches(shuffle(drawn, "shuffle-labels", epoch), batchSize);
      return {
        steps: windows.binStarts.length / batchSize,
        batches: feedBatches(windows, pipeline, batchSize, waiting),
        describe(batch) {
          const first = batch * batchSize;
          const { chromosome } = sampler.study.assembly.segments[windows.segmentIndices[first]];
          return `its first window is the bin at ${chromosome}:${windows.binStarts[first]}`;
        },
      };
    },
    async validate(predictor) {
      const validationLoss = await measureLoss(predictor, pipeline, validation, options);
      return {
        validationLoss,
        ...(withinCells && { withinCellLoss: await measureLoss(predictor, pipeline, withinCells, options) }),
      };
    },
  };
}

async function* feedBatches(
  windows: LabelledWindows,
  pipeline: BatchPipeline,
  batchSize: number,
  waiting: { milliseconds: number },
): AsyncGenerator<FeedBatch> {
  const { tasks } = windows;
  const before = pipeline.waitedMilliseconds;
  for await (const batch of pipeline.run(splitRequest(windows, batchSize))) {
    const rows = [batch.index * batchSize * tasks, (batch.index + 1) * batchSize * tasks] as const;
    yield {
      feeds: {
        windows: batch.windows,
        labels: windows.labels.subarray(...rows),
        weights: windows.weights.subarray(...rows),
        ...(pipeline.plan.features.length > 0 && { features: batch.features }),
      },
      release: () => batch.release(),
    };
  }
  waiting.milliseconds += pipeline.waitedMilliseconds - before;
}

/** How a training is kept in a folder; not at all without one. */
export function keepIn(
  folder: string | undefined,
  fingerprint = "",
): Pick<EpochLoopOptions, "save" | "savedIn"> {
  if (folder === undefined) return {};
  return { savedIn: folder, save: (saved) => writeCheckpoint(folder, { fingerprint, ...saved }) };
}

/** Mean binary cross-entropy of the validation windows (weights of ambiguous labels are 0). */
async function measureLoss(
  predictor: Predictor,
  pipeline: BatchPipeline,
  windows: LabelledWindows,
  options: TrainOptions,
): Promise<number> {
  const loss = new LossSum();
  await runPredictor(
    predictor,
    pipeline,
    windows,
    "probability",
    { signal: options.signal },
    (values, first) => loss.add(values, windows.labels, windows.weights, first * windows.tasks),
  );
  return loss.mean;
}

/** Fills the last batch with windows of weight 0, so that every step has the same shape. */
export function padToBatches(windows: LabelledWindows, batchSize: number): LabelledWindows {
  const count = windows.binStarts.length;
  const { tasks } = windows;
  const windowsAndPadding = pickWindows(windows, fillBatches(count, batchSize));
  windowsAndPadding.labels.fill(0, count * tasks);
  windowsAndPadding.weights.fill(0, count * tasks);
  return windowsAndPadding;
}

/** Permutes labels, each with its weight, over the windows: the control experiment. */
export function permuteLabels(windows: LabelledWindows, random: Random): LabelledWindows {
  const { tasks } = windows;
  const order = random.shuffle(Uint32Array.from(windows.binStarts, (_, row) => row));
  const permute = (values: Float32Array) =>
    Float32Array.from(values, (_, at) => values[order[Math.floor(at / tasks)] * tasks + (at % tasks)]);
  return { ...windows, labels: permute(windows.labels), weights: permute(windows.weights) };
}

/** A copy without readonly marks, as the schema's type has it. */
function toPlain<T, U>(value: T): U {
  return JSON.parse(JSON.stringify(value)) as U;
}

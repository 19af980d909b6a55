import { adam, type NodeDevice, nodeRuntime, Predictor, TrainingStep } from "@bindscape/gradient";
import { BindscapeError, type ProgressListener, Random } from "@bindscape/numerics";
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
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.node.js";
import { groupByCell, prepareTraining, type TrainingPlan } from "./prepare.js";
import { learningRateOf, type TrainingSettings } from "./settings.js";

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
  const runtime = nodeRuntime(options.device);
  const checkpoint =
    options.resume && options.checkpointFolder
      ? await readCheckpoint(options.checkpointFolder, options.fingerprint ?? "")
      : null;

  const step = await TrainingStep.create(runtime, {
    build,
    batchSize: settings.batchSize,
    optimizer: adam(),
    seed: settings.seed,
    threads: options.threads,
    checkNumerics: options.checkNumerics,
  });
  const pipeline = new BatchPipeline(plan.sources, plan.context.plan, { batchSize: settings.batchSize });
  // In the control experiment the choice of the epoch must not see a true label either.
  const shuffle = (windows: LabelledWindows) =>
    settings.shuffleLabels
      ? permuteLabels(windows, Random.forPart(settings.seed, "shuffle-validation"))
      : windows;
  const validation = shuffle(plan.validation);
  const withinCells = plan.withinCells && shuffle(plan.withinCells);
  const progress: TrainingProgress = {
    history: checkpoint ? [...checkpoint.history] : [],
    bestEpoch: checkpoint?.bestEpoch ?? 0,
    bestParameters: checkpoint ? new Map(checkpoint.bestParameters) : await step.parameters(),
    steps: 0,
    trainMilliseconds: 0,
    waitedMilliseconds: 0,
  };
  let predictor: Predictor | null = null;
  try {
    if (checkpoint) step.importState(checkpoint.state);
    predictor = await Predictor.create(runtime, {
      build,
      parameters: await step.parameters(),
      outputs: ["probability"],
      threads: options.threads,
    });
    for (let epoch = progress.history.length + 1; epoch <= settings.epochs; epoch++) {
      if (epoch > 1 && epoch - 1 - progress.bestEpoch >= settings.patience) break;
      await runEpoch(epoch, { step, predictor, pipeline, plan, validation, withinCells, options, progress });
    }
  } finally {
    await pipeline.close();
    await predictor?.release();
    await step.release();
  }
  const best = progress.history[progress.bestEpoch - 1];
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
      epochs: progress.history.length,
      bestEpoch: progress.bestEpoch,
      validationLoss: best.validationLoss,
      ...(validationCell !== undefined && { validationCell }),
    },
  };
  return {
    network: { file, parameters: progress.bestParameters },
    history: progress.history,
    bestEpoch: progress.bestEpoch,
    waitShare:
      progress.trainMilliseconds === 0 ? 0 : progress.waitedMilliseconds / progress.trainMilliseconds,
    seconds: progress.history.reduce((sum, entry) => sum + entry.seconds, 0),
    stepMilliseconds: progress.steps === 0 ? 0 : progress.trainMilliseconds / progress.steps,
    trainingPeaks: plan.samplers.reduce((sum, sampler) => sum + sampler.trainingPeaks, 0),
  };
}

interface TrainingProgress {
  readonly history: HistoryEntry[];
  bestEpoch: number;
  bestParameters: Map<string, Float32Array>;
  steps: number;
  trainMilliseconds: number;
  waitedMilliseconds: number;
}

interface EpochParts {
  readonly step: TrainingStep;
  readonly predictor: Predictor;
  readonly pipeline: BatchPipeline;
  readonly plan: TrainingPlan;
  readonly validation: LabelledWindows;
  readonly withinCells: LabelledWindows | null;
  readonly options: TrainOptions;
  readonly progress: TrainingProgress;
}

async function runEpoch(epoch: number, parts: EpochParts): Promise<void> {
  const { step, predictor, pipeline, plan, validation, withinCells, options, progress } = parts;
  const { settings } = options;
  const started = performance.now();
  const learningRate = learningRateOf(settings, epoch);
  const drawn = drawPooledEpoch(plan.samplers, Random.forPart(settings.seed, "epoch", epoch));
  const windows = padToBatches(
    settings.shuffleLabels
      ? permuteLabels(drawn, Random.forPart(settings.seed, "shuffle-labels", epoch))
      : drawn,
    settings.batchSize,
  );
  const lossSum = await trainEpoch(epoch, windows, learningRate, parts);
  await predictor.setParameters(await step.parameters());
  const validationLoss = await measureLoss(predictor, pipeline, validation, options);
  if (!Number.isFinite(validationLoss)) throw validationIsNotANumber(epoch, plan, options, validationLoss);
  const entry: HistoryEntry = {
    epoch,
    trainingLoss: lossSum,
    validationLoss,
    ...(withinCells && { withinCellLoss: await measureLoss(predictor, pipeline, withinCells, options) }),
    learningRate,
    seconds: (performance.now() - started) / 1000,
  };
  progress.history.push(entry);
  const isBest =
    progress.bestEpoch === 0 || validationLoss < progress.history[progress.bestEpoch - 1].validationLoss;
  if (isBest) {
    progress.bestEpoch = epoch;
    progress.bestParameters = await step.parameters();
  }
  if (options.checkpointFolder) {
    const checkpoint: Checkpoint = {
      fingerprint: options.fingerprint ?? "",
      history: progress.history,
      bestEpoch: progress.bestEpoch,
      bestParameters: progress.bestParameters,
      state: await step.exportState(),
    };
    await writeCheckpoint(options.checkpointFolder, checkpoint);
  }
  options.onEpoch?.(entry, isBest);
}

/** One pass over the windows of an epoch; returns the mean loss of its windows. */
async function trainEpoch(
  epoch: number,
  windows: LabelledWindows,
  learningRate: number,
  { step, pipeline, options, progress, plan }: EpochParts,
): Promise<number> {
  const { batchSize } = options.settings;
  const { tasks } = windows;
  const steps = windows.binStarts.length / batchSize;
  const started = performance.now();
  const waitedBefore = pipeline.waitedMilliseconds;
  let weightedLoss = 0;
  let weight = 0;
  for await (const batch of pipeline.run(splitRequest(windows, batchSize))) {
    options.signal?.throwIfAborted();
    const rows = [batch.index * batchSize * tasks, (batch.index + 1) * batchSize * tasks] as const;
    const weights = windows.weights.subarray(...rows);
    const feeds: Record<string, Float32Array> = {
      windows: batch.windows,
      labels: windows.labels.subarray(...rows),
      weights,
    };
    if (pipeline.plan.features.length > 0) feeds.features = batch.features;
    const { loss } = await step.run(feeds, learningRate).catch((error: unknown) => {
      throw locateInBatch(error, epoch, batch.index, windows, plan, options);
    });
    batch.release();
    if (!Number.isFinite(loss)) throw lossIsNotANumber(epoch, batch.index, windows, plan, options, loss);
    const batchWeight = sum(weights);
    weightedLoss += loss * batchWeight;
    weight += batchWeight;
    progress.steps++;
    options.onProgress?.({
      task: `epoch ${epoch}`,
      done: batch.index + 1,
      total: steps,
      unit: "steps",
      note: `loss ${(weightedLoss / weight).toFixed(4)}`,
    });
  }
  progress.trainMilliseconds += performance.now() - started;
  progress.waitedMilliseconds += pipeline.waitedMilliseconds - waitedBefore;
  return weightedLoss / weight;
}

function lossIsNotANumber(
  epoch: number,
  batch: number,
  windows: LabelledWindows,
  plan: TrainingPlan,
  options: TrainOptions,
  loss: number,
): BindscapeError {
  return new BindscapeError({
    source: plan.samplers[0].study.source,
    found: `a loss of ${loss} in ${describeBatch(epoch, batch, windows, plan, options)}`,
    expected: "a finite loss",
    next: `${adviseOnLoss(epoch, options)}; --check-numerics names the layer where it begins`,
  });
}

function describeBatch(
  epoch: number,
  batch: number,
  windows: LabelledWindows,
  plan: TrainingPlan,
  { settings }: TrainOptions,
): string {
  const first = batch * settings.batchSize;
  const segment = plan.samplers[0].study.assembly.segments[windows.segmentIndices[first]];
  return `epoch ${epoch}, batch ${batch + 1} (its first window is the bin at ${segment.chromosome}:${windows.binStarts[first]})`;
}

/** Says of a step's error in which batch it happened. */
function locateInBatch(
  error: unknown,
  epoch: number,
  batch: number,
  windows: LabelledWindows,
  plan: TrainingPlan,
  options: TrainOptions,
): unknown {
  if (!(error instanceof BindscapeError)) return error;
  const { source, found, expected, next } = error;
  const place = describeBatch(epoch, batch, windows, plan, options);
  return new BindscapeError({ source, found: `${found}, in ${place}`, expected, next, cause: error });
}

/** The weights may be spoilt by the last step of an epoch, whose own loss was measured before it. */
function validationIsNotANumber(
  epoch: number,
  plan: TrainingPlan,
  options: TrainOptions,
  loss: number,
): BindscapeError {
  return new BindscapeError({
    source: plan.samplers[0].study.source,
    found: `a validation loss of ${loss} after epoch ${epoch}`,
    expected: "a finite loss",
    next: adviseOnLoss(epoch, options),
  });
}

function adviseOnLoss(epoch: number, { checkpointFolder }: TrainOptions): string {
  const kept =
    checkpointFolder && epoch > 1
      ? `The checkpoint of epoch ${epoch - 1} is kept in ${checkpointFolder}. `
      : "";
  return `${kept}Lower --learning-rate, or cap the tracks with \`transform.cap\``;
}

/** Mean binary cross-entropy of the validation windows (weights of ambiguous labels are 0). */
async function measureLoss(
  predictor: Predictor,
  pipeline: BatchPipeline,
  windows: LabelledWindows,
  options: TrainOptions,
): Promise<number> {
  let loss = 0;
  let weight = 0;
  await runPredictor(
    predictor,
    pipeline,
    windows,
    "probability",
    { signal: options.signal },
    (values, first) => {
      for (let i = 0; i < values.length; i++) {
        const at = first * windows.tasks + i;
        // Keras clips probabilities at its epsilon, 1e-7; so does the training loss of gradient.
        const p = Math.min(Math.max(values[i], 1e-7), 1 - 1e-7);
        loss -= windows.weights[at] * (windows.labels[at] === 1 ? Math.log(p) : Math.log1p(-p));
        weight += windows.weights[at];
      }
    },
  );
  return loss / weight;
}

/** Fills the last batch with windows of weight 0, so that every step has the same shape. */
export function padToBatches(windows: LabelledWindows, batchSize: number): LabelledWindows {
  const count = windows.binStarts.length;
  const { tasks } = windows;
  const padded = Math.ceil(count / batchSize) * batchSize;
  const windowsAndPadding = pickWindows(
    windows,
    Uint32Array.from({ length: padded }, (_, row) => row % count),
  );
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

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** A copy without readonly marks, as the schema's type has it. */
function toPlain<T, U>(value: T): U {
  return JSON.parse(JSON.stringify(value)) as U;
}

import {
  type Build,
  type NamePattern,
  type ParameterValues,
  Predictor,
  type Runtime,
  type TrainingState,
  TrainingStep,
} from "@bindscape/gradient";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import type { HistoryEntry } from "../report/report-data.js";
import {
  learningRateOf,
  maxNormOf,
  type OptimisationSettings,
  optimizerOf,
  reasonToStop,
} from "./settings.js";

/** Where training stood after a whole epoch: enough to go on bit for bit as if it had never stopped. */
export interface SavedTraining {
  readonly history: readonly HistoryEntry[];
  readonly bestEpoch: number;
  readonly bestParameters: ReadonlyMap<string, Float32Array>;
  readonly state: TrainingState;
}

/** Arrays of one step. */
export interface FeedBatch {
  /** "windows", "labels" and "weights" of as many rows as the batch size says, and "features" where there are any. */
  readonly feeds: Readonly<Record<string, Float32Array>>;
  /** Called when the arrays are no longer needed. */
  readonly release?: () => void;
}

/** One pass over the training data. */
export interface EpochPass {
  readonly steps: number;
  readonly batches: AsyncIterable<FeedBatch>;
  /** Names the first sample of a batch, for errors. @param batch from 0 */
  readonly describe: (batch: number) => string;
}

/** What a network is trained and validated on. */
export interface TrainingData {
  /** File that errors name. */
  readonly source: string;
  /** Draws an epoch (from 1): the same one whenever it is asked for. */
  readonly draw: (epoch: number) => EpochPass;
  /** Losses of the validation data; the predictor gives "probability". */
  readonly validate: (
    predictor: Predictor,
  ) => Promise<{ readonly validationLoss: number; readonly withinCellLoss?: number }>;
}

export interface EpochLoopOptions {
  readonly runtime: Runtime;
  readonly build: Build;
  readonly data: TrainingData;
  readonly settings: OptimisationSettings;
  /** First values of parameters; the others are drawn. */
  readonly parameters?: ParameterValues;
  /** Parameters that keep their first values. */
  readonly freeze?: readonly NamePattern[];
  readonly threads?: number;
  /** Look at every tensor of every step, to name the layer where a value first is no finite number (slow). */
  readonly checkNumerics?: boolean;
  /** Go on from here. */
  readonly saved?: SavedTraining | null;
  /** Keeps where training stands, after every epoch. */
  readonly save?: (saved: SavedTraining) => Promise<void>;
  /** Folder that `save` keeps it in, for errors. */
  readonly savedIn?: string;
  /** What errors advise beside a lower learning rate. */
  readonly advice?: string;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: (entry: HistoryEntry, best: boolean) => void;
  readonly signal?: AbortSignal;
}

/** What a training came to. */
export interface EpochLoopResult {
  readonly history: readonly HistoryEntry[];
  readonly bestEpoch: number;
  readonly bestParameters: ReadonlyMap<string, Float32Array>;
  /** Steps of this run, and the milliseconds they took. */
  readonly steps: number;
  readonly trainMilliseconds: number;
}

/**
 * Trains epoch by epoch until the settings say to end, and keeps the weights with the lowest validation loss: their
 * moving average, where the settings ask for one. The same seed gives the same weights bit for bit, also after a stop
 * in between. Stopped by `signal`, it leaves what `save` was given last and throws the signal's reason.
 * @throws BindscapeError where a loss is no longer a finite number
 */
export async function runEpochs(options: EpochLoopOptions): Promise<EpochLoopResult> {
  const { runtime, build, settings, threads, saved, data } = options;
  const step = await TrainingStep.create(runtime, {
    build,
    batchSize: settings.batchSize,
    optimizer: optimizerOf(settings),
    maxNorm: maxNormOf(settings),
    seed: settings.seed,
    parameters: options.parameters,
    freeze: options.freeze,
    threads,
    checkNumerics: options.checkNumerics,
  });
  let predictor: Predictor | null = null;
  try {
    if (saved) step.importState(saved.state);
    predictor = await Predictor.create(runtime, {
      build,
      parameters: await step.parameters(),
      outputs: ["probability"],
      threads,
    });
    const history = saved ? [...saved.history] : [];
    const losses = history.map(({ validationLoss }) => validationLoss);
    let bestEpoch = saved?.bestEpoch ?? 0;
    let bestParameters = saved ? saved.bestParameters : await step.parameters();
    let steps = 0;
    let trainMilliseconds = 0;
    for (let epoch = history.length + 1; ; epoch++) {
      if (reasonToStop(settings, epoch, bestEpoch, losses) !== null) break;
      const started = performance.now();
      const learningRate = learningRateOf(settings, epoch, losses);
      const pass = data.draw(epoch);
      const trainingLoss = await trainPass(epoch, pass, step, learningRate, options);
      trainMilliseconds += performance.now() - started;
      steps += pass.steps;
      const parameters =
        settings.weightAverage > 0 ? await step.averagedParameters() : await step.parameters();
      await predictor.setParameters(parameters);
      const validated = await data.validate(predictor);
      if (!Number.isFinite(validated.validationLoss))
        throw validationIsNotANumber(epoch, validated.validationLoss, options);
      const seconds = (performance.now() - started) / 1000;
      const entry: HistoryEntry = { epoch, trainingLoss, ...validated, learningRate, seconds };
      history.push(entry);
      losses.push(entry.validationLoss);
      const isBest = bestEpoch === 0 || entry.validationLoss < losses[bestEpoch - 1];
      if (isBest) {
        bestEpoch = epoch;
        bestParameters = parameters;
      }
      await options.save?.({ history, bestEpoch, bestParameters, state: await step.exportState() });
      options.onEpoch?.(entry, isBest);
    }
    return { history, bestEpoch, bestParameters, steps, trainMilliseconds };
  } finally {
    await predictor?.release();
    await step.release();
  }
}

/** One pass; returns the mean loss of its samples. */
async function trainPass(
  epoch: number,
  pass: EpochPass,
  step: TrainingStep,
  learningRate: number,
  options: EpochLoopOptions,
): Promise<number> {
  let weightedLoss = 0;
  let weight = 0;
  let done = 0;
  for await (const { feeds, release } of pass.batches) {
    options.signal?.throwIfAborted();
    const place = () => `epoch ${epoch}, batch ${done + 1} (${pass.describe(done)})`;
    const { loss } = await step.run(feeds, learningRate).catch((error: unknown) => {
      throw locateInBatch(error, place());
    });
    release?.();
    if (!Number.isFinite(loss)) throw lossIsNotANumber(epoch, loss, place(), options);
    const batchWeight = feeds.weights.reduce((sum, value) => sum + value, 0);
    weightedLoss += loss * batchWeight;
    weight += batchWeight;
    done++;
    options.onProgress?.({
      task: `epoch ${epoch}`,
      done,
      total: pass.steps,
      unit: "steps",
      note: `loss ${(weightedLoss / weight).toFixed(4)}`,
    });
  }
  return weightedLoss / weight;
}

function lossIsNotANumber(
  epoch: number,
  loss: number,
  place: string,
  options: EpochLoopOptions,
): BindscapeError {
  return new BindscapeError({
    source: options.data.source,
    found: `a loss of ${loss} in ${place}`,
    expected: "a finite loss",
    next: `${adviseOnLoss(epoch, options)}; --check-numerics names the layer where it begins`,
  });
}

/** Says of a step's error in which batch it happened. */
function locateInBatch(error: unknown, place: string): unknown {
  if (!(error instanceof BindscapeError)) return error;
  const { source, found, expected, next } = error;
  return new BindscapeError({ source, found: `${found}, in ${place}`, expected, next, cause: error });
}

/** The weights may be spoilt by the last step of an epoch, whose own loss was measured before it. */
function validationIsNotANumber(epoch: number, loss: number, options: EpochLoopOptions): BindscapeError {
  return new BindscapeError({
    source: options.data.source,
    found: `a validation loss of ${loss} after epoch ${epoch}`,
    expected: "a finite loss",
    next: adviseOnLoss(epoch, options),
  });
}

function adviseOnLoss(epoch: number, { savedIn, advice }: EpochLoopOptions): string {
  const kept =
    savedIn !== undefined && epoch > 1 ? `The checkpoint of epoch ${epoch - 1} is kept in ${savedIn}. ` : "";
  return `${kept}Lower --learning-rate${advice ?? ""}`;
}

/** Weighted mean binary cross-entropy of probabilities, added up batch by batch. */
export class LossSum {
  #loss = 0;
  #weight = 0;

  /** @param first index of the first probability's label and weight; a label of weight 0 may be NaN */
  add(
    probabilities: Float32Array,
    labels: ArrayLike<number>,
    weights: ArrayLike<number>,
    first: number,
  ): void {
    for (let i = 0; i < probabilities.length; i++) {
      const weight = weights[first + i];
      if (weight === 0) continue;
      // Keras clips probabilities at its epsilon, 1e-7; so does the training loss of gradient.
      const p = Math.min(Math.max(probabilities[i], 1e-7), 1 - 1e-7);
      this.#loss -= weight * (labels[first + i] === 1 ? Math.log(p) : Math.log1p(-p));
      this.#weight += weight;
    }
  }

  get mean(): number {
    return this.#loss / this.#weight;
  }
}

/** Rows 0 to count - 1, and as many of the first again as fill the last batch: every step has the same shape. */
export function fillBatches(count: number, batchSize: number): Uint32Array {
  const padded = Math.ceil(count / batchSize) * batchSize;
  return Uint32Array.from({ length: padded }, (_, row) => row % count);
}

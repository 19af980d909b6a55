import type { NamePattern, Runtime } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import { BindscapeError, type ProgressListener, Random } from "@bindscape/numerics";
import { encodeSequences, type SequenceSet, type WindowPlan, writeTask } from "@bindscape/study";
import type { ModelFile } from "../bundle/model-file.js";
import type { ModelDefinition, NetworkContext } from "../model-definition.js";
import { findModel } from "../model-table.js";
import type { Network } from "../network/describe-network.js";
import type { HistoryEntry } from "../report/report-data.js";
import {
  type FeedBatch,
  fillBatches,
  LossSum,
  runEpochs,
  type SavedTraining,
  type TrainingData,
} from "../train/epoch-loop.js";
import { splitRows, type TrainingRows } from "./sequence-splits.js";
import type { SequenceTrainingSettings } from "./settings.js";
import { transferBody } from "./transfer-body.js";

/** Sequences that go through the network at once where no gradient is wanted. */
const PREDICTION_BATCH = 256;

export interface SequenceTrainingOptions {
  readonly runtime: Runtime;
  readonly model: string;
  /** Options of the architecture, defaults filled in; the window's length is that of the sequences. */
  readonly modelOptions: Record<string, unknown>;
  readonly settings: SequenceTrainingSettings;
  /** Take over convolutions and recurrent layers of this network; the dense ones are drawn anew. */
  readonly from?: Network;
  /** What the record says `from` is. */
  readonly fromName?: string;
  /** Keep what is taken over as it is. Default false: everything is trained. */
  readonly freeze?: boolean;
  /** Weight of each task's labels in the loss; 0 leaves a task out. Default 1 each. */
  readonly taskWeights?: readonly number[];
  /** Motifs that kernels may start from. */
  readonly motifs?: readonly Motif[];
  readonly threads?: number;
  readonly checkNumerics?: boolean;
  readonly saved?: SavedTraining | null;
  readonly save?: (saved: SavedTraining) => Promise<void>;
  readonly savedIn?: string;
  readonly onProgress?: ProgressListener;
  readonly onEpoch?: (entry: HistoryEntry, best: boolean) => void;
  readonly signal?: AbortSignal;
}

/** A network trained on sequences, and how it got there. */
export interface SequenceTrainingResult {
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
  readonly bestEpoch: number;
  readonly seconds: number;
  readonly stepMilliseconds: number;
  /** Sequences trained and validated on. */
  readonly sequences: { readonly training: number; readonly validation: number };
  /** Parameters that were taken over from another network. */
  readonly transferred: readonly string[];
}

/**
 * Trains a network on labelled sequences, in Node and in browsers. Missing labels (NaN) have no part in the loss. The
 * epoch with the lowest validation loss is kept.
 * @throws BindscapeError where a task has no label of one kind, the architecture wants more than sequence, or the
 *   sequences are too short for its layers
 */
export async function trainOnSequences(
  set: SequenceSet,
  options: SequenceTrainingOptions,
): Promise<SequenceTrainingResult> {
  const { settings } = options;
  const definition = findModel(options.model);
  const modelOptions = fitOptions(definition, options.modelOptions, set);
  const rows = splitRows(set, settings.validationShare, settings.seed);
  const weights = labelWeights(set, options.taskWeights);
  const context = sequenceContext(definition, modelOptions, set, rows, weights, options.motifs ?? []);
  const build = definition.build(modelOptions, context);
  const transferred = options.from ? transferBody(options.from, definition.name, build) : null;
  if (options.freeze && !transferred) {
    throw new BindscapeError({
      found: "layers to freeze, but no network to take them from",
      expected: "--freeze with --from",
    });
  }
  const freeze: NamePattern[] = options.freeze && transferred ? [...transferred.names] : [];
  const result = await runEpochs({
    ...options,
    build,
    data: sequenceData(set, rows, weights, context.plan.unknownBase ?? 0, options),
    ...(transferred && { parameters: transferred.parameters }),
    freeze,
  });
  const { history, bestEpoch, bestParameters, steps, trainMilliseconds } = result;
  const file: ModelFile = {
    format: "bindscape-model",
    version: 1,
    model: definition.name,
    options: modelOptions,
    citation: definition.citation,
    departures: [...definition.departures(modelOptions)],
    tasks: set.tasks.map(({ factor, cell }) => ({ factor, cell })),
    plan: { ...context.plan, tracks: [], features: [] },
    bins: { size: set.length, step: set.length, boundOverlap: set.length },
    featureScaling: { mean: [], scale: [] },
    boundShare: [...context.boundShare],
    seededKernels: [...definition.firstLayer(modelOptions, context).seeded],
    training: {
      study: baseName(set.source),
      assembly: "",
      seed: settings.seed,
      settings: { ...settings },
      epochs: history.length,
      bestEpoch,
      validationLoss: history[bestEpoch - 1].validationLoss,
      ...(transferred && { transferredFrom: options.fromName ?? options.from!.file.training.study }),
    },
  };
  return {
    network: { file, parameters: bestParameters },
    history,
    bestEpoch,
    seconds: history.reduce((sum, entry) => sum + entry.seconds, 0),
    stepMilliseconds: steps === 0 ? 0 : trainMilliseconds / steps,
    sequences: { training: rows.training.length, validation: rows.validation.length },
    transferred: transferred?.names ?? [],
  };
}

/** Options for windows as long as the sequences, of a network that sees nothing else. */
function fitOptions(
  definition: ModelDefinition,
  given: Record<string, unknown>,
  set: SequenceSet,
): Record<string, unknown> {
  const options = { ...given, windowLength: set.length };
  const wanted = definition.binFeatures(options);
  const tracks = definition.seesTracks?.(options) ?? false;
  const needsMore = Object.values(wanted).some((wants) => wants) || tracks;
  if (!needsMore && (definition.seesSequence?.(options) ?? true)) return options;
  throw new BindscapeError({
    source: definition.title,
    found: "options that ask for tracks or bin-level features, or leave the sequence out",
    expected: "options for sequence alone: that is all a set of sequences has",
  });
}

/** [count, tasks]: what each label counts; 0 where it is missing. */
function labelWeights({ labels, tasks, source }: SequenceSet, taskWeights?: readonly number[]): Float32Array {
  if (taskWeights && (taskWeights.length !== tasks.length || !taskWeights.every((weight) => weight >= 0))) {
    throw new BindscapeError({
      source,
      found: `task weights ${taskWeights.join(", ")}`,
      expected: `${tasks.length} numbers of at least 0, one a task`,
    });
  }
  return Float32Array.from(labels, (label, at) =>
    Number.isNaN(label) ? 0 : (taskWeights?.[at % tasks.length] ?? 1),
  );
}

function sequenceContext(
  definition: ModelDefinition,
  modelOptions: unknown,
  set: SequenceSet,
  { training }: TrainingRows,
  weights: Float32Array,
  motifs: readonly Motif[],
): NetworkContext {
  const tasks = set.tasks.length;
  const boundShare = set.tasks.map((task, t) => {
    let bound = 0;
    let known = 0;
    let masked = 0;
    for (const row of training) {
      const at = row * tasks + t;
      if (Number.isNaN(set.labels[at])) continue;
      if (weights[at] === 0) masked++;
      else {
        known++;
        bound += set.labels[at];
      }
    }
    if ((bound > 0 && bound < known) || (known === 0 && masked > 0)) return known === 0 ? 0.5 : bound / known;
    throw new BindscapeError({
      source: set.source,
      found: `${bound} bound and ${known - bound} unbound sequences of ${writeTask(task)} to train on`,
      expected: "some of each",
    });
  });
  const unknownBase = definition.unknownBase?.(modelOptions) ?? 0;
  const plan: WindowPlan = {
    windowLength: set.length,
    binSize: set.length,
    tracks: [],
    features: [],
    ...(unknownBase > 0 && { unknownBase }),
  };
  return { plan, tasks, featureScaling: { mean: [], scale: [] }, boundShare, linearStart: null, motifs };
}

function sequenceData(
  set: SequenceSet,
  { training, validation }: TrainingRows,
  weights: Float32Array,
  unknownBase: 0 | 0.25,
  { settings, signal }: SequenceTrainingOptions,
): TrainingData {
  const { batchSize, seed } = settings;
  return {
    source: set.source,
    draw(epoch) {
      const order = Random.forPart(seed, "epoch", epoch).shuffle(training.slice());
      const filled = fillBatches(order.length, batchSize);
      const rowOf = (at: number) => order[filled[at]];
      return {
        steps: filled.length / batchSize,
        batches: feedBatches(
          set,
          weights,
          unknownBase,
          Uint32Array.from(filled, (_, at) => rowOf(at)),
          order.length,
          batchSize,
        ),
        describe: (batch) => `its first sequence is number ${rowOf(batch * batchSize) + 1}`,
      };
    },
    async validate(predictor) {
      const loss = new LossSum();
      for (let from = 0; from < validation.length; from += PREDICTION_BATCH) {
        signal?.throwIfAborted();
        const rows = validation.subarray(from, from + PREDICTION_BATCH);
        const windows = encodeSequences(set, rows, unknownBase);
        const probability = (await predictor.run({ windows }, rows.length)).get("probability")!;
        const { labels, weights: own } = takeRows(set, weights, rows);
        loss.add(probability, labels, own, 0);
      }
      return { validationLoss: loss.mean };
    },
  };
}

/** @param real rows that are samples; those behind them only fill the last batch */
async function* feedBatches(
  set: SequenceSet,
  weights: Float32Array,
  unknownBase: 0 | 0.25,
  rows: Uint32Array,
  real: number,
  batchSize: number,
): AsyncGenerator<FeedBatch> {
  const tasks = set.tasks.length;
  const windows = new Float32Array(batchSize * 4 * set.length);
  for (let from = 0; from < rows.length; from += batchSize) {
    const own = rows.subarray(from, from + batchSize);
    const { labels, weights: counted } = takeRows(set, weights, own);
    counted.fill(0, Math.max(0, real - from) * tasks);
    encodeSequences(set, own, unknownBase, windows);
    yield { feeds: { windows, labels, weights: counted } };
  }
}

/** Labels and weights of rows, [rows, tasks]; missing labels as 0, with weight 0. */
function takeRows(
  set: SequenceSet,
  weights: Float32Array,
  rows: ArrayLike<number>,
): { labels: Float32Array; weights: Float32Array } {
  const tasks = set.tasks.length;
  const taken = {
    labels: new Float32Array(rows.length * tasks),
    weights: new Float32Array(rows.length * tasks),
  };
  for (let i = 0; i < rows.length; i++) {
    for (let t = 0; t < tasks; t++) {
      const label = set.labels[rows[i] * tasks + t];
      taken.labels[i * tasks + t] = label === 1 ? 1 : 0;
      taken.weights[i * tasks + t] = weights[rows[i] * tasks + t];
    }
  }
  return taken;
}

function baseName(source: string): string {
  return source.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
}

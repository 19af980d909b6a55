import { InputGradient } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { AttributionOptions } from "./attributions.js";
import { buildScore, type ExplainedModel, type ExplainedWindows } from "./explained-model.js";

/** Most windows at a time; a gradient holds every layer's values of all of them. */
const GRADIENT_BATCH = 32;

/** What is wanted of a batch beside the probabilities. */
export interface WantedGradients {
  /** With respect to the windows. */
  readonly windows: boolean;
  /** The layer [N * strands, kernels, positions] whose class-activation map is wanted. */
  readonly layer?: string;
}

/** What is found of a batch. Empty arrays where something was not asked for. */
export interface FoundGradients {
  /** [count, tasks] */
  readonly probability: Float32Array;
  /** [count, channels, length]: gradient of the score. */
  readonly windows: Float32Array;
  /** [count * strands, positions]: the layer's class-activation map (Selvaraju et al. 2017, equations 1 and 2). */
  readonly map: Float32Array;
}

/**
 * Gradients of one task's score, through both strands where the network sees both: the one path that all gradient
 * methods take. Bin-level features are held fixed.
 */
export class GradientReader {
  private constructor(
    private readonly gradient: InputGradient,
    private readonly wanted: WantedGradients,
    /** Most windows at a time. */
    readonly batchSize: number,
  ) {}

  /** @throws BindscapeError for a model that sees no bases, a task or a layer that it has not */
  static async create(
    model: ExplainedModel,
    options: Pick<AttributionOptions, "runtime" | "task" | "of" | "threads" | "batchSize">,
    wanted: WantedGradients,
  ): Promise<GradientReader> {
    const { task = 0, of = "logit" } = options;
    checkExplained(model, task);
    const batchSize = batchSizeFor(model.build, options.batchSize ?? GRADIENT_BATCH);
    const gradient = await InputGradient.create(options.runtime, {
      build: buildScore(model, task, of),
      parameters: model.parameters,
      of: "score",
      inputs: wanted.windows ? ["windows"] : [],
      maps: wanted.layer === undefined ? [] : [wanted.layer],
      outputs: ["probability"],
      threads: options.threads,
      largestBatch: batchSize,
    });
    return new GradientReader(gradient, wanted, batchSize);
  }

  /** @param feeds inputs by name, `count` rows each */
  async read(feeds: Readonly<Record<string, Float32Array>>, count: number): Promise<FoundGradients> {
    const { gradients, outputs, maps } = await this.gradient.runWithOutputs(feeds, count);
    const { layer } = this.wanted;
    const none = new Float32Array(0);
    return {
      probability: outputs.get("probability")!,
      windows: gradients.get("windows") ?? none,
      map: layer === undefined ? none : maps.get(layer)!,
    };
  }

  release(): Promise<void> {
    return this.gradient.release();
  }
}

/** Gradients in a batch of windows. The arrays are only valid during the call. */
export interface GradientBatch extends FoundGradients {
  /** Number of the first window. */
  readonly first: number;
  readonly count: number;
}

/**
 * Gradients of windows in memory, batch by batch.
 * @returns [count, tasks]: probabilities of the windows
 * @throws BindscapeError for a task or a layer that the model has not
 */
export async function forEachGradient(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: AttributionOptions,
  wanted: WantedGradients,
  visit: (batch: GradientBatch) => void,
): Promise<Float32Array> {
  const { signal, onProgress } = options;
  const { count } = windows;
  const predictions = new Float32Array(count * model.tasks);
  const reader = await GradientReader.create(model, options, wanted);
  const { batchSize } = reader;
  try {
    for (let first = 0; first < count; first += batchSize) {
      signal?.throwIfAborted();
      const size = Math.min(batchSize, count - first);
      const found = await reader.read(takeRows(model, windows, first, size), size);
      predictions.set(found.probability, first * model.tasks);
      visit({ ...found, first, count: size });
      onProgress?.({ task: "reading gradients", done: first + size, total: count, unit: "windows" });
    }
  } finally {
    await reader.release();
  }
  return predictions;
}

/** Some rows of windows, as a network is fed with them. */
export function takeRows(
  { channels, length, features: width }: Pick<ExplainedModel, "channels" | "length" | "features">,
  { windows, features }: ExplainedWindows,
  first: number,
  count: number,
): Record<string, Float32Array> {
  const size = channels * length;
  return {
    windows: windows.subarray(first * size, (first + count) * size),
    ...(features && { features: features.subarray(first * width, (first + count) * width) }),
  };
}

/** @throws BindscapeError for a model that sees no bases, or an output it does not have */
export function checkExplained({ baseChannels, tasks }: ExplainedModel, task: number): void {
  if (baseChannels !== 4) {
    throw new BindscapeError({
      source: "attributions",
      found: "a model that sees no bases",
      expected: "one that sees the sequence",
      next: "`bindscape interpret kernels` shows what such a model looks for in its tracks",
    });
  }
  if (!(Number.isInteger(task) && task >= 0 && task < tasks)) {
    throw new BindscapeError({
      source: "attributions",
      found: `output ${task}`,
      expected: `a whole number from 0 to ${tasks - 1}`,
    });
  }
}

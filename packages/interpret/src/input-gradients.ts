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
  /** With respect to a layer's activations, which come too. */
  readonly layer?: string;
}

/** Gradients of the score in a batch. The arrays are only valid during the call. */
export interface GradientBatch {
  /** Number of the first window. */
  readonly first: number;
  readonly count: number;
  /** [count, channels, length]; empty where not asked for. */
  readonly windows: Float32Array;
  /** The layer's gradient and its activations, in the layer's shape; empty where not asked for. */
  readonly layer: Float32Array;
  readonly activations: Float32Array;
}

/**
 * Gradients of one task's score, batch by batch, through both strands where the network sees both: the one path that all
 * gradient methods take. Bin-level features are held fixed.
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
  const { task = 0, of = "logit", signal, onProgress } = options;
  const { count } = windows;
  checkExplained(model, task);
  const build = buildScore(model, task, of);
  const batchSize = batchSizeFor(model.build, options.batchSize ?? GRADIENT_BATCH);
  const { layer } = wanted;
  const empty = new Float32Array(0);
  const predictions = new Float32Array(count * model.tasks);
  const gradient = await InputGradient.create(options.runtime, {
    build,
    parameters: model.parameters,
    of: "score",
    inputs: wanted.windows ? ["windows"] : [],
    layers: layer === undefined ? [] : [layer],
    outputs: ["probability", ...(layer === undefined ? [] : [layer])],
    threads: options.threads,
    largestBatch: batchSize,
  });
  try {
    for (let first = 0; first < count; first += batchSize) {
      signal?.throwIfAborted();
      const size = Math.min(batchSize, count - first);
      const { gradients, outputs } = await gradient.runWithOutputs(
        takeRows(model, windows, first, size),
        size,
      );
      predictions.set(outputs.get("probability")!, first * model.tasks);
      visit({
        first,
        count: size,
        windows: gradients.get("windows") ?? empty,
        layer: (layer === undefined ? undefined : gradients.get(layer)) ?? empty,
        activations: (layer === undefined ? undefined : outputs.get(layer)) ?? empty,
      });
      onProgress?.({ task: "reading gradients", done: first + size, total: count, unit: "windows" });
    }
  } finally {
    await gradient.release();
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

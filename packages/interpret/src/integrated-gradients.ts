import { InputGradient, Predictor } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import { BindscapeError, gaussLegendre } from "@bindscape/numerics";
import type { AttributionOptions } from "./attributions.js";
import { Contributions, warnOfDeltas } from "./contributions.js";
import { type DifferenceAttributions, repeatRows } from "./deeplift.js";
import { buildScore, type ExplainedModel, type ExplainedWindows } from "./explained-model.js";
import { checkExplained } from "./input-gradients.js";
import { DEFAULT_REFERENCES, makeReferences, type References } from "./references.js";

/** Where on the way from reference to window gradients are taken. */
export type PathRule = "gauss-legendre" | "riemann";

export interface IntegratedGradientsOptions extends AttributionOptions {
  /** What windows are compared with; several references are averaged. Default: ten dinucleotide shuffles of each. */
  readonly references?: References;
  /** Gradients on the way from a reference to its window. Default 32. */
  readonly steps?: number;
  /** Gauss-Legendre nodes (default), or the middles of equal parts. */
  readonly path?: PathRule;
  /** As for DeepLIFT; default 0.05: the integral is a sum of few terms. */
  readonly tolerance?: number;
}

/** Windows on the way that go through a network at a time. */
const MOST_WINDOWS = 128;

/**
 * Integrated gradients (Sundararajan et al. 2017, equation 1): the gradient averaged over the straight way from a
 * reference to the window, times their difference. Means over references; tracks and features are the window's own. `deltas`
 * say how far the sums are from the difference of scores (the paper's completeness), which is the error of the integral.
 * @throws BindscapeError for a model that sees no bases, a task it has not, references of another length
 */
export async function explainByIntegratedGradients(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: IntegratedGradientsOptions,
): Promise<DifferenceAttributions> {
  const { task = 0, of = "logit", steps = 32, path = "gauss-legendre", tolerance = 0.05 } = options;
  checkExplained(model, task);
  if (!(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new BindscapeError({
      source: "integrated gradients",
      found: `${steps} steps`,
      expected: "a whole number of at least 1",
    });
  }
  const { nodes, weights } = pathOf(path, steps);
  const references = makeReferences(model, windows, options.references ?? DEFAULT_REFERENCES);
  const build = buildScore(model, task, of);
  const { runtime, threads, signal } = options;
  const { count } = windows;
  const { channels, length, features, tasks, parameters } = model;
  const largestBatch = batchSizeFor(build, options.batchSize ?? MOST_WINDOWS);
  const common = { build, parameters, threads, largestBatch };
  const predictor = await Predictor.create(runtime, { ...common, outputs: ["score", "probability"] });
  const gradient = await InputGradient.create(runtime, { ...common, of: "score", inputs: ["windows"] });
  const contributions = new Contributions(model, windows);
  let results: ReadonlyMap<string, Float32Array>;
  try {
    results = await predictor.run(
      { windows: windows.windows, ...(windows.features && { features: windows.features }) },
      count,
    );
    const size = channels * length;
    const shared = references.shared ? references.fill(0, 0) : null;
    const withFeatures = (window: number, times: number): Record<string, Float32Array> => {
      const own = windows.features?.subarray(window * features, (window + 1) * features);
      return own ? { features: repeatRows(own, features, times) } : {};
    };
    const scoreReferences = async (filled: Float32Array, window: number) => {
      const feeds = { windows: filled, ...withFeatures(window, references.count) };
      return (await predictor.run(feeds, references.count)).get("score")!;
    };
    const sharedScores = shared && (await scoreReferences(shared, 0));
    const way = new Float32Array(steps * size);
    for (let window = 0; window < count; window++) {
      const filled = shared ?? references.fill(window, window + 1);
      const ofReferences = sharedScores ?? (await scoreReferences(filled, window));
      const own = windows.windows.subarray(window * size, (window + 1) * size);
      const multipliers = new Float32Array(references.count * size);
      for (let k = 0; k < references.count; k++) {
        signal?.throwIfAborted();
        const from = filled.subarray(k * size, (k + 1) * size);
        nodes.forEach((node, step) => {
          for (let i = 0; i < size; i++) way[step * size + i] = from[i] + node * (own[i] - from[i]);
        });
        const found = await gradient.run({ windows: way, ...withFeatures(window, steps) }, steps);
        const gradients = found.get("windows")!;
        const mean = new Float64Array(size);
        weights.forEach((weight, step) => {
          for (let i = 0; i < size; i++) mean[i] += weight * gradients[step * size + i];
        });
        multipliers.set(mean, k * size);
      }
      const scores = { own: results.get("score")![window], ofReferences };
      contributions.take(window, multipliers, filled, scores);
      options.onProgress?.({ task: "integrated gradients", done: window + 1, total: count, unit: "windows" });
    }
  } finally {
    await predictor.release();
    await gradient.release();
  }
  const { values, hypothetical, deltas, referenceScores } = contributions;
  const scores = results.get("score")!;
  const differences = scores.map((score, i) => score - referenceScores[i]);
  return {
    method: "integrated-gradients",
    count,
    length,
    tasks,
    task,
    of,
    values,
    hypothetical,
    predictions: results.get("probability")!,
    deltas,
    scores,
    referenceScores,
    warnings: warnOfDeltas(deltas, differences, tolerance, `take more than ${steps} steps`),
  };
}

/** Places from 0 to 1 and their weights, which sum to 1. */
function pathOf(path: PathRule, steps: number): { nodes: readonly number[]; weights: readonly number[] } {
  if (path === "riemann") {
    const places = Array.from({ length: steps }, (_, step) => (step + 0.5) / steps);
    return { nodes: places, weights: places.map(() => 1 / steps) };
  }
  const { nodes, weights } = gaussLegendre(steps);
  return { nodes: Array.from(nodes), weights: Array.from(weights) };
}

import { DeepLift, type DeepLiftRule } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import type { AttributionOptions, Attributions } from "./attributions.js";
import { Contributions, warnOfDeltas } from "./contributions.js";
import { buildScore, type ExplainedModel, type ExplainedWindows } from "./explained-model.js";
import { checkExplained, takeRows } from "./input-gradients.js";
import { DEFAULT_REFERENCES, makeReferences, type References } from "./references.js";

export interface DeepLiftAttributionOptions extends AttributionOptions {
  /** How functions of single entries are gone through. Default "reveal-cancel-dense", the mode AgentBind used. */
  readonly rule?: DeepLiftRule;
  /** What windows are compared with; several references are averaged. Default: ten dinucleotide shuffles of each. */
  readonly references?: References;
  /**
   * A window whose contributions miss the difference of scores by more than this share of it (of 1 where it is smaller)
   * is warned about. Default 1e-3.
   */
  readonly tolerance?: number;
}

/** Attributions that split a window's difference from its references. */
export interface DifferenceAttributions extends Attributions {
  readonly hypothetical: Float32Array;
  /** [count]: the largest |sum of contributions - (score - reference's score)| over a window's references. */
  readonly deltas: Float32Array;
  /** [count]: score of the windows. */
  readonly scores: Float32Array;
  /** [count]: mean score of a window's references. */
  readonly referenceScores: Float32Array;
  readonly warnings: readonly string[];
}

/** Pairs of window and reference that go through a network at a time; more do not make it faster. */
const MOST_PAIRS = 64;

/**
 * DeepLIFT (Shrikumar et al. 2017): the difference of a window's score from its reference's, split over bases. Gates of
 * LSTMs and other products by the symmetric half rule. Means over references; tracks and features are the window's own.
 * @throws BindscapeError for a model that sees no bases or has a layer without a rule (named), for a task it has not, for
 *   references of another length
 */
export async function explainByDeepLift(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: DeepLiftAttributionOptions,
): Promise<DifferenceAttributions> {
  const { task = 0, of = "logit", rule = "reveal-cancel-dense", tolerance = 1e-3, signal } = options;
  checkExplained(model, task);
  const references = makeReferences(model, windows, options.references ?? DEFAULT_REFERENCES);
  const build = buildScore(model, task, of);
  const { count } = windows;
  const { channels, length, features, tasks, parameters } = model;
  // Activations of window and reference and multipliers are kept side by side.
  const pairs = Math.ceil(batchSizeFor(build, 4 * (options.batchSize ?? MOST_PAIRS)) / 4);
  const network = await DeepLift.create(options.runtime, {
    build,
    parameters,
    threads: options.threads,
    of: "score",
    inputs: ["windows"],
    outputs: ["probability"],
    rule,
    references: references.count,
    shared: references.shared,
    largestBatch: pairs,
  });
  const contributions = new Contributions(model, windows);
  const predictions = new Float32Array(count * tasks);
  const scores = new Float32Array(count);
  try {
    const size = channels * length;
    const shared = references.shared ? references.fill(0, 0) : null;
    for (let start = 0; start < count; start += network.largestBatch) {
      signal?.throwIfAborted();
      const end = Math.min(count, start + network.largestBatch);
      const filled = shared ?? references.fill(start, end);
      const own = takeRows(model, windows, start, end - start);
      const result = await network.run(
        own,
        {
          windows: filled,
          ...(own.features && { features: repeatRows(own.features, features, references.count) }),
        },
        end - start,
      );
      const multipliers = result.multipliers.get("windows")!;
      const perWindow = references.count * size;
      for (let window = start; window < end; window++) {
        const row = window - start;
        contributions.take(
          window,
          multipliers.subarray(row * perWindow, (row + 1) * perWindow),
          shared ?? filled.subarray(row * perWindow, (row + 1) * perWindow),
          {
            own: result.score[row],
            ofReferences: shared
              ? result.referenceScore
              : result.referenceScore.subarray(row * references.count, (row + 1) * references.count),
          },
        );
      }
      scores.set(result.score, start);
      predictions.set(result.outputs.get("probability")!, start * tasks);
      options.onProgress?.({ task: "DeepLIFT", done: end, total: count, unit: "windows" });
    }
  } finally {
    await network.release();
  }
  const { values, hypothetical, deltas, referenceScores } = contributions;
  const differences = scores.map((score, i) => score - referenceScores[i]);
  const next = "float32 is too coarse for this network and these references; try others";
  return {
    method: "deeplift",
    count,
    length,
    tasks,
    task,
    of,
    values,
    hypothetical,
    predictions,
    deltas,
    scores,
    referenceScores,
    warnings: warnOfDeltas(deltas, differences, tolerance, next),
  };
}

/** Each row so many times, one after another. */
export function repeatRows(rows: Float32Array, width: number, times: number): Float32Array {
  const repeated = new Float32Array(rows.length * times);
  for (let at = 0; at < rows.length; at += width)
    for (let k = 0; k < times; k++) repeated.set(rows.subarray(at, at + width), at * times + k * width);
  return repeated;
}

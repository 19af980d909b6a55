import { DeepLift, type DeepLiftResult, type DeepLiftRule } from "@bindscape/gradient";
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
  // More references than that go through one window at a time, in turns of equal size.
  const turns = Math.ceil(references.count / pairs);
  const perTurn = Math.ceil(references.count / turns);
  const network = await DeepLift.create(options.runtime, {
    build,
    parameters,
    threads: options.threads,
    of: "score",
    inputs: ["windows"],
    outputs: ["probability"],
    rule,
    references: perTurn,
    shared: references.shared,
    largestBatch: turns > 1 ? perTurn : pairs,
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
      const run = (bases: Float32Array) => {
        const repeated = own.features && repeatRows(own.features, features, perTurn);
        return network.run(own, { windows: bases, ...(repeated && { features: repeated }) }, end - start);
      };
      const result = turns > 1 ? await runInTurns(run, filled, perTurn * size) : await run(filled);
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

/** One window against all its references, `perTurn` values of them at a time. @param references [count, ...] */
async function runInTurns(
  run: (references: Float32Array) => Promise<DeepLiftResult>,
  references: Float32Array,
  perTurn: number,
): Promise<DeepLiftResult> {
  const multipliers = new Float32Array(references.length);
  const scores: number[] = [];
  let last: DeepLiftResult | null = null;
  for (let start = 0; start < references.length; start += perTurn) {
    const own = references.subarray(start, start + perTurn);
    // The last turn is filled up with zeros, whose results are dropped.
    const full = own.length === perTurn ? own : new Float32Array(perTurn);
    if (full !== own) full.set(own);
    last = await run(full);
    multipliers.set(last.multipliers.get("windows")!.subarray(0, own.length), start);
    const kept = Math.round((last.referenceScore.length * own.length) / perTurn);
    scores.push(...last.referenceScore.subarray(0, kept));
  }
  return {
    ...last!,
    multipliers: new Map([["windows", multipliers]]),
    referenceScore: Float32Array.from(scores),
  };
}

/** Each row so many times, one after another. */
export function repeatRows(rows: Float32Array, width: number, times: number): Float32Array {
  const repeated = new Float32Array(rows.length * times);
  for (let at = 0; at < rows.length; at += width)
    for (let k = 0; k < times; k++) repeated.set(rows.subarray(at, at + width), at * times + k * width);
  return repeated;
}

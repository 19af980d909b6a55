import { type Build, Predictor } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { AttributionOptions } from "./attributions.js";
import type { ExplainedModel, ExplainedOutput, ExplainedWindows } from "./explained-model.js";

/** One changed base of a window each. */
export interface WindowVariants {
  /** Windows with their reference alleles: one for each variant, as a rule with the variant in the middle. */
  readonly windows: ExplainedWindows;
  /** [count]: where the changed base stands, counted from 0 in the window. */
  readonly positions: ArrayLike<number>;
  /** [count]: alternative bases, 0 to 3: A, C, G, T. */
  readonly alternatives: ArrayLike<number>;
}

/** Scores of both alleles, [count, tasks] each, row-major. */
export interface VariantEffects {
  readonly count: number;
  readonly tasks: number;
  readonly of: ExplainedOutput;
  readonly reference: Float32Array;
  readonly alternative: Float32Array;
  /** Alternative less reference. */
  readonly change: Float32Array;
}

/** Most windows that go through a network at a time. */
const MOST_WINDOWS = 256;

/**
 * What single-base variants do to every task's score: each variant's window with the one and with the other base. Two
 * windows a variant leave nothing to share, so that all go through the whole network.
 * @throws BindscapeError for a model that sees no bases, or a variant outside its window or of no base
 */
export async function scoreVariants(
  model: ExplainedModel,
  { windows: given, positions, alternatives }: WindowVariants,
  options: Omit<AttributionOptions, "task">,
): Promise<VariantEffects> {
  const { of = "logit", runtime, threads, batchSize = MOST_WINDOWS, signal, onProgress } = options;
  const { channels, length, features: width, tasks, parameters } = model;
  const { count, windows, features } = given;
  checkVariants(model, count, positions, alternatives);
  // Alone: a network may have outputs that no score needs.
  const build: Build = (graph) => ({ outputs: { score: model.build(graph).outputs[of] } });
  const atOnce = Math.max(1, Math.floor(batchSizeFor(build, batchSize) / 2));
  const reference = new Float32Array(count * tasks);
  const alternative = new Float32Array(count * tasks);
  const predictor = await Predictor.create(runtime, { build, parameters, threads, largestBatch: 2 * atOnce });
  try {
    const size = channels * length;
    for (let start = 0; start < count; start += atOnce) {
      signal?.throwIfAborted();
      const end = Math.min(count, start + atOnce);
      const both = new Float32Array(2 * (end - start) * size);
      both.set(windows.subarray(start * size, end * size));
      both.set(windows.subarray(start * size, end * size), (end - start) * size);
      for (let i = start; i < end; i++) {
        const from = (end - start + i - start) * size;
        for (let base = 0; base < 4; base++)
          both[from + base * length + positions[i]] = base === alternatives[i] ? 1 : 0;
      }
      const feeds: Record<string, Float32Array> = { windows: both };
      if (features && width > 0) {
        const own = features.subarray(start * width, end * width);
        feeds.features = new Float32Array(2 * own.length);
        feeds.features.set(own);
        feeds.features.set(own, own.length);
      }
      const scores = (await predictor.run(feeds, 2 * (end - start))).get("score")!;
      reference.set(scores.subarray(0, (end - start) * tasks), start * tasks);
      alternative.set(scores.subarray((end - start) * tasks), start * tasks);
      onProgress?.({ task: "scoring variants", done: end, total: count, unit: "variants" });
    }
  } finally {
    await predictor.release();
  }
  const change = alternative.map((score, i) => score - reference[i]);
  return { count, tasks, of, reference, alternative, change };
}

function checkVariants(
  { baseChannels, length }: ExplainedModel,
  count: number,
  positions: ArrayLike<number>,
  alternatives: ArrayLike<number>,
): void {
  const fail = (found: string, expected: string): never => {
    throw new BindscapeError({ source: "variants", found, expected });
  };
  if (baseChannels !== 4) fail("a model that sees no bases", "one that sees the sequence");
  if (positions.length !== count || alternatives.length !== count)
    fail(`${positions.length} positions and ${alternatives.length} bases for ${count} windows`, "one each");
  const isIndex = (value: number, below: number) => Number.isInteger(value) && value >= 0 && value < below;
  for (let i = 0; i < count; i++) {
    if (!isIndex(positions[i], length))
      fail(`position ${positions[i]} for variant ${i + 1}`, `a whole number from 0 to ${length - 1}`);
    if (!isIndex(alternatives[i], 4))
      fail(`base ${alternatives[i]} for variant ${i + 1}`, "0 to 3: A, C, G, T");
  }
}

import { Predictor } from "@bindscape/gradient";
import { batchSizeFor } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { AttributionOptions, Attributions } from "./attributions.js";
import { buildScore, type ExplainedModel, type ExplainedWindows } from "./explained-model.js";
import { FollowedMutants } from "./followed-mutants.js";
import { NaiveMutants } from "./naive-mutants.js";
import { listSubstitutions, type MutantScorer } from "./substitutions.js";

export interface MutagenesisOptions extends AttributionOptions {
  /** Positions to mutate, counted from 0 in the window; all where absent. Others get 0. */
  readonly positions?: readonly number[];
  /** Send every mutant through the whole network: slow, for comparison. Default false. */
  readonly naive?: boolean;
}

/** Most windows that go through a network at a time. */
const MOST_WINDOWS = 64;

/**
 * In-silico mutagenesis: every base of every window replaced by each of the others, and what that does to the score
 * (score of the mutant minus score of the window). At an unknown base, the effect of setting each of the four. What a
 * mutation does not touch (positions that no kernel or pool takes it to, states of recurrent layers before it) is
 * computed once a window; a network whose layers do not allow that goes mutant by mutant, which a warning says.
 * @throws BindscapeError for a model that sees no bases, a task it has not, or positions outside its windows
 */
export async function mutateInSilico(
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: MutagenesisOptions,
): Promise<Attributions> {
  const { task = 0, of = "logit" } = options;
  const { count } = windows;
  const { length, tasks } = model;
  checkRequest(model, task);
  const positions = checkedPositions(options.positions, length);
  const build = buildScore(model, task, of);
  const predictions = await predict(model, windows, options);
  const values = new Float32Array(count * 4 * length);
  const followed = options.naive ? null : FollowedMutants.plan(model, build, positions, options);
  const scorer: MutantScorer = followed ?? (await NaiveMutants.create(model, build, options));
  const total = count * positions.length * 3;
  let done = 0;
  try {
    await scorer.score(
      windows,
      (window) => listSubstitutions(model, windows, window, positions),
      (window, { position, base }, change) => {
        values[(window * 4 + base) * length + position] = change;
      },
      (more) => {
        // At unknown bases there is one mutant more.
        done = Math.min(total, done + more);
        options.onProgress?.({ task: "in-silico mutagenesis", done, total, unit: "mutants" });
      },
    );
  } finally {
    await scorer.release();
  }
  const warnings =
    followed || options.naive
      ? []
      : ["This network mixes positions early: every mutant went through all of it."];
  return { method: "ism", count, length, tasks, task, of, values, predictions, warnings };
}

/** Probabilities [count, tasks] of windows. */
async function predict(
  { build, parameters }: ExplainedModel,
  { count, windows, features }: ExplainedWindows,
  { runtime, threads, batchSize = MOST_WINDOWS }: AttributionOptions,
): Promise<Float32Array> {
  const predictor = await Predictor.create(runtime, {
    build,
    parameters,
    threads,
    outputs: ["probability"],
    largestBatch: batchSizeFor(build, batchSize),
  });
  try {
    return (await predictor.run({ windows, ...(features && { features }) }, count)).get("probability")!;
  } finally {
    await predictor.release();
  }
}

/**
 * The largest change by any substitution, position by position, as one number a base.
 * @param options `absolute`: its size without the sign. Default false: with the sign of the change
 * @returns [count, length]
 */
export function largestChanges(
  { count, length, values }: Pick<Attributions, "count" | "length" | "values">,
  { absolute = false }: { readonly absolute?: boolean } = {},
): Float32Array {
  const changes = new Float32Array(count * length);
  for (let window = 0; window < count; window++) {
    for (let position = 0; position < length; position++) {
      let largest = 0;
      for (let base = 0; base < 4; base++) {
        const change = values[(window * 4 + base) * length + position];
        if (Math.abs(change) > Math.abs(largest)) largest = change;
      }
      changes[window * length + position] = absolute ? Math.abs(largest) : largest;
    }
  }
  return changes;
}

function checkRequest({ baseChannels, tasks }: ExplainedModel, task: number): void {
  if (baseChannels !== 4) {
    throw new BindscapeError({
      source: "in-silico mutagenesis",
      found: "a model that sees no bases",
      expected: "one that sees the sequence",
    });
  }
  if (!(Number.isInteger(task) && task >= 0 && task < tasks)) {
    throw new BindscapeError({
      source: "in-silico mutagenesis",
      found: `output ${task}`,
      expected: `a whole number from 0 to ${tasks - 1}`,
    });
  }
}

/** In ascending order, each once. */
function checkedPositions(positions: readonly number[] | undefined, length: number): readonly number[] {
  if (positions === undefined) return Array.from({ length }, (_, position) => position);
  const wrong = positions.find(
    (position) => !(Number.isInteger(position) && position >= 0 && position < length),
  );
  if (wrong !== undefined) {
    throw new BindscapeError({
      source: "in-silico mutagenesis",
      found: `position ${wrong}`,
      expected: `whole numbers from 0 to ${length - 1}`,
    });
  }
  return [...new Set(positions)].sort((a, b) => a - b);
}

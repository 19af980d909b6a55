import type { Motif } from "../motif.js";
import type { Columns } from "./column-scores.js";

/** Scores of a column span this many whole numbers. */
export const SCORE_RANGE = 100;

/** What the scores of one query with all targets come to. */
export interface QueryScores {
  /** How often each whole score occurs, a row a query column; the score of an index is index - zero. */
  readonly counts: readonly Float64Array[];
  /** Index that stands for the score 0, that of a column without a partner. */
  readonly zero: number;
  /** The best sum of each target, forward and then reversed. */
  readonly best: Int32Array;
  /** Its offset: the target's column, as the target is turned, that the first query column lies on. */
  readonly offsets: Int16Array;
}

/** Scores queries against the targets it was made for, unaligned columns counting as 0. */
export interface CompleteScores {
  /** @param query columns with pseudocounts */
  score(query: Columns, minimumOverlap: number): QueryScores;
}

/** Where targets begin among all columns laid end to end, and at the end where they stop. */
export function startsOf(targets: readonly Motif[]): Int32Array {
  const starts = new Int32Array(targets.length + 1);
  targets.forEach((motif, i) => {
    starts[i + 1] = starts[i] + motif.length;
  });
  return starts;
}

/**
 * Steps a unit of the distance, and the score that whole ones are counted from. Steps are a whole number where there can be
 * one, counted from a whole number, as Tomtom's values show.
 * @param lowest, highest of all scores less the middle of their column
 */
export function chooseSteps(
  lowest: number,
  highest: number,
): { readonly base: number; readonly scale: number } {
  const base = Math.floor(lowest);
  const steps = SCORE_RANGE / (highest - base);
  return { base, scale: highest > base ? (steps >= 1 ? Math.floor(steps) : steps) : 1 };
}

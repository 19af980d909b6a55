import type { ColumnScorer, Columns } from "./column-scores.js";
import { MiddleScore } from "./middle-score.js";
import { type CompleteScores, chooseSteps, type QueryScores, SCORE_RANGE } from "./scores.js";

/** Whole scores of one query: a row of all target columns (forward, then complemented) for each query column. */
export interface ScoreTable {
  /** How often each whole score occurs, a row a query column. */
  readonly counts: readonly Float64Array[];
  /** Whole score of an unaligned column. */
  readonly zero: number;
}

/** Scores by any distance, one number at a time, in double precision. */
export class ScalarScores implements CompleteScores {
  readonly #starts: Int32Array;
  readonly #columns: number;
  readonly #scorers: readonly ColumnScorer[];
  readonly #middle = new MiddleScore();
  #scores = new Float64Array(0);
  #whole = new Uint8Array(0);

  /**
   * @param starts of the targets, see `startsOf`
   * @param scorers of the target columns: forward, and complemented where both strands are tried
   */
  constructor(starts: Int32Array, scorers: readonly ColumnScorer[]) {
    this.#starts = starts;
    this.#columns = starts[starts.length - 1];
    this.#scorers = scorers;
  }

  /**
   * Fills the table of whole scores.
   * @param isComplete whether scores are counted from the middle score of their query column
   */
  fill({ count: length, bases, sites }: Columns, isComplete: boolean): ScoreTable {
    const width = this.#columns * this.#scorers.length;
    if (this.#scores.length < length * width) {
      this.#scores = new Float64Array(length * width);
      this.#whole = new Uint8Array(length * width);
    }
    const middles = new Float64Array(length);
    let lowest = Number.POSITIVE_INFINITY;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      const row = this.#scores.subarray(i * width, (i + 1) * width);
      const column = [bases[0][i], bases[1][i], bases[2][i], bases[3][i]] as const;
      this.#scorers.forEach((score, strand) => {
        score(column, sites[i], row.subarray(strand * this.#columns, (strand + 1) * this.#columns));
      });
      const [low, high] = range(row);
      middles[i] = isComplete ? this.#middle.of(row, low, high) : 0;
      lowest = Math.min(lowest, low - middles[i]);
      highest = Math.max(highest, high - middles[i]);
    }
    const { base, scale } = chooseSteps(lowest, highest);
    const counts: Float64Array[] = [];
    for (let i = 0; i < length; i++) {
      const tally = new Float64Array(SCORE_RANGE + 2);
      const from = middles[i] + base;
      for (let at = i * width, end = at + width; at < end; at++) {
        const whole = ((this.#scores[at] - from) * scale + 0.5) | 0;
        this.#whole[at] = whole;
        tally[whole]++;
      }
      counts.push(tally);
    }
    return { counts, zero: isComplete ? Math.round(-base * scale) : 0 };
  }

  score(query: Columns, minimumOverlap: number): QueryScores {
    const length = query.count;
    const { counts, zero } = this.fill(query, true);
    const targets = this.#starts.length - 1;
    const best = new Int32Array(targets * this.#scorers.length);
    const offsets = new Int16Array(targets * this.#scorers.length);
    const sums = new Int32Array(length + this.widest());
    for (let strand = 0; strand < this.#scorers.length; strand++) {
      for (let target = 0; target < targets; target++) {
        const width = this.#starts[target + 1] - this.#starts[target];
        this.addDiagonals(length, target, strand, sums.fill(0), zero);
        const least = Math.min(minimumOverlap, width, length);
        let at = least - 1;
        for (let k = least; k < length + width - least; k++) if (sums[k] > sums[at]) at = k;
        best[strand * targets + target] = sums[at];
        offsets[strand * targets + target] = at - length + 1;
      }
    }
    return { counts, zero, best, offsets };
  }

  /** Adds the scores of every offset to `sums`: query column i on target column j counts at j - i + length - 1. */
  addDiagonals(length: number, target: number, strand: number, sums: Int32Array, zero: number): void {
    const whole = this.#whole;
    const start = this.#starts[target];
    const width = this.#starts[target + 1] - start;
    const step = this.#columns * this.#scorers.length;
    const first = strand === 0 ? start : this.#columns + start + width - 1;
    const direction = strand === 0 ? 1 : -1;
    for (let i = 0; i < length; i++) {
      let at = i * step + first;
      const from = length - 1 - i;
      for (let k = from; k < from + width; k++, at += direction) sums[k] += whole[at] - zero;
    }
  }

  /** Columns of the widest target. */
  widest(): number {
    let widest = 0;
    for (let i = 1; i < this.#starts.length; i++) {
      widest = Math.max(widest, this.#starts[i] - this.#starts[i - 1]);
    }
    return widest;
  }
}

function range(values: Float64Array): [number, number] {
  let lowest = values[0];
  let highest = values[0];
  for (let i = 1; i < values.length; i++) {
    const value = values[i];
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

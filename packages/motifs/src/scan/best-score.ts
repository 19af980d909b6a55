import { BindscapeError, sortOrder } from "@bindscape/numerics";

/** Columns of a matrix whose scores are added up beforehand in one table, over all 5^4 words of A, C, G, T, N. */
const COLUMNS_PER_TABLE = 4;
const WORDS = 5 ** COLUMNS_PER_TABLE;
/** Fewest positions for which making the tables pays. */
const TABLES_PAY_FROM = 4096;

/**
 * Scores sequence with one log-odds matrix on both strands: a position's score is the better of the two strands
 * of the site that starts there. N (code 4) scores as the lowest entry of its column. Make one and use it for
 * all chromosomes.
 *
 * The scores of four adjacent columns are looked up together, so a 15-bp motif takes 8 look-ups a position
 * instead of 30 additions.
 */
export class MotifScanner {
  /** Width of the motif in bp. */
  readonly length: number;
  /** length x 5, the fifth column for N; for the forward and for the reverse strand. */
  readonly #forward: Float64Array;
  readonly #reverse: Float64Array;
  #tables: { forward: Float64Array; reverse: Float64Array } | undefined;

  /**
   * @param matrix log-odds in bits, length x 4, row-major
   * @throws BindscapeError when it has no whole rows of 4 or holds NaN or +Infinity
   */
  constructor(matrix: Float64Array) {
    if (
      matrix.length === 0 ||
      matrix.length % 4 !== 0 ||
      !matrix.every((value) => value < Number.POSITIVE_INFINITY)
    ) {
      throw new BindscapeError({
        source: "log-odds matrix",
        found: `${matrix.length} entries${matrix.some(Number.isNaN) ? ", some not numbers" : ""}`,
        expected: "rows of four finite scores: A, C, G, T",
      });
    }
    this.length = matrix.length / 4;
    this.#forward = withColumnForN(matrix);
    this.#reverse = withColumnForN(matrix.slice().reverse());
  }

  /** The best score of any site wholly inside [start, end) and the sequence; -Infinity when none fits. */
  best(codes: Uint8Array, start: number, end: number): number {
    const first = Math.max(0, start);
    const last = Math.min(codes.length, end) - this.length;
    let best = Number.NEGATIVE_INFINITY;
    if (last - first + 1 < TABLES_PAY_FROM) {
      for (let position = first; position <= last; position++)
        best = Math.max(best, this.#scoreAt(codes, position));
      return best;
    }
    const scores = new Float64Array(TABLES_PAY_FROM);
    const words = new Uint16Array(TABLES_PAY_FROM + this.length);
    for (let position = first; position <= last; position += scores.length) {
      const count = Math.min(scores.length, last - position + 1);
      this.#scoreInto(codes, position, count, scores, words);
      for (let i = 0; i < count; i++) if (scores[i] > best) best = scores[i];
    }
    return best;
  }

  /** The score of each position in [start, start + count), in bits; -Infinity where the site runs off the sequence. */
  scores(codes: Uint8Array, start: number, count: number): Float64Array {
    const scores = new Float64Array(count);
    this.#scoreInto(codes, start, count, scores, new Uint16Array(count + this.length));
    return scores;
  }

  /**
   * The best score in each bin [binStart, binStart + binSize); see {@link scanBestInBins}. The maxima come from
   * running maxima within blocks as long as a bin holds positions (van Herk 1992; Gil and Werman 1993): three
   * comparisons a position whatever the bin size. Only stretches under bins are scored.
   */
  bestInBins(codes: Uint8Array, binStarts: ArrayLike<number>, binSize: number): Float32Array {
    checkBins(binStarts, binSize);
    const best = new Float32Array(binStarts.length).fill(Number.NEGATIVE_INFINITY);
    const width = binSize - this.length + 1;
    if (width < 1 || codes.length < this.length) return best;
    if (binSize > codes.length) return this.#bestInLongBins(codes, binStarts, width, best);
    const order = ascendingOrder(binStarts);
    const words = new Uint16Array(width + this.length);
    const scores = new Float64Array(width);
    const suffix = new Float64Array(width);
    const prefix = new Float64Array(width);
    // The block under way is [block, block + width): suffix[i] is the maximum from i to its end. The next block,
    // once a bin reaches into it, has its scores in `scores` and their running maxima in `prefix`.
    let block = Number.NEGATIVE_INFINITY;
    let hasNext = false;
    const advanceTo = (start: number, isScored: boolean) => {
      block = start;
      if (!isScored) this.#scoreInto(codes, start, width, scores, words);
      suffix[width - 1] = scores[width - 1];
      for (let i = width - 2; i >= 0; i--) suffix[i] = Math.max(scores[i], suffix[i + 1]);
      hasNext = false;
    };
    for (let i = 0; i < binStarts.length; i++) {
      const index = order === undefined ? i : order[i];
      const start = binStarts[index];
      if (start - block >= 2 * width) advanceTo(start, false);
      else if (start - block >= width) advanceTo(block + width, hasNext);
      const into = start - block;
      let value = suffix[into];
      if (into > 0) {
        if (!hasNext) {
          this.#scoreInto(codes, block + width, width, scores, words);
          prefix[0] = scores[0];
          for (let k = 1; k < width; k++) prefix[k] = Math.max(scores[k], prefix[k - 1]);
          hasNext = true;
        }
        if (prefix[into - 1] > value) value = prefix[into - 1];
      }
      best[index] = value;
    }
    return best;
  }

  /** Bins longer than the sequence: each overhangs an end, so one running maximum from either end has them all. */
  #bestInLongBins(
    codes: Uint8Array,
    binStarts: ArrayLike<number>,
    width: number,
    best: Float32Array,
  ): Float32Array {
    const upTo = this.scores(codes, 0, codes.length - this.length + 1);
    const from = upTo.slice();
    for (let i = 1; i < upTo.length; i++) upTo[i] = Math.max(upTo[i], upTo[i - 1]);
    for (let i = from.length - 2; i >= 0; i--) from[i] = Math.max(from[i], from[i + 1]);
    for (let i = 0; i < binStarts.length; i++) {
      const start = binStarts[i];
      const last = Math.min(start + width, upTo.length) - 1;
      if (last >= 0 && start < upTo.length) best[i] = start <= 0 ? upTo[last] : from[start];
    }
    return best;
  }

  #scoreAt(codes: Uint8Array, position: number): number {
    const forward = this.#forward;
    const reverse = this.#reverse;
    let sumForward = 0;
    let sumReverse = 0;
    // Added up in the groups of the tables, so that both ways of scoring round alike.
    for (let column = 0; column < this.length; ) {
      const groupEnd = Math.min(column + COLUMNS_PER_TABLE, this.length);
      let groupForward = 0;
      let groupReverse = 0;
      for (; column < groupEnd; column++) {
        const code = codes[position + column];
        const at = column * 5 + Math.min(code, 4);
        groupForward += forward[at];
        groupReverse += reverse[at];
      }
      sumForward += groupForward;
      sumReverse += groupReverse;
    }
    return Math.max(sumForward, sumReverse);
  }

  /** @param words scratch space, at least count + length long */
  #scoreInto(
    codes: Uint8Array,
    start: number,
    count: number,
    scores: Float64Array,
    words: Uint16Array,
  ): void {
    this.#tables ??= { forward: makeTables(this.#forward), reverse: makeTables(this.#reverse) };
    const { forward, reverse } = this.#tables;
    const groups = Math.ceil(this.length / COLUMNS_PER_TABLE);
    const from = Math.min(count, Math.max(0, -start));
    const to = Math.max(from, Math.min(count, codes.length - this.length + 1 - start));
    scores.fill(Number.NEGATIVE_INFINITY, 0, from);
    scores.fill(Number.NEGATIVE_INFINITY, to, count);
    if (to === from) return;
    // words[i] numbers the four bases from start + i on, in base 5; past the end they count as N, which no
    // table of a shorter last group looks at.
    const firstWord = from;
    const lastWord = to - 1 + (groups - 1) * COLUMNS_PER_TABLE;
    let word = 0;
    for (let i = firstWord; i < lastWord + COLUMNS_PER_TABLE; i++) {
      const code = start + i < codes.length ? codes[start + i] : 4;
      word = (word % (WORDS / 5)) * 5 + Math.min(code, 4);
      if (i >= firstWord + COLUMNS_PER_TABLE - 1) words[i - COLUMNS_PER_TABLE + 1] = word;
    }
    for (let i = from; i < to; i++) {
      let sumForward = 0;
      let sumReverse = 0;
      for (
        let group = 0, at = i, table = 0;
        group < groups;
        group++, at += COLUMNS_PER_TABLE, table += WORDS
      ) {
        const entry = table + words[at];
        sumForward += forward[entry];
        sumReverse += reverse[entry];
      }
      scores[i] = Math.max(sumForward, sumReverse);
    }
  }
}

/**
 * The best log-odds score, in bits, of any site wholly inside [start, end), on either strand; -Infinity when no
 * site fits. N scores as the lowest entry of its column.
 *
 * @param codes bases as 0..3 for A, C, G, T and 4 for anything else
 * @param matrix log-odds in bits, length x 4, row-major
 * @param length width of the motif in bp
 */
export function scanBestScore(
  codes: Uint8Array,
  start: number,
  end: number,
  matrix: Float64Array,
  length: number,
): number {
  if (matrix.length !== length * 4) {
    throw new BindscapeError({
      source: "log-odds matrix",
      found: `${matrix.length} entries for a length of ${length}`,
      expected: "4 for each position: A, C, G, T",
    });
  }
  return new MotifScanner(matrix).best(codes, start, end);
}

/**
 * The best log-odds score, in bits, of any site wholly inside each bin [binStart, binStart + binSize), on either
 * strand, as {@link scanBestScore} gives it; time does not grow with the bin size or the overlap of bins.
 *
 * @param binStarts whole numbers in any order; a bin may overhang the sequence
 * @param matrix log-odds in bits, length x 4, row-major
 * @returns one score a bin; -Infinity when no site fits
 */
export function scanBestInBins(
  codes: Uint8Array,
  binStarts: ArrayLike<number>,
  binSize: number,
  matrix: Float64Array,
): Float32Array {
  return new MotifScanner(matrix).bestInBins(codes, binStarts, binSize);
}

function withColumnForN(matrix: Float64Array): Float64Array {
  const extended = new Float64Array((matrix.length / 4) * 5);
  for (let row = 0; row < matrix.length / 4; row++) {
    const scores = matrix.subarray(row * 4, row * 4 + 4);
    extended.set(scores, row * 5);
    extended[row * 5 + 4] = Math.min(...scores);
  }
  return extended;
}

function makeTables(extended: Float64Array): Float64Array {
  const length = extended.length / 5;
  const tables = new Float64Array(Math.ceil(length / COLUMNS_PER_TABLE) * WORDS);
  for (let first = 0, at = 0; first < length; first += COLUMNS_PER_TABLE) {
    for (let word = 0; word < WORDS; word++, at++) {
      let sum = 0;
      for (let k = 0, unit = WORDS / 5; k < COLUMNS_PER_TABLE && first + k < length; k++, unit /= 5) {
        sum += extended[(first + k) * 5 + (Math.floor(word / unit) % 5)];
      }
      tables[at] = sum;
    }
  }
  return tables;
}

function checkBins(binStarts: ArrayLike<number>, binSize: number): void {
  if (!(Number.isInteger(binSize) && binSize > 0)) {
    throw new BindscapeError({
      source: "binSize",
      found: String(binSize),
      expected: "a whole number of bp, above 0",
    });
  }
  for (let i = 0; i < binStarts.length; i++) {
    if (!Number.isSafeInteger(binStarts[i])) {
      throw new BindscapeError({
        source: "binStarts",
        found: `${String(binStarts[i])} at index ${i}`,
        expected: "whole numbers",
      });
    }
  }
}

/** Undefined when already in order, as bins along a chromosome are. */
function ascendingOrder(starts: ArrayLike<number>): Uint32Array | undefined {
  for (let i = 1; i < starts.length; i++) if (starts[i] < starts[i - 1]) return sortOrder(starts);
  return undefined;
}

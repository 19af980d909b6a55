import { conditionalProbabilities, type MarkovBackground } from "../background.js";
import type { SequenceSet } from "./sequence-set.js";

/** Scores are whole numbers of this many to the bit, so that thresholds can be counted rather than sorted. */
export const SCORES_PER_BIT = 100;
/** Lowest score of a letter: the sum over two tables of eight letters stays within 16 bits. */
const LOWEST = -2000;

/** Log-odds of a motif, rounded: width x letters, in hundredths of a bit. */
export type ScoreMatrix = Int32Array;

/** Rounded log-odds of a probability matrix against letter probabilities. */
export function scoreMatrix(probabilities: Float64Array, background: Float64Array): ScoreMatrix {
  const size = background.length;
  return Int32Array.from(probabilities, (p, i) =>
    Math.max(LOWEST, Math.round(SCORES_PER_BIT * Math.log2(p / background[i % size]))),
  );
}

/** The best site of each sequence under a motif. */
export interface BestSites {
  /** Score by sequence; -2^31 where no site fits. */
  readonly scores: Int32Array;
  /** Place of the site's first letter on the forward strand, by sequence; its strand is in `isReverse`. */
  readonly places: Int32Array;
  readonly isReverse: Uint8Array;
}

export function makeBestSites(count: number): BestSites {
  return {
    scores: new Int32Array(count),
    places: new Int32Array(count),
    isReverse: new Uint8Array(count),
  };
}

/** No site. */
export const NO_SCORE = -(2 ** 31);

/**
 * Scores every place of a sequence set under one motif, looking up the scores of whole words: two look-ups a
 * place, for both strands, for DNA motifs up to 16 bp.
 */
export class SiteScorer {
  readonly #set: SequenceSet;
  readonly #offsets: Int32Array;
  readonly #leastOffsets = new Map<number, number>();
  readonly #bothStrands: boolean;
  /** By word: the forward strand's score times 2^16 plus the reverse strand's. */
  readonly #tables: Int32Array[] = [];

  constructor(set: SequenceSet, bothStrands: boolean, background: MarkovBackground) {
    this.#set = set;
    this.#offsets = contextOffsets(set, background);
    this.#bothStrands = bothStrands;
  }

  /**
   * The best site of every `step`-th sequence that scores `lowest` or more, into `best`; ties go to the first place,
   * forward first.
   */
  findBest(matrix: ScoreMatrix, best: BestSites, lowest: number, step = 1): void {
    const width = this.#prepare(matrix);
    best.scores.fill(NO_SCORE);
    const { stretches, words, wordLength } = this.#set;
    const offsets = this.#offsets;
    const [first] = this.#tables;
    const tables = Math.ceil(width / wordLength);
    const second = this.#tables[1] ?? first;
    // The most that the second half and the background can add to a site.
    const most = highestSecondHalf(matrix, this.#set, this.#bothStrands) - this.#leastOffset(width);
    for (let at = 0; at < stretches.length; at += 3) {
      const sequence = stretches[at];
      if (step > 1 && sequence % step !== 0) continue;
      const end = stretches[at + 2] - width;
      let highest = Math.max(lowest - 1, best.scores[sequence]);
      let place = -1;
      let reverse = 0;
      if (tables === 2) {
        let least = highest - most;
        for (let i = stretches[at + 1]; i <= end; i++) {
          const begun = first[words[i]];
          const begunReverse = (begun << 16) >> 16;
          // Most places can be told by the first half not to reach the best one so far.
          if (begunReverse <= least && (begun - begunReverse) >> 16 <= least) continue;
          const both = begun + second[words[i + wordLength]];
          const r = (both << 16) >> 16;
          const f = (both - r) >> 16;
          const score = (f >= r ? f : r) - (offsets[i + width] - offsets[i]);
          if (score > highest) {
            highest = score;
            least = highest - most;
            place = i;
            reverse = r > f ? 1 : 0;
          }
        }
      } else if (tables === 1) {
        for (let i = stretches[at + 1]; i <= end; i++) {
          const both = first[words[i]];
          const r = (both << 16) >> 16;
          const f = (both - r) >> 16;
          const score = (f >= r ? f : r) - (offsets[i + width] - offsets[i]);
          if (score > highest) {
            highest = score;
            place = i;
            reverse = r > f ? 1 : 0;
          }
        }
      } else {
        for (let i = stretches[at + 1]; i <= end; i++) {
          const f = this.#sum(i, tables, false);
          const r = this.#sum(i, tables, true);
          const score = (f >= r ? f : r) - (offsets[i + width] - offsets[i]);
          if (score > highest) {
            highest = score;
            place = i;
            reverse = r > f ? 1 : 0;
          }
        }
      }
      if (place >= 0) {
        best.scores[sequence] = highest;
        best.places[sequence] = place;
        best.isReverse[sequence] = reverse;
      }
    }
  }

  /** Calls `visit` for every place whose better strand scores `threshold` or more, in order. */
  visitSites(
    matrix: ScoreMatrix,
    threshold: number,
    visit: (sequence: number, place: number, isReverse: boolean, score: number) => void,
  ): void {
    const width = this.#prepare(matrix);
    const { stretches, wordLength } = this.#set;
    const offsets = this.#offsets;
    const tables = Math.ceil(width / wordLength);
    for (let at = 0; at < stretches.length; at += 3) {
      for (let i = stretches[at + 1]; i <= stretches[at + 2] - width; i++) {
        const f = this.#sum(i, tables, false);
        const r = this.#sum(i, tables, true);
        const score = (f >= r ? f : r) - (offsets[i + width] - offsets[i]);
        if (score >= threshold) visit(stretches[at], i, r > f, score);
      }
    }
  }

  #sum(place: number, tables: number, isReverse: boolean): number {
    const { words, wordLength } = this.#set;
    let sum = 0;
    for (let table = 0, at = place; table < tables; table++, at += wordLength) {
      const both = this.#tables[table][words[at]];
      const r = (both << 16) >> 16;
      sum += isReverse ? r : (both - r) >> 16;
    }
    return sum;
  }

  /** The least that the background adds to a place of a width. */
  #leastOffset(width: number): number {
    let least = this.#leastOffsets.get(width);
    if (least === undefined) {
      const offsets = this.#offsets;
      least = 0;
      for (let i = 0; i + width < offsets.length; i++) {
        const offset = offsets[i + width] - offsets[i];
        if (offset < least) least = offset;
      }
      this.#leastOffsets.set(width, least);
    }
    return least;
  }

  /** Fills the tables of a matrix; returns its width. */
  #prepare(matrix: ScoreMatrix): number {
    const { alphabet, wordLength } = this.#set;
    const size = alphabet.letters.length;
    const width = matrix.length / size;
    const entries = size ** wordLength;
    // One strand alone: the other one repeats it, and never beats it.
    const reversed = this.#bothStrands ? reverseMatrix(matrix, alphabet.complement) : matrix;
    const packed = matrix.map((score, i) => score * 65536 + reversed[i]);
    for (let table = 0; table * wordLength < width; table++) {
      this.#tables[table] ??= new Int32Array(entries);
      const first = table * wordLength;
      fillTable(this.#tables[table], packed, first, Math.min(wordLength, width - first), size, wordLength);
    }
    return width;
  }
}

/** The highest score that columns beyond the first table's can add up to, on either strand. */
function highestSecondHalf(matrix: ScoreMatrix, set: SequenceSet, bothStrands: boolean): number {
  const size = set.alphabet.letters.length;
  const best: number[] = [];
  for (let at = 0; at < matrix.length; at += size) best.push(Math.max(...matrix.subarray(at, at + size)));
  const sum = (columns: readonly number[]) => columns.slice(set.wordLength).reduce((a, b) => a + b, 0);
  return bothStrands ? Math.max(sum(best), sum(best.toReversed())) : sum(best);
}

/** The matrix of the other strand. */
export function reverseMatrix<T extends Int32Array | Float64Array>(
  matrix: T,
  complement: readonly number[],
): T {
  const size = complement.length;
  const width = matrix.length / size;
  const reversed = matrix.slice() as T;
  for (let column = 0; column < width; column++) {
    for (let letter = 0; letter < size; letter++) {
      reversed[(width - 1 - column) * size + complement[letter]] = matrix[column * size + letter];
    }
  }
  return reversed;
}

/** Scores of all words of `wordLength` letters, of which the first `columns` count; built letter by letter. */
function fillTable(
  table: Int32Array,
  matrix: Int32Array,
  first: number,
  columns: number,
  size: number,
  wordLength: number,
): void {
  // table[0 .. filled) holds the scores of prefixes, each repeated for what may follow at the end.
  let filled = 1;
  table[0] = 0;
  for (let column = 0; column < columns; column++) {
    const at = (first + column) * size;
    for (let word = filled - 1; word >= 0; word--) {
      const score = table[word];
      for (let letter = size - 1; letter >= 0; letter--) {
        table[word * size + letter] = score + matrix[at + letter];
      }
    }
    filled *= size;
  }
  const repeats = size ** (wordLength - columns);
  if (repeats > 1) {
    for (let word = filled - 1; word >= 0; word--) {
      table.fill(table[word], word * repeats, (word + 1) * repeats);
    }
  }
}

/**
 * How much more probable letters are for those before them than by themselves, summed up to each place: a site's
 * score against a Markov background is that against its letters' frequencies less the sum over its places.
 */
function contextOffsets(set: SequenceSet, background: MarkovBackground): Int32Array {
  const { codes } = set;
  const { order, words } = background;
  const size = background.alphabet.letters.length;
  const offsets = new Int32Array(codes.length + 1);
  const conditional = conditionalProbabilities(background);
  const gains = Int32Array.from(conditional, (p, i) =>
    Math.round(SCORES_PER_BIT * Math.log2(p / words[0][i % size])),
  );
  const contexts = size ** order;
  let context = 0;
  let known = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    let gain = 0;
    if (code >= size) known = 0;
    else {
      if (known >= order) gain = gains[(context % contexts) * size + code];
      context = (context % contexts) * size + code;
      known++;
    }
    offsets[i + 1] = offsets[i] + gain;
  }
  return offsets;
}

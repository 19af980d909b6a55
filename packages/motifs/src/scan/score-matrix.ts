import { BindscapeError } from "@bindscape/numerics";
import { type Background, checkBackground, type Motif } from "../motif.js";

/** FIMO's resolution: scores are whole numbers from 0 to this for each position of a motif. */
export const SCORE_RANGE = 1000;

/** Sites a motif is taken to be made from where its file does not say, as the MEME suite has it. */
const USUAL_SITES = 20;

/** A log-odds matrix in whole numbers: scores add up without rounding, and their distribution can be tabulated. */
export interface ScoreMatrix {
  /** Width in bp. */
  readonly length: number;
  /** length x 4, row-major, each from 0 to {@link SCORE_RANGE}. */
  readonly values: Int32Array;
  /** Steps of a whole number in one bit. */
  readonly scale: number;
  /** Bits that a position's value of 0 stands for. */
  readonly offset: number;
}

export interface ScoreMatrixOptions {
  /** A, C, G, T. */
  readonly background: Background;
  /** Sites' worth of background added to a motif's sites; 0.1 when left out, as FIMO. */
  readonly pseudocount?: number;
}

/**
 * The scores FIMO 5 gives: bits log2(q / b) with q = (n p + c b) / (n + c), n the motif's sites, c the pseudocount
 * and b the background, turned into whole numbers by round((bits - offset) scale), where offset is the lowest entry
 * of the matrix rounded down to a whole number and scale = floor(1000 / (highest - offset)).
 *
 * @throws BindscapeError when the background or the pseudocount is not usable
 */
export function makeScoreMatrix(motif: Motif, options: ScoreMatrixOptions): ScoreMatrix {
  const { background, pseudocount = 0.1 } = options;
  checkBackground(background);
  if (!(pseudocount > 0 && Number.isFinite(pseudocount))) {
    throw new BindscapeError({
      source: "scan",
      found: `pseudocount ${pseudocount}`,
      expected: "a finite number above 0",
      next: "With none, a base that a motif never has would score minus infinity, and no scale would hold it",
    });
  }
  const sites = motif.sites ?? USUAL_SITES;
  const bits = motif.probabilities.map((probability, i) => {
    const expected = background[i & 3];
    return Math.log2((sites * probability + pseudocount * expected) / (sites + pseudocount) / expected);
  });
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of bits) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  // A matrix of the background alone: all entries are 0 but for rounding.
  const offset = Math.floor(highest - lowest < 1e-9 ? highest - 1 : lowest);
  const scale = Math.max(1, Math.floor(SCORE_RANGE / (highest - offset)));
  return {
    length: motif.length,
    values: Int32Array.from(bits, (value) => Math.max(0, Math.round((value - offset) * scale))),
    scale,
    offset,
  };
}

/** The score in bits that a sum of whole numbers stands for. */
export function bitsOfScore({ length, scale, offset }: ScoreMatrix, score: number): number {
  return score / scale + length * offset;
}

/** The matrix that scores the other strand where it is laid along the forward one. */
export function reverseScoreMatrix(matrix: ScoreMatrix): ScoreMatrix {
  return { ...matrix, values: matrix.values.slice().reverse() };
}

/** The highest sum a site can have. */
export function highestScore({ values, length }: ScoreMatrix): number {
  let sum = 0;
  for (let at = 0; at < 4 * length; at += 4) {
    sum += Math.max(values[at], values[at + 1], values[at + 2], values[at + 3]);
  }
  return sum;
}

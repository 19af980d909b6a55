import { highestScore, type ScoreMatrix } from "./score-matrix.js";

/** A matrix and the lowest score of interest. */
export interface ScoreThreshold {
  readonly matrix: ScoreMatrix;
  /** A site counts when it scores at least this. */
  readonly lowest: number;
}

/**
 * What a site may lack of the highest score, in coarse steps. Each column's lack is rounded down, so the sum over
 * the columns of a site that counts never passes `limit`: a filter by it loses no site, and lets few others pass.
 */
export interface Deficits {
  /** Whole-number score in a step. */
  readonly step: number;
  /** At most 254, so that a byte that adds up with saturation can tell more. */
  readonly limit: number;
}

/** Null where no site can score that much. */
export function coarseDeficits({ matrix, lowest }: ScoreThreshold): Deficits | null {
  const allowed = highestScore(matrix) - lowest;
  if (allowed < 0) return null;
  const step = Math.max(1, Math.ceil(allowed / 254));
  return { step, limit: Math.floor(allowed / step) };
}

/**
 * Coarse deficits of all words of `columns` letters from a column on, at most 255: entry = the word's code in base 4,
 * first letter highest. Columns past the end lack nothing.
 */
export function wordDeficits(
  { values, length }: ScoreMatrix,
  column: number,
  columns: number,
  step: number,
): Uint8Array {
  let lacks = Int32Array.of(0);
  for (let k = column; k < column + columns; k++) {
    const row = k < length ? values.subarray(4 * k, 4 * k + 4) : [0, 0, 0, 0];
    const best = Math.max(...row);
    const next = new Int32Array(lacks.length * 4);
    for (let word = 0; word < lacks.length; word++) {
      for (let letter = 0; letter < 4; letter++) next[word * 4 + letter] = lacks[word] + best - row[letter];
    }
    lacks = next;
  }
  return Uint8Array.from(lacks, (lack) => Math.min(255, Math.floor(lack / step)));
}

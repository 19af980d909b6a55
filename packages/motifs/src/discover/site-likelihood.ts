import type { SequenceSet } from "./sequence-set.js";

/** Letters looked up together: 256 entries a table, which are quick to fill. */
const COLUMNS_PER_TABLE = 4;

/** The log-likelihood ratio of a motif against the background at every place of a sequence set, both strands. */
export class SiteLikelihood {
  readonly #set: SequenceSet;
  /** Numbers of the four letters from each place on. */
  readonly #words: Uint8Array;
  readonly forward: Float64Array;
  readonly reverse: Float64Array;

  constructor(set: SequenceSet) {
    this.#set = set;
    const { codes } = set;
    this.#words = new Uint8Array(codes.length + 64);
    let word = 0;
    for (let i = codes.length - 1; i >= 0; i--) {
      word = (word >> 2) | ((codes[i] & 3) << 6);
      this.#words[i] = word;
    }
    this.forward = new Float64Array(codes.length);
    this.reverse = new Float64Array(codes.length);
  }

  /**
   * Fills `forward` and `reverse` at all places where a site fits into known letters.
   * @param logRatios width x 4: ln(p / f)
   */
  score(logRatios: Float64Array, bothStrands: boolean): void {
    const width = logRatios.length / 4;
    const tables = Math.ceil(width / COLUMNS_PER_TABLE);
    this.#fill(this.forward, makeTables(logRatios), tables, width);
    // A, C, G, T backwards is T, G, C, A: the other strand's matrix is the whole array backwards.
    if (bothStrands) this.#fill(this.reverse, makeTables(logRatios.toReversed()), tables, width);
  }

  #fill(scores: Float64Array, values: Float64Array, tables: number, width: number): void {
    const words = this.#words;
    const { stretches } = this.#set;
    for (let at = 0; at < stretches.length; at += 3) {
      const last = stretches[at + 2] - width;
      for (let i = stretches[at + 1]; i <= last; i++) {
        let sum = values[words[i]];
        for (let table = 1; table < tables; table++) {
          sum += values[(table << 8) + words[i + (table << 2)]];
        }
        scores[i] = sum;
      }
    }
  }
}

function makeTables(matrix: Float64Array): Float64Array {
  const width = matrix.length / 4;
  const tables = Math.ceil(width / COLUMNS_PER_TABLE);
  const values = new Float64Array(tables * 256);
  for (let table = 0; table < tables; table++) {
    const first = table * COLUMNS_PER_TABLE;
    const columns = Math.min(COLUMNS_PER_TABLE, width - first);
    for (let word = 0; word < 256; word++) {
      let sum = 0;
      for (let column = 0; column < columns; column++) {
        sum += matrix[(first + column) * 4 + ((word >> (6 - 2 * column)) & 3)];
      }
      values[table * 256 + word] = sum;
    }
  }
  return values;
}

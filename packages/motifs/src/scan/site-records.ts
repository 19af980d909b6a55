import type { SiteColumns } from "./piece-scanner.js";
import { rankScores } from "./scan.js";
import type { PlannedMotif, ScanPlan } from "./scan-plan.js";

/** Words of a record before its letters: rank and strand, sequence, start. */
const HEAD_WORDS = 3;
const LETTERS_PER_WORD = 16;

/** Sites as records of a fixed number of 32-bit words, so that they can be sorted on disk without their sequences. */
export class SiteRecords {
  /** Words of a record. */
  readonly words: number;
  /** By motif: rank of each score from the lowest on. */
  readonly #ranks: readonly Uint32Array[];
  /** By rank. */
  readonly #motifs: Uint32Array;
  readonly #scores: Uint32Array;

  constructor(plan: ScanPlan, ranks: readonly Uint32Array[] = rankScores(plan)) {
    const { motifs } = plan;
    const longest = Math.max(1, ...motifs.map(({ matrix }) => matrix.length));
    this.words = HEAD_WORDS + Math.ceil(longest / LETTERS_PER_WORD);
    this.#ranks = ranks;
    const total = this.#ranks.reduce((sum, { length }) => sum + length, 0);
    this.#motifs = new Uint32Array(total);
    this.#scores = new Uint32Array(total);
    for (const [motif, ranks] of this.#ranks.entries()) {
      for (const [i, rank] of ranks.entries()) {
        this.#motifs[rank] = motif;
        this.#scores[rank] = motifs[motif].lowest + i;
      }
    }
  }

  /** Records of the sites of a piece. */
  pack(sites: SiteColumns, motifs: readonly PlannedMotif[], codes: Uint8Array): Uint32Array<ArrayBuffer> {
    const records = new Uint32Array(sites.count * this.words);
    for (let i = 0, at = 0; i < sites.count; i++, at += this.words) {
      const motif = sites.motif[i];
      const { lowest, matrix } = motifs[motif];
      const isReverse = sites.scoreAndStrand[i] & 1;
      records[at] = this.#ranks[motif][(sites.scoreAndStrand[i] >>> 1) - lowest] * 2 + isReverse;
      records[at + 1] = sites.sequence[i];
      records[at + 2] = sites.start[i];
      const first = sites.position[i];
      for (let k = 0; k < matrix.length; k++) {
        records[at + HEAD_WORDS + (k >> 4)] |= codes[first + k] << (2 * (k & 15));
      }
    }
    return records;
  }

  rankOf(records: Uint32Array, at: number): number {
    return records[at] >>> 1;
  }

  motifOf(records: Uint32Array, at: number): number {
    return this.#motifs[records[at] >>> 1];
  }

  scoreOf(records: Uint32Array, at: number): number {
    return this.#scores[records[at] >>> 1];
  }

  isReverse(records: Uint32Array, at: number): boolean {
    return (records[at] & 1) === 1;
  }

  /** The letters of the site in the motif's direction. */
  lettersOf(records: Uint32Array, at: number, length: number): string {
    let text = "";
    const isReverse = this.isReverse(records, at);
    for (let k = 0; k < length; k++) {
      const i = isReverse ? length - 1 - k : k;
      const code = (records[at + HEAD_WORDS + (i >> 4)] >>> (2 * (i & 15))) & 3;
      text += LETTERS[isReverse ? 3 - code : code];
    }
    return text;
  }
}

const LETTERS = ["A", "C", "G", "T"];

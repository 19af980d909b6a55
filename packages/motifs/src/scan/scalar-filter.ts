import { coarseDeficits, type ScoreThreshold, wordDeficits } from "./deficits.js";
import { reverseScoreMatrix, type ScoreMatrix } from "./score-matrix.js";
import { BLOCK_POSITIONS, ENTRY_POSITIONS, type SiteFilter } from "./site-filter.js";

/** Letters looked up at a time: tables of 16,384 words stay in a core's cache. */
const WORD_LETTERS = 7;
const WORDS = 4 ** WORD_LETTERS;
/** Most words of a motif looked up, so that sums stay within 16 bits; the filter only becomes coarser by what is left out. */
const MOST_TABLES = 200;

interface FilterMotif {
  readonly limit: number;
  readonly tables: readonly WordTable[];
}

interface WordTable {
  /** First column. */
  readonly column: number;
  /** What a word lacks on the forward strand, and on the reverse strand in the upper 16 bits. */
  readonly lacks: Uint32Array;
}

/**
 * The filter in plain JavaScript: words of seven letters, both strands in one look-up, the most telling word first,
 * and out where both strands lack too much.
 */
export class ScalarFilter implements SiteFilter {
  readonly found = new Uint32Array(3 * (BLOCK_POSITIONS / ENTRY_POSITIONS));
  readonly #motifs: readonly (FilterMotif | null)[];
  readonly #words: Uint16Array;
  readonly #lookAhead: number;
  #count = 0;

  constructor(motifs: readonly ScoreThreshold[]) {
    const longest = Math.max(1, ...motifs.map(({ matrix }) => matrix.length));
    this.#lookAhead = longest - 1;
    this.#words = new Uint16Array(BLOCK_POSITIONS + longest + WORD_LETTERS);
    this.#motifs = motifs.map((motif) => {
      const deficits = coarseDeficits(motif);
      if (deficits === null) return null;
      return { limit: deficits.limit, tables: makeTables(motif.matrix, deficits.step) };
    });
  }

  load(codes: Uint8Array, start: number, count: number): void {
    const length = Math.min(codes.length - start, count + this.#lookAhead);
    const words = this.#words;
    // Unknown letters read as A, here and past the end: sites that hold one are thrown out where they are scored.
    let word = 0;
    for (let i = 1 - WORD_LETTERS, at = start; i < length; i++, at++) {
      const code = at < start + length ? codes[at] : 0;
      word = ((word << 2) | (code > 3 ? 0 : code)) & (WORDS - 1);
      if (i >= 0) words[i] = word;
    }
    words.fill(0, length, count + this.#lookAhead);
    this.#count = count;
  }

  find(index: number): number {
    const motif = this.#motifs[index];
    if (motif === null) return 0;
    const { limit, tables } = motif;
    const { found } = this;
    const words = this.#words;
    const [{ column: firstColumn, lacks: firstLacks }] = tables;
    const count = this.#count;
    let entries = 0;
    let entry = -1;
    for (let position = 0; position < count; position++) {
      let sum = firstLacks[words[position + firstColumn]];
      if ((sum & 0xffff) > limit && sum >>> 16 > limit) continue;
      for (let i = 1; i < tables.length; i++) sum += tables[i].lacks[words[position + tables[i].column]];
      const isForward = (sum & 0xffff) <= limit;
      const isReverse = sum >>> 16 <= limit;
      if (!isForward && !isReverse) continue;
      const bit = position % ENTRY_POSITIONS;
      if (position - bit !== entry) {
        entry = position - bit;
        found[3 * entries] = entry;
        found[3 * entries + 1] = 0;
        found[3 * entries + 2] = 0;
        entries++;
      }
      if (isForward) found[3 * entries - 2] |= 1 << bit;
      if (isReverse) found[3 * entries - 1] |= 1 << bit;
    }
    return entries;
  }
}

function makeTables(matrix: ScoreMatrix, step: number): WordTable[] {
  const reverse = reverseScoreMatrix(matrix);
  const tables: (WordTable & { readonly mean: number })[] = [];
  for (let column = 0; column < matrix.length; column += WORD_LETTERS) {
    const onReverse = wordDeficits(reverse, column, WORD_LETTERS, step);
    const lacks = Uint32Array.from(wordDeficits(matrix, column, WORD_LETTERS, step));
    let mean = 0;
    for (let word = 0; word < WORDS; word++) {
      mean += lacks[word] + onReverse[word];
      lacks[word] |= onReverse[word] << 16;
    }
    tables.push({ column, lacks, mean });
  }
  return tables.sort((a, b) => b.mean - a.mean).slice(0, MOST_TABLES);
}

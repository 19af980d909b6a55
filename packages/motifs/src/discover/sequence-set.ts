import type { Alphabet } from "../alphabet.js";

/** Most letters of a run of known letters that is told apart from longer ones. */
const LONGEST_RUN = 255;
/** Words of as many letters as fit into this many entries are numbered. */
const WORD_CODES = 1 << 16;

/**
 * Sequences laid end to end for word counting and scoring: the primary ones first, then the controls. Sites that
 * were found can be erased, which makes their letters unknown.
 */
export class SequenceSet {
  readonly alphabet: Alphabet;
  /** Letters of a numbered word: 8 of DNA. */
  readonly wordLength: number;
  /** How many of the sequences are primary; the others are controls. */
  readonly primaries: number;
  readonly count: number;
  /** Place of each sequence's first letter; one unknown letter follows each sequence. */
  readonly starts: Uint32Array;
  /** All letters, an unknown one between sequences. */
  readonly codes: Uint8Array;
  /** Number of the word that starts at each place, unknown letters as letter 0. */
  readonly words: Uint16Array;
  /** For each place, how many known letters follow without a break, itself included; at most 255. */
  readonly runs: Uint8Array;
  /** Stretches of known letters: sequence, first place, end. Renewed by {@link erase}. */
  stretches: Int32Array;

  constructor(primary: readonly Uint8Array[], control: readonly Uint8Array[], alphabet: Alphabet) {
    const size = alphabet.letters.length;
    this.alphabet = alphabet;
    this.wordLength = Math.floor(Math.log(WORD_CODES) / Math.log(size) + 1e-9);
    this.primaries = primary.length;
    this.count = primary.length + control.length;
    this.starts = new Uint32Array(this.count + 1);
    const all = [...primary, ...control];
    for (const [i, codes] of all.entries()) this.starts[i + 1] = this.starts[i] + codes.length + 1;
    this.codes = new Uint8Array(this.starts[this.count]).fill(size);
    for (const [i, codes] of all.entries()) {
      const start = this.starts[i];
      for (let k = 0; k < codes.length; k++) this.codes[start + k] = Math.min(codes[k], size);
    }
    this.words = new Uint16Array(this.codes.length);
    this.runs = new Uint8Array(this.codes.length);
    this.stretches = new Int32Array(0);
    this.#number();
    this.#measureRuns();
  }

  /** Length of a sequence. */
  lengthOf(sequence: number): number {
    return this.starts[sequence + 1] - this.starts[sequence] - 1;
  }

  /** Makes the letters of the sites [place, place + width) unknown. */
  erase(places: Iterable<number>, width: number): void {
    const unknown = this.alphabet.letters.length;
    for (const place of places) this.codes.fill(unknown, place, place + width);
    this.#measureRuns();
  }

  #number(): void {
    const size = this.alphabet.letters.length;
    const highest = size ** (this.wordLength - 1);
    let word = 0;
    for (let i = this.codes.length - 1; i >= 0; i--) {
      const code = this.codes[i];
      word = Math.floor(word / size) + (code < size ? code : 0) * highest;
      this.words[i] = word;
    }
  }

  #measureRuns(): void {
    const { codes, runs, starts } = this;
    const size = this.alphabet.letters.length;
    let run = 0;
    for (let i = codes.length - 1; i >= 0; i--) {
      run = codes[i] < size ? Math.min(LONGEST_RUN, run + 1) : 0;
      runs[i] = run;
    }
    const stretches: number[] = [];
    for (let sequence = 0; sequence < this.count; sequence++) {
      const end = starts[sequence + 1] - 1;
      for (let i = starts[sequence]; i < end; ) {
        if (codes[i] >= size) {
          i++;
          continue;
        }
        let to = i;
        while (to < end && codes[to] < size) to++;
        stretches.push(sequence, i, to);
        i = to;
      }
    }
    this.stretches = Int32Array.from(stretches);
  }
}

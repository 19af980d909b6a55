import { reverseComplementLetters } from "../alphabet.js";
import { SequenceSet } from "./sequence-set.js";

/** A word of known letters and how many sequences of each kind hold it, on either strand where both are read. */
export interface CountedWord {
  readonly codes: Uint8Array;
  readonly primaries: number;
  readonly controls: number;
}

/**
 * All words of a sequence set in sorted order, so that words of every width can be counted in one pass each.
 * Sorted once; erased sites are left out of later counts.
 */
export class WordIndex {
  readonly #set: SequenceSet;
  /** Both strands laid end to end: the set itself, and its reverse. */
  readonly #strands: readonly SequenceSet[];
  /** Places in sorted order; those of the reverse strand come after the forward strand's length. */
  readonly #order: Uint32Array;
  /** Letters that each entry shares with the one before it. */
  readonly #shared: Uint8Array;
  readonly #stamps: Int32Array;
  /** Of each entry: its sequence, and how many known letters follow in its direction. */
  readonly #sequences: Uint32Array;
  readonly #runs: Uint8Array;
  #stamp = 0;

  /**
   * @param shortest, longest widths that will be asked for
   */
  constructor(set: SequenceSet, shortest: number, longest: number, bothStrands: boolean) {
    this.#set = set;
    this.#stamps = new Int32Array(set.count);
    const strands = [set];
    if (bothStrands) {
      // One record of all letters backwards: unknown letters keep the sequences apart.
      strands.push(new SequenceSet([reverseComplementLetters(set.codes, set.alphabet)], [], set.alphabet));
    }
    this.#strands = strands;
    const length = set.codes.length;
    let count = 0;
    const order = new Uint32Array(length * strands.length);
    for (const [strand, { runs }] of strands.entries()) {
      for (let i = 0; i < length; i++) if (runs[i] >= shortest) order[count++] = strand * length + i;
    }
    this.#order = this.#sort(order.subarray(0, count), longest);
    this.#shared = this.#compare(longest);
    this.#sequences = new Uint32Array(count);
    this.#runs = new Uint8Array(count);
    const sequenceAt = new Uint32Array(length);
    for (let i = 0; i < set.count; i++) sequenceAt.fill(i, set.starts[i], set.starts[i + 1]);
    for (let i = 0; i < count; i++) {
      const entry = this.#order[i];
      this.#sequences[i] = sequenceAt[entry < length ? entry : 2 * length - 1 - entry];
    }
    this.update();
  }

  /**
   * Counts the words of a width that at least `fewest` primary sequences hold, and hands them to `visit` in
   * sorted order. Where both strands are read, a word comes as itself and as its reverse complement.
   */
  countWords(
    width: number,
    fewest: number,
    visit: (place: number, primaries: number, controls: number) => void,
  ): void {
    const shared = this.#shared;
    const stamps = this.#stamps;
    const sequences = this.#sequences;
    const runs = this.#runs;
    const firstControl = this.#set.primaries;
    const count = shared.length;
    for (let from = 0, end = 0; from < count; from = end) {
      end = from + 1;
      while (end < count && shared[end] >= width) end++;
      if (end - from < fewest) continue;
      const stamp = ++this.#stamp;
      let primaries = 0;
      let controls = 0;
      let first = -1;
      for (let i = from; i < end; i++) {
        if (runs[i] < width) continue;
        if (first < 0) first = i;
        const sequence = sequences[i];
        if (stamps[sequence] === stamp) continue;
        stamps[sequence] = stamp;
        if (sequence < firstControl) primaries++;
        else controls++;
      }
      if (primaries >= fewest) visit(this.#order[first], primaries, controls);
    }
  }

  /** Takes notice of sites erased from the set. */
  update(): void {
    const { codes, runs } = this.#set;
    const unknown = this.#set.alphabet.letters.length;
    const length = codes.length;
    // Known letters up to each place, for words that are read backwards.
    const before = new Uint8Array(length);
    for (let i = 0, run = 0; i < length; i++) {
      run = codes[i] < unknown ? Math.min(255, run + 1) : 0;
      before[i] = run;
    }
    const order = this.#order;
    for (let i = 0; i < order.length; i++) {
      const entry = order[i];
      this.#runs[i] = entry < length ? runs[entry] : before[2 * length - 1 - entry];
    }
  }

  /** The letters of a word at a place {@link countWords} gave. */
  wordAt(place: number, width: number): Uint8Array {
    const length = this.#set.codes.length;
    const strand = place < length ? 0 : 1;
    return this.#strands[strand].codes.slice(place - strand * length, place - strand * length + width);
  }

  /** Counting sort by words of letters, the last ones first. */
  #sort(order: Uint32Array, longest: number): Uint32Array {
    const { wordLength, codes } = this.#set;
    const length = codes.length;
    const [forward, reverse] = this.#strands.map(({ words }) => words);
    let from = order;
    let to = new Uint32Array(order.length);
    const starts = new Uint32Array((1 << 16) + 1);
    for (let pass = Math.ceil(longest / wordLength) - 1; pass >= 0; pass--) {
      const shift = pass * wordLength;
      const keyOf = (entry: number) =>
        (entry < length
          ? entry + shift < length
            ? forward[entry + shift]
            : 0
          : (reverse[entry - length + shift] ?? 0)) | 0;
      starts.fill(0);
      for (let i = 0; i < from.length; i++) starts[keyOf(from[i]) + 1]++;
      for (let key = 1; key < starts.length; key++) starts[key] += starts[key - 1];
      for (let i = 0; i < from.length; i++) to[starts[keyOf(from[i])]++] = from[i];
      const spare = from;
      from = to;
      to = spare as Uint32Array<ArrayBuffer>;
    }
    return from;
  }

  /** How many letters neighbours in the order share, up to `longest`. */
  #compare(longest: number): Uint8Array {
    const length = this.#set.codes.length;
    const size = this.#set.alphabet.letters.length;
    const order = this.#order;
    const shared = new Uint8Array(order.length);
    const [forward, reverse] = this.#strands.map(({ codes }) => codes);
    const codeAt = (entry: number, k: number) => {
      const code = entry < length ? forward[entry + k] : reverse[entry - length + k];
      // Sorted with unknown letters as the first.
      return code < size ? code : 0;
    };
    for (let i = 1; i < order.length; i++) {
      const a = order[i - 1];
      const b = order[i];
      let k = 0;
      while (k < longest && codeAt(a, k) === codeAt(b, k)) k++;
      shared[i] = k;
    }
    return shared;
  }
}

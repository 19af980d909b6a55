import { BindscapeError, type Random } from "@bindscape/numerics";
import { type Alphabet, DNA } from "./alphabet.js";

/** Words counted in a table rather than a map when all of them fit into this many entries. */
const LARGEST_TABLE = 1 << 20;

/**
 * Shuffles sequences so that every word of k letters occurs exactly as often as before, each such sequence being
 * equally likely (Altschul and Erickson 1985; the random arborescence by loop-erased walks: Wilson 1996; k-mers in
 * place of dinucleotides: Jiang et al. 2008). The first and the last k - 1 letters stay.
 *
 * Unknown letters stay where they are: each stretch between them is shuffled by itself, so that no word of known
 * letters appears or vanishes. Make one and use it for many sequences.
 */
export class SequenceShuffler {
  readonly #k: number;
  readonly #size: number;
  /** Node of each word of k - 1 letters, valid where `#stamps` says so. */
  readonly #table: Int32Array | null;
  readonly #stamps: Int32Array | null;
  #stamp = 0;
  #capacity = 0;
  #nodeAt = new Int32Array(0);
  #firstEdge = new Int32Array(0);
  #successors = new Int32Array(0);
  #lastEdge = new Int32Array(0);
  #isInTree = new Uint8Array(0);
  #lastLetter = new Uint8Array(0);

  /**
   * @param k length of the words whose counts are kept; 1 keeps the letters alone, 2 the dinucleotides
   * @throws BindscapeError when k is not a whole number above 0
   */
  constructor(k: number, alphabet: Alphabet = DNA) {
    if (!(Number.isSafeInteger(k) && k >= 1)) {
      throw new BindscapeError({ source: "k", found: `${k}`, expected: "a whole number of at least 1" });
    }
    this.#k = k;
    this.#size = alphabet.letters.length;
    const words = this.#size ** (k - 1);
    this.#table = words <= LARGEST_TABLE ? new Int32Array(words) : null;
    this.#stamps = words <= LARGEST_TABLE ? new Int32Array(words) : null;
  }

  /** @returns a new array; the given one is left as it is */
  shuffle(codes: Uint8Array, random: Random): Uint8Array {
    const shuffled = codes.slice();
    let start = 0;
    while (start < codes.length) {
      while (start < codes.length && codes[start] >= this.#size) start++;
      let end = start;
      while (end < codes.length && codes[end] < this.#size) end++;
      if (this.#k === 1) random.shuffle(shuffled.subarray(start, end));
      // k + 1 letters have one way to stand only.
      else if (end - start > this.#k + 1) this.#shuffleStretch(codes, start, end, shuffled, random);
      start = end;
    }
    return shuffled;
  }

  /** One stretch of known letters: a random Eulerian trail through the graph of its words of k - 1 letters. */
  #shuffleStretch(codes: Uint8Array, start: number, end: number, shuffled: Uint8Array, random: Random): void {
    const wordLength = this.#k - 1;
    const places = end - start - wordLength + 1;
    this.#reserve(places);
    const nodeAt = this.#nodeAt;
    const nodes =
      this.#table === null ? this.#nameInMap(codes, start, places) : this.#name(codes, start, places);
    const firstEdge = this.#firstEdge;
    const successors = this.#successors;
    const lastEdge = this.#lastEdge;
    const isInTree = this.#isInTree;
    const lastLetter = this.#lastLetter;

    // Edges sorted by the node they leave: node n has those from firstEdge[n] to firstEdge[n + 1].
    firstEdge.fill(0, 0, nodes + 2);
    for (let i = 0; i < places - 1; i++) firstEdge[nodeAt[i] + 2]++;
    for (let node = 2; node <= nodes; node++) firstEdge[node + 1] += firstEdge[node];
    for (let i = 0; i < places - 1; i++) successors[firstEdge[nodeAt[i] + 1]++] = nodeAt[i + 1];
    for (let i = 0; i < places; i++) lastLetter[nodeAt[i]] = codes[start + i + wordLength - 1];

    // The last edges taken out of each node form a tree towards the last node: a uniform one by Wilson's walks.
    const root = nodeAt[places - 1];
    isInTree.fill(0, 0, nodes);
    isInTree[root] = 1;
    for (let node = 0; node < nodes; node++) {
      let at = node;
      while (isInTree[at] === 0) {
        lastEdge[at] = firstEdge[at] + random.integer(firstEdge[at + 1] - firstEdge[at]);
        at = successors[lastEdge[at]];
      }
      at = node;
      while (isInTree[at] === 0) {
        isInTree[at] = 1;
        at = successors[lastEdge[at]];
      }
    }
    // The other edges of a node are taken in any order.
    for (let node = 0; node < nodes; node++) {
      const from = firstEdge[node];
      let free = firstEdge[node + 1];
      if (node !== root) {
        free--;
        swap(successors, lastEdge[node], free);
      }
      for (let i = free - 1; i > from; i--) swap(successors, i, from + random.integer(i - from + 1));
    }
    let node = nodeAt[0];
    for (let i = 1; i < places; i++) {
      node = successors[firstEdge[node]++];
      shuffled[start + i + wordLength - 1] = lastLetter[node];
    }
  }

  /** Numbers the words in order of appearance, by table. */
  #name(codes: Uint8Array, start: number, places: number): number {
    const table = this.#table!;
    const stamps = this.#stamps!;
    const stamp = ++this.#stamp;
    const size = this.#size;
    const wordLength = this.#k - 1;
    const highest = table.length / size;
    let word = 0;
    for (let i = 0; i < wordLength - 1; i++) word = word * size + codes[start + i];
    let nodes = 0;
    for (let i = 0; i < places; i++) {
      word = (word % highest) * size + codes[start + i + wordLength - 1];
      if (stamps[word] !== stamp) {
        stamps[word] = stamp;
        table[word] = nodes++;
      }
      this.#nodeAt[i] = table[word];
    }
    return nodes;
  }

  /** The same for long words, whose table would be too large. */
  #nameInMap(codes: Uint8Array, start: number, places: number): number {
    const nodes = new Map<string, number>();
    const wordLength = this.#k - 1;
    for (let i = 0; i < places; i++) {
      const word = String.fromCharCode(...codes.subarray(start + i, start + i + wordLength));
      let node = nodes.get(word);
      if (node === undefined) {
        node = nodes.size;
        nodes.set(word, node);
      }
      this.#nodeAt[i] = node;
    }
    return nodes.size;
  }

  #reserve(places: number): void {
    if (places <= this.#capacity) return;
    this.#capacity = Math.max(1024, places * 2);
    this.#nodeAt = new Int32Array(this.#capacity);
    this.#firstEdge = new Int32Array(this.#capacity + 3);
    this.#successors = new Int32Array(this.#capacity);
    this.#lastEdge = new Int32Array(this.#capacity);
    this.#isInTree = new Uint8Array(this.#capacity);
    this.#lastLetter = new Uint8Array(this.#capacity);
  }
}

/**
 * One sequence shuffled so that the count of every word of k letters stays; see {@link SequenceShuffler}.
 *
 * @param codes 0.. for the letters of the alphabet, anything above for unknown
 * @param k 2 keeps dinucleotides
 */
export function shuffleSequence(
  codes: Uint8Array,
  k: number,
  random: Random,
  alphabet: Alphabet = DNA,
): Uint8Array {
  return new SequenceShuffler(k, alphabet).shuffle(codes, random);
}

function swap(values: Int32Array, i: number, j: number): void {
  const kept = values[i];
  values[i] = values[j];
  values[j] = kept;
}

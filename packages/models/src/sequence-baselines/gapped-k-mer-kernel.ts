import { unknownBase } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type GappedKMerWords, gappedKMerWeights } from "./gapped-k-mer-weights.js";
import type { CodedSequences } from "./k-mer-counts.js";

export interface GappedKMerKernelOptions extends GappedKMerWords {
  /** Words of both strands count, so that a sequence and its reverse complement are the same. */
  readonly mergesStrands: boolean;
  /**
   * Words count more near the middle: at least 1, `peak` there, halved every `halving` bp (LS-GKM's weighted kernel;
   * Lee 2016); absent: all alike.
   */
  readonly centre?: { readonly peak: number; readonly halving: number };
}

/** As LS-GKM has it. */
const MOST_WEIGHT = 255;

/** Words of sequences with their weights: those of sequence i stand at starts[i] .. starts[i + 1]. */
export interface WeightedWords {
  readonly starts: Uint32Array;
  /** Numbers of base 4, A, C, G, T = 0..3; ascending and distinct in each sequence. */
  readonly words: Uint32Array;
  readonly weights: Float32Array;
}

/** Distinct l-mers of each sequence and how often they occur (or their summed weights); words with N are left out. */
export function readWords(
  { count, length, codes }: CodedSequences,
  { wordLength, centre }: Pick<GappedKMerKernelOptions, "wordLength" | "centre">,
  strands: "forward" | "both",
): WeightedWords {
  if (centre !== undefined && !(centre.peak >= 1 && centre.peak <= MOST_WEIGHT && centre.halving > 0))
    throw new BindscapeError({
      source: "weight of the centre",
      found: `${centre.peak}, halved every ${centre.halving} bp`,
      expected: `a weight from 1 to ${MOST_WEIGHT} and a distance above 0`,
    });
  const places = Math.max(0, length - wordLength + 1);
  const perSequence = strands === "both" ? 2 * places : places;
  const mask = 4 ** wordLength - 1;
  const shift = 2 * (wordLength - 1);
  const starts = new Uint32Array(count + 1);
  const words = new Uint32Array(count * perSequence);
  const weights = new Float32Array(count * perSequence);
  const found = new Float64Array(perSequence);
  let to = 0;
  for (let i = 0; i < count; i++) {
    let forward = 0;
    let backward = 0;
    let known = 0;
    let size = 0;
    for (let at = 0; at < length; at++) {
      const code = codes[i * length + at];
      if (code >= unknownBase) {
        known = 0;
        continue;
      }
      known++;
      forward = ((forward << 2) | code) & mask;
      backward = (backward >>> 2) | ((3 - code) << shift);
      if (known < wordLength) continue;
      // Word and weight in one number, so that sorting needs no second array: weights are whole numbers below 1024.
      const weight = placeWeight(at - wordLength + 1, places, centre);
      found[size++] = forward * 1024 + weight;
      if (strands === "both") found[size++] = backward * 1024 + weight;
    }
    const sorted = found.subarray(0, size).sort();
    const from = to;
    for (let s = 0; s < size; s++) {
      const word = Math.floor(sorted[s] / 1024);
      const weight = sorted[s] - word * 1024;
      if (to > from && words[to - 1] === word) weights[to - 1] += weight;
      else {
        words[to] = word;
        weights[to++] = weight;
      }
    }
    starts[i + 1] = to;
  }
  return { starts, words: words.slice(0, to), weights: weights.slice(0, to) };
}

function placeWeight(place: number, places: number, centre: GappedKMerKernelOptions["centre"]): number {
  if (centre === undefined) return 1;
  const distance = Math.abs(place - (places - 1) / 2);
  return Math.min(
    centre.peak,
    Math.floor(centre.peak * Math.exp((-Math.LN2 * distance) / centre.halving) + 1),
  );
}

/** sqrt(K(x, x)) of each sequence. */
export function selfNorms(sequences: CodedSequences, options: GappedKMerKernelOptions): Float64Array {
  const byMismatches = gappedKMerWeights(options);
  const forward = readWords(sequences, options, "forward");
  const other = options.mergesStrands ? readWords(sequences, options, "both") : forward;
  const norms = new Float64Array(sequences.count);
  for (let i = 0; i < sequences.count; i++) {
    let sum = 0;
    for (let a = forward.starts[i]; a < forward.starts[i + 1]; a++) {
      const word = forward.words[a];
      let near = 0;
      for (let b = other.starts[i]; b < other.starts[i + 1]; b++) {
        const mismatches = countDifferences(word ^ other.words[b]);
        if (mismatches < byMismatches.length) near += byMismatches[mismatches] * other.weights[b];
      }
      sum += forward.weights[a] * near;
    }
    norms[i] = Math.sqrt(sum);
  }
  return norms;
}

/** Letters in which two words differ, given the exclusive or of their codes: pairs of bits that are not 00. */
function countDifferences(difference: number): number {
  let bits = (difference | (difference >>> 1)) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  bits = (bits + (bits >>> 4)) & 0x0f0f0f0f;
  return Math.imul(bits, 0x01010101) >>> 24;
}

/**
 * The normalised kernel K(x, y) / sqrt(K(x, x) K(y, y)) of sequences, row by row. For a row, each word of its sequence
 * is spread over all words within `mostMismatches` differences, into a table of all l-mers; the kernel with another
 * sequence is then the sum of the table at that one's words. For words of 10 letters the neighbours of a sequence's
 * words are most of the table, so that looking nearly all up costs less than asking which are there.
 */
export class GappedKMerKernel {
  readonly count: number;
  /** Words of the sequence a row is of: of both strands where they are merged. */
  readonly #spread: WeightedWords;
  readonly #gathered: WeightedWords;
  readonly #hasWeights: boolean;
  readonly #norms: Float64Array;
  /** By word. */
  readonly #table: Float32Array;
  /** Exclusive ors to all words within 0, 1, ... differences. */
  readonly #masks: readonly Uint32Array[];
  readonly #byMismatches: Float64Array;

  /** @throws BindscapeError for options out of range and for a sequence that has no word free of N */
  constructor(sequences: CodedSequences, options: GappedKMerKernelOptions) {
    this.count = sequences.count;
    this.#byMismatches = gappedKMerWeights(options);
    this.#norms = selfNorms(sequences, options);
    const empty = this.#norms.findIndex((norm) => !(norm > 0));
    if (empty >= 0)
      throw new BindscapeError({
        source: "gapped k-mer kernel",
        found: `sequence ${empty + 1} has no stretch of ${options.wordLength} known bases`,
        expected: "at least one in each sequence",
        next: "Leave such sequences out or choose shorter words",
      });
    this.#gathered = readWords(sequences, options, "forward");
    this.#spread = options.mergesStrands ? readWords(sequences, options, "both") : this.#gathered;
    this.#hasWeights = this.#gathered.weights.some((weight) => weight !== 1);
    this.#table = new Float32Array(4 ** options.wordLength);
    this.#masks = Array.from({ length: this.#byMismatches.length }, (_, m) =>
      differenceMasks(options.wordLength, m),
    );
  }

  /** Of one sequence with all; `into` has `count` places. */
  fillRow(item: number, into: Float32Array | Float64Array): void {
    const table = this.#table.fill(0);
    const { starts, words, weights } = this.#spread;
    for (let at = starts[item]; at < starts[item + 1]; at++)
      for (let m = 0; m < this.#masks.length; m++)
        addAround(table, words[at], this.#masks[m], this.#byMismatches[m] * weights[at]);
    const scale = 1 / this.#norms[item];
    const sumWords = this.#hasWeights ? sumWeighted : sumPlain;
    for (let i = 0; i < this.count; i++)
      into[i] = (sumWords(table, this.#gathered, i) * scale) / this.#norms[i];
  }
}

function addAround(table: Float32Array, word: number, masks: Uint32Array, weight: number): void {
  for (let k = 0; k < masks.length; k++) table[word ^ masks[k]] += weight;
}

function sumPlain(table: Float32Array, { starts, words }: WeightedWords, item: number): number {
  const end = starts[item + 1];
  let at = starts[item];
  let even = 0;
  let odd = 0;
  // Two sums at once: one alone waits for its last addition.
  for (; at + 1 < end; at += 2) {
    even += table[words[at]];
    odd += table[words[at + 1]];
  }
  return at < end ? even + odd + table[words[at]] : even + odd;
}

function sumWeighted(table: Float32Array, { starts, words, weights }: WeightedWords, item: number): number {
  let sum = 0;
  for (let at = starts[item]; at < starts[item + 1]; at++) sum += weights[at] * table[words[at]];
  return sum;
}

/** All exclusive ors of two words of `length` letters that differ in `mismatches` places, ascending. */
function differenceMasks(length: number, mismatches: number): Uint32Array {
  let masks = [0];
  let highest = [-1];
  for (let m = 0; m < mismatches; m++) {
    const grown: number[] = [];
    const places: number[] = [];
    masks.forEach((mask, i) => {
      for (let place = highest[i] + 1; place < length; place++)
        for (let change = 1; change < 4; change++) {
          grown.push(mask | (change << (2 * place)));
          places.push(place);
        }
    });
    masks = grown;
    highest = places;
  }
  return Uint32Array.from(masks).sort();
}

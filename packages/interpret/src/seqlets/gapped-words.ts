import { unknownBase } from "@bindscape/genome";
import type { ProgressListener } from "@bindscape/numerics";
import { reverseStack, type SeqletStack } from "./seqlet-stack.js";

/** Positions of a seqlet that words are made of, letters of a word, and bp from its first to its last letter. */
const POSITIONS = 12;
const SPAN = 15;
/** A word is a number of 20 bits: the first letter on top (2 bits), then three times a gap (4 bits) and a letter (2 bits). */
const WORDS = 1 << 20;

/** Words with gaps of each seqlet and their weights, in compressed rows; the weights' squares sum to 1 a row. */
export interface WordRows {
  readonly starts: Uint32Array;
  readonly words: Uint32Array;
  readonly weights: Float32Array;
}

/**
 * The four-letter words with gaps that a seqlet's most contributing positions make, each weighing as much as its letters
 * contribute together: like seqlets share words wherever their motif lies (gapped k-mer embedding of TF-MoDISco,
 * Shrikumar et al. 2018). A word of negative contributions weighs negatively.
 */
export function findGappedWords({ count, width, codes, scores }: SeqletStack): WordRows {
  const starts = new Uint32Array(count + 1);
  const words: number[] = [];
  const weights: number[] = [];
  const row = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const places = strongestPositions(codes, scores, i * width, width);
    row.clear();
    for (let a = 0; a < places.length; a++) {
      for (let b = a + 1; b < places.length; b++) {
        for (let c = b + 1; c < places.length; c++) {
          for (let d = c + 1; d < places.length && places[d] - places[a] < SPAN; d++) {
            const letters = [places[a], places[b], places[c], places[d]];
            const word = wordOf(codes, i * width, letters);
            let weight = 0;
            for (const p of letters) weight += scores[i * width + p];
            row.set(word, (row.get(word) ?? 0) + weight);
          }
        }
      }
    }
    let square = 0;
    for (const weight of row.values()) square += weight * weight;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (const [word, weight] of row) {
      words.push(word);
      weights.push(weight * scale);
    }
    starts[i + 1] = words.length;
  }
  return { starts, words: Uint32Array.from(words), weights: Float32Array.from(weights) };
}

function strongestPositions(codes: Uint8Array, scores: Float32Array, from: number, width: number): number[] {
  const places: number[] = [];
  for (let p = 0; p < width; p++) {
    if (codes[from + p] < unknownBase && scores[from + p] !== 0) places.push(p);
  }
  const size = (p: number) => Math.abs(scores[from + p]);
  return places
    .sort((a, b) => size(b) - size(a) || a - b)
    .slice(0, POSITIONS)
    .sort((a, b) => a - b);
}

function wordOf(codes: Uint8Array, from: number, places: readonly number[]): number {
  let word = codes[from + places[0]];
  for (let i = 1; i < 4; i++) {
    word = (word << 6) | ((places[i] - places[i - 1]) << 2) | codes[from + places[i]];
  }
  return word;
}

/** For each seqlet the others most like it. */
export interface Neighbours {
  /** Most neighbours of one. */
  readonly most: number;
  /** [count, most]; fewer where fewer share a word: see `counts`. */
  readonly items: Uint32Array;
  readonly counts: Uint32Array;
}

/**
 * The seqlets that share most with each in words, on the better of both strands: by the cosine of their words' weights.
 * @param most neighbours of each
 */
export function findNeighbours(
  stack: SeqletStack,
  most: number,
  progress: { readonly onProgress?: ProgressListener; readonly signal?: AbortSignal } = {},
): Neighbours {
  const { count } = stack;
  const forward = findGappedWords(stack);
  const reverse = findGappedWords(reverseStack(stack));
  const index = indexWords(forward, count);
  const items = new Uint32Array(count * most);
  const counts = new Uint32Array(count);
  const likeness = new Float32Array(count);
  const turned = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    addLikeness(forward, i, index, likeness);
    addLikeness(reverse, i, index, turned);
    const sharing: number[] = [];
    for (let j = 0; j < count; j++) {
      if (turned[j] > likeness[j]) likeness[j] = turned[j];
      if (likeness[j] > 0 && j !== i) sharing.push(j);
    }
    sharing.sort((a, b) => likeness[b] - likeness[a] || a - b);
    counts[i] = Math.min(most, sharing.length);
    for (let n = 0; n < counts[i]; n++) items[i * most + n] = sharing[n];
    likeness.fill(0);
    turned.fill(0);
    if (i % 256 === 255) {
      progress.signal?.throwIfAborted();
      progress.onProgress?.({ task: "looking for like seqlets", done: i + 1, total: count, unit: "seqlets" });
    }
  }
  return { most, items, counts };
}

interface WordIndex {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
  readonly weights: Float32Array;
}

/** Seqlets of each word. */
function indexWords({ starts, words, weights }: WordRows, count: number): WordIndex {
  const firsts = new Uint32Array(WORDS + 1);
  for (const word of words) firsts[word + 1]++;
  for (let word = 0; word < firsts.length - 1; word++) firsts[word + 1] += firsts[word];
  const next = firsts.slice();
  const items = new Uint32Array(words.length);
  const itemWeights = new Float32Array(words.length);
  for (let i = 0; i < count; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const to = next[words[at]]++;
      items[to] = i;
      itemWeights[to] = weights[at];
    }
  }
  return { starts: firsts, items, weights: itemWeights };
}

function addLikeness(rows: WordRows, i: number, index: WordIndex, into: Float32Array): void {
  for (let at = rows.starts[i]; at < rows.starts[i + 1]; at++) {
    const word = rows.words[at];
    const weight = rows.weights[at];
    for (let n = index.starts[word]; n < index.starts[word + 1]; n++) {
      into[index.items[n]] += weight * index.weights[n];
    }
  }
}

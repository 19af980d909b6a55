import { unknownBase } from "@bindscape/genome";
import type { Seqlet } from "./find-seqlets.js";

/** What seqlets are cut from. */
export interface ScoredSequences {
  readonly count: number;
  readonly length: number;
  /** [count, length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: Uint8Array;
  /** [count, length]: contribution of the base that is there. */
  readonly scores: Float32Array;
}

/** Seqlets side by side: bases and contributions of each, scaled so that their sizes sum to 1. */
export interface SeqletStack {
  readonly count: number;
  readonly width: number;
  /** [count, width]; unknown beyond a sequence's ends. */
  readonly codes: Uint8Array;
  /** [count, width]; sizes of a row sum to 1, or are all 0. */
  readonly scores: Float32Array;
}

/** Cuts seqlets out of their sequences. */
export function stackSeqlets(
  { length, codes, scores }: ScoredSequences,
  seqlets: readonly Seqlet[],
  width: number,
): SeqletStack {
  const stack = {
    count: seqlets.length,
    width,
    codes: new Uint8Array(seqlets.length * width).fill(unknownBase),
    scores: new Float32Array(seqlets.length * width),
  };
  seqlets.forEach(({ sequence, start }, i) => {
    let size = 0;
    for (let p = 0; p < width; p++) {
      const k = start + p;
      if (k < 0 || k >= length) continue;
      stack.codes[i * width + p] = codes[sequence * length + k];
      stack.scores[i * width + p] = scores[sequence * length + k];
      size += Math.abs(scores[sequence * length + k]);
    }
    if (size > 0) for (let p = 0; p < width; p++) stack.scores[i * width + p] /= size;
  });
  return stack;
}

/** The same seqlets read from the other strand. */
export function reverseStack({ count, width, codes, scores }: SeqletStack): SeqletStack {
  const reversed = {
    count,
    width,
    codes: new Uint8Array(codes.length),
    scores: new Float32Array(scores.length),
  };
  for (let i = 0; i < count; i++) {
    for (let p = 0; p < width; p++) {
      const code = codes[i * width + width - 1 - p];
      reversed.codes[i * width + p] = code < unknownBase ? 3 - code : unknownBase;
      reversed.scores[i * width + p] = scores[i * width + width - 1 - p];
    }
  }
  return reversed;
}

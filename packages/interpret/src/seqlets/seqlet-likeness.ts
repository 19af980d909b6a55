import { unknownBase } from "@bindscape/genome";
import type { SeqletStack } from "./seqlet-stack.js";

/** How one seqlet lies best on another. */
export interface SeqletFit {
  /** Continuous Jaccard similarity, -1 to 1. */
  readonly likeness: number;
  /** Position of the first seqlet that the second one's first position lies on. */
  readonly offset: number;
  /** Whether the second is read from the other strand. */
  readonly isReversed: boolean;
}

/**
 * Continuous Jaccard similarity (Shrikumar et al. 2018, section 3) of two seqlets at one offset: the contributions that
 * both have at the same base of a position, over those that either has. Contributions are those of a one-hot sequence, so
 * that where bases differ nothing is shared; sizes of a seqlet sum to 1.
 */
export function likenessAt(a: SeqletStack, i: number, b: SeqletStack, j: number, offset: number): number {
  const { width } = a;
  const first = Math.max(0, offset);
  const end = Math.min(width, b.width + offset);
  const fromA = i * width;
  const fromB = j * b.width - offset;
  let shared = 0;
  let signed = 0;
  for (let p = first; p < end; p++) {
    const code = a.codes[fromA + p];
    if (code !== b.codes[fromB + p] || code === unknownBase) continue;
    const x = a.scores[fromA + p];
    const y = b.scores[fromB + p];
    const least = Math.min(Math.abs(x), Math.abs(y));
    shared += least;
    signed += x < 0 === y < 0 ? least : -least;
  }
  // What either has: both sums less what is counted twice.
  return signed / (2 - shared);
}

/**
 * The best fit of a seqlet on another over both strands and all offsets that leave at least `overlap` positions aligned.
 * @param reversed the second seqlets read from the other strand, as `reverseStack` makes them
 */
export function fitSeqlets(
  a: SeqletStack,
  i: number,
  b: SeqletStack,
  reversed: SeqletStack,
  j: number,
  overlap: number,
): SeqletFit {
  let best: SeqletFit = { likeness: Number.NEGATIVE_INFINITY, offset: 0, isReversed: false };
  const reach = Math.max(0, Math.min(a.width, b.width) - overlap);
  for (let offset = -reach; offset <= a.width - b.width + reach; offset++) {
    const forward = likenessAt(a, i, b, j, offset);
    if (forward > best.likeness) best = { likeness: forward, offset, isReversed: false };
    const backward = likenessAt(a, i, reversed, j, offset);
    if (backward > best.likeness) best = { likeness: backward, offset, isReversed: true };
  }
  return best;
}

import type { ProgressListener, WeightedGraph } from "@bindscape/numerics";
import type { Neighbours } from "./gapped-words.js";
import { fitSeqlets } from "./seqlet-likeness.js";
import { reverseStack, type SeqletStack } from "./seqlet-stack.js";

/** Neighbours that a seqlet's edge weights spread over, in effect: the perplexity of t-SNE. */
const PERPLEXITY = 30;

/** Likeness of pairs of neighbouring seqlets, each pair once. */
export interface LikePairs {
  readonly count: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly likeness: Float32Array;
}

/** Fits every seqlet on its neighbours; pairs with nothing in common are left out. */
export function measureNeighbours(
  stack: SeqletStack,
  { most, items, counts }: Neighbours,
  overlap: number,
  progress: { readonly onProgress?: ProgressListener; readonly signal?: AbortSignal } = {},
): LikePairs {
  const reversed = reverseStack(stack);
  const first: number[] = [];
  const second: number[] = [];
  const likeness: number[] = [];
  // Each pair once, though both may list each other.
  const seen = new Set<number>();
  for (let i = 0; i < stack.count; i++) {
    for (let n = 0; n < counts[i]; n++) {
      const j = items[i * most + n];
      const [a, b] = i < j ? [i, j] : [j, i];
      const key = a * stack.count + b;
      if (seen.has(key)) continue;
      seen.add(key);
      const fit = fitSeqlets(stack, a, stack, reversed, b, overlap);
      if (fit.likeness <= 0) continue;
      first.push(a);
      second.push(b);
      likeness.push(fit.likeness);
    }
    if (i % 128 === 127) {
      progress.signal?.throwIfAborted();
      progress.onProgress?.({ task: "aligning seqlets", done: i + 1, total: stack.count, unit: "seqlets" });
    }
  }
  return {
    count: stack.count,
    first: Uint32Array.from(first),
    second: Uint32Array.from(second),
    likeness: Float32Array.from(likeness),
  };
}

/**
 * A graph whose edges are as heavy as seqlets are like each other against the background of each one's own neighbours, so
 * that dense and sparse motifs weigh alike: the symmetric probabilities of t-SNE (van der Maaten and Hinton 2008) over
 * the distance -ln(likeness), as TF-MoDISco adapts to density.
 */
export function makeLikenessGraph({ count, first, second, likeness }: LikePairs): WeightedGraph {
  const starts = new Uint32Array(count + 1);
  for (let e = 0; e < first.length; e++) {
    starts[first[e] + 1]++;
    starts[second[e] + 1]++;
  }
  for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const neighbours = new Uint32Array(2 * first.length);
  const distances = new Float64Array(neighbours.length);
  const twins = new Uint32Array(neighbours.length);
  for (let e = 0; e < first.length; e++) {
    const a = next[first[e]]++;
    const b = next[second[e]]++;
    neighbours[a] = second[e];
    neighbours[b] = first[e];
    distances[a] = distances[b] = -Math.log(Math.min(1, likeness[e]));
    twins[a] = b;
    twins[b] = a;
  }
  const shares = new Float64Array(neighbours.length);
  for (let i = 0; i < count; i++) {
    spreadShares(distances.subarray(starts[i], starts[i + 1]), shares.subarray(starts[i], starts[i + 1]));
  }
  const weights = shares.map((share, at) => (share + shares[twins[at]]) / 2 + 1e-12);
  return { nodes: count, starts, neighbours, weights };
}

/** Shares exp(-rate x distance) that sum to 1, the rate such that their entropy is ln(perplexity). */
function spreadShares(distances: Float64Array, shares: Float64Array): void {
  const count = distances.length;
  if (count === 0) return;
  const wanted = Math.log(Math.min(PERPLEXITY, count));
  let nearest = Number.POSITIVE_INFINITY;
  for (const distance of distances) nearest = Math.min(nearest, distance);
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let rate = 1;
  for (let step = 0; step < 60; step++) {
    let sum = 0;
    let mean = 0;
    for (let n = 0; n < count; n++) {
      shares[n] = Math.exp(-rate * (distances[n] - nearest));
      sum += shares[n];
      mean += shares[n] * (distances[n] - nearest);
    }
    const entropy = Math.log(sum) + (rate * mean) / sum;
    for (let n = 0; n < count; n++) shares[n] /= sum;
    if (Math.abs(entropy - wanted) < 1e-5) return;
    if (entropy > wanted) {
      low = rate;
      rate = Number.isFinite(high) ? (low + high) / 2 : rate * 2;
    } else {
      high = rate;
      rate = (low + high) / 2;
    }
  }
}

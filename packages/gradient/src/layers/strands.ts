import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "../graph.js";
import { multiply } from "../operators/arithmetic.js";
import { concatenate, split, stack } from "../operators/concatenate.js";
import { convolution1d } from "../operators/convolution1d.js";
import { flip, permute } from "../operators/permute.js";
import { reduceSum } from "../operators/reduce.js";
import { reduceMax } from "../operators/reduce-extreme.js";
import { reshape } from "../operators/reshape.js";
import { type Dimension, isFree, scaleDimension } from "../shape.js";

// Both strands of a window stand side by side: window 0 forward, window 0 reverse, window 1 forward, ... so that
// going from N windows to 2N strands and back is a reshape.

/**
 * The other strand of windows: positions in reverse order, channels permuted.
 * @param x [N, channels, positions]
 * @param channelPermutation channel `c` of the result is channel `channelPermutation[c]` of `x`: A and T, C and G,
 *   and tracks of the two strands change places; others stay
 */
export function reverseComplement(x: Tensor, channelPermutation: readonly number[]): Tensor {
  return flip(permute(x, 1, channelPermutation), 2);
}

/** Each window followed by its reverse complement. @param x [N, channels, positions] @returns [2N, ...] */
export function bothStrands(x: Tensor, channelPermutation: readonly number[]): Tensor {
  return interleave(x, reverseComplement(x, channelPermutation));
}

/** Values of windows repeated for both their strands. @param x [N, ...] @returns [2N, ...] */
export function repeatForStrands(x: Tensor): Tensor {
  return interleave(x, x);
}

function interleave(forward: Tensor, reverse: Tensor): Tensor {
  const [samples, ...rest] = forward.shape;
  return reshape(stack([forward, reverse], 1), [scaleDimension(samples, 2), ...rest]);
}

/** [2N, ...] -> [N, 2, ...]. */
export function pairStrands(x: Tensor): Tensor {
  const [strands, ...rest] = x.shape;
  const count = isFree(strands) ? strands.multiple : strands;
  if (count % 2 !== 0) {
    throw new BindscapeError({ source: "strands", found: `${count} samples`, expected: "two a window" });
  }
  const windows: Dimension = isFree(strands) ? { ...strands, multiple: count / 2 } : count / 2;
  return reshape(x, [windows, 2, ...rest]);
}

/** The mean of the two strands' values. @param x [2N, ...] @returns [N, ...] */
export function meanOverStrands(x: Tensor): Tensor {
  const pairs = pairStrands(x);
  const [windows, , ...rest] = pairs.shape;
  return multiply(reshape(reduceSum(pairs, [1]), [windows, ...rest]), 0.5);
}

/** The larger of the two strands' values; equal ones share its gradient. @param x [2N, ...] @returns [N, ...] */
export function maxOverStrands(x: Tensor): Tensor {
  const pairs = pairStrands(x);
  const [windows, , ...rest] = pairs.shape;
  return reshape(reduceMax(pairs, [1], "maxOverStrands"), [windows, ...rest]);
}

/**
 * A convolution of both strands that reads the window once: the reverse strand is convolved with the reverse
 * complement of each kernel. Its output is still in the forward strand's order of positions; layers that treat
 * every position alike (activations, dropout, {@link perPositionDense}, pooling that leaves no remainder) may
 * follow before {@link alignStrands} turns it around, when it is small.
 * @param x [N, channels, positions]
 * @param kernel [filters, channels, width] @param bias [filters], or null
 * @returns [2N, filters, positions - width + 1]
 */
export function strandConvolution1d(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
  channelPermutation: readonly number[],
  options: { readonly name?: string } = {},
): Tensor {
  // Channel c of the other strand is channel permutation[c] here, so kernels are permuted the inverse way.
  const inverse = new Array<number>(channelPermutation.length);
  channelPermutation.forEach((from, to) => {
    inverse[from] = to;
  });
  const kernels = concatenate([kernel, flip(permute(kernel, 1, inverse), 2)], 0);
  const biases = bias && concatenate([bias, bias], 0);
  const both = convolution1d(x, kernels, biases, { name: options.name ?? "strandConvolution1d" });
  const [samples, , positions] = both.shape;
  return reshape(both, [scaleDimension(samples, 2), kernel.shape[0], positions]);
}

/** Turns the reverse strand of {@link strandConvolution1d} around. @param x [2N, filters, positions] */
export function alignStrands(x: Tensor): Tensor {
  const pairs = pairStrands(x);
  const [forward, reverse] = split(pairs, 1, [1, 1]);
  return reshape(concatenate([forward, flip(reverse, 3)], 1), x.shape);
}

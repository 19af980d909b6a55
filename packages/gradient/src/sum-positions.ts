import { applyOperator, type Tensor } from "./graph.js";
import { add } from "./operators/arithmetic.js";
import type { Convolution } from "./operators/convolution1d-shape.js";
import { matrixProduct } from "./operators/matrix-product.js";
import { reduceSum } from "./operators/reduce.js";
import { reshape } from "./operators/reshape.js";
import { type Dimension, product, sameDimension, sameShape } from "./shape.js";

/**
 * The sum over positions, found without computing what is summed where it need not be: what a pool hands back to its
 * windows has the sum of the pool's own gradient, and a convolution's output (as which the gradient of a convolution with
 * respect to its input is written) has the sum that the kernel makes of its input's sums, tap by tap. Exact but for
 * rounding.
 * @param x [N, channels, positions], or more axes of positions
 * @returns [N, channels, 1]
 */
export function sumPositions(x: Tensor): Tensor {
  const [samples, channels, ...positions] = x.shape;
  return sumBehind(x) ?? reshape(sumPlainly(x, positions), [samples, channels, 1]);
}

function sumPlainly(x: Tensor, positions: readonly Dimension[]): Tensor {
  const isSum = positions.every((length) => length === 1);
  return isSum
    ? x
    : reduceSum(
        x,
        positions.map((_, i) => i + 2),
      );
}

/** The sum by what made `x`, or null where that does not help. */
function sumBehind(x: Tensor): Tensor | null {
  const { node } = x;
  if (node === null) return null;
  const [first, second, third] = node.inputs;
  switch (node.operator.name) {
    case "reshape":
      return hasRows(first, x) ? sumPositions(first) : null;
    case "padZeros": {
      const { axis, value = 0 } = node.attributes as { axis: number; value?: number };
      return axis >= 2 && value === 0 ? sumPositions(first) : null;
    }
    case "shareExtremes": {
      const { axes } = node.attributes as { axes: readonly number[] };
      return axes.every((axis) => axis >= 2) ? sumPositions(third) : null;
    }
    case "passWithin":
      return sumGatedPool(x, first, second);
    case "add":
      return sameShape(first.shape, second.shape) ? add(sumPositions(first), sumPositions(second)) : null;
    case "convolution1d": {
      const convolution = node.attributes as Convolution;
      return third === undefined && convolution.groups === 1
        ? sumConvolved(first, second, convolution, x.shape[2] as number)
        : null;
    }
    default:
      return null;
  }
}

/**
 * The sum of a pool's gradient, spread over the pool's windows and then let through by what the windows hold (a rectifier
 * before the pool): the extremes of the windows let the pool's own gradient through alike. Null for anything else.
 */
function sumGatedPool(gated: Tensor, spread: Tensor, by: Tensor): Tensor | null {
  const shared = skip(spread, ["reshape", "padZeros"]);
  if (shared.node?.operator.name !== "shareExtremes") return null;
  const [windows, extremes, gradient] = shared.node.inputs;
  // The pool's windows lie side by side in what gates, a remainder cut off: nothing else is taken for a pool.
  const source = skip(windows, ["reshape", "slice"]);
  const isPool = source === by && sumBehind(spread) !== null && hasRows(windows, by) && hasRows(extremes, by);
  const { node } = gated;
  return isPool && node
    ? sumPositions(applyOperator(node.operator, [gradient, extremes], node.attributes)[0])
    : null;
}

/** The tensor before operators of some names. */
function skip(x: Tensor, names: readonly string[]): Tensor {
  let at = x;
  while (at.node && names.includes(at.node.operator.name)) at = at.node.inputs[0];
  return at;
}

/** Whether a tensor's first two axes are those of another. */
function hasRows(x: Tensor, { shape }: Tensor): boolean {
  return x.rank >= 2 && sameDimension(x.shape[0], shape[0]) && sameDimension(x.shape[1], shape[1]);
}

/** The sum over positions of a convolution's output. @param length its positions @returns [N, filters, 1] */
function sumConvolved(x: Tensor, kernel: Tensor, convolution: Convolution, length: number): Tensor {
  const [filters, channels, width] = kernel.shape as readonly number[];
  const [samples, , positions] = x.shape as readonly [Dimension, number, number];
  const seen = markSeen(positions, width, length, convolution);
  const isAllSeen = seen.every((mark) => mark === 1);
  // What each tap sees of the input, summed: all of it, where the padding is as wide as the kernel reaches.
  const sums = isAllSeen
    ? reshape(sumPositions(x), [samples, channels])
    : reshape(matrixProduct(x, x.graph.constant(seen, [positions, width])), [samples, channels * width]);
  const taps = isAllSeen ? reduceSum(kernel, [2]) : kernel;
  const rows = reshape(taps, [filters, product(taps.shape.slice(1) as readonly number[])]);
  return reshape(matrixProduct(sums, rows, { transposeB: true }), [samples, filters, 1]);
}

/** 1 where a tap sees an input position for some output position. @returns [positions, width] */
function markSeen(
  positions: number,
  width: number,
  length: number,
  { before, dilation, stride }: Convolution,
): Float32Array {
  const seen = new Float32Array(positions * width);
  for (let output = 0; output < length; output++) {
    for (let tap = 0; tap < width; tap++) {
      const position = output * stride + tap * dilation - before;
      if (position >= 0 && position < positions) seen[position * width + tap] = 1;
    }
  }
  return seen;
}

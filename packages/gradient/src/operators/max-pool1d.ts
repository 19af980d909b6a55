import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, type Shape } from "../shape.js";
import { type Padding1d, resolvePadding } from "./convolution1d-shape.js";
import { beforeRelu, relu } from "./pointwise.js";
import { reduceSum } from "./reduce.js";
import { beforeReshape, reshape } from "./reshape.js";
import { padZeros, slice } from "./slice.js";
import { addWindows, cutWindows, type Windows } from "./windows1d.js";

/** Largest value over the last axis of [..., windows, size]. */
const poolOperator: Operator<null> = {
  name: "maxPool1d",
  infer([x]) {
    if (x.length !== 4) throw new ShapeError("a tensor [batch, channels, windows, size]");
    return [x.slice(0, 3)];
  },
  emit: (emitter, node) =>
    emitter.simple("ReduceMax", node, { axes: { integers: [3] }, keepdims: { integer: 0 } }),
  evaluate([x], _attributes, [shape]) {
    const size = x.shape[3];
    const result = new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(Number.NEGATIVE_INFINITY);
    x.data.forEach((value, i) => {
      const window = Math.floor(i / size);
      if (value > result[window]) result[window] = value;
    });
    return [result];
  },
  gradient: (node, [gradient]) => [gradient && spreadMaxima(node.inputs[0], node.outputs[0], gradient)],
};

/** Inputs: x [..., windows, size], its maxima and their gradient [..., windows]. */
const poolGradientOperator: Operator<null> = {
  name: "maxPool1dGradient",
  infer: ([x]) => [x],
  emit(emitter, node) {
    const [x, y, gradient] = emitter.names(node.inputs);
    const last = emitter.integers([3]);
    const [maxima] = emitter.node("Unsqueeze", [y, last]);
    const [isMaximum] = emitter.node("Equal", [x, maxima]);
    const [mask] = emitter.node("Cast", [isMaximum], { to: { integer: 1 } });
    // Equal maxima share the gradient, so that ties do not multiply it.
    const [ties] = emitter.node("ReduceSum", [mask, last], { keepdims: { integer: 1 } });
    const [column] = emitter.node("Unsqueeze", [gradient, last]);
    const [share] = emitter.node("Div", [column, ties]);
    emitter.node("Mul", [mask, share], {}, emitter.names(node.outputs));
  },
  evaluate([x, y, gradient]) {
    const size = x.shape[3];
    const result = new Float64Array(x.data.length);
    for (let window = 0; window < y.data.length; window++) {
      const values = x.data.subarray(window * size, (window + 1) * size);
      const ties = values.filter((value) => value === y.data[window]).length;
      values.forEach((value, i) => {
        if (value === y.data[window]) result[window * size + i] = gradient.data[window] / ties;
      });
    }
    return [result];
  },
};

/**
 * The sum of a gradient [N, channels, positions] over samples and positions. Of one that a pool spread over its
 * positions, the pool's own gradient has the same sum and is `size` times smaller.
 */
export function sumOverPositions(gradient: Tensor): Tensor {
  const spread = beforeReshape(gradient) ?? gradient;
  const isSpread = spread.node?.operator === (poolGradientOperator as Operator<unknown>);
  return reduceSum(isSpread ? spread.node!.inputs[2] : gradient, [0, 2]);
}

/**
 * The gradient of the largest value of each window, spread over the window.
 * @param x [N, channels, windows, size] @param maxima, gradient [N, channels, windows]
 */
function spreadMaxima(x: Tensor, maxima: Tensor, gradient: Tensor): Tensor {
  return applyOperator(poolGradientOperator, [x, maxima, gradient], null)[0];
}

interface Overlapping extends Windows {
  readonly before: number;
  readonly after: number;
}

// Below every value: padding is never a maximum.
const lowest = -3.4028234663852886e38;

const overlappingOperator: Operator<Overlapping> = {
  name: "maxPool1d",
  infer: ([x], pool) => [poolShape(x, pool)],
  emit(emitter, node) {
    const { size, stride, before, after } = node.attributes;
    emitter.simple("MaxPool", node, {
      kernel_shape: { integers: [size] },
      strides: { integers: [stride] },
      pads: { integers: [before, after] },
    });
  },
  evaluate([x], { size, stride, before }, [shape]) {
    const positions = x.shape[2];
    const count = shape[2];
    const result = new Float64Array(shape[0] * shape[1] * count);
    for (let i = 0; i < result.length; i++) {
      const row = Math.floor(i / count) * positions;
      const from = (i % count) * stride - before;
      const values = x.data.subarray(row + Math.max(0, from), row + Math.min(positions, from + size));
      result[i] = Math.max(...values);
    }
    return [result];
  },
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const [x] = node.inputs;
    const { before, after } = node.attributes;
    const positions = x.shape[2] as number;
    const padded = padZeros(x, { axis: 2, before, after, value: lowest });
    const windows = cutWindows(padded, node.attributes, lowest);
    const spread = spreadMaxima(windows, node.outputs[0], gradient);
    const summed = addWindows(spread, node.attributes, positions + before + after);
    return [slice(summed, { axis: 2, start: before, end: before + positions })];
  },
};

export interface PoolOptions {
  /** Positions that are pooled into one. */
  readonly size: number;
  /** Distance between the starts of neighbouring windows. Default `size`: side by side. */
  readonly stride?: number;
  /** Positions around those there are, which maxima ignore; fewer than `size` at each end. Default 0. */
  readonly padding?: Padding1d;
  /** What errors call this layer. */
  readonly name?: string;
}

/** For the engine: a pool's options with its numbers worked out. */
export function resolvePool(x: Tensor, options: PoolOptions): Overlapping {
  const { size, stride = size, padding = 0 } = options;
  const positions = x.shape[2];
  const [before, after] = resolvePadding(padding, positions, size, { stride, dilation: 1 });
  const count = isFree(positions) ? 0 : Math.floor((positions + before + after - size) / stride) + 1;
  return { size, stride, before, after, count };
}

/** For the engine: the shape of a pool's output. */
export function poolShape(x: Shape, { size, stride, before, after, count }: Overlapping): Shape {
  const whole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!whole(size, 1) || !whole(stride, 1)) throw new ShapeError("a size and a stride of at least 1");
  if (!whole(before, 0) || !whole(after, 0) || before >= size || after >= size)
    throw new ShapeError(`a padding of at least 0 and below the size, ${size}`);
  if (x.length !== 3 || isFree(x[1]) || isFree(x[2]) || count < 1)
    throw new ShapeError(`a tensor [batch, channels, positions] with at least ${size} positions`);
  return [x[0], x[1], count];
}

/**
 * The largest value of each window of `size` positions, by default side by side; a remainder at the end that fills no
 * window is dropped. Where several positions of a window hold the maximum they share its gradient.
 * @param x [N, channels, positions]
 * @returns [N, channels, floor((positions + padding - size) / stride) + 1]
 */
export function maxPool1d(x: Tensor, options: PoolOptions): Tensor {
  const { name = "maxPool1d" } = options;
  // The maximum of rectified values is the rectified maximum: rectify the few instead of the many.
  const inner = beforeRelu(x);
  if (inner) return relu(maxPool1d(inner, options));
  const pool = resolvePool(x, options);
  const { size, stride, before, after, count } = pool;
  if (x.rank !== 3 || count < 1 || stride !== size || before > 0 || after > 0) {
    return applyOperator(overlappingOperator, [x], pool, name)[0];
  }
  const [batch, channels] = x.shape;
  const whole = slice(x, { axis: 2, start: 0, end: count * size });
  return applyOperator(poolOperator, [reshape(whole, [batch, channels, count, size])], null, name)[0];
}

/** The largest value over all positions. @param x [N, channels, positions] @returns [N, channels] */
export function globalMaxPool1d(x: Tensor): Tensor {
  const pooled = maxPool1d(x, { size: x.shape[2] as number, name: "globalMaxPool1d" });
  return reshape(pooled, x.shape.slice(0, 2));
}

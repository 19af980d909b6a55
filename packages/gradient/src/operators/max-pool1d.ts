import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, type Shape } from "../shape.js";
import { type Padding1d, resolvePadding } from "./convolution1d-shape.js";
import { beforeRelu, relu } from "./pointwise.js";
import { reduceSum } from "./reduce.js";
import { beforeSharing, reduceMax, shareExtremes } from "./reduce-extreme.js";
import { beforeReshape, reshape } from "./reshape.js";
import { padZeros, slice } from "./slice.js";
import { addWindows, cutWindows, type Windows } from "./windows1d.js";

/**
 * The sum of a gradient [N, channels, positions] over samples and positions. Of one that a pool spread over its
 * positions, the pool's own gradient has the same sum and is `size` times smaller.
 */
export function sumOverPositions(gradient: Tensor): Tensor {
  const pooled = beforeSharing(beforeReshape(gradient) ?? gradient);
  if (pooled === null) return reduceSum(gradient, [0, 2]);
  // The reshape may have turned strands [2N, channels] into [N, 2 channels].
  const [samples, channels] = gradient.shape;
  return reduceSum(reshape(pooled, [samples, channels, ...pooled.shape.slice(2)]), [0, 2]);
}

export interface Overlapping extends Windows {
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
    const column = (y: Tensor) => reshape(y, [...y.shape, 1]);
    const spread = shareExtremes(windows, column(node.outputs[0]), column(gradient), [3]);
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
  const maxima = reduceMax(reshape(whole, [batch, channels, count, size]), [3], name);
  return reshape(maxima, [batch, channels, count]);
}

/** The largest value over all positions. @param x [N, channels, positions] @returns [N, channels] */
export function globalMaxPool1d(x: Tensor): Tensor {
  const pooled = maxPool1d(x, { size: x.shape[2] as number, name: "globalMaxPool1d" });
  return reshape(pooled, x.shape.slice(0, 2));
}

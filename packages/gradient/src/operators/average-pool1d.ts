import { applyOperator, type Tensor } from "../graph.js";
import type { Operator } from "../operator.js";
import { multiply } from "./arithmetic.js";
import { type PoolOptions, poolShape, resolvePool } from "./max-pool1d.js";
import { reduceMean } from "./reduce.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { addWindows, type Windows } from "./windows1d.js";

interface Average extends Windows {
  readonly before: number;
  readonly after: number;
}

/** Sums over windows divided by `size`, padding counted as zeros. */
const averageOperator: Operator<Average> = {
  name: "averagePool1d",
  infer: ([x], pool) => [poolShape(x, pool)],
  emit(emitter, node) {
    const { size, stride, before, after } = node.attributes;
    emitter.simple("AveragePool", node, {
      kernel_shape: { integers: [size] },
      strides: { integers: [stride] },
      pads: { integers: [before, after] },
      count_include_pad: { integer: 1 },
    });
  },
  evaluate([x], { size, stride, before }, [shape]) {
    const positions = x.shape[2];
    const count = shape[2];
    const result = new Float64Array(shape[0] * shape[1] * count);
    for (let i = 0; i < result.length; i++) {
      const row = Math.floor(i / count) * positions;
      const from = (i % count) * stride - before;
      for (let at = Math.max(0, from); at < Math.min(positions, from + size); at++)
        result[i] += x.data[row + at] / size;
    }
    return [result];
  },
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const [batch, channels, positions] = node.inputs[0].shape;
    const { size, before, after, count } = node.attributes;
    const { graph } = gradient;
    const share = reshape(multiply(gradient, 1 / size), [batch, channels, count, 1]);
    const spread = multiply(share, graph.constant(new Float32Array(size).fill(1), [size]));
    const length = positions as number;
    const summed = addWindows(spread, node.attributes, length + before + after);
    return [slice(summed, { axis: 2, start: before, end: before + length })];
  },
};

export interface AveragePoolOptions extends PoolOptions {
  /** Whether padding counts as zeros that are averaged too. Default false: the mean is over the positions there are. */
  readonly countPadding?: boolean;
}

/**
 * The mean of each window of `size` positions, by default side by side; a remainder at the end that fills no window is
 * dropped.
 * @param x [N, channels, positions]
 * @returns [N, channels, floor((positions + padding - size) / stride) + 1]
 */
export function averagePool1d(x: Tensor, options: AveragePoolOptions): Tensor {
  const pool = resolvePool(x, options);
  const [mean] = applyOperator(averageOperator, [x], pool, options.name ?? "averagePool1d");
  const { size, stride, before, after, count } = pool;
  if ((before === 0 && after === 0) || options.countPadding === true) return mean;
  const positions = x.shape[2] as number;
  const factors = Float32Array.from({ length: count }, (_, i) => {
    const from = i * stride - before;
    return size / (Math.min(positions, from + size) - Math.max(0, from));
  });
  return multiply(mean, x.graph.constant(factors, [count]));
}

/** The mean over all positions. @param x [N, channels, positions] @returns [N, channels] */
export function globalAveragePool1d(x: Tensor): Tensor {
  return reshape(reduceMean(x, [2]), x.shape.slice(0, 2));
}

import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";
import { beforeRelu, relu } from "./pointwise.js";
import { reduceSum } from "./reduce.js";
import { beforeReshape, reshape } from "./reshape.js";
import { slice } from "./slice.js";

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
  gradient: (node, [gradient]) => [
    gradient && applyOperator(poolGradientOperator, [node.inputs[0], node.outputs[0], gradient], null)[0],
  ],
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
 * The largest value in each run of `size` positions; a remainder at the end is dropped. Where several positions
 * hold the maximum they share its gradient.
 * @param x [N, channels, positions]
 * @returns [N, channels, floor(positions / size)]
 */
export function maxPool1d(x: Tensor, options: { readonly size: number; readonly name?: string }): Tensor {
  const { size, name = "maxPool1d" } = options;
  // The maximum of rectified values is the rectified maximum: rectify the few instead of the many.
  const inner = beforeRelu(x);
  if (inner) return relu(maxPool1d(inner, options));
  const [batch, channels, positions] = x.shape;
  const windows = isFree(positions) || !(size >= 1) ? 0 : Math.floor(positions / size);
  if (x.rank !== 3 || windows < 1) {
    return applyOperator(tooShortToPool(size), [x], null, name)[0];
  }
  const whole = slice(x, { axis: 2, start: 0, end: windows * size });
  return applyOperator(poolOperator, [reshape(whole, [batch, channels, windows, size])], null, name)[0];
}

/** Only there to raise the error that names the layer and its shapes. */
function tooShortToPool(size: number): Operator<null> {
  return {
    ...poolOperator,
    infer: () => {
      throw new ShapeError(`a tensor [batch, channels, positions] with at least ${size} positions`);
    },
  };
}

/** The largest value over all positions. @param x [N, channels, positions] @returns [N, channels] */
export function globalMaxPool1d(x: Tensor): Tensor {
  const pooled = maxPool1d(x, { size: x.shape[2] as number, name: "globalMaxPool1d" });
  return reshape(pooled, x.shape.slice(0, 2));
}

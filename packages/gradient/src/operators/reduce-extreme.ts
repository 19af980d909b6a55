import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastStrides, forEachOffset } from "./broadcasting.js";

interface Reduction {
  readonly axes: readonly number[];
}

/** The largest or smallest value over some axes, which stay with length 1. */
function defineExtreme(
  name: string,
  onnxType: string,
  isBetter: (value: number, than: number) => boolean,
): Operator<Reduction> {
  return {
    name,
    infer([x], { axes }) {
      if (axes.some((axis) => axis < 0 || axis >= x.length || x[axis] === 0))
        throw new ShapeError(`a tensor with values along the axes ${axes.join(", ")}`);
      return [x.map((length, axis) => (axes.includes(axis) ? 1 : length))];
    },
    emit(emitter, node) {
      const { axes } = node.attributes;
      emitter.simple(onnxType, node, { axes: { integers: axes }, keepdims: { integer: 1 } });
    },
    evaluate([x], _attributes, [shape]) {
      const result = new Float64Array(shape.reduce((a, b) => a * b, 1)).fill(Number.NaN);
      forEachOffset(x.shape, [broadcastStrides(shape, x.shape)], (index, [to]) => {
        if (Number.isNaN(result[to]) || isBetter(x.data[index], result[to])) result[to] = x.data[index];
      });
      return [result];
    },
    gradient(node, [gradient]) {
      const inputs = [node.inputs[0], node.outputs[0], gradient!];
      return [gradient && applyOperator(shareOperator, inputs, node.attributes)[0]];
    },
  };
}

const largestOperator = defineExtreme("reduceMax", "ReduceMax", (value, than) => value > than);
const smallestOperator = defineExtreme("reduceMin", "ReduceMin", (value, than) => value < than);

/** Inputs: x, its extremes and their gradient, both with length 1 along the axes. */
const shareOperator: Operator<Reduction> = {
  name: "shareExtremes",
  infer: ([x]) => [x],
  emit(emitter, node) {
    const [x, extremes, gradient] = emitter.names(node.inputs);
    const [isExtreme] = emitter.node("Equal", [x, extremes]);
    const [mask] = emitter.node("Cast", [isExtreme], { to: { integer: 1 } });
    // Equal extremes share the gradient, so that ties do not multiply it.
    const [ties] = emitter.node("ReduceSum", [mask, emitter.integers(node.attributes.axes)], {
      keepdims: { integer: 1 },
    });
    const [share] = emitter.node("Div", [gradient, ties]);
    emitter.node("Mul", [mask, share], {}, emitter.names(node.outputs));
  },
  evaluate([x, extremes, gradient]) {
    const strides = broadcastStrides(extremes.shape, x.shape);
    const ties = new Float64Array(extremes.data.length);
    forEachOffset(x.shape, [strides], (index, [to]) => {
      if (x.data[index] === extremes.data[to]) ties[to]++;
    });
    const result = new Float64Array(x.data.length);
    forEachOffset(x.shape, [strides], (index, [to]) => {
      if (x.data[index] === extremes.data[to]) result[index] = gradient.data[to] / ties[to];
    });
    return [result];
  },
};

/**
 * For the engine: the gradient of extremes, spread over where they stand; equal ones share it.
 * @param extremes, gradient of x's shape with length 1 along the axes
 */
export function shareExtremes(
  x: Tensor,
  extremes: Tensor,
  gradient: Tensor,
  axes: readonly number[],
): Tensor {
  return applyOperator(shareOperator, [x, extremes, gradient], { axes })[0];
}

/** For the engine: the small gradient that {@link shareExtremes} spread, or null where `x` is something else. */
export function beforeSharing(x: Tensor): Tensor | null {
  return x.node?.operator === (shareOperator as Operator<unknown>) ? x.node.inputs[2] : null;
}

const allAxes = (x: Tensor): readonly number[] => x.shape.map((_, axis) => axis);

/**
 * The largest value over some axes (all where none are named), which stay with length 1. Where several entries hold
 * it they share its gradient.
 */
export function reduceMax(x: Tensor, axes: readonly number[] = allAxes(x), name?: string): Tensor {
  return axes.length === 0 ? x : applyOperator(largestOperator, [x], { axes }, name)[0];
}

/** The smallest value over some axes, as {@link reduceMax}. */
export function reduceMin(x: Tensor, axes: readonly number[] = allAxes(x), name?: string): Tensor {
  return axes.length === 0 ? x : applyOperator(smallestOperator, [x], { axes }, name)[0];
}

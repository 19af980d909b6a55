import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { elementCount, isFree, type Shape } from "../shape.js";
import { multiply } from "./arithmetic.js";
import { broadcastStrides, forEachOffset } from "./broadcasting.js";
import { expand } from "./expand.js";

interface Reduction {
  readonly axes: readonly number[];
}

const reduceSumOperator: Operator<Reduction> = {
  name: "reduceSum",
  infer([x], { axes }) {
    if (axes.some((axis) => axis < 0 || axis >= x.length)) {
      throw new ShapeError(`a tensor with the axes ${axes.join(", ")}`);
    }
    return [x.map((length, axis) => (axes.includes(axis) ? 1 : length))];
  },
  emit: (emitter, node) =>
    emitter.simple("ReduceSum", node, { keepdims: { integer: 1 } }, [emitter.integers(node.attributes.axes)]),
  evaluate([x], _attributes, [shape]) {
    const result = new Float64Array(shape.reduce((a, b) => a * b, 1));
    forEachOffset(x.shape, [broadcastStrides(shape, x.shape)], (index, [to]) => {
      result[to] += x.data[index];
    });
    return [result];
  },
  gradient: (node, [gradient]) => [gradient && expand(gradient, node.inputs[0])],
};

/** The sum over some axes (all where none are named), which stay with length 1. */
export function reduceSum(x: Tensor, axes: readonly number[] = x.shape.map((_, axis) => axis)): Tensor {
  return axes.length === 0 ? x : applyOperator(reduceSumOperator, [x], { axes })[0];
}

/** The mean over some axes of fixed length, which stay with length 1. */
export function reduceMean(x: Tensor, axes: readonly number[] = x.shape.map((_, axis) => axis)): Tensor {
  const count = elementCount(axes.map((axis) => x.shape[axis]) as Shape);
  if (isFree(count)) throw new Error("reduceMean over the free batch axis: use reduceSum");
  return multiply(reduceSum(x, axes), 1 / count);
}

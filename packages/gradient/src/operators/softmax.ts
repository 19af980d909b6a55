import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, type ReferenceTensor, ShapeError } from "../operator.js";
import { isFree, type Shape } from "../shape.js";
import { multiply, subtract } from "./arithmetic.js";
import { exp } from "./pointwise.js";
import { reduceSum } from "./reduce.js";

interface Along {
  readonly axis: number;
}

function infer([x]: readonly Shape[], { axis }: Along): readonly Shape[] {
  if (x[axis] === undefined || isFree(x[axis]) || x[axis] < 1)
    throw new ShapeError(`a tensor with a fixed axis ${axis} of at least one entry`);
  return [x];
}

/** Applies `compute` to all entries along the axis, for every place on the others. */
function alongAxis(
  { shape, data }: ReferenceTensor,
  axis: number,
  compute: (values: number[]) => number[],
): Float64Array {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = shape[axis];
  const result = new Float64Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (Math.floor(start / inner) % length !== 0) continue;
    const places = Array.from({ length }, (_, k) => start + k * inner);
    const values = compute(places.map((at) => data[at]));
    places.forEach((at, k) => {
      result[at] = values[k];
    });
  }
  return result;
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

const softmaxOperator: Operator<Along> = {
  name: "softmax",
  infer,
  emit: (emitter, node) => emitter.simple("Softmax", node, { axis: { integer: node.attributes.axis } }),
  evaluate: ([x], { axis }) => [
    alongAxis(x, axis, (values) => {
      const total = logSumExp(values);
      return values.map((value) => Math.exp(value - total));
    }),
  ],
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const [y] = node.outputs;
    const weighted = multiply(gradient, y);
    return [subtract(weighted, multiply(y, reduceSum(weighted, [node.attributes.axis])))];
  },
};

const logSoftmaxOperator: Operator<Along> = {
  name: "logSoftmax",
  infer,
  emit: (emitter, node) => emitter.simple("LogSoftmax", node, { axis: { integer: node.attributes.axis } }),
  evaluate: ([x], { axis }) => [
    alongAxis(x, axis, (values) => {
      const total = logSumExp(values);
      return values.map((value) => value - total);
    }),
  ],
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const total = reduceSum(gradient, [node.attributes.axis]);
    return [subtract(gradient, multiply(exp(node.outputs[0]), total))];
  },
};

/** e^x over the sum of e^x along an axis (the last by default), safe for any x. */
export function softmax(x: Tensor, axis: number = x.rank - 1): Tensor {
  return applyOperator(softmaxOperator, [x], { axis })[0];
}

/** The logarithm of {@link softmax}, exact also where the softmax is tiny. */
export function logSoftmax(x: Tensor, axis: number = x.rank - 1): Tensor {
  return applyOperator(logSoftmaxOperator, [x], { axis })[0];
}

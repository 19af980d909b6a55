import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";

interface Permutation {
  readonly axis: number;
  readonly order: readonly number[];
}

const permuteOperator: Operator<Permutation> = {
  name: "permute",
  infer([x], { axis, order }) {
    const length = x[axis];
    const sorted = [...order].sort((a, b) => a - b);
    if (isFree(length) || length !== order.length || sorted.some((value, i) => value !== i)) {
      throw new ShapeError(`${order.length} entries on axis ${axis}, and an order that names each once`);
    }
    return [x];
  },
  emit: (emitter, node) =>
    // Gather copies whole blocks and runs on several threads, which ONNX Runtime's Slice with step -1 does not.
    emitter.simple("Gather", node, { axis: { integer: node.attributes.axis } }, [
      emitter.integers(node.attributes.order),
    ]),
  evaluate([x], { axis, order }) {
    const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const result = new Float64Array(x.data.length);
    for (let at = 0; at < x.data.length; at += inner) {
      const block = at / inner;
      const position = block % order.length;
      const from = (block - position + order[position]) * inner;
      result.set(x.data.subarray(from, from + inner), at);
    }
    return [result];
  },
  gradient(node, [gradient]) {
    const { axis, order } = node.attributes;
    const inverse = new Array<number>(order.length);
    order.forEach((from, to) => {
      inverse[from] = to;
    });
    return [gradient && permute(gradient, axis, inverse)];
  },
};

/** Entry `i` of the axis is entry `order[i]` of `x`; `order` names every entry once. */
export function permute(x: Tensor, axis: number, order: readonly number[]): Tensor {
  if (order.length === x.shape[axis] && order.every((from, to) => from === to)) return x;
  return applyOperator(permuteOperator, [x], { axis, order })[0];
}

/** `x` with the positions of one axis in reverse order. */
export function flip(x: Tensor, axis: number): Tensor {
  const length = x.shape[axis] as number;
  return permute(
    x,
    axis,
    Array.from({ length }, (_, i) => length - 1 - i),
  );
}

import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { forEachOffset } from "./broadcasting.js";

interface Order {
  readonly order: readonly number[];
}

const transposeOperator: Operator<Order> = {
  name: "transpose",
  infer([x], { order }) {
    const sorted = [...order].sort((a, b) => a - b);
    if (order.length !== x.length || sorted.some((axis, i) => axis !== i)) {
      throw new ShapeError(`${order.length} axes, each named once in the order [${order.join(", ")}]`);
    }
    return [order.map((axis) => x[axis])];
  },
  emit: (emitter, node) => emitter.simple("Transpose", node, { perm: { integers: node.attributes.order } }),
  evaluate([x], { order }, [shape]) {
    const strides = new Array<number>(x.shape.length);
    let stride = 1;
    for (let axis = x.shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= x.shape[axis];
    }
    const result = new Float64Array(x.data.length);
    forEachOffset(shape, [order.map((axis) => strides[axis])], (index, [from]) => {
      result[index] = x.data[from];
    });
    return [result];
  },
  gradient: (node, [gradient]) => [gradient && transpose(gradient, invert(node.attributes.order))],
};

function invert(order: readonly number[]): number[] {
  const inverse = new Array<number>(order.length);
  order.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** Axis `i` of the result is axis `order[i]` of `x`. A transposition of a transposition is made one. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  if (x.node?.operator === (transposeOperator as Operator<unknown>) && !x.graph.keepsOrder) {
    const first = (x.node.attributes as Order).order;
    const combined = order.map((axis) => first[axis]);
    return transpose(x.node.inputs[0], combined);
  }
  if (order.length === x.rank && order.every((axis, i) => axis === i)) return x;
  return applyOperator(transposeOperator, [x], { order })[0];
}

import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastShapes, fixedShape, type Shape, sameShape } from "../shape.js";
import { broadcastStrides, forEachOffset, sumTo } from "./broadcasting.js";

interface Target {
  readonly shape: Shape;
}

const expandOperator: Operator<Target> = {
  name: "expand",
  infer([x], { shape }) {
    const result = broadcastShapes(x, shape);
    if (result === null || !sameShape(result, shape))
      throw new ShapeError("a shape that broadcasts to the target");
    return [shape];
  },
  emit(emitter, node) {
    const [x, like] = emitter.names(node.inputs);
    const shape = fixedShape(node.attributes.shape);
    const target = shape ? emitter.integers(shape) : emitter.node("Shape", [like])[0];
    emitter.node("Expand", [x, target], {}, emitter.names(node.outputs));
  },
  evaluate([x], _attributes, [shape]) {
    const result = new Float64Array(shape.reduce((a, b) => a * b, 1));
    forEachOffset(shape, [broadcastStrides(x.shape, shape)], (index, [from]) => {
      result[index] = x.data[from];
    });
    return [result];
  },
  gradient: (node, [gradient]) => [gradient && sumTo(gradient, node.inputs[0].shape), null],
};

/** Repeats `x` along its axes of length 1 until it has the shape of `like`. */
export function expand(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x;
  const inputs = fixedShape(like.shape) ? [x] : [x, like];
  return applyOperator(expandOperator, inputs, { shape: like.shape })[0];
}

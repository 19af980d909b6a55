import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { elementCount, formatShape, isFree, type Shape, sameDimension, sameShape } from "../shape.js";

interface Target {
  readonly shape: Shape;
}

const reshapeOperator: Operator<Target> = {
  name: "reshape",
  infer([x], { shape }) {
    if (!sameDimension(elementCount(x), elementCount(shape))) {
      throw new ShapeError(`as many elements as ${formatShape(shape)} has`);
    }
    return [shape];
  },
  emit: (emitter, node) =>
    emitter.simple("Reshape", node, {}, [
      emitter.integers(node.attributes.shape.map((length) => (isFree(length) ? -1 : length))),
    ]),
  evaluate: ([x]) => [x.data.slice()],
  gradient: (node, [gradient]) => [gradient && reshape(gradient, node.inputs[0].shape)],
};

/** The tensor that `x` is a reshape of, or null; also null in graphs that keep their order. */
export function beforeReshape(x: Tensor): Tensor | null {
  if (x.graph.keepsOrder) return null;
  return x.node?.operator === (reshapeOperator as Operator<unknown>) ? x.node.inputs[0] : null;
}

/** The same values in row-major order under another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const inner = beforeReshape(x) ?? x;
  if (sameShape(inner.shape, shape)) return inner;
  return applyOperator(reshapeOperator, [inner], { shape })[0];
}

/** [N, everything else]. */
export function flatten(x: Tensor): Tensor {
  return reshape(x, [x.shape[0], elementCount(x.shape.slice(1))]);
}

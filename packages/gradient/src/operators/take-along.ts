import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, type ReferenceTensor, ShapeError } from "../operator.js";
import { isFree, type Shape, sameDimension } from "../shape.js";

interface Along {
  readonly axis: number;
}

function checkShapes(x: Shape, indices: Shape, axis: number): void {
  const fits =
    x.length === indices.length &&
    x[axis] !== undefined &&
    !isFree(x[axis]) &&
    !isFree(indices[axis]) &&
    x.every((length, i) => i === axis || sameDimension(length, indices[i]));
  if (!fits) throw new ShapeError(`indices of the values' shape but for the fixed axis ${axis}`);
}

/** Calls `visit` with the place of each index and the place it points to. */
function forEachPlace(
  indices: ReferenceTensor,
  axis: number,
  length: number,
  visit: (index: number, at: number) => void,
): void {
  const inner = indices.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const taken = indices.shape[axis];
  indices.data.forEach((at, i) => {
    const outer = Math.floor(i / (inner * taken));
    visit(i, (outer * length + at) * inner + (i % inner));
  });
}

const takeOperator: Operator<Along> = {
  name: "takeAlong",
  infer([x, indices], { axis }) {
    checkShapes(x, indices, axis);
    return [indices];
  },
  emit(emitter, node) {
    const [x, indices] = emitter.names(node.inputs);
    const [whole] = emitter.node("Cast", [indices], { to: { integer: 6 } });
    const attributes = { axis: { integer: node.attributes.axis } };
    emitter.node("GatherElements", [x, whole], attributes, emitter.names(node.outputs));
  },
  evaluate([x, indices], { axis }) {
    const result = new Float64Array(indices.data.length);
    forEachPlace(indices, axis, x.shape[axis], (i, at) => {
      result[i] = x.data[at];
    });
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient || !needed[0]) return [null, null];
    const [x, indices] = node.inputs;
    return [applyOperator(placeOperator, [gradient, indices, x], node.attributes)[0], null];
  },
};

/** The adjoint: values added up where their indices point; the third input gives the shape. */
const placeOperator: Operator<Along> = {
  name: "placeAlong",
  infer([values, indices, like], { axis }) {
    checkShapes(like, indices, axis);
    if (values.length !== indices.length) throw new ShapeError("a value an index");
    return [like];
  },
  emit(emitter, node) {
    const [values, indices, like] = emitter.names(node.inputs);
    const [whole] = emitter.node("Cast", [indices], { to: { integer: 7 } });
    const [shape] = emitter.node("Shape", [like]);
    const [zeros] = emitter.node("Expand", [emitter.scalar(0), shape]);
    emitter.node(
      "ScatterElements",
      [zeros, whole, values],
      { axis: { integer: node.attributes.axis }, reduction: { text: "add" } },
      emitter.names(node.outputs),
    );
  },
  evaluate([values, indices, like], { axis }) {
    const result = new Float64Array(like.data.length);
    forEachPlace(indices, axis, like.shape[axis], (i, at) => {
      result[at] += values.data[i];
    });
    return [result];
  },
};

/**
 * Entries along an axis by numbers of their own for every place on the others, as numpy's take_along_axis.
 * @param x any shape with a fixed length R on the axis
 * @param indices x's shape but for the axis; whole numbers from 0 to R - 1, exact in float32 up to 2^24
 * @returns the shape of the indices
 */
export function takeAlong(
  x: Tensor,
  indices: Tensor,
  options: { readonly axis: number; readonly name?: string },
): Tensor {
  const { axis, name = "takeAlong" } = options;
  return applyOperator(takeOperator, [x, indices], { axis }, name)[0];
}

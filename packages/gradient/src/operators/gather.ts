import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";

const gatherOperator: Operator<null> = {
  name: "gatherRows",
  infer([x, rows]) {
    if (x.length !== 2 || x.some(isFree)) throw new ShapeError("a table [rows, columns] of fixed size");
    return [[...rows, x[1]]];
  },
  emit(emitter, node) {
    const [x, rows] = emitter.names(node.inputs);
    const [indices] = emitter.node("Cast", [rows], { to: { integer: 7 } });
    emitter.node("Gather", [x, indices], { axis: { integer: 0 } }, emitter.names(node.outputs));
  },
  evaluate([x, rows], _attributes, [shape]) {
    const columns = x.shape[1];
    const result = new Float64Array(shape.reduce((a, b) => a * b, 1));
    rows.data.forEach((row, i) => {
      result.set(x.data.subarray(row * columns, (row + 1) * columns), i * columns);
    });
    return [result];
  },
};

/**
 * Rows of a table by their numbers, which an input of the graph gives. Has no gradient: it serves prediction.
 * @param x [R, columns]
 * @param rows any shape; whole numbers from 0 to R - 1, exact in float32 up to 2^24
 * @returns [...shape of rows, columns]
 */
export function gatherRows(x: Tensor, rows: Tensor): Tensor {
  return applyOperator(gatherOperator, [x, rows], null)[0];
}

import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastShapes } from "../shape.js";
import { broadcastStrides, forEachOffset, sumTo } from "./broadcasting.js";
import { negate, passWithin } from "./pointwise.js";

type PairGradient = (a: Tensor, b: Tensor, output: Tensor, gradient: Tensor, which: 0 | 1) => Tensor;

/** Operators on two tensors, element by element, with numpy's broadcasting. */
function definePair(
  name: string,
  onnxType: string,
  compute: (a: number, b: number) => number,
  gradientOf: PairGradient,
): Operator<null> {
  return {
    name,
    elementwise: true,
    infer([a, b]) {
      const shape = broadcastShapes(a, b);
      if (shape === null)
        throw new ShapeError("shapes that are equal, or 1 where they differ, from the last axis");
      return [shape];
    },
    emit: (emitter, node) => emitter.simple(onnxType, node),
    evaluate([a, b], _attributes, [shape]) {
      const result = new Float64Array(shape.reduce((x, y) => x * y, 1));
      const strides = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
      forEachOffset(shape, strides, (index, [i, j]) => {
        result[index] = compute(a.data[i], b.data[j]);
      });
      return [result];
    },
    gradient(node, [gradient], needed) {
      const [a, b] = node.inputs;
      return ([0, 1] as const).map((which) =>
        needed[which] && gradient
          ? sumTo(gradientOf(a, b, node.outputs[0], gradient, which), node.inputs[which].shape)
          : null,
      );
    },
  };
}

const addition = definePair(
  "add",
  "Add",
  (a, b) => a + b,
  (_a, _b, _y, gradient) => gradient,
);
const subtraction = definePair(
  "subtract",
  "Sub",
  (a, b) => a - b,
  (_a, _b, _y, gradient, which) => (which === 0 ? gradient : negate(gradient)),
);
const multiplication = definePair(
  "multiply",
  "Mul",
  (a, b) => a * b,
  (a, b, _y, gradient, which) => multiply(gradient, which === 0 ? b : a),
);
const division = definePair(
  "divide",
  "Div",
  (a, b) => a / b,
  (_a, b, y, gradient, which) => {
    const share = divide(gradient, b);
    return which === 0 ? share : negate(multiply(share, y));
  },
);
// Where both are equal neither gets the gradient: a bound that is just reached counts as clipping.
const larger = definePair("maximum", "Max", Math.max, (a, b, _y, gradient, which) =>
  which === 0
    ? passWithin(gradient, subtract(a, b), 0, Number.POSITIVE_INFINITY)
    : passWithin(gradient, subtract(b, a), 0, Number.POSITIVE_INFINITY),
);
const smaller = definePair("minimum", "Min", Math.min, (a, b, _y, gradient, which) =>
  which === 0
    ? passWithin(gradient, subtract(b, a), 0, Number.POSITIVE_INFINITY)
    : passWithin(gradient, subtract(a, b), 0, Number.POSITIVE_INFINITY),
);

type Operand = Tensor | number;

function pair(operator: Operator<null>, a: Operand, b: Operand): Tensor {
  const graph = (typeof a === "number" ? (b as Tensor) : a).graph;
  const left = typeof a === "number" ? graph.scalar(a) : a;
  const right = typeof b === "number" ? graph.scalar(b) : b;
  return applyOperator(operator, [left, right], null)[0];
}

/** a + b, broadcast; numbers stand for constants. */
export const add = (a: Operand, b: Operand): Tensor => pair(addition, a, b);
/** a - b, broadcast. */
export const subtract = (a: Operand, b: Operand): Tensor => pair(subtraction, a, b);
/** a * b, broadcast. */
export const multiply = (a: Operand, b: Operand): Tensor => pair(multiplication, a, b);
/** a / b, broadcast. */
export const divide = (a: Operand, b: Operand): Tensor => pair(division, a, b);
/** The larger of a and b, broadcast. */
export const maximum = (a: Operand, b: Operand): Tensor => pair(larger, a, b);
/** The smaller of a and b, broadcast. */
export const minimum = (a: Operand, b: Operand): Tensor => pair(smaller, a, b);

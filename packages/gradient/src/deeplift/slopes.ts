import { applyOperator, type Node, type Tensor } from "../graph.js";
import type { Operator } from "../operator.js";
import { ShapeError } from "../operator.js";
import { add, divide, maximum, multiply, subtract } from "../operators/arithmetic.js";
import { broadcastStrides, forEachOffset } from "../operators/broadcasting.js";
import { expand } from "../operators/expand.js";
import { absolute, tanh } from "../operators/pointwise.js";
import { broadcastShapes } from "../shape.js";

// Slopes of secants: (f(a) - f(b)) / (a - b), the multiplier of the rescale rule (Shrikumar et al. 2017, section 3.5.2).
// They are written so that nothing is lost where a and b are close; where both are equal they are the derivative.

/**
 * Where |a - b| is below this, functions without a formula of their own take the derivative halfway between a and b: it
 * differs from the secant's slope by less than a tenth of a millionth of f''' / f', float32 quotients by more.
 */
export const NEAR = 1e-3;

/** Added to denominators that may be 0; far below what float32 keeps of any difference of activations. */
export const TINY = 1e-20;

const rectifierOperator: Operator<null> = {
  name: "rectifierSlope",
  infer([a, b]) {
    const shape = broadcastShapes(a, b);
    if (shape === null) throw new ShapeError("shapes that broadcast");
    return [shape];
  },
  emit(emitter, node) {
    // max(a, b) / |a - b|, clipped to [0, 1]: 1 where both are positive, 0 where none is, else the share above 0.
    const [a, b] = emitter.names(node.inputs);
    const [larger] = emitter.node("Max", [a, b]);
    const [distance] = emitter.node("Abs", [emitter.node("Sub", [a, b])[0]]);
    const [above] = emitter.node("Add", [distance, emitter.scalar(TINY)]);
    const [share] = emitter.node("Div", [larger, above]);
    emitter.node(
      "HardSigmoid",
      [share],
      { alpha: { float: 1 }, beta: { float: 0 } },
      emitter.names(node.outputs),
    );
  },
  evaluate([a, b], _attributes, [shape]) {
    const result = new Float64Array(shape.reduce((x, y) => x * y, 1));
    const strides = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
    forEachOffset(shape, strides, (index, [i, j]) => {
      const [from, to] = [b.data[j], a.data[i]];
      result[index] = from === to ? Number(from > 0) : (Math.max(0, to) - Math.max(0, from)) / (to - from);
    });
    return [result];
  },
};

/** The slope of max(0, x) between a and b; 0 where both are 0. */
export function rectifierSlope(a: Tensor, b: Tensor): Tensor {
  return applyOperator(rectifierOperator, [a, b], null)[0];
}

const quotientOperator: Operator<null> = {
  name: "secantSlope",
  infer: ([, , , , slope]) => [slope],
  emit(emitter, node) {
    const [a, b, ofA, ofB, slope] = emitter.names(node.inputs);
    const [distance] = emitter.node("Sub", [a, b]);
    const [isNear] = emitter.node("Less", [emitter.node("Abs", [distance])[0], emitter.scalar(NEAR)]);
    const [safe] = emitter.node("Where", [isNear, emitter.scalar(1), distance]);
    const [quotient] = emitter.node("Div", [emitter.node("Sub", [ofA, ofB])[0], safe]);
    emitter.node("Where", [isNear, slope, quotient], {}, emitter.names(node.outputs));
  },
  evaluate([a, b, ofA, ofB, slope], _attributes, [shape]) {
    const strides = [a, b, ofA, ofB].map((tensor) => broadcastStrides(tensor.shape, shape));
    const result = new Float64Array(slope.data.length);
    forEachOffset(shape, strides, (index, [i, j, k, l]) => {
      const distance = a.data[i] - b.data[j];
      result[index] = Math.abs(distance) < NEAR ? slope.data[index] : (ofA.data[k] - ofB.data[l]) / distance;
    });
    return [result];
  },
};

/** A place on a function's curve. */
export interface Place {
  readonly x: Tensor;
  /** f(x); computed where absent. */
  readonly y?: Tensor;
}

/** The slope between two places of the function that a node with one input computes. */
export function slopeBetween(node: Node, a: Place, b: Place): Tensor {
  const valueAt = ({ x, y }: Place) => y ?? applyOperator(node.operator, [x], node.attributes, node.label)[0];
  switch (node.operator.name) {
    case "relu":
      return rectifierSlope(a.x, b.x);
    case "leakyRelu": {
      const { alpha } = node.attributes as { readonly alpha: number };
      return add(multiply(rectifierSlope(a.x, b.x), 1 - alpha), alpha);
    }
    case "absolute":
      return subtract(multiply(rectifierSlope(a.x, b.x), 2), 1);
    case "hardSigmoid":
      return hardSigmoidSlope(a.x, b.x);
    case "sigmoid":
      return sigmoidSlope(a.x, b.x, valueAt(a), valueAt(b));
    case "tanh":
      return tanhSlope(a.x, b.x, valueAt(a), valueAt(b));
    case "exp":
      return expSlope(a.x, b.x, valueAt(a), valueAt(b));
    case "sqrt":
      return divide(1, add(valueAt(a), valueAt(b)));
    default:
      return quotientSlope(node, { x: a.x, y: valueAt(a) }, { x: b.x, y: valueAt(b) });
  }
}

/** Of 0.2 x + 0.5 clipped to [0, 1], which is a difference of two rectifiers. */
export function hardSigmoidSlope(a: Tensor, b: Tensor): Tensor {
  const step = (limit: number) => rectifierSlope(add(divide(a, 5), limit), add(divide(b, 5), limit));
  return divide(subtract(step(0.5), step(-0.5)), 5);
}

/** tanh a - tanh b = tanh(a - b) (1 - tanh a tanh b). */
export function tanhSlope(a: Tensor, b: Tensor, ofA: Tensor, ofB: Tensor): Tensor {
  return multiply(tanhOverItself(subtract(a, b)), subtract(1, multiply(ofA, ofB)));
}

/** The same for (1 + tanh(x / 2)) / 2. */
export function sigmoidSlope(a: Tensor, b: Tensor, ofA: Tensor, ofB: Tensor): Tensor {
  const product = multiply(ofA, ofB);
  const spread = subtract(multiply(add(ofA, ofB), 0.5), product);
  return multiply(tanhOverItself(multiply(subtract(a, b), 0.5)), spread);
}

/** e^a - e^b = (e^a + e^b) tanh((a - b) / 2). */
export function expSlope(a: Tensor, b: Tensor, ofA: Tensor, ofB: Tensor): Tensor {
  return multiply(tanhOverItself(multiply(subtract(a, b), 0.5)), multiply(add(ofA, ofB), 0.5));
}

/** tanh(d) / d, 1 at 0. */
function tanhOverItself(distance: Tensor): Tensor {
  const size = maximum(absolute(distance), 1e-6);
  return divide(tanh(size), size);
}

function quotientSlope(node: Node, a: Required<Place>, b: Required<Place>): Tensor {
  const halfway = multiply(add(a.x, b.x), 0.5);
  const outputs = applyOperator(node.operator, [halfway], node.attributes, node.label);
  const ones = expand(halfway.graph.scalar(1), halfway);
  const there = { ...node, inputs: [halfway], outputs };
  const [slope] = node.operator.gradient!(there, [ones], [true]);
  return applyOperator(quotientOperator, [a.x, b.x, a.y, b.y, slope!], null)[0];
}

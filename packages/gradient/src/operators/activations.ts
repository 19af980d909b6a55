import { BindscapeError, errorFunction } from "@bindscape/numerics";
import { applyOperator, type Tensor } from "../graph.js";
import type { Operator } from "../operator.js";
import { add, minimum, multiply } from "./arithmetic.js";
import { definePoint, exp, negate, passWithin, tanh } from "./pointwise.js";

/** The error function. */
export const erf = definePoint("erf", "Erf", errorFunction, (x, _y, gradient) =>
  multiply(multiply(gradient, 2 / Math.sqrt(Math.PI)), exp(negate(multiply(x, x)))),
);

/**
 * x times the normal distribution function at x (Hendrycks and Gimpel 2016).
 * @param options `approximation: "tanh"` takes x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 instead
 */
export function gelu(x: Tensor, options: { readonly approximation?: "none" | "tanh" } = {}): Tensor {
  if (options.approximation === "tanh") {
    const cubed = multiply(x, multiply(x, x));
    const inner = multiply(add(x, multiply(cubed, 0.044715)), Math.sqrt(2 / Math.PI));
    return multiply(multiply(x, 0.5), add(tanh(inner), 1));
  }
  return multiply(multiply(x, 0.5), add(erf(multiply(x, Math.SQRT1_2)), 1));
}

interface Slope {
  readonly alpha: number;
}

const above = (gradient: Tensor, x: Tensor, limit = 0) =>
  passWithin(gradient, x, limit, Number.POSITIVE_INFINITY);

const eluOperator: Operator<Slope> = {
  name: "elu",
  elementwise: true,
  infer: ([x]) => [x],
  emit: (emitter, node) => emitter.simple("Elu", node, { alpha: { float: node.attributes.alpha } }),
  evaluate: ([x], { alpha }) => [x.data.map((value) => (value > 0 ? value : alpha * Math.expm1(value)))],
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const { alpha } = node.attributes;
    // Below 0 the slope is alpha e^x = y + alpha; where alpha is 1 that meets the 1 above 0.
    const [x] = node.inputs;
    const [y] = node.outputs;
    if (alpha === 1) return [multiply(gradient, add(minimum(y, 0), 1))];
    const below = multiply(gradient, add(minimum(y, 0), alpha));
    return [add(below, multiply(above(gradient, x), 1 - alpha))];
  },
};

/** x above 0, alpha (e^x - 1) below (Clevert et al. 2016). @param options `alpha`, default 1 */
export function elu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  const { alpha = 1 } = options;
  checkFinite("elu", "alpha", alpha);
  return applyOperator(eluOperator, [x], { alpha })[0];
}

const leakyReluOperator: Operator<Slope> = {
  name: "leakyRelu",
  elementwise: true,
  infer: ([x]) => [x],
  emit: (emitter, node) => emitter.simple("LeakyRelu", node, { alpha: { float: node.attributes.alpha } }),
  evaluate: ([x], { alpha }) => [x.data.map((value) => (value > 0 ? value : alpha * value))],
  gradient(node, [gradient]) {
    if (!gradient) return [null];
    const { alpha } = node.attributes;
    return [add(multiply(gradient, alpha), multiply(above(gradient, node.inputs[0]), 1 - alpha))];
  },
};

/** x above 0, alpha x below. @param options `alpha`, default 0.01 */
export function leakyRelu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  const { alpha = 0.01 } = options;
  checkFinite("leakyRelu", "alpha", alpha);
  return applyOperator(leakyReluOperator, [x], { alpha })[0];
}

interface Threshold {
  readonly limit: number;
  readonly value: number;
}

const thresholdOperator: Operator<Threshold> = {
  name: "threshold",
  elementwise: true,
  infer: ([x]) => [x],
  emit(emitter, node) {
    const [x] = emitter.names(node.inputs);
    const { limit, value } = node.attributes;
    const [passes] = emitter.node("Greater", [x, emitter.scalar(limit)]);
    emitter.node("Where", [passes, x, emitter.scalar(value)], {}, emitter.names(node.outputs));
  },
  evaluate: ([x], { limit, value }) => [x.data.map((entry) => (entry > limit ? entry : value))],
  gradient: (node, [gradient]) => [gradient && above(gradient, node.inputs[0], node.attributes.limit)],
};

/** x above `limit` (default 0), else `value` (default 0), as Torch's Threshold. */
export function threshold(
  x: Tensor,
  options: { readonly limit?: number; readonly value?: number } = {},
): Tensor {
  const { limit = 0, value = 0 } = options;
  checkFinite("threshold", "limit", limit);
  checkFinite("threshold", "value", value);
  return applyOperator(thresholdOperator, [x], { limit, value })[0];
}

function checkFinite(operator: string, option: string, value: number): void {
  if (!Number.isFinite(value))
    throw new BindscapeError({ source: operator, found: `${option} ${value}`, expected: "a finite number" });
}

import type { Tensor } from "../graph.js";
import type { OnnxEmitter } from "../onnx/emitter.js";
import { type Dimension, scaleDimension } from "../shape.js";
import { add, multiply, subtract } from "./arithmetic.js";
import { split, stack } from "./concatenate.js";
import { expand } from "./expand.js";
import { matrixProduct } from "./matrix-product.js";
import { flip } from "./permute.js";
import { hardSigmoid, passWithin, sigmoid } from "./pointwise.js";
import { reshape } from "./reshape.js";
import { padZeros, slice } from "./slice.js";

// What recurrent layers share. Layout of states and gates: [directions, steps, samples, values], in the order in which
// each direction goes through its steps (the backward direction's step 0 is the last position), so that both
// directions are one batched product. Of one direction alone it is the forward one.

export type GateActivation = "sigmoid" | "hard-sigmoid";

/** A gate's activation in float64. */
export const gateFunction = {
  sigmoid: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  "hard-sigmoid": (x: number) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
} as const;

/** A gate's activation as an operator. */
export const gateOperator = { sigmoid, "hard-sigmoid": hardSigmoid } as const;

/** The slope of a gate's activation, from its value y. */
export function gateSlope(activation: GateActivation, y: Tensor): Tensor {
  return activation === "sigmoid"
    ? multiply(y, subtract(1, y))
    : passWithin(expand(y.graph.scalar(0.2), y), y, 0, 1);
}

/** Writes a gate's activation. */
export function emitGate(
  emitter: OnnxEmitter,
  activation: GateActivation,
  x: string,
  output: string = emitter.temporary(),
): string {
  return activation === "sigmoid"
    ? emitter.node("Sigmoid", [x], {}, [output])[0]
    : emitter.node("HardSigmoid", [x], { alpha: { float: 0.2 }, beta: { float: 0.5 } }, [output])[0];
}

/** What ONNX's recurrent operators need to know of directions and gate activations. */
export function fusedAttributes(
  directions: Dimension,
  gateActivation: GateActivation,
  others: readonly string[],
) {
  const gate = gateActivation === "sigmoid" ? "Sigmoid" : "HardSigmoid";
  const each = <T>(value: T) => Array.from({ length: directions as number }, () => value);
  return {
    direction: { text: directions === 2 ? "bidirectional" : "forward" },
    activations: { texts: each([gate, ...others]).flat() },
    // Alpha and beta are listed only for the functions that have them, forward direction first.
    ...(gate === "Sigmoid"
      ? {}
      : { activation_alpha: { floats: each(0.2) }, activation_beta: { floats: each(0.5) } }),
  };
}

/** [T, N, I] -> [D, T, N, I]: as each direction goes through it. */
export function byEachDirection(x: Tensor, directions: Dimension): Tensor {
  return directions === 1 ? reshape(x, [1, ...x.shape]) : stack([x, flip(x, 0)], 0);
}

/** The sum of what all directions say about x: [D, T, N, I] -> [T, N, I]. */
export function sumOfDirections(x: Tensor): Tensor {
  if (x.shape[0] === 1) return reshape(x, x.shape.slice(1));
  const [forward, backward] = split(x, 0, [1, 1]).map((part) => reshape(part, part.shape.slice(1)));
  return add(forward, flip(backward, 0));
}

/** [T, D, N, H] -> [D, T, N, H] with the backward direction's steps in its own order. */
export function byDirection(y: Tensor): Tensor {
  const [steps, directions, samples, units] = y.shape;
  if (directions === 1) return reshape(y, [1, steps, samples, units]);
  const [forward, backward] = split(y, 1, [1, 1]).map((part) => reshape(part, [steps, samples, units]));
  return stack([forward, flip(backward, 0)], 0);
}

/** The inverse of {@link byDirection}: [D, T, N, H] -> [T, D, N, H]. */
export function byPosition(states: Tensor): Tensor {
  const [directions, steps, samples, units] = states.shape;
  if (directions === 1) return reshape(states, [steps, 1, samples, units]);
  const [forward, backward] = split(states, 0, [1, 1]).map((part) => reshape(part, part.shape.slice(1)));
  return stack([forward, flip(backward, 0)], 1);
}

/** [D, T, N, X] as [D, T N, X]: all steps in one product. */
function merged(x: Tensor): Tensor {
  const [directions, steps, samples, values] = x.shape;
  return reshape(x, [directions, scaleDimension(samples, steps as number), values]);
}

/** [D, T, N, X] times kernels [D, G, X] plus biases [D, G], all steps in one product. */
export function projectSteps(x: Tensor, kernels: Tensor, bias: Tensor): Tensor {
  const [directions, steps, samples] = x.shape;
  const gates = kernels.shape[1];
  const products = matrixProduct(merged(x), kernels, { transposeB: true });
  const sums = add(products, reshape(bias, [directions, 1, gates]));
  return reshape(sums, [directions, steps, samples, gates]);
}

/** Gradients of the gates' sums [D, T, N, G] back through kernels [D, G, X]. */
export function projectBack(sums: Tensor, kernels: Tensor): Tensor {
  const [directions, steps, samples] = sums.shape;
  return reshape(matrixProduct(merged(sums), kernels), [directions, steps, samples, kernels.shape[2]]);
}

/** [D, G, X] from the gradients of the gates' sums [D, T, N, G] and what was multiplied [D, T, N, X]. */
export function kernelGradientOf(sums: Tensor, inputs: Tensor): Tensor {
  return matrixProduct(merged(sums), merged(inputs), { transposeA: true });
}

/** The states one step earlier; zeros before the first. */
export function previousSteps(states: Tensor): Tensor {
  const steps = states.shape[1] as number;
  if (steps === 1) return multiply(states, 0);
  return padZeros(slice(states, { axis: 1, start: 0, end: steps - 1 }), { axis: 1, before: 1, after: 0 });
}

/** [D, N, H], the same at every step, to stand beside [D, T, N, H]. */
export function atEveryStep(mask: Tensor): Tensor {
  return reshape(mask, [mask.shape[0], 1, mask.shape[1], mask.shape[2]]);
}

/** One tensor [D, 1, N, values] a step: a step's axis stays, so that nothing needs reshaping. */
export function splitSteps(emitter: OnnxEmitter, x: string, steps: number): string[] {
  return [...emitter.split(x, 1, new Array(steps).fill(1))];
}

/** [D, A, B] as [D, 1, A, B]. */
export function asStep(emitter: OnnxEmitter, x: string): string {
  return emitter.node("Unsqueeze", [x, emitter.integers([1])])[0];
}

/** [D, A, B] as [D, 1, B, A]: a kernel ready to be multiplied by a step's states. */
export function transposedKernel(emitter: OnnxEmitter, kernel: string): string {
  return emitter.node("Transpose", [asStep(emitter, kernel)], { perm: { integers: [0, 1, 3, 2] } })[0];
}

export function joinSteps(emitter: OnnxEmitter, parts: readonly string[], output: string): void {
  emitter.concatenate(parts, 1, output);
}

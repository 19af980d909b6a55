import { applyOperator, type Tensor } from "../graph.js";
import type { OnnxAttribute } from "../onnx/emitter.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, sameDimension, scaleDimension } from "../shape.js";
import { add, multiply } from "./arithmetic.js";
import { concatenate, split, stack } from "./concatenate.js";
import {
  type GateActivation,
  kernelGradientOf,
  lstmCells,
  lstmRecurrence,
  lstmRecurrenceGradient,
  previousSteps,
} from "./lstm-recurrence.js";
import { matrixProduct } from "./matrix-product.js";
import { flip } from "./permute.js";
import { hardSigmoid, sigmoid, tanh } from "./pointwise.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";

interface Fused {
  readonly gateActivation: GateActivation;
}

/**
 * Both directions of an LSTM as the one ONNX operator. Inputs: x [T, N, I], input kernels [2, 4H, I], recurrent
 * kernels [2, 4H, H], biases [2, 4H]; output [T, 2, N, H].
 */
const fusedOperator: Operator<Fused> = {
  name: "lstm",
  infer([x, kernel, recurrent, bias]) {
    const units = recurrent[2];
    const fits =
      x.length === 3 &&
      !isFree(x[0]) &&
      sameDimension(kernel[2], x[2]) &&
      kernel[1] === 4 * (units as number) &&
      recurrent[1] === kernel[1] &&
      bias[1] === kernel[1];
    if (!fits) throw new ShapeError("x [T, N, I], kernels [2, 4H, I] and [2, 4H, H] and biases [2, 4H]");
    return [[x[0], 2, x[1], units]];
  },
  emit(emitter, node) {
    const [x, kernel, recurrent, bias] = emitter.names(node.inputs);
    const units = node.outputs[0].shape[3] as number;
    const gate = node.attributes.gateActivation === "sigmoid" ? "Sigmoid" : "HardSigmoid";
    // ONNX has a second bias, on the recurrent part.
    const pads = emitter.integers([0, 0, 0, 4 * units]);
    const [biases] = emitter.node("Pad", [bias, pads]);
    // Alpha and beta are listed only for the functions that have them, forward direction first.
    const constants: Record<string, OnnxAttribute> =
      gate === "Sigmoid"
        ? {}
        : { activation_alpha: { floats: [0.2, 0.2] }, activation_beta: { floats: [0.5, 0.5] } };
    emitter.node(
      "LSTM",
      [x, kernel, recurrent, biases],
      {
        direction: { text: "bidirectional" },
        hidden_size: { integer: units },
        activations: { texts: [gate, "Tanh", "Tanh", gate, "Tanh", "Tanh"] },
        ...constants,
      },
      emitter.names(node.outputs),
    );
  },
  evaluate([x, kernel, recurrent, bias], { gateActivation }, [[steps, , samples, units]]) {
    const inputs = x.shape[2];
    const result = new Float64Array(steps * 2 * samples * units);
    const gateOf = (value: number) =>
      gateActivation === "sigmoid" ? 1 / (1 + Math.exp(-value)) : Math.min(1, Math.max(0, 0.2 * value + 0.5));
    for (let d = 0; d < 2; d++) {
      for (let n = 0; n < samples; n++) {
        let hidden = new Float64Array(units);
        const cell = new Float64Array(units);
        for (let step = 0; step < steps; step++) {
          const t = d === 0 ? step : steps - 1 - step;
          const sums = new Float64Array(4 * units);
          for (let k = 0; k < 4 * units; k++) {
            const row = d * 4 * units + k;
            sums[k] = bias.data[row];
            for (let j = 0; j < inputs; j++)
              sums[k] += kernel.data[row * inputs + j] * x.data[(t * samples + n) * inputs + j];
            for (let j = 0; j < units; j++) sums[k] += recurrent.data[row * units + j] * hidden[j];
          }
          hidden = new Float64Array(units);
          for (let j = 0; j < units; j++) {
            const [i, o, f] = [0, 1, 2].map((gate) => gateOf(sums[gate * units + j]));
            cell[j] = f * cell[j] + i * Math.tanh(sums[3 * units + j]);
            hidden[j] = o * Math.tanh(cell[j]);
          }
          result.set(hidden, ((t * 2 + d) * samples + n) * units);
        }
      }
    }
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return [null, null, null, null];
    const [x, kernel, recurrent, bias] = node.inputs;
    const { gateActivation } = node.attributes;
    const inputs = x.shape[2] as number;
    const units = recurrent.shape[2] as number;
    // All gates of all steps in one product, from what the forward pass left: its inputs and outputs.
    const hidden = byDirection(node.outputs[0]);
    const previous = previousSteps(hidden);
    const seen = concatenate([bothWays(x), previous], 3);
    const kernels = concatenate([kernel, recurrent], 2);
    const sums = projectSteps(seen, kernels, bias);
    const [i, o, f, g] = split(sums, 3, [units, units, units, units]);
    const gateOf = gateActivation === "sigmoid" ? sigmoid : hardSigmoid;
    const [input, output, forget, candidate] = [gateOf(i), gateOf(o), gateOf(f), tanh(g)];
    const cells = lstmCells(forget, multiply(input, candidate));
    const gates = [input, output, forget, candidate];
    const backward = lstmRecurrenceGradient(
      byDirection(gradient),
      gates,
      cells,
      recurrent,
      null,
      gateActivation,
    );
    const [kernelGradient, recurrentGradient] = split(kernelGradientOf(backward, seen), 2, [inputs, units]);
    return [
      needed[0] ? fromBothWays(projectBack(backward, kernel)) : null,
      needed[1] ? kernelGradient : null,
      needed[2] ? recurrentGradient : null,
      needed[3] ? reshape(reduceSum(backward, [1, 2]), bias.shape) : null,
    ];
  },
};

/** [T, N, I] -> [2, T, N, I]: as the forward and as the backward direction go through it. */
function bothWays(x: Tensor): Tensor {
  return stack([x, flip(x, 0)], 0);
}

/** The sum of what both directions say about x: [2, T, N, I] -> [T, N, I]. */
function fromBothWays(x: Tensor): Tensor {
  const [forward, backward] = split(x, 0, [1, 1]).map((part) => reshape(part, part.shape.slice(1)));
  return add(forward, flip(backward, 0));
}

/** [T, 2, N, H] -> [2, T, N, H] with the backward direction's steps in its own order. */
function byDirection(y: Tensor): Tensor {
  const [steps, , samples, units] = y.shape;
  const [forward, backward] = split(y, 1, [1, 1]).map((part) => reshape(part, [steps, samples, units]));
  return stack([forward, flip(backward, 0)], 0);
}

/** The inverse of {@link byDirection}: [2, T, N, H] -> [T, 2, N, H]. */
function byPosition(states: Tensor): Tensor {
  const [forward, backward] = split(states, 0, [1, 1]).map((part) => reshape(part, part.shape.slice(1)));
  return stack([forward, flip(backward, 0)], 1);
}

/** [2, T, N, X] times kernels [2, 4H, X] plus biases [2, 4H], all steps in one product. */
function projectSteps(x: Tensor, kernels: Tensor, bias: Tensor): Tensor {
  const [directions, steps, samples, values] = x.shape;
  const merged = reshape(x, [directions, scaleDimension(samples, steps as number), values]);
  const gates = kernels.shape[1];
  const sums = add(
    matrixProduct(merged, kernels, { transposeB: true }),
    reshape(bias, [directions, 1, gates]),
  );
  return reshape(sums, [directions, steps, samples, gates]);
}

/** Gradients of the gates' sums [2, T, N, 4H] back through kernels [2, 4H, X]. */
function projectBack(sums: Tensor, kernels: Tensor): Tensor {
  const [directions, steps, samples, gates] = sums.shape;
  const merged = reshape(sums, [directions, scaleDimension(samples, steps as number), gates]);
  return reshape(matrixProduct(merged, kernels), [directions, steps, samples, kernels.shape[2]]);
}

/**
 * Both directions of an LSTM. Without a mask on the hidden state this is ONNX's fused operator, and its backward
 * pass recomputes the gates; with one, and where the device has no such operator, it is unrolled and keeps them.
 * @param x [T, N, I] @param recurrentMask [2, N, H] or null
 * @returns [T, 2, N, H]
 */
export function lstmBothDirections(
  x: Tensor,
  kernel: Tensor,
  recurrent: Tensor,
  bias: Tensor,
  recurrentMask: Tensor | null,
  gateActivation: GateActivation,
  label: string,
): Tensor {
  if (recurrentMask === null && x.graph.traits.fusedRecurrence) {
    return applyOperator(fusedOperator, [x, kernel, recurrent, bias], { gateActivation }, label)[0];
  }
  const projected = projectSteps(bothWays(x), kernel, bias);
  const [hidden] = lstmRecurrence(projected, recurrent, recurrentMask, gateActivation, label);
  return byPosition(hidden);
}

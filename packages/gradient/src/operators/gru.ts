import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, sameDimension } from "../shape.js";
import { concatenate } from "./concatenate.js";
import { gruGradients, gruRecurrence } from "./gru-recurrence.js";
import {
  byDirection,
  byEachDirection,
  byPosition,
  fusedAttributes,
  type GateActivation,
  gateFunction,
  kernelGradientOf,
  projectBack,
  projectSteps,
  sumOfDirections,
} from "./recurrent-steps.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";

export interface GruForm {
  readonly gateActivation: GateActivation;
  /** Whether the reset gate multiplies the recurrent product (cuDNN, PyTorch) or the state before it (Cho et al.). */
  readonly resetAfter: boolean;
}

/**
 * A GRU of one direction or both as the one ONNX operator. Inputs: x [T, N, I], input kernels [D, 3H, I], recurrent
 * kernels [D, 3H, H], input and recurrent biases [D, 3H]; output [T, D, N, H]. Gates in ONNX's order: update, reset,
 * candidate (z, r, n).
 */
const fusedOperator: Operator<GruForm> = {
  name: "gru",
  infer([x, kernel, recurrent, bias, recurrentBias]) {
    const units = recurrent[2];
    const fits =
      x.length === 3 &&
      !isFree(x[0]) &&
      sameDimension(kernel[2], x[2]) &&
      (kernel[0] === 1 || kernel[0] === 2) &&
      kernel[1] === 3 * (units as number) &&
      [recurrent, bias, recurrentBias].every((shape) => shape[0] === kernel[0] && shape[1] === kernel[1]);
    if (!fits) throw new ShapeError("x [T, N, I], kernels [D, 3H, I] and [D, 3H, H] and biases [D, 3H]");
    return [[x[0], kernel[0], x[1], units]];
  },
  emit(emitter, node) {
    const [x, kernel, recurrent, bias, recurrentBias] = emitter.names(node.inputs);
    const [, directions, , units] = node.outputs[0].shape;
    const { gateActivation, resetAfter } = node.attributes;
    emitter.node(
      "GRU",
      [x, kernel, recurrent, emitter.concatenate([bias, recurrentBias], 1)],
      {
        hidden_size: { integer: units as number },
        linear_before_reset: { integer: resetAfter ? 1 : 0 },
        ...fusedAttributes(directions, gateActivation, ["Tanh"]),
      },
      emitter.names(node.outputs),
    );
  },
  evaluate([x, kernel, recurrent, bias, recurrentBias], form, [[steps, directions, samples, units]]) {
    const inputs = x.shape[2];
    const result = new Float64Array(steps * directions * samples * units);
    const gateOf = gateFunction[form.gateActivation];
    for (let d = 0; d < directions; d++) {
      for (let n = 0; n < samples; n++) {
        let hidden = new Float64Array(units);
        for (let step = 0; step < steps; step++) {
          const t = d === 0 ? step : steps - 1 - step;
          const before = hidden;
          const row = (gate: number, j: number) => (d * 3 + gate) * units + j;
          const fromInput = (gate: number, j: number) => {
            let sum = bias.data[row(gate, j)];
            for (let k = 0; k < inputs; k++)
              sum += kernel.data[row(gate, j) * inputs + k] * x.data[(t * samples + n) * inputs + k];
            return sum;
          };
          const fromState = (gate: number, j: number, state: Float64Array) => {
            let sum = recurrentBias.data[row(gate, j)];
            for (let k = 0; k < units; k++) sum += recurrent.data[row(gate, j) * units + k] * state[k];
            return sum;
          };
          const reset = before.map((_, j) => gateOf(fromInput(1, j) + fromState(1, j, before)));
          const kept = before.map((value, j) => value * reset[j]);
          hidden = before.map((value, j) => {
            const update = gateOf(fromInput(0, j) + fromState(0, j, before));
            const state = form.resetAfter ? reset[j] * fromState(2, j, before) : fromState(2, j, kept);
            const candidate = Math.tanh(fromInput(2, j) + state);
            return (1 - update) * candidate + update * value;
          });
          result.set(hidden, ((t * directions + d) * samples + n) * units);
        }
      }
    }
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const [x, kernel, recurrent, bias, recurrentBias] = node.inputs;
    // All gates of all steps in products over all steps, from what the forward pass left: its inputs and outputs.
    const seen = byEachDirection(x, kernel.shape[0]);
    const projected = projectSteps(seen, kernel, bias);
    const back = gruGradients(
      { projected, recurrent, recurrentBias, mask: null, hidden: byDirection(node.outputs[0]) },
      byDirection(gradient),
      node.attributes,
    );
    return [
      needed[0] ? sumOfDirections(projectBack(back.projected, kernel)) : null,
      needed[1] ? kernelGradientOf(back.projected, seen) : null,
      needed[2] ? back.recurrent() : null,
      needed[3] ? reshape(reduceSum(back.projected, [1, 2]), bias.shape) : null,
      needed[4] ? back.recurrentBias() : null,
    ];
  },
};

/**
 * A GRU of one direction (forward) or both. Where nothing stands against it this is ONNX's fused operator.
 * @param x [T, N, I]
 * @param options `recurrentMask` [D, N, H]; `pass` [T, N, 1], a large number where the state is to pass over a position
 *   and else 0; either may be null
 * @returns [T, D, N, H]
 */
export function gruStates(
  x: Tensor,
  parameters: readonly [kernel: Tensor, recurrent: Tensor, bias: Tensor, recurrentBias: Tensor],
  options: GruForm & {
    readonly recurrentMask: Tensor | null;
    readonly pass: Tensor | null;
    readonly unrolled: boolean;
  },
  label: string,
): Tensor {
  const { recurrentMask, pass, unrolled, ...form } = options;
  const [kernel, recurrent, bias, recurrentBias] = parameters;
  if (!recurrentMask && !pass && !unrolled && x.graph.traits.fusedRecurrence) {
    return applyOperator(fusedOperator, [x, ...parameters], form, label)[0];
  }
  const directions = kernel.shape[0];
  let [seen, kernels] = [byEachDirection(x, directions), kernel];
  if (pass) {
    // One channel more, which opens the update gates all the way: the state then stays what it was.
    const [, gates] = kernel.shape as readonly number[];
    const units = gates / 3;
    const column = Float32Array.from({ length: (directions as number) * gates }, (_, row) =>
      row % gates < units ? 1 : 0,
    );
    kernels = concatenate([kernel, x.graph.constant(column, [directions as number, gates, 1])], 2);
    seen = concatenate([seen, byEachDirection(pass, directions)], 3);
  }
  const projected = projectSteps(seen, kernels, bias);
  return byPosition(gruRecurrence(projected, recurrent, recurrentBias, recurrentMask, form, label));
}

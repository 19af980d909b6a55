import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, sameDimension } from "../shape.js";
import { multiply } from "./arithmetic.js";
import { concatenate, split } from "./concatenate.js";
import { lstmCells, lstmRecurrenceGradient } from "./lstm-recurrence.js";
import { tanh } from "./pointwise.js";
import {
  byDirection,
  byEachDirection,
  fusedAttributes,
  type GateActivation,
  gateFunction,
  gateOperator,
  kernelGradientOf,
  previousSteps,
  projectBack,
  projectSteps,
  sumOfDirections,
} from "./recurrent-steps.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";

interface Fused {
  readonly gateActivation: GateActivation;
}

/**
 * An LSTM of one direction or both as the one ONNX operator. Inputs: x [T, N, I], input kernels [D, 4H, I], recurrent
 * kernels [D, 4H, H], biases [D, 4H]; output [T, D, N, H].
 */
const fusedOperator: Operator<Fused> = {
  name: "lstm",
  infer([x, kernel, recurrent, bias]) {
    const units = recurrent[2];
    const fits =
      x.length === 3 &&
      !isFree(x[0]) &&
      sameDimension(kernel[2], x[2]) &&
      (kernel[0] === 1 || kernel[0] === 2) &&
      recurrent[0] === kernel[0] &&
      bias[0] === kernel[0] &&
      kernel[1] === 4 * (units as number) &&
      recurrent[1] === kernel[1] &&
      bias[1] === kernel[1];
    if (!fits) throw new ShapeError("x [T, N, I], kernels [D, 4H, I] and [D, 4H, H] and biases [D, 4H]");
    return [[x[0], kernel[0], x[1], units]];
  },
  emit(emitter, node) {
    const [x, kernel, recurrent, bias] = emitter.names(node.inputs);
    const [, directions, , units] = node.outputs[0].shape;
    // ONNX has a second bias, on the recurrent part.
    const pads = emitter.integers([0, 0, 0, 4 * (units as number)]);
    const [biases] = emitter.node("Pad", [bias, pads]);
    emitter.node(
      "LSTM",
      [x, kernel, recurrent, biases],
      {
        hidden_size: { integer: units as number },
        ...fusedAttributes(directions, node.attributes.gateActivation, ["Tanh", "Tanh"]),
      },
      emitter.names(node.outputs),
    );
  },
  evaluate([x, kernel, recurrent, bias], { gateActivation }, [[steps, directions, samples, units]]) {
    const inputs = x.shape[2];
    const result = new Float64Array(steps * directions * samples * units);
    const gateOf = gateFunction[gateActivation];
    for (let d = 0; d < directions; d++) {
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
          result.set(hidden, ((t * directions + d) * samples + n) * units);
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
    const seen = concatenate([byEachDirection(x, kernel.shape[0]), previous], 3);
    const kernels = concatenate([kernel, recurrent], 2);
    const sums = projectSteps(seen, kernels, bias);
    const [i, o, f, g] = split(sums, 3, [units, units, units, units]);
    const gateOf = gateOperator[gateActivation];
    const [input, output, forget, candidate] = [gateOf(i), gateOf(o), gateOf(f), tanh(g)];
    const cells = lstmCells(forget, multiply(input, candidate));
    const gates = [input, output, forget, candidate];
    const backward = lstmRecurrenceGradient(byDirection(gradient), gates, cells, recurrent, gateActivation);
    const [kernelGradient, recurrentGradient] = split(kernelGradientOf(backward, seen), 2, [inputs, units]);
    return [
      needed[0] ? sumOfDirections(projectBack(backward, kernel)) : null,
      needed[1] ? kernelGradient : null,
      needed[2] ? recurrentGradient : null,
      needed[3] ? reshape(reduceSum(backward, [1, 2]), bias.shape) : null,
    ];
  },
};

/**
 * An LSTM of one direction (forward) or both as ONNX's operator; its backward pass recomputes the gates.
 * @param x [T, N, I]
 * @returns [T, D, N, H]
 */
export function lstmStates(
  x: Tensor,
  kernel: Tensor,
  recurrent: Tensor,
  bias: Tensor,
  gateActivation: GateActivation,
  label: string,
): Tensor {
  return applyOperator(fusedOperator, [x, kernel, recurrent, bias], { gateActivation }, label)[0];
}

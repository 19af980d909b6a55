import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree, sameDimension } from "../shape.js";
import { fusedAttributes, type GateActivation, gateFunction } from "./recurrent-steps.js";

interface Fused {
  readonly gateActivation: GateActivation;
}

/**
 * An LSTM that goes forward from given states, each sequence for as many steps as it is long. Inputs: x [T, N, I], input
 * kernel [1, 4H, I], recurrent kernel [1, 4H, H], bias [1, 4H], hidden and cell state before [1, N, H], and perhaps the
 * steps of each sequence [N] (all where absent). Outputs: hidden states [T, 1, N, H], zeros behind a sequence's end,
 * and the last hidden and cell states [1, N, H].
 */
const fromOperator: Operator<Fused> = {
  name: "lstmFrom",
  infer([x, kernel, recurrent, bias, hidden, cell, lengths]) {
    const units = recurrent[2];
    const fits =
      x.length === 3 &&
      !isFree(x[0]) &&
      [kernel, recurrent].every(([directions, rows]) => directions === 1 && rows === 4 * (units as number)) &&
      sameDimension(kernel[2], x[2]) &&
      bias[1] === kernel[1] &&
      [hidden, cell].every((state) => sameDimension(state[1], x[1]) && state[2] === units) &&
      (lengths === undefined || sameDimension(lengths[0], x[1]));
    if (!fits) throw new ShapeError("x [T, N, I], kernels [1, 4H, I] and [1, 4H, H], states [1, N, H]");
    return [[x[0], 1, x[1], units], hidden, cell];
  },
  emit(emitter, node) {
    const [x, kernel, recurrent, bias, hidden, cell, lengths] = emitter.names(node.inputs);
    const units = node.inputs[2].shape[2] as number;
    // ONNX has a second bias, on the recurrent part.
    const [biases] = emitter.node("Pad", [bias, emitter.integers([0, 0, 0, 4 * units])]);
    const whole = lengths === undefined ? "" : emitter.node("Cast", [lengths], { to: { integer: 6 } })[0];
    emitter.node(
      "LSTM",
      [x, kernel, recurrent, biases, whole, hidden, cell],
      {
        hidden_size: { integer: units },
        ...fusedAttributes(1, node.attributes.gateActivation, ["Tanh", "Tanh"]),
      },
      emitter.names(node.outputs),
    );
  },
  evaluate([x, kernel, recurrent, bias, before, cells, lengths], { gateActivation }, [shape]) {
    const [steps, , samples, units] = shape;
    const inputs = x.shape[2];
    const states = new Float64Array(steps * samples * units);
    const hidden = before.data.slice();
    const cell = cells.data.slice();
    const gateOf = gateFunction[gateActivation];
    for (let n = 0; n < samples; n++) {
      const own = hidden.subarray(n * units, (n + 1) * units);
      const length = lengths ? lengths.data[n] : steps;
      for (let t = 0; t < length; t++) {
        const sums = new Float64Array(4 * units);
        for (let k = 0; k < 4 * units; k++) {
          sums[k] = bias.data[k];
          for (let j = 0; j < inputs; j++)
            sums[k] += kernel.data[k * inputs + j] * x.data[(t * samples + n) * inputs + j];
          for (let j = 0; j < units; j++) sums[k] += recurrent.data[k * units + j] * own[j];
        }
        for (let j = 0; j < units; j++) {
          const [i, o, f] = [0, 1, 2].map((gate) => gateOf(sums[gate * units + j]));
          const at = n * units + j;
          cell[at] = f * cell[at] + i * Math.tanh(sums[3 * units + j]);
          own[j] = o * Math.tanh(cell[at]);
        }
        states.set(own, (t * samples + n) * units);
      }
    }
    return [states, hidden, cell];
  },
};

/** What an LSTM of one direction goes by: [1, 4H, I], [1, 4H, H] and [1, 4H], gates input, output, forget, cell. */
export interface LstmKernels {
  readonly kernel: Tensor;
  readonly recurrent: Tensor;
  readonly bias: Tensor;
  readonly gateActivation: GateActivation;
}

/**
 * Goes on with an LSTM from given states.
 * @param x [T, N, I]
 * @param before [1, N, H] each
 * @param lengths [N], the steps of each sequence; all where absent
 */
export function lstmFrom(
  x: Tensor,
  { kernel, recurrent, bias, gateActivation }: LstmKernels,
  before: { readonly hidden: Tensor; readonly cell: Tensor },
  lengths: Tensor | null,
  label: string,
): { states: Tensor; hidden: Tensor; cell: Tensor } {
  const inputs = [x, kernel, recurrent, bias, before.hidden, before.cell];
  if (lengths) inputs.push(lengths);
  const [states, hidden, cell] = applyOperator(fromOperator, inputs, { gateActivation }, label);
  return { states, hidden, cell };
}

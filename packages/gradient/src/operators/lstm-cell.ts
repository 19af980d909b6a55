import { applyOperator, type Tensor } from "../graph.js";
import type { OnnxEmitter } from "../onnx/emitter.js";
import { type Operator, ShapeError } from "../operator.js";
import { isFree } from "../shape.js";
import { multiply } from "./arithmetic.js";
import { emitGate, type GateActivation, gateFunction } from "./recurrent-steps.js";

// One step of an LSTM, with sequences as the last axis so that each gate is one block. Gates are in ONNX's order:
// input, output, forget, cell (i, o, f, g). What the backward pass needs is an output: nothing is computed twice.

interface Cell {
  readonly gateActivation: GateActivation;
}

/**
 * Inputs: the gates' sums [D, 4H, N], and the cell state before the step [D, H, N] (zeros where absent). Outputs: the
 * hidden state, the cell state, the gates i, o and f together [D, 3H, N] and each, the candidate g, i g, and tanh of the
 * cell state. c = f c' + i g, h = o tanh c (Hochreiter and Schmidhuber 1997; Gers et al. 2000).
 */
const cellOperator: Operator<Cell> = {
  name: "lstmCell",
  infer([sums, before]) {
    const [directions, rows, samples] = sums;
    if (sums.length !== 3 || isFree(rows) || rows % 4 !== 0) throw new ShapeError("sums [D, 4H, N]");
    const units = rows / 4;
    if (before && before[1] !== units) throw new ShapeError("a cell state [D, H, N]");
    const state = [directions, units, samples];
    return [state, state, [directions, 3 * units, samples], state, state, state, state, state, state];
  },
  emit(emitter, node) {
    const [sums, before] = emitter.names(node.inputs);
    const [hidden, cell, gates, i, o, f, candidate, added, squashed] = emitter.names(node.outputs);
    const units = node.outputs[0].shape[1] as number;
    const [gateSums, candidateSums] = emitter.split(sums, 1, [3 * units, units]);
    emitGate(emitter, node.attributes.gateActivation, gateSums, gates);
    emitter.split(gates, 1, [units, units, units], [i, o, f]);
    emitter.node("Tanh", [candidateSums], {}, [candidate]);
    emitter.node("Mul", [i, candidate], {}, [added]);
    if (before === undefined) emitter.node("Identity", [added], {}, [cell]);
    else emitter.node("Add", [emitter.node("Mul", [f, before])[0], added], {}, [cell]);
    emitter.node("Tanh", [cell], {}, [squashed]);
    emitter.node("Mul", [o, squashed], {}, [hidden]);
  },
  evaluate([sums, before], { gateActivation }, shapes) {
    const [directions, units, samples] = shapes[0];
    const results = shapes.map((shape) => new Float64Array(shape.reduce((a, b) => a * b, 1)));
    const [hidden, cell, gates, input, output, forget, candidate, added, squashed] = results;
    for (let d = 0; d < directions; d++) {
      for (let j = 0; j < units * samples; j++) {
        const at = d * units * samples + j;
        const sum = (gate: number) => sums.data[(d * 4 + gate) * units * samples + j];
        [input, output, forget].forEach((values, gate) => {
          values[at] = gateFunction[gateActivation](sum(gate));
          gates[(d * 3 + gate) * units * samples + j] = values[at];
        });
        candidate[at] = Math.tanh(sum(3));
        added[at] = input[at] * candidate[at];
        cell[at] = added[at] + (before ? forget[at] * before.data[at] : 0);
        squashed[at] = Math.tanh(cell[at]);
        hidden[at] = output[at] * squashed[at];
      }
    }
    return results;
  },
  gradient(node, [ofHidden, ofCell, ...others]) {
    if (others.some((other) => other !== null)) throw new Error("only the states of an LSTM have a gradient");
    if (!ofHidden && !ofCell) return node.inputs.map(() => null);
    const [hidden, , ...kept] = node.outputs;
    const before = node.inputs[1] as Tensor | undefined;
    const inputs = [ofHidden ?? multiply(hidden, 0), hidden, ...kept];
    if (before) inputs.push(before);
    if (ofCell) inputs.push(ofCell);
    const attributes = { ...node.attributes, hasBefore: before !== undefined };
    return [...applyOperator(cellGradientOperator, inputs, attributes)];
  },
};

interface CellGradient extends Cell {
  readonly hasBefore: boolean;
}

/**
 * Inputs: dh, then h, the gates together and each, g, i g and tanh of the cell state as {@link cellOperator} gives them,
 * perhaps the cell state before, perhaps dc from the step behind. Outputs: gradients of the gates' sums and, where
 * there is one, of the cell state before.
 */
const cellGradientOperator: Operator<CellGradient> = {
  name: "lstmCellGradient",
  infer([state, , gates], { hasBefore }) {
    const sums = [gates[0], ((gates[1] as number) / 3) * 4, gates[2]];
    return hasBefore ? [sums, state] : [sums];
  },
  emit(emitter, node) {
    const { gateActivation, hasBefore } = node.attributes;
    const names = emitter.names(node.inputs);
    const [ofHidden, hidden, gates, i, o, f, candidate, added, squashed] = names;
    const before = hasBefore ? names[9] : null;
    const ofCell = names[hasBefore ? 10 : 9] as string | undefined;
    const [sums, ofBefore] = emitter.names(node.outputs);
    const times = (a: string, b: string) => emitter.node("Mul", [a, b])[0];
    const minus = (a: string, b: string) => emitter.node("Sub", [a, b])[0];
    // o (1 - tanh^2 c) = o - h tanh c, and i (1 - g^2) = i - i g g: one product less each.
    const through = times(ofHidden, minus(o, times(hidden, squashed)));
    const total = ofCell === undefined ? through : emitter.node("Add", [ofCell, through])[0];
    const toForget =
      before === null ? emitter.node("Mul", [total, emitter.scalar(0)])[0] : times(total, before);
    const toGates = emitter.concatenate([times(total, candidate), times(ofHidden, squashed), toForget], 1);
    const ofGates = times(toGates, emitSlope(emitter, gateActivation, gates));
    const ofCandidate = times(total, minus(i, times(added, candidate)));
    emitter.concatenate([ofGates, ofCandidate], 1, sums);
    if (hasBefore) emitter.node("Mul", [total, f], {}, [ofBefore]);
  },
  evaluate(inputs, { gateActivation, hasBefore }, shapes) {
    const [ofHidden, , , input, output, forget, candidate, , squashed] = inputs.map(({ data }) => data);
    const before = hasBefore ? inputs[9].data : null;
    const ofCell = inputs[hasBefore ? 10 : 9]?.data;
    const [directions, units, samples] = inputs[0].shape;
    const results = shapes.map((shape) => new Float64Array(shape.reduce((a, b) => a * b, 1)));
    const slope = (y: number) => (gateActivation === "sigmoid" ? y * (1 - y) : y > 0 && y < 1 ? 0.2 : 0);
    for (let d = 0; d < directions; d++) {
      for (let j = 0; j < units * samples; j++) {
        const at = d * units * samples + j;
        const total =
          (ofCell ? ofCell[at] : 0) + ofHidden[at] * output[at] * (1 - squashed[at] * squashed[at]);
        const ofSums = [
          total * candidate[at] * slope(input[at]),
          ofHidden[at] * squashed[at] * slope(output[at]),
          before ? total * before[at] * slope(forget[at]) : 0,
          total * input[at] * (1 - candidate[at] * candidate[at]),
        ];
        ofSums.forEach((value, gate) => {
          results[0][(d * 4 + gate) * units * samples + j] = value;
        });
        if (hasBefore) results[1][at] = total * forget[at];
      }
    }
    return results;
  },
};

/** The slopes of gates from their values. */
function emitSlope(emitter: OnnxEmitter, gateActivation: GateActivation, gates: string): string {
  const [product] = emitter.node("Sub", [gates, emitter.node("Mul", [gates, gates])[0]]);
  if (gateActivation === "sigmoid") return product;
  // y (1 - y) is positive inside of the clipping and 0 at it; the product with 3e38, clipped to [0, 1], is 1 or 0.
  const [inside] = emitter.node("HardSigmoid", [product], { alpha: { float: 3e38 }, beta: { float: 0 } });
  return emitter.node("Mul", [inside, emitter.scalar(0.2)])[0];
}

/**
 * One step of an LSTM.
 * @param sums [D, 4H, N], the gates before their activations @param before [D, H, N], or null at the first step
 * @returns hidden state and cell state, each [D, H, N]
 */
export function lstmCell(
  sums: Tensor,
  before: Tensor | null,
  gateActivation: GateActivation,
  label: string,
): { hidden: Tensor; cell: Tensor } {
  const inputs = before ? [sums, before] : [sums];
  const [hidden, cell] = applyOperator(cellOperator, inputs, { gateActivation }, label);
  return { hidden, cell };
}

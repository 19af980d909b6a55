import type { Node, Tensor } from "../graph.js";
import { add, multiply } from "../operators/arithmetic.js";
import { concatenate, split } from "../operators/concatenate.js";
import { lstmCells, lstmRecurrenceBack } from "../operators/lstm-recurrence.js";
import { tanh } from "../operators/pointwise.js";
import {
  byDirection,
  byEachDirection,
  type GateActivation,
  gateOperator,
  previousSteps,
  projectBack,
  projectSteps,
  sumOfDirections,
} from "../operators/recurrent-steps.js";
import type { NonlinearRule } from "./nonlinear-rules.js";
import type { PairedNetwork } from "./paired-network.js";
import { hardSigmoidSlope, sigmoidSlope, tanhSlope } from "./slopes.js";

// An LSTM is taken apart into gates: c = f c' + i g, h = o tanh c. Each product hands half of what it is worth to either
// factor (each takes the mean of the other and its reference), gates and tanh by the rescale rule, sums as they are.

interface Gates {
  /** Before activation: input, output, forget, candidate. */
  readonly sums: readonly Tensor[];
  /** Behind it. */
  readonly values: readonly Tensor[];
  readonly cells: Tensor;
  readonly previous: Tensor;
  readonly squashed: Tensor;
}

/** Gates and cells of an LSTM from what it saw and said, [D, T, N, H] each. */
function takeApart(
  x: Tensor,
  states: Tensor,
  [, kernel, recurrent, bias]: readonly Tensor[],
  activation: GateActivation,
): Gates {
  const units = recurrent.shape[2] as number;
  const seen = concatenate([byEachDirection(x, kernel.shape[0]), previousSteps(byDirection(states))], 3);
  const sums = split(projectSteps(seen, concatenate([kernel, recurrent], 2), bias), 3, [
    units,
    units,
    units,
    units,
  ]);
  const gateOf = gateOperator[activation];
  const values = sums.map((sum, gate) => (gate === 3 ? tanh(sum) : gateOf(sum)));
  const cells = lstmCells(values[2], multiply(values[0], values[3]));
  return { sums, values, cells, previous: previousSteps(cells), squashed: tanh(cells) };
}

/** Means and slopes of pairs, from both their gates. */
function pairGates(network: PairedNetwork, own: Gates, reference: Gates, activation: GateActivation) {
  const combine = (
    a: readonly Tensor[],
    b: readonly Tensor[],
    of: (a: readonly Tensor[], b: readonly Tensor[]) => Tensor,
  ) => network.rows.combine(a, a, b, of);
  const mean = (a: Tensor, b: Tensor) => combine([a], [b], ([x], [y]) => multiply(add(x, y), 0.5));
  const means = own.values.map((value, gate) => mean(value, reference.values[gate]));
  const slopes = own.sums.map((sum, gate) =>
    combine([sum, own.values[gate]], [reference.sums[gate], reference.values[gate]], ([x, ofX], [y, ofY]) => {
      if (gate === 3) return tanhSlope(x, y, ofX, ofY);
      return activation === "sigmoid" ? sigmoidSlope(x, y, ofX, ofY) : hardSigmoidSlope(x, y);
    }),
  );
  const ofCell = combine(
    [own.cells, own.squashed],
    [reference.cells, reference.squashed],
    ([x, ofX], [y, ofY]) => tanhSlope(x, y, ofX, ofY),
  );
  const [input, output, forget, candidate] = means;
  const squashed = mean(own.squashed, reference.squashed);
  const previous = mean(own.previous, reference.previous);
  return {
    // What a unit of each gate's sum adds to the cell (of the output gate: to the state).
    factors: [
      multiply(candidate, slopes[0]),
      multiply(squashed, slopes[1]),
      multiply(previous, slopes[2]),
      multiply(input, slopes[3]),
    ],
    through: multiply(output, ofCell),
    forget,
  };
}

/** ONNX's one operator, both directions. */
export const lstmRule: NonlinearRule = (network, node, [output]) => {
  const { gateActivation } = node.attributes as { readonly gateActivation: GateActivation };
  const [x, kernel, recurrent] = node.inputs;
  const [states] = node.outputs;
  const own = takeApart(x, states, node.inputs, gateActivation);
  const reference = takeApart(
    network.ofReferences(x),
    network.ofReferences(states),
    node.inputs,
    gateActivation,
  );
  const { factors, through, forget } = pairGates(network, own, reference, gateActivation);
  const back = lstmRecurrenceBack(byDirection(output!), concatenate(factors, 3), through, forget, recurrent);
  return [sumOfDirections(projectBack(back, kernel)), null, null, null];
};

/** One step, sequences last. */
export const lstmCellRule: NonlinearRule = (network, node: Node, [ofHidden, ofCell]) => {
  const { gateActivation } = node.attributes as { readonly gateActivation: GateActivation };
  const [sums, before] = node.inputs as readonly [Tensor, Tensor | undefined];
  const [hidden, cells, , input, output, forget, candidate, , squashed] = node.outputs;
  const units = hidden.shape[1] as number;
  const gatesOf = (of: (tensor: Tensor) => Tensor): Gates => ({
    sums: split(of(sums), 1, [units, units, units, units]),
    values: [input, output, forget, candidate].map(of),
    cells: of(cells),
    previous: before ? of(before) : multiply(of(cells), 0),
    squashed: of(squashed),
  });
  const gates = pairGates(
    network,
    gatesOf((tensor) => tensor),
    gatesOf((tensor) => network.ofReferences(tensor)),
    gateActivation,
  );
  const arriving = ofHidden && multiply(ofHidden, gates.through);
  const total = arriving && ofCell ? add(ofCell, arriving) : (arriving ?? ofCell!);
  const toOutput = ofHidden ? multiply(ofHidden, gates.factors[1]) : multiply(total, 0);
  const [i, , f, g] = gates.factors.map((factor) => multiply(total, factor));
  return [concatenate([i, toOutput, f, g], 1), ...(before ? [multiply(total, gates.forget)] : [])];
};

import type { Graph, Tensor } from "../graph.js";
import { glorotUniform, type Initialiser, orthogonal } from "../initialisers.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { concatenate, split, stack } from "../operators/concatenate.js";
import { lstmStates } from "../operators/lstm.js";
import { lstmCell } from "../operators/lstm-cell.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { flip } from "../operators/permute.js";
import type { GateActivation } from "../operators/recurrent-steps.js";
import { reshape } from "../operators/reshape.js";
import { padZeros } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { type Dimension, product } from "../shape.js";
import {
  checkRecurrent,
  perGate,
  type RecurrentOptions,
  recurrentMasks,
  returned,
  stepsOf,
} from "./recurrent.js";

/** Weights of D directions (forward first), gates in the order input, output, forget, cell. */
export interface LstmParameters {
  /** [D, 4H, I] */
  readonly inputKernel: Tensor;
  /** [D, 4H, H] */
  readonly recurrentKernel: Tensor;
  /** [D, 4H] */
  readonly bias: Tensor;
}

export interface RecurrentSizes {
  readonly inputs: number;
  readonly units: number;
  /** Default 2, both. */
  readonly directions?: 1 | 2;
  readonly trainable?: boolean;
}

/**
 * The parameters `name.inputKernel` (Glorot uniform for each gate), `name.recurrentKernel` (orthogonal for each
 * gate) and `name.bias` (0, and 1 for forget gates: Jozefowicz et al. 2015), as Keras 1 starts them.
 */
export function lstmParameters(graph: Graph, name: string, sizes: RecurrentSizes): LstmParameters {
  const { inputs, units, directions = 2 } = sizes;
  const options = { trainable: sizes.trainable };
  const kernel = (part: string, columns: number, initialiser: Initialiser) =>
    graph.parameter(`${name}.${part}`, [directions, 4 * units, columns], perGate(initialiser, 4), options);
  return {
    inputKernel: kernel("inputKernel", inputs, glorotUniform()),
    recurrentKernel: kernel("recurrentKernel", units, orthogonal()),
    bias: graph.parameter(`${name}.bias`, [directions, 4 * units], forgetBias, options),
  };
}

const forgetBias: Initialiser = ([directions, gates]) => {
  const units = gates / 4;
  const values = new Float32Array(directions * gates);
  for (let d = 0; d < directions; d++) values.fill(1, d * gates + 2 * units, d * gates + 3 * units);
  return values;
};

/**
 * Options of an LSTM. In prediction `unrolled` is nearly twice as fast with hard-sigmoid gates, which ONNX's operator
 * computes one number at a time, but 13 nodes a step (see docs/design/engine.md); training is step by step anyway.
 * Keras 1 drew a recurrent mask for each gate; one is shared by all gates here, as PyTorch and Keras 2+ users do.
 */
export type LstmOptions = RecurrentOptions;

/**
 * A bidirectional LSTM (Hochreiter and Schmidhuber 1997, with forget gates).
 * @param x [N, positions, channels]
 * @returns [N, positions, 2 H]: forward direction, then backward; or [N, 2 H], the last of each
 */
export function bidirectionalLstm(x: Tensor, parameters: LstmParameters, options: LstmOptions = {}): Tensor {
  return anyLstm("bidirectionalLstm", x, parameters, 2, options);
}

/**
 * An LSTM that goes forward.
 * @param x [N, positions, channels] @param parameters with D = 1
 * @returns [N, positions, H], or [N, H], the last
 */
export function lstm(x: Tensor, parameters: LstmParameters, options: LstmOptions = {}): Tensor {
  return anyLstm("lstm", x, parameters, 1, options);
}

function anyLstm(
  operator: string,
  x: Tensor,
  parameters: LstmParameters,
  directions: 1 | 2,
  options: LstmOptions,
): Tensor {
  const { inputKernel, recurrentKernel, bias } = parameters;
  checkRecurrent(operator, x, [inputKernel, recurrentKernel, bias], directions, 4, options);
  const { gateActivation = "sigmoid", name = operator } = options;
  const masks = recurrentMasks(x, directions, recurrentKernel.shape[2] as number, options);
  const { phase, traits } = x.graph;
  // Training keeps what the backward pass needs; the one operator would have to compute it again.
  const byStep = phase === "training" || options.unrolled || options.mask || !traits.fusedRecurrence;
  if (byStep) return lstmByStep(x, parameters, masks, { ...options, gateActivation, name });
  const states = lstmStates(stepsOf(x, null), inputKernel, recurrentKernel, bias, gateActivation, name);
  return returned(states, options);
}

/**
 * An LSTM step by step, all directions in one batched product, sequences last so that gates are blocks: the form for
 * training, for devices without the operator, and for positions to pass over.
 */
function lstmByStep(
  x: Tensor,
  { inputKernel, recurrentKernel, bias }: LstmParameters,
  masks: { readonly input: Tensor | null; readonly recurrent: Tensor | null },
  options: LstmOptions & { readonly gateActivation: GateActivation; readonly name: string },
): Tensor {
  const [samples, steps, channels] = x.shape as readonly [Dimension, number, number];
  const [directions, , units] = recurrentKernel.shape as readonly number[];
  const inEveryDirection = (values: Tensor) =>
    directions === 1 ? stack([values], 1) : stack([values, flip(values, 0)], 1);
  const bySteps = (values: Tensor) => split(inEveryDirection(values), 0, new Array<number>(steps).fill(1));
  // A channel of ones takes the bias along in the product.
  const ones = { axis: 1, before: 0, after: 1, value: 1 };
  const inputs = bySteps(padZeros(transpose(stepsOf(x, masks.input), [0, 2, 1]), ones));
  const counts = options.mask && bySteps(reshape(transpose(options.mask, [1, 0]), [steps, 1, samples]));
  const recurrentMask = masks.recurrent && transpose(masks.recurrent, [0, 2, 1]);
  const inputKernels = concatenate([inputKernel, reshape(bias, [directions, 4 * units, 1])], 2);
  const kernels = concatenate([inputKernels, recurrentKernel], 2);
  const hidden: Tensor[] = [];
  let cell: Tensor | null = null;
  for (const [step, part] of inputs.entries()) {
    const input = reshape(part, [directions, channels + 1, samples]);
    const before = steps === 1 ? noState(input, directions, units) : (hidden[step - 1] as Tensor | undefined);
    const seen = before && recurrentMask ? multiply(before, recurrentMask) : before;
    const sums = seen
      ? matrixProduct(kernels, concatenate([input, seen], 1), {}, options.name)
      : matrixProduct(inputKernels, input, {}, options.name);
    const next = lstmCell(sums, cell, options.gateActivation, options.name);
    const count = counts && reshape(counts[step], [directions, 1, samples]);
    cell = count ? passOver(count, next.cell, cell) : next.cell;
    hidden.push(count ? passOver(count, next.hidden, before ?? null) : next.hidden);
  }
  if (options.returns === "last") {
    return reshape(transpose(hidden[steps - 1], [2, 0, 1]), [samples, directions * units]);
  }
  // The backward direction's step s stands at position T - 1 - s.
  const ofDirection = hidden.map((states) => split(states, 0, new Array<number>(directions).fill(1)));
  const joined = concatenate(
    ofDirection.flatMap(([forward], step) =>
      directions === 1 ? [forward] : [forward, ofDirection[steps - 1 - step][1]],
    ),
    0,
  );
  // As one matrix, so that the layer behind can take its transpose into a product.
  const rows = reshape(joined, [directions * steps * units, samples]);
  return reshape(transpose(rows, [1, 0]), [samples, steps, directions * units]);
}

/** Zeros [D, H, N]: of a single step, so that recurrent kernels are part of the graph all the same. */
function noState(input: Tensor, directions: number, units: number): Tensor {
  const shape = [directions, units, input.shape[1] as number];
  return matrixProduct(input.graph.constant(new Float32Array(product(shape)), shape), input);
}

/** `next` where `count` is 1, `before` (zeros where null) where it is 0. */
function passOver(count: Tensor, next: Tensor, before: Tensor | null): Tensor {
  return before ? add(multiply(next, count), multiply(before, subtract(1, count))) : multiply(next, count);
}

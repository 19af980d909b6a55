import type { Graph, Tensor } from "../graph.js";
import { glorotUniform, type Initialiser, orthogonal } from "../initialisers.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { concatenate, split, stack } from "../operators/concatenate.js";
import { lstmStates } from "../operators/lstm.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { flip } from "../operators/permute.js";
import { tanh } from "../operators/pointwise.js";
import { gateOperator } from "../operators/recurrent-steps.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import type { Dimension } from "../shape.js";
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
 * Options of an LSTM. `unrolled` is nearly twice as fast with hard-sigmoid gates, which ONNX's operator computes one
 * number at a time, but 13 nodes a step (see docs/design/engine.md). Keras 1 drew a recurrent mask for each gate;
 * one is shared by all gates here, as PyTorch and Keras 2+ users do.
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
  const dropped = masks.input !== null || masks.recurrent !== null;
  if (options.mask || (options.unrolled && !dropped)) {
    return lstmByStep(x, parameters, masks, { ...options, gateActivation, name });
  }
  const states = lstmStates(
    stepsOf(x, masks.input),
    inputKernel,
    recurrentKernel,
    bias,
    masks.recurrent,
    gateActivation,
    name,
  );
  return returned(states, options);
}

/**
 * The same as single operators, all directions in one batched product, sequences last so that gates are blocks. Also
 * what passes over masked positions.
 */
function lstmByStep(
  x: Tensor,
  { inputKernel, recurrentKernel, bias }: LstmParameters,
  masks: { readonly input: Tensor | null; readonly recurrent: Tensor | null },
  options: LstmOptions & { readonly gateActivation: keyof typeof gateOperator; readonly name: string },
): Tensor {
  const [samples, steps, channels] = x.shape as readonly [Dimension, number, number];
  const [directions, , units] = recurrentKernel.shape as readonly number[];
  const gateOf = gateOperator[options.gateActivation];
  const inEveryDirection = (values: Tensor) =>
    directions === 1 ? stack([values], 1) : stack([values, flip(values, 0)], 1);
  const bySteps = (values: Tensor) => split(inEveryDirection(values), 0, new Array<number>(steps).fill(1));
  const inputs = bySteps(transpose(stepsOf(x, masks.input), [0, 2, 1]));
  const counts = options.mask && bySteps(reshape(transpose(options.mask, [1, 0]), [steps, 1, samples]));
  const recurrentMask = masks.recurrent && transpose(masks.recurrent, [0, 2, 1]);
  const kernels = concatenate([inputKernel, recurrentKernel], 2);
  const biases = reshape(bias, [directions, 4 * units, 1]);
  const hidden: Tensor[] = [];
  let cell: Tensor | null = null;
  for (const [step, part] of inputs.entries()) {
    const input = reshape(part, [directions, channels, samples]);
    const before = hidden[step - 1] as Tensor | undefined;
    const seen = before && recurrentMask ? multiply(before, recurrentMask) : before;
    const sums = add(
      seen
        ? matrixProduct(kernels, concatenate([input, seen], 1), {}, options.name)
        : matrixProduct(inputKernel, input, {}, options.name),
      biases,
    );
    const [gateSums, candidateSums] = split(sums, 1, [3 * units, units]);
    const [i, o, f] = split(gateOf(gateSums), 1, [units, units, units]);
    const added = multiply(i, tanh(candidateSums));
    const nextCell: Tensor = cell ? add(multiply(f, cell), added) : added;
    const next = multiply(o, tanh(nextCell));
    const count = counts && reshape(counts[step], [directions, 1, samples]);
    cell = count ? passOver(count, nextCell, cell) : nextCell;
    hidden.push(count ? passOver(count, next, before ?? null) : next);
  }
  if (options.returns === "last") {
    return reshape(transpose(hidden[steps - 1], [2, 0, 1]), [samples, directions * units]);
  }
  // The backward direction's step s stands at position T - 1 - s.
  const ofDirection = Array.from({ length: directions }, (_, direction) =>
    hidden.map((states) => slice(states, { axis: 0, start: direction, end: direction + 1 })),
  );
  const joined = concatenate(
    ofDirection[0].flatMap((states, step) =>
      directions === 1 ? [states] : [states, ofDirection[1][steps - 1 - step]],
    ),
    0,
  );
  // As one matrix, so that the layer behind can take its transpose into a product.
  const rows = reshape(joined, [directions * steps * units, samples]);
  return reshape(transpose(rows, [1, 0]), [samples, steps, directions * units]);
}

/** `next` where `count` is 1, `before` (zeros where null) where it is 0. */
function passOver(count: Tensor, next: Tensor, before: Tensor | null): Tensor {
  return before ? add(multiply(next, count), multiply(before, subtract(1, count))) : multiply(next, count);
}

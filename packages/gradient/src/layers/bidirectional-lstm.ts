import type { Graph, Tensor } from "../graph.js";
import { glorotUniform, type Initialiser, orthogonal } from "../initialisers.js";
import { add, multiply } from "../operators/arithmetic.js";
import { concatenate, split, stack } from "../operators/concatenate.js";
import { lstmBothDirections } from "../operators/lstm.js";
import type { GateActivation } from "../operators/lstm-recurrence.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { flip } from "../operators/permute.js";
import { hardSigmoid, sigmoid, tanh } from "../operators/pointwise.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { type Dimension, product } from "../shape.js";
import { checkRate } from "./dropout.js";

/** Weights of both directions (forward first), gates in the order input, output, forget, cell. */
export interface LstmParameters {
  /** [2, 4H, I] */
  readonly inputKernel: Tensor;
  /** [2, 4H, H] */
  readonly recurrentKernel: Tensor;
  /** [2, 4H] */
  readonly bias: Tensor;
}

/**
 * The parameters `name.inputKernel` (Glorot uniform for each gate), `name.recurrentKernel` (orthogonal for each
 * gate) and `name.bias` (0, and 1 for forget gates: Jozefowicz et al. 2015), as Keras 1 starts them.
 */
export function lstmParameters(
  graph: Graph,
  name: string,
  sizes: { readonly inputs: number; readonly units: number; readonly trainable?: boolean },
): LstmParameters {
  const { inputs, units } = sizes;
  const options = { trainable: sizes.trainable };
  return {
    inputKernel: graph.parameter(
      `${name}.inputKernel`,
      [2, 4 * units, inputs],
      perGate(glorotUniform()),
      options,
    ),
    recurrentKernel: graph.parameter(
      `${name}.recurrentKernel`,
      [2, 4 * units, units],
      perGate(orthogonal()),
      options,
    ),
    bias: graph.parameter(`${name}.bias`, [2, 4 * units], forgetBias, options),
  };
}

/** Draws the matrix of each direction and gate by itself. */
function perGate(initialiser: Initialiser): Initialiser {
  return (shape, random) => {
    const matrix = [shape[1] / 4, shape[2]];
    const values = new Float32Array(product(shape));
    for (let at = 0; at < values.length; at += product(matrix)) values.set(initialiser(matrix, random), at);
    return values;
  };
}

const forgetBias: Initialiser = ([directions, gates]) => {
  const units = gates / 4;
  const values = new Float32Array(directions * gates);
  for (let d = 0; d < directions; d++) values.fill(1, d * gates + 2 * units, d * gates + 3 * units);
  return values;
};

export interface LstmOptions {
  /** "sigmoid" (default), or Keras 1's "hard-sigmoid": 0.2 x + 0.5 clipped to [0, 1]. */
  readonly gateActivation?: GateActivation;
  /** Rate of a mask on the input channels, one a sample, shared by all steps, gates and both directions. */
  readonly inputDropout?: number;
  /** Rate of a mask on the hidden state, one a sample and direction, shared by all steps and gates. */
  readonly recurrentDropout?: number;
  /**
   * Write the recurrence step by step instead of as ONNX's one operator, which computes hard-sigmoid gates one
   * number at a time: nearly twice as fast with these, but 13 nodes a step (see docs/design/engine.md). Ignored where
   * there is dropout. Default false.
   */
  readonly unrolled?: boolean;
  /** What errors call this layer. */
  readonly name?: string;
}

/**
 * A bidirectional LSTM that returns its hidden state at every position. Dropout is variational (Gal and
 * Ghahramani 2016); Keras 1 drew one mask a gate, this shares one by all gates, as PyTorch and Keras 2+ users do.
 * @param x [N, positions, channels]
 * @returns [N, positions, 2 H]: forward direction, then backward
 */
export function bidirectionalLstm(x: Tensor, parameters: LstmParameters, options: LstmOptions = {}): Tensor {
  const {
    gateActivation = "sigmoid",
    inputDropout = 0,
    recurrentDropout = 0,
    name = "bidirectionalLstm",
  } = options;
  checkRate(inputDropout, name);
  checkRate(recurrentDropout, name);
  const { graph } = x;
  const training = graph.phase === "training";
  if (options.unrolled && !(training && (inputDropout > 0 || recurrentDropout > 0)))
    return unrolledLstm(x, parameters, gateActivation, name);
  const units = parameters.recurrentKernel.shape[2];
  const [samples, positions, channels] = x.shape;
  let steps = transpose(x, [1, 0, 2]);
  if (training && inputDropout > 0) steps = multiply(steps, graph.mask([1, samples, channels], inputDropout));
  const mask = training && recurrentDropout > 0 ? graph.mask([2, samples, units], recurrentDropout) : null;
  const hidden = lstmBothDirections(
    steps,
    parameters.inputKernel,
    parameters.recurrentKernel,
    parameters.bias,
    mask,
    gateActivation,
    name,
  );
  return reshape(transpose(hidden, [2, 0, 1, 3]), [samples, positions, 2 * (units as number)]);
}

/** The same without dropout, both directions in one batched product, sequences last so that gates are blocks. */
function unrolledLstm(
  x: Tensor,
  { inputKernel, recurrentKernel, bias }: LstmParameters,
  gateActivation: GateActivation,
  name: string,
): Tensor {
  const [samples, steps, channels] = x.shape as readonly [Dimension, number, number];
  const units = recurrentKernel.shape[2] as number;
  const gateOf = gateActivation === "sigmoid" ? sigmoid : hardSigmoid;
  const ahead = transpose(x, [1, 2, 0]);
  const inputs = split(stack([ahead, flip(ahead, 0)], 1), 0, new Array<number>(steps).fill(1));
  const kernels = concatenate([inputKernel, recurrentKernel], 2);
  const biases = reshape(bias, [2, 4 * units, 1]);
  const hidden: Tensor[] = [];
  let cell: Tensor | null = null;
  for (const [step, part] of inputs.entries()) {
    const input = reshape(part, [2, channels, samples]);
    const sums = add(
      step === 0
        ? matrixProduct(inputKernel, input, {}, name)
        : matrixProduct(kernels, concatenate([input, hidden[step - 1]], 1), {}, name),
      biases,
    );
    const [gateSums, candidateSums] = split(sums, 1, [3 * units, units]);
    const [i, o, f] = split(gateOf(gateSums), 1, [units, units, units]);
    const added = multiply(i, tanh(candidateSums));
    cell = cell ? add(multiply(f, cell), added) : added;
    hidden.push(multiply(o, tanh(cell)));
  }
  // The backward direction's step s stands at position T - 1 - s.
  const [forward, backward] = [0, 1].map((direction) =>
    hidden.map((states) => slice(states, { axis: 0, start: direction, end: direction + 1 })),
  );
  const joined = concatenate(
    forward.flatMap((states, step) => [states, backward[steps - 1 - step]]),
    0,
  );
  // As one matrix, so that the layer behind can take its transpose into a product.
  const rows = reshape(joined, [2 * steps * units, samples]);
  return reshape(transpose(rows, [1, 0]), [samples, steps, 2 * units]);
}

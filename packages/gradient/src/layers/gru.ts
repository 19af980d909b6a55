import type { Graph, Tensor } from "../graph.js";
import { glorotUniform, type Initialiser, orthogonal, zeros } from "../initialisers.js";
import { multiply, subtract } from "../operators/arithmetic.js";
import { gruStates } from "../operators/gru.js";
import { reshape } from "../operators/reshape.js";
import { transpose } from "../operators/transpose.js";
import type { RecurrentSizes } from "./lstm.js";
import {
  checkRecurrent,
  perGate,
  type RecurrentOptions,
  recurrentMasks,
  returned,
  stepsOf,
} from "./recurrent.js";

/**
 * Weights of D directions (forward first), gates in the order update, reset, candidate. PyTorch's order is reset,
 * update, candidate.
 */
export interface GruParameters {
  /** [D, 3H, I] */
  readonly inputKernel: Tensor;
  /** [D, 3H, H] */
  readonly recurrentKernel: Tensor;
  /** [D, 3H] */
  readonly bias: Tensor;
  /** [D, 3H], of the recurrent products: the candidate's is inside what a reset-after gate multiplies. */
  readonly recurrentBias: Tensor;
}

/**
 * The parameters `name.inputKernel` (Glorot uniform for each gate), `name.recurrentKernel` (orthogonal for each gate),
 * `name.bias` and `name.recurrentBias` (0), as Keras starts them.
 */
export function gruParameters(graph: Graph, name: string, sizes: RecurrentSizes): GruParameters {
  const { inputs, units, directions = 2 } = sizes;
  const options = { trainable: sizes.trainable };
  const kernel = (part: string, columns: number, initialiser: Initialiser) =>
    graph.parameter(`${name}.${part}`, [directions, 3 * units, columns], perGate(initialiser, 3), options);
  const bias = (part: string) =>
    graph.parameter(`${name}.${part}`, [directions, 3 * units], zeros(), options);
  return {
    inputKernel: kernel("inputKernel", inputs, glorotUniform()),
    recurrentKernel: kernel("recurrentKernel", units, orthogonal()),
    bias: bias("bias"),
    recurrentBias: bias("recurrentBias"),
  };
}

export interface GruOptions extends RecurrentOptions {
  /**
   * Where the reset gate stands: "after" the recurrent product of the candidate (default; cuDNN, PyTorch and Keras 2+)
   * or "before" it, on the state (Cho et al. 2014, Keras 1).
   */
  readonly reset?: "after" | "before";
}

/**
 * A bidirectional GRU (Cho et al. 2014): h = (1 - z) n + z h', with z the update gate, n the candidate.
 * @param x [N, positions, channels]
 * @returns [N, positions, 2 H]: forward direction, then backward; or [N, 2 H], the last of each
 */
export function bidirectionalGru(x: Tensor, parameters: GruParameters, options: GruOptions = {}): Tensor {
  return anyGru("bidirectionalGru", x, parameters, 2, options);
}

/**
 * A GRU that goes forward.
 * @param x [N, positions, channels] @param parameters with D = 1
 * @returns [N, positions, H], or [N, H], the last
 */
export function gru(x: Tensor, parameters: GruParameters, options: GruOptions = {}): Tensor {
  return anyGru("gru", x, parameters, 1, options);
}

/** Added to an update gate's sum this opens it all the way in float32: sigmoid(1e4) is 1. */
const wideOpen = 1e4;

function anyGru(
  operator: string,
  x: Tensor,
  { inputKernel, recurrentKernel, bias, recurrentBias }: GruParameters,
  directions: 1 | 2,
  options: GruOptions,
): Tensor {
  const parameters = [inputKernel, recurrentKernel, bias, recurrentBias] as const;
  checkRecurrent(operator, x, parameters, directions, 3, options);
  const { gateActivation = "sigmoid", reset = "after", unrolled = false, name = operator, mask } = options;
  const masks = recurrentMasks(x, directions, recurrentKernel.shape[2] as number, options);
  const [samples, steps] = x.shape;
  const pass = mask
    ? reshape(transpose(multiply(subtract(1, mask), wideOpen), [1, 0]), [steps, samples, 1])
    : null;
  const form = { gateActivation, resetAfter: reset === "after" };
  const states = gruStates(
    stepsOf(x, masks.input),
    parameters,
    { ...form, recurrentMask: masks.recurrent, pass, unrolled },
    name,
  );
  return returned(states, options);
}

import { BindscapeError } from "@bindscape/numerics";
import { misfit, type Tensor } from "../graph.js";
import type { Initialiser } from "../initialisers.js";
import { multiply } from "../operators/arithmetic.js";
import { concatenate } from "../operators/concatenate.js";
import type { GateActivation } from "../operators/recurrent-steps.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { isFree, product, sameDimension } from "../shape.js";
import { checkRate } from "./dropout.js";

/** Options of recurrent layers. Dropout is variational (Gal and Ghahramani 2016). */
export interface RecurrentOptions {
  /** "sigmoid" (default), or Keras 1's "hard-sigmoid": 0.2 x + 0.5 clipped to [0, 1]. */
  readonly gateActivation?: GateActivation;
  /** Rate of a mask on the input channels, one a sample, shared by all steps, gates and directions. */
  readonly inputDropout?: number;
  /** Rate of a mask on the hidden state, one a sample and direction, shared by all steps and gates. */
  readonly recurrentDropout?: number;
  /**
   * [N, positions], 1 where a position counts and 0 where the state is to pass over it unchanged: sequences of
   * different lengths in one batch, filled up at either end. The output at a passed-over position is the state before
   * it. Makes the layer step by step.
   */
  readonly mask?: Tensor;
  /** "all" positions' states (default), or the "last" of each direction: [N, D H]. */
  readonly returns?: "all" | "last";
  /** Write the recurrence step by step instead of as ONNX's one operator. Default false. */
  readonly unrolled?: boolean;
  /** What errors call this layer. */
  readonly name?: string;
}

/** Throws unless x, the parameters (kernels first) and the options fit together. */
export function checkRecurrent(
  operator: string,
  x: Tensor,
  parameters: readonly Tensor[],
  directions: 1 | 2,
  gates: number,
  options: RecurrentOptions,
): void {
  const { inputDropout = 0, recurrentDropout = 0, mask, name = operator } = options;
  checkRate(inputDropout, name);
  checkRate(recurrentDropout, name);
  const [kernel, recurrent, ...biases] = parameters;
  const units = recurrent.shape[2];
  const rows = isFree(units) ? 0 : gates * units;
  const fits =
    x.rank === 3 &&
    !isFree(x.shape[1]) &&
    kernel.rank === 3 &&
    recurrent.rank === 3 &&
    sameDimension(kernel.shape[2], x.shape[2]) &&
    biases.every(({ rank }) => rank === 2) &&
    parameters.every(({ shape }) => shape[0] === directions && shape[1] === rows);
  if (!fits) {
    const [d, g] = [directions, `${gates}H`];
    const needs = `an input [N, positions, I], kernels [${d}, ${g}, I] and [${d}, ${g}, H] and biases [${d}, ${g}]`;
    throw misfit(operator, [x, ...parameters], needs, name);
  }
  if (mask && !(mask.rank === 2 && mask.shape.every((length, axis) => sameDimension(length, x.shape[axis]))))
    throw misfit(operator, [x, mask], "a mask [N, positions]", name);
}

/** The masks of variational dropout; null where there is none. */
export function recurrentMasks(
  x: Tensor,
  directions: number,
  units: number,
  { inputDropout = 0, recurrentDropout = 0 }: RecurrentOptions,
): { input: Tensor | null; recurrent: Tensor | null } {
  const { graph } = x;
  const [samples, , channels] = x.shape;
  const draws = (rate: number) => graph.phase === "training" && rate > 0;
  return {
    input: draws(inputDropout) ? graph.mask([1, samples, channels], inputDropout) : null,
    recurrent: draws(recurrentDropout) ? graph.mask([directions, samples, units], recurrentDropout) : null,
  };
}

/** x [N, T, I] by step, [T, N, I], with dropout. */
export function stepsOf(x: Tensor, inputMask: Tensor | null): Tensor {
  const steps = transpose(x, [1, 0, 2]);
  return inputMask ? multiply(steps, inputMask) : steps;
}

/** What a layer returns of its states [T, D, N, H] by position. */
export function returned(states: Tensor, { returns = "all", name = "recurrent" }: RecurrentOptions): Tensor {
  const [steps, directions, samples, units] = states.shape;
  const width = (directions as number) * (units as number);
  if (returns === "all") return reshape(transpose(states, [2, 0, 1, 3]), [samples, steps, width]);
  if (returns !== "last") {
    throw new BindscapeError({
      source: `layer "${name}"`,
      found: `returns "${returns}"`,
      expected: "all or last",
    });
  }
  // Each direction ends at its own end of the sequence.
  const ends = Array.from({ length: directions as number }, (_, direction) => {
    const at = direction === 0 ? (steps as number) - 1 : 0;
    const step = slice(states, { axis: 0, start: at, end: at + 1 });
    const end = slice(step, { axis: 1, start: direction, end: direction + 1 });
    return reshape(end, [samples, units]);
  });
  return concatenate(ends, 1);
}

/** Draws the matrix of each direction and gate by itself. */
export function perGate(initialiser: Initialiser, gates: number): Initialiser {
  return (shape, random) => {
    const matrix = [shape[1] / gates, shape[2]];
    const values = new Float32Array(product(shape));
    for (let at = 0; at < values.length; at += product(matrix)) values.set(initialiser(matrix, random), at);
    return values;
  };
}

import { misfit, type Tensor } from "../graph.js";
import { multiply } from "../operators/arithmetic.js";
import { split } from "../operators/concatenate.js";
import { sigmoid } from "../operators/pointwise.js";
import { isFree } from "../shape.js";

export interface GatedLinearUnitOptions {
  /** The axis whose second half gates the first. Default 1, the channels of [N, channels, positions]. */
  readonly axis?: number;
  /** What makes gates of the second half. Default the sigmoid. */
  readonly activation?: (x: Tensor) => Tensor;
  /** What errors call this layer. */
  readonly name?: string;
}

/**
 * A gated linear unit (Dauphin et al. 2017): the first half of the channels times the sigmoid of the second.
 * @param x an even number of entries on the axis @returns half as many
 */
export function gatedLinearUnit(x: Tensor, options: GatedLinearUnitOptions = {}): Tensor {
  const { axis = 1, activation = sigmoid, name = "gatedLinearUnit" } = options;
  const length = x.shape[axis];
  if (length === undefined || isFree(length) || length % 2 !== 0)
    throw misfit("gatedLinearUnit", [x], `an even number of entries on axis ${axis}`, name);
  const [values, gates] = split(x, axis, [length / 2, length / 2]);
  return multiply(values, activation(gates));
}

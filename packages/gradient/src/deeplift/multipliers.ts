import type { Tensor } from "../graph.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { negate, passWithin } from "../operators/pointwise.js";

/**
 * What a unit of difference adds to the score: of the positive part of a tensor's difference from its reference and of
 * the negative part. Where both are the same (everywhere under the rescale rule) they are the same tensor.
 */
export interface Multipliers {
  readonly plus: Tensor;
  readonly minus: Tensor;
}

export const single = (both: Tensor): Multipliers => ({ plus: both, minus: both });
export const isSingle = ({ plus, minus }: Multipliers): boolean => plus === minus;

/** Both by one function, which is applied once where they are the same. */
export function mapMultipliers(multipliers: Multipliers, map: (multiplier: Tensor) => Tensor): Multipliers {
  const plus = map(multipliers.plus);
  return { plus, minus: isSingle(multipliers) ? plus : map(multipliers.minus) };
}

/** Of a tensor that is read in two places. */
export function addMultipliers(a: Multipliers, b: Multipliers): Multipliers {
  const plus = add(a.plus, b.plus);
  return { plus, minus: isSingle(a) && isSingle(b) ? plus : add(a.minus, b.minus) };
}

/** Half the sum and half the difference of both. */
export function halves({ plus, minus }: Multipliers): { mean: Tensor; deviation: Tensor } {
  return { mean: multiply(add(plus, minus), 0.5), deviation: multiply(subtract(plus, minus), 0.5) };
}

/** `x` times the sign of `by`: 0 where that is 0. */
export function withSignOf(x: Tensor, by: Tensor): Tensor {
  const [above, below] = [by, negate(by)].map((side) => passWithin(x, side, 0, Number.POSITIVE_INFINITY));
  return subtract(above, below);
}

/** One multiplier for each entry whose difference is all positive or all negative; their mean where it is 0. */
export function mergeBySign(multipliers: Multipliers, difference: () => Tensor): Tensor {
  if (isSingle(multipliers)) return multipliers.plus;
  const { mean, deviation } = halves(multipliers);
  return add(mean, withSignOf(deviation, difference()));
}

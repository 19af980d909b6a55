import type { Tensor } from "../graph.js";
import { divide, maximum, minimum, multiply } from "../operators/arithmetic.js";
import { sqrt } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import type { Piece } from "./parameter-update.js";

/** Weights of units that are longer than the limit, scaled down to it: max-norm as part of a graph. */
export function limitedNorms(x: Tensor, { shape, maxNorm }: Piece): Tensor {
  if (maxNorm === null) return x;
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== maxNorm.unitAxis);
  const norms = sqrt(reduceSum(multiply(x, x), axes));
  return multiply(x, minimum(divide(maxNorm.limit, maximum(norms, 1e-30)), 1));
}

import type { Tensor } from "../graph.js";
import { divide, maximum, minimum, multiply } from "../operators/arithmetic.js";
import { sqrt } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import type { Piece } from "./parameter-update.js";

/** Scales the weights of each unit that are longer than the limit down to it, in place. */
export function limitNorms(values: Float32Array, { shape, maxNorm }: Piece): void {
  if (maxNorm === null) return;
  const { limit, unitAxis } = maxNorm;
  const units = shape[unitAxis];
  const inner = shape.slice(unitAxis + 1).reduce((a, b) => a * b, 1);
  const outer = values.length / (units * inner);
  const squares = new Float64Array(units);
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (const end = at + inner; at < end; at++) sum += values[at] * values[at];
      squares[unit] += sum;
    }
  }
  const factors = squares.map((square) => Math.min(1, limit / Math.sqrt(square)));
  if (!factors.some((factor) => factor < 1)) return;
  at = 0;
  for (let i = 0; i < outer; i++) {
    for (let unit = 0; unit < units; unit++) {
      const factor = factors[unit];
      for (const end = at + inner; at < end; at++) values[at] *= factor;
    }
  }
}

/** The same as part of a graph. */
export function limitedNorms(x: Tensor, { shape, maxNorm }: Piece): Tensor {
  if (maxNorm === null) return x;
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== maxNorm.unitAxis);
  const norms = sqrt(reduceSum(multiply(x, x), axes));
  return multiply(x, minimum(divide(maxNorm.limit, maximum(norms, 1e-30)), 1));
}

import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "../graph.js";
import { multiply } from "../operators/arithmetic.js";

/** Throws unless `rate` is a probability below 1. */
export function checkRate(rate: number, layer: string): void {
  if (!(rate >= 0 && rate < 1)) {
    throw new BindscapeError({
      source: `layer "${layer}"`,
      found: `a dropout rate of ${rate}`,
      expected: "at least 0 and below 1",
    });
  }
}

/**
 * Sets each value to 0 with probability `rate` and scales the others by 1 / (1 - rate), anew at every training
 * step (Srivastava et al. 2014). In inference, and at rate 0, this is `x` itself.
 */
export function dropout(x: Tensor, rate: number): Tensor {
  checkRate(rate, "dropout");
  if (rate === 0 || x.graph.phase === "inference") return x;
  return multiply(x, x.graph.mask(x.shape, rate));
}

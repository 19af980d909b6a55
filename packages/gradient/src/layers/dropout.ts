import { BindscapeError } from "@bindscape/numerics";
import { misfit, type Tensor } from "../graph.js";
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

export interface DropoutOptions {
  /**
   * Axes along which one draw holds for all entries: [2] of [N, channels, positions] drops whole channels, [1] of
   * [N, positions, channels] the same channels at all positions. Default none.
   */
  readonly sharedAxes?: readonly number[];
  /** What errors call this layer. */
  readonly name?: string;
}

/**
 * Sets each value to 0 with probability `rate` and scales the others by 1 / (1 - rate), anew at every training
 * step (Srivastava et al. 2014). In inference, and at rate 0, this is `x` itself.
 */
export function dropout(x: Tensor, rate: number, options: DropoutOptions = {}): Tensor {
  const { sharedAxes = [], name = "dropout" } = options;
  checkRate(rate, name);
  if (sharedAxes.some((axis) => x.shape[axis] === undefined))
    throw misfit("dropout", [x], `the axes ${sharedAxes.join(", ")}`, name);
  if (rate === 0 || x.graph.phase === "inference") return x;
  const shape = x.shape.map((length, axis) => (sharedAxes.includes(axis) ? 1 : length));
  return multiply(x, x.graph.mask(shape, rate));
}

/**
 * Drops whole channels (Tompson et al. 2015): neighbouring positions say nearly the same, so that dropping single
 * values would hide little.
 * @param x [N, channels, positions]
 */
export function spatialDropout1d(x: Tensor, rate: number, options: { readonly name?: string } = {}): Tensor {
  return dropout(x, rate, { name: "spatialDropout1d", ...options, sharedAxes: [2] });
}

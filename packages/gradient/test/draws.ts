import type { FreeDimension } from "../src/shape.js";
import type { Draw } from "./operator-case.js";

/** The free batch axis N, or a multiple of it. */
export const free = (multiple = 1): FreeDimension => ({ symbol: "N", multiple });

/** Normal values at least `limit` away from 0, where an operator has a kink. */
export const away =
  (limit: number): Draw =>
  (random) => {
    const value = random.normal();
    return Math.abs(value) < limit ? value + 2 * limit * Math.sign(value || 1) : value;
  };

/** Uniform from 0.2 to 1.2. */
export const positive: Draw = (random) => 0.2 + random.uniform();

/** Uniform from -1 to 1, all values at least 0.001 apart and from 0, so that no finite difference crosses a tie. */
export const distinct: Draw = (random, _input, drawn) => {
  for (;;) {
    const value = 2 * random.uniform() - 1;
    if (Math.abs(value) > 0.001 && drawn.every((other) => Math.abs(other - value) > 0.001)) return value;
  }
};

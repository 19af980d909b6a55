import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { expect, it } from "vitest";
import * as g from "../src/index.js";
import { architecture, buildOf } from "./random-networks.js";
import { compareExactly } from "./shared-networks.js";

it("shares what windows of any architecture have in common", () => {
  let shared = 0;
  fc.assert(
    fc.property(
      architecture,
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 1e6 }),
      (drawn, phase, multiples, seed) => {
        const build = buildOf(drawn);
        try {
          build(new g.Graph({ batch: "free", phase: "inference" }));
        } catch (error) {
          // Layers that leave no position, or pads wider than a pool.
          if (!(error instanceof BindscapeError)) throw error;
          fc.pre(false);
        }
        const starts = multiples.map((multiple) => multiple * phase);
        const run = { length: drawn.windowLength + 6 * phase, starts, phase };
        if (compareExactly(build, run, seed) !== null) shared++;
      },
    ),
    { numRuns: 150, seed: 20261120 },
  );
  expect(shared).toBeGreaterThan(145);
});

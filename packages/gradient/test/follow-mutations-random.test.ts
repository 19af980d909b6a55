import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { expect, it } from "vitest";
import * as g from "../src/index.js";
import { compareMutants } from "./mutated-networks.js";
import { architecture, buildOf } from "./random-networks.js";

it("gives every mutant's numbers for any architecture", () => {
  let [followed, throughout] = [0, 0];
  fc.assert(
    fc.property(
      architecture,
      fc.uniqueArray(fc.integer({ min: 0, max: 49 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 1e6 }),
      (drawn, positions, alternatives, seed) => {
        const build = buildOf(drawn);
        try {
          build(new g.Graph({ batch: "free", phase: "inference" }));
        } catch (error) {
          // Layers that leave no position, or pads wider than a pool.
          if (!(error instanceof BindscapeError)) throw error;
          fc.pre(false);
        }
        const run = { positions: positions.sort((a, b) => a - b), alternatives };
        const writtenOut = compareMutants(build, run, seed);
        if (writtenOut === null) return;
        followed++;
        if (writtenOut.length === 0) throughout++;
      },
    ),
    { numRuns: 150, seed: 20261120 },
  );
  expect(followed).toBeGreaterThan(100);
  expect(throughout).toBeGreaterThan(20);
});

import * as g from "../../src/index.js";
import type { OperatorCase } from "../operator-case.js";

/** What only moves or adds up values. */
export const shapeCases: readonly OperatorCase[] = [
  { operator: "reshape", shapes: [[2, 6]], build: (a) => g.reshape(a, [3, 4]) },
  { operator: "flatten", shapes: [[2, 3, 2]], build: (a) => g.flatten(g.negate(a)) },
  { operator: "transpose", shapes: [[2, 3, 4]], build: (a) => g.transpose(a, [2, 0, 1]) },
  {
    operator: "transpose",
    variant: "twice",
    shapes: [[2, 3, 4]],
    build: (a) => g.transpose(g.transpose(a, [2, 0, 1]), [1, 0, 2]),
  },
  { operator: "slice", shapes: [[2, 7, 3]], build: (a) => g.slice(a, { axis: 1, start: 2, end: 5 }) },
  { operator: "padZeros", shapes: [[2, 3]], build: (a) => g.padZeros(a, { axis: 1, before: 2, after: 1 }) },
  { operator: "permute", shapes: [[2, 4, 3]], build: (a) => g.permute(a, 1, [2, 0, 3, 1]) },
  { operator: "flip", shapes: [[2, 4]], build: (a) => g.flip(a, 1) },
  {
    operator: "concatenate",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    build: (a, b, c) => g.concatenate([a, b, c], 1),
  },
  {
    operator: "split",
    variant: "one part unused",
    shapes: [[2, 6]],
    build: (a) => g.split(a, 1, [1, 3, 2])[1],
  },
  {
    operator: "stack",
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: (a, b) => g.stack([a, b], 1),
  },
  { operator: "reduceSum", shapes: [[2, 3, 4]], build: (a) => g.reduceSum(a, [0, 2]) },
  { operator: "reduceMean", shapes: [[2, 3, 4]], build: (a) => g.reduceMean(a, [1]) },
  {
    operator: "expand",
    shapes: [
      [2, 1, 3],
      [2, 4, 3],
    ],
    build: (a, like) => g.expand(a, like),
    differentiable: [true, false],
  },
  {
    operator: "gatherRows",
    shapes: [
      [4, 2],
      [3, 2],
    ],
    build: (table, rows) => g.gatherRows(table, rows),
    draw: (random, input) => (input === 0 ? random.normal() : random.integer(4)),
    differentiable: [false, false],
  },
];

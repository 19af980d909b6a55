import * as g from "../../src/index.js";
import { distinct, free } from "../draws.js";
import type { Draw, OperatorCase } from "../operator-case.js";

/** Whole numbers below `length` for one input, normal values for the others. */
const someOf =
  (length: number, indices: number): Draw =>
  (random, input) =>
    input === indices ? random.integer(length) : random.normal();

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
  { operator: "reduceMax", shapes: [[2, 3, 4]], build: (a) => g.reduceMax(a, [0, 2]), draw: distinct },
  {
    operator: "reduceMax",
    variant: "all axes",
    shapes: [[2, 5]],
    build: (a) => g.reduceMax(a),
    draw: distinct,
  },
  { operator: "reduceMin", shapes: [[2, 3, 4]], build: (a) => g.reduceMin(a, [1]), draw: distinct },
  {
    operator: "gatherRows",
    shapes: [
      [4, 2],
      [3, 2],
    ],
    build: (table, rows) => g.gatherRows(table, rows),
    draw: someOf(4, 1),
    differentiable: [true, false],
  },
  {
    operator: "gather",
    variant: "the middle axis, free batch",
    batch: "free",
    samples: 2,
    shapes: [[free(), 5, 2], [6]],
    build: (x, indices) => g.gather(x, indices, 1),
    draw: someOf(5, 1),
    differentiable: [true, false],
  },
  {
    operator: "embedding",
    shapes: [
      [3, 4],
      [5, 2],
    ],
    build: (indices, table) => g.embedding(indices, table),
    draw: someOf(5, 0),
    differentiable: [false, true],
  },
  {
    operator: "embedding",
    variant: "a table of 1,000 rows, free batch",
    batch: "free",
    samples: 3,
    shapes: [
      [free(), 4],
      [1000, 2],
    ],
    build: (indices, table) => g.embedding(indices, table),
    draw: someOf(1000, 0),
    differentiable: [false, true],
  },
  ...[5, 500].map(
    (length): OperatorCase => ({
      operator: "scatterAdd",
      variant: `the middle axis, length ${length}`,
      shapes: [
        [2, 3, 2, 2],
        [3, 2],
      ],
      build: (updates, indices) => g.scatterAdd(updates, indices, { axis: 1, length }),
      draw: someOf(5, 1),
      differentiable: [true, false],
    }),
  ),
  {
    operator: "scatter",
    shapes: [[2, 5, 2], [3], [2, 3, 2]],
    build: (x, indices, updates) => g.scatter(x, indices, updates, 1),
    // The entries 4, 1 and 3, whatever was drawn.
    draw: (random, input, _drawn, index) => (input === 1 ? [4, 1, 3][index] : random.normal()),
    differentiable: [true, false, true],
  },
];

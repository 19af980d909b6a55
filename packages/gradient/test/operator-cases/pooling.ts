import * as g from "../../src/index.js";
import { distinct, free } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

export const poolingCases: readonly OperatorCase[] = [
  {
    operator: "maxPool1d",
    variant: "remainder dropped",
    shapes: [[2, 3, 8]],
    build: (x) => g.maxPool1d(x, { size: 3 }),
    draw: distinct,
  },
  {
    operator: "maxPool1d",
    variant: "of rectified values",
    shapes: [[2, 3, 8]],
    build: (x) => g.maxPool1d(g.relu(x), { size: 4 }),
    draw: distinct,
  },
  ...(
    [
      { size: 3, stride: 2 },
      { size: 3, stride: 1, padding: 2 },
      { size: 2, stride: 3 },
      { size: 5, stride: 2, padding: [1, 3] },
      { size: 4, stride: 3, padding: "same" },
      { size: 3, stride: 3, padding: 1 },
    ] satisfies g.PoolOptions[]
  ).flatMap((options): OperatorCase[] => {
    const { size, stride, padding = 0 } = options as g.PoolOptions;
    const variant = `size ${size}, stride ${stride}, padding ${padding}`;
    return [
      {
        operator: "maxPool1d",
        variant,
        shapes: [[2, 2, 10]],
        build: (x) => g.maxPool1d(x, options),
        draw: distinct,
      },
      {
        operator: "averagePool1d",
        variant,
        shapes: [[2, 2, 10]],
        build: (x) => g.averagePool1d(x, options),
      },
    ];
  }),
  {
    operator: "maxPool1d",
    variant: "free batch, overlapping, of rectified values",
    batch: "free",
    samples: 3,
    shapes: [[free(), 2, 9]],
    build: (x) => g.maxPool1d(g.relu(x), { size: 3, stride: 2, padding: 1 }),
    draw: distinct,
  },
  {
    operator: "averagePool1d",
    variant: "padding counts",
    shapes: [[2, 2, 10]],
    build: (x) => g.averagePool1d(x, { size: 4, stride: 2, padding: 2, countPadding: true }),
  },
  {
    operator: "averagePool1d",
    variant: "side by side",
    shapes: [[2, 2, 10]],
    build: (x) => g.averagePool1d(x, { size: 3 }),
  },
  { operator: "globalAveragePool1d", shapes: [[2, 3, 8]], build: g.globalAveragePool1d },
  { operator: "globalMaxPool1d", shapes: [[2, 3, 8]], build: g.globalMaxPool1d, draw: distinct },
  {
    operator: "runningMaximum",
    shapes: [[2, 3, 20]],
    build: (x) => g.runningMaximum(x, { size: 7 }),
    differentiable: [false],
  },
];

import * as g from "../../src/index.js";
import { distinct } from "../draws.js";
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
  { operator: "globalMaxPool1d", shapes: [[2, 3, 8]], build: g.globalMaxPool1d, draw: distinct },
  {
    operator: "runningMaximum",
    shapes: [[2, 3, 20]],
    build: (x) => g.runningMaximum(x, { size: 7 }),
    differentiable: [false],
  },
];

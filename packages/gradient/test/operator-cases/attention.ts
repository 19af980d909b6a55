import * as g from "../../src/index.js";
import { free } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

/** Attention, gates, and dropout of whole channels. */
export const attentionCases: readonly OperatorCase[] = [
  {
    operator: "attentionPool1d",
    shapes: [
      [2, 5, 3],
      [2, 5],
    ],
    build: (x, scores) => g.attentionPool1d(x, scores),
  },
  {
    operator: "attentionPool1d",
    variant: "two heads, masked, free batch",
    batch: "free",
    samples: 2,
    shapes: [
      [free(), 5, 3],
      [free(), 5, 2],
      [free(), 5],
    ],
    build: (x, scores, mask) => g.attentionPool1d(x, scores, { mask }),
    draw: (random, input, _drawn, index) => (input === 2 ? [1, 0, 1, 1, 0][index % 5] : random.normal()),
    differentiable: [true, true, false],
  },
  {
    operator: "attentionScores",
    shapes: [[2, 4, 3], [3, 5], [5], [5, 2]],
    build: (x, kernel, bias, vector) => g.attentionScores(x, kernel, bias, vector),
  },
  { operator: "gatedLinearUnit", shapes: [[2, 6, 3]], build: (x) => g.gatedLinearUnit(x) },
  {
    operator: "gatedLinearUnit",
    variant: "tanh, the last axis, free batch",
    batch: "free",
    samples: 3,
    shapes: [[free(), 4]],
    build: (x) => g.gatedLinearUnit(x, { axis: 1, activation: g.tanh }),
  },
  { operator: "spatialDropout1d", shapes: [[3, 4, 5]], build: (x) => g.spatialDropout1d(x, 0.4) },
  {
    operator: "dropout",
    variant: "shared by positions",
    shapes: [[3, 4, 5]],
    build: (x) => g.dropout(x, 0.4, { sharedAxes: [1] }),
  },
];

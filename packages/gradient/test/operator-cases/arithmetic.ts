import * as g from "../../src/index.js";
import { away, distinct, positive } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

/** Element by element. */
export const arithmeticCases: readonly OperatorCase[] = [
  {
    operator: "add",
    variant: "broadcast",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    build: (a, b) => g.add(a, b),
  },
  {
    operator: "subtract",
    variant: "broadcast from the left",
    shapes: [[4], [2, 3, 4]],
    build: (a, b) => g.subtract(a, b),
  },
  {
    operator: "multiply",
    variant: "broadcast both ways",
    shapes: [
      [2, 1, 4],
      [3, 1],
    ],
    build: (a, b) => g.multiply(a, b),
  },
  { operator: "multiply", variant: "by itself", shapes: [[5]], build: (a) => g.multiply(a, a) },
  { operator: "divide", shapes: [[2, 3], [3]], build: (a, b) => g.divide(a, b), draw: positive },
  { operator: "maximum", shapes: [[4, 3], [3]], build: (a, b) => g.maximum(a, b), draw: distinct },
  {
    operator: "minimum",
    shapes: [
      [4, 3],
      [4, 3],
    ],
    build: (a, b) => g.minimum(a, b),
    draw: distinct,
  },
  { operator: "negate", shapes: [[7]], build: g.negate },
  { operator: "exp", shapes: [[7]], build: g.exp },
  { operator: "log", shapes: [[7]], build: g.log, draw: positive },
  { operator: "sqrt", shapes: [[7]], build: g.sqrt, draw: positive },
  { operator: "sigmoid", shapes: [[9]], build: g.sigmoid },
  { operator: "tanh", shapes: [[9]], build: g.tanh },
  { operator: "softplus", shapes: [[9]], build: g.softplus, draw: (random) => 10 * random.normal() },
  { operator: "relu", shapes: [[9]], build: g.relu, draw: away(0.01) },
  { operator: "hardSigmoid", shapes: [[40]], build: g.hardSigmoid, draw: (random) => 3 * random.normal() },
  { operator: "dropout", shapes: [[2, 9]], build: (x) => g.dropout(x, 0.4) },
  {
    operator: "dropout",
    variant: "of rectified values",
    shapes: [[2, 9]],
    build: (x) => g.dropout(g.relu(x), 0.4),
    draw: away(0.01),
  },
];

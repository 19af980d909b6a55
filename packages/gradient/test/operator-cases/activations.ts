import * as g from "../../src/index.js";
import { away } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

export const activationCases: readonly OperatorCase[] = [
  { operator: "absolute", shapes: [[9]], build: g.absolute, draw: away(0.01) },
  { operator: "erf", shapes: [[9]], build: g.erf },
  { operator: "gelu", shapes: [[20]], build: (x) => g.gelu(x), draw: (random) => 2 * random.normal() },
  {
    operator: "gelu",
    variant: "by the hyperbolic tangent",
    shapes: [[20]],
    build: (x) => g.gelu(x, { approximation: "tanh" }),
    draw: (random) => 2 * random.normal(),
  },
  { operator: "elu", shapes: [[20]], build: (x) => g.elu(x), draw: away(0.01) },
  {
    operator: "elu",
    variant: "of another slope",
    shapes: [[20]],
    build: (x) => g.elu(x, { alpha: 1.7 }),
    draw: away(0.01),
  },
  { operator: "leakyRelu", shapes: [[20]], build: (x) => g.leakyRelu(x, { alpha: 0.2 }), draw: away(0.01) },
  {
    operator: "threshold",
    shapes: [[20]],
    build: (x) => g.threshold(x, { limit: 0, value: 1e-6 }),
    draw: away(0.01),
  },
  { operator: "softmax", shapes: [[3, 5]], build: (x) => g.softmax(x) },
  { operator: "softmax", variant: "of a middle axis", shapes: [[2, 3, 4]], build: (x) => g.softmax(x, 1) },
  { operator: "logSoftmax", shapes: [[3, 5]], build: (x) => g.logSoftmax(x) },
  {
    operator: "logSoftmax",
    variant: "of a first axis",
    shapes: [[3, 2, 2]],
    build: (x) => g.logSoftmax(x, 0),
  },
];

import * as g from "../../src/index.js";
import type { Draw, OperatorCase } from "../operator-case.js";

/** From 0.1 to 30, as many small as large. */
const concentration: Draw = (random) => 0.1 * 300 ** random.uniform();

export const probabilityCases: readonly OperatorCase[] = [
  { operator: "logGamma", shapes: [[30]], build: g.logGamma, draw: concentration },
  { operator: "digamma", shapes: [[30]], build: g.digamma, draw: concentration },
  {
    operator: "trigamma",
    shapes: [[30]],
    build: g.trigamma,
    draw: concentration,
    differentiable: [false],
  },
  {
    operator: "gammaSample",
    shapes: [[2, 30]],
    build: (x) => g.gammaSample(x),
    draw: concentration,
    implicitGradient: true,
  },
  {
    operator: "dirichletSample",
    shapes: [[2, 10]],
    build: (x) => g.dirichletSample(x),
    draw: concentration,
    implicitGradient: true,
  },
  {
    operator: "dirichletDivergence",
    shapes: [[3, 5], [5]],
    build: (a, b) => g.dirichletDivergence(a, b),
    draw: concentration,
  },
];

import * as g from "../../src/index.js";
import type { OperatorCase } from "../operator-case.js";

/** Products. */
export const linearCases: readonly OperatorCase[] = [
  ...[true, false].flatMap((transposeA) =>
    [true, false].flatMap((transposeB): OperatorCase[] => [
      {
        operator: "matrixProduct",
        variant: `transposed ${transposeA} ${transposeB}`,
        shapes: [transposeA ? [4, 3] : [3, 4], transposeB ? [2, 4] : [4, 2]],
        build: (a, b) => g.matrixProduct(a, b, { transposeA, transposeB }),
      },
      {
        operator: "matrixProduct",
        variant: `batched, transposed ${transposeA} ${transposeB}`,
        shapes: [transposeA ? [2, 4, 3] : [2, 3, 4], transposeB ? [2, 2, 4] : [2, 4, 2]],
        build: (a, b) => g.matrixProduct(a, b, { transposeA, transposeB }),
      },
    ]),
  ),
  {
    operator: "matrixProduct",
    variant: "batch broadcast",
    shapes: [
      [3, 4],
      [5, 4, 2],
    ],
    build: (a, b) => g.matrixProduct(a, b),
  },
  {
    operator: "dense",
    shapes: [[2, 3], [3, 4], [4]],
    build: (x, kernel, bias) => g.dense(x, kernel, bias),
  },
  {
    operator: "perPositionDense",
    shapes: [[2, 3, 5], [4, 3], [4]],
    build: (x, kernel, bias) => g.perPositionDense(x, kernel, bias),
  },
];

import * as g from "../../src/index.js";
import type { OperatorCase } from "../operator-case.js";

export const convolutionCases: readonly OperatorCase[] = [
  {
    operator: "convolution1d",
    shapes: [[2, 3, 11], [4, 3, 5], [4]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias),
  },
  {
    operator: "convolution1d",
    variant: "padded and dilated",
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    build: (x, kernel) => g.convolution1d(x, kernel, null, { padding: 3, dilation: 2 }),
  },
  {
    operator: "convolution1d",
    variant: "strided with positions over",
    shapes: [[2, 2, 12], [3, 2, 4], [3]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias, { stride: 3, padding: 1 }),
    differentiable: [false, true, true],
  },
];

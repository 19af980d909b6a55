import * as g from "../../src/index.js";
import { free } from "../draws.js";
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
  },
  {
    operator: "convolution1d",
    variant: "strided and dilated, more padding at the end",
    shapes: [[2, 2, 13], [3, 2, 3], [3]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias, { stride: 2, dilation: 2, padding: [1, 4] }),
  },
  {
    operator: "convolution1d",
    variant: "more padding than the kernel reaches",
    shapes: [[2, 2, 5], [3, 2, 2], [3]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias, { padding: [3, 2] }),
  },
  ...([1, 2, 3] as const).flatMap((stride) =>
    [10, 11].map(
      (positions): OperatorCase => ({
        operator: "convolution1d",
        variant: `same padding, stride ${stride}, ${positions} positions`,
        shapes: [
          [2, 2, positions],
          [3, 2, 4],
        ],
        build: (x, kernel) => g.convolution1d(x, kernel, null, { stride, padding: "same" }),
      }),
    ),
  ),
  {
    operator: "convolution1d",
    variant: "two groups",
    shapes: [[2, 4, 9], [6, 2, 3], [6]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias, { groups: 2, padding: 1 }),
  },
  {
    operator: "convolution1d",
    variant: "a group for each channel, strided",
    shapes: [
      [2, 3, 9],
      [6, 1, 3],
    ],
    build: (x, kernel) => g.convolution1d(x, kernel, null, { groups: 3, stride: 2 }),
  },
  {
    operator: "convolution1d",
    variant: "free batch, groups",
    batch: "free",
    samples: 3,
    shapes: [
      [free(), 4, 9],
      [6, 2, 3],
    ],
    build: (x, kernel) => g.convolution1d(x, kernel, null, { groups: 2, stride: 2, padding: 1 }),
  },
  {
    operator: "convolutionTranspose1d",
    shapes: [[2, 3, 5], [3, 4, 3], [4]],
    build: (x, kernel, bias) => g.convolutionTranspose1d(x, kernel, bias),
  },
  {
    operator: "convolutionTranspose1d",
    variant: "strided, cut and padded",
    shapes: [[2, 3, 5], [3, 4, 4], [4]],
    build: (x, kernel, bias) =>
      g.convolutionTranspose1d(x, kernel, bias, { stride: 3, padding: [1, 2], outputPadding: 2 }),
  },
  {
    operator: "convolutionTranspose1d",
    variant: "more output padding than is cut",
    shapes: [
      [2, 3, 5],
      [3, 4, 2],
    ],
    build: (x, kernel) => g.convolutionTranspose1d(x, kernel, null, { stride: 3, outputPadding: 2 }),
  },
  {
    operator: "convolutionTranspose1d",
    variant: "dilated, output padding of more than the stride",
    shapes: [
      [2, 2, 5],
      [2, 3, 3],
    ],
    build: (x, kernel) =>
      g.convolutionTranspose1d(x, kernel, null, { stride: 2, dilation: 4, padding: 3, outputPadding: 3 }),
  },
  {
    operator: "convolutionTranspose1d",
    variant: "groups",
    shapes: [[2, 4, 5], [4, 3, 3], [6]],
    build: (x, kernel, bias) =>
      g.convolutionTranspose1d(x, kernel, bias, { stride: 2, groups: 2, padding: 1 }),
  },
];

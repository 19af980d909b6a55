import * as g from "../../src/index.js";
import { free } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

const bothDirections = [
  [2, 12, 2],
  [2, 12, 3],
  [2, 12],
];

export const recurrentCases: readonly OperatorCase[] = [
  ...(["sigmoid", "hard-sigmoid"] as const).flatMap((gateActivation) =>
    [
      { inputDropout: 0, recurrentDropout: 0 },
      { inputDropout: 0.4, recurrentDropout: 0 },
      { inputDropout: 0.4, recurrentDropout: 0.4 },
    ].map(
      (rates): OperatorCase => ({
        operator: "bidirectionalLstm",
        variant: `${gateActivation}, dropout ${rates.inputDropout} ${rates.recurrentDropout}`,
        shapes: [[3, 4, 2], ...bothDirections],
        build: (x, inputKernel, recurrentKernel, bias) =>
          g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation, ...rates }),
        batch: 3,
      }),
    ),
  ),
  {
    operator: "bidirectionalLstm",
    variant: "a single position",
    shapes: [[3, 1, 2], ...bothDirections],
    build: (x, inputKernel, recurrentKernel, bias) =>
      g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }),
  },
  ...(["sigmoid", "hard-sigmoid"] as const).map(
    (gateActivation): OperatorCase => ({
      operator: "bidirectionalLstm",
      variant: `unrolled, ${gateActivation}`,
      shapes: [[3, 4, 2], ...bothDirections],
      build: (x, inputKernel, recurrentKernel, bias) =>
        g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation, unrolled: true }),
    }),
  ),
  {
    operator: "bidirectionalLstm",
    variant: "free batch, behind strands, convolution and pool",
    batch: "free",
    samples: 3,
    shapes: [
      [free(), 4, 9],
      [2, 4, 3],
      [2, 8, 2],
      [2, 8, 2],
      [2, 8],
      [8, 1],
    ],
    build: (x, kernel, inputKernel, recurrentKernel, bias, last) => {
      const convolved = g.strandConvolution1d(x, kernel, null, [3, 2, 1, 0]);
      const pooled = g.alignStrands(g.maxPool1d(convolved, { size: 7 }));
      const pair = g.concatenate([pooled, g.multiply(pooled, pooled)], 2);
      const states = g.bidirectionalLstm(g.transpose(pair, [0, 2, 1]), {
        inputKernel,
        recurrentKernel,
        bias,
      });
      return g.meanOverStrands(g.sigmoid(g.dense(g.flatten(states), last)));
    },
    differentiable: [true, false, false, false, false, false],
  },
];

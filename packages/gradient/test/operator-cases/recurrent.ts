import * as g from "../../src/index.js";
import { free } from "../draws.js";
import type { Draw, OperatorCase } from "../operator-case.js";

const bothDirections = [
  [2, 12, 2],
  [2, 12, 3],
  [2, 12],
];

const oneDirection = (gates: number) => [
  [1, 3 * gates, 2],
  [1, 3 * gates, 3],
  [1, 3 * gates],
];

const gruShapes = (directions: number) => [
  [directions, 9, 2],
  [directions, 9, 3],
  [directions, 9],
  [directions, 9],
];

/** Three samples of four positions: whole, filled up at both ends, and with a gap. */
const masked = [1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1];

/** The mask for one input, normal values for the others. */
const someMasked =
  (input: number): Draw =>
  (random, which, _drawn, index) =>
    which === input ? masked[index] : random.normal();

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
  ...(["sigmoid", "hard-sigmoid"] as const).map(
    (gateActivation): OperatorCase => ({
      operator: "bidirectionalLstm",
      variant: `prediction, ${gateActivation}`,
      phase: "inference",
      shapes: [[3, 4, 2], ...bothDirections],
      build: (x, inputKernel, recurrentKernel, bias) =>
        g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation }),
    }),
  ),
  {
    operator: "bidirectionalLstm",
    variant: "prediction, a single position",
    phase: "inference",
    shapes: [[3, 1, 2], ...bothDirections],
    build: (x, inputKernel, recurrentKernel, bias) =>
      g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }),
  },
  {
    operator: "lstm",
    variant: "prediction, one direction, the last state",
    phase: "inference",
    shapes: [[2, 4, 2], ...oneDirection(4)],
    build: (x, inputKernel, recurrentKernel, bias) =>
      g.lstm(x, { inputKernel, recurrentKernel, bias }, { returns: "last" }),
  },
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
      variant: `prediction, unrolled, ${gateActivation}`,
      phase: "inference",
      shapes: [[3, 4, 2], ...bothDirections],
      build: (x, inputKernel, recurrentKernel, bias) =>
        g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation, unrolled: true }),
    }),
  ),
  {
    operator: "bidirectionalLstm",
    variant: "free batch, behind strands, convolution and pool",
    batch: "free",
    phase: "inference",
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
  ...(
    [
      ["one direction", {}],
      ["one direction, the last state", { returns: "last" }],
      ["one direction, hard-sigmoid", { gateActivation: "hard-sigmoid" }],
      ["one direction, recurrent dropout", { recurrentDropout: 0.4 }],
    ] satisfies [string, g.LstmOptions][]
  ).map(
    ([variant, options]): OperatorCase => ({
      operator: "lstm",
      variant,
      shapes: [[2, 4, 2], ...oneDirection(4)],
      build: (x, inputKernel, recurrentKernel, bias) =>
        g.lstm(x, { inputKernel, recurrentKernel, bias }, options as g.LstmOptions),
    }),
  ),
  {
    operator: "bidirectionalLstm",
    variant: "the last states",
    shapes: [[2, 4, 2], ...bothDirections],
    build: (x, inputKernel, recurrentKernel, bias) =>
      g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { returns: "last" }),
  },
  ...[0, 0.4].flatMap((rate) =>
    (["all", "last"] as const).flatMap((returns): OperatorCase[] => [
      {
        operator: "bidirectionalLstm",
        variant: `masked positions, dropout ${rate}, ${returns}`,
        shapes: [[3, 4, 2], ...bothDirections, [3, 4]],
        build: (x, inputKernel, recurrentKernel, bias, mask) =>
          g.bidirectionalLstm(
            x,
            { inputKernel, recurrentKernel, bias },
            { mask, returns, inputDropout: rate, recurrentDropout: rate },
          ),
        draw: someMasked(4),
        differentiable: [true, true, true, true, false],
      },
      {
        operator: "bidirectionalGru",
        variant: `masked positions, dropout ${rate}, ${returns}`,
        shapes: [[3, 4, 2], ...gruShapes(2), [3, 4]],
        build: (x, inputKernel, recurrentKernel, bias, recurrentBias, mask) =>
          g.bidirectionalGru(
            x,
            { inputKernel, recurrentKernel, bias, recurrentBias },
            { mask, returns, inputDropout: rate, recurrentDropout: rate },
          ),
        draw: someMasked(5),
        differentiable: [true, true, true, true, true, false],
      },
    ]),
  ),
  ...(["after", "before"] as const).flatMap((reset) =>
    (
      [
        {},
        { gateActivation: "hard-sigmoid" },
        { unrolled: true },
        { unrolled: true, gateActivation: "hard-sigmoid" },
        { inputDropout: 0.4, recurrentDropout: 0.4 },
      ] satisfies g.GruOptions[]
    ).flatMap((options): OperatorCase[] => [
      {
        operator: "bidirectionalGru",
        variant: `reset ${reset}${describe(options)}`,
        shapes: [[2, 4, 2], ...gruShapes(2)],
        build: (x, inputKernel, recurrentKernel, bias, recurrentBias) =>
          g.bidirectionalGru(
            x,
            { inputKernel, recurrentKernel, bias, recurrentBias },
            { ...(options as g.GruOptions), reset },
          ),
      },
      {
        operator: "gru",
        variant: `reset ${reset}${describe(options)}`,
        shapes: [[2, 3, 2], ...gruShapes(1)],
        build: (x, inputKernel, recurrentKernel, bias, recurrentBias) =>
          g.gru(
            x,
            { inputKernel, recurrentKernel, bias, recurrentBias },
            { ...(options as g.GruOptions), reset, returns: "last" },
          ),
      },
    ]),
  ),
  {
    operator: "bidirectionalGru",
    variant: "a single position",
    shapes: [[3, 1, 2], ...gruShapes(2)],
    build: (x, inputKernel, recurrentKernel, bias, recurrentBias) =>
      g.bidirectionalGru(x, { inputKernel, recurrentKernel, bias, recurrentBias }),
  },
  {
    operator: "bidirectionalGru",
    variant: "free batch",
    batch: "free",
    samples: 3,
    shapes: [[free(), 4, 2], ...gruShapes(2)],
    build: (x, inputKernel, recurrentKernel, bias, recurrentBias) =>
      g.bidirectionalGru(x, { inputKernel, recurrentKernel, bias, recurrentBias }),
    differentiable: [true, false, false, false, false],
  },
];

/** `, hard-sigmoid, dropout 0.4`. */
function describe({ gateActivation, unrolled, recurrentDropout }: g.GruOptions): string {
  return [
    gateActivation && `, ${gateActivation}`,
    unrolled && ", unrolled",
    recurrentDropout && `, dropout ${recurrentDropout}`,
  ]
    .filter(Boolean)
    .join("");
}

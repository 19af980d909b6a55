import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";

const graph = new g.Graph({ batch: 2, phase: "training" });
const x = graph.input("x", [2, 4, 10]);
const kernel = (...shape: number[]) => graph.input(`kernel${shape.join("x")}`, shape);

/** What a layer is given, and what its error says it needs. */
const misfits: readonly (readonly [string, () => g.Tensor, string])[] = [
  [
    "convolution1d: groups that do not divide",
    () => g.convolution1d(x, kernel(6, 4, 3), null, { groups: 2, name: "first" }),
    'layer "first" (convolution1d): inputs of shape [2, 4, 10] and [6, 4, 3]; expected a kernel with 1/2 of the input\'s channels, and a multiple of 2 filters.',
  ],
  [
    "convolution1d: no whole stride",
    () => g.convolution1d(x, kernel(6, 4, 3), null, { stride: 1.5 }),
    "expected a stride, a dilation and a number of groups that are whole numbers of at least 1",
  ],
  [
    "convolution1d: negative padding",
    () => g.convolution1d(x, kernel(6, 4, 3), null, { padding: [0, -1] }),
    "expected a padding of whole numbers of at least 0",
  ],
  [
    "convolution1d: a bias of another length",
    () => g.convolution1d(x, kernel(6, 4, 3), kernel(5)),
    "expected a bias with one value a filter",
  ],
  [
    "convolution1d: too few positions for the dilated kernel",
    () => g.convolution1d(x, kernel(6, 4, 3), null, { dilation: 5 }),
    "expected at least 11 positions",
  ],
  [
    "convolutionTranspose1d: a kernel of other channels",
    () => g.convolutionTranspose1d(x, kernel(3, 6, 3), null, { name: "up" }),
    'layer "up" (convolutionTranspose1d): inputs of shape [2, 4, 10] and [3, 6, 3]; expected a kernel whose first axis is the input\'s channels',
  ],
  [
    "convolutionTranspose1d: too much output padding",
    () => g.convolutionTranspose1d(x, kernel(4, 6, 3), null, { stride: 2, outputPadding: 2 }),
    "expected an output padding of at least 0 and below the stride or dilation, 2",
  ],
  [
    "convolutionTranspose1d: everything cut off",
    () => g.convolutionTranspose1d(x, kernel(4, 6, 3), null, { padding: 6 }),
    "expected a padding that leaves at least one position",
  ],
  [
    "maxPool1d: too few positions",
    () => g.maxPool1d(x, { size: 11, name: "pool" }),
    'layer "pool" (maxPool1d)',
  ],
  [
    "maxPool1d: padding of a whole window",
    () => g.maxPool1d(x, { size: 3, padding: 3 }),
    "expected a padding of at least 0 and below the size, 3",
  ],
  [
    "averagePool1d: no positions axis",
    () => g.averagePool1d(kernel(2, 4), { size: 2 }),
    'layer "averagePool1d" (averagePool1d): inputs of shape [2, 4]; expected a tensor [batch, channels, positions] with at least 2 positions',
  ],
  [
    "averagePool1d: stride 0",
    () => g.averagePool1d(x, { size: 2, stride: 0 }),
    "a size and a stride of at least 1",
  ],
  ["reduceMax: an axis it lacks", () => g.reduceMax(x, [3], "largest"), 'layer "largest" (reduceMax)'],
  [
    "reduceMin: an axis it lacks",
    () => g.reduceMin(x, [-1]),
    "expected a tensor with values along the axes -1",
  ],
  [
    "scatterAdd: indices of another shape",
    () => g.scatterAdd(x, kernel(5), { axis: 1, length: 9 }),
    "inputs of shape [2, 4, 10] and [5]; expected values whose axes, from the one that is filled on, begin with those of the indices",
  ],
  ["scatter: an axis it lacks", () => g.scatter(x, kernel(4), x, 5), 'layer "scatter" (scatter)'],
  [
    "attentionPool1d: scores of other positions",
    () => g.attentionPool1d(x, kernel(2, 5)),
    "inputs of shape [2, 4, 10] and [2, 5]; expected values [N, positions, channels], scores [N, positions, heads]",
  ],
  [
    "attentionScores: a kernel of other channels",
    () => g.attentionScores(x, kernel(3, 5), null, x),
    "attentionScores",
  ],
  [
    "gatedLinearUnit: an odd number of channels",
    () => g.gatedLinearUnit(kernel(2, 5, 3)),
    "inputs of shape [2, 5, 3]; expected an even number of entries on axis 1",
  ],
  ["dropout: an axis it lacks", () => g.dropout(x, 0.5, { sharedAxes: [4] }), "expected the axes 4"],
  [
    "spatialDropout1d: a rate of 1",
    () => g.spatialDropout1d(x, 1, { name: "drop" }),
    'layer "drop": a dropout rate of 1',
  ],
];

describe("layers that do not fit say so when the graph is built", () => {
  it.each(misfits)("%s", (_what, build, message) => {
    expect(build).toThrow(message);
  });
});

describe("graphs that shape a gradient only where one is needed", () => {
  it("make none for the input of a strided convolution that needs none", () => {
    const small = new g.Graph({ batch: 2, phase: "training" });
    const input = small.input("x", [2, 4, 10]);
    const weights = small.parameter("kernel", [3, 4, 3], g.glorotUniform());
    const loss = g.reduceSum(g.convolution1d(input, weights, null, { stride: 2 }));
    const [slope] = g.gradients(loss, [weights]);
    const seen = new Set<string>();
    const look = (tensor: g.Tensor): void => {
      if (!tensor.node) return;
      seen.add(tensor.node.operator.name);
      tensor.node.inputs.forEach(look);
    };
    look(slope!);
    expect(seen).toContain("convolution1dKernelGradient");
    expect(seen).not.toContain("convolutionTranspose1d");
  });
});

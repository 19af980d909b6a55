import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { type Case, checkCase, expectClose, free, runOnnx } from "./check.js";

const away = (limit: number) => (random: { normal(): number }) => {
  const value = random.normal();
  return Math.abs(value) < limit ? value + 2 * limit * Math.sign(value || 1) : value;
};
const positive = (random: { uniform(): number }) => 0.2 + random.uniform();
/** Distinct values at least 0.01 apart, so that no finite difference crosses a tie. */
function distinct() {
  const used: number[] = [];
  return (random: { uniform(): number }) => {
    for (;;) {
      const value = 2 * random.uniform() - 1;
      if (Math.abs(value) > 0.001 && used.every((other) => Math.abs(other - value) > 0.001)) {
        used.push(value);
        return value;
      }
    }
  };
}

const cases: Case[] = [
  {
    name: "add, broadcast",
    shapes: [
      [2, 3, 4],
      [3, 1],
    ],
    build: (a, b) => g.add(a, b),
  },
  { name: "subtract, broadcast from the left", shapes: [[4], [2, 3, 4]], build: (a, b) => g.subtract(a, b) },
  {
    name: "multiply, broadcast both ways",
    shapes: [
      [2, 1, 4],
      [3, 1],
    ],
    build: (a, b) => g.multiply(a, b),
  },
  { name: "multiply by itself", shapes: [[5]], build: (a) => g.multiply(a, a) },
  { name: "divide", shapes: [[2, 3], [3]], build: (a, b) => g.divide(a, b), draw: positive },
  { name: "maximum", shapes: [[4, 3], [3]], build: (a, b) => g.maximum(a, b), draw: distinct() },
  {
    name: "minimum",
    shapes: [
      [4, 3],
      [4, 3],
    ],
    build: (a, b) => g.minimum(a, b),
    draw: distinct(),
  },
  { name: "negate, exp", shapes: [[7]], build: (a) => g.negate(g.exp(a)) },
  { name: "log, sqrt", shapes: [[7]], build: (a) => g.log(g.sqrt(a)), draw: positive },
  { name: "sigmoid", shapes: [[9]], build: g.sigmoid },
  { name: "tanh", shapes: [[9]], build: g.tanh },
  { name: "softplus", shapes: [[9]], build: g.softplus, draw: (random) => 10 * random.normal() },
  { name: "relu", shapes: [[9]], build: g.relu, draw: away(0.01) },
  { name: "hard sigmoid", shapes: [[40]], build: g.hardSigmoid, draw: (random) => 3 * random.normal() },
  {
    name: "matrix product",
    shapes: [
      [3, 4],
      [4, 2],
    ],
    build: (a, b) => g.matrixProduct(a, b),
  },
  ...[true, false].flatMap((transposeA) =>
    [true, false].flatMap((transposeB): Case[] => [
      {
        name: `matrix product, transposed ${transposeA} ${transposeB}`,
        shapes: [transposeA ? [4, 3] : [3, 4], transposeB ? [2, 4] : [4, 2]],
        build: (a, b) => g.matrixProduct(a, b, { transposeA, transposeB }),
      },
      {
        name: `batched matrix product, transposed ${transposeA} ${transposeB}`,
        shapes: [transposeA ? [2, 4, 3] : [2, 3, 4], transposeB ? [2, 2, 4] : [2, 4, 2]],
        build: (a, b) => g.matrixProduct(a, b, { transposeA, transposeB }),
      },
    ]),
  ),
  {
    name: "matrix product, batch broadcast",
    shapes: [
      [3, 4],
      [5, 4, 2],
    ],
    build: (a, b) => g.matrixProduct(a, b),
  },
  { name: "reshape", shapes: [[2, 6]], build: (a) => g.reshape(a, [3, 4]) },
  { name: "transpose", shapes: [[2, 3, 4]], build: (a) => g.transpose(a, [2, 0, 1]) },
  {
    name: "transpose twice",
    shapes: [[2, 3, 4]],
    build: (a) => g.transpose(g.transpose(a, [2, 0, 1]), [1, 0, 2]),
  },
  { name: "slice", shapes: [[2, 7, 3]], build: (a) => g.slice(a, { axis: 1, start: 2, end: 5 }) },
  { name: "pad", shapes: [[2, 3]], build: (a) => g.padZeros(a, { axis: 1, before: 2, after: 1 }) },
  { name: "permute", shapes: [[2, 4, 3]], build: (a) => g.permute(a, 1, [2, 0, 3, 1]) },
  { name: "flip", shapes: [[2, 4]], build: (a) => g.flip(a, 1) },
  {
    name: "concatenate",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    build: (a, b, c) => g.concatenate([a, b, c], 1),
  },
  { name: "split, one part unused", shapes: [[2, 6]], build: (a) => g.split(a, 1, [1, 3, 2])[1] },
  {
    name: "stack",
    shapes: [
      [2, 3],
      [2, 3],
    ],
    build: (a, b) => g.stack([a, b], 1),
  },
  { name: "reduce sum", shapes: [[2, 3, 4]], build: (a) => g.reduceSum(a, [0, 2]) },
  { name: "reduce mean", shapes: [[2, 3, 4]], build: (a) => g.reduceMean(a, [1]) },
  {
    name: "expand",
    shapes: [
      [2, 1, 3],
      [2, 4, 3],
    ],
    build: (a, like) => g.expand(a, like),
    differentiable: [true, false],
  },
  {
    name: "convolution",
    shapes: [[2, 3, 11], [4, 3, 5], [4]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias),
  },
  {
    name: "convolution, padded and dilated",
    shapes: [
      [2, 3, 9],
      [4, 3, 3],
    ],
    build: (x, kernel) => g.convolution1d(x, kernel, null, { padding: 3, dilation: 2 }),
  },
  {
    name: "convolution, strided with positions over",
    shapes: [[2, 2, 12], [3, 2, 4], [3]],
    build: (x, kernel, bias) => g.convolution1d(x, kernel, bias, { stride: 3, padding: 1 }),
    differentiable: [false, true, true],
  },
  {
    name: "per-position dense",
    shapes: [[2, 3, 5], [4, 3], [4]],
    build: (x, kernel, bias) => g.perPositionDense(x, kernel, bias),
  },
  {
    name: "max pool, remainder dropped",
    shapes: [[2, 3, 8]],
    build: (x) => g.maxPool1d(x, { size: 3 }),
    draw: distinct(),
  },
  {
    name: "max pool of rectified values",
    shapes: [[2, 3, 8]],
    build: (x) => g.maxPool1d(g.relu(x), { size: 4 }),
    draw: distinct(),
  },
  { name: "global max pool", shapes: [[2, 3, 8]], build: g.globalMaxPool1d, draw: distinct() },
  { name: "dropout", shapes: [[2, 9]], build: (x) => g.dropout(x, 0.4) },
  {
    name: "dropout of rectified values",
    shapes: [[2, 9]],
    build: (x) => g.dropout(g.relu(x), 0.4),
    draw: away(0.01),
  },
  { name: "dense", shapes: [[2, 3], [3, 4], [4]], build: (x, kernel, bias) => g.dense(x, kernel, bias) },
  { name: "both strands", shapes: [[2, 5, 4]], build: (x) => g.bothStrands(x, [3, 2, 1, 0, 4]) },
  {
    name: "strand convolution",
    shapes: [[2, 6, 9], [3, 6, 4], [3]],
    build: (x, kernel, bias) => g.alignStrands(g.strandConvolution1d(x, kernel, bias, [3, 2, 1, 0, 5, 4])),
  },
  { name: "mean over strands", shapes: [[4, 3]], build: g.meanOverStrands },
  { name: "repeat for strands", shapes: [[2, 3]], build: g.repeatForStrands },
  {
    name: "binary cross-entropy from logits",
    shapes: [
      [3, 2],
      [3, 2],
      [3, 2],
    ],
    build: (logits, target, weight) => g.binaryCrossEntropyFromLogits(logits, target, weight),
    draw: (random, input) => (input === 0 ? 3 * random.normal() : random.uniform()),
  },
  {
    name: "binary cross-entropy of strands",
    shapes: [
      [6, 2],
      [3, 2],
      [3, 2],
    ],
    build: (logits, target, weight) => g.binaryCrossEntropyFromStrandLogits(logits, target, weight),
    draw: (random, input) => (input === 0 ? 3 * random.normal() : random.uniform()),
  },
  {
    name: "binary cross-entropy from probabilities, no weights",
    shapes: [
      [3, 2],
      [3, 2],
    ],
    build: (probability, target) => g.binaryCrossEntropy(probability, target),
    draw: (random) => 0.1 + 0.8 * random.uniform(),
    differentiable: [true, false],
  },
  ...(["sigmoid", "hard-sigmoid"] as const).flatMap((gateActivation) =>
    [
      { inputDropout: 0, recurrentDropout: 0 },
      { inputDropout: 0.4, recurrentDropout: 0 },
      { inputDropout: 0.4, recurrentDropout: 0.4 },
    ].map(
      (rates): Case => ({
        name: `bidirectional LSTM, ${gateActivation}, dropout ${rates.inputDropout} ${rates.recurrentDropout}`,
        shapes: [
          [3, 4, 2],
          [2, 12, 2],
          [2, 12, 3],
          [2, 12],
        ],
        build: (x, inputKernel, recurrentKernel, bias) =>
          g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation, ...rates }),
        batch: 3,
      }),
    ),
  ),
  {
    name: "bidirectional LSTM over a single position",
    shapes: [
      [3, 1, 2],
      [2, 12, 2],
      [2, 12, 3],
      [2, 12],
    ],
    build: (x, inputKernel, recurrentKernel, bias) =>
      g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }),
  },
  {
    name: "free batch: strands, convolution, pool, LSTM, dense",
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

describe("operators: finite differences, float64 reference, ONNX Runtime", () => {
  it.each(cases.map((test) => [test.name, test] as const))("%s", async (_name, test) => {
    await checkCase(test);
  });
});

describe("max pool gradient", () => {
  it("is shared, not doubled, by equal maxima", async () => {
    const graph = new g.Graph({ batch: 1, phase: "training" });
    const x = graph.input("x", [1, 1, 4]);
    const [slope] = g.gradients(g.maxPool1d(x, { size: 4 }), [x]);
    const [values] = await runOnnx(graph, [slope!], new Map([[x, [1, 5, 5, 2]]]));
    expect([...values]).toEqual([0, 0.5, 0.5, 0]);
  });
});

describe("bidirectional LSTM step by step", () => {
  const sizes = (["sigmoid", "hard-sigmoid"] as const).flatMap((gates) =>
    [1, 2, 7].map((steps) => [gates, steps] as const),
  );
  it.each(sizes)("%s gates, %i steps: the numbers of the one operator", async (gateActivation, steps) => {
    const graph = new g.Graph({ batch: "free", phase: "inference" });
    const random = new Random(steps);
    const shapes = [
      [free(), steps, 2],
      [2, 12, 2],
      [2, 12, 3],
      [2, 12],
    ];
    const [x, inputKernel, recurrentKernel, bias] = shapes.map((shape, i) => graph.input(`input${i}`, shape));
    const values = new Map(
      [5 * steps * 2, 48, 72, 24].map((count, i) => [
        graph.inputs.get(`input${i}`)!,
        Float32Array.from({ length: count }, () => 2 * random.normal()),
      ]),
    );
    const [unrolled, whole] = [true, false].map((unrolled) =>
      g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }, { gateActivation, unrolled }),
    );
    const [found, expected] = await runOnnx(graph, [unrolled, whole], values, 5);
    expectClose(found, expected, 2e-6);
    expectClose(found, g.evaluateReference([whole], values, 5)[0], 2e-6);
  });
});

describe("running maximum", () => {
  it.each([1, 2, 3, 4, 7, 13, 16, 20])("over %i positions is the largest of each", async (size) => {
    const graph = new g.Graph({ batch: 1, phase: "inference" });
    const x = graph.input("x", [1, 2, 20]);
    const values = Float32Array.from({ length: 40 }, (_, i) => Math.fround(Math.sin(7 * i * i)));
    const [found] = await runOnnx(graph, [g.runningMaximum(x, { size })], new Map([[x, values]]));
    const expected = [0, 20].flatMap((row) =>
      Array.from({ length: 20 - size + 1 }, (_, i) => Math.max(...values.slice(row + i, row + i + size))),
    );
    expect([...found]).toEqual(expected);
    const y = g.runningMaximum(x, { size });
    expect([...g.evaluateReference([y], new Map([[x, values]]), 1)[0]]).toEqual(expected);
  });
  it("says where it has too few positions, and that it has no gradient", () => {
    const graph = new g.Graph({ batch: 1, phase: "inference" });
    const x = graph.input("x", [1, 2, 20]);
    expect(() => g.runningMaximum(x, { size: 21 })).toThrow("at least 21 positions");
    const total = g.reshape(g.reduceSum(g.runningMaximum(x, { size: 3 })), []);
    expect(() => g.gradients(total, [x])).toThrow("runningMaximum");
  });
});

describe("rows by number", () => {
  const graph = new g.Graph({ batch: "free", phase: "inference" });
  const table = graph.input("table", [4, 2]);
  const rows = graph.input("rows", [3, graph.batch]);
  const taken = g.gatherRows(table, rows);

  it("are those rows, in any shape", async () => {
    const values = new Map([
      [table, Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31)],
      [rows, Float32Array.of(3, 0, 2, 2, 1, 3)],
    ]);
    const expected = [30, 31, 0, 1, 20, 21, 20, 21, 10, 11, 30, 31];
    expect([...(await runOnnx(graph, [taken], values, 2))[0]]).toEqual(expected);
    expect([...g.evaluateReference([taken], values, 2)[0]]).toEqual(expected);
  });
  it("need a table, and say that they have no gradient", () => {
    expect(() => g.gatherRows(rows, rows)).toThrow("a table [rows, columns] of fixed size");
    expect(() => g.gradients(g.reshape(g.reduceSum(taken), []), [table])).toThrow("gatherRows");
  });
});

describe("shape errors", () => {
  const graph = new g.Graph({ batch: 2, phase: "training" });
  const x = graph.input("x", [2, 4, 10]);
  it("name the layer, the shapes and what is needed", () => {
    const kernel = graph.input("kernel", [8, 5, 3]);
    expect(() => g.convolution1d(x, kernel, null, { name: "convolution" })).toThrow(
      'layer "convolution" (convolution1d): inputs of shape [2, 4, 10] and [8, 5, 3]; expected a kernel with as many channels as the input.',
    );
  });
  it("say how many positions a kernel, a pool or a product needs", () => {
    const wide = graph.input("wide", [8, 4, 11]);
    expect(() => g.convolution1d(x, wide)).toThrow("expected at least 11 positions");
    expect(() => g.maxPool1d(x, { size: 11 })).toThrow("at least 11 positions");
    expect(() => g.matrixProduct(x, x)).toThrow("inner lengths agree");
    expect(() => g.add(x, graph.input("other", [3]))).toThrow(
      "shapes that are equal, or 1 where they differ",
    );
    expect(() => g.reshape(x, [7, 7])).toThrow("as many elements as [7, 7] has");
  });
  it("refuse a shared name with another shape, and dropout rates that are none", () => {
    expect(() => graph.input("x", [2, 4, 9])).toThrow("expected [2, 4, 10], as where it was first used");
    expect(graph.input("x", [2, 4, 10])).toBe(x);
    expect(() => g.dropout(x, 1)).toThrow("at least 0 and below 1");
  });
});

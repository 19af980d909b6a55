import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { checkCase, expectClose, runOnnx } from "./check.js";
import { distinct, free } from "./draws.js";
import { nameOf } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";
import { keepResults } from "./operator-results.js";

describe("operators: finite differences, float64 reference, ONNX Runtime", () => {
  const results = keepResults("cpu");
  it.each(operatorCases.map((test) => [nameOf(test), test] as const))("%s", async (name, test) => {
    results.set(name, await checkCase(test));
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

it.each([
  [64, 70, 3, 1],
  [65, 64, 2, 3],
])(
  "kernel gradients of %i channels and %i filters, made of one product a tap, are the convolution's",
  async (channels, filters, width, dilation) => {
    const random = new Random("taps");
    const graph = new g.Graph({ batch: 3, phase: "training" });
    const x = graph.input("x", [3, channels, 11]);
    const kernel = graph.parameter("kernel", [filters, channels, width], g.zeros());
    const y = g.convolution1d(x, kernel, null, { dilation });
    const probe = graph.input("probe", y.shape);
    const [gradient] = g.gradients(g.multiply(y, probe), [kernel]);
    const draw = (tensor: g.Tensor) =>
      Float32Array.from({ length: (tensor.shape as number[]).reduce((a, b) => a * b) }, () =>
        random.normal(),
      );
    const values = new Map([x, kernel, probe].map((tensor) => [tensor, draw(tensor)] as const));
    const [expected] = g.evaluateReference([gradient!], values);
    const [found] = await runOnnx(graph, [gradient!], values);
    expectClose(found, expected, 1e-6);
  },
);

it("a pool right behind a convolution of both strands: the bias gets the sum over both", async () => {
  for (const size of [3, 4]) {
    await checkCase({
      operator: "strandConvolution1d",
      shapes: [[2, 4, 15], [3, 4, 4], [3]],
      // 12 positions: pools of 3 and of 4 leave no remainder.
      build: (x, kernel, bias) =>
        g.maxPool1d(g.relu(g.strandConvolution1d(x, kernel, bias, [3, 2, 1, 0])), { size }),
      draw: distinct,
    });
  }
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
  it("need a table", () => {
    expect(() => g.gatherRows(rows, rows)).toThrow("a table [rows, columns] of fixed size");
    expect(() => g.embedding(rows, graph.input("list", [4]))).toThrow('layer "embedding"');
    expect(() => g.gather(rows, rows, 1, "taken")).toThrow('layer "taken" (gather)');
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

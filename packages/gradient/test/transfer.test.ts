import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { transferParameters } from "../src/transfer.js";
import { runtime } from "./check.js";

const network =
  (tasks: number): g.Build =>
  (graph) => {
    const x = graph.input("x", [graph.batch, 3]);
    const hidden = g.relu(
      g.dense(
        x,
        graph.parameter("body.kernel", [3, 4], g.glorotUniform()),
        graph.parameter("body.bias", [4], g.zeros()),
      ),
    );
    const logits = g.dense(hidden, graph.parameter("head.kernel", [4, tasks], g.glorotUniform()));
    return {
      outputs: { logits },
      loss: g.binaryCrossEntropyFromLogits(logits, graph.input("y", [graph.batch, tasks])),
    };
  };

const stored = (shape: number[], first: number) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => first + i / 16),
});

describe("transfer", () => {
  // As PyTorch stores a Linear layer: [outputs, inputs].
  const source = new Map([
    ["fc1.weight", stored([4, 3], 0)],
    ["fc1.bias", stored([4], 5)],
    ["fc2.weight", stored([919, 4], 0)],
  ]);
  const names = {
    "body.kernel": { name: "fc1.weight", transpose: [1, 0] },
    "body.bias": "fc1.bias",
  };

  it("pre-train, then fine-tune: named layers are loaded, others drawn, and frozen ones stay", async () => {
    const { parameters, drawn, unused } = transferParameters({
      build: network(1),
      source,
      names,
      draw: ["head.*"],
    });
    expect(drawn).toEqual(["head.kernel"]);
    expect(unused).toEqual(["fc2.weight"]);
    expect([...parameters.get("body.kernel")!].map((value) => 16 * value)).toEqual([
      0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11,
    ]);
    const step = await g.TrainingStep.create(runtime, {
      build: network(1),
      batchSize: 2,
      optimizer: g.adam(),
      seed: 3,
      threads: 1,
      parameters,
      freeze: ["body.kernel"],
      learningRates: [{ parameters: "body.*", factor: 0.1 }],
    });
    const before = await step.parameters();
    await step.run({ x: Float32Array.from([1, 2, 3, 4, 5, 6]), y: Float32Array.from([0, 1]) }, 0.01);
    const after = await step.parameters();
    expect([...after.get("body.kernel")!]).toEqual([...parameters.get("body.kernel")!]);
    const moved = (name: string) =>
      Math.max(...after.get(name)!.map((value, i) => Math.abs(value - before.get(name)![i])));
    // Adam's first step is the learning rate.
    expect(moved("head.kernel")).toBeCloseTo(0.01, 5);
    expect(moved("body.bias")).toBeCloseTo(0.001, 5);
    await step.release();
  });

  it("turns around three axes", () => {
    const build: g.Build = (graph) => ({ outputs: { k: graph.parameter("k", [2, 3, 4], g.zeros()) } });
    const { parameters } = transferParameters({
      build,
      source: new Map([["w", { shape: [4, 3, 2], data: Float32Array.from({ length: 24 }, (_, i) => i) }]]),
      names: { k: { name: "w", transpose: [2, 1, 0] } },
    });
    const k = parameters.get("k")!;
    for (let a = 0; a < 2; a++) {
      for (let b = 0; b < 3; b++) {
        for (let c = 0; c < 4; c++) expect(k[(a * 3 + b) * 4 + c]).toBe((c * 3 + b) * 2 + a);
      }
    }
  });

  it("says what is missing, misspelt or of another shape", () => {
    const build = network(1);
    expect(() => transferParameters({ build, source, names })).toThrow(
      'transfer to parameter "head.kernel": no "head.kernel" among the weights',
    );
    expect(() =>
      transferParameters({ build, source, names: { ...names, "head.kernel": "fc2.weight" } }),
    ).toThrow('"fc2.weight" of shape [919, 4]; expected [4, 1]');
    expect(() => transferParameters({ build, source, names: { haed: "fc1.bias" } })).toThrow(
      "no such parameter",
    );
    expect(() =>
      transferParameters({ build, source, names: { "body.kernel": { name: "fc1.weight", transpose: [0] } } }),
    ).toThrow("the order of axes [0]");
  });
});

import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runOnnx, runtime } from "./check.js";
import { readOnnx } from "./onnx-reader.js";
import { drawCase, nameOf, prepareCase, runPreparedCase } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";

const [inputs, units] = [2, 3];

/** A layer of each kind, its weights drawn from the seed by name. */
const layers = {
  lstm: (x, options) =>
    g.lstm(x, g.lstmParameters(x.graph, "lstm", { inputs, units, directions: 1 }), options),
  bidirectionalLstm: (x, options) =>
    g.bidirectionalLstm(x, g.lstmParameters(x.graph, "lstm", { inputs, units }), options),
  gru: (x, options) => g.gru(x, g.gruParameters(x.graph, "gru", { inputs, units, directions: 1 }), options),
  bidirectionalGru: (x, options) =>
    g.bidirectionalGru(x, g.gruParameters(x.graph, "gru", { inputs, units }), options),
} satisfies Record<string, (x: g.Tensor, options: g.GruOptions) => g.Tensor>;
const kinds = Object.entries(layers);

const random = new Random("sequences");
const sequence = (length: number) => Float32Array.from({ length: length * inputs }, () => random.normal());

/** Runs a layer on one sequence, by ONNX Runtime and in float64. */
async function run(
  layer: (typeof kinds)[number][1],
  x: ArrayLike<number>,
  options: g.RecurrentOptions,
  mask?: readonly number[],
): Promise<Float32Array> {
  const graph = new g.Graph({ batch: 1, phase: "inference" });
  const steps = x.length / inputs;
  const tensor = graph.input("x", [1, steps, inputs]);
  const given = mask && graph.constant(mask, [1, steps]);
  const output = layer(tensor, { ...options, ...(given ? { mask: given } : {}) });
  const values = new Map<g.Tensor, ArrayLike<number>>([[tensor, x]]);
  const weights = Random.forPart("weights");
  for (const parameter of graph.parameters.values()) {
    const count = (parameter.shape as number[]).reduce((a, b) => a * b, 1);
    values.set(
      parameter,
      Float32Array.from({ length: count }, () => weights.normal()),
    );
  }
  const [reference] = g.evaluateReference([output], values);
  const [found] = await runOnnx(graph, [output], values);
  expectClose(found, reference, 2e-6);
  return found;
}

describe("masked positions", () => {
  it.each(kinds)("%s: a padded sequence ends in the states of the sequence alone", async (_kind, layer) => {
    const x = sequence(4);
    const alone = await run(layer, x, { returns: "last" });
    const padded = [...x.slice(0, 4), 9, 9, ...x.slice(4), -7, 8, 5, 5];
    expectClose(await run(layer, padded, { returns: "last" }, [1, 1, 0, 1, 1, 0, 0]), alone, 1e-6);
    const before = [7, 7, ...x];
    expectClose(await run(layer, before, { returns: "last" }, [0, 1, 1, 1, 1]), alone, 1e-6);
    // At the positions that count, all states are those of the sequence alone.
    const all = await run(layer, x, {});
    const kept = await run(layer, padded, {}, [1, 1, 0, 1, 1, 0, 0]);
    const width = all.length / 4;
    const rows = [0, 1, 3, 4].flatMap((row) => [...kept.slice(row * width, (row + 1) * width)]);
    expectClose(rows, all, 1e-6);
  });
});

describe("one operator and step by step", () => {
  it.each(kinds)("%s: the same states, forward and for every gate", async (_kind, layer) => {
    const x = sequence(5);
    for (const gateActivation of ["sigmoid", "hard-sigmoid"] as const) {
      for (const reset of ["after", "before"] as const) {
        const options: g.GruOptions = { gateActivation, reset };
        const fused = await run(layer, x, options);
        const byStep = await run(layer, x, { ...options, unrolled: true });
        expectClose(byStep, fused, 2e-6);
      }
    }
  });
  it("a GRU is the one operator in exported models", () => {
    const build: g.Build = (graph) => ({
      outputs: { y: layers.gru(graph.input("x", [graph.batch, 5, inputs]), {}) },
    });
    const parameters = new Map([
      ["gru.inputKernel", new Float32Array(18)],
      ["gru.recurrentKernel", new Float32Array(27)],
      ["gru.bias", new Float32Array(9)],
      ["gru.recurrentBias", new Float32Array(9)],
    ]);
    const model = readOnnx(g.exportOnnx({ build, parameters }));
    expect(model.nodes.filter(({ type }) => type === "GRU").length).toBe(1);
  });
});

describe("written for a device without recurrent operators", () => {
  const recurrent = operatorCases.filter(({ operator }) => /lstm|gru/i.test(operator));
  it.each(recurrent.map((test) => [nameOf(test), test] as const))("%s", async (_name, test) => {
    const prepared = prepareCase(test, drawCase(test, g.webGpuTraits));
    const types = new Set(readOnnx(prepared.model).nodes.map(({ type }) => type));
    expect(types).not.toContain("LSTM");
    expect(types).not.toContain("GRU");
    await runPreparedCase(runtime, prepared);
  });
});

describe("recurrent layers say what they need", () => {
  const graph = new g.Graph({ batch: 2, phase: "training" });
  const x = graph.input("x", [2, 4, inputs]);
  it("in shapes", () => {
    const both = g.gruParameters(graph, "both", { inputs, units });
    expect(() => g.gru(x, both, { name: "first" })).toThrow(
      'layer "first" (gru): inputs of shape [2, 4, 2] and [2, 9, 2] and [2, 9, 3] and [2, 9] and [2, 9]; expected an input [N, positions, I], kernels [1, 3H, I] and [1, 3H, H] and biases [1, 3H].',
    );
    const wide = g.lstmParameters(graph, "wide", { inputs: 5, units });
    expect(() => g.bidirectionalLstm(x, wide)).toThrow("kernels [2, 4H, I]");
    expect(() => g.bidirectionalGru(x, both, { mask: graph.input("mask", [2, 3]) })).toThrow(
      "a mask [N, positions]",
    );
    expect(() => g.bidirectionalGru(x, both, { recurrentDropout: 1 })).toThrow("a dropout rate of 1");
  });
});

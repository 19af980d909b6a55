import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { runtime } from "./check.js";

interface Facts {
  readonly state: Record<string, { shape: number[]; data: number[] }>;
  readonly x: number[];
  readonly logits: number[];
}

// Written by bench/peers/pytorch_weights.py.
const facts = JSON.parse(
  readFileSync(new URL("fixtures/pytorch-weights.json", import.meta.url), "utf8"),
) as Facts;
const state = () =>
  new Map(
    Object.entries(facts.state).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );

const layers: Record<string, g.PyTorchLayer> = {
  convolution: { kind: "conv", module: "conv" },
  recurrent: { kind: "lstm", module: "rnn" },
  dense: { kind: "linear", module: "fc" },
  output: { kind: "linear", module: "out" },
};

const build: g.Build = (graph) => {
  const x = graph.input("x", [graph.batch, 4, 22]);
  const weight = (name: string, shape: number[]) => graph.parameter(name, shape, g.zeros());
  const convolved = g.convolution1d(
    x,
    weight("convolution.kernel", [6, 4, 5]),
    weight("convolution.bias", [6]),
  );
  const pooled = g.transpose(g.maxPool1d(g.relu(convolved), { size: 3 }), [0, 2, 1]);
  const states = g.bidirectionalLstm(pooled, g.lstmParameters(graph, "recurrent", { inputs: 6, units: 3 }));
  const hidden = g.relu(
    g.dense(g.flatten(states), weight("dense.kernel", [36, 7]), weight("dense.bias", [7])),
  );
  return {
    outputs: { logits: g.dense(hidden, weight("output.kernel", [7, 2]), weight("output.bias", [2])) },
  };
};

describe("weightsFromPyTorch", () => {
  it("gives PyTorch's outputs, through safetensors", async () => {
    const file = g.readSafetensors(g.writeSafetensors(state()), "model.safetensors");
    const { parameters, drawn, unused } = g.transferParameters({
      build,
      source: g.weightsFromPyTorch(file.tensors, layers),
    });
    expect([drawn, unused]).toEqual([[], []]);
    const predictor = await g.Predictor.create(runtime, { build, parameters, threads: 1 });
    const logits = (await predictor.run({ x: Float32Array.from(facts.x) }, 3)).get("logits")!;
    await predictor.release();
    facts.logits.forEach((expected, i) => {
      expect(Math.abs(logits[i] - expected)).toBeLessThan(2e-6);
    });
  });

  it("names what is missing, left over, or of another kind", () => {
    const { output, ...rest } = layers;
    expect(() => g.weightsFromPyTorch(state(), rest)).toThrow(/no layer takes: out.weight, out.bias/);
    expect(() => g.weightsFromPyTorch(state(), { output: { ...output, module: "head" } })).toThrow(
      /no "head.weight"/,
    );
    expect(() => g.weightsFromPyTorch(state(), { output: { ...output, kind: "conv" } })).toThrow(
      /"out.weight" of shape \[2, 7\]; expected 3 axes/,
    );
  });
});

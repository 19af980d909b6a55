import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runOnnx } from "./check.js";

interface Fact {
  inputs: { shape: number[]; data: number[]; gradient: number[] }[];
  weights: number[];
  output: number[];
  constants: Record<string, { shape: number[]; data: number[] }>;
}

// Written by bench/peers/activation_facts.py.
const { torch, ...facts }: Record<string, Fact> & { torch: unknown } = JSON.parse(
  readFileSync(new URL("./fixtures/activations.json", import.meta.url), "utf8"),
);

type Constants = Record<string, g.Tensor>;
const builds: Record<string, (inputs: g.Tensor[], constants: Constants, fact: Fact) => g.Tensor> = {
  softmax: ([x]) => g.softmax(x, 1),
  logSoftmax: ([x]) => g.logSoftmax(x),
  elu: ([x]) => g.elu(x, { alpha: 1.3 }),
  gelu: ([x]) => g.gelu(x),
  geluTanh: ([x]) => g.gelu(x, { approximation: "tanh" }),
  leakyRelu: ([x]) => g.leakyRelu(x, { alpha: 0.1 }),
  threshold: ([x]) => g.threshold(x, { value: 1e-6 }),
  softplus: ([x]) => g.softplus(x),
  erf: ([x]) => g.erf(x),
  logGamma: ([x]) => g.logGamma(x),
  digamma: ([x]) => g.digamma(x),
  weightedCrossEntropy: ([logits], { target, weight }, { constants }) =>
    g.binaryCrossEntropyFromLogits(logits, target, weight, {
      positive: constants["positives"].data,
      tasks: constants["tasks"].data,
    }),
  categoricalCrossEntropy: ([logits], { target }) => g.categoricalCrossEntropyFromLogits(logits, target),
  multinomial: ([logits], { counts }) => g.multinomialNegativeLogLikelihood(g.logSoftmax(logits), counts),
  dirichletDivergence: ([a, b]) => g.dirichletDivergence(a, b),
  meanSquaredError: ([x], { target }) => g.meanSquaredError(x, target),
};

describe("activations and losses: values and gradients stored from PyTorch", () => {
  it("are all here", () => {
    expect(typeof torch).toBe("string");
    expect(Object.keys(builds).sort()).toEqual(Object.keys(facts).sort());
  });
  it.each(Object.keys(builds))("%s", async (name) => {
    const fact = facts[name];
    const graph = new g.Graph({ batch: 2, phase: "training" });
    const inputs = fact.inputs.map(({ shape }, i) => graph.input(`input${i}`, shape));
    const constants = Object.fromEntries(
      Object.entries(fact.constants).map(([key, { shape, data }]) => [key, graph.constant(data, shape)]),
    );
    const output = builds[name](inputs, constants, fact);
    const weights = graph.constant(fact.weights, output.shape as number[]);
    const slopes = g.gradients(g.reduceSum(g.multiply(output, weights)), inputs);
    const values = new Map(inputs.map((tensor, i) => [tensor, fact.inputs[i].data] as const));
    const tensors = [output, ...slopes.map((slope) => slope!)];
    const reference = g.evaluateReference(tensors, values);
    const found = await runOnnx(graph, tensors, values);
    [fact.output, ...fact.inputs.map(({ gradient }) => gradient)].forEach((numbers, i) => {
      // Constants of the graph are float32, which is what limits the float64 reference here.
      expectClose(reference[i], numbers, 3e-7, `${name} ${i}, float64`);
      expectClose(found[i], numbers, 5e-6, `${name} ${i}, float32`);
    });
  });
  it("say which class weights do not fit", () => {
    const graph = new g.Graph({ batch: 2, phase: "training" });
    const logits = graph.input("logits", [2, 3]);
    expect(() => g.binaryCrossEntropyFromLogits(logits, logits, null, { tasks: [1, 2] })).toThrow(
      "class weights: [1, 2]; expected 3 numbers of at least 0, one a task",
    );
    expect(() => g.softmax(logits, 2)).toThrow("a tensor with a fixed axis 2");
    expect(() => g.elu(logits, { alpha: Number.NaN })).toThrow("elu: alpha NaN");
    expect(() => g.takeAlong(logits, graph.input("i", [3, 1]), { axis: 1 })).toThrow(
      "but for the fixed axis 1",
    );
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runOnnx } from "./check.js";

interface Fact {
  inputs: { shape: number[]; data: number[]; gradient: number[] | null }[];
  weights: number[];
  output: number[];
  indices?: number[];
  mask?: number[];
  last?: number[];
  runningMean?: number[];
  runningVariance?: number[];
}

// Written by bench/peers/structure_facts.py.
const { facts }: { facts: Record<string, Fact> } = JSON.parse(
  readFileSync(new URL("./fixtures/pytorch-structure.json", import.meta.url), "utf8"),
);

/** Inputs are float32, as a runtime is given them; nothing else limits the float64 reference. */
type BuildFact = (inputs: readonly g.Tensor[], fact: Fact) => g.Tensor;

const normalisation = { momentum: 0.9, epsilon: 1e-3 };

function withStatistics(scale: g.Tensor, offset: g.Tensor, fact: Fact): g.BatchNormalisationParameters {
  const statistic = (values: readonly number[]) => scale.graph.constant(values, [values.length]);
  return {
    scale,
    offset,
    runningMean: statistic(fact.runningMean!),
    runningVariance: statistic(fact.runningVariance!),
  };
}

const indicesOf = (x: g.Tensor, fact: Fact, shape: readonly number[]) =>
  x.graph.constant(fact.indices!, shape);

const recurrent =
  (options: g.GruOptions, masked = false): BuildFact =>
  ([x, inputKernel, recurrentKernel, bias, recurrentBias], fact) => {
    const [directions, rows] = inputKernel.shape as readonly number[];
    const all = {
      ...options,
      ...(masked ? { mask: x.graph.constant(fact.mask!, x.shape.slice(0, 2) as number[]) } : {}),
    };
    if (rows === 16) {
      const layer = directions === 1 ? g.lstm : g.bidirectionalLstm;
      return layer(x, { inputKernel, recurrentKernel, bias }, all);
    }
    const layer = directions === 1 ? g.gru : g.bidirectionalGru;
    return layer(x, { inputKernel, recurrentKernel, bias, recurrentBias }, all);
  };

const builds: Record<string, BuildFact> = {
  convolutionUnevenPadding: ([x, kernel, bias]) =>
    g.convolution1d(x, kernel, bias, { padding: [1, 4], stride: 2, dilation: 2 }),
  convolutionSame: ([x, kernel, bias]) => g.convolution1d(x, kernel, bias, { padding: "same" }),
  convolutionGroups: ([x, kernel, bias]) =>
    g.convolution1d(x, kernel, bias, { stride: 2, padding: 2, groups: 2 }),
  convolutionTranspose: ([x, kernel, bias]) =>
    g.convolutionTranspose1d(x, kernel, bias, {
      stride: 3,
      padding: 2,
      outputPadding: 1,
      dilation: 2,
      groups: 2,
    }),
  maxPoolOverlapping: ([x]) => g.maxPool1d(x, { size: 5, stride: 2, padding: 2 }),
  averagePool: ([x]) => g.averagePool1d(x, { size: 4, stride: 3, padding: 2 }),
  averagePoolCountPadding: ([x]) =>
    g.averagePool1d(x, { size: 4, stride: 3, padding: 2, countPadding: true }),
  globalAveragePool: ([x]) => g.globalAveragePool1d(x),
  batchNormalisation: ([x, scale, offset]) =>
    g.batchNormalisation(
      x,
      { ...g.batchNormalisationParameters(x.graph, "norm", 3), scale, offset },
      normalisation,
    ),
  batchNormalisationFlat: ([x, scale, offset]) =>
    g.batchNormalisation(
      x,
      { ...g.batchNormalisationParameters(x.graph, "norm", 3), scale, offset },
      normalisation,
    ),
  batchNormalisationInference: ([x, scale, offset], fact) =>
    g.batchNormalisation(x, withStatistics(scale, offset, fact), { ...normalisation, statistics: "running" }),
  layerNormalisation: ([x, scale, offset]) => g.layerNormalisation(x, { scale, offset }, { epsilon: 1e-3 }),
  lstm1: recurrent({}),
  lstm2: recurrent({}),
  gru1: recurrent({}),
  gru2: recurrent({}),
  lstm1Packed: recurrent({}, true),
  lstm2Packed: recurrent({}, true),
  gru1Packed: recurrent({}, true),
  gru2Packed: recurrent({}, true),
  gruResetBefore: recurrent({ reset: "before" }),
  embedding: ([table], fact) => g.embedding(indicesOf(table, fact, [2, 3]), table),
  gather: ([x], fact) => g.gather(x, indicesOf(x, fact, [4]), 1),
  scatterAdd: ([updates], fact) =>
    g.scatterAdd(updates, indicesOf(updates, fact, [4]), { axis: 1, length: 5 }),
  scatter: ([x, updates], fact) => g.scatter(x, indicesOf(x, fact, [3]), updates, 1),
  reduceMax: ([x]) => g.reduceMax(x, [1, 2]),
  reduceMin: ([x]) => g.reduceMin(x, [1, 2]),
  maxOverStrands: ([x]) => g.maxOverStrands(x),
  attentionPool: ([x, scores]) => g.attentionPool1d(x, scores),
  gatedLinearUnit: ([x]) => g.gatedLinearUnit(x),
};

function inputsOf(fact: Fact) {
  const graph = new g.Graph({ batch: 2, phase: "training" });
  const inputs = fact.inputs.map(({ shape }, i) => graph.input(`input${i}`, shape));
  const values = new Map(inputs.map((tensor, i) => [tensor, fact.inputs[i].data] as const));
  return { graph, inputs, values };
}

describe("values and gradients stored from PyTorch", () => {
  it("are all used", () => {
    expect(Object.keys(builds).sort()).toEqual(Object.keys(facts).sort());
  });

  it.each(Object.keys(builds))("%s", async (name) => {
    const fact = facts[name];
    const { graph, inputs, values } = inputsOf(fact);
    const output = builds[name](inputs, fact);
    // Outputs that the weights leave out are no part of the fact.
    const weights = graph.constant(fact.weights, output.shape as number[]);
    const weighted = g.multiply(output, weights);
    const slopes = g.gradients(g.reduceSum(weighted), inputs);
    const tensors = [weighted, ...slopes.map((slope) => slope!)];
    const reference = g.evaluateReference(tensors, values);
    const found = await runOnnx(graph, tensors, values);
    const expected = [
      fact.output.map((value, i) => value * fact.weights[i]),
      ...fact.inputs.map(({ gradient }) => gradient!),
    ];
    expected.forEach((numbers, i) => {
      // Constants of the graph are float32, which is what limits the float64 reference here.
      expectClose(reference[i], numbers, 5e-7, `${name} ${i}, float64`);
      expectClose(found[i], numbers, 5e-6, `${name} ${i}, float32`);
    });
  });

  it.each(Object.keys(facts).filter((name) => facts[name].last !== undefined))(
    "%s: the last states",
    async (name) => {
      const fact = facts[name];
      const { graph, inputs, values } = inputsOf(fact);
      const last = recurrent({ returns: "last" }, name.endsWith("Packed"))(inputs, fact);
      const [found] = await runOnnx(graph, [last], values);
      expectClose(found, fact.last!, 5e-6);
    },
  );

  it.each(["batchNormalisation", "batchNormalisationFlat"])("%s: running statistics", async (name) => {
    const fact = facts[name];
    const { graph, inputs, values } = inputsOf(fact);
    builds[name](inputs, fact);
    const next = ["norm.runningMean", "norm.runningVariance"].map(
      (parameter) => graph.updates.get(graph.parameters.get(parameter)!)!,
    );
    const first = new Map<g.Tensor, ArrayLike<number>>([
      ...values,
      [graph.parameters.get("norm.runningMean")!, [0, 0, 0]],
      [graph.parameters.get("norm.runningVariance")!, [1, 1, 1]],
    ]);
    const [mean, variance] = await runOnnx(graph, next, first);
    expectClose(mean, fact.runningMean!, 1e-6);
    expectClose(variance, fact.runningVariance!, 1e-6);
  });
});

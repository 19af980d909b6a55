import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runOnnx, runtime } from "./check.js";

interface Fact {
  inputs: { shape: number[]; data: number[]; gradient: number[] }[];
  weights: number[];
  output: number[];
  target?: number[];
  weight?: number[];
}

// Written by bench/peers/gradient_facts.py.
const facts = JSON.parse(readFileSync(new URL("./fixtures/pytorch.json", import.meta.url), "utf8"));

type BuildFact = (inputs: g.Tensor[], graph: g.Graph, fact: Fact) => g.Tensor;

const builds: Record<string, BuildFact> = {
  convolution: ([x, kernel, bias]) => g.convolution1d(x, kernel, bias),
  dilatedConvolution: ([x, kernel, bias]) => g.convolution1d(x, kernel, bias, { padding: 2, dilation: 2 }),
  stridedConvolution: ([x, kernel, bias]) => g.convolution1d(x, kernel, bias, { stride: 2, padding: 1 }),
  maxPool: ([x]) => g.maxPool1d(g.relu(x), { size: 4 }),
  bidirectionalLstm: ([x, inputKernel, recurrentKernel, bias]) =>
    g.bidirectionalLstm(x, { inputKernel, recurrentKernel, bias }),
  crossEntropyFromLogits: ([logits], graph, fact) =>
    g.binaryCrossEntropyFromLogits(
      logits,
      graph.constant(fact.target!, [4, 3]),
      graph.constant(fact.weight!, [4, 3]),
    ),
  crossEntropyOfStrands: ([logits], graph, fact) =>
    g.binaryCrossEntropyFromStrandLogits(logits, graph.constant(fact.target!, [4, 3])),
};

describe("values and gradients stored from PyTorch", () => {
  it.each(Object.keys(builds))("%s", async (name) => {
    const fact: Fact = facts[name];
    const graph = new g.Graph({ batch: 2, phase: "training" });
    const inputs = fact.inputs.map(({ shape }, i) => graph.input(`input${i}`, shape));
    const output = builds[name](inputs, graph, fact);
    const weights = graph.constant(fact.weights, output.shape as number[]);
    const slopes = g.gradients(g.reduceSum(g.multiply(output, weights)), inputs);
    const values = new Map(inputs.map((tensor, i) => [tensor, fact.inputs[i].data] as const));
    const tensors = [output, ...slopes.map((slope) => slope!)];
    const reference = g.evaluateReference(tensors, values);
    const found = await runOnnx(graph, tensors, values);
    const expected = [fact.output, ...fact.inputs.map(({ gradient }) => gradient)];
    expected.forEach((numbers, i) => {
      // Constants of the graph are float32, which is what limits the float64 reference here.
      expectClose(reference[i], numbers, 2e-7, `${name} ${i}, float64`);
      expectClose(found[i], numbers, 5e-6, `${name} ${i}, float32`);
    });
  });

  it("Adam, ten steps", async () => {
    const { a, b, start, end, learningRate, steps } = facts.adam;
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => {
        const w = graph.parameter("w", [6], Float32Array.from(start));
        const error = g.subtract(g.multiply(w, graph.input("a", [6])), graph.input("b", [6]));
        return { outputs: {}, loss: g.multiply(g.reduceSum(g.multiply(error, error)), 0.5) };
      },
      batchSize: 1,
      optimizer: g.adam(),
      seed: 1,
      threads: 1,
    });
    for (let i = 0; i < steps; i++) {
      await step.run({ a: Float32Array.from(a), b: Float32Array.from(b) }, learningRate);
    }
    expectClose((await step.parameters()).get("w")!, end, 2e-6);
    await step.release();
  });
});

describe("losses far from the middle", () => {
  it("are finite, with the right slopes, where float32 sigmoids are 0 or 1", async () => {
    const graph = new g.Graph({ batch: 4, phase: "training" });
    const logits = graph.input("logits", [8, 1]);
    const loss = g.binaryCrossEntropyFromStrandLogits(logits, graph.constant([1, 0, 1, 0], [4, 1]));
    const [slope] = g.gradients(loss, [logits]);
    const values = new Map([[logits, [-200, -200, 300, 300, -150, 40, -150, 40]]]);
    const [total, slopes] = await runOnnx(graph, [loss, slope!], values);
    // Window 0: 200; window 1: 300; window 2: log 2; window 3: -log((1 + 4e-18) / 2) = log 2 as well.
    expect(total[0]).toBeCloseTo((200 + 300 + Math.LN2 + Math.LN2) / 4, 3);
    expectClose(slopes, [-1 / 8, -1 / 8, 1 / 8, 1 / 8, 0, 0, 0, 0], 1e-6);
  });
});

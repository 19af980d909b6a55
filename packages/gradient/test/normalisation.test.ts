import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runtime } from "./check.js";
import { readOnnx } from "./onnx-reader.js";

const settings = { momentum: 0.9, epsilon: 1e-3 };
const samples = 6;
const positions = 4;

/** Convolution, batch normalisation, pool, and a loss whose rows can be left out. */
const network =
  (options: Partial<g.BatchNormalisationOptions> = {}, weighted = false): g.Build =>
  (graph) => {
    const x = graph.input("x", [graph.batch, 2, positions]);
    const weight = graph.input("weight", [graph.batch, 1]);
    const kernel = graph.parameter("kernel", [3, 2, 2], g.glorotUniform());
    const parameters = g.batchNormalisationParameters(graph, "norm", 3);
    const normalised = g.batchNormalisation(g.convolution1d(x, kernel), parameters, {
      ...settings,
      ...options,
      ...(weighted ? { weight } : {}),
    });
    const last = graph.parameter("last", [3, 1], g.glorotUniform());
    const logits = g.dense(g.globalMaxPool1d(g.relu(normalised)), last);
    return {
      outputs: { logits },
      loss: g.binaryCrossEntropyFromLogits(logits, graph.input("label", [graph.batch, 1]), weight),
    };
  };

function makeBatch(number: number): Record<string, Float32Array> {
  const random = Random.forPart("batch", number);
  return {
    x: Float32Array.from({ length: samples * 2 * positions }, () => 2 + 3 * random.normal()),
    label: Float32Array.from({ length: samples }, () => random.integer(2)),
    weight: new Float32Array(samples).fill(1),
  };
}

const create = (build: g.Build, extra: Partial<g.TrainingOptions> = {}) =>
  g.TrainingStep.create(runtime, {
    build,
    batchSize: samples,
    optimizer: g.adam(),
    seed: 1,
    threads: 1,
    ...extra,
  });

/** Mean and unbiased variance of the convolution's output over a batch, for each filter. */
function statistics(kernel: Float32Array, x: Float32Array, rows: number): [number[], number[]] {
  const means: number[] = [];
  const variances: number[] = [];
  for (let f = 0; f < 3; f++) {
    const values: number[] = [];
    for (let n = 0; n < rows; n++) {
      for (let p = 0; p < positions - 1; p++) {
        let sum = 0;
        for (let c = 0; c < 2; c++) {
          for (let w = 0; w < 2; w++) sum += kernel[(f * 2 + c) * 2 + w] * x[(n * 2 + c) * positions + p + w];
        }
        values.push(sum);
      }
    }
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    means.push(mean);
    variances.push(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  }
  return [means, variances];
}

describe("running statistics of batch normalisation", () => {
  it("move towards each batch's mean and unbiased variance", async () => {
    const step = await create(network());
    let [mean, variance] = [new Array<number>(3).fill(0), new Array<number>(3).fill(1)];
    for (let i = 0; i < 4; i++) {
      const kernel = (await step.parameters()).get("kernel")!;
      const [means, variances] = statistics(kernel, makeBatch(i)["x"], samples);
      mean = mean.map((old, f) => 0.9 * old + 0.1 * means[f]);
      variance = variance.map((old, f) => 0.9 * old + 0.1 * variances[f]);
      await step.run(makeBatch(i), 1e-2);
      const found = await step.parameters();
      expectClose(found.get("norm.runningMean")!, mean, 1e-6);
      expectClose(found.get("norm.runningVariance")!, variance, 1e-6);
    }
    await step.release();
  });

  it("leave out rows that only fill the batch", async () => {
    const [full, weighted] = [await create(network()), await create(network({}, true))];
    const batch = makeBatch(0);
    batch["weight"].fill(0, 4);
    const short = { ...batch, x: batch["x"].slice() };
    short["x"].fill(100, 4 * 2 * positions);
    const kernel = (await weighted.parameters()).get("kernel")!;
    const { loss } = await weighted.run(batch, 0);
    expectClose([(await weighted.run(short, 0)).loss], [loss], 1e-6);
    expect((await full.run(batch, 0)).loss).not.toBeCloseTo(loss, 3);
    const [means] = statistics(kernel, batch["x"], 4);
    // Two steps with the same four rows.
    expectClose(
      (await weighted.parameters()).get("norm.runningMean")!,
      means.map((mean) => mean * (1 - 0.81)),
      1e-6,
    );
    await full.release();
    await weighted.release();
  });

  it("are stored with the rest, and a resumed training goes on bit for bit", async () => {
    const one = await create(network());
    for (let i = 0; i < 3; i++) await one.run(makeBatch(i), 1e-2);
    const state = await one.exportState();
    expect(state.tensors.get("parameter/norm.runningMean")!.shape).toEqual([3]);
    const other = await create(network());
    other.importState(state);
    for (const step of [one, other]) for (let i = 3; i < 6; i++) await step.run(makeBatch(i), 1e-2);
    expect(await other.exportState()).toEqual(await one.exportState());
    const { tensors, ...rest } = state;
    const lacking = new Map([...tensors].filter(([name]) => name !== "parameter/norm.runningVariance"));
    expect(() => other.importState({ ...rest, tensors: lacking })).toThrow(
      "no parameter/norm.runningVariance",
    );
    await one.release();
    await other.release();
  });

  it("stay as they are where they are frozen, by the layer or by name", async () => {
    const byLayer = await create(network({ statistics: "running" }));
    const byName = await create(network(), { freeze: ["norm.running*"] });
    for (const step of [byLayer, byName]) {
      await step.run(makeBatch(0), 1e-2);
      const found = await step.parameters();
      expect([...found.get("norm.runningMean")!]).toEqual([0, 0, 0]);
      expect([...found.get("norm.runningVariance")!]).toEqual([1, 1, 1]);
      expect([...found.get("norm.scale")!]).not.toEqual([1, 1, 1]);
      await step.release();
    }
  });

  it("are what prediction normalises with, and part of exported models", async () => {
    const step = await create(network());
    for (let i = 0; i < 5; i++) await step.run(makeBatch(i), 1e-2);
    const parameters = await step.parameters();
    const predictor = await g.Predictor.create(runtime, { build: network(), parameters, threads: 1 });
    const { x } = makeBatch(9);
    const found = (await predictor.run({ x }, samples)).get("logits")!;
    const graph = new g.Graph({ batch: "free", phase: "inference" });
    const { outputs } = network()(graph);
    const values = new Map<g.Tensor, Float32Array>([[graph.inputs.get("x")!, x]]);
    for (const [name, tensor] of graph.parameters) values.set(tensor, parameters.get(name)!);
    expectClose(found, g.evaluateReference([outputs["logits"]], values, samples)[0], 1e-6);
    // One row alone: no other row matters.
    const alone = (await predictor.run({ x: x.slice(0, 2 * positions) }, 1)).get("logits")!;
    expectClose(alone, found.slice(0, 1), 1e-6);
    const model = readOnnx(g.exportOnnx({ build: network(), parameters }));
    expect(model.nodes.filter(({ type }) => type === "BatchNormalization").length).toBe(1);
    expect(model.initialisers.get("norm.runningMean")!.shape).toEqual([3]);
    await predictor.release();
    await step.release();
  });

  it("can be replaced together with other parameters", async () => {
    const step = await create(network());
    const parameters = await step.parameters();
    parameters.set("norm.runningMean", Float32Array.of(1, 2, 3));
    step.setParameters(parameters);
    expect([...(await step.parameters()).get("norm.runningMean")!]).toEqual([1, 2, 3]);
    await step.release();
  });
});

describe("normalisation layers say what they need", () => {
  const graph = new g.Graph({ batch: 2, phase: "training" });
  const x = graph.input("x", [2, 3, 4]);
  const parameters = g.batchNormalisationParameters(graph, "norm", 5);
  it("in shapes and numbers", () => {
    expect(() => g.batchNormalisation(x, parameters, { ...settings, name: "first" })).toThrow(
      'layer "first" (batchNormalisation): inputs of shape [2, 3, 4] and [5] and [5] and [5] and [5]; expected an input [N, C] or [N, C, positions] and parameters [C]',
    );
    const fitting = g.batchNormalisationParameters(graph, "other", 3);
    expect(() => g.batchNormalisation(x, fitting, { momentum: 2, epsilon: 1e-3 })).toThrow("momentum 2");
    const one = graph.input("one", [1, 3]);
    expect(() => g.batchNormalisation(one, fitting, settings)).toThrow("two or more values a channel");
    const layer = g.layerNormalisationParameters(graph, "layer", [3]);
    expect(() => g.layerNormalisation(x, layer, { epsilon: 1e-3 })).toThrow("the input's last axes");
  });
  it("and that a running statistic is moved once, by something of its shape", () => {
    const { runningMean, scale } = parameters;
    expect(() => graph.update(scale, scale)).toThrow("trainable: false");
    expect(() => graph.update(runningMean, x)).toThrow("[2, 3, 4]");
    graph.update(runningMean, g.negate(runningMean));
    expect(() => graph.update(runningMean, runningMean)).toThrow("a second update");
  });
});

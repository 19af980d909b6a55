import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { runtime } from "./check.js";

/** x -> log(x w) -> relu -> a square root whose gradient is infinite at 0. */
const fragile: g.Build = (graph) => {
  const x = graph.input("x", [graph.batch, 2]);
  const w = graph.parameter("first.kernel", [2, 2], () => Float32Array.of(1, 0, 0, 1));
  const hidden = g.relu(g.log(g.matrixProduct(x, w)));
  return { outputs: { hidden }, loss: g.reshape(g.reduceSum(g.sqrt(hidden)), []) };
};

function makeStep(extra: Partial<g.TrainingOptions> = {}) {
  const options = {
    build: fragile,
    batchSize: 1,
    optimizer: g.sgd(),
    seed: 1,
    threads: 1,
    checkNumerics: true,
  };
  return g.TrainingStep.create(runtime, { ...options, ...extra });
}

describe("checkNumerics", () => {
  it("lets finite steps pass, and changes none of their numbers", async () => {
    const x = Float32Array.of(3, 4);
    const checked = await makeStep();
    const plain = await makeStep({ checkNumerics: false });
    for (let i = 0; i < 3; i++)
      expect((await checked.run({ x }, 0.1)).loss).toBe((await plain.run({ x }, 0.1)).loss);
    expect(await checked.parameters()).toEqual(await plain.parameters());
    await checked.release();
    await plain.release();
  });

  it("names an input", async () => {
    const step = await makeStep();
    await expect(step.run({ x: Float32Array.of(1, Number.NaN) }, 0.1)).rejects.toThrow(
      /no finite number in the input "x"; expected finite numbers/,
    );
    await step.release();
  });

  it("names the layer of the forward pass, though what follows hides it, and leaves the weights alone", async () => {
    const step = await makeStep();
    // log(-1) is NaN, which ONNX Runtime's Relu turns into a number.
    await expect(step.run({ x: Float32Array.of(-1, 2) }, 0.1)).rejects.toThrow(
      /in the layer log, of shape \[1, 2\]/,
    );
    expect((await step.parameters()).get("first.kernel")).toEqual(Float32Array.of(1, 0, 0, 1));
    await step.release();
  });

  it("names the layer whose gradient it is", async () => {
    const step = await makeStep();
    // relu(log(0.5)) is 0, where the square root's gradient is infinite.
    await expect(step.run({ x: Float32Array.of(0.5, 2) }, 0.1)).rejects.toThrow(
      /in the layer gradient of sqrt/,
    );
    await step.release();
  });

  it("names a parameter and the layer with it", async () => {
    const spoilt = new Map([["first.kernel", Float32Array.of(1, Number.POSITIVE_INFINITY, 0, 1)]]);
    const step = await makeStep({ parameters: spoilt });
    await expect(step.run({ x: Float32Array.of(1, 2) }, 0.1)).rejects.toThrow(
      /in the parameter "first.kernel"/,
    );
    await step.release();
    const huge = new Map([["first.kernel", new Float32Array(4).fill(3e38)]]);
    const overflowing = await makeStep({ parameters: huge });
    await expect(overflowing.run({ x: Float32Array.of(2, 2) }, 0.1)).rejects.toThrow(
      /in the layer matrixProduct with first.kernel, of shape \[1, 2\]/,
    );
    await overflowing.release();
  });
});

it("names the layer for which there is not enough memory", async () => {
  // 2^44 numbers: more than any machine has.
  const predictor = await g.Predictor.create(runtime, {
    build: (graph) => {
      const x = graph.input("x", [graph.batch, 1, 1]);
      const wide = g.multiply(x, graph.constant(new Float32Array(1 << 22), [1, 1 << 22, 1]));
      const square = g.multiply(wide, graph.constant(new Float32Array(1 << 22), [1, 1, 1 << 22]));
      return { outputs: { sum: g.reduceSum(square) } };
    },
    parameters: new Map(),
    threads: 1,
  });
  await expect(predictor.run({ x: Float32Array.of(1) }, 1)).rejects.toThrow(
    /^layer "multiply": not enough memory for 7.04e\+4 GB more; expected memory for one batch/,
  );
  await predictor.release();
});

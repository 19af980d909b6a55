import {
  digamma,
  gammaQuantile,
  gammaQuantileSlope,
  logGamma,
  regularisedGamma,
  trigamma,
} from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { gammaSampleFrom, gammaSampleSlope, proposals } from "../src/operators/gamma-sample.js";
import { evaluateReference } from "../src/reference.js";
import { StepNoise } from "../src/step-noise.js";
import { expectClose, runOnnx, runtime } from "./check.js";

describe("functions of one number in float32", () => {
  const values = Float32Array.from({ length: 4000 }, (_, i) => 10 ** (-6 + (i * 16) / 4000));
  it.each([
    ["logGamma", g.logGamma, logGamma, 2e-6, 1],
    ["digamma", g.digamma, digamma, 1e-6, 1],
    ["trigamma", g.trigamma, trigamma, 1e-6, 0],
  ] as const)("%s from 1e-6 to 1e10", async (_name, inGraph, exact, tolerance, floor) => {
    const graph = new g.Graph({ batch: 1, phase: "training" });
    const x = graph.input("x", [values.length]);
    const [found] = await runOnnx(graph, [inGraph(x)], new Map([[x, values]]));
    values.forEach((value, i) => {
      const expected = exact(value);
      const error = Math.abs(found[i] - expected) / Math.max(floor, Math.abs(expected));
      expect(error, `at ${value}: ${found[i]} against ${expected}`).toBeLessThan(tolerance);
    });
  });
});

/** Slopes in float32 at pairs of concentration and sample. */
async function slopesAt(concentrations: number[], samples: number[]): Promise<Float32Array> {
  const graph = new g.Graph({ batch: 1, phase: "training" });
  const [a, x] = ["a", "x"].map((name) => graph.input(name, [samples.length]));
  const values = new Map([
    [a, concentrations],
    [x, samples],
  ]);
  return (await runOnnx(graph, [gammaSampleSlope(a, x)], values))[0];
}

describe("the implicit gradient of a Gamma sample", () => {
  const cases = [0.02, 0.05, 0.1, 0.3, 0.7, 0.99, 1, 1.01, 1.7, 3, 6, 20, 100, 500, 2000, 10000].flatMap(
    (a) =>
      [1e-6, 1e-3, 0.05, 0.3, 0.5, 0.7, 0.95, 0.999, 1 - 1e-6].flatMap((probability) => {
        const concentration = Math.fround(a);
        const x = Math.fround(gammaQuantile(concentration, probability));
        return x > 1e-30 ? [{ concentration, probability, x }] : [];
      }),
  );
  it("in float32 is the float64 integral, to 1e-5 of its value", async () => {
    const found = await slopesAt(
      cases.map(({ concentration }) => concentration),
      cases.map(({ x }) => x),
    );
    cases.forEach(({ concentration, x }, i) => {
      const error = Math.abs(found[i] / gammaQuantileSlope(concentration, x) - 1);
      expect(error, `${concentration}, ${x}`).toBeLessThan(1e-5);
    });
  });
  it("is the slope of the inverse distribution function by differences, to 2e-5 of its value", async () => {
    const chosen = cases.filter(({ probability }) => probability >= 1e-3 && probability <= 0.999);
    const found = await slopesAt(
      chosen.map(({ concentration }) => concentration),
      chosen.map(({ x }) => x),
    );
    chosen.forEach(({ concentration, x }, i) => {
      const at = regularisedGamma(concentration, x);
      const step = 1e-4 * concentration;
      const [after, before] = [step, -step].map((by) => gammaQuantile(concentration + by, at));
      const error = Math.abs(found[i] / ((after - before) / (2 * step)) - 1);
      expect(error, `${concentration}, ${x}`).toBeLessThan(2e-5);
    });
  });
});

/** Samples of one concentration from the noise of a training step. */
async function sampleMany(concentration: number, count: number, seed: string): Promise<Float32Array> {
  const graph = new g.Graph({ batch: 1, phase: "training" });
  const a = graph.input("a", [count]);
  const sample = g.gammaSample(a);
  const noise = new StepNoise(new Map(graph.masks.map((leaf, i) => [`noise${i}`, leaf])), seed).forStep(3);
  const values = new Map<g.Tensor, ArrayLike<number>>([[a, new Float32Array(count).fill(concentration)]]);
  for (const [i, leaf] of graph.masks.entries()) values.set(leaf, noise[`noise${i}`].data);
  return (await runOnnx(graph, [sample], values))[0];
}

describe("Gamma samples", () => {
  it.each([0.1, 0.5, 0.999, 1, 2.5, 40, 1000])("of concentration %f are Gamma distributed", async (a) => {
    const count = 20000;
    const sorted = (await sampleMany(a, count, "samples")).sort();
    let distance = 0;
    sorted.forEach((x, i) => {
      const p = regularisedGamma(a, x);
      distance = Math.max(distance, Math.abs(p - i / count), Math.abs(p - (i + 1) / count));
    });
    // Kolmogorov's distance is above 2.3 / sqrt(n) five times in 100,000.
    expect(distance).toBeLessThan(2.3 / Math.sqrt(count));
  });

  it("take the first proposal that is accepted, whatever follows", async () => {
    const graph = new g.Graph({ batch: 1, phase: "training" });
    const [a, normals, uniforms, boost] = [[1], [proposals, 1], [proposals, 1], [1]].map((shape, i) =>
      graph.input(`input${i}`, shape),
    );
    const sample = gammaSampleFrom(a, { normals, uniforms, boost });
    // Concentration 2: d = 5/3, and x = -6 makes the cube negative; x = 0 is always accepted and gives d.
    const x = Array.from({ length: proposals }, (_, k) => (k < 2 ? -6 : k === 2 ? 0 : 2));
    const values = new Map<g.Tensor, ArrayLike<number>>([
      [a, [2]],
      [normals, x],
      [uniforms, new Array(proposals).fill(0.5)],
      [boost, [0.5]],
    ]);
    expectClose((await runOnnx(graph, [sample], values))[0], [5 / 3], 1e-6);
    expectClose(evaluateReference([sample], values)[0], [5 / 3], 1e-12);
  });

  it("of a Dirichlet distribution sum to 1, have its means, and gradients that pull towards a target", async () => {
    // Only proportions matter: the loss pulls the expected proportions to the target.
    const target = [0.5, 0.3, 0.2];
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => {
        const logits = graph.parameter("logits", [3], g.zeros());
        const concentration = g.add(
          g.multiply(graph.constant(new Float32Array(192), [64, 3]), 0),
          g.exp(logits),
        );
        const theta = g.dirichletSample(concentration);
        const counts = g.expand(graph.constant(target, [3]), theta);
        return {
          outputs: { theta },
          loss: g.multinomialNegativeLogLikelihood(g.log(theta), g.multiply(counts, 5)),
        };
      },
      batchSize: 64,
      optimizer: g.adam(),
      seed: "dirichlet",
      threads: 1,
    });
    const first = (await step.run({}, 0)).outputs.get("theta")!.slice();
    for (let n = 0; n < 64; n++) {
      const row = first.subarray(3 * n, 3 * n + 3);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
    for (let i = 0; i < 300; i++) await step.run({}, 0.02);
    const weights = [...(await step.parameters()).get("logits")!].map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    // The likelihood grows with concentration: proportions approach the target, and their spread falls.
    expect(total).toBeGreaterThan(20);
    weights.forEach((weight, k) => {
      expect(Math.abs(weight / total - target[k])).toBeLessThan(0.03);
    });
    await step.release();
  });

  it("differ from step to step, and are the same for the same seed and step", () => {
    const graph = new g.Graph({ batch: 1, phase: "training" });
    const leaves = new Map([
      ["n", graph.noise([5, 40], "normal")],
      ["u", graph.noise([5, 40], "uniform")],
    ]);
    const noise = new StepNoise(leaves, 7);
    const at = (step: number) => Object.values(noise.forStep(step)).map(({ data }) => [...data]);
    const [early, late] = [at(2), at(700)];
    expect(new StepNoise(leaves, 7).forStep(700)["n"].data).toEqual(noise.forStep(700)["n"].data);
    expect(at(2)).toEqual(early);
    expect(late).not.toEqual(early);
    for (const value of early[1]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  it("are their mean in inference", async () => {
    const graph = new g.Graph({ batch: "free", phase: "inference" });
    const x = graph.input("x", [graph.batch, 3]);
    const values = new Map([[x, [1, 2, 5, 4, 4, 8]]]);
    const [found] = await runOnnx(graph, [g.dirichletSample(x)], values, 2);
    expectClose(found, [0.125, 0.25, 0.625, 0.25, 0.25, 0.5], 1e-7);
  });
});

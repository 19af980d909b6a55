import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runtime } from "./check.js";
import { toyBatch, toyBatchSize, toyNetwork } from "./fixtures/toy.mjs";

function createToy(rate: number, seed: number | string, extra: Partial<g.TrainingOptions> = {}) {
  return g.TrainingStep.create(runtime, {
    build: toyNetwork(rate),
    batchSize: toyBatchSize,
    optimizer: g.adam(),
    seed,
    threads: 2,
    ...extra,
  });
}

async function train(step: g.TrainingStep, from: number, to: number): Promise<number> {
  let loss = Number.NaN;
  for (let i = from; i < to; i++) loss = (await step.run(toyBatch(i), 1e-2)).loss;
  return loss;
}

function hashOf(state: g.TrainingState): string {
  const hash = createHash("sha256");
  for (const [name, { data }] of state.tensors) hash.update(name).update(data);
  return hash.digest("hex");
}

describe("training", () => {
  it("learns, with and without dropout", async () => {
    for (const rate of [0, 0.1]) {
      const step = await createToy(rate, 1);
      const before = (await step.run(toyBatch(0), 0)).loss;
      expect(before).toBeGreaterThan(0.4);
      expect(await train(step, 0, 300)).toBeLessThan(0.1);
      await step.release();
    }
  });

  it("gives the same weights bit for bit for the same seed, other weights for another", async () => {
    const hashes: string[] = [];
    for (const seed of [5, 5, 6]) {
      const step = await createToy(0.3, seed);
      await train(step, 0, 10);
      hashes.push(hashOf(await step.exportState()));
      await step.release();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it("resumes bit for bit in another process", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gradient-"));
    try {
      const step = await createToy(0.3, "resumed");
      await train(step, 0, 7);
      const state = await step.exportState();
      const file = join(folder, "state.safetensors");
      writeFileSync(file, g.writeSafetensors(state.tensors));
      await train(step, 7, 15);
      const script = fileURLToPath(new URL("./fixtures/resume.mjs", import.meta.url));
      const printed = execFileSync(process.execPath, [script, file, `${state.step}`, `${state.seed}`, "8"], {
        encoding: "utf8",
      });
      expect(printed.trim()).toBe(hashOf(await step.exportState()));
      await step.release();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("ignores samples of weight 0", async () => {
    const step = await createToy(0, 3);
    const batch = toyBatch(0);
    batch["weights"].fill(0, 4);
    const { loss } = await step.run(batch, 0);
    batch["windows"].fill(9, 4 * 5 * 22);
    expect((await step.run(batch, 0)).loss).toBeCloseTo(loss, 6);
    await step.release();
  });

  it("keeps frozen parameters and starts from given ones", async () => {
    const values = Float32Array.from([1, 2, 3]);
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => {
        const frozen = graph.parameter("frozen", [3], g.constantValue(2), { trainable: false });
        const free = graph.parameter("free", [3], g.zeros());
        const error = g.subtract(g.multiply(free, frozen), graph.input("target", [3]));
        return { outputs: { free: g.multiply(free, 1) }, loss: g.reduceSum(g.multiply(error, error)) };
      },
      batchSize: 1,
      optimizer: g.adam(),
      seed: 0,
      threads: 1,
      parameters: new Map([["free", values]]),
    });
    const first = await step.run({ target: Float32Array.from([2, 4, 8]) }, 0.1);
    expect([...first.outputs.get("free")!]).toEqual([1, 2, 3]);
    expect(first.loss).toBe(4);
    const after = await step.parameters();
    expect([...after.get("frozen")!]).toEqual([2, 2, 2]);
    expect(after.get("free")![2]).toBeCloseTo(3.1, 5);
    await step.release();
  });

  it("reports a NaN loss to the caller", async () => {
    const step = await createToy(0, 3);
    const batch = toyBatch(0);
    batch["windows"][17] = Number.NaN;
    expect((await step.run(batch, 1e-2)).loss).toBeNaN();
    await step.release();
  });

  it("refuses batches and states that do not fit, and models without a loss", async () => {
    const step = await createToy(0, 3);
    await expect(step.run({ ...toyBatch(0), labels: new Float32Array(3) }, 1e-3)).rejects.toThrow(
      'input "labels": 3 values; expected 8 values, for the shape [8, 1].',
    );
    const state = await step.exportState();
    state.tensors.delete("optimizer/adam.first");
    expect(() => step.importState(state)).toThrow("training state: no optimizer/adam.first");
    const build: g.Build = (graph) => ({ outputs: { x: g.relu(graph.input("x", [1])) } });
    await expect(createToy(0, 1, { build })).rejects.toThrow("no loss to train with");
    await step.release();
  });
});

describe("dropout masks", () => {
  it("drop the right share, scale the rest, and differ from step to step", async () => {
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => {
        const ones = graph.parameter("ones", [20000], g.constantValue(1));
        const kept = g.dropout(ones, 0.25);
        return { outputs: { kept }, loss: g.multiply(g.reduceSum(kept), 0) };
      },
      batchSize: 1,
      optimizer: g.adam(),
      seed: 4,
      threads: 1,
    });
    const runs: number[][] = [];
    for (let i = 0; i < 2; i++) runs.push([...(await step.run({}, 0)).outputs.get("kept")!]);
    for (const run of runs) {
      const dropped = run.filter((value) => value === 0).length;
      // Six standard deviations of a binomial count.
      expect(Math.abs(dropped - 5000)).toBeLessThan(6 * Math.sqrt(20000 * 0.25 * 0.75));
      expect(run.filter((value) => value !== 0).every((value) => value === Math.fround(1 / 0.75))).toBe(true);
    }
    const both = runs[0].filter((value, i) => value === 0 && runs[1][i] === 0).length;
    // Independent masks: 1/16 are dropped by both.
    expect(Math.abs(both - 1250)).toBeLessThan(6 * Math.sqrt((20000 * 15) / 256));
    await step.release();
  });
});

describe("prediction", () => {
  it("does not depend on the batch, follows new parameters, and matches the reference", async () => {
    const step = await createToy(0.3, 8);
    await train(step, 0, 5);
    const parameters = await step.parameters();
    const one = await g.Predictor.create(runtime, { build: toyNetwork(0.3), parameters, threads: 1 });
    const few = await g.Predictor.create(runtime, {
      build: toyNetwork(0.3),
      parameters,
      threads: 1,
      largestBatch: 3,
    });
    expect(one.inputs.sort()).toEqual(["features", "windows"]);
    const batch = toyBatch(99);
    const all = (await one.run(batch, toyBatchSize)).get("probability")!;
    expectClose((await few.run(batch, toyBatchSize)).get("probability")!, all, 1e-6);
    expect(
      (await one.run({ windows: new Float32Array(0), features: new Float32Array(0) }, 0)).get("probability")!
        .length,
    ).toBe(0);

    const graph = new g.Graph({ batch: "free", phase: "inference" });
    const model = toyNetwork(0.3)(graph);
    const values = new Map<g.Tensor, Float32Array>();
    for (const [name, tensor] of graph.parameters) values.set(tensor, parameters.get(name)!);
    for (const [name, tensor] of graph.inputs) values.set(tensor, batch[name]);
    const [expected] = g.evaluateReference([model.outputs["probability"]], values, toyBatchSize);
    expectClose(all, expected, 1e-6);

    await train(step, 5, 20);
    void one.setParameters(await step.parameters());
    const moved = (await one.run(batch, toyBatchSize)).get("probability")!;
    const fresh = await g.Predictor.create(runtime, {
      build: toyNetwork(0),
      parameters: await step.parameters(),
      threads: 1,
    });
    expect([...moved]).toEqual([...(await fresh.run(batch, toyBatchSize)).get("probability")!]);
    expect([...moved]).not.toEqual([...all]);
    for (const part of [step, one, few, fresh]) await part.release();
  });

  it("differentiates outputs with respect to inputs", async () => {
    const step = await createToy(0, 8);
    await train(step, 0, 20);
    const parameters = await step.parameters();
    const build = toyNetwork(0);
    const saliency = await g.InputGradient.create(runtime, {
      build,
      parameters,
      of: "probability",
      inputs: ["windows"],
    });
    const predictor = await g.Predictor.create(runtime, { build, parameters });
    const { windows, features } = toyBatch(4);
    const slopes = (await saliency.run({ windows, features }, 8)).get("windows")!;
    let largest = 0;
    slopes.forEach((slope, i) => {
      if (Math.abs(slope) > Math.abs(slopes[largest])) largest = i;
    });
    const at = async (by: number) => {
      const moved = windows.slice();
      moved[largest] += by;
      const values = (await predictor.run({ windows: moved, features }, 8)).get("probability")!;
      return values.reduce((a, b) => a + b, 0);
    };
    const difference = ((await at(0.01)) - (await at(-0.01))) / 0.02;
    expect(slopes[largest]).not.toBe(0);
    expect(Math.abs(difference / slopes[largest] - 1)).toBeLessThan(0.02);
    await expect(
      g.InputGradient.create(runtime, { build, parameters, of: "probability", inputs: ["labels"] }),
    ).rejects.toThrow('does not depend on an input "labels"');
    await saliency.release();
    await predictor.release();
  });
});

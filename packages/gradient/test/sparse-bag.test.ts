import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { expectClose, runOnnx, runtime } from "./check.js";

const [samples, entries, features] = [5, 7, 23];

function drawBatch(random: Random) {
  const indices = new Float32Array(samples * entries);
  const counts = new Float32Array(samples * entries);
  for (let i = 0; i < indices.length; i++) {
    indices[i] = random.integer(features);
    // A third are padding; some features stand twice in a sample.
    counts[i] = random.uniform() < 0.33 ? 0 : 1 + random.integer(4);
  }
  const target = Float32Array.from({ length: samples * 2 }, () => random.normal());
  return { indices, counts, target };
}

/** The dense input that the sparse one stands for. */
function toDense({ indices, counts }: ReturnType<typeof drawBatch>): Float32Array {
  const dense = new Float32Array(samples * features);
  indices.forEach((feature, i) => {
    dense[Math.floor(i / entries) * features + feature] += counts[i];
  });
  return dense;
}

const network =
  (width: number, kind: "sparse" | "dense", also?: (graph: g.Graph, table: g.Tensor) => g.Tensor): g.Build =>
  (graph) => {
    const table = graph.parameter("table", [features, width], g.glorotUniform());
    const hidden =
      kind === "dense"
        ? g.dense(graph.input("x", [graph.batch, features]), table)
        : g.sparseBag(
            graph.input("indices", [graph.batch, entries]),
            graph.input("counts", [graph.batch, entries]),
            table,
          );
    const last = graph.parameter("last", [width, 2], g.glorotUniform());
    const output = g.dense(g.tanh(hidden), last);
    const loss = g.meanSquaredError(output, graph.input("target", [graph.batch, 2]));
    return { outputs: { output }, loss: also ? g.add(loss, also(graph, table)) : loss };
  };

async function train(build: g.Build, extra: Partial<g.TrainingOptions>, steps = 6) {
  const step = await g.TrainingStep.create(runtime, {
    build,
    batchSize: samples,
    optimizer: g.adam(),
    seed: "bag",
    threads: 1,
    ...extra,
  });
  const random = new Random("batches");
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const batches = Array.from({ length: extra.microBatches ?? 1 }, () => drawBatch(random)).map((batch) => ({
      batch: { ...batch, x: toDense(batch) },
    }));
    losses.push((await step.runAccumulated(batches, 0.01)).loss);
  }
  const parameters = await step.parameters();
  await step.release();
  return { losses, parameters };
}

describe("sparse bags", () => {
  it.each([1, 3, 4, 16, 19, 37])(
    "of %i outputs train as the dense layer does, in every way",
    async (width) => {
      const expected = await train(network(width, "dense"), { update: "graph" });
      for (const update of ["graph", "memory"] as const) {
        const found = await train(network(width, "sparse"), { update });
        expectClose(found.losses, expected.losses, 2e-6);
        for (const [name, values] of expected.parameters)
          expectClose(found.parameters.get(name)!, values, 2e-4, `${update}: ${name}`);
      }
    },
  );

  it("work with everything that updates do, and repeat bit for bit", async () => {
    const options: Partial<g.TrainingOptions> = {
      optimizer: g.exponentialAverage(g.adamW()),
      clipNorm: 0.2,
      maxNorm: [{ parameters: "table", limit: 1.2 }],
      learningRates: [{ parameters: "last", factor: 0.5 }],
      microBatches: 2,
    };
    const expected = await train(network(19, "dense"), options);
    const found = await train(network(19, "sparse"), options);
    const again = await train(network(19, "sparse"), options);
    expectClose(found.losses, expected.losses, 2e-6);
    for (const [name, values] of expected.parameters) {
      expectClose(found.parameters.get(name)!, values, 2e-4, name);
      expect([...again.parameters.get(name)!]).toEqual([...found.parameters.get(name)!]);
    }
  });

  it("go together with a check of all numbers, which names the layer behind a spoilt table", async () => {
    const expected = await train(network(5, "sparse"), {});
    const checked = await train(network(5, "sparse"), { checkNumerics: true });
    expect(checked.losses).toEqual(expected.losses);
    const table = new Float32Array(features * 5).fill(Number.NaN);
    const given = new Map([["table", table]]);
    await expect(train(network(5, "sparse"), { checkNumerics: true, parameters: given })).rejects.toThrow(
      "sparseBag with table",
    );
  });

  it("stay in the graph where their table is needed there, or does not move", async () => {
    const also = (_graph: g.Graph, table: g.Tensor) => g.multiply(g.l2Penalty(table), 0.01);
    const expected = await train(network(4, "dense", also), {});
    const found = await train(network(4, "sparse", also), {});
    for (const [name, values] of expected.parameters)
      expectClose(found.parameters.get(name)!, values, 2e-4, name);
    const [frozen, start] = [
      await train(network(4, "sparse"), { freeze: ["table"] }),
      await train(network(4, "sparse"), { freeze: ["table"] }, 0),
    ];
    expect(frozen.parameters.get("table")).toEqual(start.parameters.get("table"));
    expect(frozen.parameters.get("last")).not.toEqual(start.parameters.get("last"));
  });

  it("predict the same, for any number of samples", async () => {
    const graph = new g.Graph({ batch: "free", phase: "inference" });
    const build = network(6, "sparse");
    const parameters = new Map([
      ["table", Float32Array.from({ length: features * 6 }, (_, i) => Math.sin(i))],
      ["last", Float32Array.from({ length: 12 }, (_, i) => Math.cos(i))],
    ]);
    const predictor = await g.Predictor.create(runtime, { build, parameters, threads: 1, largestBatch: 2 });
    const batch = drawBatch(new Random(4));
    const found = (await predictor.run(batch, samples)).get("output")!;
    const x = graph.input("x", [graph.batch, features]);
    const dense = g.dense(
      g.tanh(g.dense(x, graph.constant(parameters.get("table")!, [features, 6]))),
      graph.constant(parameters.get("last")!, [6, 2]),
    );
    const [expected] = await runOnnx(graph, [dense], new Map([[x, toDense(batch)]]), samples);
    expectClose(found, expected, 2e-6);
    await predictor.release();
  });

  it("say which sample has a feature that there is none", async () => {
    const step = await g.TrainingStep.create(runtime, {
      build: network(4, "sparse"),
      batchSize: samples,
      optimizer: g.sgd(),
      seed: 1,
      threads: 1,
    });
    const batch = drawBatch(new Random(1));
    batch.counts.fill(1);
    for (const feature of [features, -1, 0.5, Number.NaN]) {
      batch.indices[2 * entries] = feature;
      await expect(step.run(batch, 0.1)).rejects.toThrow(
        `sample 2 of the batch: feature ${feature}; expected a whole number from 0 to 22`,
      );
    }
    batch.counts[2 * entries] = 0;
    expect((await step.run(batch, 0.1)).loss).toBeGreaterThan(0);
    await expect(step.run({ ...batch, counts: new Float32Array(3) }, 0.1)).rejects.toThrow('input "counts"');
    await step.release();
  });

  it("need indices, counts and a table that fit", () => {
    const graph = new g.Graph({ batch: 2, phase: "training" });
    const table = graph.parameter("table", [features, 3], g.zeros());
    const indices = graph.input("indices", [2, 4]);
    expect(() => g.sparseBag(indices, graph.input("counts", [2, 5]), table)).toThrow(
      "of one shape [N, entries]",
    );
    expect(() => g.sparseBag(indices, indices, graph.input("x", [3]))).toThrow("a table [features, outputs]");
  });
});

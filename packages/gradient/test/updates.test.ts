import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import * as g from "../src/index.js";
import { matchesName } from "../src/updates/parameter-update.js";
import { expectClose, runtime } from "./check.js";
import { toyBatch, toyBatchSize, toyNetwork } from "./fixtures/toy.mjs";

function create(extra: Partial<g.TrainingOptions>) {
  return g.TrainingStep.create(runtime, {
    build: toyNetwork(0),
    batchSize: toyBatchSize,
    optimizer: g.adam(),
    seed: "updates",
    threads: 1,
    ...extra,
  });
}

async function parametersAfter(steps: number, extra: Partial<g.TrainingOptions>, rate = 1e-2) {
  const step = await create(extra);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await step.run(toyBatch(i), rate)).loss);
  const parameters = await step.parameters();
  const state = await step.exportState();
  await step.release();
  return { parameters, state, losses };
}

const differences = (a: g.ParameterValues, b: g.ParameterValues) =>
  [...a]
    .filter(([name, values]) => values.some((value, i) => value !== b.get(name)![i]))
    .map(([name]) => name);

describe("the update in the graph and in memory", () => {
  const ways: Record<string, Partial<g.TrainingOptions>> = {
    adam: {},
    adadelta: { optimizer: g.adadelta() },
    "everything at once": {
      optimizer: g.exponentialAverage(g.clipValues(g.adamW(), 0.05), { decay: 0.9 }),
      clipNorm: 0.3,
      learningRates: [
        { parameters: "convolution.*", factor: 0.5 },
        { parameters: "output.kernel", factor: 2 },
      ],
      maxNorm: [
        { parameters: "dense.kernel", limit: 0.8 },
        { parameters: /^convolution\.kernel$/, limit: 1.1 },
      ],
    },
  };
  it.each(Object.keys(ways))(
    "%s: are equal within rounding, and checkpoints of one fit the other",
    async (name) => {
      const [inGraph, inMemory] = [
        await parametersAfter(8, { ...ways[name], update: "graph" }),
        await parametersAfter(8, { ...ways[name], update: "memory" }),
      ];
      expectClose(inMemory.losses, inGraph.losses, 1e-6);
      expect([...inMemory.state.tensors.keys()]).toEqual([...inGraph.state.tensors.keys()]);
      for (const [tensor, { data, shape }] of inGraph.state.tensors) {
        expect(inMemory.state.tensors.get(tensor)!.shape).toEqual(shape);
        // Rounding is blown up by the root of second moments that are near zero.
        expectClose(inMemory.state.tensors.get(tensor)!.data, data, 1e-4, tensor);
      }
      const step = await create({ ...ways[name], update: "memory" });
      step.importState(inGraph.state);
      expect(differences(await step.parameters(), inGraph.parameters)).toEqual([]);
      await step.release();
    },
  );

  it("are what repeats bit for bit", async () => {
    const twice = [
      await parametersAfter(5, ways["everything at once"]),
      await parametersAfter(5, ways["everything at once"]),
    ];
    expect(differences(twice[0].parameters, twice[1].parameters)).toEqual([]);
  });

  it.each(["graph", "memory"] as const)(
    "%s: a loss that is finite is NaN where a gradient is none",
    async (update) => {
      const step = await g.TrainingStep.create(runtime, {
        // The loss is 0 and its slope infinite.
        build: (graph) => ({
          outputs: {},
          loss: g.reduceSum(g.sqrt(graph.parameter("w", [2], Float32Array.from([0, 4])))),
        }),
        batchSize: 1,
        optimizer: g.sgd(),
        seed: 1,
        threads: 1,
        update,
      });
      expect((await step.run({}, 0.1)).loss).toBeNaN();
      await step.release();
    },
  );
});

/** sum(slope w) for given slopes, so that gradients are known. */
function linear(
  slopes: Record<string, { shape: number[]; values: number[] }>,
  start: number,
  extra: Partial<g.TrainingOptions>,
) {
  return g.TrainingStep.create(runtime, {
    build: (graph) => ({
      outputs: {},
      loss: Object.entries(slopes)
        .map(([name, { shape, values }]) =>
          g.reshape(
            g.reduceSum(
              g.multiply(graph.parameter(name, shape, g.constantValue(start)), graph.constant(values, shape)),
            ),
            [],
          ),
        )
        .reduce((a, b) => g.add(a, b)),
    }),
    batchSize: 1,
    optimizer: g.sgd(),
    seed: 1,
    threads: 1,
    ...extra,
  });
}

const both = (["graph", "memory"] as const).map((update) => [update] as const);

describe.each(both)("update in %s", (update) => {
  const slopes = {
    "first.kernel": { shape: [2], values: [3, 0] },
    "first.bias": { shape: [1], values: [4] },
    "last.kernel": { shape: [2], values: [0, 12] },
  };

  it("scales all gradients down to one length", async () => {
    const step = await linear(slopes, 0, { update, clipNorm: 6.5 });
    await step.run({}, 1);
    // The length is 13.
    const values = await step.parameters();
    expectClose(values.get("first.kernel")!, [-1.5, 0], 1e-6);
    expectClose(values.get("first.bias")!, [-2], 1e-6);
    expectClose(values.get("last.kernel")!, [0, -6], 1e-6);
    await step.release();
    const far = await linear(slopes, 0, { update, clipNorm: 14 });
    await far.run({}, 1);
    expectClose((await far.parameters()).get("last.kernel")!, [0, -12], 1e-6);
    await far.release();
  });

  it("gives groups learning rates of their own, and freezes by name", async () => {
    const step = await linear(slopes, 1, {
      update,
      learningRates: [
        { parameters: "*.bias", factor: 0 },
        { parameters: /^first/, factor: 0.5 },
      ],
      freeze: ["last.*"],
    });
    await step.run({}, 1);
    const values = await step.parameters();
    expect([...values.get("first.kernel")!]).toEqual([1 - 1.5, 1]);
    expect([...values.get("first.bias")!]).toEqual([1]);
    expect([...values.get("last.kernel")!]).toEqual([1, 1]);
    await step.release();
  });

  it("keeps each unit's weights within a length", async () => {
    const matrix = { shape: [2, 3], values: [3, 0, 0.1, 4, 0, 0.1] };
    const kernel = { shape: [2, 1, 2], values: [3, 4, 0.3, 0.4] };
    const step = await linear({ matrix, kernel }, 0, { update, maxNorm: [{ parameters: "*", limit: 0.9 }] });
    await step.run({}, 1);
    const values = await step.parameters();
    // Units of a matrix are columns, those of a kernel the first axis.
    expectClose(values.get("matrix")!, [-0.54, 0, -0.1, -0.72, 0, -0.1], 1e-6);
    expectClose(values.get("kernel")!, [-0.54, -0.72, -0.3, -0.4], 1e-6);
    await step.release();
  });

  it("keeps averages from the first weights on", async () => {
    const step = await linear(slopes, 1, {
      update,
      optimizer: g.exponentialAverage(g.sgd(), { decay: 0.75 }),
    });
    const before = await step.averagedParameters();
    expect([...before.get("first.bias")!]).toEqual([1]);
    await step.run({}, 0.25);
    await step.run({}, 0.25);
    // Weights 1, 0, -1; averages 1, 0.75, 0.3125.
    expectClose((await step.averagedParameters()).get("first.bias")!, [0.3125], 1e-6);
    expectClose((await step.parameters()).get("first.bias")!, [-1], 1e-6);
    await step.release();
    const plain = await linear(slopes, 1, { update });
    await expect(plain.averagedParameters()).rejects.toThrow("no averaged parameters");
    await plain.release();
  });
});

describe("max-norm on any axis, against a brute-force twin", () => {
  const shapes = [[3, 4, 5], [2, 7, 21], [9, 18], [17, 3], [6, 1], [5]];
  const cases = shapes.flatMap((shape) => shape.map((_, unitAxis) => [shape, unitAxis] as const));
  it.each(cases)("shape %j, units on axis %i", async (shape, unitAxis) => {
    const random = new Random(`max-norm ${shape} ${unitAxis}`);
    const count = shape.reduce((a, b) => a * b);
    const start = Float32Array.from({ length: count }, () => random.normal());
    const unitOf = (at: number) =>
      Math.floor(at / shape.slice(unitAxis + 1).reduce((a, b) => a * b, 1)) % shape[unitAxis];
    const norms = Array.from({ length: shape[unitAxis] }, (_, unit) =>
      Math.hypot(...start.filter((__, at) => unitOf(at) === unit)),
    );
    // About half of the units are too long.
    const limit = norms.slice().sort((a, b) => a - b)[Math.floor(norms.length / 2)] * 0.999;
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => ({
        outputs: {},
        loss: g.multiply(g.reduceSum(graph.parameter("w", shape, start)), 0),
      }),
      batchSize: 1,
      optimizer: g.sgd(),
      seed: 1,
      threads: 1,
      maxNorm: [{ parameters: "w", limit, unitAxis }],
    });
    await step.run({}, 1);
    const found = (await step.parameters()).get("w")!;
    const factors = norms.map((norm) => Math.min(1, limit / norm));
    expect(factors.some((factor) => factor < 1)).toBe(true);
    expectClose(
      found,
      start.map((value, at) => value * factors[unitOf(at)]),
      1e-6,
    );
    // What is short enough keeps its bits.
    start.forEach((value, at) => {
      if (factors[unitOf(at)] === 1) expect(found[at]).toBe(value);
    });
    await step.release();
  });
});

describe("gradient accumulation", () => {
  const rows = (batch: Record<string, Float32Array>, from: number, to: number) =>
    Object.fromEntries(
      Object.entries(batch).map(([name, data]) => {
        const width = data.length / toyBatchSize;
        return [name, data.slice(from * width, to * width)];
      }),
    );

  it.each(both)("of micro-batches is the large batch, update in %s", async (update) => {
    const whole = await create({ clipNorm: 0.5 });
    const parts = await create({ batchSize: 2, microBatches: 4, clipNorm: 0.5, update });
    for (let i = 0; i < 5; i++) {
      const batch = toyBatch(i);
      // Rows of different weight: a micro-batch's share is its part of all weight.
      batch["weights"].set([1, 2, 0, 1, 3, 1, 1, 0.5]);
      const total = batch["weights"].reduce((a, b) => a + b);
      const { loss } = await whole.run(batch, 1e-2);
      const micro = [0, 2, 4, 6].map((from) => ({
        batch: rows(batch, from, from + 2),
        share: (batch["weights"][from] + batch["weights"][from + 1]) / total,
      }));
      const split = await parts.runAccumulated(micro, 1e-2);
      expect(split.loss).toBeCloseTo(loss, 5);
    }
    const [a, b] = [await whole.parameters(), await parts.parameters()];
    for (const [name, values] of a) expectClose(b.get(name)!, values, 2e-5, name);
    expect(parts.step).toBe(5);
    await whole.release();
    await parts.release();
  });

  it("draws other dropout masks for each micro-batch", async () => {
    const step = await g.TrainingStep.create(runtime, {
      build: (graph) => {
        const kept = g.dropout(graph.parameter("ones", [200], g.constantValue(1)), 0.5);
        return { outputs: { kept }, loss: g.multiply(g.reduceSum(kept), graph.input("share", [])) };
      },
      batchSize: 1,
      optimizer: g.sgd(),
      seed: 1,
      threads: 1,
      microBatches: 2,
    });
    const share = Float32Array.of(1);
    await step.runAccumulated([{ batch: { share } }, { batch: { share } }], 1);
    // Each gradient is 0 or 2, their mean 0, 1 or 2: the middle one only where masks differ.
    const values = new Set((await step.parameters()).get("ones")!);
    expect([...values].sort((x, y) => x - y)).toEqual([-1, 0, 1]);
    await expect(step.run({ share }, 1)).rejects.toThrow("1 micro-batches; expected 2");
    await step.release();
  });
});

describe("patterns and options", () => {
  it("match whole names, with stars, or as regular expressions", () => {
    const names = ["dense.kernel", "dense.bias", "last-dense.kernel"];
    const matched = (pattern: g.NamePattern) => names.filter((name) => matchesName(pattern, name));
    expect(matched("dense.kernel")).toEqual(["dense.kernel"]);
    expect(matched("dense.*")).toEqual(["dense.kernel", "dense.bias"]);
    expect(matched("*.kernel")).toEqual(["dense.kernel", "last-dense.kernel"]);
    expect(matched("*")).toEqual(names);
    expect(matched("dense")).toEqual([]);
    expect(matched(/dense\.k/g)).toEqual(["dense.kernel", "last-dense.kernel"]);
  });
  it("that match nothing, or say nothing, are refused", async () => {
    await expect(create({ freeze: ["convolutoin.*"] })).rejects.toThrow("matches no trained parameter");
    await expect(create({ learningRates: [{ parameters: "x", factor: 1 }] })).rejects.toThrow(
      "learning rates",
    );
    await expect(create({ learningRates: [{ parameters: "*", factor: -1 }] })).rejects.toThrow(
      "a factor of -1",
    );
    await expect(create({ maxNorm: [{ parameters: "*", limit: 0 }] })).rejects.toThrow("a limit of 0");
    await expect(create({ maxNorm: [{ parameters: "*", limit: 1, unitAxis: 2 }] })).rejects.toThrow(
      "unit axis 2",
    );
    await expect(create({ clipNorm: 0 })).rejects.toThrow("clipNorm: 0; expected above 0");
    await expect(create({ microBatches: 0 })).rejects.toThrow("0 micro-batches");
    await expect(create({ freeze: ["*"] })).rejects.toThrow("no trainable parameter");
  });
});

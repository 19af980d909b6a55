// Trains on the CPU and on WebGPU with everything that updates can do, and prints what came of it. Started by
// updates-webgpu.test.ts.
import * as g from "../src/index.js";
import { nodeRuntime } from "../src/runtime.node.js";
import { toyBatch, toyBatchSize, toyNetwork } from "./fixtures/toy.mjs";

const parts = 4;

function cut(batch: Record<string, Float32Array>, part: number): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, data]) => [
      name,
      data.slice((part * data.length) / parts, ((part + 1) * data.length) / parts),
    ]),
  );
}

async function train(runtime: g.Runtime, update: "graph" | "memory") {
  const step = await g.TrainingStep.create(runtime, {
    build: toyNetwork(0),
    batchSize: toyBatchSize / parts,
    optimizer: g.exponentialAverage(g.clipValues(g.adamW(), 0.05), { decay: 0.9 }),
    seed: 1,
    threads: 1,
    update,
    microBatches: parts,
    clipNorm: 0.3,
    learningRates: [{ parameters: "convolution.*", factor: 0.5 }],
    maxNorm: [{ parameters: "dense.kernel", limit: 0.8 }],
  });
  const losses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const micro = Array.from({ length: parts }, (_, part) => ({ batch: cut(toyBatch(i), part) }));
    losses.push((await step.runAccumulated(micro, 1e-2)).loss);
  }
  const flat = (values: g.ParameterValues) => [...values.values()].flatMap((data) => [...data]);
  const result = {
    losses,
    parameters: flat(await step.parameters()),
    averages: flat(await step.averagedParameters()),
  };
  await step.release();
  return result;
}

console.log(
  JSON.stringify({
    cpu: await train(nodeRuntime(), "memory"),
    webgpu: await train(nodeRuntime("webgpu"), "graph"),
  }),
);

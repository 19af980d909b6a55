// Trains the toy network on the CPU and on WebGPU and prints both as a line of JSON. Started by training-webgpu.test.ts.
import { Predictor, TrainingStep } from "../src/index.js";
import { adam } from "../src/optimizers/adam.js";
import { InputGradient } from "../src/predictor.js";
import { type NodeDevice, nodeRuntime } from "../src/runtime.node.js";
import { toyBatch, toyBatchSize, toyNetwork } from "./fixtures/toy.mjs";

const steps = 20;

async function train(device: NodeDevice, rate: number) {
  const runtime = nodeRuntime(device);
  const build = toyNetwork(rate);
  const step = await TrainingStep.create(runtime, {
    build,
    batchSize: toyBatchSize,
    optimizer: adam(),
    seed: 1,
    threads: 1,
  });
  const losses: number[] = [];
  let half = await step.exportState();
  for (let i = 0; i < steps; i++) {
    if (i === steps / 2) half = await step.exportState();
    losses.push((await step.run(toyBatch(i), 1e-2)).loss);
  }
  const parameters = await step.parameters();
  step.importState(half);
  const again: number[] = [];
  for (let i = steps / 2; i < steps; i++) again.push((await step.run(toyBatch(i), 1e-2)).loss);
  await step.release();
  const options = { build, parameters, threads: 1 };
  const predictor = await Predictor.create(runtime, options);
  const { windows, features } = toyBatch(steps);
  const probability = (await predictor.run({ windows, features }, toyBatchSize)).get("probability")!;
  await predictor.release();
  const gradient = await InputGradient.create(runtime, {
    ...options,
    of: "probability",
    inputs: ["windows"],
  });
  const slopes = (await gradient.run({ windows, features }, toyBatchSize)).get("windows")!;
  await gradient.release();
  return { losses, again, probability: [...probability], slopes: [...slopes] };
}

const results = [];
for (const rate of [0, 0.3]) {
  results.push({ rate, cpu: await train("cpu", rate), webgpu: await train("webgpu", rate) });
}
console.log(JSON.stringify(results));
process.exit(0);

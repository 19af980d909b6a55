import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  adadelta,
  adam,
  dense,
  glorotUniform,
  nodeRuntime,
  type Optimizer,
  ParameterMemory,
  reduceSum,
  TrainingStep,
} from "@bindscape/gradient";
import { type Figure, makeFigure, medianMilliseconds, runPeer } from "./figure.js";

const threads = 2;
/** Inputs and outputs of one dense layer: 45 million parameters. */
const [inputs, outputs] = [5000, 9000];
const parameters = inputs * outputs;
/** Parameter, gradient and two moments are read; all but the gradient are written. */
const bytesAParameter = 28;

/**
 * Adam and AdaDelta on 45 million parameters: the loop by itself against the machine's memory bandwidth and PyTorch,
 * and whole training steps of one dense layer with the update in place and in the graph. Everything is measured twice
 * and the better counts: on a shared machine the other one is noise.
 */
export async function run(): Promise<Figure[]> {
  const bandwidth = Math.max(await measureBandwidth(), await measureBandwidth());
  const peer = runPeer("optimizer.py", [`${threads}`, `${parameters}`]);
  const figures = [
    makeFigure("memory bandwidth, best of copy and add on 1 and 2 threads", bandwidth, "GB/s", "more"),
  ];
  for (const optimizer of [adam(), adadelta()]) {
    const loop = Math.min(await loopTime(optimizer), await loopTime(optimizer));
    const rate = (bytesAParameter * parameters) / (loop * 1e6);
    const named = peer && {
      name: optimizer.name === "adam" ? "PyTorch, fused" : "PyTorch",
      value: peer[optimizer.name],
    };
    figures.push(
      makeFigure(`${optimizer.name}, 45 million parameters`, loop, "ms", "less", named),
      makeFigure(`${optimizer.name}, bytes moved`, rate, "GB/s", "more"),
      makeFigure(`${optimizer.name}, share`, rate / bandwidth, "of the memory bandwidth", "more", {
        name: "goal",
        value: 0.6,
      }),
    );
  }
  const inMemory = await stepTime("memory");
  const inGraph = await stepTime("graph");
  figures.push(
    makeFigure("training step of one dense layer, Adam in place", inMemory, "ms", "less", {
      name: "Adam in the graph",
      value: inGraph,
    }),
  );
  return figures;
}

async function loopTime(optimizer: Optimizer): Promise<number> {
  const length = Math.ceil(parameters / 16) * 16;
  const memory = new ParameterMemory(optimizer, ["parameters", "gradients", ...optimizer.slots], length);
  for (const vector of memory.vectors.values()) vector.fill(0.01);
  let step = 0;
  return medianMilliseconds(() => {
    step++;
    memory.update({ start: 0, end: length }, 1, "gradients", optimizer.scalarValues(step, 1e-3));
  });
}

/** One row through one dense layer: the update is nearly all of it. */
async function stepTime(update: "memory" | "graph"): Promise<number> {
  const step = await TrainingStep.create(nodeRuntime(), {
    build: (graph) => {
      const x = graph.input("x", [1, inputs]);
      const y = dense(x, graph.parameter("kernel", [inputs, outputs], glorotUniform()));
      return { outputs: {}, loss: reduceSum(y) };
    },
    batchSize: 1,
    optimizer: adam(),
    seed: 1,
    threads,
    update,
  });
  const x = new Float32Array(inputs).fill(0.5);
  const time = await medianMilliseconds(() => step.run({ x }, 1e-4), 10, 3);
  await step.release();
  return time;
}

/** GB/s that threads move together, each within vectors of its own: 8 bytes a number copied, 12 a number added to. */
async function measureBandwidth(): Promise<number> {
  const length = 2 ** 24;
  const repeats = 10;
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("./bandwidth-worker.js", import.meta.url), { workerData: { length, repeats } }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  let best = 0;
  for (const kind of ["copy", "add"] as const) {
    for (let active = 1; active <= threads; active++) {
      const times = await Promise.all(
        workers.slice(0, active).map(async (worker) => {
          const answer = once(worker, "message");
          worker.postMessage(kind);
          return (await answer)[0] as number;
        }),
      );
      const bytes = (kind === "copy" ? 8 : 12) * length * repeats;
      best = Math.max(
        best,
        times.map((time) => bytes / (time * 1e6)).reduce((a, b) => a + b),
      );
    }
  }
  for (const worker of workers) await worker.terminate();
  return best;
}

import { adam, type Build, InputGradient, nodeRuntime, TrainingStep } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { designSizes, factorNet } from "./factornet-network.js";
import { type Figure, makeFigure, medianMilliseconds, runPeer } from "./figure.js";
import {
  danQ,
  danQOperations,
  deepSea,
  deepSeaOperations,
  type Operations,
  RECURRENT_STEPS,
  recurrent,
  recurrentOperations,
} from "./large-networks.js";
import { matrixProductRate } from "./matrix-product-rate.js";

const threads = 2;
const runtime = nodeRuntime();

interface Work {
  readonly name: string;
  readonly build: Build;
  readonly batchSize: number;
  /** Values of the input "windows" of the whole batch. */
  readonly values: number;
  readonly labels?: number;
  readonly operations: Operations;
}

const WORKS: Readonly<Record<string, Work>> = {
  danQ: {
    name: "DanQ training step, 50 windows on both strands",
    build: danQ,
    batchSize: 50,
    values: 50 * 4 * 1000,
    labels: 50 * 919,
    operations: danQOperations(100),
  },
  deepSea: {
    name: "DeepSEA training step, 100 windows",
    build: deepSea,
    batchSize: 100,
    values: 100 * 4 * 1000,
    labels: 100 * 919,
    operations: deepSeaOperations(100),
  },
  lstm32: {
    name: "bidirectional LSTM 32, batch 200, 75 steps, forward and backward",
    build: recurrent(32),
    batchSize: 200,
    values: 200 * RECURRENT_STEPS * 32,
    operations: recurrentOperations(32, 200),
  },
  lstm320: {
    name: "bidirectional LSTM 320, batch 200, 75 steps, forward and backward",
    build: recurrent(320),
    batchSize: 200,
    values: 200 * RECURRENT_STEPS * 320,
    operations: recurrentOperations(320, 200),
  },
};

/**
 * Training steps of the large networks, of the recurrent layer alone, and the gradient with respect to the input of FactorNet,
 * against PyTorch with its fused Adam (eager, and compiled where that works), and as shares of the machine's
 * matrix-product rate. `BINDSCAPE_BENCH_WORK` names one of them.
 */
export async function run(): Promise<Figure[]> {
  const only = process.env.BINDSCAPE_BENCH_WORK;
  const rate = await matrixProductRate(threads);
  const figures: Figure[] = [];
  for (const [key, work] of Object.entries(WORKS)) {
    if (only !== undefined && only !== key) continue;
    const milliseconds = await trainingStep(work);
    figures.push(...compare(work.name, milliseconds, key));
    const { forward, firstInput } = work.operations;
    const share = (3 * forward - firstInput) / (milliseconds * 1e6) / rate;
    figures.push(makeFigure(`${work.name}, share`, share, "of the matrix-product rate", "more"));
  }
  if (only === undefined || only === "saliency") {
    const name = "FactorNet gradient of the input, 200 sequences";
    figures.push(...compare(name, await saliency(), "saliency"));
  }
  return figures;
}

function compare(name: string, milliseconds: number, key: string): Figure[] {
  const peer = runPeer("network_steps.py", [key, `${threads}`]);
  const eager = peer && { name: "PyTorch, eager", value: peer["eager"] };
  const figures = [makeFigure(name, milliseconds, "ms", "less", eager)];
  if (peer?.["compiled"]) {
    figures.push(
      makeFigure(name, milliseconds, "ms", "less", { name: "PyTorch, compiled", value: peer["compiled"] }),
    );
  }
  return figures;
}

async function trainingStep({ build, batchSize, values, labels }: Work): Promise<number> {
  const random = new Random("network-steps");
  const batch: Record<string, Float32Array> = {
    windows: Float32Array.from({ length: values }, () => random.uniform()),
  };
  if (labels) batch["labels"] = Float32Array.from({ length: labels }, () => random.integer(2));
  const step = await TrainingStep.create(runtime, { build, batchSize, optimizer: adam(), seed: 1, threads });
  const milliseconds = await medianMilliseconds(() => step.run(batch, 1e-3));
  await step.release();
  return milliseconds;
}

/** The gradient of FactorNet's probability with respect to 100 windows, through both strands of each. */
async function saliency(): Promise<number> {
  const build = factorNet(designSizes);
  const windows = 100;
  const random = new Random("saliency");
  const step = await TrainingStep.create(runtime, {
    build,
    batchSize: 1,
    optimizer: adam(),
    seed: 1,
    threads,
  });
  const gradient = await InputGradient.create(runtime, {
    build,
    parameters: await step.parameters(),
    of: "probability",
    inputs: ["windows"],
    threads,
  });
  const { channels, length } = designSizes;
  const x = Float32Array.from({ length: windows * channels * length }, () => random.uniform());
  const milliseconds = await medianMilliseconds(() => gradient.run({ windows: x }, windows));
  await gradient.release();
  await step.release();
  return milliseconds;
}

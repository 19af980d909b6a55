import { adam, nodeRuntime, Predictor, TrainingStep } from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { designSizes, factorNet } from "./factornet-network.js";
import { type Figure, makeFigure, medianMilliseconds, runPeer } from "./figure.js";
import { matrixProductRate } from "./matrix-product-rate.js";

const windows = 100;
const threads = 2;
const runtime = nodeRuntime();

/**
 * FactorNet's training step (without and with dropout) and its forward pass, 100 windows on both strands, against
 * PyTorch, and as a share of the machine's matrix-product rate. Both are measured twice, in turns, and the better
 * median of each counts: on a shared machine the other one is noise.
 */
export async function run(): Promise<Figure[]> {
  const random = new Random("factornet-step");
  const { channels, length } = designSizes;
  const x = Float32Array.from({ length: windows * channels * length }, () => random.uniform());
  const labels = Float32Array.from({ length: windows }, () => random.integer(2));
  const ours: Record<string, number> = {};
  const peer: Record<string, number> = {};
  const keepBest = (into: Record<string, number>, found: Record<string, number>) => {
    for (const [name, value] of Object.entries(found)) into[name] = Math.min(into[name] ?? value, value);
  };
  for (let round = 0; round < 2; round++) {
    keepBest(ours, await measure(x, labels));
    keepBest(peer, runPeer("factornet_step.py", [`${threads}`]) ?? {});
  }
  const rate = await matrixProductRate(threads);
  const figure = (name: string, key: string) =>
    makeFigure(
      name,
      ours[key],
      "ms",
      "less",
      key in peer ? { name: "PyTorch, eager", value: peer[key] } : null,
    );
  const share = (name: string, key: string, operations: number) =>
    makeFigure(name, operations / (ours[key] * 1e6) / rate, "of the matrix-product rate", "more");
  const forward = forwardOperations();
  return [
    figure("FactorNet training step", "step"),
    share("FactorNet training step, share", "step", 3 * forward - firstInputGradient()),
    figure("FactorNet training step with dropout", "stepWithDropout"),
    share(
      "FactorNet training step with dropout, share",
      "stepWithDropout",
      3 * forward - firstInputGradient(),
    ),
    figure("FactorNet forward, 200 sequences", "forward"),
    share("FactorNet forward, share", "forward", forward),
    makeFigure("1024 x 1024 x 1024 float32 product", rate, "GFLOP/s", "more"),
  ];
}

async function measure(x: Float32Array, labels: Float32Array): Promise<Record<string, number>> {
  const results: Record<string, number> = {};
  for (const dropout of [false, true]) {
    const build = factorNet({ ...designSizes, dropout });
    const step = await TrainingStep.create(runtime, {
      build,
      batchSize: windows,
      optimizer: adam(),
      seed: 1,
      threads,
    });
    const work = () => step.run({ windows: x, labels }, 1e-3);
    results[dropout ? "stepWithDropout" : "step"] = await medianMilliseconds(work);
    if (!dropout) {
      const parameters = await step.parameters();
      const predictor = await Predictor.create(runtime, { build, parameters, threads });
      results["forward"] = await medianMilliseconds(() => predictor.run({ windows: x }, windows));
      await predictor.release();
    }
    await step.release();
  }
  return results;
}

/** Floating point operations of one forward pass: two for each multiplication and addition. */
function forwardOperations(): number {
  const { channels, length, kernels, width, pool, recurrent, dense } = designSizes;
  const strands = 2 * windows;
  const positions = length - width + 1;
  const steps = Math.floor(positions / pool);
  const convolution = positions * kernels * channels * width;
  const perPosition = positions * kernels * kernels;
  const lstm = steps * 2 * 4 * recurrent * (kernels + recurrent);
  const last = steps * 2 * recurrent * dense + dense;
  return 2 * strands * (convolution + perPosition + lstm + last);
}

/** The windows need no gradient. */
function firstInputGradient(): number {
  const { channels, length, kernels, width } = designSizes;
  return 2 * 2 * windows * (length - width + 1) * kernels * channels * width;
}

import { type Build, InputGradient, nodeRuntime, slice } from "@bindscape/gradient";
import { BatchPipeline, type WindowRequest, type WindowSource } from "@bindscape/study";
import { batchSizeFor } from "./batch-size.js";
import { describeNetwork, type Network } from "./describe-network.js";
import { type PredictOptions, splitRequest } from "./network.node.js";

/** Most windows that go through a network at a time; a gradient holds every layer's values of all of them. */
const GRADIENT_BATCH = 32;

/**
 * Gradients of one task's probability with respect to windows, batch by batch: through both strands, as the network
 * was trained. Bin-level features are held fixed. The arrays handed over are only valid during the call.
 * @param task index of the output
 * @param visit gradients and windows [count, channels, windowLength], row-major; channels A, C, G, T, then tracks
 */
export async function forEachInputGradient(
  network: Network,
  source: WindowSource,
  request: WindowRequest,
  task: number,
  options: PredictOptions,
  visit: (gradients: Float32Array, windows: Float32Array, first: number, count: number) => void,
): Promise<void> {
  const { definition, options: modelOptions, context } = describeNetwork(network);
  const build = definition.build(modelOptions, context);
  const ofTask: Build = (graph) => {
    const { probability } = build(graph).outputs;
    return { outputs: { probability: slice(probability, { axis: 1, start: task, end: task + 1 }) } };
  };
  const batchSize = batchSizeFor(build, GRADIENT_BATCH);
  const pipeline = new BatchPipeline(source, context.plan, { batchSize });
  let gradient: InputGradient | undefined;
  try {
    gradient = await InputGradient.create(nodeRuntime(options.device), {
      build: ofTask,
      parameters: new Map(network.parameters),
      of: "probability",
      inputs: ["windows"],
      threads: options.threads,
    });
    const total = request.binStarts.length;
    let done = 0;
    for await (const batch of pipeline.run(splitRequest(request, batchSize))) {
      options.signal?.throwIfAborted();
      const feeds: Record<string, Float32Array> = { windows: batch.windows };
      if (context.plan.features.length > 0) feeds.features = batch.features;
      const found = await gradient.run(feeds, batch.count);
      visit(found.get("windows")!, batch.windows, done, batch.count);
      batch.release();
      done += batch.count;
      options.onProgress?.({ task: options.task ?? "gradients", done, total, unit: "windows" });
    }
  } finally {
    await pipeline.close();
    await gradient?.release();
  }
}

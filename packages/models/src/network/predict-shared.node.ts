import { nodeRuntime, type ParameterValues, Predictor } from "@bindscape/gradient";
import { BatchPipeline, type WindowPlan, type WindowRequest, type WindowSource } from "@bindscape/study";
import type { PredictOptions } from "./network.node.js";
import type { SharedPath } from "./share-network.js";
import type { StretchPlan } from "./stretches.js";

/** A network for stretches and its weights. */
export interface SharedNetwork extends Pick<SharedPath, "build" | "startUnit"> {
  readonly plan: WindowPlan;
  readonly parameters: ParameterValues;
  readonly tasks: number;
}

/**
 * Binding probabilities of windows, what overlaps being computed once.
 * @returns [windows, tasks], row-major, in the order of the request
 */
export async function predictShared(
  network: SharedNetwork,
  source: WindowSource,
  request: WindowRequest,
  { length, largest, order, stretches }: StretchPlan,
  options: PredictOptions,
): Promise<Float32Array> {
  const { build, startUnit, plan, parameters, tasks } = network;
  // A stretch is a window that is as long as its bin. Features belong to bins: without windows these are small.
  const stretchPlan: WindowPlan = { ...plan, windowLength: length, binSize: length, features: [] };
  const pipeline = new BatchPipeline(source, stretchPlan, { batchSize: 1 });
  const featurePipeline =
    plan.features.length > 0
      ? new BatchPipeline(source, { ...plan, windowLength: 0, tracks: [] }, { batchSize: largest })
      : null;
  const out = new Float32Array(order.length * tasks);
  let predictor: Predictor | undefined;
  try {
    predictor = await Predictor.create(nodeRuntime(options.device), {
      build,
      parameters,
      outputs: ["probability"],
      threads: options.threads,
      largestBatch: largest,
    });
    const features = featurePipeline?.run(binRequests());
    for await (const batch of pipeline.run(stretchRequests())) {
      options.signal?.throwIfAborted();
      const { start, from, to } = stretches[batch.index];
      const margin = Math.floor((plan.windowLength - plan.binSize) / 2);
      const starts = new Float32Array(to - from);
      for (let i = from; i < to; i++)
        starts[i - from] = (request.binStarts[order[i]] - margin - start) / startUnit;
      const feeds: Record<string, Float32Array> = { stretch: batch.windows, starts };
      const bins = features && (await features.next()).value;
      if (bins) feeds.features = bins.features;
      const probability = (await predictor.run(feeds, to - from)).get("probability")!;
      batch.release();
      bins?.release();
      for (let i = from; i < to; i++) {
        for (let task = 0; task < tasks; task++)
          out[order[i] * tasks + task] = probability[(i - from) * tasks + task];
      }
      options.onProgress?.({
        task: options.task ?? "predicting, overlap shared",
        done: to,
        total: order.length,
        unit: "windows",
      });
    }
  } finally {
    await Promise.all([pipeline.close(), featurePipeline?.close()]);
    await predictor?.release();
  }
  return out;

  function* stretchRequests(): Generator<WindowRequest> {
    for (const { segmentIndex, start } of stretches)
      yield { segmentIndices: Uint32Array.of(segmentIndex), binStarts: Int32Array.of(start) };
  }

  function* binRequests(): Generator<WindowRequest> {
    for (const { from, to } of stretches) {
      const rows = order.subarray(from, to);
      yield {
        segmentIndices: rows.map((row) => request.segmentIndices[row]),
        binStarts: Int32Array.from(rows, (row) => request.binStarts[row]),
      };
    }
  }
}

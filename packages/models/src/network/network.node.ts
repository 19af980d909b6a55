import { type NodeDevice, nodeRuntime, Predictor } from "@bindscape/gradient";
import type { ProgressListener } from "@bindscape/numerics";
import { BatchPipeline, type WindowRequest, type WindowSource } from "@bindscape/study";
import { batchSizeFor } from "./batch-size.js";
import { describeNetwork, type Network } from "./describe-network.js";
import { predictShared } from "./predict-shared.node.js";
import { chooseSharedPath } from "./share-network.js";
import { keepStretches } from "./stretches.js";

/** Most windows that go through a network at a time when predicting. */
const PREDICTION_BATCH = 128;

export interface PredictOptions {
  readonly threads?: number;
  /** What networks are computed on. Default "cpu". */
  readonly device?: NodeDevice;
  readonly onProgress?: ProgressListener;
  /** What the progress line says is being done. */
  readonly task?: string;
  readonly signal?: AbortSignal;
  /** Compute what overlapping windows share once (the same numbers, faster) where it pays. Default true. */
  readonly sharedOverlap?: boolean;
  /**
   * Compute these rows alone, in the batches that they have within the whole request: the numbers are the same to
   * the last bit, so that shards put together equal one run. {@link predictWindows} then returns these rows.
   */
  readonly rows?: RowRange;
}

/** Rows of a request, half-open. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Binding probabilities of windows: the one prediction path, used by validation, evaluation and prediction.
 * @returns [windows, tasks], row-major; of `options.rows` alone where given
 */
export async function predictWindows(
  network: Network,
  source: WindowSource,
  request: WindowRequest,
  options: PredictOptions = {},
): Promise<Float32Array> {
  const tasks = network.file.tasks.length;
  const { rows } = options;
  if (rows && rows.from >= rows.to) return new Float32Array(0);
  if (options.sharedOverlap !== false) {
    const { definition, options: modelOptions, context } = describeNetwork(network);
    const path = chooseSharedPath(definition, modelOptions, context, request);
    if (path) {
      const { stretches } = path;
      const shared = { ...path, plan: context.plan, parameters: network.parameters, tasks };
      if (!rows) return predictShared(shared, source, request, stretches, options);
      const part = keepStretches(stretches, rows);
      const first = part.stretches[0].from;
      const partOptions = countFrom(first, part.stretches.at(-1)!.to - first, options);
      const whole = await predictShared(shared, source, request, part, partOptions);
      return whole.slice(rows.from * tasks, rows.to * tasks);
    }
  }
  const windows = request.binStarts.length;
  const size = predictionBatchOf(network);
  const from = rows ? rows.from - (rows.from % size) : 0;
  const to = rows ? Math.min(windows, Math.ceil(rows.to / size) * size) : windows;
  const out = new Float32Array((to - from) * tasks);
  const batches = rows
    ? {
        segmentIndices: request.segmentIndices.slice(from, to),
        binStarts: request.binStarts.slice(from, to),
      }
    : request;
  await forEachOutput(network, source, batches, "probability", options, (values, first) =>
    out.set(values, first * tasks),
  );
  return rows ? out.slice((rows.from - from) * tasks, (rows.to - from) * tasks) : out;
}

function predictionBatchOf(network: Network): number {
  const { definition, options, context } = describeNetwork(network);
  return batchSizeFor(definition.build(options, context), PREDICTION_BATCH);
}

/** Options whose progress counts a part that starts at a row. */
function countFrom(first: number, total: number, options: PredictOptions): PredictOptions {
  const { onProgress } = options;
  return {
    ...options,
    onProgress: onProgress && ((progress) => onProgress({ ...progress, done: progress.done - first, total })),
  };
}

/**
 * Runs windows through a network and hands over one of its outputs batch by batch. The values handed over are
 * only valid during the call.
 */
export async function forEachOutput(
  network: Network,
  source: WindowSource,
  request: WindowRequest,
  output: string,
  options: PredictOptions,
  visit: (values: Float32Array, first: number, count: number) => void,
): Promise<void> {
  const { definition, options: modelOptions, context } = describeNetwork(network);
  const pipeline = new BatchPipeline(source, context.plan, {
    batchSize: predictionBatchOf(network),
  });
  let predictor: Predictor | undefined;
  try {
    predictor = await Predictor.create(nodeRuntime(options.device), {
      build: definition.build(modelOptions, context),
      parameters: new Map(network.parameters),
      outputs: [output],
      threads: options.threads,
    });
    await runPredictor(predictor, pipeline, request, output, options, visit);
  } finally {
    await pipeline.close();
    await predictor?.release();
  }
}

/** Feeds requests through a predictor that is already there; `forEachOutput` and validation share it. */
export async function runPredictor(
  predictor: Predictor,
  pipeline: BatchPipeline,
  request: WindowRequest,
  output: string,
  options: PredictOptions,
  visit: (values: Float32Array, first: number, count: number) => void,
): Promise<void> {
  const total = request.binStarts.length;
  let done = 0;
  for await (const batch of pipeline.run(splitRequest(request, pipeline.options.batchSize))) {
    options.signal?.throwIfAborted();
    const feeds: Record<string, Float32Array> = { windows: batch.windows };
    if (pipeline.plan.features.length > 0) feeds.features = batch.features;
    const outputs = await predictor.run(feeds, batch.count);
    visit(outputs.get(output)!, done, batch.count);
    batch.release();
    done += batch.count;
    options.onProgress?.({ task: options.task ?? "predicting", done, total, unit: "windows" });
  }
}

/** Cuts a request into requests of at most `size` windows, in order. */
export function* splitRequest(request: WindowRequest, size: number): Generator<WindowRequest> {
  for (let from = 0; from < request.binStarts.length; from += size) {
    yield {
      segmentIndices: request.segmentIndices.slice(from, from + size),
      binStarts: request.binStarts.slice(from, from + size),
      ...(request.sourceIndices && { sourceIndices: request.sourceIndices.slice(from, from + size) }),
    };
  }
}

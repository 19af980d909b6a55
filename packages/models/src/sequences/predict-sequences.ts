import { reverseComplementCodes } from "@bindscape/genome";
import { Predictor, type Runtime } from "@bindscape/gradient";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { encodeSequences, type SequenceSet } from "@bindscape/study";
import { batchSizeFor } from "../network/batch-size.js";
import { describeNetwork, type Network } from "../network/describe-network.js";
import type { NetworkStrands } from "../network/network-strands.js";

const PREDICTION_BATCH = 256;

export interface PredictSequencesOptions {
  readonly runtime: Runtime;
  /**
   * What is made of the two strands: the network's own rule where absent; else see {@link NetworkStrands}, "separate"
   * being each sequence followed by its reverse complement. Strand-shared networks always average.
   */
  readonly strands?: NetworkStrands;
  /** Default "probability". */
  readonly output?: "probability" | "logit";
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/**
 * What a network says of sequences.
 * @returns [count, tasks], row-major; [2 count, tasks] with strands "separate": each sequence, then its other strand
 * @throws BindscapeError where the network sees more than sequence, or sequences of another length
 */
export async function predictSequences(
  network: Network,
  set: Pick<SequenceSet, "codes" | "count" | "length" | "source">,
  options: PredictSequencesOptions,
): Promise<Float32Array> {
  const { output = "probability", strands } = options;
  const { definition, options: own, context } = describeNetwork(network);
  const { plan, tasks } = context;
  if (plan.tracks.length > 0 || plan.features.length > 0 || plan.sequence === false) {
    throw new BindscapeError({
      source: set.source,
      found: `a network that sees ${[...plan.tracks, ...plan.features.map(({ name }) => name)].join(", ")}`,
      expected: "one that sees sequence alone",
      next: "`bindscape predict` gives such a network its tracks",
    });
  }
  if (set.length !== plan.windowLength) {
    throw new BindscapeError({
      source: set.source,
      found: `sequences of ${set.length} bp`,
      expected: `${plan.windowLength} bp, as the network was trained on`,
      next: `Give --length ${plan.windowLength} to cut them around their centre, or to fill them up with N`,
    });
  }
  const modelOptions = strands !== undefined && hasStrands(own) ? { ...own, strands } : own;
  const build = definition.build(modelOptions, context);
  const predictor = await Predictor.create(options.runtime, {
    build,
    parameters: network.parameters,
    outputs: [output],
    threads: options.threads,
  });
  const size = batchSizeFor(build, PREDICTION_BATCH);
  const unknown = plan.unknownBase ?? 0;
  const asked = strands === "separate" ? withOtherStrands(set) : set;
  const values = new Float32Array(asked.count * tasks);
  try {
    for (let from = 0; from < asked.count; from += size) {
      options.signal?.throwIfAborted();
      const rows = Uint32Array.from({ length: Math.min(size, asked.count - from) }, (_, i) => from + i);
      const windows = encodeSequences(asked, rows, unknown);
      const found = await predictor.run({ windows }, rows.length);
      values.set(found.get(output)!, from * tasks);
      const done = from + rows.length;
      options.onProgress?.({ task: "predicting", done, total: asked.count, unit: "sequences" });
    }
  } finally {
    await predictor.release();
  }
  return values;
}

function hasStrands(options: unknown): options is Record<string, unknown> {
  return typeof options === "object" && options !== null && "strands" in options;
}

function withOtherStrands({ codes, count, length }: Pick<SequenceSet, "codes" | "count" | "length">) {
  const both = new Uint8Array(2 * count * length);
  for (let row = 0; row < count; row++) {
    const own = codes.subarray(row * length, (row + 1) * length);
    both.set(own, 2 * row * length);
    both.set(reverseComplementCodes(own), (2 * row + 1) * length);
  }
  return { codes: both, count: 2 * count, length };
}

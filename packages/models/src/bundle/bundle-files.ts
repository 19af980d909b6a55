import { exportOnnx, readSafetensors, writeSafetensors } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { describeNetwork, type Network } from "../network/describe-network.js";
import { checkWeights, parameterShapesOf } from "../network/parameter-shapes.js";
import type { HistoryEntry } from "../report/report-data.js";
import { parseHistory, writeHistory } from "./history.js";
import { parseModelFile } from "./model-file.js";

/** What a bundle is made of. */
export interface BundleContents {
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
  readonly metrics: Record<string, unknown>;
  /** How the model was made, as `run.json` says it. */
  readonly run: object;
}

/**
 * The files of a bundle, name and bytes, one after another; `model.json` is the last one.
 * @param source what errors name
 * @throws BindscapeError where the weights do not fit the model
 */
export function* encodeBundle(
  contents: BundleContents,
  source?: string,
): Generator<readonly [name: string, bytes: Uint8Array]> {
  const { network, history, metrics, run } = contents;
  const { definition, options, context } = describeNetwork(network);
  const build = definition.build(options, context);
  const shapes = parameterShapesOf(build);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, data] of network.parameters) tensors.set(name, { shape: shapes.get(name) ?? [], data });
  checkWeights(tensors, shapes, source);
  const parameters = new Map(network.parameters);
  yield ["weights.safetensors", writeSafetensors(tensors)];
  yield ["model.onnx", exportOnnx({ build, parameters, outputs: ["probability"] })];
  yield ["history.jsonl", encode(writeHistory(history))];
  yield ["metrics.json", encode(prettyJson(metrics))];
  yield ["run.json", encode(prettyJson(run))];
  yield ["model.json", encode(prettyJson(network.file))];
}

/** The names of the files that a network is read from. */
export const networkFiles = { model: "model.json", weights: "weights.safetensors", history: "history.jsonl" };

/** A file of a bundle, and the name that errors call it by. */
export interface BundlePart {
  readonly source: string;
  readonly bytes: Uint8Array;
}

/**
 * A network from the files of its bundle. They are data only: the architecture is looked up by name, and nothing in
 * them is run.
 * @throws BindscapeError where a part is damaged, or does not fit the model
 */
export function decodeBundle(parts: {
  readonly model: BundlePart;
  readonly weights: BundlePart;
  /** Absent where the bundle has none. */
  readonly history?: BundlePart;
}): { network: Network; history: HistoryEntry[] } {
  const { model, weights, history } = parts;
  const file = parseModelFile(decode(model.bytes), model.source);
  const { definition, options, context } = describeNetwork({ file, parameters: new Map() }, model.source);
  if (definition.windowLength(options) !== file.plan.windowLength) {
    throw new BindscapeError({
      source: model.source,
      found: `plan.windowLength ${file.plan.windowLength}`,
      expected: `the ${definition.windowLength(options)} bp of the model's options`,
    });
  }
  const shapes = locateErrors(model.source, () => parameterShapesOf(definition.build(options, context)));
  const { tensors } = readSafetensors(weights.bytes, weights.source);
  checkWeights(tensors, shapes, weights.source);
  const parameters = new Map([...tensors].map(([name, { data }]) => [name, data] as const));
  return {
    network: { file, parameters },
    history: history ? parseHistory(decode(history.bytes), history.source) : [],
  };
}

function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Names the file in errors about what it says. */
function locateErrors<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof BindscapeError)) throw cause;
    const { found, expected, next } = cause;
    throw new BindscapeError({ source, found, expected, next, cause });
  }
}

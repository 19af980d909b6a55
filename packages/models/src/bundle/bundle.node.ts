import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeFileError, writeFileAtomically } from "@bindscape/genome";
import { exportOnnx, readSafetensors, writeSafetensors } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { describeNetwork, type Network } from "../network/describe-network.js";
import { checkWeights, parameterShapesOf } from "../network/parameter-shapes.js";
import type { HistoryEntry } from "../report/report-data.js";
import { locateBundle } from "../zoo/zoo.node.js";
import { refuseExisting, writeFolder } from "./folder.node.js";
import { parseHistory, writeHistory } from "./history.js";
import { parseModelFile } from "./model-file.js";
import type { RunRecord } from "./run-record.node.js";

/** A model on disk: a folder of `model.json`, weights, ONNX, history, metrics and the record of the run. */
export interface Bundle {
  readonly path: string;
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
}

export interface BundleContents {
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
  readonly metrics: Record<string, unknown>;
  readonly run: RunRecord;
}

/**
 * Writes a bundle: everything goes to a temporary folder that takes the final name in the end.
 * @throws BindscapeError where the name is taken and `overwrite` is not given
 */
export async function writeBundle(name: string, contents: BundleContents, overwrite = false): Promise<void> {
  const path = resolve(name);
  refuseExisting(path, overwrite);
  const { network, history, metrics, run } = contents;
  const { definition, options, context } = describeNetwork(network);
  const build = definition.build(options, context);
  const shapes = parameterShapesOf(build);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, data] of network.parameters) tensors.set(name, { shape: shapes.get(name) ?? [], data });
  checkWeights(tensors, shapes, path);
  await writeFolder(path, overwrite, async (partial) => {
    await writeFileAtomically(join(partial, "weights.safetensors"), writeSafetensors(tensors));
    await writeFileAtomically(
      join(partial, "model.onnx"),
      exportOnnx({ build, parameters: new Map(network.parameters), outputs: ["probability"] }),
    );
    await writeFileAtomically(join(partial, "history.jsonl"), writeHistory(history));
    await writeFileAtomically(join(partial, "metrics.json"), prettyJson(metrics));
    await writeFileAtomically(join(partial, "run.json"), prettyJson(run));
    await writeFileAtomically(join(partial, "model.json"), prettyJson(network.file));
  });
}

function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Reads a bundle. It is data only: the architecture is looked up by name, and nothing in it is run.
 * @param name a folder, or `zoo:NAME` for a model that comes with Bindscape
 * @throws BindscapeError where a part is missing, damaged, or does not fit the model
 */
export async function readBundle(name: string): Promise<Bundle> {
  const path = await locateBundle(name);
  const modelPath = join(path, "model.json");
  if (!existsSync(modelPath)) {
    throw new BindscapeError({
      source: path,
      found: existsSync(path) ? "a folder without model.json" : "no such folder",
      expected: "a model bundle, as `bindscape train` writes it",
    });
  }
  const file = parseModelFile(decode(await readPart(modelPath, "the description of the model")), modelPath);
  const { definition, options, context } = describeNetwork({ file, parameters: new Map() }, modelPath);
  if (definition.windowLength(options) !== file.plan.windowLength) {
    throw new BindscapeError({
      source: modelPath,
      found: `plan.windowLength ${file.plan.windowLength}`,
      expected: `the ${definition.windowLength(options)} bp of the model's options`,
    });
  }
  const shapes = locateErrors(modelPath, () => parameterShapesOf(definition.build(options, context)));
  const weightsPath = join(path, "weights.safetensors");
  const { tensors } = readSafetensors(await readPart(weightsPath, "the weights of the bundle"), weightsPath);
  checkWeights(tensors, shapes, weightsPath);
  const parameters = new Map([...tensors].map(([name, { data }]) => [name, data] as const));
  const historyPath = join(path, "history.jsonl");
  const history = existsSync(historyPath)
    ? parseHistory(decode(await readPart(historyPath, "the history of the training")), historyPath)
    : [];
  return { path, network: { file, parameters }, history };
}

/** Bytes of a part of a bundle, whatever keeps them from being read said as an error about that file. */
async function readPart(path: string, what: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw describeFileError(cause, path, "read");
    throw new BindscapeError({
      source: path,
      found: "no such file",
      expected: what,
      next: "The bundle is incomplete: copy it again, or train anew",
      cause,
    });
  }
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

import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import { exportOnnx, readSafetensors, writeSafetensors } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { describeNetwork, type Network } from "../network/network.node.js";
import type { HistoryEntry } from "../report/report-data.js";
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
export async function writeBundle(path: string, contents: BundleContents, overwrite = false): Promise<void> {
  refuseExisting(path, overwrite);
  const { network, history, metrics, run } = contents;
  const { definition, options, context } = describeNetwork(network);
  const build = definition.build(options, context);
  const partial = `${path}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [name, data] of network.parameters) tensors.set(name, { shape: [data.length], data });
    await writeFileAtomically(join(partial, "weights.safetensors"), writeSafetensors(tensors));
    await writeFileAtomically(
      join(partial, "model.onnx"),
      exportOnnx({ build, parameters: new Map(network.parameters), outputs: ["probability"] }),
    );
    await writeFileAtomically(join(partial, "history.jsonl"), writeHistory(history));
    await writeFileAtomically(join(partial, "metrics.json"), prettyJson(metrics));
    await writeFileAtomically(join(partial, "run.json"), prettyJson(run));
    await writeFileAtomically(join(partial, "model.json"), prettyJson(network.file));
    await mkdir(dirname(path), { recursive: true });
    if (overwrite) await rm(path, { recursive: true, force: true });
    await rename(partial, path);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** @throws BindscapeError where something stands under the name already and may not be replaced */
export function refuseExisting(path: string, overwrite: boolean): void {
  if (!existsSync(path) || overwrite) return;
  throw new BindscapeError({
    source: path,
    found: "something stands there already",
    expected: "a name that is free",
    next: "Choose another --out, or give --overwrite",
  });
}

function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Reads a bundle. It is data only: the architecture is looked up by name, and nothing in it is run.
 * @throws BindscapeError where a part is missing, damaged, or does not fit the model
 */
export async function readBundle(path: string): Promise<Bundle> {
  const modelPath = join(path, "model.json");
  if (!existsSync(modelPath)) {
    throw new BindscapeError({
      source: path,
      found: existsSync(path) ? "a folder without model.json" : "no such folder",
      expected: "a model bundle, as `bindscape train` writes it",
    });
  }
  const file = parseModelFile(await readFile(modelPath, "utf8"), modelPath);
  const weightsPath = join(path, "weights.safetensors");
  if (!existsSync(weightsPath)) {
    throw new BindscapeError({
      source: weightsPath,
      found: "no such file",
      expected: "the weights of the bundle",
    });
  }
  const { tensors } = readSafetensors(await readFile(weightsPath), weightsPath);
  const parameters = new Map([...tensors].map(([name, { data }]) => [name, data] as const));
  const historyPath = join(path, "history.jsonl");
  const history = existsSync(historyPath) ? parseHistory(await readFile(historyPath, "utf8")) : [];
  return { path, network: { file, parameters }, history };
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeFileError, refuseExisting, writeFileAtomically, writeFolder } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Network } from "../network/describe-network.js";
import type { HistoryEntry } from "../report/report-data.js";
import { locateBundle } from "../zoo/zoo.node.js";
import {
  type BundleContents,
  type BundlePart,
  decodeBundle,
  encodeBundle,
  networkFiles,
} from "./bundle-files.js";
import { parseModelFile } from "./model-file.js";

/** A model on disk: a folder of `model.json`, weights, ONNX, history, metrics and the record of the run. */
export interface Bundle {
  readonly path: string;
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
}

/**
 * Writes a bundle: everything goes to a temporary folder that takes the final name in the end.
 * @throws BindscapeError where the name is taken and `overwrite` is not given
 */
export async function writeBundle(name: string, contents: BundleContents, overwrite = false): Promise<void> {
  const path = resolve(name);
  refuseExisting(path, overwrite);
  await writeFolder(path, overwrite, async (partial) => {
    for (const [file, bytes] of encodeBundle(contents, path))
      await writeFileAtomically(join(partial, file), bytes);
  });
}

/**
 * Reads a bundle. It is data only: the architecture is looked up by name, and nothing in it is run.
 * @param name a folder, or `zoo:NAME` for a model that comes with Bindscape
 * @throws BindscapeError where a part is missing, damaged, or does not fit the model
 */
export async function readBundle(name: string): Promise<Bundle> {
  const path = await locateBundle(name);
  const modelPath = join(path, networkFiles.model);
  if (!existsSync(modelPath)) {
    throw new BindscapeError({
      source: path,
      found: existsSync(path) ? "a folder without model.json" : "no such folder",
      expected: "a model bundle, as `bindscape train` writes it",
    });
  }
  const historyPath = join(path, networkFiles.history);
  const model = await readPart(modelPath, "the description of the model");
  // Another program's model.json is told as such before its folder is said to lack weights.
  parseModelFile(new TextDecoder().decode(model.bytes), model.source);
  const contents = decodeBundle({
    model,
    weights: await readPart(join(path, networkFiles.weights), "the weights of the bundle"),
    ...(existsSync(historyPath) && { history: await readPart(historyPath, "the history of the training") }),
  });
  return { path, ...contents };
}

/** A part of a bundle, whatever keeps it from being read said as an error about that file. */
async function readPart(source: string, what: string): Promise<BundlePart> {
  try {
    return { source, bytes: await readFile(source) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw describeFileError(cause, source, "read");
    throw new BindscapeError({
      source,
      found: "no such file",
      expected: what,
      next: "The bundle is incomplete: copy it again, or train anew",
      cause,
    });
  }
}

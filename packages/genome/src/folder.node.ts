import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import { describeFileError } from "./file-error.node.js";

/**
 * Writes a folder so that its name only ever stands for a complete one: `fill` gets a temporary folder beside it
 * that takes the final name in the end.
 * @throws BindscapeError where the name is taken and `overwrite` is not given
 */
export async function writeFolder(
  name: string,
  overwrite: boolean,
  fill: (partial: string) => Promise<void>,
): Promise<void> {
  // The temporary folder stands beside the final one, also where the name ends in a slash.
  const path = resolve(name);
  refuseExisting(path, overwrite);
  const partial = `${path}.partial-${process.pid}`;
  try {
    await mkdir(partial, { recursive: true });
    await fill(partial);
    await putInPlace(partial, path);
  } catch (error) {
    throw describeFileError(error, path, "write");
  } finally {
    await rm(partial, { recursive: true, force: true }).catch(() => {});
  }
}

/** Gives a folder its final name; what had the name goes only when the new one is there. */
async function putInPlace(partial: string, path: string): Promise<void> {
  if (!existsSync(path)) return rename(partial, path);
  const old = `${path}.replaced-${process.pid}`;
  await rename(path, old);
  try {
    await rename(partial, path);
  } catch (error) {
    await rename(old, path);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

/** Files by which a folder is known to be an earlier output of Bindscape's. */
const OUTPUT_MARKS = [
  "model.json",
  "model.yaml",
  "dataset.json",
  "baseline.json",
  "cross.json",
  "repeat.json",
  "one_hot.npz",
];

/**
 * @throws BindscapeError where something stands under the name already and may not be replaced; with `overwrite`,
 *   where it is not an output of Bindscape's: a mistyped name must not cost a folder of other files
 */
export function refuseExisting(path: string, overwrite: boolean): void {
  if (!existsSync(path)) return;
  if (overwrite) {
    const isFolder = statSync(path).isDirectory();
    const names = isFolder ? readdirSync(path) : [];
    if (isFolder && (names.length === 0 || OUTPUT_MARKS.some((mark) => names.includes(mark)))) return;
    throw new BindscapeError({
      source: path,
      found: isFolder ? "a folder of other files" : "a file",
      expected: `an earlier output (with ${OUTPUT_MARKS.join(" or ")} in it), since --overwrite removes all of it`,
      next: "Choose another --out, or remove it yourself",
    });
  }
  throw new BindscapeError({
    source: path,
    found: "something stands there already",
    expected: "a name that is free",
    next: "Choose another --out, or give --overwrite",
  });
}

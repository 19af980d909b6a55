import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describeFileError } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { kerasClassOf } from "./sequential-model.js";

/** No description of a network is as large. */
const LARGEST_DESCRIPTION = 50_000_000;

/**
 * The description of the model in a folder: the file named, else `model.json`, else the only JSON file that describes
 * a Keras model.
 * @throws BindscapeError where there is none, or more than one
 */
export async function findDescription(
  folder: string,
  name: string | undefined,
): Promise<{ path: string; text: string }> {
  const fail = (found: string, next?: string): never => {
    throw new BindscapeError({
      source: folder,
      found,
      expected: "a folder of a Keras model: its description (model.json) and its weights (HDF5)",
      next,
    });
  };
  if (!existsSync(folder)) fail("no such folder");
  for (const known of name === undefined ? ["model.json"] : [name]) {
    const path = join(folder, known);
    const text = await readText(path);
    if (text !== null) return { path, text };
    if (name !== undefined) fail(`no file ${name}`);
  }
  const found: { path: string; text: string }[] = [];
  for (const file of await listFiles(folder, [".json"])) {
    const path = join(folder, file);
    if ((await stat(path)).size > LARGEST_DESCRIPTION) continue;
    const text = await readText(path);
    if (text !== null && kerasClassOf(text) !== null) found.push({ path, text });
  }
  if (found.length > 1)
    fail(`${found.length} descriptions of models`, "Name one with --model: the name of its JSON file");
  return found[0] ?? fail("a folder without model.json or another description of a Keras model");
}

/**
 * The weights in a folder: the file named, else FactorNet's `final_model.hdf5` or `best_model.hdf5`, else the only
 * HDF5 file.
 * @throws BindscapeError where there is none, or more than one
 */
export async function findWeights(folder: string, name: string | undefined): Promise<string> {
  const names = name === undefined ? ["final_model.hdf5", "best_model.hdf5"] : [name];
  const known = names.map((candidate) => join(folder, candidate)).find((path) => existsSync(path));
  if (known !== undefined) return known;
  const others = name === undefined ? await listFiles(folder, [".h5", ".hdf5"]) : [];
  if (others.length === 1) return join(folder, others[0]);
  throw new BindscapeError({
    source: folder,
    found:
      others.length > 1 ? `${others.length} HDF5 files: ${others.join(", ")}` : `no ${names.join(" or ")}`,
    expected: "the model's weights (HDF5)",
    next: "Name the file with --weights",
  });
}

/** The text of a file, or null where there is none. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw describeFileError(error, path, "read");
  }
}

/** Names of a list, one a line; where lines have a file or a value first, as training folders do, the second field. */
export function listNames(text: string | null): string[] | null {
  if (text === null) return null;
  return text
    .split(/\r?\n/)
    .map((line) => line.trim().split("\t"))
    .map((fields) => (fields.length > 1 ? fields[1] : fields[0]).trim())
    .filter((name) => name !== "");
}

async function listFiles(folder: string, endings: readonly string[]): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && endings.some((ending) => entry.name.endsWith(ending)))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw describeFileError(error, folder, "read");
  }
}

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { describeFileError } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { KerasWeight, KerasWeights } from "./factornet-from-keras.js";
import { type Hdf5, loadHdf5 } from "./hdf5.node.js";

/** More numbers than any layer of these networks has; keeps damaged files from asking for all memory. */
const LARGEST_WEIGHT = 2 ** 27;
const MOST_LAYERS = 10_000;

type Group = InstanceType<Hdf5["Group"]>;

/**
 * Reads the weights of a Keras 1 HDF5 file: what `save_weights` writes, or the weights in what `save` writes.
 * @throws BindscapeError where it is no HDF5 file, has no such weights, or is damaged
 */
export async function readKerasWeights(path: string): Promise<KerasWeights> {
  const bytes = await stat(path).catch((error) => {
    throw describeFileError(error, path, "read");
  });
  if (!bytes.isFile()) throw new BindscapeError({ source: path, found: "no file", expected: "a HDF5 file" });
  const hdf5 = await loadHdf5();
  try {
    const file = new hdf5.File(resolve(path), "r");
    try {
      const saved = file.get("model_weights");
      return readLayers(hdf5, saved instanceof hdf5.Group ? saved : file, path);
    } finally {
      file.close();
    }
  } catch (cause) {
    if (cause instanceof BindscapeError) throw cause;
    throw new BindscapeError({
      source: path,
      found: "HDF5 that cannot be read",
      expected: "the weights of a Keras 1 model (HDF5)",
      next: "Copy the file again",
      cause,
    });
  }
}

function readLayers(hdf5: Hdf5, root: Group, source: string): Map<string, KerasWeight[]> {
  const layers = new Map<string, KerasWeight[]>();
  for (const name of readNames(root, "layer_names", source)) {
    const group = root.get(name);
    if (!(group instanceof hdf5.Group)) {
      throw new BindscapeError({
        source,
        found: `no group for the layer "${name}"`,
        expected: "one a layer",
      });
    }
    layers.set(
      name,
      readNames(group, "weight_names", source).map((weight) => readWeight(hdf5, group, weight, source)),
    );
  }
  return layers;
}

function readNames(group: Group, attribute: string, source: string): string[] {
  const found = group.attrs[attribute];
  const names = found?.metadata;
  if (names === undefined || names.total_size > MOST_LAYERS || names.size > 1000) {
    throw new BindscapeError({
      source,
      found: `${names === undefined ? "no" : "an unusable"} list "${attribute}" in ${group.path}`,
      expected: "the weights of a Keras 1 model",
    });
  }
  // Layers without weights have an empty list of numbers here.
  if (names.total_size === 0) return [];
  const { value } = found;
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value as string[];
  throw new BindscapeError({ source, found: `a list "${attribute}" of no names`, expected: "names" });
}

function readWeight(hdf5: Hdf5, group: Group, name: string, source: string): KerasWeight {
  const dataset = group.get(name);
  const fail = (found: string): never => {
    throw new BindscapeError({
      source,
      found: `${found} for the weights "${name}" in ${group.path}`,
      expected: "an array of float32 or float64",
    });
  };
  if (!(dataset instanceof hdf5.Dataset)) return fail("nothing");
  const { shape, dtype } = dataset;
  if (shape === null || !["<f", ">f", "<d", ">d"].includes(String(dtype))) return fail(`${dtype} values`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > LARGEST_WEIGHT) return fail(`${size} numbers`);
  const value = dataset.value;
  if (!(value instanceof Float32Array || value instanceof Float64Array) || value.length !== size) {
    return fail("unreadable values");
  }
  return { name, shape: shape.map(Number), data: Float32Array.from(value) };
}

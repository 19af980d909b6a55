import { resolve } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import type { KerasWeights } from "./factornet-from-keras.js";
import { type Hdf5, loadHdf5 } from "./hdf5.node.js";

type Group = InstanceType<Hdf5["Group"]>;

/** Writes weights as Keras 1's `save_weights` does: a group a layer, a float32 dataset a weight. */
export async function writeKerasWeights(path: string, weights: KerasWeights, version: string): Promise<void> {
  const hdf5 = await loadHdf5();
  const file = new hdf5.File(resolve(path), "w");
  try {
    writeNames(file, "layer_names", [...weights.keys()]);
    file.create_attribute("backend", "theano", null, "A6");
    file.create_attribute("keras_version", version, null, `A${version.length}`);
    for (const [layer, arrays] of weights) {
      const group = file.create_group(layer);
      writeNames(
        group,
        "weight_names",
        arrays.map(({ name }) => name),
      );
      for (const { name, shape, data } of arrays) {
        const { parent, last } = makeParents(hdf5, group, name);
        parent.create_dataset({ name: last, data, shape: [...shape], dtype: "<f" });
      }
    }
    file.flush();
  } catch (cause) {
    throw new BindscapeError({ source: path, found: "weights that could not be written", cause });
  } finally {
    file.close();
  }
}

/** The groups of a name with slashes, as Keras 2 has them, made where missing. */
function makeParents(hdf5: Hdf5, group: Group, name: string): { parent: Group; last: string } {
  const parts = name.split("/");
  const last = parts.pop() as string;
  let parent = group;
  for (const part of parts) {
    const known = parent.keys().includes(part) ? parent.get(part) : parent.create_group(part);
    if (!(known instanceof hdf5.Group)) throw new Error(`${part} is no group`);
    parent = known;
  }
  return { parent, last };
}

/** Fixed-length text, as NumPy writes it; an empty list has no type of text and is one of numbers. */
function writeNames(group: Group, attribute: string, names: readonly string[]): void {
  if (names.length === 0) {
    group.create_attribute(attribute, new Float64Array(0), [0], "<d");
    return;
  }
  const longest = Math.max(...names.map((name) => new TextEncoder().encode(name).length));
  group.create_attribute(attribute, [...names], [names.length], `A${longest + 1}`);
}

import type { StoredTensor } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { readKerasWeights } from "./read-keras-weights.node.js";

/**
 * All weights of a Keras HDF5 file by the names that the file gives them ("dense_1_W", "dense_1/kernel:0"), as they are stored: the
 * `source` of gradient's `transferParameters`, whose map says which goes where and how its axes are ordered.
 * (Convolutions of Keras 1 with Theano are turned around on top of that: `bindscape import keras` knows FactorNet's.)
 * @throws BindscapeError where it is no such file, or a name occurs twice
 */
export async function readKerasTensors(path: string): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const [layer, arrays] of await readKerasWeights(path)) {
    for (const { name, shape, data } of arrays) {
      if (tensors.has(name)) {
        throw new BindscapeError({
          source: path,
          found: `two weights named "${name}", the second in the layer "${layer}"`,
          expected: "a name for each",
        });
      }
      tensors.set(name, { shape, data });
    }
  }
  return tensors;
}

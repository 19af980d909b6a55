import type { StoredTensor } from "./safetensors.js";
import { product } from "./shape.js";

export type { StoredTensor };

/** A tensor with its axes in another order: axis `i` of the result is axis `order[i]`, each named once. */
export function permuteAxes({ shape, data }: StoredTensor, order: readonly number[]): StoredTensor {
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const lengths = order.map((axis) => shape[axis]);
  const result = new Float32Array(data.length);
  for (let i = 0; i < result.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      from += (rest % lengths[axis]) * strides[order[axis]];
      rest = Math.floor(rest / lengths[axis]);
    }
    result[i] = data[from];
  }
  return { shape: lengths, data: result };
}

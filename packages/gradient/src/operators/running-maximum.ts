import type { Tensor } from "../graph.js";
import { maximum } from "./arithmetic.js";
import { slice } from "./slice.js";

/**
 * The largest value of every `size` neighbouring positions, at every position: max-pooling with stride 1. Maxima
 * over 2, 4, 8, ... positions are made from each other, so that the work grows with the logarithm of `size`.
 * @param x [..., positions]
 * @returns [..., positions - size + 1]
 */
export function runningMaximum(x: Tensor, options: { readonly size: number }): Tensor {
  const { size } = options;
  const axis = x.rank - 1;
  const shifted = (tensor: Tensor, by: number) => {
    const length = tensor.shape[axis] as number;
    return maximum(
      slice(tensor, { axis, start: 0, end: length - by }),
      slice(tensor, { axis, start: by, end: length }),
    );
  };
  let result = x;
  let width = 1;
  for (; 2 * width <= size; width *= 2) result = shifted(result, width);
  return width < size ? shifted(result, size - width) : result;
}

import type { Tensor } from "../graph.js";
import { add } from "./arithmetic.js";
import { slice } from "./slice.js";

/**
 * The sum of every `size` positions that are `distance` apart, at every position: sums over 1, 2, 4, ... positions are
 * made from each other, and those that make up `size` are added.
 * @param x [..., positions]
 * @returns [..., positions - distance (size - 1)]
 */
export function runningSum(
  x: Tensor,
  options: { readonly size: number; readonly distance?: number },
): Tensor {
  const { size, distance = 1 } = options;
  const axis = x.rank - 1;
  const length = (x.shape[axis] as number) - distance * (size - 1);
  const from = (y: Tensor, start: number, count: number) => slice(y, { axis, start, end: start + count });
  let total: Tensor | null = null;
  let covered = 0;
  let power = x;
  for (let width = 1; width <= size; width *= 2) {
    if ((size & width) !== 0) {
      const part = from(power, covered * distance, length);
      total = total ? add(total, part) : part;
      covered += width;
    }
    if (2 * width <= size) {
      const count = (power.shape[axis] as number) - width * distance;
      power = add(from(power, 0, count), from(power, width * distance, count));
    }
  }
  return total!;
}

import type { DataBlock } from "./blocks.js";

/** The items of a block that can overlap a range: `[first, last)`. */
export function findItems(block: DataBlock, id: number, start: number, end: number): [number, number] {
  if (block.chromosomeId !== id) return [0, 0];
  const first = block.isMonotonic ? countBelow(block.ends, start + 1) : 0;
  return [first, countBelow(block.starts, end)];
}

/** How many of the sorted numbers are below a limit. */
function countBelow(sorted: Uint32Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sets the values of `[start, end)` that the block has, from `into[at]` on; returns how many it set. */
export function fillValues(
  block: DataBlock,
  id: number,
  start: number,
  end: number,
  into: Float32Array,
  at: number,
): number {
  const { starts, ends, values } = block;
  const [first, last] = findItems(block, id, start, end);
  const shift = at - start;
  let written = 0;
  for (let i = first; i < last; i++) {
    const from = Math.max(starts[i], start);
    const to = Math.min(ends[i], end);
    if (to - from === 1) into[from + shift] = values[i];
    else if (to > from) into.fill(values[i], from + shift, to + shift);
    written += to - from;
  }
  return written;
}

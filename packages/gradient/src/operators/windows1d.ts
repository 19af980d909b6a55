import type { Tensor } from "../graph.js";
import { add } from "./arithmetic.js";
import { concatenate } from "./concatenate.js";
import { reshape } from "./reshape.js";
import { padZeros, slice } from "./slice.js";

// Overlapping windows are cut out and put back block by block: the taps q s to (q + 1) s of all windows (s the
// stride) are one contiguous stretch of positions, so that size / stride copies of whole blocks do what Gather and
// ScatterElements would do number by number, on every device.

export interface Windows {
  readonly size: number;
  readonly stride: number;
  /** How many there are. */
  readonly count: number;
}

/** Positions that the blocks of all windows cover. */
const coveredBy = ({ size, stride, count }: Windows) => (count + Math.ceil(size / stride) - 1) * stride;

/**
 * Windows side by side: [N, channels, positions] -> [N, channels, count, size]. What reaches beyond the end is
 * filled with `fill`.
 */
export function cutWindows(x: Tensor, windows: Windows, fill = 0): Tensor {
  const { size, stride, count } = windows;
  const [batch, channels, positions] = x.shape as readonly [Tensor["shape"][0], number, number];
  const covered = coveredBy(windows);
  const whole =
    positions < covered
      ? padZeros(x, { axis: 2, before: 0, after: covered - positions, value: fill })
      : slice(x, { axis: 2, start: 0, end: covered });
  const blocks: Tensor[] = [];
  for (let tap = 0; tap < size; tap += stride) {
    const stretch = slice(whole, { axis: 2, start: tap, end: tap + count * stride });
    const block = reshape(stretch, [batch, channels, count, stride]);
    blocks.push(slice(block, { axis: 3, start: 0, end: Math.min(stride, size - tap) }));
  }
  return concatenate(blocks, 3);
}

/** The adjoint of {@link cutWindows}: where windows overlap their values are summed. */
export function addWindows(x: Tensor, windows: Windows, positions: number): Tensor {
  const { size, stride, count } = windows;
  const [batch, channels] = x.shape;
  const covered = coveredBy(windows);
  let sum: Tensor | null = null;
  for (let tap = 0; tap < size; tap += stride) {
    const taken = Math.min(stride, size - tap);
    const taps = slice(x, { axis: 3, start: tap, end: tap + taken });
    const block = padZeros(taps, { axis: 3, before: 0, after: stride - taken });
    const stretch = reshape(block, [batch, channels, count * stride]);
    const placed = padZeros(stretch, { axis: 2, before: tap, after: covered - tap - count * stride });
    sum = sum ? add(sum, placed) : placed;
  }
  return positions < covered
    ? slice(sum!, { axis: 2, start: 0, end: positions })
    : padZeros(sum!, { axis: 2, before: 0, after: positions - covered });
}

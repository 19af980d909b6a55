import { ShapeError } from "../operator.js";
import { type Dimension, isFree, type Shape, sameDimension } from "../shape.js";

/** How a kernel slides over positions. */
export interface Convolution {
  /** Zeros before the first and after the last position. */
  readonly before: number;
  readonly after: number;
  readonly dilation: number;
  readonly stride: number;
  readonly groups: number;
}

/**
 * Zeros around the positions: as many at both ends; `[before, after]`; or "same", as many as give
 * ceil(positions / stride) output positions, the odd one after the last position.
 */
export type Padding1d = number | "same" | readonly [before: number, after: number];

/** Positions that a kernel of `width` taps spans. */
export const spanOf = (width: number, dilation: number): number => dilation * (width - 1) + 1;

/** Throws unless strides and the like are whole numbers in range; "same" is turned into numbers. */
export function resolvePadding(
  padding: Padding1d,
  positions: Dimension,
  width: Dimension,
  { stride, dilation }: { readonly stride: number; readonly dilation: number },
): [before: number, after: number] {
  if (padding !== "same") return typeof padding === "number" ? [padding, padding] : [padding[0], padding[1]];
  if (isFree(positions) || isFree(width)) return [0, 0];
  const reach = (Math.ceil(positions / stride) - 1) * stride + spanOf(width, dilation);
  const total = Math.max(0, reach - positions);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** What is wrong with the numbers of a convolution, as an error for `infer` to throw. */
export function checkConvolution({ before, after, dilation, stride, groups }: Convolution): void {
  const whole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!whole(before, 0) || !whole(after, 0)) throw new ShapeError("a padding of whole numbers of at least 0");
  if (!whole(stride, 1) || !whole(dilation, 1) || !whole(groups, 1))
    throw new ShapeError("a stride, a dilation and a number of groups that are whole numbers of at least 1");
}

/** The fixed lengths of [batch, channels, positions] and a kernel; both may only have a free batch axis. */
export function fixedLengths(
  x: Shape,
  kernel: Shape,
  kernelAxes: string,
): { channels: number; positions: number; outer: number; inner: number; width: number } {
  if (x.length !== 3 || kernel.length !== 3)
    throw new ShapeError(`an input [batch, channels, positions] and a kernel [${kernelAxes}]`);
  const lengths = [x[1], x[2], ...kernel];
  if (lengths.some(isFree)) throw new ShapeError("channels, positions and a kernel of fixed length");
  const [channels, positions, outer, inner, width] = lengths as number[];
  return { channels, positions, outer, inner, width };
}

/** Throws unless the bias, where there is one, has a value for each of `filters`. */
export function checkBias(bias: Shape | undefined, filters: number): void {
  if (bias && !(bias.length === 1 && sameDimension(bias[0], filters)))
    throw new ShapeError("a bias with one value a filter");
}

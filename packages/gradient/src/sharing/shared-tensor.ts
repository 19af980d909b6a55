import type { Tensor } from "../graph.js";
import { maxPool1d } from "../operators/max-pool1d.js";
import { flip, permute } from "../operators/permute.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { isFree, type Shape } from "../shape.js";

// A tensor of the network for one window says, away from the window's ends, the same about a stretch of bases whatever
// window they lie in. It is then represented by its *stem*: what it would say at every base of a long stretch of the
// chromosome (or at every so many bases), of which each window takes some. Near a window's ends zero padding makes it
// different; these positions are *spoilt*, and computed for every window: a *strip* at each end.

/**
 * How the values of one lane (one strand, one channel) of a window stand in the stem: position p, tap t of a window
 * that starts `start` bp into the stretch is column (start + offset + step p + tapStep t) / spacing. A reversed lane
 * goes through the stretch, and the window, from their other ends; `start` is then counted from there.
 */
export interface Lane {
  readonly reversed: boolean;
  /** bp. */
  readonly offset: number;
}

/** A tensor [mN, ..., positions] or [mN, ..., positions, taps] of a network for windows, as stretches share it. */
export interface SharedTensor {
  /** In the network for windows. */
  readonly shape: Shape;
  /** Whether the last axis holds what a pool takes together, `tapStep` bp apart. */
  readonly hasTaps: boolean;
  /** bp between positions. */
  readonly step: number;
  readonly tapStep: number;
  /** For every place on the axes before the positions, in row-major order, of one window. */
  readonly lanes: readonly Lane[];
  /** [m, ..., columns]. */
  readonly stem: Tensor;
  /** bp between columns. */
  readonly spacing: number;
  /** Positions at both ends that the stem does not hold. */
  readonly spoiltLeft: number;
  readonly spoiltRight: number;
  /** These positions, as the network for windows has them; null where there are none. */
  readonly left: Tensor | null;
  readonly right: Tensor | null;
  /** Convolutions on the way to it, at most. */
  readonly depth: number;
}

export const positionAxisOf = ({ shape, hasTaps }: SharedTensor): number => shape.length - (hasTaps ? 2 : 1);

export const positionsOf = (x: SharedTensor): number => x.shape[positionAxisOf(x)] as number;

export const tapsOf = ({ shape, hasTaps }: SharedTensor): number =>
  hasTaps ? (shape[shape.length - 1] as number) : 1;

export const columnsOf = ({ stem }: SharedTensor): number => stem.shape[stem.rank - 1] as number;

/** Rows of one window: m of [mN, ...]. */
export function rowsOf({ shape }: SharedTensor): number {
  const [samples] = shape;
  return isFree(samples) ? samples.multiple : samples;
}

/** The lengths of the axes that lanes go along. */
export const laneShapeOf = (x: SharedTensor): number[] => [
  rowsOf(x),
  ...(x.shape.slice(1, positionAxisOf(x)) as readonly number[]),
];

/** The lanes at some indices of one axis. */
export function takeLanes(
  lanes: readonly Lane[],
  shape: readonly number[],
  axis: number,
  indices: readonly number[],
): Lane[] {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const block = inner * shape[axis];
  const taken: Lane[] = [];
  for (let start = 0; start < lanes.length; start += block) {
    for (const index of indices)
      taken.push(...lanes.slice(start + index * inner, start + (index + 1) * inner));
  }
  return taken;
}

export const sameLane = (a: Lane, b: Lane): boolean => a.reversed === b.reversed && a.offset === b.offset;

/** Whether all lanes along an axis are the same, so that an operator may mix them. */
export function isUniformAlong(x: SharedTensor, axis: number): boolean {
  const shape = laneShapeOf(x);
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return x.lanes.every((lane, i) => {
    const index = Math.floor(i / inner) % shape[axis];
    return sameLane(lane, x.lanes[i - index * inner]);
  });
}

/** Some columns of the stem, offsets moved along. */
export function sliceColumns(x: SharedTensor, start: number, count: number): SharedTensor {
  if (start === 0 && count === columnsOf(x)) return x;
  return {
    ...x,
    stem: slice(x.stem, { axis: x.stem.rank - 1, start, end: start + count }),
    lanes: x.lanes.map((lane) => ({ ...lane, offset: lane.offset - start * x.spacing })),
  };
}

const remainder = (value: number, by: number): number => ((value % by) + by) % by;

export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestCommonDivisor(b, a % b);
}

/**
 * The coarsest spacing whose columns hold all that windows take, `step` bp apart, and the first column of those: all
 * windows start at multiples of `phase`.
 */
export function coarsestSpacing(
  x: SharedTensor,
  offsets: readonly number[],
  step: number,
  phase: number,
): { every: number; first: number } {
  let spacing = greatestCommonDivisor(phase, step);
  for (const offset of offsets) spacing = greatestCommonDivisor(spacing, offset - offsets[0]);
  const every = spacing / x.spacing;
  return { every, first: remainder(offsets[0] / x.spacing, every) };
}

/** The stem at a coarser spacing, or null where that would miss columns that windows take. */
export function thin(x: SharedTensor, spacing: number): SharedTensor | null {
  if (spacing === x.spacing) return x;
  const every = spacing / x.spacing;
  if (!Number.isInteger(every) || x.step % spacing !== 0 || (x.hasTaps && x.tapStep % spacing !== 0))
    return null;
  const first = remainder(x.lanes[0].offset / x.spacing, every);
  if (x.lanes.some(({ offset }) => remainder(offset / x.spacing, every) !== first)) return null;
  const rest = sliceColumns(x, first, columnsOf(x) - first);
  const shape = rest.stem.shape as readonly number[];
  const flat = reshape(rest.stem, [1, shape.slice(0, -1).reduce((a, b) => a * b, 1), columnsOf(rest)]);
  const taken = maxPool1d(flat, { size: 1, stride: every });
  return { ...rest, spacing, stem: reshape(taken, [...shape.slice(0, -1), taken.shape[2]]) };
}

/** Everything in reverse order of positions. @param slack bp by which the stretch is longer than a window */
export function reverse(x: SharedTensor, slack: number): SharedTensor {
  const axis = positionAxisOf(x);
  const last = x.step * (positionsOf(x) - 1);
  return {
    ...x,
    stem: flip(x.stem, x.stem.rank - 1),
    lanes: x.lanes.map((lane) => ({
      reversed: !lane.reversed,
      offset: (columnsOf(x) - 1) * x.spacing - slack - lane.offset - last,
    })),
    spoiltLeft: x.spoiltRight,
    spoiltRight: x.spoiltLeft,
    left: x.right && flip(x.right, axis),
    right: x.left && flip(x.left, axis),
  };
}

/** A reordering of one axis of lanes. */
export function permuteLanes(x: SharedTensor, axis: number, order: readonly number[]): SharedTensor {
  return {
    ...x,
    stem: permute(x.stem, axis, order),
    lanes: takeLanes(x.lanes, laneShapeOf(x), axis, order),
    left: x.left && permute(x.left, axis, order),
    right: x.right && permute(x.right, axis, order),
  };
}

/**
 * Stems of tensors of the same positions brought to the same columns, so that they can be combined entry by entry; null
 * where they go through the stretch in ways that do not fit. Strips stay as they are.
 */
export function alignColumns(parts: readonly SharedTensor[]): SharedTensor[] | null {
  const [head] = parts;
  const fits = parts.every(
    (x) =>
      x.step === head.step &&
      x.hasTaps === head.hasTaps &&
      x.tapStep === head.tapStep &&
      positionsOf(x) === positionsOf(head) &&
      tapsOf(x) === tapsOf(head),
  );
  if (!fits) return null;
  const spacing = Math.max(...parts.map((x) => x.spacing));
  const thinned: SharedTensor[] = [];
  for (const x of parts) {
    const coarse = thin(x, spacing);
    if (coarse === null) return null;
    thinned.push(coarse);
  }
  // Columns by which each lies behind the first: one number for all lanes, where these correspond.
  const shifts = thinned.map((x) => {
    const of = (i: number) =>
      (x.lanes[i].offset - thinned[0].lanes[i % thinned[0].lanes.length].offset) / spacing;
    const corresponds = x.lanes.every(
      (lane, i) =>
        lane.reversed === thinned[0].lanes[i % thinned[0].lanes.length].reversed && of(i) === of(0),
    );
    return corresponds ? of(0) : null;
  });
  if (shifts.some((shift) => shift === null)) {
    // Strands side by side, each with columns of its own.
    return thinned.every((x) => columnsOf(x) === columnsOf(thinned[0])) ? thinned : null;
  }
  const most = Math.min(...(shifts as number[]));
  const starts = (shifts as number[]).map((shift) => shift - most);
  const count = Math.min(...thinned.map((x, i) => columnsOf(x) - starts[i]));
  if (count < 1) return null;
  return thinned.map((x, i) => sliceColumns(x, starts[i], count));
}

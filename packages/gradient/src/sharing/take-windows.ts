import type { Tensor } from "../graph.js";
import { add, multiply } from "../operators/arithmetic.js";
import { concatenate } from "../operators/concatenate.js";
import { gatherRows } from "../operators/gather.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { scaleDimension } from "../shape.js";
import {
  columnsOf,
  type Lane,
  positionAxisOf,
  positionsOf,
  rowsOf,
  type SharedTensor,
  tapsOf,
} from "./shared-tensor.js";

/** Where the windows of one run stand. */
export interface WindowStarts {
  /** [N], first bases counted from the stretch's, in units of `phase` bp. */
  readonly starts: Tensor;
  readonly phase: number;
  /** bp by which the stretch is longer than a window. */
  readonly slack: number;
}

/**
 * A shared tensor as the network for windows has it: each window's own columns of the stem, between its strips.
 * @param stepsFirst lay the values out as layers take them that begin by bringing positions to the front
 */
export function takeWindows(x: SharedTensor, at: WindowStarts, stepsFirst: boolean): Tensor {
  const inner = takePositions(x, x.spoiltLeft, positionsOf(x) - x.spoiltRight, at, stepsFirst);
  return joinPositions(x, [x.left, inner, x.right]);
}

/** The first `count` positions of each window, spoilt ones and others; null for none. */
export function takeLeft(x: SharedTensor, count: number, at: WindowStarts): Tensor | null {
  const { left, spoiltLeft } = x;
  if (count < 1) return null;
  if (count > spoiltLeft) return joinPositions(x, [left, takePositions(x, spoiltLeft, count, at, false)]);
  return slice(left!, { axis: positionAxisOf(x), start: 0, end: count });
}

/** The last `count` positions of each window; null for none. */
export function takeRight(x: SharedTensor, count: number, at: WindowStarts): Tensor | null {
  const { right, spoiltRight } = x;
  if (count < 1) return null;
  const positions = positionsOf(x);
  if (count > spoiltRight) {
    return joinPositions(x, [takePositions(x, positions - count, positions - spoiltRight, at, false), right]);
  }
  return slice(right!, { axis: positionAxisOf(x), start: spoiltRight - count, end: spoiltRight });
}

function joinPositions(x: SharedTensor, parts: readonly (Tensor | null)[]): Tensor {
  const there = parts.filter((part) => part !== null);
  return concatenate(there, positionAxisOf(x));
}

/** Positions [from, to) of each window out of the stem. */
export function takePositions(
  x: SharedTensor,
  from: number,
  to: number,
  { starts, phase, slack }: WindowStarts,
  stepsFirst: boolean,
): Tensor {
  const { graph } = x.stem;
  const columns = columnsOf(x);
  const blocks = uniformBlocks(x);
  const width = x.lanes.length / blocks;
  const laid = transpose(reshape(x.stem, [blocks, width, columns]), [0, 2, 1]);
  const table = reshape(laid, [blocks * columns, width]);

  const taps = tapsOf(x);
  const count = (to - from) * taps;
  const lanes = Array.from({ length: blocks }, (_, block) => x.lanes[block * width]);
  const columnOf = (lane: Lane, i: number) => {
    const behind = (from + Math.floor(i / taps)) * x.step + (i % taps) * x.tapStep + lane.offset;
    // A reversed lane's window starts as much sooner as the window itself starts later.
    const column = (behind + (lane.reversed ? slack : 0)) / x.spacing;
    const other = column + ((lane.reversed ? -1 : 1) * slack) / x.spacing;
    if (!Number.isInteger(column) || Math.min(column, other) < 0 || Math.max(column, other) >= columns)
      throw new Error(`column ${column} of ${columns} of the shared part of a network`);
    return column;
  };
  const factors = Float32Array.from(lanes, ({ reversed }) => ((reversed ? -1 : 1) * phase) / x.spacing);
  const first = new Float32Array(count * blocks);
  lanes.forEach((lane, block) => {
    for (let i = 0; i < count; i++)
      first[stepsFirst ? i * blocks + block : block * count + i] = block * columns + columnOf(lane, i);
  });
  const samples = scaleDimension(graph.batch, blocks);
  const { shape } = x;
  const positionAxis = positionAxisOf(x);
  const target = [...shape.slice(0, positionAxis), to - from, ...shape.slice(positionAxis + 1)];
  if (stepsFirst) {
    const moves = multiply(reshape(starts, [1, graph.batch, 1]), graph.constant(factors, [1, 1, blocks]));
    const rows = reshape(add(graph.constant(first, [count, 1, blocks]), moves), [count, samples]);
    return reshape(transpose(gatherRows(table, rows), [1, 2, 0]), target);
  }
  const moves = multiply(reshape(starts, [graph.batch, 1, 1]), graph.constant(factors, [1, blocks, 1]));
  const rows = reshape(add(graph.constant(first, [1, blocks, count]), moves), [samples, count]);
  return reshape(transpose(gatherRows(table, rows), [0, 2, 1]), target);
}

/** The fewest equal parts of the lanes, a whole number for each row, that go through the stretch alike. */
function uniformBlocks(x: SharedTensor): number {
  const { lanes } = x;
  const rows = rowsOf(x);
  for (let blocks = rows; blocks < lanes.length; blocks += rows) {
    if (lanes.length % blocks !== 0) continue;
    const width = lanes.length / blocks;
    const isUniform = lanes.every((lane, i) => {
      const first = lanes[i - (i % width)];
      return lane.reversed === first.reversed && lane.offset === first.offset;
    });
    if (isUniform) return blocks;
  }
  return lanes.length;
}

import type { Tensor } from "../graph.js";
import { concatenate, split } from "../operators/concatenate.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { elementCount, isFree, type Shape, sameDimension } from "../shape.js";
import type { Rule } from "./rules.js";
import {
  alignColumns,
  columnsOf,
  type Lane,
  laneShapeOf,
  permuteLanes,
  positionAxisOf,
  positionsOf,
  reverse,
  type SharedTensor,
  takeLanes,
  tapsOf,
} from "./shared-tensor.js";
import { takeLeft, takeRight, type WindowStarts } from "./take-windows.js";

/** Entries [start, end) of an axis of lanes, or of the positions. */
function takeRange(
  x: SharedTensor,
  axis: number,
  start: number,
  end: number,
  shape: Shape,
): SharedTensor | null {
  const at = positionAxisOf(x);
  if (axis === 0 || axis > at) return null;
  if (axis < at) {
    const take = (y: Tensor) => slice(y, { axis, start, end });
    const indices = Array.from({ length: end - start }, (_, i) => start + i);
    return {
      ...x,
      shape,
      lanes: takeLanes(x.lanes, laneShapeOf(x), axis, indices),
      stem: take(x.stem),
      left: x.left && take(x.left),
      right: x.right && take(x.right),
    };
  }
  if (x.hasTaps) return null;
  const positions = positionsOf(x);
  const by = x.step * start;
  const spoiltLeft = Math.max(0, x.spoiltLeft - start);
  const spoiltRight = Math.max(0, x.spoiltRight - (positions - end));
  if (spoiltLeft + spoiltRight >= end - start) return null;
  return {
    ...x,
    shape,
    lanes: x.lanes.map((lane) => ({ ...lane, offset: lane.offset + by })),
    spoiltLeft,
    spoiltRight,
    left: spoiltLeft === 0 ? null : slice(x.left!, { axis, start, end: x.spoiltLeft }),
    right: spoiltRight === 0 ? null : slice(x.right!, { axis, start: 0, end: spoiltRight }),
  };
}

export const sliceRule: Rule = (node, [x]) => {
  if (!x) return null;
  const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
  const taken = takeRange(x, axis, start, end, node.outputs[0].shape);
  return taken && [taken];
};

export const splitRule: Rule = (node, [x]) => {
  if (!x) return null;
  const { axis, lengths } = node.attributes as { axis: number; lengths: readonly number[] };
  if (axis === 0 || axis > positionAxisOf(x)) return null;
  if (axis < positionAxisOf(x)) {
    const cut = (y: Tensor | null) => y && split(y, axis, lengths);
    const [stems, lefts, rights] = [cut(x.stem)!, cut(x.left), cut(x.right)];
    let start = 0;
    return lengths.map((length, i) => {
      const indices = Array.from({ length }, (_, k) => start + k);
      start += length;
      return {
        ...x,
        shape: node.outputs[i].shape,
        lanes: takeLanes(x.lanes, laneShapeOf(x), axis, indices),
        stem: stems[i],
        left: lefts?.[i] ?? null,
        right: rights?.[i] ?? null,
      };
    });
  }
  let start = 0;
  return lengths.map((length, i) => {
    const part = takeRange(x, axis, start, start + length, node.outputs[i].shape);
    start += length;
    return part;
  });
};

export const padRule: Rule = (node, [x], { at }) => {
  if (!x || x.hasTaps) return null;
  const { axis, before, after, value } = node.attributes as {
    axis: number;
    before: number;
    after: number;
    value?: number;
  };
  if (axis !== positionAxisOf(x)) return null;
  const spoiltLeft = before + x.spoiltLeft;
  const spoiltRight = after + x.spoiltRight;
  // One position at least to pad.
  const first = padZeros(takeLeft(x, Math.max(1, x.spoiltLeft), at)!, { axis, before, after: 0, value });
  const last = padZeros(takeRight(x, Math.max(1, x.spoiltRight), at)!, { axis, before: 0, after, value });
  const length = last.shape[axis] as number;
  return [
    {
      ...x,
      shape: node.outputs[0].shape,
      lanes: x.lanes.map((lane) => ({ ...lane, offset: lane.offset - x.step * before })),
      spoiltLeft,
      spoiltRight,
      left: spoiltLeft === 0 ? null : slice(first, { axis, start: 0, end: spoiltLeft }),
      right: spoiltRight === 0 ? null : slice(last, { axis, start: length - spoiltRight, end: length }),
    },
  ];
};

/** Turning positions round, or reordering lanes. */
export const permuteRule: Rule = (node, [x], { at: { slack } }) => {
  if (!x) return null;
  const { axis, order } = node.attributes as { axis: number; order: readonly number[] };
  const at = positionAxisOf(x);
  if (axis > 0 && axis < at) return [permuteLanes(x, axis, order)];
  const isTurned = axis === at && !x.hasTaps && order.every((from, i) => from === order.length - 1 - i);
  return isTurned ? [reverse(x, slack)] : null;
};

/** Tensors behind one another along an axis of lanes: channels, or strands. */
export const concatenateRule: Rule = (node, inputs, { at }) => {
  const { axis } = node.attributes as { axis: number };
  if (inputs.some((input) => input === null)) return null;
  const parts = inputs as readonly SharedTensor[];
  if (axis === 0 || axis >= positionAxisOf(parts[0])) return null;
  const aligned = alignColumns(parts);
  if (aligned === null) return null;
  const spoiltLeft = Math.max(...parts.map((x) => x.spoiltLeft));
  const spoiltRight = Math.max(...parts.map((x) => x.spoiltRight));
  if (spoiltLeft + spoiltRight >= positionsOf(parts[0])) return null;
  const join = (tensors: readonly (Tensor | null)[]) =>
    tensors.some((tensor) => tensor === null) ? null : concatenate(tensors as readonly Tensor[], axis);
  return [
    {
      ...aligned[0],
      shape: node.outputs[0].shape,
      lanes: joinLanes(aligned, axis),
      stem: join(aligned.map(({ stem }) => stem))!,
      spoiltLeft,
      spoiltRight,
      left: join(parts.map((x) => takeLeft(x, spoiltLeft, at))),
      right: join(parts.map((x) => takeRight(x, spoiltRight, at))),
      depth: Math.max(...parts.map((x) => x.depth)),
    },
  ];
};

function joinLanes(parts: readonly SharedTensor[], axis: number): Lane[] {
  const outer = laneShapeOf(parts[0])
    .slice(0, axis)
    .reduce((a, b) => a * b, 1);
  const lanes: Lane[] = [];
  for (let i = 0; i < outer; i++) {
    for (const { lanes: own } of parts) {
      const block = own.length / outer;
      lanes.push(...own.slice(i * block, (i + 1) * block));
    }
  }
  return lanes;
}

/**
 * Reshapes that keep positions together: axes of lanes joined or cut, positions cut into those of a pool and its taps,
 * and the axis of taps dropped once one is left.
 */
export const reshapeRule: Rule = (node, [x], { at }) => {
  if (!x) return null;
  const { shape } = node.outputs[0];
  const samples = shape[0];
  if (!isFree(samples)) return null;
  const positions = positionsOf(x);
  const taps = tapsOf(x);
  const lead = elementCount(x.shape.slice(0, positionAxisOf(x)));
  const isLead = (axes: Shape) => axes.length > 0 && sameDimension(elementCount(axes), lead);
  const [beforeLast, last] = [shape.at(-2), shape.at(-1)];
  let hasTaps: boolean;
  if (taps === 1 && last === positions && isLead(shape.slice(0, -1))) hasTaps = false;
  else if (beforeLast === positions && last === taps && isLead(shape.slice(0, -2))) hasTaps = true;
  else if (!x.hasTaps && typeof last === "number" && isLead(shape.slice(0, -2))) {
    const cut = cutPositions(x, shape, last, at);
    return cut && [cut];
  } else return null;
  const lanes = shape.slice(0, hasTaps ? -2 : -1);
  const strip = (y: Tensor | null, length: number) =>
    y && reshape(y, hasTaps ? [...lanes, length, taps] : [...lanes, length]);
  return [
    {
      ...x,
      shape,
      hasTaps,
      tapStep: x.hasTaps ? x.tapStep : x.step,
      stem: reshapeStem(x, lanes),
      left: strip(x.left, x.spoiltLeft),
      right: strip(x.right, x.spoiltRight),
    },
  ];
};

function reshapeStem(x: SharedTensor, lanes: Shape): Tensor {
  const [samples, ...others] = lanes;
  const rows = isFree(samples) ? samples.multiple : samples;
  return reshape(x.stem, [rows, ...others, columnsOf(x)]);
}

/** Positions cut into `size` neighbours each. */
function cutPositions(x: SharedTensor, shape: Shape, size: number, at: WindowStarts): SharedTensor | null {
  const lanes = shape.slice(0, -2);
  const spoiltLeft = Math.ceil(x.spoiltLeft / size);
  const spoiltRight = Math.ceil(x.spoiltRight / size);
  if ((spoiltLeft + spoiltRight) * size >= positionsOf(x)) return null;
  const cut = (end: Tensor | null, count: number) => end && reshape(end, [...lanes, count, size]);
  return {
    ...x,
    shape,
    hasTaps: true,
    step: x.step * size,
    tapStep: x.step,
    stem: reshapeStem(x, lanes),
    spoiltLeft,
    spoiltRight,
    left: cut(takeLeft(x, spoiltLeft * size, at), spoiltLeft),
    right: cut(takeRight(x, spoiltRight * size, at), spoiltRight),
  };
}

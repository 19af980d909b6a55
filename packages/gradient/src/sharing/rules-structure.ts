import type { Tensor } from "../graph.js";
import { concatenate, split } from "../operators/concatenate.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { type Dimension, elementCount, isFree, type Shape, sameDimension } from "../shape.js";
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
  stripLengthOf,
  takeLanes,
  tapsOf,
} from "./shared-tensor.js";

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
  const leftEnd = Math.min(end, stripLengthOf(x, x.left));
  const rightStart = positions - stripLengthOf(x, x.right);
  const rightFrom = Math.max(start, rightStart);
  return {
    ...x,
    shape,
    lanes: x.lanes.map((lane) => ({
      ...lane,
      offset: lane.offset + by,
      from: lane.from + by,
      to: lane.to + by,
    })),
    spoiltLeft: Math.max(0, x.spoiltLeft - start),
    spoiltRight: Math.max(0, x.spoiltRight - (positions - end)),
    left: x.left && leftEnd > start ? slice(x.left, { axis, start, end: leftEnd }) : null,
    right:
      x.right && end > rightFrom
        ? slice(x.right, { axis, start: rightFrom - rightStart, end: end - rightStart })
        : null,
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

export const padRule: Rule = (node, [x]) => {
  if (!x || x.hasTaps) return null;
  const { axis, before, after, value } = node.attributes as {
    axis: number;
    before: number;
    after: number;
    value?: number;
  };
  if (axis !== positionAxisOf(x)) return null;
  const by = x.step * before;
  return [
    {
      ...x,
      shape: node.outputs[0].shape,
      lanes: x.lanes.map((lane) => ({
        ...lane,
        offset: lane.offset - by,
        from: lane.from - by,
        to: lane.to - by,
      })),
      spoiltLeft: before + x.spoiltLeft,
      spoiltRight: after + x.spoiltRight,
      left: x.left && padZeros(x.left, { axis, before, after: 0, value }),
      right: x.right && padZeros(x.right, { axis, before: 0, after, value }),
    },
  ];
};

/** Turning positions round, or reordering lanes. */
export const permuteRule: Rule = (node, [x], { windowLength, slack }) => {
  if (!x) return null;
  const { axis, order } = node.attributes as { axis: number; order: readonly number[] };
  const at = positionAxisOf(x);
  if (axis > 0 && axis < at) return [permuteLanes(x, axis, order)];
  const isTurned = axis === at && !x.hasTaps && order.every((from, i) => from === order.length - 1 - i);
  return isTurned ? [reverse(x, windowLength, slack)] : null;
};

/** Tensors behind one another along an axis of lanes: channels, or strands. */
export const concatenateRule: Rule = (node, inputs) => {
  const { axis } = node.attributes as { axis: number };
  if (inputs.some((input) => input === null)) return null;
  const parts = inputs as readonly SharedTensor[];
  if (axis === 0 || axis >= positionAxisOf(parts[0])) return null;
  const aligned = alignColumns(parts);
  if (aligned === null) return null;
  const join = (tensors: readonly (Tensor | null)[]) => concatenate(tensors as readonly Tensor[], axis);
  const [first] = aligned;
  return [
    {
      ...first,
      shape: node.outputs[0].shape,
      lanes: joinLanes(aligned, axis),
      stem: join(aligned.map(({ stem }) => stem)),
      left: first.left && join(aligned.map(({ left }) => left)),
      right: first.right && join(aligned.map(({ right }) => right)),
      spoiltLeft: Math.max(...aligned.map((x) => x.spoiltLeft)),
      spoiltRight: Math.max(...aligned.map((x) => x.spoiltRight)),
      depth: Math.max(...aligned.map((x) => x.depth)),
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
export const reshapeRule: Rule = (node, [x]) => {
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
    return [cutPositions(x, shape, last)];
  } else return null;
  const lanes = shape.slice(0, hasTaps ? -2 : -1);
  const strip = (y: Tensor | null) => y && reshapeStrip(y, lanes, hasTaps ? taps : null, stripLengthOf(x, y));
  return [
    {
      ...x,
      shape,
      hasTaps,
      tapStep: x.hasTaps ? x.tapStep : x.step,
      stem: reshapeStem(x, lanes),
      left: strip(x.left),
      right: strip(x.right),
    },
  ];
};

function reshapeStem(x: SharedTensor, lanes: Shape): Tensor {
  const [samples, ...others] = lanes;
  const rows = isFree(samples) ? samples.multiple : samples;
  return reshape(x.stem, [rows, ...others, columnsOf(x)]);
}

const reshapeStrip = (strip: Tensor, lanes: Shape, taps: number | null, length: Dimension): Tensor =>
  reshape(strip, taps === null ? [...lanes, length] : [...lanes, length, taps]);

/** Positions cut into `size` neighbours each. */
function cutPositions(x: SharedTensor, shape: Shape, size: number): SharedTensor {
  const axis = positionAxisOf(x);
  const lanes = shape.slice(0, -2);
  const leftCount = Math.floor(stripLengthOf(x, x.left) / size);
  const rightLength = stripLengthOf(x, x.right);
  const rightCount = Math.floor(rightLength / size);
  const part = (strip: Tensor, start: number, count: number) =>
    count === 0
      ? null
      : reshapeStrip(slice(strip, { axis, start, end: start + count * size }), lanes, size, count);
  return {
    ...x,
    shape,
    hasTaps: true,
    step: x.step * size,
    tapStep: x.step,
    stem: reshapeStem(x, lanes),
    spoiltLeft: Math.ceil(x.spoiltLeft / size),
    spoiltRight: Math.ceil(x.spoiltRight / size),
    left: x.left && part(x.left, 0, leftCount),
    right: x.right && part(x.right, rightLength - rightCount * size, rightCount),
  };
}

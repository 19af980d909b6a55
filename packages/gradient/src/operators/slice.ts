import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { type Dimension, isFree, type Shape } from "../shape.js";

interface Range {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** Lengths before, at and after an axis. */
function around(shape: readonly number[], axis: number): [number, number, number] {
  const product = (lengths: readonly number[]) => lengths.reduce((a, b) => a * b, 1);
  return [product(shape.slice(0, axis)), shape[axis], product(shape.slice(axis + 1))];
}

function withAxis(shape: Shape, axis: number, length: Dimension): Shape {
  return shape.map((old, i) => (i === axis ? length : old));
}

const sliceOperator: Operator<Range> = {
  name: "slice",
  infer([x], { axis, start, end }) {
    const length = x[axis];
    if (length === undefined || isFree(length) || start < 0 || end > length || end <= start) {
      throw new ShapeError(`at least ${end} positions on axis ${axis}, to take [${start}, ${end})`);
    }
    return [withAxis(x, axis, end - start)];
  },
  emit(emitter, node) {
    const { axis, start, end } = node.attributes;
    const indices = [[start], [end], [axis]].map((value) => emitter.integers(value));
    emitter.simple("Slice", node, {}, indices);
  },
  evaluate([x], { axis, start, end }) {
    const [outer, length, inner] = around(x.shape, axis);
    const result = new Float64Array(outer * (end - start) * inner);
    for (let i = 0; i < outer; i++) {
      const from = (i * length + start) * inner;
      result.set(x.data.subarray(from, from + (end - start) * inner), i * (end - start) * inner);
    }
    return [result];
  },
  gradient(node, [gradient]) {
    const { axis, start, end } = node.attributes;
    const length = node.inputs[0].shape[axis] as number;
    return [gradient && padZeros(gradient, { axis, before: start, after: length - end })];
  },
};

/** Positions [start, end) of one axis. */
export function slice(x: Tensor, range: { axis: number; start: number; end: number }): Tensor {
  if (range.start === 0 && range.end === x.shape[range.axis]) return x;
  return applyOperator(sliceOperator, [x], range)[0];
}

interface Padding {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
  /** What stands there; 0 by default. */
  readonly value?: number;
}

const padOperator: Operator<Padding> = {
  name: "padZeros",
  infer([x], { axis, before, after }) {
    const length = x[axis];
    if (length === undefined || isFree(length)) throw new ShapeError(`a fixed axis ${axis}`);
    return [withAxis(x, axis, length + before + after)];
  },
  emit(emitter, node) {
    const { axis, before, after, value = 0 } = node.attributes;
    const rank = node.inputs[0].rank;
    const pads = new Array<number>(2 * rank).fill(0);
    pads[axis] = before;
    pads[rank + axis] = after;
    const inputs = value === 0 ? [emitter.integers(pads)] : [emitter.integers(pads), emitter.scalar(value)];
    emitter.simple("Pad", node, {}, inputs);
  },
  evaluate([x], { axis, before, after, value = 0 }) {
    const [outer, length, inner] = around(x.shape, axis);
    const padded = length + before + after;
    const result = new Float64Array(outer * padded * inner).fill(value);
    for (let i = 0; i < outer; i++) {
      const from = i * length * inner;
      result.set(x.data.subarray(from, from + length * inner), (i * padded + before) * inner);
    }
    return [result];
  },
  gradient(node, [gradient]) {
    const { axis, before } = node.attributes;
    const length = node.inputs[0].shape[axis] as number;
    return [gradient && slice(gradient, { axis, start: before, end: before + length })];
  },
};

/** Zeros (or another value) before and after one axis. */
export function padZeros(x: Tensor, padding: Padding): Tensor {
  if (padding.before === 0 && padding.after === 0) return x;
  return applyOperator(padOperator, [x], padding)[0];
}

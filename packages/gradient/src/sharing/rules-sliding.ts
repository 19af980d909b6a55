import { applyOperator, type Node, type Tensor } from "../graph.js";
import { divide } from "../operators/arithmetic.js";
import { slide } from "../operators/convolution1d.js";
import { type Convolution, spanOf } from "../operators/convolution1d-shape.js";
import type { Overlapping } from "../operators/max-pool1d.js";
import { runningMaximum } from "../operators/running-maximum.js";
import { runningSum } from "../operators/running-sum.js";
import { slice } from "../operators/slice.js";
import type { Rule, SharingContext } from "./rules.js";
import {
  coarsestSpacing,
  columnsOf,
  isUniformAlong,
  type Lane,
  positionsOf,
  rowsOf,
  type SharedTensor,
  sliceColumns,
} from "./shared-tensor.js";
import { takeLeft, takeRight } from "./take-windows.js";

/** How a window of `span` positions moves over others. */
interface Sliding {
  readonly before: number;
  readonly after: number;
  readonly stride: number;
  readonly span: number;
}

/** Positions of the output that see padding, or spoilt positions of the input. */
function spoiltBehind(
  x: SharedTensor,
  { before, stride, span }: Sliding,
  count: number,
): { spoiltLeft: number; spoiltRight: number } {
  const firstSpoilt = Math.ceil((positionsOf(x) - x.spoiltRight + before - span + 1) / stride);
  return {
    spoiltLeft: Math.min(count, Math.ceil((x.spoiltLeft + before) / stride)),
    spoiltRight: Math.max(0, count - Math.max(0, firstSpoilt)),
  };
}

const moveBack = (x: SharedTensor, lane: Lane, { before }: Sliding): Lane => ({
  ...lane,
  offset: lane.offset - x.step * before,
});

/**
 * What becomes of a window's ends: the positions of the output that see padding, or spoilt positions of the input,
 * computed from the input's ends by `apply`, which is given these, the padding that they have, and how many positions
 * that makes. Null where these are all.
 */
function slideEnds(
  x: SharedTensor,
  sliding: Sliding,
  count: number,
  { at }: SharingContext,
  apply: (end: Tensor, padding: { before: number; after: number }, count: number) => Tensor,
): Pick<SharedTensor, "spoiltLeft" | "spoiltRight" | "left" | "right"> | null {
  const { before, after, stride, span } = sliding;
  const { spoiltLeft, spoiltRight } = spoiltBehind(x, sliding, count);
  if (spoiltLeft + spoiltRight >= count) return null;
  let [left, right]: (Tensor | null)[] = [null, null];
  // One position at least to apply it to, also where all that is wanted is made of padding.
  if (spoiltLeft > 0) {
    const length = Math.max(1, (spoiltLeft - 1) * stride + span - before);
    const first = takeLeft(x, length, at)!;
    const made = Math.floor((length + before - span) / stride) + 1;
    left = slice(apply(first, { before, after: 0 }, made), { axis: 2, start: 0, end: spoiltLeft });
  }
  if (spoiltRight > 0) {
    const from = Math.min(count - spoiltRight, Math.floor((positionsOf(x) - 1 + before) / stride));
    const start = from * stride - before;
    if (start < 0) return null;
    const made = count - from;
    right = apply(takeRight(x, positionsOf(x) - start, at)!, { before: 0, after }, made);
    right = slice(right, { axis: 2, start: made - spoiltRight, end: made });
  }
  return { spoiltLeft, spoiltRight, left, right };
}

export const convolutionRule: Rule = (node, [x, ...others], context) => {
  if (!x || others.some((other) => other !== null) || x.hasTaps || x.depth >= context.depth) return null;
  const constants = node.inputs.slice(1).map((input) => context.constantOf(input));
  if (constants.some((tensor) => tensor === null) || !isUniformAlong(x, 1)) return null;
  const [kernel, bias = null] = constants as Tensor[];
  const convolution = node.attributes as Convolution;
  const [filters, , width] = kernel.shape as readonly number[];
  const { stride, dilation } = convolution;
  const sliding = { ...convolution, span: spanOf(width, dilation) };
  const { shape } = node.outputs[0];
  const count = shape[2] as number;
  const moved = Array.from({ length: rowsOf(x) }, (_, row) =>
    moveBack(x, x.lanes[row * (x.shape[1] as number)], sliding),
  );
  const step = x.step * stride;
  const offsets = moved.map(({ offset }) => offset);
  const { every, first } = coarsestSpacing(x, offsets, step, context.at.phase);
  const spread = (dilation * x.step) / x.spacing;
  if (columnsOf(x) < first + spread * (width - 1) + 1) return null;
  const source = sliceColumns(x, first, columnsOf(x) - first);
  const apply = (y: Tensor, given: Partial<Convolution>) =>
    slide(y, kernel, bias, { ...convolution, ...given }, node.label);
  const ends = slideEnds(x, sliding, count, context, apply);
  if (ends === null) return null;
  return [
    {
      ...x,
      ...ends,
      shape,
      step,
      lanes: moved.flatMap((lane) =>
        new Array<Lane>(filters).fill({ ...lane, offset: lane.offset - first * x.spacing }),
      ),
      stem: apply(source.stem, { before: 0, after: 0, dilation: spread, stride: every }),
      spacing: x.spacing * every,
      depth: x.depth + 1,
    },
  ];
};

/** Pools: `run` is what they are with stride 1 over columns `distance` apart. */
function poolRule(run: (stem: Tensor, size: number, distance: number) => Tensor): Rule {
  return (node: Node, [x], context) => {
    if (!x || x.hasTaps || x.shape.length !== 3) return null;
    const pool = node.attributes as Overlapping;
    const { size, stride } = pool;
    const sliding = { ...pool, span: size };
    const { shape } = node.outputs[0];
    const distance = x.step / x.spacing;
    if (columnsOf(x) < distance * (size - 1) + 1) return null;
    const ends = slideEnds(x, sliding, pool.count, context, (end, padding, count) => {
      const attributes = { ...pool, ...padding, count };
      return applyOperator(node.operator, [end], attributes, node.label)[0];
    });
    if (ends === null) return null;
    return [
      {
        ...x,
        ...ends,
        shape,
        step: x.step * stride,
        lanes: x.lanes.map((lane) => moveBack(x, lane, sliding)),
        stem: run(x.stem, size, distance),
      },
    ];
  };
}

export const maxPoolRule = poolRule((stem, size, distance) => runningMaximum(stem, { size, distance }));

export const averagePoolRule = poolRule((stem, size, distance) =>
  divide(runningSum(stem, { size, distance }), size),
);

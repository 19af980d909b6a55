import { applyOperator, type Node, type Tensor } from "../graph.js";
import { divide } from "../operators/arithmetic.js";
import { slide } from "../operators/convolution1d.js";
import { type Convolution, spanOf } from "../operators/convolution1d-shape.js";
import type { Overlapping } from "../operators/max-pool1d.js";
import { runningMaximum } from "../operators/running-maximum.js";
import { runningSum } from "../operators/running-sum.js";
import { slice } from "../operators/slice.js";
import type { Rule } from "./rules.js";
import {
  coarsestSpacing,
  columnsOf,
  isUniformAlong,
  type Lane,
  positionsOf,
  rowsOf,
  type SharedTensor,
  sliceColumns,
  stripLengthOf,
} from "./shared-tensor.js";

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

/** A window's bases that the output's first position sees. */
const widen = (x: SharedTensor, lane: Lane, { before, span }: Sliding): Lane => ({
  ...lane,
  offset: lane.offset - x.step * before,
  from: lane.from - x.step * before,
  to: lane.to + x.step * (span - 1 - before),
});

/** Applies a sliding operator to the strips: `apply` is given a strip and the padding that it has. */
function slideStrips(
  x: SharedTensor,
  sliding: Sliding,
  count: number,
  apply: (strip: Tensor, padding: { before: number; after: number }, count: number) => Tensor,
): { left: Tensor | null; right: Tensor | null } {
  const { before, after, stride, span } = sliding;
  const leftLength = stripLengthOf(x, x.left);
  const leftCount = Math.floor((leftLength + before - span) / stride) + 1;
  const rightLength = stripLengthOf(x, x.right);
  const rightStart = positionsOf(x) - rightLength;
  const first = Math.max(0, Math.ceil((rightStart + before) / stride));
  const skipped = first * stride - before - rightStart;
  return {
    left: x.left === null || leftCount < 1 ? null : apply(x.left, { before, after: 0 }, leftCount),
    right:
      x.right === null || first >= count || skipped >= rightLength
        ? null
        : apply(
            slice(x.right, { axis: 2, start: skipped, end: rightLength }),
            { before: 0, after },
            count - first,
          ),
  };
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
    widen(x, x.lanes[row * (x.shape[1] as number)], sliding),
  );
  const step = x.step * stride;
  const offsets = moved.map(({ offset }) => offset);
  const { every, first } = coarsestSpacing(x, offsets, step, context.phase);
  const spread = (dilation * x.step) / x.spacing;
  if (columnsOf(x) < first + spread * (width - 1) + 1) return null;
  const source = sliceColumns(x, first, columnsOf(x) - first);
  const apply = (y: Tensor, given: Partial<Convolution>) =>
    slide(y, kernel, bias, { ...convolution, ...given }, node.label);
  return [
    {
      ...x,
      ...spoiltBehind(x, sliding, count),
      ...slideStrips(x, sliding, count, apply),
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
  return (node: Node, [x]) => {
    if (!x || x.hasTaps || x.shape.length !== 3) return null;
    const pool = node.attributes as Overlapping;
    const { size, stride } = pool;
    const sliding = { ...pool, span: size };
    const { shape } = node.outputs[0];
    const distance = x.step / x.spacing;
    if (columnsOf(x) < distance * (size - 1) + 1) return null;
    return [
      {
        ...x,
        ...spoiltBehind(x, sliding, pool.count),
        ...slideStrips(x, sliding, pool.count, (strip, padding, count) => {
          const attributes = { ...pool, ...padding, count };
          return applyOperator(node.operator, [strip], attributes, node.label)[0];
        }),
        shape,
        step: x.step * stride,
        lanes: x.lanes.map((lane) => widen(x, lane, sliding)),
        stem: run(x.stem, size, distance),
      },
    ];
  };
}

export const maxPoolRule = poolRule((stem, size, distance) => runningMaximum(stem, { size, distance }));

export const averagePoolRule = poolRule((stem, size, distance) =>
  divide(runningSum(stem, { size, distance }), size),
);

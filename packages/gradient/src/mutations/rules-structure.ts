import { flip } from "../operators/permute.js";
import { elementCount, isFree, sameDimension } from "../shape.js";
import { type ChangedTensor, positionsOf, rowsOf } from "./changed-tensor.js";
import { aroundChannelAxis, mergeBlocks, takeChannels } from "./channels.js";
import type { Followed, MutationRule } from "./rules.js";

/** Indices of channels whose place on an axis is in some order. */
function channelsAt(x: ChangedTensor, axis: number, places: readonly number[]): number[] {
  const [before, along, behind] = aroundChannelAxis(x, axis);
  const indices: number[] = [];
  for (let outer = 0; outer < before; outer++)
    for (const place of places)
      for (let inner = 0; inner < behind; inner++) indices.push((outer * along + place) * behind + inner);
  return indices;
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

const moveStarts = (x: ChangedTensor, by: number): ChangedTensor["blocks"] =>
  x.blocks.map((block) => ({ ...block, starts: block.starts.map((start) => start + by) }));

export const sliceRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval") return null;
  const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
  const [original] = node.outputs;
  if (axis === x.batchAxis) return null;
  // Intervals may then lie outside: what was changed there is cut off.
  if (axis === x.positionAxis) return [{ ...x, original, blocks: moveStarts(x, -start) }];
  return [{ ...x, original, blocks: takeChannels(x, channelsAt(x, axis, range(start, end)), context) }];
};

export const splitRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval") return null;
  const { axis, lengths } = node.attributes as { axis: number; lengths: readonly number[] };
  if (axis === x.batchAxis) return null;
  let start = 0;
  return lengths.map((length, i): Followed => {
    const from = start;
    start += length;
    const original = node.outputs[i];
    const blocks =
      axis === x.positionAxis
        ? moveStarts(x, -from)
        : takeChannels(x, channelsAt(x, axis, range(from, from + length)), context);
    return { ...x, original, blocks };
  });
};

/** Turning positions round, or reordering channels. */
export const permuteRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval") return null;
  const { axis, order } = node.attributes as { axis: number; order: readonly number[] };
  const [original] = node.outputs;
  if (axis === x.batchAxis) return null;
  if (axis !== x.positionAxis)
    return [{ ...x, original, blocks: takeChannels(x, channelsAt(x, axis, order), context) }];
  if (!order.every((from, i) => from === order.length - 1 - i)) return null;
  const positions = positionsOf(x);
  const blocks = x.blocks.map(({ starts, channels, values, change }) => ({
    starts: starts.map((start) => positions - start - x.span),
    channels,
    values: values && flip(values, 2),
    change: change && flip(change, 2),
  }));
  return [{ ...x, original, blocks }];
};

export const padRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval") return null;
  const { axis, before } = node.attributes as { axis: number; before: number };
  if (axis !== x.positionAxis) return null;
  const blocks = x.blocks.map((block) => ({
    starts: block.starts.map((start) => start + before),
    channels: block.channels,
    values: null,
    change: context.cleanChangeOf(x, block),
  }));
  return [{ ...x, original: node.outputs[0], blocks }];
};

/** Tensors behind one another along an axis besides the batch and positions: channels, or strands. */
export const concatenateRule: MutationRule = (node, inputs, context) => {
  const { axis } = node.attributes as { axis: number };
  if (!inputs.every((input) => input?.kind === "interval")) return null;
  const parts = inputs as readonly ChangedTensor[];
  const [head] = parts;
  const fits = parts.every(
    (x) =>
      x.batchAxis === head.batchAxis &&
      x.positionAxis === head.positionAxis &&
      positionsOf(x) === positionsOf(head),
  );
  if (!fits || axis === head.batchAxis || axis === head.positionAxis) return null;
  const span = Math.max(...parts.map((x) => x.span));
  const even = parts.map((x) =>
    x.span === span
      ? x
      : context.widen(
          x,
          x.blocks.map(({ starts }) => starts),
          span,
        ),
  );
  const [before] = aroundChannelAxis(head, axis);
  const blocks = Array.from({ length: before }, (_, outer) =>
    even.flatMap((x) => {
      const [, along, behind] = aroundChannelAxis(x, axis);
      return takeChannels(x, range(outer * along * behind, (outer + 1) * along * behind), context);
    }),
  ).flat();
  return [mergeBlocks({ ...head, original: node.outputs[0], span, blocks }, context)];
};

export const transposeRule: MutationRule = (node, [x]) => {
  const { order } = node.attributes as { order: readonly number[] };
  const [original] = node.outputs;
  if (x?.kind === "recurrent") {
    const isByWindow = x.layout === "steps" && [2, 0, 1, 3].every((axis, i) => order[i] === axis);
    return isByWindow ? [{ ...x, layout: "windows", original }] : null;
  }
  if (x?.kind !== "interval") return null;
  const isChannel = (axis: number) => axis !== x.batchAxis && axis !== x.positionAxis;
  const channels = order.filter(isChannel);
  if (channels.some((axis, i) => i > 0 && axis < channels[i - 1])) return null;
  return [
    {
      ...x,
      original,
      batchAxis: order.indexOf(x.batchAxis),
      positionAxis: order.indexOf(x.positionAxis),
    },
  ];
};

const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/**
 * Reshapes that keep positions together: axes besides them joined or cut; positions cut into those of a pool and its
 * taps; or everything of a window in one row.
 */
export const reshapeRule: MutationRule = (node, [x]) => {
  const [original] = node.outputs;
  const { shape } = original;
  const [samples, ...rest] = shape;
  if (!x || x.kind === "tapped" || x.kind === "flat" || !isFree(samples)) return null;
  if (x.kind === "recurrent") {
    const before = x.original.shape;
    if (x.layout !== "windows" || !sameDimension(samples, before[0])) return null;
    if (rest.length === 1) return [{ ...x, layout: "flat", original }];
    return rest.length === 2 && sameDimension(rest[0], before[1]) ? [{ ...x, original }] : null;
  }
  if (x.batchAxis !== 0) return null;
  const lengths = rest as readonly number[];
  const positions = positionsOf(x);
  const behind = product(x.original.shape.slice(x.positionAxis + 1) as readonly number[]);
  for (let axis = lengths.length; axis > 0; axis--) {
    if (lengths[axis - 1] === positions && product(lengths.slice(axis)) === behind)
      return [{ ...x, original, positionAxis: axis }];
  }
  const [count, size] = lengths.slice(-2);
  const lead = elementCount(x.original.shape.slice(0, x.positionAxis));
  if (
    behind === 1 &&
    lengths.length >= 2 &&
    count * size === positions &&
    sameDimension(elementCount(shape.slice(0, -2)), lead)
  )
    return [{ kind: "tapped", source: x, size, original }];
  if (lengths.length === 1 && samples.multiple === rowsOf(x)) {
    const before = product(x.original.shape.slice(1, x.positionAxis) as readonly number[]);
    return [{ kind: "flat", source: x, before, behind, original }];
  }
  return null;
};

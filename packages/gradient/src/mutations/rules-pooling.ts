import type { Node, Tensor } from "../graph.js";
import { add, divide, maximum, subtract } from "../operators/arithmetic.js";
import { concatenate } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { matrixProduct } from "../operators/matrix-product.js";
import type { Overlapping } from "../operators/max-pool1d.js";
import { reduceSum } from "../operators/reduce.js";
import { reduceMax } from "../operators/reduce-extreme.js";
import { reshape } from "../operators/reshape.js";
import { padZeros, slice } from "../operators/slice.js";
import { shapeFor } from "../shape.js";
import { type Block, type ChangedTensor, clamp, positionsOf } from "./changed-tensor.js";
import type { MutationContext } from "./mutation-context.js";
import type { Followed, MutationRule } from "./rules.js";

/** Largest window whose values are brought together for each mutant; of larger ones only those it changes. */
const LARGEST_WINDOW = 64;

const lowest = -3.4028234663852886e38;

/** The windows of a pool that intervals reach: their firsts and how many. The only window, or such as may lie outside. */
function reachedWindows(
  x: ChangedTensor,
  { size, stride, before, count }: Overlapping,
): { starts: Int32Array[]; span: number } {
  if (count === 1) return { starts: x.blocks.map(({ starts }) => starts.map(() => 0)), span: 1 };
  const firstOf = (start: number) => Math.ceil((start + before - size + 1) / stride);
  const lastOf = (start: number) => Math.floor((start + x.span - 1 + before) / stride);
  let span = 1;
  for (const { starts } of x.blocks)
    for (const start of starts) span = Math.max(span, lastOf(start) - firstOf(start) + 1);
  return { starts: x.blocks.map(({ starts }) => starts.map(firstOf)), span };
}

/** Maxima over windows of neighbouring positions. @param original what has them, with its positions on `positionAxis` */
function poolMaxima(
  x: ChangedTensor,
  pool: Overlapping,
  original: Tensor,
  context: MutationContext,
): ChangedTensor {
  const { size, stride, before, count } = pool;
  const positions = positionsOf(x);
  const reached = reachedWindows(x, pool);
  const { siteCount, sites } = context;
  const { span } = reached;
  const blocks = x.blocks.map((block, b): Block => {
    const starts = reached.starts[b];
    const { channels } = block;
    if (count === 1 && size >= positions && size > LARGEST_WINDOW)
      return { starts, channels, change: null, values: maximaOfAll(x, block, context) };
    const at = new Int32Array(siteCount * span * size);
    for (let i = 0; i < at.length; i++) {
      const wanted = starts[Math.floor(i / (span * size))] + (Math.floor(i / size) % span);
      const window = clamp(wanted, 0, count - 1);
      const first = window * stride - before;
      // Padding is never the maximum: a neighbour stands in for it.
      at[i] = clamp(first + (i % size), Math.max(0, first), Math.min(positions, first + size) - 1);
    }
    const taps = context.pick(x, block, at, span * size);
    const apart = reshape(taps, [context.mutants * span, size, channels]);
    const values = reshape(reduceMax(apart, [1]), [siteCount, sites.alternatives, span, channels]);
    return { starts, channels, change: null, values };
  });
  return { ...x, original, span, blocks };
}

/** The maximum over all positions, from the maxima before and behind each interval. */
function maximaOfAll(x: ChangedTensor, block: Block, context: MutationContext): Tensor {
  const { siteCount, sites, mutants } = context;
  const positions = positionsOf(x);
  const { span } = x;
  const { channels, starts } = block;
  const at = new Int32Array(siteCount * span);
  for (let i = 0; i < at.length; i++)
    at[i] = clamp(starts[Math.floor(i / span)] + (i % span), 0, positions - 1);
  const values = reshape(context.pick(x, block, at, span), [mutants, span, channels]);
  const within = reshape(reduceMax(values, [1]), [siteCount, sites.alternatives, 1, channels]);
  const rows = context.baseRowsOf(x, block);
  const outside = (side: "before" | "behind") => {
    // Maxima over 1, 2, 4, ... neighbours on one side; the row of no position is below every value.
    let maxima = rows;
    for (let reach = 1; reach < positions; reach *= 2) {
      const padding = { axis: 0, before: 0, after: 0, value: lowest };
      const moved =
        side === "before"
          ? slice(padZeros(maxima, { ...padding, before: reach }), { axis: 0, start: 0, end: positions })
          : slice(padZeros(maxima, { ...padding, after: reach }), {
              axis: 0,
              start: reach,
              end: positions + reach,
            });
      maxima = maximum(maxima, moved);
    }
    const ends = padZeros(maxima, {
      axis: 0,
      before: side === "before" ? 1 : 0,
      after: side === "behind" ? 1 : 0,
      value: lowest,
    });
    const wanted = Float32Array.from(starts, (start) =>
      clamp(start + (side === "behind" ? span : 0), 0, positions),
    );
    return reshape(gather(ends, context.indices(wanted, [siteCount])), [siteCount, 1, 1, channels]);
  };
  return maximum(within, maximum(outside("before"), outside("behind")));
}

export const maxPoolRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval" || x.batchAxis !== 0 || x.positionAxis !== 2 || x.original.rank !== 3)
    return null;
  return [poolMaxima(x, node.attributes as Overlapping, node.outputs[0], context)];
};

/** Means over windows: a change is the sum of changes, over the size. */
export const averagePoolRule: MutationRule = (node, [x], context) => {
  if (x?.kind !== "interval" || x.batchAxis !== 0 || x.positionAxis !== 2 || x.original.rank !== 3)
    return null;
  const pool = node.attributes as Overlapping;
  const { size, stride, before } = pool;
  const { starts, span } = reachedWindows(x, pool);
  const blocks = x.blocks.map((block, b): Block => {
    const ranges = Array.from({ length: context.siteCount * span }, (_, i) => {
      const site = Math.floor(i / span);
      const first = (starts[b][site] + (i % span)) * stride - before - block.starts[site];
      return [first, first + size] as const;
    });
    const sums = sumRanges(x, block, ranges, span, context);
    return { starts: starts[b], channels: block.channels, values: null, change: divide(sums, size) };
  });
  return [{ ...x, original: node.outputs[0], span, blocks }];
};

/**
 * Sums of a block's changes over ranges of its intervals.
 * @param ranges [sites x count] first and end, counted from an interval's first position
 * @returns [sites, alternatives, count, channels]
 */
function sumRanges(
  x: ChangedTensor,
  block: Block,
  ranges: readonly (readonly [number, number])[],
  count: number,
  context: MutationContext,
): Tensor {
  const { siteCount, sites, mutants } = context;
  const { span } = x;
  const { channels } = block;
  const change = context.cleanChangeOf(x, block);
  const shape = [siteCount, sites.alternatives, count, channels];
  if (count === 1 && ranges.every(([first, end]) => first <= 0 && end >= span))
    return reshape(reduceSum(change, [2]), shape);
  // Sums of the first 0, 1, 2, ... positions by one product; a range is the difference of two.
  const below = Float32Array.from({ length: (span + 1) * span }, (_, i) =>
    i % span < Math.floor(i / span) ? 1 : 0,
  );
  const running = matrixProduct(
    context.graph.constant(below, [1, span + 1, span]),
    reshape(change, [mutants, span, channels]),
  );
  const table = reshape(running, [mutants * (span + 1), channels]);
  const at = (end: 0 | 1) => {
    const rows = Float32Array.from({ length: mutants * count }, (_, i) => {
      const mutant = Math.floor(i / count);
      const range = ranges[Math.floor(mutant / sites.alternatives) * count + (i % count)];
      return mutant * (span + 1) + clamp(range[end], 0, span);
    });
    return gather(table, context.indices(rows, [mutants, count]));
  };
  return reshape(subtract(at(1), at(0)), shape);
}

/** Maxima over taps, and sums and maxima over all positions. */
export const reduceRule: MutationRule = (node, [x], context) => {
  const { axes } = node.attributes as { readonly axes: readonly number[] };
  if (axes.length !== 1) return null;
  const [original] = node.outputs;
  if (x?.kind === "tapped") {
    if (node.operator.name !== "reduceMax" || axes[0] !== x.original.rank - 1) return null;
    const { source, size } = x;
    const count = positionsOf(source) / size;
    const pooled = poolMaxima(source, { size, stride: size, before: 0, after: 0, count }, original, context);
    // The axis of taps stays, with length 1.
    return [{ ...pooled, positionAxis: original.rank - 2 }];
  }
  if (x?.kind !== "interval" || axes[0] !== x.positionAxis || x.batchAxis !== 0) return null;
  if (node.operator.name === "reduceMax") {
    const size = positionsOf(x);
    return [poolMaxima(x, { size, stride: size, before: 0, after: 0, count: 1 }, original, context)];
  }
  return [sumOfAll(x, node, context)];
};

/** The sum over positions: the unmutated window's, and changes. */
function sumOfAll(x: ChangedTensor, { outputs: [original] }: Node, context: MutationContext): Followed {
  const { mutants } = context;
  const parts = x.blocks.map((block) =>
    reshape(reduceSum(context.cleanChangeOf(x, block), [2]), [mutants, block.channels]),
  );
  const changes = concatenate(parts, 1);
  const base = reshape(context.base(original), [1, changes.shape[1]]);
  return { kind: "whole", tensor: reshape(add(changes, base), shapeFor(original.shape, mutants)) };
}

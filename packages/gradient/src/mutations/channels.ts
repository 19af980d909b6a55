import type { Tensor } from "../graph.js";
import { concatenate } from "../operators/concatenate.js";
import { gather } from "../operators/gather.js";
import { slice } from "../operators/slice.js";
import { type Block, type ChangedTensor, channelShapeOf, rowsOf } from "./changed-tensor.js";
import type { MutationContext } from "./mutation-context.js";

/** Lengths of what stands before, along and behind one of the axes besides m N and positions. */
export function aroundChannelAxis(
  x: ChangedTensor,
  axis: number,
): [before: number, along: number, behind: number] {
  const lengths = [rowsOf(x), ...channelShapeOf(x)];
  const axes = [
    x.batchAxis,
    ...x.original.shape.map((_, i) => i).filter((i) => i !== x.batchAxis && i !== x.positionAxis),
  ];
  const at = axes.indexOf(axis);
  const product = (part: readonly number[]) => part.reduce((a, b) => a * b, 1);
  return [product(lengths.slice(0, at)), lengths[at], product(lengths.slice(at + 1))];
}

/** Blocks of the channels at some indices, in their order. */
export function takeChannels(
  x: ChangedTensor,
  indices: readonly number[],
  context: MutationContext,
): Block[] {
  const blocks: Block[] = [];
  let start = 0;
  const firsts = x.blocks.map(({ channels }) => {
    start += channels;
    return start - channels;
  });
  const blockOf = (index: number) => firsts.findLastIndex((first) => first <= index);
  for (let i = 0; i < indices.length; ) {
    const b = blockOf(indices[i]);
    let end = i + 1;
    while (end < indices.length && blockOf(indices[end]) === b) end++;
    const taken = indices.slice(i, end).map((index) => index - firsts[b]);
    blocks.push(takeOfBlock(x.blocks[b], taken, context));
    i = end;
  }
  return blocks;
}

function takeOfBlock(block: Block, indices: readonly number[], context: MutationContext): Block {
  const isRange = indices.every((index, i) => index === indices[0] + i);
  if (isRange && indices.length === block.channels) return block;
  const take = (tensor: Tensor | null) => {
    if (tensor === null) return null;
    if (isRange) return slice(tensor, { axis: 3, start: indices[0], end: indices[0] + indices.length });
    return gather(tensor, context.indices(indices, [indices.length]), 3);
  };
  return {
    starts: block.starts,
    channels: indices.length,
    values: take(block.values),
    change: take(block.change),
  };
}

/** Neighbouring blocks that are reached at the same positions made one. */
export function mergeBlocks(x: ChangedTensor, context: MutationContext): ChangedTensor {
  const merged: Block[][] = [];
  for (const block of x.blocks) {
    const last = merged.at(-1)?.[0];
    if (last?.starts.every((start, i) => start === block.starts[i])) merged.at(-1)!.push(block);
    else merged.push([block]);
  }
  if (merged.length === x.blocks.length) return x;
  const blocks = merged.map((parts): Block => {
    if (parts.length === 1) return parts[0];
    return {
      starts: parts[0].starts,
      channels: parts.reduce((sum, { channels }) => sum + channels, 0),
      values: null,
      change: concatenate(
        parts.map((part) => context.changeOf(x, part)),
        3,
      ),
    };
  });
  return { ...x, blocks };
}

/** Blocks cut so that each lies within one of m rows of the batch axis. @returns the blocks of each row */
export function blocksByRow(x: ChangedTensor, context: MutationContext): Block[][] {
  const rows = rowsOf(x);
  const channels = x.blocks.reduce((sum, block) => sum + block.channels, 0) / rows;
  return Array.from({ length: rows }, (_, row) =>
    takeChannels(
      x,
      Array.from({ length: channels }, (_, c) => row * channels + c),
      context,
    ),
  );
}

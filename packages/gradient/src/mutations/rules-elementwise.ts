import { applyOperator, type Tensor } from "../graph.js";
import { add, divide, multiply } from "../operators/arithmetic.js";
import { gather } from "../operators/gather.js";
import { sqrt } from "../operators/pointwise.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { transpose } from "../operators/transpose.js";
import { sameShape } from "../shape.js";
import {
  type Block,
  type ChangedTensor,
  channelShapeOf,
  channelsOf,
  clamp,
  positionsOf,
  rowsOf,
} from "./changed-tensor.js";
import type { MutationContext } from "./mutation-context.js";
import type { MutationRule } from "./rules.js";

/** Operators on entries: of one changed tensor, of several of the same positions, or with constants that broadcast. */
export const elementwiseRule: MutationRule = (node, inputs, context) => {
  const [original] = node.outputs;
  const intervals = inputs.filter((input) => input !== null);
  if (!intervals.every((x) => x.kind === "interval" && sameShape(x.original.shape, original.shape)))
    return null;
  const aligned = alignIntervals(intervals as ChangedTensor[], context);
  if (aligned === null) return null;
  const [first] = aligned;
  let next = 0;
  const operands: (ChangedTensor | Tensor)[] = [];
  for (const [i, input] of inputs.entries()) {
    const operand = input ? aligned[next++] : constantOperand(node.inputs[i], first, context);
    if (operand === null) return null;
    operands.push(operand);
  }
  let start = 0;
  const blocks = first.blocks.map((block, b): Block => {
    const from = start;
    start += block.channels;
    const { starts, channels } = block;
    const ofBlock = (operand: ChangedTensor | Tensor, read: "valuesOf" | "changeOf") =>
      "kind" in operand
        ? context[read](operand, operand.blocks[b])
        : constantOfBlock(operand, first, block, from, context);
    const kept = keptChange(node.operator.name, operands, ofBlock);
    if (kept) return { starts, channels, values: null, change: kept };
    const values = operands.map((operand) => ofBlock(operand, "valuesOf"));
    const [result] = applyOperator(node.operator, values, node.attributes, node.label);
    return { starts, channels, values: result, change: null };
  });
  return [{ ...first, original, blocks }];
};

/** The change of a result that is linear in its changed operands, from theirs; null where it is not. */
function keptChange(
  name: string,
  operands: readonly (ChangedTensor | Tensor)[],
  ofBlock: (operand: ChangedTensor | Tensor, read: "changeOf") => Tensor,
): Tensor | null {
  const [a, b] = operands;
  if (b === undefined) return null;
  const isChanged = operands.map((operand) => "kind" in operand);
  if (name === "add" && isChanged[0] !== isChanged[1]) return ofBlock(isChanged[0] ? a : b, "changeOf");
  if (name === "subtract" && isChanged[0] && !isChanged[1]) return ofBlock(a, "changeOf");
  if (name === "add" && isChanged[0] && isChanged[1])
    return add(ofBlock(a, "changeOf"), ofBlock(b, "changeOf"));
  if (name === "multiply" && isChanged[0] !== isChanged[1])
    return multiply(ofBlock(a, "changeOf"), ofBlock(b, "changeOf"));
  return null;
}

/**
 * Changed tensors of the same shape brought to the same intervals; null where their axes or blocks do not correspond.
 */
export function alignIntervals(
  parts: readonly ChangedTensor[],
  context: MutationContext,
): ChangedTensor[] | null {
  const [head] = parts;
  const fits = parts.every(
    (x) =>
      x.batchAxis === head.batchAxis &&
      x.positionAxis === head.positionAxis &&
      positionsOf(x) === positionsOf(head) &&
      x.blocks.length === head.blocks.length &&
      x.blocks.every(({ channels }, b) => channels === head.blocks[b].channels),
  );
  if (!fits) return null;
  const starts = head.blocks.map(({ starts: first }, b) =>
    first.map((_, site) => Math.min(...parts.map((x) => x.blocks[b].starts[site]))),
  );
  let span = 0;
  for (const x of parts)
    x.blocks.forEach((block, b) => {
      block.starts.forEach((start, site) => {
        span = Math.max(span, start + x.span - starts[b][site]);
      });
    });
  const same = (x: ChangedTensor) =>
    x.span === span && x.blocks.every((block, b) => block.starts.every((start, i) => start === starts[b][i]));
  return parts.map((x) => (same(x) ? x : context.widen(x, starts, span)));
}

/** A constant as [channels], [positions, channels] or [], to stand beside a changed tensor; null where it does not. */
function constantOperand(original: Tensor, beside: ChangedTensor, context: MutationContext): Tensor | null {
  const constant = context.constantOf(original);
  if (constant === null) return null;
  const { rank } = beside.original;
  const lengths = constant.shape as readonly number[];
  const shape = [...new Array<number>(Math.max(0, rank - lengths.length)).fill(1), ...lengths];
  if (shape.length > rank || shape[beside.batchAxis] !== 1) return null;
  if (shape.every((length) => length === 1)) return reshape(constant, []);
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== beside.positionAxis);
  const first = transpose(reshape(constant, shape), [beside.positionAxis, ...others]);
  const positions = shape[beside.positionAxis];
  const rows = rowsOf(beside);
  const full = [positions, rows, ...channelShapeOf(beside)];
  const ones = context.graph.constant(new Float32Array(full.reduce((a, b) => a * b, 1)).fill(1), full);
  // Rows of a window stand where the batch does: first of what is left.
  const batchAt = others.indexOf(beside.batchAxis);
  const order = [0, batchAt + 1, ...others.map((_, i) => i + 1).filter((i) => i !== batchAt + 1)];
  const spread = multiply(transpose(first, order), ones);
  const channels = channelsOf(beside);
  return reshape(spread, positions === 1 ? [channels] : [positions, channels]);
}

/** A constant beside [sites, alternatives, span, channels] of one block. */
function constantOfBlock(
  constant: Tensor,
  x: ChangedTensor,
  { starts, channels }: Block,
  from: number,
  context: MutationContext,
): Tensor {
  if (constant.rank === 0) return constant;
  const own = slice(constant, { axis: constant.rank - 1, start: from, end: from + channels });
  if (constant.rank === 1) return own;
  const last = positionsOf(x) - 1;
  const at = Float32Array.from({ length: context.siteCount * x.span }, (_, i) =>
    clamp(starts[Math.floor(i / x.span)] + (i % x.span), 0, last),
  );
  const rows = gather(own, context.indices(at, [context.siteCount, x.span]));
  return reshape(rows, [context.siteCount, 1, x.span, channels]);
}

/** Statistics of channels applied: a factor on changes. */
export const batchNormalisationRule: MutationRule = (node, [x, ...others], context) => {
  if (x?.kind !== "interval" || others.some((other) => other !== null)) return null;
  if (x.batchAxis !== 0 || x.positionAxis !== 2 || x.original.rank !== 3) return null;
  const constants = node.inputs.slice(1).map((input) => context.constantOf(input));
  if (constants.some((constant) => constant === null)) return null;
  const [scale, , , variance] = constants as Tensor[];
  const { epsilon } = node.attributes as { readonly epsilon: number };
  const factor = divide(scale, sqrt(add(variance, epsilon)));
  const rows = rowsOf(x);
  const ones = context.graph.constant(new Float32Array(rows).fill(1), [rows, 1]);
  const all = reshape(multiply(ones, factor), [channelsOf(x)]);
  let start = 0;
  const blocks = x.blocks.map((block): Block => {
    const own = slice(all, { axis: 0, start, end: start + block.channels });
    start += block.channels;
    return { ...block, values: null, change: multiply(context.changeOf(x, block), own) };
  });
  return [{ ...x, original: node.outputs[0], blocks }];
};

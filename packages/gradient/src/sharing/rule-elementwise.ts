import { applyOperator, type Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { isFree, sameShape } from "../shape.js";
import type { Rule, SharingContext } from "./rules.js";
import {
  alignColumns,
  positionAxisOf,
  positionsOf,
  type SharedTensor,
  stripLengthOf,
} from "./shared-tensor.js";

/** Operators on entries: of one shared tensor, of several of the same positions, or with constants that broadcast. */
export const combineRule: Rule = (node, inputs, context) => {
  const shared = inputs.filter((input) => input !== null);
  const { shape } = node.outputs[0];
  if (!shared.every((x) => sameShape(x.shape, shape))) return null;
  const aligned = alignColumns(shared);
  if (aligned === null || !aligned.every(({ lanes }) => sameOffsets(lanes, aligned[0].lanes))) return null;
  const [first] = aligned;
  const edges = { left: 0, right: 0 };
  const operands: Operand[] = [];
  let next = 0;
  for (const [i, input] of inputs.entries()) {
    if (input) operands.push(aligned[next++]);
    else {
      const constant = constantOperand(node.inputs[i], first, context);
      if (constant === null) return null;
      edges.left = Math.max(edges.left, constant.spoiltLeft);
      edges.right = Math.max(edges.right, constant.spoiltRight);
      operands.push(constant);
    }
  }
  const apply = (values: readonly (Tensor | null)[]) =>
    applyOperator(node.operator, values as readonly Tensor[], node.attributes, node.label)[0];
  return [
    {
      ...first,
      stem: apply(operands.map(({ stem }) => stem)),
      left: first.left && apply(operands.map(({ left }) => left)),
      right: first.right && apply(operands.map(({ right }) => right)),
      spoiltLeft: Math.max(edges.left, ...aligned.map((x) => x.spoiltLeft)),
      spoiltRight: Math.max(edges.right, ...aligned.map((x) => x.spoiltRight)),
      depth: Math.max(...aligned.map((x) => x.depth)),
    },
  ];
};

const sameOffsets = (a: SharedTensor["lanes"], b: SharedTensor["lanes"]): boolean =>
  a.every((lane, i) => lane.reversed === b[i].reversed && lane.offset === b[i].offset);

interface Operand {
  readonly stem: Tensor;
  readonly left: Tensor | null;
  readonly right: Tensor | null;
}

/** A parameter or constant beside a shared tensor; it may vary over positions near the ends only. */
function constantOperand(
  original: Tensor,
  beside: SharedTensor,
  context: SharingContext,
): (Operand & { readonly spoiltLeft: number; readonly spoiltRight: number }) | null {
  const constant = context.constantOf(original);
  if (constant === null || constant.shape.some(isFree)) return null;
  const shape = constant.shape as readonly number[];
  const behind = beside.shape.length - positionAxisOf(beside);
  const axis = shape.length - behind;
  if (beside.hasTaps && (shape.at(-1) ?? 1) !== 1) return null;
  if (axis < 0 || shape[axis] === 1) {
    // Without the axis of taps, which the stem has not.
    const stem = beside.hasTaps && shape.length > 0 ? reshape(constant, shape.slice(0, -1)) : constant;
    return { stem, left: constant, right: constant, spoiltLeft: 0, spoiltRight: 0 };
  }
  if (original.source?.kind !== "constant" || beside.hasTaps || shape.some((n, i) => i !== axis && n !== 1))
    return null;
  const { values } = original.source;
  const middle = values[values.length >> 1];
  const isMiddle = (value: number) => value === middle;
  const spoiltLeft = values.findIndex(isMiddle);
  const spoiltRight = values.length - 1 - values.findLastIndex(isMiddle);
  if (!values.subarray(spoiltLeft, values.length - spoiltRight).every(isMiddle)) return null;
  const positions = positionsOf(beside);
  const part = (start: number, end: number) => (end > start ? slice(constant, { axis, start, end }) : null);
  return {
    stem: beside.stem.graph.scalar(middle),
    left: part(0, stripLengthOf(beside, beside.left)),
    right: part(positions - stripLengthOf(beside, beside.right), positions),
    spoiltLeft,
    spoiltRight,
  };
}

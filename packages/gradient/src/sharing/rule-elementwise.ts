import { applyOperator, type Tensor } from "../graph.js";
import { reshape } from "../operators/reshape.js";
import { slice } from "../operators/slice.js";
import { isFree, sameShape } from "../shape.js";
import type { Rule, SharingContext } from "./rules.js";
import { alignColumns, positionAxisOf, positionsOf, type SharedTensor } from "./shared-tensor.js";
import { takeLeft, takeRight } from "./take-windows.js";

/** Operators on entries: of one shared tensor, of several of the same positions, or with constants that broadcast. */
export const combineRule: Rule = (node, inputs, context) => {
  const shared = inputs.filter((input) => input !== null);
  const { shape } = node.outputs[0];
  if (!shared.every((x) => sameShape(x.shape, shape))) return null;
  const aligned = alignColumns(shared);
  if (aligned === null || !aligned.every(({ lanes }) => sameOffsets(lanes, aligned[0].lanes))) return null;
  const [first] = aligned;
  const constants: (ConstantOperand | null)[] = [];
  for (const [i, input] of inputs.entries()) {
    const constant = input ? null : constantOperand(node.inputs[i], first, context);
    if (!input && constant === null) return null;
    constants.push(constant);
  }
  const most = (side: "spoiltLeft" | "spoiltRight") =>
    Math.max(...shared.map((x) => x[side]), ...constants.map((constant) => constant?.[side] ?? 0));
  const [spoiltLeft, spoiltRight] = [most("spoiltLeft"), most("spoiltRight")];
  const positions = positionsOf(first);
  if (spoiltLeft + spoiltRight >= positions) return null;
  const apply = (
    ofShared: (x: SharedTensor, k: number) => Tensor,
    ofConstant: (constant: ConstantOperand) => Tensor,
  ) => {
    let next = 0;
    const values = constants.map((constant) => {
      if (constant) return ofConstant(constant);
      const k = next++;
      return ofShared(shared[k], k);
    });
    return applyOperator(node.operator, values, node.attributes, node.label)[0];
  };
  return [
    {
      ...first,
      stem: apply(
        (_x, k) => aligned[k].stem,
        ({ stem }) => stem,
      ),
      spoiltLeft,
      spoiltRight,
      left:
        spoiltLeft === 0
          ? null
          : apply(
              (x) => takeLeft(x, spoiltLeft, context.at)!,
              ({ range }) => range(0, spoiltLeft),
            ),
      right:
        spoiltRight === 0
          ? null
          : apply(
              (x) => takeRight(x, spoiltRight, context.at)!,
              ({ range }) => range(positions - spoiltRight, positions),
            ),
      depth: Math.max(...shared.map((x) => x.depth)),
    },
  ];
};

const sameOffsets = (a: SharedTensor["lanes"], b: SharedTensor["lanes"]): boolean =>
  a.every((lane, i) => lane.reversed === b[i].reversed && lane.offset === b[i].offset);

interface ConstantOperand {
  readonly stem: Tensor;
  /** What it is at positions [start, end). */
  readonly range: (start: number, end: number) => Tensor;
  readonly spoiltLeft: number;
  readonly spoiltRight: number;
}

/** A parameter or constant beside a shared tensor; it may vary over positions near the ends only. */
function constantOperand(
  original: Tensor,
  beside: SharedTensor,
  context: SharingContext,
): ConstantOperand | null {
  const constant = context.constantOf(original);
  if (constant === null || constant.shape.some(isFree)) return null;
  const shape = constant.shape as readonly number[];
  const behind = beside.shape.length - positionAxisOf(beside);
  const axis = shape.length - behind;
  if (beside.hasTaps && (shape.at(-1) ?? 1) !== 1) return null;
  if (axis < 0 || shape[axis] === 1) {
    // Without the axis of taps, which the stem has not.
    const stem = beside.hasTaps && shape.length > 0 ? reshape(constant, shape.slice(0, -1)) : constant;
    return { stem, range: () => constant, spoiltLeft: 0, spoiltRight: 0 };
  }
  if (original.source?.kind !== "constant" || beside.hasTaps || shape.some((n, i) => i !== axis && n !== 1))
    return null;
  const { values } = original.source;
  const middle = values[values.length >> 1];
  const isMiddle = (value: number) => value === middle;
  const spoiltLeft = values.findIndex(isMiddle);
  const spoiltRight = values.length - 1 - values.findLastIndex(isMiddle);
  if (!values.subarray(spoiltLeft, values.length - spoiltRight).every(isMiddle)) return null;
  return {
    stem: beside.stem.graph.scalar(middle),
    range: (start, end) => slice(constant, { axis, start, end }),
    spoiltLeft,
    spoiltRight,
  };
}

import { applyOperator, type Tensor } from "../graph.js";
import { negate } from "../operators/pointwise.js";
import { runningMaximum } from "../operators/running-maximum.js";
import { runningSum } from "../operators/running-sum.js";
import type { Shape } from "../shape.js";
import type { Rule } from "./rules.js";
import {
  columnsOf,
  isUniformAlong,
  laneShapeOf,
  positionAxisOf,
  positionsOf,
  type SharedTensor,
  takeLanes,
  tapsOf,
} from "./shared-tensor.js";

const running: Readonly<Record<string, (x: Tensor, span: { size: number; distance: number }) => Tensor>> = {
  reduceMax: runningMaximum,
  reduceMin: (x, span) => negate(runningMaximum(negate(x), span)),
  reduceSum: runningSum,
};

/** Maxima, minima and sums over taps, over all positions, or over axes of lanes. */
export const reduceRule: Rule = (node, [x], context) => {
  if (!x) return null;
  const { axes } = node.attributes as { readonly axes: readonly number[] };
  const at = positionAxisOf(x);
  const { shape } = node.outputs[0];
  const over = (axis: number) => axes.length === 1 && axes[0] === axis;
  if (x.hasTaps && over(at + 1)) {
    // Strips hold taps as windows do.
    const reduced = (y: Tensor | null) =>
      y && applyOperator(node.operator, [y], node.attributes, node.label)[0];
    return reduceTaps(x, shape, node.operator.name, { left: reduced(x.left), right: reduced(x.right) });
  }
  if (!x.hasTaps && over(at)) {
    if (x.spoiltLeft > 0 || x.spoiltRight > 0) return null;
    // All positions are the taps of a single one.
    const single = {
      ...x,
      shape: [...x.shape.slice(0, at), 1, positionsOf(x)],
      hasTaps: true,
      tapStep: x.step,
    };
    const result = reduceTaps(
      { ...single, step: x.step * positionsOf(x) },
      [...shape.slice(0, at), 1, 1],
      node.operator.name,
      { left: null, right: null },
    );
    return result && [{ ...result[0], shape, hasTaps: false }];
  }
  return alongLanesRule(node, [x], context);
};

function reduceTaps(
  x: SharedTensor,
  shape: Shape,
  operator: string,
  strips: Pick<SharedTensor, "left" | "right">,
): readonly [SharedTensor] | null {
  const size = tapsOf(x);
  const distance = x.tapStep / x.spacing;
  if (columnsOf(x) < distance * (size - 1) + 1) return null;
  return [{ ...x, ...strips, shape, stem: running[operator](x.stem, { size, distance }) }];
}

/** Operators along axes of lanes, the same at every position: softmax over channels, and reductions. */
export const alongLanesRule: Rule = (node, [x, ...others], context) => {
  if (!x || others.some((other) => other !== null)) return null;
  const { axis, axes = [axis] } = node.attributes as { axis?: number; axes?: readonly number[] };
  const lanesEnd = positionAxisOf(x);
  const fits = (axes as readonly number[]).every(
    (each) => each > 0 && each < lanesEnd && isUniformAlong(x, each),
  );
  if (!fits) return null;
  const constants: Tensor[] = [];
  for (const input of node.inputs.slice(1)) {
    const constant = context.constantOf(input);
    if (constant === null || constant.rank > 0) return null;
    constants.push(constant);
  }
  const apply = (y: Tensor) =>
    applyOperator(node.operator, [y, ...constants], node.attributes, node.label)[0];
  const { shape } = node.outputs[0];
  const laneShape = laneShapeOf(x);
  let { lanes } = x;
  for (const each of axes as readonly number[]) {
    if (shape[each] === 1 && laneShape[each] !== 1) {
      lanes = takeLanes(lanes, laneShape, each, [0]);
      laneShape[each] = 1;
    }
  }
  // Of normalisations: means and variances are not shared.
  return [
    {
      ...x,
      shape,
      lanes,
      stem: apply(x.stem),
      left: x.left && apply(x.left),
      right: x.right && apply(x.right),
    },
  ];
};

/** Batch normalisation with given statistics. */
export const perChannelRule: Rule = (node, [x, ...others], context) => {
  if (!x || x.hasTaps || x.shape.length !== 3 || others.some((other) => other !== null)) return null;
  const constants = node.inputs.slice(1).map((input) => context.constantOf(input));
  if (constants.some((tensor) => tensor === null)) return null;
  const apply = (y: Tensor) =>
    applyOperator(node.operator, [y, ...(constants as Tensor[])], node.attributes, node.label)[0];
  return [{ ...x, stem: apply(x.stem), left: x.left && apply(x.left), right: x.right && apply(x.right) }];
};

import type { Node, Tensor } from "../graph.js";
import { sameShape } from "../shape.js";
import { combineRule } from "./rule-elementwise.js";
import { alongLanesRule, perChannelRule, reduceRule } from "./rules-reduction.js";
import { averagePoolRule, convolutionRule, maxPoolRule } from "./rules-sliding.js";
import {
  concatenateRule,
  padRule,
  permuteRule,
  reshapeRule,
  sliceRule,
  splitRule,
} from "./rules-structure.js";
import { positionsOf, type SharedTensor } from "./shared-tensor.js";
import type { WindowStarts } from "./take-windows.js";

/** What rules know besides a node and its inputs. */
export interface SharingContext {
  readonly at: WindowStarts;
  /** Most convolutions behind one another that are shared. */
  readonly depth: number;
  /** The tensor of the new graph that stands for one that depends on parameters and constants alone; else null. */
  readonly constantOf: (original: Tensor) => Tensor | null;
}

/**
 * What stands for a node's outputs where its inputs are shared (null: those that are not), or null where the node
 * treats positions differently, or mixes strands: it then belongs to what each window computes by itself.
 */
export type Rule = (
  node: Node,
  inputs: readonly (SharedTensor | null)[],
  context: SharingContext,
) => readonly (SharedTensor | null)[] | null;

const rules: Readonly<Record<string, Rule>> = {
  averagePool1d: averagePoolRule,
  batchNormalisation: perChannelRule,
  concatenate: concatenateRule,
  convolution1d: convolutionRule,
  logSoftmax: alongLanesRule,
  maxPool1d: maxPoolRule,
  normalise: alongLanesRule,
  padZeros: padRule,
  permute: permuteRule,
  reduceMax: reduceRule,
  reduceMin: reduceRule,
  reduceSum: reduceRule,
  reshape: reshapeRule,
  slice: sliceRule,
  softmax: alongLanesRule,
  split: splitRule,
};

/** Applies the rule of a node's operator; null also where there is none. */
export const shareNode: Rule = (node, inputs, context) => {
  const rule = node.operator.elementwise
    ? combineRule
    : Object.hasOwn(rules, node.operator.name)
      ? rules[node.operator.name]
      : null;
  const outputs = rule?.(node, inputs, context) ?? null;
  if (outputs === null) return null;
  return outputs.map((output, i) => {
    if (output === null) return null;
    if (!sameShape(output.shape, node.outputs[i].shape))
      throw new Error(`${node.label}: the shared form has another shape than the window's`);
    return output.spoiltLeft + output.spoiltRight < positionsOf(output) ? output : null;
  });
};

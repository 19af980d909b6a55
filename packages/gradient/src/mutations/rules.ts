import type { Node, Tensor } from "../graph.js";
import type { Changed } from "./changed-tensor.js";
import type { MutationContext } from "./mutation-context.js";
import { convolutionRule } from "./rule-convolution.js";
import { lstmRule } from "./rule-lstm.js";
import { batchNormalisationRule, elementwiseRule } from "./rules-elementwise.js";
import { averagePoolRule, maxPoolRule, reduceRule } from "./rules-pooling.js";
import { matrixProductRule } from "./rules-product.js";
import {
  concatenateRule,
  padRule,
  permuteRule,
  reshapeRule,
  sliceRule,
  splitRule,
  transposeRule,
} from "./rules-structure.js";

/** What stands for an output of a node: what is changed of it, or all of it for all mutants. */
export type Followed = Changed | { readonly kind: "whole"; readonly tensor: Tensor };

/**
 * What stands for a node's outputs where mutants differ from the window in its inputs (null: those that all of them
 * share), or null where the node mixes positions in a way that leaves nothing unchanged, or that no rule knows.
 */
export type MutationRule = (
  node: Node,
  inputs: readonly (Changed | null)[],
  context: MutationContext,
) => readonly Followed[] | null;

const rules: Readonly<Record<string, MutationRule>> = {
  averagePool1d: averagePoolRule,
  batchNormalisation: batchNormalisationRule,
  concatenate: concatenateRule,
  convolution1d: convolutionRule,
  lstm: lstmRule,
  matrixProduct: matrixProductRule,
  maxPool1d: maxPoolRule,
  padZeros: padRule,
  permute: permuteRule,
  reduceMax: reduceRule,
  reduceSum: reduceRule,
  reshape: reshapeRule,
  slice: sliceRule,
  split: splitRule,
  transpose: transposeRule,
};

/** Applies the rule of a node's operator; null also where there is none. */
export const followNode: MutationRule = (node, inputs, context) => {
  const { name, elementwise } = node.operator;
  if (elementwise) return elementwiseRule(node, inputs, context);
  return Object.hasOwn(rules, name) ? rules[name](node, inputs, context) : null;
};

import type { Node, Tensor } from "../graph.js";
import { absolute } from "../operators/pointwise.js";
import { sameShape } from "../shape.js";
import type { PairedNetwork } from "./paired-network.js";

/**
 * How a node treats differences from the reference.
 * - `linear`: weighted sums, weights of either sign
 * - `scaling`: each entry times a weight of either sign, perhaps shifted
 * - `moving`: entries go elsewhere, or are summed with positive weights
 * - `sum`: of two tensors, of which one may be constant, or their difference
 * - `negation`
 * - `bilinear`: products of two tensors that both differ
 * - `pointwise`: one function of each entry
 * - `other`: everything else
 */
export type NodeKind =
  | "linear"
  | "scaling"
  | "moving"
  | "sum"
  | "negation"
  | "bilinear"
  | "pointwise"
  | "other";

const movingOperators = new Set([
  "averagePool1d",
  "concatenate",
  "expand",
  "gather",
  "permute",
  "reduceSum",
  "reshape",
  "slice",
  "split",
  "transpose",
]);

export function kindOf(node: Node, network: PairedNetwork): NodeKind {
  const { operator, inputs, outputs } = node;
  const differs = inputs.map((input) => network.dependsOnSamples(input));
  const onlyFirst = differs.every((differ, i) => differ === (i === 0));
  const keepsShape = inputs.every((input, i) => !differs[i] || sameShape(input.shape, outputs[0].shape));
  switch (operator.name) {
    case "add":
    case "subtract":
      return keepsShape && inputs[0] !== inputs[1] ? "sum" : "other";
    case "negate":
      return "negation";
    case "multiply":
      if (differs[0] && differs[1]) return "bilinear";
      return keepsShape ? "scaling" : "linear";
    case "divide":
      if (!onlyFirst) return "other";
      return keepsShape ? "scaling" : "linear";
    case "batchNormalisation":
      return onlyFirst ? "scaling" : "other";
    case "convolution1d":
    case "convolutionTranspose1d":
      return onlyFirst ? "linear" : "other";
    case "matrixProduct":
      return differs[0] && differs[1] ? "bilinear" : "linear";
    case "padZeros": {
      const { value = 0 } = node.attributes as { readonly value?: number };
      return value === 0 ? "moving" : "other";
    }
  }
  if (movingOperators.has(operator.name)) {
    // Of constants beside what moves nothing is added to a difference.
    return operator.name === "concatenate" ? (differs.every(Boolean) ? "moving" : "other") : "moving";
  }
  return operator.elementwise && inputs.length === 1 && operator.gradient ? "pointwise" : "other";
}

/** The inputs of a linear or scaling node with absolute weights, and without what it adds. */
export function absoluteWeights(node: Node, network: PairedNetwork): readonly Tensor[] {
  const weigh = (input: Tensor) => (network.dependsOnSamples(input) ? input : absolute(input));
  if (node.operator.name === "batchNormalisation") {
    const [x, scale, ...others] = node.inputs;
    return [x, absolute(scale), ...others];
  }
  return node.inputs.slice(0, 2).map(weigh);
}

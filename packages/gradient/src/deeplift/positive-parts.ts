import type { Node, Tensor } from "../graph.js";
import { add } from "../operators/arithmetic.js";
import { absolute } from "../operators/pointwise.js";
import type { Shape } from "../shape.js";
import { propagateLinearly } from "./linear-rules.js";
import { absoluteWeights, kindOf } from "./node-kinds.js";
import type { PairedNetwork } from "./paired-network.js";

/**
 * The positive part of a tensor's difference from its reference minus the negative part, for pairs; their sum is the
 * difference. Shrikumar et al. 2017, section 3.5.1: behind a linear layer the parts are the sums of the positive and of the
 * negative products of weights and differences. Entries that are moved, scaled or summed keep the parts of what they are
 * made of; any other entry's difference is all positive or all negative.
 */
export function spreadOf(network: PairedNetwork, tensor: Tensor): Tensor {
  const { node } = tensor;
  if (node === null) return absolute(network.difference(tensor));
  const resize = (shape: Shape) => network.rows.pairShape(shape);
  const apply = (inputs: readonly Tensor[], replace: (input: Tensor) => Tensor) =>
    network.apply(
      node,
      inputs.map((input) => (network.dependsOnSamples(input) ? replace(input) : input)),
      resize,
    )[tensor.index];
  const moving = node.inputs.filter((input) => network.dependsOnSamples(input));
  switch (kindOf(node, network)) {
    case "linear":
      return apply(absoluteWeights(node, network), (input) => absolute(network.difference(input)));
    case "scaling":
      // A diagonal map is its own adjoint.
      return propagateLinearly(
        network,
        { ...node, inputs: absoluteWeights(node, network) },
        [spreadOf(network, moving[0])],
        moving,
      )[0];
    case "moving":
      return apply(node.inputs, (input) => spreadOf(network, input));
    case "sum":
      return moving.map((input) => spreadOf(network, input)).reduce((a, b) => add(a, b));
    case "negation":
      return spreadOf(network, moving[0]);
    default:
      return absolute(network.difference(tensor));
  }
}

/** Whether a tensor is what a dense layer says, perhaps shifted, scaled, summed or moved since. */
export function isBehindDense(network: PairedNetwork, tensor: Tensor): boolean {
  const node: Node | null = tensor.node;
  if (node === null) return false;
  const kind = kindOf(node, network);
  if (kind === "linear") return node.operator.name === "matrixProduct";
  if (kind !== "scaling" && kind !== "moving" && kind !== "sum" && kind !== "negation") return false;
  return node.inputs
    .filter((input) => network.dependsOnSamples(input))
    .every((input) => isBehindDense(network, input));
}

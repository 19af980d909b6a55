import type { Node, Tensor } from "../graph.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { isFree, product } from "../shape.js";
import { halves, isSingle, type Multipliers, mergeBySign, single, withSignOf } from "./multipliers.js";
import { absoluteWeights, type NodeKind } from "./node-kinds.js";
import type { PairedNetwork } from "./paired-network.js";

/**
 * What a linear node hands back to its inputs, for pairs: products with its weights, as its gradient has them. Of a
 * product of two tensors that both differ, each takes the mean of the other and its reference (the symmetric half rule),
 * with which the products of both add up to the difference exactly.
 * @param outputs of the node; null where nothing depends on one
 * @param wanted inputs to hand to
 * @returns one for each of `wanted`
 */
export function propagateLinearly(
  network: PairedNetwork,
  node: Node,
  outputs: readonly (Tensor | null)[],
  wanted: readonly Tensor[],
): Tensor[] {
  if (node.operator.name === "reduceSum")
    return [spreadOver(outputs[0]!, network.placeholder(node.inputs[0]))];
  const isBilinear = node.inputs.filter((input) => network.dependsOnSamples(input)).length > 1;
  const isProduct = node.operator.name === "multiply" || node.operator.name === "matrixProduct";
  const pairNode =
    isBilinear && isProduct ? network.pairNode(node, (input) => network.mean(input)) : network.pairNode(node);
  const needed = node.inputs.map((input) => wanted.includes(input));
  const gradients = node.operator.gradient!(pairNode, outputs, needed);
  return wanted.map((input) =>
    gradients
      .filter((gradient, i) => node.inputs[i] === input && gradient !== null)
      .map((gradient) => gradient!)
      .reduce((a, b) => add(a, b)),
  );
}

/** A sum's multipliers for all that it is made of. */
function spreadOver(multipliers: Tensor, { shape, graph }: Tensor): Tensor {
  const ones = shape.map((length, axis) =>
    isFree(length) || multipliers.shape[axis] === length ? 1 : length,
  );
  return multiply(multipliers, graph.constant(new Float32Array(product(ones)).fill(1), ones));
}

/**
 * The same with multipliers of positive and negative parts. Weighted sums: Shrikumar et al. 2017, section 3.5.1 (linear
 * rule); a positive difference hands on the positive part by positive weights and the negative part by negative ones, and
 * the other way round, and half of both where there is none.
 */
export function propagateParts(
  network: PairedNetwork,
  node: Node,
  kind: NodeKind,
  outputs: readonly (Multipliers | null)[],
  wanted: readonly Tensor[],
): Multipliers[] {
  const back = (part: readonly (Tensor | null)[], of: Node = node) =>
    propagateLinearly(network, of, part, wanted);
  const merged = () =>
    outputs.map((output, i) => output && mergeBySign(output, () => network.difference(node.outputs[i])));
  const areSingle = outputs.every((output) => output === null || isSingle(output));
  if (areSingle || kind === "other" || kind === "bilinear") return back(merged()).map(single);

  const pluses = outputs.map((output) => (output ? output.plus : null));
  const minuses = outputs.map((output) => (output ? output.minus : null));
  if (kind === "moving" || kind === "sum" || kind === "negation") {
    const [plus, minus] = [back(pluses), back(minuses)];
    return wanted.map((input, i) => {
      const turnsRound =
        kind === "negation" || (node.operator.name === "subtract" && input === node.inputs[1]);
      return turnsRound ? { plus: minus[i], minus: plus[i] } : { plus: plus[i], minus: minus[i] };
    });
  }
  const { mean, deviation } = halves(outputs[0]!);
  const absoluteNode = { ...node, inputs: absoluteWeights(node, network) };
  const [byWeights] = back([mean]);
  const [bySizes] = back([deviation], absoluteNode);
  if (kind === "scaling") return [{ plus: add(byWeights, bySizes), minus: subtract(byWeights, bySizes) }];
  return [single(add(byWeights, withSignOf(bySizes, network.difference(wanted[0]))))];
}

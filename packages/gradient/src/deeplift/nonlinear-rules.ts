import type { Node, Tensor } from "../graph.js";
import { add, divide, maximum, multiply, subtract } from "../operators/arithmetic.js";
import { sumTo } from "../operators/broadcasting.js";
import { exp, log } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import { reduceMax } from "../operators/reduce-extreme.js";
import { product } from "../shape.js";
import { extremeRule, maxPoolRule } from "./extreme-rules.js";
import type { PairedNetwork } from "./paired-network.js";
import { lstmCellRule, lstmRule } from "./recurrent-rules.js";
import { expSlope, rectifierSlope, slopeBetween } from "./slopes.js";

/**
 * What a node hands back to its inputs, for pairs, so that products with their differences add up to those of its
 * outputs; null for inputs that differ from no reference.
 * @param outputs null where nothing depends on an output
 */
export type NonlinearRule = (
  network: PairedNetwork,
  node: Node,
  outputs: readonly (Tensor | null)[],
) => (Tensor | null)[];

/** Sums what is handed to a tensor over the axes along which it was repeated. */
const handTo = (network: PairedNetwork, tensor: Tensor, multipliers: Tensor): Tensor | null =>
  network.dependsOnSamples(tensor) ? sumTo(multipliers, network.rows.pairShape(tensor.shape)) : null;

/** a / b: a product with 1 / b by the half rule, where 1 / b changes by -1 / (b b_ref) for each unit of b. */
const divideRule: NonlinearRule = (network, node, [output]) => {
  const [a, b] = node.inputs;
  const inverse = network.combine([b], ([x], [reference]) =>
    multiply(add(divide(1, x), divide(1, reference)), 0.5),
  );
  const slope = network.combine([b], ([x], [reference]) => divide(-1, multiply(x, reference)));
  const numerator = network.dependsOnSamples(a) ? network.mean(a) : a;
  return [
    handTo(network, a, multiply(output!, inverse)),
    handTo(network, b, multiply(multiply(output!, numerator), slope)),
  ];
};

/** max(a, b) = b + rectified (a - b), and min(a, b) = a - rectified (a - b), by the rescale rule. */
const largerRule =
  (isMaximum: boolean): NonlinearRule =>
  (network, node, [output]) => {
    const [a, b] = node.inputs;
    const ofReferences = (tensor: Tensor) =>
      network.dependsOnSamples(tensor) ? network.ofReferences(tensor) : tensor;
    const gap = subtract(a, b);
    const referenceGap = subtract(ofReferences(a), ofReferences(b));
    const slope = network.rows.combine(node.outputs, [gap], [referenceGap], ([x], [reference]) =>
      rectifierSlope(x, reference),
    );
    const ofFirst = isMaximum ? slope : subtract(1, slope);
    return [
      handTo(network, a, multiply(output!, ofFirst)),
      handTo(network, b, multiply(output!, subtract(1, ofFirst))),
    ];
  };

/** A softmax' exponentials and their sums, of pairs' sequences and references, all divided by one number a place. */
function exponentials(network: PairedNetwork, x: Tensor, axis: number) {
  const largest = reduceMax(
    network.combine([x], ([value], [reference]) => maximum(value, reference)),
    [axis],
  );
  const repeated = (ofReferences: boolean) =>
    network.combine([x], ([value], [reference]) =>
      ofReferences ? add(reference, multiply(value, 0)) : add(value, multiply(reference, 0)),
    );
  const [exponents, referenceExponents] = [false, true].map((of) => subtract(repeated(of), largest));
  const [powers, referencePowers] = [exp(exponents), exp(referenceExponents)];
  const [sum, referenceSum] = [powers, referencePowers].map((of) => add(reduceSum(of, [axis]), 1e-30));
  const slope = expSlope(exponents, referenceExponents, powers, referencePowers);
  return { powers, referencePowers, sum, referenceSum, slope };
}

/** e^x / sum e^x as a product with the sum's inverse: half rule, rescale rule for e^x. */
const softmaxRule: NonlinearRule = (network, node, [output]) => {
  const { axis } = node.attributes as { readonly axis: number };
  const { powers, referencePowers, sum, referenceSum, slope } = exponentials(network, node.inputs[0], axis);
  const inverse = multiply(add(divide(1, sum), divide(1, referenceSum)), 0.5);
  const ofInverse = reduceSum(multiply(output!, multiply(add(powers, referencePowers), 0.5)), [axis]);
  const ofSum = divide(ofInverse, multiply(sum, referenceSum));
  return [multiply(subtract(multiply(output!, inverse), ofSum), slope)];
};

/** x - log sum e^x: rescale rule for the logarithm and for e^x. */
const logSoftmaxRule: NonlinearRule = (network, node, [output]) => {
  const { axis } = node.attributes as { readonly axis: number };
  const { sum, referenceSum, slope } = exponentials(network, node.inputs[0], axis);
  const logarithm = log(sum);
  const ofLog = slopeBetween(
    logarithm.node!,
    { x: sum, y: logarithm },
    { x: referenceSum, y: log(referenceSum) },
  );
  const ofSum = multiply(reduceSum(output!, [axis]), ofLog);
  return [subtract(output!, multiply(ofSum, slope))];
};

/**
 * Deviations from the mean times 1 / sqrt(variance + epsilon), and the variance as their mean product with themselves:
 * half rule for both products.
 */
const normaliseRule: NonlinearRule = (network, node, [output]) => {
  const [x, share] = node.inputs;
  const { axes } = node.attributes as { readonly axes: readonly number[] };
  if (share !== undefined) throw new Error("normalisation with weights has no rule outside of training");
  const count = product(axes.map((axis) => x.shape[axis] as number));
  const [, mean, , inverse] = node.outputs;
  const centred = network.rows.combine(
    [x],
    [subtract(x, mean)],
    [subtract(network.ofReferences(x), network.ofReferences(mean))],
    ([value], [reference]) => multiply(add(value, reference), 0.5),
  );
  // With u = 1 / s: u - u_ref = -(s^2 - s_ref^2) (u u_ref)^2 / (u + u_ref).
  const ofVariance = network.combine([inverse], ([u], [reference]) => {
    const both = multiply(u, reference);
    return divide(multiply(both, both), multiply(add(u, reference), -1));
  });
  const ofInverse = reduceSum(multiply(output!, centred), axes);
  const perDeviation = divide(multiply(multiply(ofInverse, ofVariance), 2), count);
  const direct = multiply(output!, network.mean(inverse));
  const ofCentred = add(direct, multiply(centred, perDeviation));
  return [subtract(ofCentred, divide(reduceSum(ofCentred, axes), count))];
};

/** By name of the operator: those that are neither linear nor one function of each entry. */
export const nonlinearRules: Readonly<Record<string, NonlinearRule>> = {
  divide: divideRule,
  logSoftmax: logSoftmaxRule,
  lstm: lstmRule,
  lstmCell: lstmCellRule,
  maximum: largerRule(true),
  maxPool1d: maxPoolRule,
  minimum: largerRule(false),
  normalise: normaliseRule,
  reduceMax: extremeRule,
  reduceMin: extremeRule,
  softmax: softmaxRule,
};

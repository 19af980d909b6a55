import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "../graph.js";
import { add, divide, maximum, minimum, multiply, subtract } from "../operators/arithmetic.js";
import { split } from "../operators/concatenate.js";
import { expand } from "../operators/expand.js";
import { digamma, logGamma } from "../operators/gamma-functions.js";
import { absolute, log, negate, softplus } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { logSoftmax } from "../operators/softmax.js";
import { pairStrands } from "./strands.js";

/**
 * Sum(weight loss) / sum(weight), a scalar; without weights the mean. 0 where all weights are 0.
 * @param weight of the losses' shape, or one that broadcasts to it
 */
export function weightedMean(losses: Tensor, weight: Tensor | null): Tensor {
  const scalar = (x: Tensor) => reshape(reduceSum(x), []);
  const weights = weight ? expand(weight, losses) : add(multiply(losses, 0), 1);
  return divide(scalar(multiply(losses, weights)), maximum(scalar(weights), 1e-12));
}

export interface ClassWeights {
  /** What losses of positives (targets of 1) are multiplied with; one number, or one a task. Default 1. */
  readonly positive?: number | readonly number[];
  /** What all losses of a task are weighted with, one number a task. Default 1. */
  readonly tasks?: readonly number[];
}

/**
 * Binary cross-entropy from logits, safe for any logit: softplus(z) - target z. With a weight p of positives it is
 * (1 - target + p target) softplus(z) - p target z (PyTorch's pos_weight).
 * @param logits, target [N, tasks], or any one shape
 * @param weight of that shape, or one that broadcasts to it; weight 0 leaves an entry out
 */
export function binaryCrossEntropyFromLogits(
  logits: Tensor,
  target: Tensor,
  weight: Tensor | null = null,
  classWeights: ClassWeights = {},
): Tensor {
  const { positive = 1, tasks } = classWeights;
  const tasksOf = (values: readonly number[]) => perTask(logits, values);
  const factor = typeof positive === "number" ? positive : tasksOf(positive);
  const positives = factor === 1 ? target : multiply(target, factor);
  const either =
    factor === 1 ? softplus(logits) : multiply(add(subtract(1, target), positives), softplus(logits));
  const losses = subtract(either, multiply(positives, logits));
  if (!tasks) return weightedMean(losses, weight);
  return weightedMean(losses, weight ? multiply(weight, tasksOf(tasks)) : tasksOf(tasks));
}

function perTask(logits: Tensor, values: readonly number[]): Tensor {
  const count = logits.shape[logits.rank - 1];
  if (values.length !== count || !values.every((value) => value >= 0 && Number.isFinite(value))) {
    throw new BindscapeError({
      source: "class weights",
      found: `[${values.join(", ")}]`,
      expected: `${count} numbers of at least 0, one a task`,
    });
  }
  return logits.graph.constant(values, [values.length]);
}

/**
 * Binary cross-entropy of the mean of the two strands' probabilities, computed from their logits in log space:
 * log of the mean of two sigmoids is logaddexp(log sigmoid(a), log sigmoid(b)) - log 2, and no sigmoid or its
 * complement ever underflows.
 * @param logits [2N, tasks], strands side by side @param target [N, tasks] @param weight [N, tasks]
 */
export function binaryCrossEntropyFromStrandLogits(
  logits: Tensor,
  target: Tensor,
  weight: Tensor | null = null,
): Tensor {
  const [a, b] = split(pairStrands(logits), 1, [1, 1]).map((part) => reshape(part, target.shape));
  const positive = logMean(negate(softplus(negate(a))), negate(softplus(negate(b))));
  const negative = logMean(negate(softplus(a)), negate(softplus(b)));
  const gained = add(multiply(target, positive), multiply(subtract(1, target), negative));
  return weightedMean(negate(gained), weight);
}

/** log((e^a + e^b) / 2). */
function logMean(a: Tensor, b: Tensor): Tensor {
  return subtract(add(a, softplus(subtract(b, a))), Math.LN2);
}

/**
 * Binary cross-entropy from probabilities, which are clipped to [1e-7, 1 - 1e-7] as Keras does; prefer the forms
 * from logits.
 */
export function binaryCrossEntropy(
  probability: Tensor,
  target: Tensor,
  weight: Tensor | null = null,
): Tensor {
  const clipped = minimum(maximum(probability, 1e-7), 1 - 1e-7);
  const gained = add(
    multiply(target, log(clipped)),
    multiply(subtract(1, target), log(subtract(1, clipped))),
  );
  return weightedMean(negate(gained), weight);
}

/**
 * Cross-entropy of classes from logits: -sum(target log softmax(logits)) of each sample, and their weighted mean.
 * @param logits, target [N, classes]; each row of targets sums to 1 @param weight [N], or null
 */
export function categoricalCrossEntropyFromLogits(
  logits: Tensor,
  target: Tensor,
  weight: Tensor | null = null,
): Tensor {
  return multinomialNegativeLogLikelihood(logSoftmax(logits), target, weight);
}

/**
 * -sum(count log p) of each sample, without the multinomial coefficient, and their weighted mean. Sparse counts: give
 * the logarithms of {@link takeAlong} of the probabilities, and the counts in the same places.
 * @param logProbability, counts [N, outcomes] @param weight [N], or null
 */
export function multinomialNegativeLogLikelihood(
  logProbability: Tensor,
  counts: Tensor,
  weight: Tensor | null = null,
): Tensor {
  const [samples] = logProbability.shape;
  const losses = negate(reduceSum(multiply(logProbability, counts), [1]));
  return weightedMean(reshape(losses, [samples]), weight);
}

/** Weighted mean of (prediction - target)^2. @param prediction, target, weight of one shape */
export function meanSquaredError(prediction: Tensor, target: Tensor, weight: Tensor | null = null): Tensor {
  const error = subtract(prediction, target);
  return weightedMean(multiply(error, error), weight);
}

/** The sum of |x|: add it, times a factor, to a loss. */
export function l1Penalty(x: Tensor): Tensor {
  return reshape(reduceSum(absolute(x)), []);
}

/**
 * The sum of x^2: add it, times a factor, to a loss. An optimizer's `weightDecay` of twice the factor gives the same
 * steps without a pass over the parameters.
 */
export function l2Penalty(x: Tensor): Tensor {
  return reshape(reduceSum(multiply(x, x)), []);
}

/**
 * Kullback-Leibler divergence of Dirichlet distributions, from `concentration` to `prior`, in closed form: ln
 * Gamma(sum a) - sum ln Gamma(a) - ln Gamma(sum b) + sum ln Gamma(b) + sum (a - b) (digamma(a) - digamma(sum a)).
 * @param concentration [N, K], above 0 @param prior [N, K], [1, K] or [K], above 0
 * @returns [N], in nats
 */
export function dirichletDivergence(concentration: Tensor, prior: Tensor): Tensor {
  const total = (x: Tensor) => reduceSum(x, [x.rank - 1]);
  const normaliser = (x: Tensor) => subtract(logGamma(total(x)), total(logGamma(x)));
  const expected = subtract(digamma(concentration), digamma(total(concentration)));
  const spread = total(multiply(subtract(concentration, prior), expected));
  const result = add(subtract(normaliser(concentration), normaliser(prior)), spread);
  return reshape(result, concentration.shape.slice(0, -1));
}

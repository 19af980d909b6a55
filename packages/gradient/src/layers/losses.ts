import type { Tensor } from "../graph.js";
import { add, divide, maximum, minimum, multiply, subtract } from "../operators/arithmetic.js";
import { split } from "../operators/concatenate.js";
import { log, negate, softplus } from "../operators/pointwise.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { pairStrands } from "./strands.js";

/** Sum(weight loss) / sum(weight), a scalar; without weights the mean. 0 where all weights are 0. */
export function weightedMean(losses: Tensor, weight: Tensor | null): Tensor {
  const scalar = (x: Tensor) => reshape(reduceSum(x), []);
  const { graph } = losses;
  const weights = weight ?? graph.constant([1], [1]);
  const total = weight ? scalar(weights) : scalar(add(multiply(losses, 0), 1));
  return divide(scalar(multiply(losses, weights)), maximum(total, 1e-12));
}

/**
 * Binary cross-entropy from logits, safe for any logit: softplus(z) - target z.
 * @param logits, target, weight of one shape; weight 0 leaves an entry out
 */
export function binaryCrossEntropyFromLogits(
  logits: Tensor,
  target: Tensor,
  weight: Tensor | null = null,
): Tensor {
  return weightedMean(subtract(softplus(logits), multiply(target, logits)), weight);
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

import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "./graph.js";
import { add, divide, multiply, subtract } from "./operators/arithmetic.js";
import { sqrt } from "./operators/pointwise.js";

/**
 * How parameters move: symbolic, so that the update is part of the training graph. All trainable parameters are
 * one flat vector; `slots` are vectors of that length that the optimizer keeps between steps, zero at first.
 */
export interface Optimizer {
  readonly name: string;
  readonly slots: readonly string[];
  /** Scalars that the graph is given at every step. */
  readonly scalars: readonly string[];
  /** Their values. @param step 1 at the first step */
  scalarValues(step: number, learningRate: number): readonly number[];
  update(state: {
    readonly parameters: Tensor;
    readonly gradient: Tensor;
    readonly slots: readonly Tensor[];
    readonly scalars: readonly Tensor[];
  }): { readonly parameters: Tensor; readonly slots: readonly Tensor[] };
}

export interface AdamOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1), with bias correction. The kept moments are the paper's m / (1 - beta1)
 * and v / (1 - beta2): the factors go into two scalars, which saves two passes over the parameters a step.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
    throw new BindscapeError({
      source: "adam",
      found: `beta1 ${beta1}, beta2 ${beta2}, epsilon ${epsilon}`,
      expected: "betas of at least 0 and below 1, and a positive epsilon",
    });
  }
  return {
    name: "adam",
    slots: ["adam.first", "adam.second"],
    scalars: ["adam.rate", "adam.epsilon"],
    // m^ / (sqrt v^ + epsilon) with m^ = (1-b1) s1 / (1 - b1^t), v^ = (1-b2) s2 / (1 - b2^t):
    // both sides of the fraction are multiplied by sqrt((1 - b2^t) / (1-b2)).
    scalarValues(step, learningRate) {
      const root = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
      return [(learningRate * (1 - beta1) * root) / (1 - beta1 ** step), epsilon * root];
    },
    update({ parameters, gradient, slots: [first, second], scalars: [rate, small] }) {
      const nextFirst = add(multiply(first, beta1), gradient);
      const nextSecond = add(multiply(second, beta2), multiply(gradient, gradient));
      const move = divide(multiply(nextFirst, rate), add(sqrt(nextSecond), small));
      return { parameters: subtract(parameters, move), slots: [nextFirst, nextSecond] };
    },
  };
}

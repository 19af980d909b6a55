import { checkOptions, isDecay, type Optimizer, withPenalty } from "./optimizer.js";

export interface AdamOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /**
   * What epsilon is added to: the root of the bias-corrected second moment (the default: the paper's algorithm 1,
   * and PyTorch), or of the plain one (the paper's "epsilon hat" at the end of section 2; Keras and TensorFlow).
   */
  readonly epsilonAddedTo?: "corrected" | "plain";
  /** L2 penalty: this times the parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/**
 * Adam (Kingma and Ba 2015, algorithm 1), with bias correction. The kept moments are the paper's m / (1 - beta1)
 * and v / (1 - beta2): the factors go into two scalars, which saves two passes over the parameters a step.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  const { weightDecay = 0 } = options;
  return adamLike("adam", options, weightDecay, 0);
}

export interface AdamWOptions extends Omit<AdamOptions, "weightDecay"> {
  /** The share of each parameter that is taken away a step, times the learning rate. Default 0.01. */
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2; PyTorch's and Keras' scaling). */
export function adamW(options: AdamWOptions = {}): Optimizer {
  return adamLike("adamW", options, 0, options.weightDecay ?? 0.01);
}

function adamLike(name: string, options: AdamOptions, penalty: number, decay: number): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, epsilonAddedTo = "corrected" } = options;
  checkOptions(
    name,
    { beta1, beta2, epsilon, weightDecay: penalty + decay },
    isDecay(beta1) && isDecay(beta2) && epsilon > 0 && penalty >= 0 && decay >= 0,
    "betas of at least 0 and below 1, a positive epsilon and no negative weight decay",
  );
  return {
    name,
    slots: ["adam.first", "adam.second"],
    scalars: ["adam.rate", "adam.epsilon", ...(decay > 0 ? ["adam.kept"] : [])],
    // m^ / (sqrt v^ + epsilon) with m^ = (1-b1) s1 / (1 - b1^t), v^ = (1-b2) s2 / (1 - b2^t):
    // both sides of the fraction are multiplied by sqrt((1 - b2^t) / (1-b2)).
    scalarValues(step, learningRate) {
      const root = Math.sqrt((1 - beta2 ** step) / (1 - beta2));
      const small = epsilonAddedTo === "corrected" ? root : Math.sqrt(1 / (1 - beta2));
      const rate = (learningRate * (1 - beta1) * root) / (1 - beta1 ** step);
      return [rate, epsilon * small, ...(decay > 0 ? [1 - learningRate * decay] : [])];
    },
    update(algebra, state) {
      const { add, subtract, multiply, divide, sqrt } = algebra;
      const [first, second] = state.slots;
      const [rate, small, kept] = state.scalars;
      const gradient = withPenalty(algebra, state, penalty);
      const nextFirst = add(multiply(first, beta1), gradient);
      const nextSecond = add(multiply(second, beta2), multiply(gradient, gradient));
      const move = divide(multiply(nextFirst, rate), add(sqrt(nextSecond), small));
      const parameter = decay > 0 ? multiply(state.parameter, kept) : state.parameter;
      return { parameter: subtract(parameter, move), slots: [nextFirst, nextSecond] };
    },
  };
}

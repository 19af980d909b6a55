import { checkOptions, isDecay, type Optimizer, withPenalty } from "./optimizer.js";

export interface SgdOptions {
  /** Decay of the running sum of gradients. Default 0: plain gradient descent. */
  readonly momentum?: number;
  /** Looks ahead along the momentum (Nesterov 1983, in the form of Sutskever et al. 2013). Default false. */
  readonly nesterov?: boolean;
  /**
   * What the momentum sums: gradients, which this step's learning rate then scales (the default, and PyTorch), or
   * moves, each with the learning rate of its own step (Keras). The same while the learning rate stays.
   */
  readonly momentumOf?: "gradients" | "moves";
  /** L2 penalty: this times the parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent, with momentum where it is asked for. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, momentumOf = "gradients", weightDecay = 0 } = options;
  checkOptions(
    "sgd",
    { momentum, weightDecay },
    isDecay(momentum) && weightDecay >= 0 && (!nesterov || momentum > 0),
    "a momentum of at least 0 and below 1 (above 0 with nesterov), and no negative weight decay",
  );
  return {
    name: "sgd",
    slots: momentum > 0 ? ["sgd.momentum"] : [],
    scalars: ["sgd.rate"],
    scalarValues: (_step, learningRate) => [learningRate],
    update(algebra, state) {
      const { add, subtract, multiply } = algebra;
      const [rate] = state.scalars;
      const plain = withPenalty(algebra, state, weightDecay);
      if (momentum === 0) return { parameter: subtract(state.parameter, multiply(plain, rate)), slots: [] };
      const gradient = momentumOf === "moves" ? multiply(plain, rate) : plain;
      const sum = add(multiply(state.slots[0], momentum), gradient);
      const ahead = nesterov ? add(multiply(sum, momentum), gradient) : sum;
      const move = momentumOf === "moves" ? ahead : multiply(ahead, rate);
      return { parameter: subtract(state.parameter, move), slots: [sum] };
    },
  };
}

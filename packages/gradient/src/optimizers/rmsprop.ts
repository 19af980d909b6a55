import { checkOptions, isDecay, type Optimizer, withPenalty } from "./optimizer.js";

export interface RmspropOptions {
  /** Decay of the mean square: PyTorch's alpha (default 0.99), Keras' rho (0.9). */
  readonly decay?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Whether epsilon is added to the root (the default: PyTorch, Keras 1) or under it (Keras 3). */
  readonly epsilonAddedTo?: "root" | "square";
  /** Decay of the running sum of moves. Default 0. */
  readonly momentum?: number;
  /**
   * What the momentum sums: scaled gradients, which this step's learning rate then multiplies (the default, and
   * PyTorch), or moves, each with the learning rate of its own step (Keras). The same while the learning rate stays.
   */
  readonly momentumOf?: "gradients" | "moves";
  /** L2 penalty: this times the parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** RMSprop (Tieleman and Hinton 2012, lecture 6.5): gradients divided by the root of their running mean square. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const {
    decay = 0.99,
    epsilon = 1e-8,
    epsilonAddedTo = "root",
    momentum = 0,
    momentumOf = "gradients",
    weightDecay = 0,
  } = options;
  checkOptions(
    "rmsprop",
    { decay, epsilon, momentum, weightDecay },
    isDecay(decay) && isDecay(momentum) && epsilon > 0 && weightDecay >= 0,
    "decay and momentum of at least 0 and below 1, a positive epsilon and no negative weight decay",
  );
  return {
    name: "rmsprop",
    slots: ["rmsprop.square", ...(momentum > 0 ? ["rmsprop.momentum"] : [])],
    scalars: ["rmsprop.rate"],
    scalarValues: (_step, learningRate) => [learningRate],
    update(algebra, state) {
      const { add, subtract, multiply, divide, sqrt } = algebra;
      const gradient = withPenalty(algebra, state, weightDecay);
      const fresh = multiply(multiply(gradient, gradient), 1 - decay);
      const square = add(multiply(state.slots[0], decay), fresh);
      const root = epsilonAddedTo === "root" ? add(sqrt(square), epsilon) : sqrt(add(square, epsilon));
      const plain = divide(gradient, root);
      const scaled = momentumOf === "moves" ? multiply(plain, state.scalars[0]) : plain;
      const sum = momentum > 0 ? add(multiply(state.slots[1], momentum), scaled) : scaled;
      const move = momentumOf === "moves" ? sum : multiply(sum, state.scalars[0]);
      return {
        parameter: subtract(state.parameter, move),
        slots: momentum > 0 ? [square, sum] : [square],
      };
    },
  };
}

import { checkOptions, isDecay, type Optimizer, withPenalty } from "./optimizer.js";

export interface AdadeltaOptions {
  /** Decay of both mean squares: PyTorch's rho (default 0.9), Keras' and the paper's 0.95. */
  readonly decay?: number;
  /** Added under both roots. Default 1e-6. */
  readonly epsilon?: number;
  /** L2 penalty: this times the parameter is added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** AdaDelta (Zeiler 2012, algorithm 1). Its own learning rate is 1; what is given scales it. */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  const { decay = 0.9, epsilon = 1e-6, weightDecay = 0 } = options;
  checkOptions(
    "adadelta",
    { decay, epsilon, weightDecay },
    isDecay(decay) && epsilon > 0 && weightDecay >= 0,
    "a decay of at least 0 and below 1, a positive epsilon and no negative weight decay",
  );
  return {
    name: "adadelta",
    slots: ["adadelta.gradients", "adadelta.moves"],
    scalars: ["adadelta.rate"],
    scalarValues: (_step, learningRate) => [learningRate],
    update(algebra, state) {
      const { add, subtract, multiply, divide, sqrt } = algebra;
      const gradient = withPenalty(algebra, state, weightDecay);
      const [gradients, moves] = state.slots;
      const mix = (old: typeof gradient, fresh: typeof gradient) =>
        add(multiply(old, decay), multiply(multiply(fresh, fresh), 1 - decay));
      const nextGradients = mix(gradients, gradient);
      // One root of the quotient in place of a quotient of two roots: half the work, and one rounding less.
      const scale = sqrt(divide(add(moves, epsilon), add(nextGradients, epsilon)));
      const move = multiply(scale, gradient);
      return {
        parameter: subtract(state.parameter, multiply(move, state.scalars[0])),
        slots: [nextGradients, mix(moves, move)],
      };
    },
  };
}

import { checkOptions, isDecay, type Optimizer } from "./optimizer.js";

/** Gradients beyond +-limit are set to it before the optimizer sees them. */
export function clipValues(optimizer: Optimizer, limit: number): Optimizer {
  checkOptions("clipValues", { limit }, limit > 0, "a positive limit");
  return {
    ...optimizer,
    update(algebra, state) {
      const gradient = algebra.maximum(algebra.minimum(state.gradient, limit), -limit);
      return optimizer.update(algebra, { ...state, gradient });
    },
  };
}

/** The slot that holds averaged parameters. */
export const averageSlot = "average";

/**
 * Keeps averaged parameters beside the trained ones: after each step they move the share `shareAt(step)` of the way
 * to the new values, from the first values on.
 */
function keepAverage(optimizer: Optimizer, name: string, shareAt: (step: number) => number): Optimizer {
  const slotCount = optimizer.slots.length;
  const scalarCount = optimizer.scalars.length;
  return {
    name: `${optimizer.name}, ${name}`,
    slots: [...optimizer.slots, averageSlot],
    scalars: [...optimizer.scalars, "average.fresh", "average.share"],
    scalarValues: (step, learningRate) => [
      ...optimizer.scalarValues(step, learningRate),
      step === 1 ? 1 : 0,
      shareAt(step),
    ],
    update(algebra, state) {
      const { add, subtract, multiply } = algebra;
      const own = { slots: state.slots.slice(0, slotCount), scalars: state.scalars.slice(0, scalarCount) };
      const { parameter, slots } = optimizer.update(algebra, { ...state, ...own });
      const [fresh, share] = state.scalars.slice(scalarCount);
      // Slots start at zero; the average starts at the first parameters: the first step takes the whole difference.
      const old = state.slots[slotCount];
      const before = add(old, multiply(subtract(state.parameter, old), fresh));
      return { parameter, slots: [...slots, add(before, multiply(subtract(parameter, before), share))] };
    },
  };
}

/**
 * Exponential moving average of the weights, read with `TrainingStep.averagedParameters`.
 * @param options `decay` of the average (default 0.999); `warmUp` lets it grow from 2/11 as (1 + t) / (10 + t), as
 *   TensorFlow does where it is given the number of updates (default false)
 */
export function exponentialAverage(
  optimizer: Optimizer,
  options: { readonly decay?: number; readonly warmUp?: boolean } = {},
): Optimizer {
  const { decay = 0.999, warmUp = false } = options;
  checkOptions("exponentialAverage", { decay }, isDecay(decay), "a decay of at least 0 and below 1");
  return keepAverage(
    optimizer,
    "exponential average",
    (step) => 1 - (warmUp ? Math.min(decay, (1 + step) / (10 + step)) : decay),
  );
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018): the plain mean of the weights after step `from` and every
 * `every` steps from then on; before, the average follows the weights.
 */
export function stochasticWeightAverage(
  optimizer: Optimizer,
  options: { readonly from: number; readonly every?: number },
): Optimizer {
  const { from, every = 1 } = options;
  const whole = Number.isInteger(from) && Number.isInteger(every);
  checkOptions(
    "stochasticWeightAverage",
    { from, every },
    whole && from >= 1 && every >= 1,
    "whole steps from 1",
  );
  return keepAverage(optimizer, "stochastic weight average", (step) => {
    if (step < from) return 1;
    return (step - from) % every === 0 ? 1 / ((step - from) / every + 1) : 0;
  });
}

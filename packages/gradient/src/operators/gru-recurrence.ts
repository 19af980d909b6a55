import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, type ReferenceTensor, ShapeError } from "../operator.js";
import { isFree, sameDimension } from "../shape.js";
import { add, multiply, subtract } from "./arithmetic.js";
import { concatenate, split } from "./concatenate.js";
import type { GruForm } from "./gru.js";
import { tanh } from "./pointwise.js";
import {
  asStep,
  atEveryStep,
  emitGate,
  gateFunction,
  gateOperator,
  gateSlope,
  joinSteps,
  kernelGradientOf,
  previousSteps,
  projectSteps,
  splitSteps,
  transposedKernel,
} from "./recurrent-steps.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";

// Layout of everything here: as in recurrent-steps.ts. Gates are in ONNX's order: update, reset, candidate (z, r, n).

/**
 * The recurrence, step by step, from the projected inputs (input kernel and bias already applied). Cho et al. 2014,
 * equations 5 to 8, with z as the share that stays: h(s) = (1 - z) n + z h(s-1). Inputs: projected [D, T, N, 3H],
 * recurrent kernel [D, 3H, H], recurrent bias [D, 3H], perhaps a mask [D, N, H] on what the products see of the state.
 */
const recurrenceOperator: Operator<GruForm> = {
  name: "gruRecurrence",
  infer([projected, kernel, bias, mask]) {
    const [directions, steps, samples, gates] = projected;
    const units = (gates as number) / 3;
    if (isFree(steps) || !sameDimension(kernel[1], gates) || kernel[2] !== units || bias[1] !== gates)
      throw new ShapeError("projected inputs [D, T, N, 3H], a recurrent kernel [D, 3H, H] and bias [D, 3H]");
    if (mask && !(sameDimension(mask[1], samples) && mask[2] === units))
      throw new ShapeError("a mask [D, N, H] on the hidden state");
    return [[directions, steps, samples, units]];
  },
  emit(emitter, node) {
    const { gateActivation, resetAfter } = node.attributes;
    const [projected, kernel, bias, mask] = emitter.names(node.inputs);
    const [, steps, , units] = node.outputs[0].shape as readonly number[];
    const times = (a: string, b: string) => emitter.node("Mul", [a, b])[0];
    const plus = (a: string, b: string) => emitter.node("Add", [a, b])[0];
    const product = (a: string, b: string) => emitter.node("MatMul", [a, b])[0];
    const inTwo = (value: string, axis: number, first: number, second: number) =>
      emitter.split(value, axis, [first, second]);
    const kernels = transposedKernel(emitter, kernel);
    const [gateKernel, candidateKernel] = inTwo(kernels, 3, 2 * units, units);
    const biases = emitter.node("Unsqueeze", [bias, emitter.integers([1, 2])])[0];
    const [gateBias, candidateBias] = inTwo(biases, 3, 2 * units, units);
    const maskOfStep = mask === undefined ? null : asStep(emitter, mask);
    const hidden: string[] = [];
    for (const [step, sums] of splitSteps(emitter, projected, steps).entries()) {
      const [gateSums, candidateSums] = inTwo(sums, 3, 2 * units, units);
      const before = step === 0 ? null : hidden[step - 1];
      const seen = before && maskOfStep ? times(before, maskOfStep) : before;
      let gates = plus(gateSums, gateBias);
      let state = candidateBias;
      if (seen && resetAfter) {
        const [ofGates, ofCandidate] = inTwo(product(seen, kernels), 3, 2 * units, units);
        gates = plus(gates, ofGates);
        state = plus(ofCandidate, candidateBias);
      } else if (seen) {
        gates = plus(gates, product(seen, gateKernel));
      }
      const [update, reset] = inTwo(emitGate(emitter, gateActivation, gates), 3, units, units);
      if (resetAfter) state = times(reset, state);
      else if (seen) state = plus(product(times(reset, seen), candidateKernel), candidateBias);
      const candidate = emitter.node("Tanh", [plus(candidateSums, state)])[0];
      // n + z (h - n)
      const apart = before
        ? emitter.node("Sub", [before, candidate])[0]
        : emitter.node("Neg", [candidate])[0];
      hidden.push(plus(candidate, times(update, apart)));
    }
    joinSteps(emitter, hidden, emitter.name(node.outputs[0]));
  },
  evaluate([projected, kernel, bias, mask], { gateActivation, resetAfter }, [shape]) {
    const [directions, steps, samples, units] = shape;
    const gateOf = gateFunction[gateActivation];
    const hidden = new Float64Array(directions * steps * samples * units);
    for (let d = 0; d < directions; d++) {
      for (let n = 0; n < samples; n++) {
        for (let step = 0; step < steps; step++) {
          const at = (d * steps + step) * samples + n;
          const before = Float64Array.from({ length: units }, (_, j) =>
            step === 0 ? 0 : hidden[(at - samples) * units + j],
          );
          const seen = before.map(
            (value, j) => value * (mask ? mask.data[(d * samples + n) * units + j] : 1),
          );
          const input = (gate: number, j: number) => projected.data[(at * 3 + gate) * units + j];
          const product = (gate: number, j: number, state: Float64Array) => {
            const row = (d * 3 + gate) * units + j;
            return state.reduce(
              (sum, value, k) => sum + kernel.data[row * units + k] * value,
              bias.data[row],
            );
          };
          const reset = seen.map((_, j) => gateOf(input(1, j) + product(1, j, seen)));
          const kept = seen.map((value, j) => value * reset[j]);
          before.forEach((value, j) => {
            const update = gateOf(input(0, j) + product(0, j, seen));
            const state = resetAfter ? reset[j] * product(2, j, seen) : product(2, j, kept);
            const candidate = Math.tanh(input(2, j) + state);
            hidden[at * units + j] = (1 - update) * candidate + update * value;
          });
        }
      }
    }
    return [hidden];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const [projected, recurrent, recurrentBias, mask] = node.inputs;
    const inputs = { projected, recurrent, recurrentBias, mask: mask ?? null, hidden: node.outputs[0] };
    const back = gruGradients(inputs, gradient, node.attributes);
    return [
      back.projected,
      needed[1] ? back.recurrent() : null,
      needed[2] ? back.recurrentBias() : null,
      ...(mask ? [null] : []),
    ];
  },
};

/** @returns the states, [D, T, N, H] */
export function gruRecurrence(
  projected: Tensor,
  recurrent: Tensor,
  recurrentBias: Tensor,
  mask: Tensor | null,
  form: GruForm,
  label: string,
): Tensor {
  const inputs = [projected, recurrent, recurrentBias];
  return applyOperator(recurrenceOperator, mask ? [...inputs, mask] : inputs, form, label)[0];
}

/**
 * Backward through all steps. Inputs: dh [D,T,N,H], factors [D,T,N,3H] and z [D,T,N,H], the recurrent kernel
 * [D,3H,H], with reset before the product r [D,T,N,H], perhaps the mask [D,N,H]. Outputs: gradients of the recurrent
 * sums of z, r and n [D,T,N,3H], and the whole gradient of each state [D,T,N,H].
 */
const backwardOperator: Operator<{ readonly resetAfter: boolean }> = {
  name: "gruRecurrenceGradient",
  infer: ([gradient, factors]) => [factors, gradient],
  emit(emitter, node) {
    const { resetAfter } = node.attributes;
    const names = emitter.names(node.inputs);
    const [gradient, factors, update, kernel] = names;
    const reset = resetAfter ? null : names[4];
    const mask = names[resetAfter ? 4 : 5] as string | undefined;
    const [, steps, , units] = node.inputs[0].shape as readonly number[];
    const bySteps = (name: string) => splitSteps(emitter, name, steps);
    const [gradients, factor, updates] = [gradient, factors, update].map(bySteps);
    const resets = reset === null ? null : bySteps(reset);
    const times = (a: string, b: string) => emitter.node("Mul", [a, b])[0];
    const plus = (a: string, b: string) => emitter.node("Add", [a, b])[0];
    const product = (a: string, b: string) => emitter.node("MatMul", [a, b])[0];
    const kernels = asStep(emitter, kernel);
    const [gateKernel, candidateKernel] = resetAfter ? [] : emitter.split(kernels, 2, [2 * units, units]);
    const maskOfStep = mask === undefined ? null : asStep(emitter, mask);
    const sums: string[] = new Array(steps);
    const totals: string[] = new Array(steps);
    let carried: string | null = null;
    for (let step = steps - 1; step >= 0; step--) {
      const total: string = carried === null ? gradients[step] : plus(gradients[step], carried);
      totals[step] = total;
      let back: string;
      if (resets === null) {
        sums[step] = times(emitter.concatenate([total, total, total], 3), factor[step]);
        back = step === 0 ? "" : product(sums[step], kernels);
      } else {
        const [ofUpdate, ofReset, ofCandidate] = emitter.split(factor[step], 3, [units, units, units]);
        const candidate = times(total, ofCandidate);
        // The gradient of r h, which the reset gate and the state share.
        const kept = product(candidate, candidateKernel);
        const gates = emitter.concatenate([times(total, ofUpdate), times(kept, ofReset)], 3);
        sums[step] = emitter.concatenate([gates, candidate], 3);
        back = step === 0 ? "" : plus(product(gates, gateKernel), times(kept, resets[step]));
      }
      if (step === 0) break;
      carried = plus(times(total, updates[step]), maskOfStep ? times(back, maskOfStep) : back);
    }
    joinSteps(emitter, sums, emitter.name(node.outputs[0]));
    joinSteps(emitter, totals, emitter.name(node.outputs[1]));
  },
  evaluate(inputs, { resetAfter }) {
    const [gradient, factors, update, kernel] = inputs;
    const reset = resetAfter ? null : inputs[4];
    const mask = inputs[resetAfter ? 4 : 5] as ReferenceTensor | undefined;
    const [directions, steps, samples, units] = gradient.shape;
    const sums = new Float64Array(factors.data.length);
    const totals = new Float64Array(gradient.data.length);
    for (let d = 0; d < directions; d++) {
      for (let n = 0; n < samples; n++) {
        let carried = new Float64Array(units);
        for (let step = steps - 1; step >= 0; step--) {
          const at = (d * steps + step) * samples + n;
          const total = carried.map((value, j) => value + gradient.data[at * units + j]);
          totals.set(total, at * units);
          const factor = (gate: number, j: number) => factors.data[(at * 3 + gate) * units + j];
          const weight = (gate: number, from: number, to: number) =>
            kernel.data[((d * 3 + gate) * units + from) * units + to];
          const through = (gate: number, values: Float64Array, to: number) =>
            values.reduce((sum, value, from) => sum + value * weight(gate, from, to), 0);
          const [z, n3] = [0, 2].map((gate) => total.map((value, j) => value * factor(gate, j)));
          const kept = total.map((_, j) => through(2, n3, j));
          const r = (reset ? kept : total).map((value, j) => value * factor(1, j));
          [z, r, n3].forEach((values, gate) => {
            sums.set(values, (at * 3 + gate) * units);
          });
          carried = total.map((value, j) => {
            const candidate = reset ? kept[j] * reset.data[at * units + j] : kept[j];
            const back = through(0, z, j) + through(1, r, j) + candidate;
            const seen = mask ? mask.data[(d * samples + n) * units + j] : 1;
            return value * update.data[at * units + j] + back * seen;
          });
        }
      }
    }
    return [sums, totals];
  },
};

/**
 * Gradients of a GRU's projected inputs [D,T,N,3H] and of its recurrent parameters. With dh the whole gradient of a
 * state: d(z) = dh (h(s-1) - n) z', d(n) = dh (1 - z) (1 - n^2), and d(r) = d(n) u r' where n is tanh(a + r u).
 */
export function gruGradients(
  inputs: {
    readonly projected: Tensor;
    readonly recurrent: Tensor;
    readonly recurrentBias: Tensor;
    readonly mask: Tensor | null;
    readonly hidden: Tensor;
  },
  gradient: Tensor,
  { gateActivation, resetAfter }: GruForm,
): { projected: Tensor; recurrent: () => Tensor; recurrentBias: () => Tensor } {
  const { projected, recurrent, recurrentBias, mask, hidden } = inputs;
  const units = recurrent.shape[2] as number;
  const before = previousSteps(hidden);
  const seen = mask ? multiply(before, atEveryStep(mask)) : before;
  const gateOf = gateOperator[gateActivation];
  const slopeOf = (gate: Tensor) => gateSlope(gateActivation, gate);
  const one = (gate: Tensor) => subtract(1, gate);

  const [gateSums, candidateSums] = split(projected, 3, [2 * units, units]);
  const rows = (from: number, to: number) => ({
    kernel: slice(recurrent, { axis: 1, start: from * units, end: to * units }),
    bias: slice(recurrentBias, { axis: 1, start: from * units, end: to * units }),
  });
  const [ofGates, ofCandidate] = [rows(0, 2), rows(2, 3)];
  const gates = gateOf(add(gateSums, projectSteps(seen, ofGates.kernel, ofGates.bias)));
  const [update, reset] = split(gates, 3, [units, units]);
  const kept = multiply(reset, seen);
  const state = projectSteps(resetAfter ? seen : kept, ofCandidate.kernel, ofCandidate.bias);
  const candidate = tanh(add(candidateSums, resetAfter ? multiply(reset, state) : state));

  const forCandidate = multiply(one(update), one(multiply(candidate, candidate)));
  const forUpdate = multiply(subtract(before, candidate), slopeOf(update));
  const forReset = multiply(resetAfter ? multiply(forCandidate, state) : seen, slopeOf(reset));
  const factors = [forUpdate, forReset, resetAfter ? multiply(forCandidate, reset) : forCandidate];
  const given = [gradient, concatenate(factors, 3), update, recurrent];
  if (!resetAfter) given.push(reset);
  if (mask) given.push(mask);
  const [sums, totals] = applyOperator(backwardOperator, given, { resetAfter });

  const [gateGradients, candidateGradients] = split(sums, 3, [2 * units, units]);
  return {
    projected: resetAfter ? concatenate([gateGradients, multiply(totals, forCandidate)], 3) : sums,
    recurrent: () =>
      resetAfter
        ? kernelGradientOf(sums, seen)
        : concatenate([kernelGradientOf(gateGradients, seen), kernelGradientOf(candidateGradients, kept)], 1),
    recurrentBias: () => reshape(reduceSum(sums, [1, 2]), recurrentBias.shape),
  };
}

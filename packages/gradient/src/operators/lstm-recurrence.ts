import { applyOperator, type Tensor } from "../graph.js";
import type { OnnxEmitter } from "../onnx/emitter.js";
import type { Operator } from "../operator.js";
import { asStep, type GateActivation, joinSteps, splitSteps } from "./recurrent-steps.js";

// Layout of everything here: as in recurrent-steps.ts. Gates are in ONNX's order: input, output, forget, cell
// (i, o, f, c).

/** Cell states alone, rebuilt from activated gates: c(s) = f c(s-1) + i g. */
const cellsOperator: Operator<null> = {
  name: "lstmCells",
  infer: ([forget]) => [forget],
  emit(emitter, node) {
    const [forget, added] = emitter.names(node.inputs);
    const steps = node.outputs[0].shape[1] as number;
    const forgets = splitSteps(emitter, forget, steps);
    const cells = splitSteps(emitter, added, steps);
    for (let step = 1; step < steps; step++) {
      const kept = emitter.node("Mul", [forgets[step], cells[step - 1]])[0];
      cells[step] = emitter.node("Add", [kept, cells[step]])[0];
    }
    joinSteps(emitter, cells, emitter.name(node.outputs[0]));
  },
  evaluate([forget, added]) {
    const [directions, steps, samples, units] = forget.shape;
    const cells = added.data.slice();
    const step = samples * units;
    for (let i = 0; i < directions * steps * step; i++) {
      if (Math.floor(i / step) % steps > 0) cells[i] += forget.data[i] * cells[i - step];
    }
    return [cells];
  },
};

/** @param forget the forget gates @param added input gate times candidate, both [D, T, N, H] */
export function lstmCells(forget: Tensor, added: Tensor): Tensor {
  return applyOperator(cellsOperator, [forget, added], null)[0];
}

/**
 * Backward through all steps: gradients of the gates' sums (before their activations) from those of h. Inputs:
 * dh [D,T,N,H], factors on dc and dh [D,T,N,4H] (see {@link lstmRecurrenceGradient}), the part of dc that comes
 * through h [D,T,N,H], forget gates [D,T,N,H], the recurrent kernel [D,4H,H].
 */
const backwardOperator: Operator<null> = {
  name: "lstmRecurrenceGradient",
  infer: ([, factors]) => [factors],
  emit(emitter, node) {
    const [gradient, factors, through, forget, kernel] = emitter.names(node.inputs);
    const steps = node.outputs[0].shape[1] as number;
    const [gradients, factor, throughs, forgets] = [gradient, factors, through, forget].map((name) =>
      splitSteps(emitter, name, steps),
    );
    const kernelOfStep = asStep(emitter, kernel);
    const sums: string[] = new Array(steps);
    let cell: string | null = null;
    for (let step = steps - 1; step >= 0; step--) {
      let hidden = gradients[step];
      if (step < steps - 1) {
        const back = emitter.node("MatMul", [sums[step + 1], kernelOfStep])[0];
        hidden = emitter.node("Add", [hidden, back])[0];
      }
      const arriving = emitter.node("Mul", [hidden, throughs[step]])[0];
      const total: string = cell === null ? arriving : emitter.node("Add", [cell, arriving])[0];
      const spread = emitter.node("Concat", [total, hidden, total, total], { axis: { integer: 3 } })[0];
      sums[step] = emitter.node("Mul", [spread, factor[step]])[0];
      if (step > 0) cell = emitter.node("Mul", [total, forgets[step]])[0];
    }
    joinSteps(emitter, sums, emitter.name(node.outputs[0]));
  },
  evaluate([gradient, factors, through, forget, kernel]) {
    const [directions, steps, samples, units] = gradient.shape;
    const result = new Float64Array(factors.data.length);
    for (let d = 0; d < directions; d++) {
      for (let n = 0; n < samples; n++) {
        const cell = new Float64Array(units);
        for (let step = steps - 1; step >= 0; step--) {
          const at = (d * steps + step) * samples + n;
          for (let j = 0; j < units; j++) {
            let hidden = 0;
            for (let k = 0; step < steps - 1 && k < 4 * units; k++) {
              hidden += result[(at + samples) * 4 * units + k] * kernel.data[(d * 4 * units + k) * units + j];
            }
            hidden += gradient.data[at * units + j];
            const total = cell[j] + hidden * through.data[at * units + j];
            for (let gate = 0; gate < 4; gate++) {
              const k = at * 4 * units + gate * units + j;
              result[k] = (gate === 1 ? hidden : total) * factors.data[k];
            }
            cell[j] = total * forget.data[at * units + j];
          }
        }
      }
    }
    return [result];
  },
};

/** Prepares, for all steps at once, what the backward recurrence multiplies by. */
const factorsOperator: Operator<{ readonly gateActivation: GateActivation }> = {
  name: "lstmFactors",
  infer: ([cells]) => [[...cells.slice(0, 3), 4 * (cells[3] as number)], cells],
  emit(emitter, node) {
    const [cells, i, o, f, g] = emitter.names(node.inputs);
    const steps = node.inputs[0].shape[1] as number;
    const [factors, through] = emitter.names(node.outputs);
    const times = (a: string, b: string) => emitter.node("Mul", [a, b])[0];
    const slope = (gate: string) => {
      if (node.attributes.gateActivation === "sigmoid")
        return emitter.node("Sub", [gate, times(gate, gate)])[0];
      const above = emitter.node("Greater", [gate, emitter.scalar(0)])[0];
      const below = emitter.node("Less", [gate, emitter.scalar(1)])[0];
      const inside = emitter.node("Cast", [emitter.node("And", [above, below])[0]], {
        to: { integer: 1 },
      })[0];
      return times(inside, emitter.scalar(0.2));
    };
    const one = emitter.scalar(1);
    const squashed = emitter.node("Tanh", [cells])[0];
    emitter.node("Mul", [o, emitter.node("Sub", [one, times(squashed, squashed)])[0]], {}, [through]);
    const previous = emitPrevious(emitter, cells, steps);
    const forInput = times(g, slope(i));
    const forOutput = times(squashed, slope(o));
    const forForget = times(previous, slope(f));
    const forCandidate = times(i, emitter.node("Sub", [one, times(g, g)])[0]);
    emitter.node("Concat", [forInput, forOutput, forForget, forCandidate], { axis: { integer: 3 } }, [
      factors,
    ]);
  },
  evaluate([cells, ...gates], { gateActivation }) {
    const [, steps, samples, units] = cells.shape;
    const factors = new Float64Array(cells.data.length * 4);
    const through = new Float64Array(cells.data.length);
    const slope = (y: number) => (gateActivation === "sigmoid" ? y * (1 - y) : y > 0 && y < 1 ? 0.2 : 0);
    for (let at = 0; at < cells.data.length / units; at++) {
      const first = Math.floor(at / samples) % steps === 0;
      for (let j = 0; j < units; j++) {
        const k = at * 4 * units + j;
        const [i, o, f, g] = gates.map((gate) => gate.data[at * units + j]);
        const squashed = Math.tanh(cells.data[at * units + j]);
        through[at * units + j] = o * (1 - squashed * squashed);
        factors[k] = g * slope(i);
        factors[k + units] = squashed * slope(o);
        factors[k + 2 * units] = first ? 0 : cells.data[(at - samples) * units + j] * slope(f);
        factors[k + 3 * units] = i * (1 - g * g);
      }
    }
    return [factors, through];
  },
};

/**
 * Gradients of the gates' sums [D,T,N,4H]. With dc the gradient of the cell state: d(i) = dc g i', d(o) = dh tanh(c)
 * o', d(f) = dc c(s-1) f', d(g) = dc i (1 - g^2), where dc = dc(s+1) f(s+1) + dh o (1 - tanh^2 c).
 */
export function lstmRecurrenceGradient(
  gradient: Tensor,
  gates: readonly Tensor[],
  cells: Tensor,
  kernel: Tensor,
  gateActivation: GateActivation,
): Tensor {
  const [factors, through] = applyOperator(factorsOperator, [cells, ...gates], { gateActivation });
  return lstmRecurrenceBack(gradient, factors, through, gates[2], kernel);
}

/** For the engine: the backward recurrence with given factors; see {@link backwardOperator}. */
export function lstmRecurrenceBack(
  gradient: Tensor,
  factors: Tensor,
  through: Tensor,
  forget: Tensor,
  kernel: Tensor,
): Tensor {
  return applyOperator(backwardOperator, [gradient, factors, through, forget, kernel], null)[0];
}

/** The states one step earlier; zeros before the first. */
function emitPrevious(emitter: OnnxEmitter, states: string, steps: number): string {
  const kept = emitter.node("Slice", [
    states,
    emitter.integers([0]),
    emitter.integers([steps - 1]),
    emitter.integers([1]),
  ])[0];
  return emitter.node("Pad", [kept, emitter.integers([0, 1, 0, 0, 0, 0, 0, 0])])[0];
}

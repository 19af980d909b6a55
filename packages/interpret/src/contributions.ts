import type { ExplainedModel, ExplainedWindows } from "./explained-model.js";
import { observedBase } from "./substitutions.js";

/** Multipliers of pairs of windows and references, turned into what bases contribute. */
export class Contributions {
  /** [count, 4, length] */
  readonly values: Float32Array;
  /** [count, 4, length] */
  readonly hypothetical: Float32Array;
  /** [count]: the largest |sum of contributions - (score - reference's score)| over a window's references. */
  readonly deltas: Float32Array;
  /** [count]: means over references. */
  readonly referenceScores: Float32Array;
  readonly #model: ExplainedModel;
  readonly #windows: ExplainedWindows;

  constructor(model: ExplainedModel, windows: ExplainedWindows) {
    this.#model = model;
    this.#windows = windows;
    const { count } = windows;
    this.values = new Float32Array(count * 4 * model.length);
    this.hypothetical = new Float32Array(count * 4 * model.length);
    this.deltas = new Float32Array(count);
    this.referenceScores = new Float32Array(count);
  }

  /**
   * Takes the multipliers of one window. A position's contribution is what its base and the reference's make together:
   * the sum over the four channels of multiplier times difference; a base that is not there would contribute
   * the same with itself in the window's place. Means over references.
   * @param multipliers [references, channels, length]
   * @param references [references, channels, length]
   * @param scores of the window and of its references
   */
  take(
    window: number,
    multipliers: Float32Array,
    references: Float32Array,
    scores: { readonly own: number; readonly ofReferences: ArrayLike<number> },
  ): void {
    const { channels, length } = this.#model;
    const size = channels * length;
    const count = scores.ofReferences.length;
    const own = this.#windows.windows.subarray(window * size, (window + 1) * size);
    const totals = new Float64Array(4 * length);
    let mean = 0;
    for (let k = 0; k < count; k++) {
      const from = k * size;
      let sum = 0;
      for (let position = 0; position < length; position++) {
        let ofReference = 0;
        for (let base = 0; base < 4; base++) {
          const at = base * length + position;
          ofReference += multipliers[from + at] * references[from + at];
          sum += multipliers[from + at] * own[at];
        }
        sum -= ofReference;
        for (let base = 0; base < 4; base++)
          totals[base * length + position] += multipliers[from + base * length + position] - ofReference;
      }
      const delta = Math.abs(sum - (scores.own - scores.ofReferences[k]));
      if (!(delta <= this.deltas[window])) this.deltas[window] = delta;
      mean += scores.ofReferences[k] / count;
    }
    this.referenceScores[window] = mean;
    const into = window * 4 * length;
    for (let i = 0; i < totals.length; i++) this.hypothetical[into + i] = totals[i] / count;
    for (let position = 0; position < length; position++) {
      const base = observedBase(this.#model, this.#windows, window, position);
      if (base < 0) continue;
      const at = into + base * length + position;
      this.values[at] = this.hypothetical[at];
    }
  }
}

/**
 * One sentence on windows whose contributions do not sum to what they should.
 * @param tolerance share of the difference of scores, which counts as at least 1
 */
export function warnOfDeltas(
  deltas: Float32Array,
  differences: ArrayLike<number>,
  tolerance: number,
  next: string,
): string[] {
  let [over, worst] = [0, 0];
  deltas.forEach((delta, i) => {
    if (delta <= tolerance * Math.max(1, Math.abs(differences[i]))) return;
    over++;
    if (!(delta <= worst)) worst = delta;
  });
  if (over === 0) return [];
  const windows = over === 1 ? "1 window" : `${over.toLocaleString("en-US")} windows`;
  return [
    `Contributions of ${windows} of ${deltas.length.toLocaleString("en-US")} miss the difference of scores by up to ${worst.toPrecision(2)}, more than ${tolerance} of it: ${next}`,
  ];
}

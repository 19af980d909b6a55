import { unknownBase } from "@bindscape/genome";
import type { AttributionFile } from "./attribution-file.js";

type Scored = Pick<AttributionFile, "method" | "count" | "length" | "attributions" | "codes">;

/**
 * What the base that is there contributes, for each position of each sequence, [count, length]; 0 at unknown bases:
 * - methods that split a score over bases: the value at that base;
 * - `saliency`: the gradient at that base, which is gradient x input;
 * - `ism`: how much the score falls on average when the base is replaced, minus the mean change of the three others.
 */
export function scorePositions({ method, count, length, attributions, codes }: Scored): Float32Array {
  const scores = new Float32Array(count * length);
  for (let i = 0; i < count; i++) {
    const from = i * 4 * length;
    for (let k = 0; k < length; k++) {
      const at = i * length + k;
      const code = codes[at];
      if (code >= unknownBase) continue;
      if (method !== "ism") {
        scores[at] = attributions[from + code * length + k];
        continue;
      }
      let sum = 0;
      for (let base = 0; base < 4; base++) if (base !== code) sum += attributions[from + base * length + k];
      scores[at] = -sum / 3;
    }
  }
  return scores;
}

/**
 * What every base would contribute in each position's place, [count, 4, length], or undefined where a file cannot say:
 * `hypothetical` where it has it; for `saliency` the gradient; for `ism` each base's change less the mean of all four.
 */
export function hypotheticalScores(
  file: Scored & Pick<AttributionFile, "hypothetical">,
): Float32Array | undefined {
  const { method, count, length, attributions, hypothetical } = file;
  if (hypothetical !== undefined) return hypothetical;
  if (method === "saliency") return attributions;
  if (method !== "ism") return undefined;
  const centred = attributions.slice();
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < length; k++) {
      const at = i * 4 * length + k;
      let mean = 0;
      for (let base = 0; base < 4; base++) mean += attributions[at + base * length] / 4;
      for (let base = 0; base < 4; base++) centred[at + base * length] -= mean;
    }
  }
  return centred;
}

import type { Attributions } from "./attributions.js";

/** How substitutions become one number a base. */
export type SubstitutionRule = "largest" | "largest-fall" | "mean";

/**
 * One score a base, [count, length], up where the base that is there holds the score up.
 * - `ism`: the change of the score by substitutions, with its sign turned. "largest": the change that is largest in size
 *   (Zheng et al. 2021: "the greatest score change"; the paper does not say whether with its sign); "largest-fall": the
 *   substitution that takes most away; "mean": the mean over the three.
 * - `saliency`: the gradient that is largest in size over the four bases (Simonyan et al. 2013).
 * - all others: what the method gives the base that is there.
 */
export function scoreBases(
  { method, count, length, values }: Pick<Attributions, "method" | "count" | "length" | "values">,
  rule: SubstitutionRule = "largest",
): Float32Array {
  const scores = new Float32Array(count * length);
  for (let window = 0; window < count; window++) {
    for (let position = 0; position < length; position++) {
      const four = [0, 1, 2, 3].map((base) => values[(window * 4 + base) * length + position]);
      scores[window * length + position] =
        method === "ism"
          ? scoreSubstitutions(four, rule)
          : method === "saliency"
            ? four.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
            : four[0] + four[1] + four[2] + four[3];
    }
  }
  return scores;
}

/** The base that is there has a change of 0 among the four. */
function scoreSubstitutions(changes: readonly number[], rule: SubstitutionRule): number {
  // `0 -` and not a minus sign: a change of 0 is not to become -0.
  if (rule === "mean") return 0 - changes.reduce((sum, change) => sum + change, 0) / 3;
  if (rule === "largest-fall") {
    const falls = changes.filter((change) => change !== 0);
    return falls.length === 0 ? 0 : 0 - Math.min(...falls);
  }
  return 0 - changes.reduce((most, change) => (Math.abs(change) > Math.abs(most) ? change : most), 0);
}

import { BindscapeError } from "@bindscape/numerics";
import { conditionalProbabilities, type MarkovBackground } from "../background.js";
import { highestScore, type ScoreMatrix } from "./score-matrix.js";

/**
 * The p-value of every score: entry s is the probability that random sequence of the background scores s or more
 * (Staden 1989; with a Markov background, Huang et al. 2004). Exact for the whole-number scores, by dynamic
 * programming over the positions of the motif, and over the last `order` letters where letters depend on those
 * before them.
 *
 * @param order letters that the background looks back, at most the order of the model
 * @returns entries 0 to {@link highestScore}
 */
export function tailProbabilities(
  matrix: ScoreMatrix,
  background: MarkovBackground,
  order = 0,
): Float64Array {
  if (!(Number.isInteger(order) && order >= 0 && order <= background.order)) {
    throw new BindscapeError({
      source: "background",
      found: `order ${order} asked of a model of order ${background.order}`,
      expected: `a whole number from 0 to ${background.order}`,
    });
  }
  const density =
    order === 0 ? independentDensity(matrix, background.words[0]) : markovDensity(matrix, background, order);
  for (let score = density.length - 2; score >= 0; score--) density[score] += density[score + 1];
  // The sum of all is 1 but for rounding.
  for (let score = 0; score < density.length && density[score] > 1; score++) density[score] = 1;
  return density;
}

/**
 * The lowest score with a p-value of at most `threshold`; one above the highest score where none has.
 * @param tail of {@link tailProbabilities}
 */
export function lowestScoreAt(tail: Float64Array, threshold: number): number {
  let low = 0;
  let high = tail.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tail[middle] <= threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

function independentDensity({ values, length }: ScoreMatrix, letters: Float64Array): Float64Array {
  const size = highestScore({ values, length, scale: 1, offset: 0 }) + 1;
  let density = new Float64Array(size);
  let next = new Float64Array(size);
  density[0] = 1;
  let highest = 0;
  for (let at = 0; at < 4 * length; at += 4) {
    const [a, c, g, t] = values.subarray(at, at + 4);
    const top = Math.max(a, c, g, t);
    next.fill(0, 0, highest + top + 1);
    for (let score = 0; score <= highest; score++) {
      const probability = density[score];
      if (probability === 0) continue;
      next[score + a] += probability * letters[0];
      next[score + c] += probability * letters[1];
      next[score + g] += probability * letters[2];
      next[score + t] += probability * letters[3];
    }
    highest += top;
    [density, next] = [next, density];
  }
  return density;
}

/** One density for each context of the letters before. */
function markovDensity(
  { values, length }: ScoreMatrix,
  background: MarkovBackground,
  order: number,
): Float64Array {
  const size = highestScore({ values, length, scale: 1, offset: 0 }) + 1;
  const conditionals = Array.from({ length: order + 1 }, (_, k) =>
    conditionalProbabilities({ ...background, order: k }),
  );
  let contexts: Float64Array[] = [Float64Array.of(1)];
  for (let column = 0; column < length; column++) {
    const known = Math.min(column, order);
    const kept = Math.min(column + 1, order);
    const conditional = conditionals[known];
    const row = values.subarray(4 * column, 4 * column + 4);
    const longest = Math.min(size, contexts[0].length + Math.max(...row));
    const next = Array.from({ length: 4 ** kept }, () => new Float64Array(longest));
    for (const [context, density] of contexts.entries()) {
      for (let letter = 0; letter < 4; letter++) {
        const into = next[(context * 4 + letter) % 4 ** kept];
        const chance = conditional[context * 4 + letter];
        const value = row[letter];
        if (chance === 0) continue;
        for (let score = 0; score < density.length; score++) {
          if (density[score] !== 0) into[score + value] += density[score] * chance;
        }
      }
    }
    contexts = next;
  }
  const density = new Float64Array(size);
  for (const part of contexts)
    for (let score = 0; score < part.length; score++) density[score] += part[score];
  return density;
}

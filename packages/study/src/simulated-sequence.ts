import type { Random } from "@bindscape/numerics";

/**
 * How often each base follows A, C, G and T: dinucleotide shares of the budding yeast genome, rounded, so that
 * runs of A and T are as common and CG as rare as in a real small genome.
 */
const followers: readonly (readonly number[])[] = [
  [0.35, 0.17, 0.19, 0.29],
  [0.34, 0.2, 0.15, 0.31],
  [0.32, 0.2, 0.2, 0.28],
  [0.24, 0.2, 0.21, 0.35],
];

/** A random sequence as base codes: a first-order Markov chain. */
export function drawSequence(length: number, random: Random): Uint8Array {
  const limits = followers.map((row) => {
    let sum = 0;
    return row.map((share) => {
      sum += share;
      return sum;
    });
  });
  const codes = new Uint8Array(length);
  let previous = random.integer(4);
  for (let i = 0; i < length; i++) {
    const row = limits[previous];
    const value = random.uniform();
    previous = value < row[0] ? 0 : value < row[1] ? 1 : value < row[2] ? 2 : 3;
    codes[i] = previous;
  }
  return codes;
}

/** IUPAC's letters for sets of bases, by the set's bits: A 1, C 2, G 4, T 8 (Cornish-Bowden 1985). */
const LETTERS = "-ACMGRSVTWYHKDBN";

/** The bases that an IUPAC letter stands for, in either case, U as T; null for anything else. */
export function basesOf(letter: string): string | null {
  const bits = LETTERS.indexOf(letter.toUpperCase().replace("U", "T"));
  return letter.length !== 1 || bits < 1
    ? null
    : [..."ACGT"].filter((_, base) => bits & (1 << base)).join("");
}

/**
 * One letter for a position (Cavener 1987): a base above a half that is more than twice the second; else two bases that
 * make more than three quarters; else three where the fourth never occurs; else N.
 * @param probabilities of A, C, G, T
 */
export function iupacOf(probabilities: ArrayLike<number>): string {
  const order = [0, 1, 2, 3].sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second, third, last] = order.map((base) => probabilities[base]);
  const count =
    first > 0.5 && first > 2 * second ? 1 : first + second > 0.75 ? 2 : third > 0 && last === 0 ? 3 : 4;
  return LETTERS[order.slice(0, count).reduce((bits, base) => bits | (1 << base), 0)];
}

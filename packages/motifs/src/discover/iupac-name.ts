import { type Alphabet, DNA } from "../alphabet.js";
import { iupacOf } from "../iupac.js";

/** Letters at least this share of the position's most probable one are named. */
const NAMED_SHARE = 0.5;

/**
 * A motif as one letter a position, as MEME and STREME name theirs: the IUPAC letter of the bases that have at least
 * half the probability of the best one. In other alphabets the best letter, N where more than one is named.
 */
export function consensusName(probabilities: Float64Array, alphabet: Alphabet): string {
  const size = alphabet.letters.length;
  let name = "";
  for (let at = 0; at < probabilities.length; at += size) {
    const row = probabilities.subarray(at, at + size);
    const least = NAMED_SHARE * Math.max(...row);
    const named = Array.from(row, (p) => (p >= least ? 1 : 0));
    const count = named.reduce<number>((sum, value) => sum + value, 0);
    if (alphabet.letters === DNA.letters) name += iupacOfSet(named);
    else name += count === 1 ? alphabet.letters[named.indexOf(1)] : "N";
  }
  return name;
}

function iupacOfSet(named: readonly number[]): string {
  const count = named.reduce((sum, value) => sum + value, 0);
  return iupacOf(named.map((value) => value / count));
}

import { BindscapeError } from "@bindscape/numerics";

/** A position frequency matrix of a binding site, as probabilities. */
export interface Motif {
  /** The first word of the motif's header. */
  readonly id: string;
  /** The factor or alternative name; the id where the file gives no other. */
  readonly name: string;
  /** length x 4, row-major, columns A, C, G, T; each row sums to 1. */
  readonly probabilities: Float64Array;
  /** Width in bp. */
  readonly length: number;
  /** How many sites the motif was made from, where the file says so. */
  readonly sites?: number;
  /** length x 4, as the file has them, where it has counts: rows need not sum to the same. */
  readonly counts?: Float64Array;
  /** The E-value that the motif's finder gave it. */
  readonly eValue?: number;
  /** A web page about the motif. */
  readonly url?: string;
  /**
   * What else the file says of the motif, under the file format's own keys ("DE" in TRANSFAC, "Species" in CIS-BP),
   * in the file's order: written back to a file of the same format.
   */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Four background probabilities, A, C, G, T. */
export type Background = ArrayLike<number>;

export const UNIFORM_BACKGROUND: Background = Object.freeze([0.25, 0.25, 0.25, 0.25]);

/** What {@link logOddsMatrix} may be told. */
export interface LogOddsOptions {
  /** A, C, G, T; each above 0, summing to 1; a quarter each when left out. */
  readonly background?: Background;
  /** Weight of the background mixed into each row, as a share of the row's weight of 1; 0.001 when left out. */
  readonly pseudocount?: number;
}

/**
 * Log-odds in bits, length x 4, row-major: log2(q / background), where q = (p + pseudocount x background) /
 * (1 + pseudocount). A base never seen then scores log2(0.001 / 1.001) = -9.97 bits by default; with a
 * pseudocount of 0 it scores -Infinity.
 *
 * @throws BindscapeError when the background or the pseudocount is not usable
 */
export function logOddsMatrix(motif: Motif, options: LogOddsOptions = {}): Float64Array {
  const { background = UNIFORM_BACKGROUND, pseudocount = 0.001 } = options;
  checkBackground(background);
  if (!(pseudocount >= 0 && Number.isFinite(pseudocount))) {
    throw new BindscapeError({
      source: "log-odds",
      found: `pseudocount ${pseudocount}`,
      expected: "a finite number, at least 0",
    });
  }
  return motif.probabilities.map((probability, i) => {
    const expected = background[i % 4];
    return Math.log2((probability + pseudocount * expected) / (1 + pseudocount) / expected);
  });
}

/**
 * The information of each position in bits: sum_b p_b log2(p_b / background_b), from 0 to 2 with the uniform
 * background (Schneider and Stephens 1990, without the small-sample correction).
 */
export function informationContent(motif: Motif, background: Background = UNIFORM_BACKGROUND): Float64Array {
  checkBackground(background);
  const bits = new Float64Array(motif.length);
  for (const [i, probability] of motif.probabilities.entries()) {
    if (probability > 0) bits[i >> 2] += probability * Math.log2(probability / background[i & 3]);
  }
  // Rounding can leave a background-like row a hair below zero.
  return bits.map((value) => Math.max(0, value));
}

/** The sum of {@link informationContent} over the motif, in bits. */
export function totalInformation(motif: Motif, background: Background = UNIFORM_BACKGROUND): number {
  return informationContent(motif, background).reduce((sum, bits) => sum + bits, 0);
}

/** The same sites read from the other strand. */
export function reverseComplementMotif(motif: Motif): Motif {
  // A,C,G,T backwards is T,G,C,A: reversing the whole row-major matrix reverses and complements at once.
  const { probabilities, counts } = motif;
  return {
    ...motif,
    probabilities: probabilities.slice().reverse(),
    ...(counts === undefined ? {} : { counts: counts.slice().reverse() }),
  };
}

/** The most probable base of each position; N where no base reaches `least`. */
export function consensus(motif: Motif, least = 0.5): string {
  let text = "";
  for (let position = 0; position < motif.length; position++) {
    const row = motif.probabilities.subarray(position * 4, position * 4 + 4);
    const highest = Math.max(...row);
    text += highest >= least ? "ACGT"[row.indexOf(highest)] : "N";
  }
  return text;
}

/** Refuses what is no background. */
export function checkBackground(background: Background): void {
  const values = Array.from(background);
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.length !== 4 || !values.every((value) => value > 0) || !(Math.abs(sum - 1) < 1e-3)) {
    throw new BindscapeError({
      source: "background",
      found: `[${values.join(", ")}]`,
      expected: "four probabilities above 0 (A, C, G, T) that sum to 1",
    });
  }
}

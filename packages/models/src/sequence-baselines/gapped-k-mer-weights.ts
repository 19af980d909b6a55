import { BindscapeError } from "@bindscape/numerics";

/**
 * What the kernel counts. "gapped": gapped k-mers, l letters of which k are looked at (gkm-SVM's h[m]). "estimated":
 * counts of l-mers estimated from those of gapped k-mers (the full filter); "truncated": the same, its weights set to
 * 0 from the first on that is not positive, so that no count is negative (gkm-SVM's and LS-GKM's default).
 */
export type GappedKMerFilter = "gapped" | "estimated" | "truncated";

export const GAPPED_KMER_FILTERS: readonly GappedKMerFilter[] = ["truncated", "estimated", "gapped"];

/** Beyond, the neighbours of a word are more than the words that occur. */
const MOST_MISMATCHES = 6;

export interface GappedKMerWords {
  /** Letters of a word, l: 2 to 12. */
  readonly wordLength: number;
  /** Letters of it that are looked at, k. */
  readonly informative: number;
  /** Pairs of words that differ in more places are left out (gkm-SVM's d). */
  readonly mostMismatches: number;
  readonly filter: GappedKMerFilter;
}

/**
 * What a pair of l-mers adds to the kernel by the number of places they differ in, from 0 to `mostMismatches`:
 * K(x, y) = sum over words u of x and v of y of weights[differences(u, v)].
 *
 * Source: Ghandi, Lee, Mohammad-Noori and Beer 2014, "Enhanced regulatory sequence prediction using gapped k-mer
 * features", PLoS Computational Biology 10:e1003711. Gapped k-mers: C(l - m, k). For estimated counts, the least-norm
 * estimate of l-mer counts from gapped k-mer counts (Ghandi, Mohammad-Noori and Beer 2014, J. Math. Biol. 69:469) is
 * the projection onto functions of at most k of the l places, with kernel g(m) = 4^-l sum over j <= k of the
 * Krawtchouk polynomial K_j(m); the product of two estimates is g convolved with itself over all l-mers.
 *
 * @throws BindscapeError for parts out of range
 */
export function gappedKMerWeights(words: GappedKMerWords): Float64Array {
  checkWords(words);
  const { wordLength: l, informative: k, mostMismatches, filter } = words;
  if (filter === "gapped")
    return Float64Array.from({ length: mostMismatches + 1 }, (_, m) => binomial(l - m, k));
  const estimate = new Float64Array(l + 1);
  for (let m = 0; m <= l; m++) {
    for (let j = 0; j <= k; j++) estimate[m] += krawtchouk(l, j, m);
    estimate[m] /= 4 ** l;
  }
  if (filter === "truncated") {
    // Past rounding: the estimate is a whole number over 4^l, exact in doubles for these lengths.
    const end = estimate.findIndex((value) => value <= 0);
    if (end >= 0) estimate.fill(0, end);
  }
  const spectrum = wordSpectrum(estimate, l);
  const weights = new Float64Array(mostMismatches + 1);
  for (let m = 0; m <= mostMismatches; m++) {
    for (let j = 0; j <= l; j++) weights[m] += spectrum[j] ** 2 * krawtchouk(l, j, m);
    weights[m] /= 4 ** l;
  }
  return weights;
}

/**
 * Eigenvalues of the matrix over all l-mers whose entry depends on the number of differences alone, by the number of
 * places the eigenfunction depends on: sum over m of weights[m] K_m(j).
 */
export function wordSpectrum(weights: ArrayLike<number>, wordLength: number): Float64Array {
  const spectrum = new Float64Array(wordLength + 1);
  for (let j = 0; j <= wordLength; j++)
    for (let m = 0; m < weights.length; m++) spectrum[j] += weights[m] * krawtchouk(wordLength, m, j);
  return spectrum;
}

/** Krawtchouk polynomial K_j(m) of words of `length` letters over an alphabet of 4. */
function krawtchouk(length: number, j: number, m: number): number {
  let sum = 0;
  for (let s = Math.max(0, j - (length - m)); s <= Math.min(j, m); s++)
    sum += (s % 2 === 0 ? 1 : -1) * 3 ** (j - s) * binomial(m, s) * binomial(length - m, j - s);
  return sum;
}

function binomial(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return Math.round(value);
}

function checkWords({ wordLength, informative, mostMismatches }: GappedKMerWords): void {
  const check = (source: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    throw new BindscapeError({
      source,
      found: `${value}`,
      expected: `a whole number from ${least} to ${most}`,
    });
  };
  check("word length l", wordLength, 2, 12);
  check("informative letters k", informative, 1, wordLength);
  check("mismatches d", mostMismatches, 0, Math.min(wordLength, MOST_MISMATCHES));
}

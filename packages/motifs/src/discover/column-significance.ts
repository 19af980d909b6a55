import { logFactorialTable } from "@bindscape/numerics";

/** Columns of at most this many letters have their distribution enumerated; longer ones are carried on from there. */
const ENUMERATED_COUNT = 100;
const BINS = 8192;

/**
 * How improbable a column of an alignment is by chance: the exact distribution of its log-likelihood ratio
 * sum_a k_a ln(k_a / (n f_a)) when n letters are drawn from frequencies f, by enumeration of all counts
 * (the p-values of Hertz and Stormo 1999). Above 100 letters the tail is that of chi-square with 3 degrees of freedom, which
 * differs from the exact one by a factor of the ratio per letter alone (large deviations: Hoeffding 1965); the
 * factor is taken at 100 letters. (Towards columns of one letter alone the tail so comes out larger, by up to the root
 * of a hundredth of the count.)
 */
export class ColumnSignificance {
  readonly #frequencies: Float64Array;
  readonly #tails = new Map<number, { readonly logTails: Float64Array; readonly width: number }>();

  /** @param frequencies of A, C, G, T */
  constructor(frequencies: ArrayLike<number>) {
    this.#frequencies = Float64Array.from(frequencies);
  }

  /** The log-likelihood ratio of a column's counts, in nats. */
  ratio(counts: ArrayLike<number>, total: number): number {
    let sum = 0;
    for (let letter = 0; letter < 4; letter++) {
      const count = counts[letter];
      if (count > 0) sum += count * Math.log(count / (total * this.#frequencies[letter]));
    }
    return Math.max(0, sum);
  }

  /** ln of the probability that `total` random letters have a ratio of at least `ratio` nats. */
  logP(ratio: number, total: number): number {
    if (total <= ENUMERATED_COUNT) return this.#enumerated(ratio, total);
    const same = (ratio / total) * ENUMERATED_COUNT;
    return logChiSquareTail(ratio) + this.#enumerated(same, ENUMERATED_COUNT) - logChiSquareTail(same);
  }

  #enumerated(ratio: number, total: number): number {
    let tails = this.#tails.get(total);
    if (tails === undefined) {
      tails = this.#enumerate(total);
      this.#tails.set(total, tails);
    }
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(ratio / tails.width - 1e-6)));
    return tails.logTails[bin];
  }

  #enumerate(n: number): { logTails: Float64Array; width: number } {
    const f = this.#frequencies;
    const factorials = logFactorialTable(n);
    // For each letter and count: its part of the ratio, and of the multinomial's logarithm.
    const ratios = Array.from(f, (frequency) =>
      Float64Array.from({ length: n + 1 }, (_, k) => (k === 0 ? 0 : k * Math.log(k / (n * frequency)))),
    );
    const logs = Array.from(f, (frequency) =>
      Float64Array.from({ length: n + 1 }, (_, k) => k * Math.log(frequency) - factorials[k]),
    );
    const width = (n * Math.log(1 / Math.min(...f)) * (1 + 1e-9)) / (BINS - 1);
    const logMasses = new Float64Array(BINS).fill(Number.NEGATIVE_INFINITY);
    const peaks = new Float64Array(BINS).fill(Number.NEGATIVE_INFINITY);
    const sums = new Float64Array(BINS);
    for (let a = 0; a <= n; a++) {
      for (let c = 0; c <= n - a; c++) {
        const ratioAC = ratios[0][a] + ratios[1][c];
        const logAC = logs[0][a] + logs[1][c] + factorials[n];
        for (let g = 0; g <= n - a - c; g++) {
          const t = n - a - c - g;
          const bin = Math.max(0, Math.floor((ratioAC + ratios[2][g] + ratios[3][t]) / width + 1e-6));
          const log = logAC + logs[2][g] + logs[3][t];
          // A running sum relative to the largest term, since the terms span hundreds of orders of magnitude.
          if (log <= peaks[bin]) sums[bin] += Math.exp(log - peaks[bin]);
          else {
            sums[bin] = sums[bin] * Math.exp(peaks[bin] - log) + 1;
            peaks[bin] = log;
          }
        }
      }
    }
    for (let bin = 0; bin < BINS; bin++) if (sums[bin] > 0) logMasses[bin] = peaks[bin] + Math.log(sums[bin]);
    const logTails = new Float64Array(BINS);
    let tail = Number.NEGATIVE_INFINITY;
    for (let bin = BINS - 1; bin >= 0; bin--) {
      tail = addLogs(tail, logMasses[bin]);
      logTails[bin] = Math.min(0, tail);
    }
    return { logTails, width };
  }
}

/** ln of the probability that the product of `count` independent uniform p-values is at most exp(logProduct). */
export function logProductTail(logProduct: number, count: number): number {
  const x = -logProduct;
  if (x <= 0) return 0;
  // exp(-x) times the first terms of exp(x): the tail of an Erlang distribution.
  let logTerm = 0;
  let logSum = 0;
  for (let i = 1; i < count; i++) {
    logTerm += Math.log(x / i);
    logSum = addLogs(logSum, logTerm);
  }
  return Math.min(0, logSum - x);
}

/** ln P(chi-square with 3 degrees of freedom >= 2 x): erfc(sqrt(x)) + 2 sqrt(x / pi) exp(-x), by its parts. */
function logChiSquareTail(x: number): number {
  if (x <= 0) return 0;
  const root = Math.sqrt(x);
  return addLogs(logErfc(root), Math.log(2 * root) - 0.5 * Math.log(Math.PI) - x);
}

/** ln erfc(x) for x >= 0, by the continued fraction (Abramowitz and Stegun 7.1.14) or the series near 0. */
function logErfc(x: number): number {
  if (x < 1) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 40; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return Math.log1p((-2 / Math.sqrt(Math.PI)) * sum);
  }
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return -x * x - 0.5 * Math.log(Math.PI) - Math.log(x + fraction);
}

export function addLogs(a: number, b: number): number {
  if (a < b) return addLogs(b, a);
  return b === Number.NEGATIVE_INFINITY ? a : a + Math.log1p(Math.exp(b - a));
}

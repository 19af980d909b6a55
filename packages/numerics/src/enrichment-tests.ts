import { BindscapeError } from "./error.js";

/** Terms of a tail below this share of its sum so far are left out. */
const NEGLIGIBLE = 1e-17;

let factorials = new Float64Array([0, 0]);

/** ln n!, exactly summed; tables grow as they are needed. `n` is a whole number of at least 0. */
export function logFactorial(n: number): number {
  if (n >= factorials.length) logFactorialTable(n);
  return factorials[n];
}

/**
 * ln k! for k = 0 .. at least `n`, for inner loops; not to be written to.
 * @throws BindscapeError for what is no whole number from 0 to 2^27
 */
export function logFactorialTable(n: number): Float64Array {
  if (!(Number.isInteger(n) && n >= 0 && n <= 1 << 27)) {
    throw new BindscapeError({
      source: "logFactorial",
      found: `${n}`,
      expected: "a whole number from 0 to 2^27",
    });
  }
  if (n < factorials.length) return factorials;
  const table = new Float64Array(Math.max(1024, n + 1, Math.ceil(factorials.length * 1.5)));
  table.set(factorials);
  // Compensated (Kahan), so that the error stays at one rounding of the sum.
  let sum = factorials[factorials.length - 1];
  let lost = 0;
  for (let k = factorials.length; k < table.length; k++) {
    const term = Math.log(k) - lost;
    const next = sum + term;
    lost = next - sum - term;
    sum = next;
    table[k] = sum;
  }
  factorials = table;
  return table;
}

/**
 * Fisher's exact test, one-sided: ln of the probability that, of `hits` + `controlHits` marked items among
 * `total` + `controlTotal`, at least `hits` fall among the `total` (hypergeometric upper tail).
 *
 * @throws BindscapeError for counts that are not whole numbers with 0 <= hits <= total
 */
export function logFisherEnrichment(
  hits: number,
  total: number,
  controlHits: number,
  controlTotal: number,
): number {
  checkCounts("Fisher's test", hits, total);
  checkCounts("Fisher's test", controlHits, controlTotal);
  if (hits === 0 || controlTotal === 0) return 0;
  const marked = hits + controlHits;
  const all = total + controlTotal;
  const logTerm = logHypergeometric(hits, total, controlHits, controlTotal);
  if (hits * all > total * marked) {
    // Above the mean each further term is smaller than the last.
    let sum = 1;
    let term = 1;
    for (let k = hits; k < Math.min(total, marked); k++) {
      term *= ((total - k) / (k + 1)) * ((marked - k) / (controlTotal - marked + k + 1));
      sum += term;
      if (term < NEGLIGIBLE * sum) break;
    }
    return Math.min(0, logTerm + Math.log(sum));
  }
  // At or below the mean: one minus the lower tail, whose terms shrink downwards.
  let sum = 0;
  let term = 1;
  for (let k = hits; k > Math.max(0, marked - controlTotal); k--) {
    term *= (k / (total - k + 1)) * ((controlTotal - marked + k) / (marked - k + 1));
    sum += term;
    if (term < NEGLIGIBLE * sum) break;
  }
  return Math.log1p(-Math.min(1, sum * Math.exp(logTerm)));
}

/** ln of the hypergeometric probability of exactly these counts: a lower bound of {@link logFisherEnrichment}. */
export function logHypergeometric(
  hits: number,
  total: number,
  controlHits: number,
  controlTotal: number,
): number {
  const all = total + controlTotal;
  const marked = hits + controlHits;
  const f = logFactorialTable(all);
  return (
    f[total] -
    f[hits] -
    f[total - hits] +
    f[controlTotal] -
    f[controlHits] -
    f[controlTotal - controlHits] -
    (f[all] - f[marked] - f[all - marked])
  );
}

/**
 * Binomial test, one-sided: ln of the probability of at least `hits` successes in `trials` of probability `p`.
 *
 * @throws BindscapeError for counts out of range or a `p` that is no probability
 */
export function logBinomialTail(hits: number, trials: number, p: number): number {
  checkCounts("binomial test", hits, trials);
  if (!(p >= 0 && p <= 1)) {
    throw new BindscapeError({ source: "binomial test", found: `probability ${p}`, expected: "0 to 1" });
  }
  if (hits === 0 || p === 1) return 0;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  const f = logFactorialTable(trials);
  const logTerm =
    f[trials] - f[hits] - f[trials - hits] + hits * Math.log(p) + (trials - hits) * Math.log1p(-p);
  const odds = p / (1 - p);
  if (hits > trials * p) {
    let sum = 1;
    let term = 1;
    for (let k = hits; k < trials; k++) {
      term *= ((trials - k) / (k + 1)) * odds;
      sum += term;
      if (term < NEGLIGIBLE * sum) break;
    }
    return Math.min(0, logTerm + Math.log(sum));
  }
  let sum = 0;
  let term = 1;
  for (let k = hits; k > 0; k--) {
    term *= k / (trials - k + 1) / odds;
    sum += term;
    if (term < NEGLIGIBLE * sum) break;
  }
  return Math.log1p(-Math.min(1, sum * Math.exp(logTerm)));
}

function checkCounts(source: string, hits: number, total: number): void {
  if (Number.isInteger(hits) && Number.isInteger(total) && hits >= 0 && hits <= total) return;
  throw new BindscapeError({
    source,
    found: `${hits} of ${total}`,
    expected: "whole numbers, at least 0, the first not above the second",
  });
}

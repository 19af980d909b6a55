import { BindscapeError } from "./error.js";
import { normalTail } from "./normal-tail.js";
import { midRanks } from "./ranks.js";

/** What {@link testMannWhitney} finds. */
export interface MannWhitneyTest {
  /** Pairs in which the first group's value is the larger, ties counting one half. */
  readonly u: number;
  /** u over the number of pairs: the probability that a value of the first group is the larger (auROC). */
  readonly share: number;
  /** Two-sided. */
  readonly pValue: number;
  /** Whether the p-value is that of the exact distribution, or of the normal one that comes near it. */
  readonly isExact: boolean;
}

/** Groups up to this size, together with no ties, get the exact distribution. */
const LARGEST_EXACT = 50;

/**
 * The Mann-Whitney U test (Wilcoxon's rank sum test), two-sided: exact for groups of at most 50 values without ties,
 * else by the normal approximation with correction for ties and continuity (Hollander, Wolfe and Chicken, 3rd edition,
 * section 4.1). Where all values are equal the p-value is 1.
 *
 * @throws BindscapeError for an empty group or a value that is not a number
 */
export function testMannWhitney(first: ArrayLike<number>, second: ArrayLike<number>): MannWhitneyTest {
  const n = first.length;
  const m = second.length;
  if (n === 0 || m === 0)
    throw new BindscapeError({
      source: "Mann-Whitney test",
      found: `groups of ${n} and ${m} values`,
      expected: "at least one value in each",
    });
  const values = new Float64Array(n + m);
  for (let i = 0; i < n; i++) values[i] = first[i];
  for (let j = 0; j < m; j++) values[n + j] = second[j];
  const ranks = midRanks(values);
  let rankSum = 0;
  for (let i = 0; i < n; i++) rankSum += ranks[i];
  const u = rankSum - (n * (n + 1)) / 2;
  const ties = tieTerm(ranks);
  const isExact = ties === 0 && Math.max(n, m) <= LARGEST_EXACT;
  const larger = Math.max(u, n * m - u);
  const pValue = isExact ? exactTwoSided(larger, n, m) : approximateTwoSided(larger, n, m, ties);
  return { u, share: u / (n * m), pValue, isExact };
}

/** sum of t^3 - t over groups of t equal values. */
function tieTerm(ranks: Float64Array): number {
  const sorted = ranks.slice().sort();
  let sum = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    const size = to - from;
    sum += size ** 3 - size;
    from = to;
  }
  return sum;
}

function approximateTwoSided(larger: number, n: number, m: number, ties: number): number {
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const z = (larger - (n * m) / 2 - 0.5) / Math.sqrt(variance);
  return Math.min(1, 2 * normalTail(z));
}

/** Twice P(U >= larger), at most 1: shares of the orders of n and m values by their U, built up value by value. */
function exactTwoSided(larger: number, n: number, m: number): number {
  // shares[i][u]: of the orders of i values of one group among j of the other, those with this U.
  let shares: Float64Array[] = Array.from({ length: n + 1 }, () => Float64Array.of(1));
  for (let j = 1; j <= m; j++) {
    const next: Float64Array[] = [Float64Array.of(1)];
    for (let i = 1; i <= n; i++) {
      // The largest value is one of the first group, above all j of the other, or one of the second.
      const grown = new Float64Array(i * j + 1);
      const ofFirst = i / (i + j);
      next[i - 1].forEach((share, u) => {
        grown[u + j] += ofFirst * share;
      });
      shares[i].forEach((share, u) => {
        grown[u] += (1 - ofFirst) * share;
      });
      next.push(grown);
    }
    shares = next;
  }
  let tail = 0;
  for (let u = shares[n].length - 1; u >= larger; u--) tail += shares[n][u];
  return Math.min(1, 2 * tail);
}

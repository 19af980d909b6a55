import {
  BindscapeError,
  NULL_SHARE_LAMBDAS,
  nullShareOfCounts,
  type ProgressListener,
} from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { type Alignments, type ComparerOptions, MotifComparer } from "./motif-comparer.js";

/** What {@link compare} may be told besides how motifs are compared. */
export interface CompareOptions extends ComparerOptions {
  /** Largest q-value (or E-value) of a match that is reported; 0.5 when left out. */
  readonly threshold?: number;
  /** What the threshold is on; "q-value" when left out. */
  readonly thresholdOn?: "q-value" | "E-value";
  readonly onProgress?: ProgressListener;
}

/** One target that a query resembles. */
export interface MotifMatch {
  /** Index among the queries, and among the targets. */
  readonly query: number;
  readonly target: number;
  /** How far the query is shifted to the right against the target as it is oriented: below 0 it overhangs on the left. */
  readonly offset: number;
  /** Aligned columns. */
  readonly overlap: number;
  /** Whether the target is aligned as its reverse complement. */
  readonly isReversed: boolean;
  /** Chance that a motif of unrelated columns and the target's width fits as well at its best offset. */
  readonly pValue: number;
  /** The p-value times the number of targets. */
  readonly eValue: number;
  /** Least false discovery rate at which the match is called, among all targets of the query. */
  readonly qValue: number;
}

/**
 * Compares each query with every target, as Tomtom does (Gupta et al. 2007; Tanaka et al. 2011), and returns the matches
 * within the threshold: queries in their order, for each the best match first.
 *
 * P-values rest on the columns of all targets together: below about 50 targets they are poor.
 *
 * @throws BindscapeError for options that cannot be used, or without queries or targets
 */
export function compare(
  queries: readonly Motif[],
  targets: readonly Motif[],
  options: CompareOptions = {},
): MotifMatch[] {
  const { threshold, thresholdOn } = checkCompareOptions(queries, options);
  const { onProgress } = options;
  const comparer = new MotifComparer(targets, options);
  const matches: MotifMatch[] = [];
  queries.forEach((motif, query) => {
    matches.push(...matchesWithin(query, comparer.align(motif), targets, threshold, thresholdOn));
    onProgress?.({ task: "comparing motifs", done: query + 1, total: queries.length, unit: "motifs" });
  });
  return matches;
}

/** The threshold that options mean; refuses one that is none, and no queries. */
export function checkCompareOptions(
  queries: readonly Motif[],
  { threshold = 0.5, thresholdOn = "q-value" }: CompareOptions,
): { threshold: number; thresholdOn: "q-value" | "E-value" } {
  if (queries.length === 0) {
    throw new BindscapeError({ source: "compare", found: "no query motifs", expected: "at least one" });
  }
  const isUsable = thresholdOn === "E-value" ? Number.isFinite(threshold) : threshold <= 1;
  if (threshold >= 0 && isUsable) return { threshold, thresholdOn };
  throw new BindscapeError({
    source: "compare",
    found: `a threshold of ${threshold} on the ${thresholdOn}`,
    expected: thresholdOn === "E-value" ? "a number of at least 0" : "a number from 0 to 1",
    next: thresholdOn === "q-value" && threshold > 1 ? "E-values may be above 1 (--evalue)" : undefined,
  });
}

/** The matches of one query that pass, best first; of equally good ones the longer overlap, then by id. */
export function matchesWithin(
  query: number,
  alignments: Alignments,
  targets: readonly Motif[],
  threshold: number,
  thresholdOn: "q-value" | "E-value",
): MotifMatch[] {
  const { pValues, allPValues } = alignments;
  const tests = allPValues.length;
  const share = nullShareOf(allPValues);
  const largest = thresholdOn === "q-value" ? largestWithin(allPValues, threshold, share) : 1;
  let count = 0;
  for (let i = 0; i < tests; i++) if (allPValues[i] <= largest) count++;
  const few = new Float64Array(count);
  count = 0;
  for (let i = 0; i < tests; i++) if (allPValues[i] <= largest) few[count++] = allPValues[i];
  const sorted = few.sort();
  const least = new Float64Array(sorted.length);
  for (let rank = sorted.length, value = 1; rank > 0; rank--) {
    value = Math.min(value, (sorted[rank - 1] * tests * share) / rank);
    least[rank - 1] = value;
  }
  const matches: MotifMatch[] = [];
  for (let target = 0; target < pValues.length; target++) {
    const pValue = pValues[target];
    const eValue = pValue * pValues.length;
    if (thresholdOn === "E-value" && eValue > threshold) continue;
    if (pValue > largest) continue;
    const qValue = least[lastAtMost(sorted, pValue)];
    if (thresholdOn === "q-value" && qValue > threshold) continue;
    matches.push({
      query,
      target,
      offset: alignments.offsets[target],
      overlap: alignments.overlaps[target],
      isReversed: alignments.isReversed[target] === 1,
      pValue,
      eValue,
      qValue,
    });
  }
  const byId = (a: MotifMatch, b: MotifMatch) => {
    const [first, second] = [targets[a.target].id, targets[b.target].id];
    return first === second ? a.target - b.target : first < second ? -1 : 1;
  };
  return matches.sort((a, b) => a.pValue - b.pValue || b.overlap - a.overlap || byId(a, b));
}

/**
 * A bound on p-values whose q-value is at most the threshold, as larger ones need no sorting: p x tests x share / rank has to be at
 * most the threshold for one of no smaller rank, and of ranks there are no more than p-values within the bound so far.
 */
function largestWithin(pValues: Float64Array, threshold: number, share: number): number {
  const tests = pValues.length;
  let largest = threshold / share;
  for (let count = tests; ; ) {
    let within = 0;
    for (let i = 0; i < tests; i++) if (pValues[i] <= largest) within++;
    // No more to gain, or little.
    if (within > 0.7 * count || within < 32) return largest;
    count = within;
    // More by far than rounding can amount to.
    largest = ((threshold * count) / (tests * share)) * (1 + 1e-9);
  }
}

/** Of null shares, between two numbers that no p-value lies beyond. */
const LAMBDAS = Float64Array.of(Number.NEGATIVE_INFINITY, ...NULL_SHARE_LAMBDAS, Number.POSITIVE_INFINITY);

/** {@link nullShareOfCounts} of p-values that are not sorted. */
function nullShareOf(pValues: Float64Array): number {
  const lambdas = LAMBDAS;
  const count = lambdas.length - 2;
  const atMost = new Float64Array(count + 2);
  // Lambdas are evenly spaced from 0: one product says which one it is, to rounding.
  const perUnit = count / lambdas[count];
  for (let i = 0; i < pValues.length; i++) {
    const value = pValues[i];
    let at = Math.max(0, Math.min(count, Math.ceil(value * perUnit) - 1));
    if (value <= lambdas[at]) at--;
    if (value > lambdas[at + 1]) at++;
    atMost[at]++;
  }
  for (let i = 1; i < count; i++) atMost[i] += atMost[i - 1];
  return nullShareOfCounts(atMost, pValues.length);
}

/** Index of the last of the sorted values that is at most the one given, which is among them. */
function lastAtMost(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

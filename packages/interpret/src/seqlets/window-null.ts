import { BindscapeError } from "@bindscape/numerics";

/** Chance of a window's score under no motif, as tails of either sign about a middle. */
export interface WindowNull {
  /** How the null came about, for the report. */
  readonly kind: "laplace" | "empirical";
  readonly middle: number;
  /** Expected share of all windows with a score of at least `score` (above the middle) by chance. */
  shareAbove(score: number): number;
  /** Expected share of all windows with a score of at most `score` (below the middle) by chance. */
  shareBelow(score: number): number;
}

/** Classes of the histogram whose fullest one is the middle, and the shares of a side its slope is fitted at. */
const CLASSES = 1000;
const SHARES = Array.from({ length: 18 }, (_, i) => (i + 1) * 0.05);

/**
 * A Laplace distribution fitted to window scores, each side its own (Shrikumar et al. 2018, "Technical note on
 * TF-MoDISco", arXiv 1811.00416, section 2): the middle is the mode, and each side falls off exponentially as fast as the
 * steepest of its quantiles up to 90 % says, since motifs can only make a tail heavier.
 * @param scores window scores, in any order
 */
export function fitLaplaceNull(scores: Float32Array): WindowNull {
  const sorted = scores.slice().sort();
  const middle = modeOf(sorted);
  const first = lowerBound(sorted, middle);
  const above = sorted.subarray(first);
  const below = sorted.subarray(0, first);
  const rateAbove = steepestRate(above.length, (rank) => above[rank] - middle);
  const rateBelow = steepestRate(below.length, (rank) => middle - below[below.length - 1 - rank]);
  const total = Math.max(1, sorted.length);
  return {
    kind: "laplace",
    middle,
    shareAbove: (score) => (above.length / total) * Math.exp(-rateAbove * Math.max(0, score - middle)),
    shareBelow: (score) => (below.length / total) * Math.exp(-rateBelow * Math.max(0, middle - score)),
  };
}

/**
 * The scores of windows known to hold no motif, such as those of shuffled sequences.
 * @throws BindscapeError for fewer than 1,000 of them
 */
export function empiricalNull(scores: Float32Array): WindowNull {
  if (scores.length < 1000) {
    throw new BindscapeError({
      source: "seqlets",
      found: `${scores.length} windows without motifs`,
      expected: "at least 1000, to tell what chance does",
      next: "Give attributions of more sequences, or leave the null to the Laplace fit",
    });
  }
  const sorted = scores.slice().sort();
  const count = sorted.length;
  // One more than counted: no score is known to be impossible.
  return {
    kind: "empirical",
    middle: sorted[count >> 1],
    shareAbove: (score) => (count - lowerBound(sorted, score) + 1) / (count + 1),
    shareBelow: (score) => (upperBound(sorted, score) + 1) / (count + 1),
  };
}

/** Middle of the fullest of equally wide classes between the 1st and the 99th percentile. */
function modeOf(sorted: Float32Array): number {
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))];
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))];
  if (!(high > low)) return low;
  const classes = Math.min(CLASSES, Math.max(10, Math.floor(sorted.length / 100)));
  const counts = new Uint32Array(classes);
  for (const score of sorted) {
    const index = Math.floor(((score - low) / (high - low)) * classes);
    if (index >= 0 && index < classes) counts[index]++;
  }
  return low + ((counts.indexOf(Math.max(...counts)) + 0.5) / classes) * (high - low);
}

/** Largest rate that a quantile of a side implies: -ln(1 - share) over its distance from the middle. */
function steepestRate(count: number, distanceAt: (rank: number) => number): number {
  let rate = 0;
  for (const share of SHARES) {
    const distance = count > 0 ? distanceAt(Math.min(count - 1, Math.floor(share * count))) : 0;
    if (distance > 0) rate = Math.max(rate, -Math.log1p(-share) / distance);
  }
  return rate;
}

/** First index of an ascending array whose value is at least, and above, a value. */
export function lowerBound(sorted: Float32Array, value: number): number {
  return bound(sorted, (found) => found < value);
}
export function upperBound(sorted: Float32Array, value: number): number {
  return bound(sorted, (found) => found <= value);
}

function bound(sorted: Float32Array, isBefore: (found: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

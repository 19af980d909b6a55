import { BindscapeError, sortOrder } from "@bindscape/numerics";
import { fitLaplaceNull, lowerBound, upperBound, type WindowNull } from "./window-null.js";

/** A stretch of a sequence that matters to the model. */
export interface Seqlet {
  /** Index of the sequence. */
  readonly sequence: number;
  /** First base, in the sequence; below 0 and beyond its end where a flank reaches over it. */
  readonly start: number;
  /** Sum of the contributions of its window, flanks left out. */
  readonly score: number;
}

export interface FindSeqletsOptions {
  /** bp summed to a window's score; default 21. */
  readonly window?: number;
  /** bp added on either side of a window; default 10. */
  readonly flank?: number;
  /** Largest false discovery rate of windows; default 0.05. */
  readonly fdr?: number;
  /** Least and largest share of windows that may pass; default 0.03 and 0.2. */
  readonly shares?: readonly [number, number];
  /** What windows score by chance; fitted to the scores themselves where absent. */
  readonly makeNull?: (windowScores: Float32Array) => WindowNull;
}

/** Seqlets of both signs and what was decided on the way. */
export interface FoundSeqlets {
  /** bp of every seqlet, flanks included. */
  readonly width: number;
  /** By decreasing size of their scores. */
  readonly positive: readonly Seqlet[];
  readonly negative: readonly Seqlet[];
  /** Scores beyond which windows pass; infinite where none does. */
  readonly thresholds: { readonly positive: number; readonly negative: number };
  /** Whether `shares` and not the false discovery rate set the thresholds. */
  readonly isByShare: boolean;
  readonly windows: number;
  readonly null: WindowNull;
}

/**
 * Stretches whose contributions sum to more than chance allows: window scores are compared with a null distribution at a
 * false discovery rate, and of each sequence the largest window is taken again and again, leaving out what overlaps the
 * ones taken by more than a flank.
 * @param scores contributions of positions, [count, length]
 * @throws BindscapeError for sequences shorter than a window and options out of range
 */
export function findSeqlets(
  scores: Float32Array,
  count: number,
  length: number,
  options: FindSeqletsOptions = {},
): FoundSeqlets {
  const { window = 21, flank = 10, fdr = 0.05, shares = [0.03, 0.2], makeNull = fitLaplaceNull } = options;
  checkOptions(length, window, flank, fdr, shares);
  const perSequence = length - window + 1;
  const sums = sumWindows(scores, count, length, window);
  const sorted = sums.slice().sort();
  const chance = makeNull(sums);
  const found = chooseThresholds(sorted, chance, fdr, shares);
  const pick = (isWanted: (score: number) => boolean) =>
    pickSeqlets(sums, count, perSequence, Math.floor(window / 2) + flank, flank, isWanted);
  return {
    width: window + 2 * flank,
    positive: pick((score) => score >= found.thresholds.positive),
    negative: pick((score) => score <= found.thresholds.negative),
    thresholds: found.thresholds,
    isByShare: found.isByShare,
    windows: sums.length,
    null: chance,
  };
}

/** Sums over every window of every sequence, [count, length - window + 1]. */
export function sumWindows(
  scores: Float32Array,
  count: number,
  length: number,
  window: number,
): Float32Array {
  const perSequence = length - window + 1;
  const sums = new Float32Array(count * perSequence);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let k = 0; k < length; k++) {
      sum += scores[i * length + k];
      if (k >= window) sum -= scores[i * length + k - window];
      if (k >= window - 1) sums[i * perSequence + k - window + 1] = sum;
    }
  }
  return sums;
}

function chooseThresholds(
  sorted: Float32Array,
  chance: WindowNull,
  fdr: number,
  shares: readonly [number, number],
): { thresholds: FoundSeqlets["thresholds"]; isByShare: boolean } {
  const count = sorted.length;
  let positive = Number.POSITIVE_INFINITY;
  // From the largest score down, so that the last to pass is the least one whose rate is low enough.
  for (let rank = count - 1; rank >= 0 && sorted[rank] > chance.middle; rank--) {
    if (rank > 0 && sorted[rank - 1] === sorted[rank]) continue;
    if (chance.shareAbove(sorted[rank]) * count <= fdr * (count - rank)) positive = sorted[rank];
  }
  let negative = Number.NEGATIVE_INFINITY;
  for (let rank = 0; rank < count && sorted[rank] < chance.middle; rank++) {
    if (rank + 1 < count && sorted[rank + 1] === sorted[rank]) continue;
    if (chance.shareBelow(sorted[rank]) * count <= fdr * (rank + 1)) negative = sorted[rank];
  }
  const passing = (count - lowerBound(sorted, positive) + upperBound(sorted, negative)) / count;
  if (passing >= shares[0] && passing <= shares[1])
    return { thresholds: { positive, negative }, isByShare: false };
  // Too few or too many: as large a share as may pass, by the size of scores alone.
  const sizes = sorted.map((score) => Math.abs(score - chance.middle)).sort();
  const wanted = passing < shares[0] ? shares[0] : shares[1];
  const least = sizes[Math.max(0, count - Math.max(1, Math.round(wanted * count)))];
  return {
    thresholds:
      least > 0
        ? { positive: chance.middle + least, negative: chance.middle - least }
        : { positive: Number.POSITIVE_INFINITY, negative: Number.NEGATIVE_INFINITY },
    isByShare: true,
  };
}

/** The largest window of each sequence, then the next that is `apart` or more from it, and so on. */
function pickSeqlets(
  sums: Float32Array,
  count: number,
  perSequence: number,
  apart: number,
  flank: number,
  isWanted: (score: number) => boolean,
): Seqlet[] {
  const seqlets: Seqlet[] = [];
  const isTaken = new Uint8Array(perSequence);
  for (let sequence = 0; sequence < count; sequence++) {
    const starts: number[] = [];
    for (let k = 0; k < perSequence; k++) if (isWanted(sums[sequence * perSequence + k])) starts.push(k);
    if (starts.length === 0) continue;
    const size = (k: number) => Math.abs(sums[sequence * perSequence + k]);
    starts.sort((a, b) => size(b) - size(a) || a - b);
    isTaken.fill(0);
    for (const k of starts) {
      if (isTaken[k]) continue;
      seqlets.push({ sequence, start: k - flank, score: sums[sequence * perSequence + k] });
      isTaken.fill(1, Math.max(0, k - apart), k + apart + 1);
    }
  }
  const order = sortOrder(
    Float64Array.from(seqlets, ({ score }) => -Math.abs(score)),
    "seqlet scores",
  );
  return Array.from(order, (index) => seqlets[index]);
}

function checkOptions(
  length: number,
  window: number,
  flank: number,
  fdr: number,
  [least, most]: readonly [number, number],
): void {
  const refuse = (found: string, expected: string, next?: string) => {
    throw new BindscapeError({ source: "seqlets", found, expected, next });
  };
  if (!Number.isInteger(window) || window < 3)
    refuse(`a window of ${window} bp`, "a whole number of at least 3");
  if (!Number.isInteger(flank) || flank < 0) refuse(`flanks of ${flank} bp`, "a whole number of at least 0");
  if (length < window) {
    refuse(`sequences of ${length} bp`, `at least a window, ${window} bp`, "Choose a smaller window");
  }
  if (!(fdr > 0 && fdr < 1)) refuse(`a false discovery rate of ${fdr}`, "a number between 0 and 1");
  if (!(least >= 0 && least <= most && most <= 1)) {
    refuse(`shares of windows from ${least} to ${most}`, "two numbers from 0 to 1, the lower first");
  }
}

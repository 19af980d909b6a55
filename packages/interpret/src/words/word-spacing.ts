import { logBinomialTail, regularisedGammaComplement } from "@bindscape/numerics";
import { isPalindrome } from "./enrich-words.js";
import {
  reverseComplementWord,
  visitWindows,
  type WordCounts,
  type WordSequences,
  wordText,
} from "./scan-words.js";

/** bp of a class of offsets, and of the period that phases are counted in (about a turn of the helix). */
export const OFFSET_CLASS = 10;
export const PERIOD = 10;
/** Expected count of a class of a chi-squared test at least; classes are joined until they have it. */
const LEAST_EXPECTED = 5;
/** Fewest top windows of a word, on both strands, that are tested. */
export const FEWEST_WINDOWS = 20;

/** Where a word's top windows stand to the core, and how they are turned. */
export interface WordSpacing {
  readonly word: string;
  /** Top windows that read the word on the core's strand, and on the other. */
  readonly forward: number;
  readonly reverse: number;
  /** Top windows before and behind the core. */
  readonly upstream: number;
  readonly downstream: number;
  /** By class of offsets, {@link SpacingProfile.firstOffset} on: windows of either strand. */
  readonly forwardCounts: Uint32Array;
  readonly reverseCounts: Uint32Array;
  /** p-values: as many forward as reverse (exact binomial, two-sided); null for palindromes. */
  readonly orientationP: number | null;
  /** As many before as behind the core, for the windows there are (exact binomial, two-sided). */
  readonly sideP: number;
  /** Offsets even over all windows there are (chi-squared). */
  readonly uniformP: number;
  /** Offsets as those of all top windows, of any word (chi-squared). */
  readonly profileP: number;
  /** Offsets modulo 10 bp even (chi-squared). */
  readonly phaseP: number;
}

/** Offsets of all windows and of all top windows from the core. */
export interface SpacingProfile {
  /** Offset of the first class: bp from the middle of the core to the middle of a window, on the core's strand. */
  readonly firstOffset: number;
  /** [classes]: windows, and top windows. */
  readonly available: Float64Array;
  readonly top: Float64Array;
}

/**
 * Spacing and orientation of words to the core motif: histograms of the offsets of their top windows, tested against
 * evenness. Words of fewer than 20 top windows on both strands together are left out.
 * @param words codes, as read on the core's strand
 */
export function measureSpacing(
  sequences: WordSequences & { readonly cores: Int32Array },
  counts: WordCounts,
  words: readonly number[],
): { profile: SpacingProfile; spacings: WordSpacing[] } {
  const { wordLength } = counts;
  const offsetOf = offsetFunction(sequences, wordLength);
  const reach = sequences.length;
  const firstOffset = -Math.ceil(reach / OFFSET_CLASS) * OFFSET_CLASS;
  const size = 2 * -firstOffset;
  const available = new Float64Array(size);
  visitWindows(sequences, wordLength, (_word, _score, sequence, start) => {
    available[offsetOf(sequence, start) - firstOffset]++;
  });
  const top = new Float64Array(size);
  const byWord = new Map<number, number[]>();
  for (const { sequence, start, word } of counts.topWindows) {
    const offset = offsetOf(sequence, start);
    top[offset - firstOffset]++;
    const known = byWord.get(word);
    if (known) known.push(offset);
    else byWord.set(word, [offset]);
  }
  const spacings = words.flatMap((word): WordSpacing[] => {
    const turned = isPalindrome(word, wordLength)
      ? []
      : (byWord.get(reverseComplementWord(word, wordLength)) ?? []);
    const forward = byWord.get(word) ?? [];
    if (forward.length + turned.length < FEWEST_WINDOWS) return [];
    return [testWord(word, wordLength, forward, turned, { firstOffset, available, top })];
  });
  return {
    profile: { firstOffset, available: inClasses(available), top: inClasses(top) },
    spacings,
  };
}

/** Whole bp from the middle of the core to the middle of a window, on the core's strand; halves are rounded up. */
function offsetFunction(
  { cores, strands }: WordSequences & { readonly cores: Int32Array },
  wordLength: number,
): (sequence: number, start: number) => number {
  return (sequence, start) => {
    const twice = 2 * start + wordLength - cores[2 * sequence] - cores[2 * sequence + 1];
    return Math.floor(((strands !== undefined && strands[sequence] < 0 ? -twice : twice) + 1) / 2);
  };
}

function testWord(
  word: number,
  wordLength: number,
  forward: readonly number[],
  reverse: readonly number[],
  { firstOffset, available, top }: SpacingProfile,
): WordSpacing {
  const size = available.length;
  const own = new Float64Array(size);
  const classes = (offsets: readonly number[]) => {
    const found = new Uint32Array(size / OFFSET_CLASS);
    for (const offset of offsets) found[Math.floor((offset - firstOffset) / OFFSET_CLASS)]++;
    return found;
  };
  for (const offset of [...forward, ...reverse]) own[offset - firstOffset]++;
  const sum = (values: Float64Array, first: number, end: number) =>
    values.subarray(first, end).reduce((total, value) => total + value, 0);
  const middle = -firstOffset;
  const [upstream, downstream] = [sum(own, 0, middle), sum(own, middle, size)];
  const before = sum(available, 0, middle);
  const shareBefore = before / (before + sum(available, middle, size));
  return {
    word: wordText(word, wordLength),
    forward: forward.length,
    reverse: reverse.length,
    upstream,
    downstream,
    forwardCounts: classes(forward),
    reverseCounts: classes(reverse),
    orientationP: isPalindrome(word, wordLength)
      ? null
      : binomialTwoSided(forward.length, forward.length + reverse.length, 0.5),
    sideP: binomialTwoSided(upstream, upstream + downstream, shareBefore),
    uniformP: chiSquaredP(inClasses(own), inClasses(available)),
    profileP: chiSquaredP(inClasses(own), inClasses(top)),
    phaseP: chiSquaredP(inPhases(own), inPhases(available)),
  };
}

function inClasses(values: Float64Array): Float64Array {
  const classes = new Float64Array(values.length / OFFSET_CLASS);
  values.forEach((value, i) => {
    classes[Math.floor(i / OFFSET_CLASS)] += value;
  });
  return classes;
}

function inPhases(values: Float64Array): Float64Array {
  const phases = new Float64Array(PERIOD);
  values.forEach((value, i) => {
    phases[i % PERIOD] += value;
  });
  return phases;
}

/** Twice the smaller tail of a binomial distribution, at most 1. */
export function binomialTwoSided(hits: number, trials: number, share: number): number {
  const upper = Math.exp(logBinomialTail(hits, trials, share));
  const lower = Math.exp(logBinomialTail(trials - hits, trials, 1 - share));
  return Math.min(1, 2 * Math.min(upper, lower));
}

/**
 * Pearson's chi-squared test of counts against shares: neighbouring classes are joined until each expects at least 5.
 * @param weights what expected counts are in proportion to
 * @returns 1 where fewer than two classes are left
 */
export function chiSquaredP(counts: Float64Array, weights: Float64Array): number {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const weight = weights.reduce((sum, value) => sum + value, 0);
  const joined: { count: number; expected: number }[] = [];
  let open = { count: 0, expected: 0 };
  counts.forEach((count, i) => {
    open = { count: open.count + count, expected: open.expected + (total * weights[i]) / weight };
    if (open.expected < LEAST_EXPECTED) return;
    joined.push(open);
    open = { count: 0, expected: 0 };
  });
  const last = joined.at(-1);
  if (last === undefined) return 1;
  last.count += open.count;
  last.expected += open.expected;
  if (joined.length < 2) return 1;
  const statistic = joined.reduce((sum, { count, expected }) => sum + (count - expected) ** 2 / expected, 0);
  return regularisedGammaComplement((joined.length - 1) / 2, statistic / 2);
}

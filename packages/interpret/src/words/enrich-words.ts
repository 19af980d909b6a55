import { logFisherEnrichment } from "@bindscape/numerics";
import { reverseComplementWord, type WordCounts, wordText } from "./scan-words.js";

/** How much more often a word is among the top windows than among the others. */
export interface WordEnrichment {
  readonly word: string;
  readonly code: number;
  /** Windows, and top windows, that are the word. */
  readonly occurrences: number;
  readonly top: number;
  /** Sample odds ratio of being a top window; Infinity where all of the word's windows are top ones. */
  readonly oddsRatio: number;
  /** log10 of the p-value of Fisher's exact test, one-sided. */
  readonly log10P: number;
  /** log10 of the p-value times the number of words tested (Bonferroni), at most 0. */
  readonly log10AdjustedP: number;
}

/**
 * One-sided Fisher exact test of every word that occurs: is it more often among the top windows than chance has it?
 * Words and their reverse complements are words of their own. Ordered by p-value, then odds ratio.
 */
export function enrichWords({ wordLength, windows, top, occurrences, tops }: WordCounts): WordEnrichment[] {
  const codes: number[] = [];
  occurrences.forEach((count, code) => {
    if (count > 0) codes.push(code);
  });
  return codes
    .map((code): WordEnrichment => {
      const [a, b] = [tops[code], occurrences[code] - tops[code]];
      const [c, d] = [top - a, windows - top - b];
      const log10P = logFisherEnrichment(a, a + b, c, c + d) / Math.LN10;
      return {
        word: wordText(code, wordLength),
        code,
        occurrences: a + b,
        top: a,
        // None of a kind on either side says nothing, as where all windows are this word.
        oddsRatio: a * d === 0 && b * c === 0 ? 1 : (a * d) / (b * c),
        log10P: Math.min(0, log10P),
        log10AdjustedP: Math.min(0, log10P + Math.log10(codes.length)),
      };
    })
    .sort((x, y) => x.log10P - y.log10P || y.oddsRatio - x.oddsRatio || x.code - y.code);
}

/** Whether a word is its own reverse complement. */
export function isPalindrome(code: number, wordLength: number): boolean {
  return reverseComplementWord(code, wordLength) === code;
}

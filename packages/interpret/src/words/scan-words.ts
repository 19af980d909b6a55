import { unknownBase } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { selectLargest } from "./select-largest.js";

/** Scored sequences with their core motifs. */
export interface WordSequences {
  /** File, for errors. */
  readonly source: string;
  readonly count: number;
  readonly length: number;
  /** [count, length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: Uint8Array;
  /** [count, length]: contribution of the base that is there. */
  readonly scores: Float32Array;
  /** [count, 2]: first base and end of each core; null to look at whole sequences. */
  readonly cores: Int32Array | null;
  /** [count]: 1 or -1; all words are read on the core's strand. All forward where absent. */
  readonly strands?: Int8Array;
}

export interface ScanWordsOptions {
  /** Letters of a word; default 5. */
  readonly wordLength?: number;
  /** Share of windows that is marked as top; default 0.01. */
  readonly topShare?: number;
}

/** A window among the top ones. */
export interface TopWindow {
  readonly sequence: number;
  /** First base in the sequence as stored. */
  readonly start: number;
  /** The word as read on the core's strand: see {@link wordText}. */
  readonly word: number;
}

/** Words of all windows outside cores, and of those that score highest. */
export interface WordCounts {
  readonly wordLength: number;
  /** Windows looked at, and how many of them are marked as top. */
  readonly windows: number;
  readonly top: number;
  /** Least score of a top window. */
  readonly threshold: number;
  /** [4^wordLength]: windows, and top windows, that are the word. */
  readonly occurrences: Uint32Array;
  readonly tops: Uint32Array;
  readonly topWindows: readonly TopWindow[];
}

/** Longest word: counts of all take 4^length numbers. */
export const LONGEST_WORD = 10;

/**
 * Counts the words of all windows of sequences, step 1 bp, that do not touch the core motif, and marks the share of
 * windows whose mean score is highest (Zheng et al. 2021, "K-mer enrichment analysis"). Words are read on the strand of
 * the core; windows with an unknown base are left out. Of windows with the score at which the share ends the first count.
 *
 * @throws BindscapeError for options out of range, and where no window is left
 */
export function scanWords(sequences: WordSequences, options: ScanWordsOptions = {}): WordCounts {
  const { wordLength = 5, topShare = 0.01 } = options;
  checkOptions(sequences, wordLength, topShare);
  let windows = 0;
  visitWindows(sequences, wordLength, () => windows++);
  if (windows === 0) {
    throw new BindscapeError({
      source: sequences.source,
      found: `no window of ${wordLength} bp outside the core motifs in ${sequences.count} sequences of ${sequences.length} bp`,
      expected: "sequences longer than their cores, of known bases",
    });
  }
  const scores = new Float32Array(windows);
  let at = 0;
  visitWindows(sequences, wordLength, (_word, score) => {
    scores[at++] = score;
  });
  const top = Math.max(1, Math.round(topShare * windows));
  const threshold = selectLargest(scores, top);
  let above = 0;
  for (const score of scores) if (score > threshold) above++;
  let ties = top - above;
  const size = 4 ** wordLength;
  const occurrences = new Uint32Array(size);
  const tops = new Uint32Array(size);
  const topWindows: TopWindow[] = [];
  visitWindows(sequences, wordLength, (word, score, sequence, start) => {
    occurrences[word]++;
    // Rounded as the scores above are, so that the same ones are found.
    const rounded = Math.fround(score);
    if (rounded < threshold || (rounded === threshold && ties-- <= 0)) return;
    tops[word]++;
    topWindows.push({ sequence, start, word });
  });
  return { wordLength, windows, top, threshold, occurrences, tops, topWindows };
}

/** Letters of a word. */
export function wordText(word: number, wordLength: number): string {
  let text = "";
  for (let i = wordLength - 1; i >= 0; i--) text += "ACGT"[(word >> (2 * i)) & 3];
  return text;
}

/** The word that the other strand reads. */
export function reverseComplementWord(word: number, wordLength: number): number {
  let turned = 0;
  for (let i = 0; i < wordLength; i++) turned = (turned << 2) | (3 - ((word >> (2 * i)) & 3));
  return turned;
}

/** Calls `visit` with word, mean score, sequence and start of every window of known bases outside cores. */
export function visitWindows(
  { count, length, codes, scores, cores, strands }: WordSequences,
  wordLength: number,
  visit: (word: number, score: number, sequence: number, start: number) => void,
): void {
  const mask = 4 ** wordLength - 1;
  const high = 2 * (wordLength - 1);
  for (let sequence = 0; sequence < count; sequence++) {
    const from = sequence * length;
    const coreStart = cores === null ? length : cores[2 * sequence];
    const coreEnd = cores === null ? length : cores[2 * sequence + 1];
    const isReversed = strands !== undefined && strands[sequence] < 0;
    let word = 0;
    let known = 0;
    for (let k = 0; k < length; k++) {
      const code = codes[from + k];
      if (code >= unknownBase) {
        known = 0;
        word = 0;
        continue;
      }
      known++;
      word = isReversed ? (word >> 2) | ((3 - code) << high) : ((word << 2) | code) & mask;
      const start = k - wordLength + 1;
      if (known < wordLength || (start < coreEnd && k >= coreStart)) continue;
      let sum = 0;
      for (let p = start; p <= k; p++) sum += scores[from + p];
      visit(word, sum / wordLength, sequence, start);
    }
  }
}

function checkOptions(sequences: WordSequences, wordLength: number, topShare: number): void {
  const { source, cores, count } = sequences;
  if (!(Number.isInteger(wordLength) && wordLength >= 1 && wordLength <= LONGEST_WORD)) {
    throw new BindscapeError({
      source: "words",
      found: `words of ${wordLength} letters`,
      expected: `a whole number from 1 to ${LONGEST_WORD}`,
    });
  }
  if (!(topShare > 0 && topShare < 1)) {
    throw new BindscapeError({
      source: "words",
      found: `a top share of ${topShare}`,
      expected: "a number above 0 and below 1",
    });
  }
  if (cores !== null && cores.length !== 2 * count) {
    throw new BindscapeError({
      source,
      found: `${cores.length / 2} cores of ${count} sequences`,
      expected: "one a sequence",
    });
  }
}

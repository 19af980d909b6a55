import { unknownBase } from "@bindscape/genome";
import type { Motif } from "@bindscape/motifs";
import { type WordCounts, type WordSequences, wordText } from "./scan-words.js";

/**
 * The bases around the top windows of words as motifs: a word of five letters is short for a comparison with known motifs,
 * what stands beside it where it matters to the model is not. Bases are read on the core's strand.
 * @param flank bp on either side of a word
 */
export function wordMotifs(
  sequences: WordSequences,
  counts: WordCounts,
  words: readonly number[],
  flank = 5,
): Motif[] {
  const { length, codes, strands } = sequences;
  const { wordLength, topWindows } = counts;
  const width = wordLength + 2 * flank;
  const index = new Map(words.map((word, i) => [word, i]));
  // A quarter of a site on each base, so that no position is certain of few windows.
  const sums = words.map(() => new Float64Array(width * 4).fill(0.25));
  const sites = new Uint32Array(words.length);
  for (const { sequence, start, word } of topWindows) {
    const i = index.get(word);
    if (i === undefined) continue;
    sites[i]++;
    const isReversed = strands !== undefined && strands[sequence] < 0;
    for (let p = 0; p < width; p++) {
      const k = start - flank + p;
      const code = k < 0 || k >= length ? unknownBase : codes[sequence * length + k];
      const row = (isReversed ? width - 1 - p : p) * 4;
      if (code < unknownBase) sums[i][row + (isReversed ? 3 - code : code)]++;
      else for (let base = 0; base < 4; base++) sums[i][row + base] += 0.25;
    }
  }
  return words.map((word, i) => {
    const id = wordText(word, wordLength);
    return {
      id,
      name: id,
      length: width,
      sites: sites[i],
      probabilities: sums[i].map((count) => count / (sites[i] + 1)),
    };
  });
}

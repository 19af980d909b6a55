import { BindscapeError } from "@bindscape/numerics";
import { logOddsMatrix, type Motif } from "../motif.js";

export interface KMerSetOptions {
  /** Length of the words in bp, 1 to 12; 8 when left out. */
  readonly k?: number;
  /** Least score of a word, as a share of the best word's, above 0 to 1; 0.8 when left out. */
  readonly share?: number;
}

/** A word that a motif would pick. */
export interface ScoredKMer {
  /** The word or its reverse complement, whichever comes first in the alphabet. */
  readonly word: string;
  /** Log-odds in bits of its best place in the motif. */
  readonly score: number;
}

/** Words are counted in memory. */
const MOST_WORDS = 2_000_000;

/**
 * The words of k bases that a motif picks, both strands being one: those whose log-odds (against even bases) over some
 * k positions of the motif reach a share of the best word's. Of a narrower motif all positions count, at any place in the
 * word. Found by branch and bound, so that only words near the motif are looked at.
 *
 * @returns best first
 * @throws BindscapeError for options that cannot be used
 */
export function kMerSet(motif: Motif, options: KMerSetOptions = {}): ScoredKMer[] {
  const { k = 8, share = 0.8 } = options;
  if (!(Number.isInteger(k) && k >= 1 && k <= 12 && share > 0 && share <= 1)) {
    throw new BindscapeError({
      source: "k-mer set",
      found: `words of ${k} bp with ${share} of the best score`,
      expected: "1 to 12 bp, and a share above 0 to 1",
    });
  }
  const found = new Map<string, number>();
  const windows = windowsOf(motif, k);
  const best = Math.max(...windows.map((window) => sumOfMaxima(window)));
  // A motif that prefers nothing picks no word.
  if (!(best > 0)) return [];
  for (const window of windows) collect(window, k, best * share - 1e-9, found);
  return [...found]
    .map(([word, score]) => ({ word, score }))
    .sort((a, b) => b.score - a.score || (a.word < b.word ? -1 : 1));
}

/** Log-odds of each k positions of the motif, or of the motif at each place among k positions. */
function windowsOf(motif: Motif, k: number): Float64Array[] {
  const matrix = logOddsMatrix(motif);
  const windows: Float64Array[] = [];
  for (let start = 0; start + k <= motif.length; start++) {
    windows.push(matrix.subarray(start * 4, (start + k) * 4));
  }
  for (let place = 0; place + motif.length < k; place++) windows.push(padded(matrix, place, k));
  if (motif.length < k) windows.push(padded(matrix, k - motif.length, k));
  return windows;
}

function padded(matrix: Float64Array, place: number, k: number): Float64Array {
  const window = new Float64Array(k * 4);
  window.set(matrix, place * 4);
  return window;
}

function sumOfMaxima(window: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < window.length; at += 4) sum += Math.max(...window.subarray(at, at + 4));
  return sum;
}

function collect(window: Float64Array, k: number, least: number, found: Map<string, number>): void {
  /** The most that positions from each one on can add. */
  const most = new Float64Array(k + 1);
  for (let i = k - 1; i >= 0; i--) most[i] = most[i + 1] + Math.max(...window.subarray(i * 4, i * 4 + 4));
  const extend = (word: string, score: number): void => {
    const at = word.length;
    if (score + most[at] < least) return;
    if (at === k) {
      const other = reverseComplement(word);
      const name = word < other ? word : other;
      const before = found.get(name);
      if (before === undefined || before < score) found.set(name, score);
      if (found.size > MOST_WORDS) {
        throw new BindscapeError({
          source: "k-mer set",
          found: `more than ${MOST_WORDS.toLocaleString("en-US")} words`,
          expected: "a narrower choice",
          next: "Ask for a higher share of the best score, or for shorter words",
        });
      }
      return;
    }
    for (let base = 0; base < 4; base++) extend(word + "ACGT"[base], score + window[at * 4 + base]);
  };
  extend("", 0);
}

function reverseComplement(word: string): string {
  let other = "";
  for (let i = word.length - 1; i >= 0; i--) other += "TGCA"["ACGT".indexOf(word[i])];
  return other;
}

import type { ScoreThreshold } from "./deficits.js";
import { reverseScoreMatrix } from "./score-matrix.js";
import { BLOCK_POSITIONS, isSimdSupported, makeSiteFilter, type SiteFilter } from "./site-filter.js";

/** Hears of a site: the motif's index, the 0-based position of its first letter on the forward strand, its strand and score. */
export type SiteListener = (motif: number, position: number, isReverse: boolean, score: number) => void;

export interface SiteScannerOptions {
  /** The reverse strand too; true when left out. */
  readonly bothStrands?: boolean;
  /** Whether to use vector instructions; where the machine has them when left out. Results do not depend on it. */
  readonly useSimd?: boolean;
}

/** Finds all sites of many motifs in sequence. Make one and use it for all sequences. */
export class SiteScanner {
  readonly #motifs: readonly { lowest: number; length: number; forward: Int32Array; reverse: Int32Array }[];
  readonly #filter: SiteFilter;
  readonly #bothStrands: boolean;

  constructor(motifs: readonly ScoreThreshold[], options: SiteScannerOptions = {}) {
    const { bothStrands = true, useSimd = isSimdSupported() } = options;
    this.#bothStrands = bothStrands;
    this.#filter = makeSiteFilter(motifs, useSimd);
    this.#motifs = motifs.map(({ matrix, lowest }) => ({
      // -1 is the score of what is no site.
      lowest: Math.max(0, lowest),
      length: matrix.length,
      forward: matrix.values,
      reverse: reverseScoreMatrix(matrix).values,
    }));
  }

  /**
   * Reports every site that scores its motif's lowest score or more and holds known letters only. Sites come in
   * stretches of {@link BLOCK_POSITIONS}; within one motif by motif, by position, the forward strand first.
   *
   * @param codes one byte a base, 0..3; anything above is unknown
   */
  scan(codes: Uint8Array, listener: SiteListener): void {
    const filter = this.#filter;
    const { found } = filter;
    for (let start = 0; start < codes.length; start += BLOCK_POSITIONS) {
      filter.load(codes, start, Math.min(BLOCK_POSITIONS, codes.length - start));
      for (let motif = 0; motif < this.#motifs.length; motif++) {
        const { lowest, length, forward, reverse } = this.#motifs[motif];
        const entries = 3 * filter.find(motif);
        for (let entry = 0; entry < entries; entry += 3) {
          const first = start + found[entry];
          const forwardBits = found[entry + 1];
          const reverseBits = this.#bothStrands ? found[entry + 2] : 0;
          for (let bits = forwardBits | reverseBits; bits !== 0; bits &= bits - 1) {
            const bit = 31 - Math.clz32(bits & -bits);
            const position = first + bit;
            if ((forwardBits >>> bit) & 1) {
              const score = scoreAt(codes, position, forward, length);
              if (score >= lowest) listener(motif, position, false, score);
            }
            if ((reverseBits >>> bit) & 1) {
              const score = scoreAt(codes, position, reverse, length);
              if (score >= lowest) listener(motif, position, true, score);
            }
          }
        }
      }
    }
  }
}

/** The whole-number score of a site; -1 where it runs off the sequence or holds an unknown letter. */
export function scoreAt(codes: Uint8Array, position: number, values: Int32Array, length: number): number {
  if (position + length > codes.length) return -1;
  let sum = 0;
  for (let column = 0; column < length; column++) {
    const code = codes[position + column];
    if (code > 3) return -1;
    sum += values[4 * column + code];
  }
  return sum;
}

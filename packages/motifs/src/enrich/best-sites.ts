import type { ScoreThreshold } from "../scan/deficits.js";
import { PieceCutter, type ScanPiece } from "../scan/pieces.js";
import { SiteScanner } from "../scan/site-scanner.js";

/** Motifs scanned for at a time: what is kept of one grows with the number of sequences. */
const MOTIFS_AT_A_TIME = 32;

/** The best site of one motif in each sequence. */
export interface BestSites {
  /** Whole-number score by sequence; -1 where no site scores the motif's lowest score. */
  readonly scores: Int32Array;
  /** 0-based starts of the sites with that score, by sequence; undefined where there is none. */
  readonly starts: readonly (readonly number[] | undefined)[];
}

/**
 * The best sites of motifs in sequences, motif by motif.
 */
export function* findBestSites(
  motifs: readonly ScoreThreshold[],
  sequences: readonly Uint8Array[],
  bothStrands = true,
): Generator<BestSites, void> {
  const cutter = new PieceCutter(Math.max(1, ...motifs.map(({ matrix }) => matrix.length)));
  const pieces: ScanPiece[] = [];
  for (const codes of sequences) pieces.push(...cutter.add(codes));
  pieces.push(...cutter.finish());
  for (let first = 0; first < motifs.length; first += MOTIFS_AT_A_TIME) {
    const some = motifs.slice(first, first + MOTIFS_AT_A_TIME);
    const scanner = new SiteScanner(some, { bothStrands });
    const best = some.map(() => ({
      scores: new Int32Array(sequences.length).fill(-1),
      starts: new Array<number[] | undefined>(sequences.length),
    }));
    for (const { codes, segments } of pieces) {
      let segment = 0;
      scanner.scan(codes, (motif, position, _isReverse, score) => {
        while (segment > 0 && position < segments[segment].offset) segment--;
        while (segment + 1 < segments.length && position >= segments[segment + 1].offset) segment++;
        const { sequence, start, offset, own } = segments[segment];
        if (position - offset >= own) return;
        const { scores, starts } = best[motif];
        if (score < scores[sequence]) return;
        if (score > scores[sequence]) {
          scores[sequence] = score;
          starts[sequence] = [];
        }
        starts[sequence]!.push(start + position - offset);
      });
    }
    yield* best;
  }
}

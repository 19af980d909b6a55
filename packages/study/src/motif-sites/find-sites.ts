import { unknownBase } from "@bindscape/genome";
import {
  backgroundOfLetters,
  bitsOfScore,
  type MarkovBackground,
  type Motif,
  planScan,
  SiteScanner,
} from "@bindscape/motifs";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import type { CellAccess } from "../cell-access.js";
import { takeTurn } from "../take-turn.js";

/** Instances of a motif on the genome, by segment and start; arrays of equal length. */
export interface MotifSites {
  readonly count: number;
  /** bp of every instance. */
  readonly width: number;
  readonly segmentIndices: Uint32Array;
  /** Chromosome coordinate of the first base. */
  readonly starts: Uint32Array;
  /** 1 on the reverse strand. */
  readonly isReverse: Uint8Array;
  readonly pValues: Float64Array;
  /** Log-odds in bits. */
  readonly scores: Float32Array;
}

export interface FindSitesOptions {
  /** p-value of an instance, at most; .0001 when left out, FIMO's default and the paper's. */
  readonly threshold?: number;
  /** Of scores and p-values; the genome's own base composition when left out, as in the reference. */
  readonly background?: MarkovBackground;
  /** Sites' worth of background added to the motif; .1 when left out. */
  readonly pseudocount?: number;
  /** Both strands at one place are one instance, on the better strand, the forward one of equals; true when left out. */
  readonly maxStrand?: boolean;
  /** Whether of instances that overlap the better alone is kept; false when left out: FIMO reports all. */
  readonly dropOverlapping?: boolean;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Bases read at a time. */
const PART = 1 << 22;

/** Base composition of the genome, both strands taken together, as a background. */
export async function countBackground(
  access: CellAccess,
  { onProgress, signal }: Pick<FindSitesOptions, "onProgress" | "signal"> = {},
): Promise<MarkovBackground> {
  const counts = new Float64Array(5);
  await forEachPart(access, 0, "counting bases", onProgress, signal, (codes) => {
    for (const code of codes) counts[code]++;
  });
  const total = counts[0] + counts[1] + counts[2] + counts[3];
  if (total === 0) {
    throw new BindscapeError({ source: "genome", found: "no known base", expected: "A, C, G and T" });
  }
  const weak = (counts[0] + counts[3]) / (2 * total);
  const strong = (counts[1] + counts[2]) / (2 * total);
  return backgroundOfLetters([weak, strong, strong, weak]);
}

/**
 * Finds all instances of a motif: FIMO's scores and p-values ({@link planScan}). An instance with an unknown base is
 * none.
 * @throws BindscapeError where the motif cannot reach the threshold, whatever the sequence
 */
export async function findMotifSites(
  access: CellAccess,
  motif: Motif,
  options: FindSitesOptions = {},
): Promise<MotifSites> {
  const { threshold = 1e-4, pseudocount, maxStrand = true, onProgress, signal } = options;
  const background = options.background ?? (await countBackground(access, options));
  const [planned] = planScan([motif], { threshold, background, pseudocount, computeQValues: false }).motifs;
  const { matrix, tail, lowest } = planned;
  if (lowest >= tail.length) {
    throw new BindscapeError({
      source: `motif ${motif.id}`,
      found: `no sequence of ${motif.length} bp reaches p ${threshold}`,
      expected: "a motif that tells that much",
      next: `Raise the threshold (its best p-value is ${tail[tail.length - 1].toExponential(1)})`,
    });
  }
  const scanner = new SiteScanner([planned]);
  const found = {
    segments: [] as number[],
    starts: [] as number[],
    reverse: [] as number[],
    scores: [] as number[],
  };
  const overlap = motif.length - 1;
  await forEachPart(
    access,
    overlap,
    "finding instances",
    onProgress,
    signal,
    (codes, segmentIndex, partStart) => {
      scanner.scan(codes, (_, position, isReverse, score) => {
        const start = partStart + position;
        const last = found.starts.length - 1;
        // The forward strand of a place comes just before the reverse one.
        const isSamePlace =
          isReverse && last >= 0 && found.starts[last] === start && found.segments[last] === segmentIndex;
        if (maxStrand && isSamePlace) {
          if (score > found.scores[last]) {
            found.scores[last] = score;
            found.reverse[last] = 1;
          }
          return;
        }
        found.segments.push(segmentIndex);
        found.starts.push(start);
        found.reverse.push(isReverse ? 1 : 0);
        found.scores.push(score);
      });
    },
  );
  const kept = options.dropOverlapping
    ? keepBestOfOverlapping(found, motif.length)
    : Uint32Array.from(found.starts.keys());
  return {
    count: kept.length,
    width: motif.length,
    segmentIndices: Uint32Array.from(kept, (i) => found.segments[i]),
    starts: Uint32Array.from(kept, (i) => found.starts[i]),
    isReverse: Uint8Array.from(kept, (i) => found.reverse[i]),
    pValues: Float64Array.from(kept, (i) => tail[found.scores[i]]),
    scores: Float32Array.from(kept, (i) => bitsOfScore(matrix, found.scores[i])),
  };
}

/** Best first; one is kept unless it overlaps one that was. Of equals the first on the genome. */
function keepBestOfOverlapping(
  found: {
    readonly segments: readonly number[];
    readonly starts: readonly number[];
    readonly scores: readonly number[];
  },
  width: number,
): Uint32Array {
  const order = Uint32Array.from(found.starts.keys()).sort(
    (a, b) => found.scores[b] - found.scores[a] || a - b,
  );
  // Stretches of `width` bp hold at most one first base of those kept.
  const keptIn = new Map<string, number>();
  const kept: number[] = [];
  for (const i of order) {
    const segment = found.segments[i];
    const stretch = Math.floor(found.starts[i] / width);
    const overlaps = [stretch - 1, stretch, stretch + 1].some((near) => {
      const start = keptIn.get(`${segment} ${near}`);
      return start !== undefined && Math.abs(start - found.starts[i]) < width;
    });
    if (overlaps) continue;
    keptIn.set(`${segment} ${stretch}`, found.starts[i]);
    kept.push(i);
  }
  return Uint32Array.from(kept).sort();
}

/** GC share of known bases in each window; NaN where a window has none. Windows are cut at the ends of segments. */
export async function measureGcShares(
  access: CellAccess,
  segmentIndices: Uint32Array,
  windowStarts: Int32Array,
  windowLength: number,
  { onProgress, signal }: Pick<FindSitesOptions, "onProgress" | "signal"> = {},
): Promise<Float32Array> {
  const shares = new Float32Array(windowStarts.length);
  const order = Uint32Array.from(windowStarts.keys()).sort(
    (a, b) => segmentIndices[a] - segmentIndices[b] || windowStarts[a] - windowStarts[b],
  );
  let at = 0;
  await forEachPart(
    access,
    windowLength - 1,
    "measuring GC",
    onProgress,
    signal,
    (codes, segmentIndex, partStart, own) => {
      const isLast = partStart + own >= access.segments[segmentIndex].end;
      for (; at < order.length && segmentIndices[order[at]] === segmentIndex; at++) {
        const start = windowStarts[order[at]];
        if (start >= partStart + own && !isLast) break;
        const from = Math.max(0, start - partStart);
        const to = Math.min(codes.length, start + windowLength - partStart);
        let strong = 0;
        let known = 0;
        for (let i = from; i < to; i++) {
          if (codes[i] === unknownBase) continue;
          known++;
          if (codes[i] === 1 || codes[i] === 2) strong++;
        }
        shares[order[at]] = strong / known;
      }
    },
  );
  return shares;
}

/** Walks the genome in parts, each `overlap` bases longer than its own stretch where the segment goes on. */
async function forEachPart(
  access: CellAccess,
  overlap: number,
  task: string,
  onProgress: ProgressListener | undefined,
  signal: AbortSignal | undefined,
  visit: (codes: Uint8Array, segmentIndex: number, start: number, own: number) => void,
): Promise<void> {
  const total = access.segments.reduce((sum, { start, end }) => sum + end - start, 0);
  let done = 0;
  for (const [segmentIndex, { start, end }] of access.segments.entries()) {
    for (let from = start; from < end; from += PART) {
      await takeTurn(signal);
      const own = Math.min(PART, end - from);
      const codes = await access.readCodes(segmentIndex, from, Math.min(end, from + own + overlap));
      visit(codes, segmentIndex, from, own);
      done += own;
      onProgress?.({ task, done, total, unit: "bases" });
    }
  }
}

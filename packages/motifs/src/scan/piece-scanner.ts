import type { ScanPiece } from "./pieces.js";
import { type MotifCounts, makeCounts, PlaceCounter } from "./scan-counts.js";
import type { ScanPlan } from "./scan-plan.js";
import { SiteScanner, type SiteScannerOptions } from "./site-scanner.js";

/** Sites as columns. */
export interface SiteColumns {
  readonly count: number;
  readonly motif: Uint32Array;
  readonly sequence: Uint32Array;
  /** 0-based, of the first letter on the forward strand. */
  readonly start: Uint32Array;
  /** Whole-number score times two, plus one on the reverse strand. */
  readonly scoreAndStrand: Uint32Array;
  /** 0-based in the piece. */
  readonly position: Uint32Array;
}

/** Scans pieces for the motifs of a plan. */
export class PieceScanner {
  readonly #plan: ScanPlan;
  readonly #scanner: SiteScanner;
  readonly #counter: PlaceCounter;
  readonly #step: number;
  #motif = new Uint32Array(1 << 12);
  #sequence = new Uint32Array(1 << 12);
  #start = new Uint32Array(1 << 12);
  #scoreAndStrand = new Uint32Array(1 << 12);
  #position = new Uint32Array(1 << 12);
  #count = 0;

  /** @param step of the sample of p-values; see `samplingStep` */
  constructor(plan: ScanPlan, step: number, options: Pick<SiteScannerOptions, "useSimd"> = {}) {
    this.#plan = plan;
    this.#step = step;
    this.#scanner = new SiteScanner(plan.motifs, { ...options, bothStrands: plan.bothStrands });
    this.#counter = new PlaceCounter(plan);
  }

  /**
   * The sites of a piece, in stretches, by motif and position; counts are added to `counts`. With `bestSite` the best
   * of each motif in each segment, by motif. The columns are overwritten by the next call.
   */
  scan(piece: ScanPiece, counts: MotifCounts[] = makeCounts(this.#plan)): SiteColumns {
    const { motifs, maxStrand, bestSite } = this.#plan;
    const { codes, segments } = piece;
    this.#count = 0;
    let before = piece.before;
    for (const { offset, own, length } of segments) {
      const letters = codes.subarray(offset, offset + length);
      this.#counter.count(letters, 0, own, before, this.#step, counts);
      before += own;
    }
    let segment = 0;
    this.#scanner.scan(codes, (motif, position, isReverse, score) => {
      // Positions go up within a motif and start again with the next one.
      while (segment > 0 && position < segments[segment].offset) segment--;
      while (segment + 1 < segments.length && position >= segments[segment + 1].offset) segment++;
      const { sequence, start, offset, own } = segments[segment];
      if (position - offset >= own) return;
      counts[motif].sites[score - motifs[motif].lowest]++;
      const last = this.#count - 1;
      if (
        maxStrand &&
        isReverse &&
        this.#motif[last] === motif &&
        this.#position[last] === position &&
        last >= 0
      ) {
        if (score <= this.#scoreAndStrand[last] >>> 1) return;
        this.#count--;
      }
      this.#push(motif, sequence, start + position - offset, score * 2 + (isReverse ? 1 : 0), position);
    });
    if (bestSite) this.#keepBest();
    return {
      count: this.#count,
      motif: this.#motif,
      sequence: this.#sequence,
      start: this.#start,
      scoreAndStrand: this.#scoreAndStrand,
      position: this.#position,
    };
  }

  #push(motif: number, sequence: number, start: number, scoreAndStrand: number, position: number): void {
    if (this.#count === this.#motif.length) this.#grow();
    const at = this.#count++;
    this.#motif[at] = motif;
    this.#sequence[at] = sequence;
    this.#start[at] = start;
    this.#scoreAndStrand[at] = scoreAndStrand;
    this.#position[at] = position;
  }

  #grow(): void {
    const grow = (column: Uint32Array<ArrayBuffer>) => {
      const grown = new Uint32Array(column.length * 2);
      grown.set(column);
      return grown;
    };
    this.#motif = grow(this.#motif);
    this.#sequence = grow(this.#sequence);
    this.#start = grow(this.#start);
    this.#scoreAndStrand = grow(this.#scoreAndStrand);
    this.#position = grow(this.#position);
  }

  #keepBest(): void {
    const best = new Map<number, number>();
    const { length } = this.#plan.motifs;
    for (let at = 0; at < this.#count; at++) {
      const key = this.#sequence[at] * length + this.#motif[at];
      const held = best.get(key);
      if (held === undefined || this.#scoreAndStrand[at] >>> 1 > this.#scoreAndStrand[held] >>> 1) {
        best.set(key, at);
      }
    }
    const kept = [...best.values()].sort((a, b) => a - b);
    for (const [to, from] of kept.entries()) {
      this.#motif[to] = this.#motif[from];
      this.#sequence[to] = this.#sequence[from];
      this.#start[to] = this.#start[from];
      this.#scoreAndStrand[to] = this.#scoreAndStrand[from];
      this.#position[to] = this.#position[from];
    }
    this.#count = kept.length;
  }
}

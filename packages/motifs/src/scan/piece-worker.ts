import { PieceScanner } from "./piece-scanner.js";
import type { ScanPiece } from "./pieces.js";
import { type MotifCounts, makeCounts } from "./scan-counts.js";
import type { ScanPlan } from "./scan-plan.js";
import { SiteRecords } from "./site-records.js";

/** What a scanning thread starts with. */
export interface PieceWorkerStart {
  readonly plan: ScanPlan;
  /** By motif: rank of each score; see `rankScores`. */
  readonly ranks: readonly Uint32Array[];
  readonly step: number;
  readonly useSimd?: boolean;
}

/** Scans pieces into records, and adds the counts up. */
export class PieceWorker {
  readonly counts: MotifCounts[];
  readonly #plan: ScanPlan;
  readonly #scanner: PieceScanner;
  readonly #records: SiteRecords;

  constructor({ plan, ranks, step, useSimd }: PieceWorkerStart) {
    this.#plan = plan;
    this.counts = makeCounts(plan);
    this.#scanner = new PieceScanner(plan, step, { useSimd });
    this.#records = new SiteRecords(plan, ranks);
  }

  work(piece: ScanPiece): Uint32Array<ArrayBuffer> {
    const sites = this.#scanner.scan(piece, this.counts);
    return this.#records.pack(sites, this.#plan.motifs, piece.codes);
  }
}

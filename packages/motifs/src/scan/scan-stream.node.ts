import { setImmediate } from "node:timers/promises";
import type { ProgressListener } from "@bindscape/numerics";
import { PieceCutter, type ScanPiece } from "./pieces.js";
import { rankScores } from "./scan.js";
import { type MotifCounts, samplingStep } from "./scan-counts.js";
import type { ScanOptions, ScanPlan } from "./scan-plan.js";
import { ScanPool } from "./scan-pool.node.js";
import { openSequences } from "./sequence-stream.node.js";
import type { SiteRecords } from "./site-records.js";
import type { SiteScannerOptions } from "./site-scanner.js";

export interface StreamScanOptions extends ScanOptions, Pick<SiteScannerOptions, "useSimd"> {
  readonly parseGenomicCoordinates?: boolean;
  /** Threads; 1 when left out. */
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** One of `count` parts of a scan, from 1: contiguous stretches of the sequences, about as long as one another. */
export interface ScanPartNumber {
  readonly index: number;
  readonly count: number;
}

export interface ScanListeners {
  /** Called before any record of the sequence comes. */
  onSequence(name: string): void;
  onRecords(block: Uint32Array): Promise<void> | void;
}

/** Scans a file, or one part of it; records come in the order of its sequences. */
export async function scanInOrder(
  plan: ScanPlan,
  records: SiteRecords,
  file: string,
  { threads = 1, onProgress, signal, useSimd }: StreamScanOptions,
  { onSequence, onRecords }: ScanListeners,
  part: ScanPartNumber = { index: 1, count: 1 },
): Promise<{ counts: MotifCounts[]; bases: number }> {
  const stream = await openSequences(file);
  const step = samplingStep(stream.bases);
  const shared = shareTables(plan);
  const pool = new ScanPool({ plan: shared.plan, ranks: shared.ranks, step, useSimd }, threads);
  const best = plan.bestSite ? new BestOfSequences(records) : null;
  const take = async (block: Uint32Array) => {
    signal?.throwIfAborted();
    const kept = best === null ? block : best.take(block);
    if (kept.length > 0) await onRecords(kept);
  };
  let sent = 0;
  const scanPiece = async (piece: ScanPiece) => {
    // The share of bases before a piece says whose it is; of FASTA the number of bases is a guess, the same for all parts.
    const share = Math.floor((piece.before * part.count) / Math.max(1, stream.bases));
    if (Math.min(share, part.count - 1) !== part.index - 1) return;
    for await (const block of pool.scan({ ...piece, index: sent++ })) await take(block);
    // Lets Ctrl-C through where everything runs in this thread.
    if (threads === 1) await setImmediate();
  };
  try {
    const cutter = new PieceCutter(Math.max(1, ...plan.motifs.map(({ matrix }) => matrix.length)));
    let bases = 0;
    for await (const { name, codes } of stream.read(onProgress)) {
      onSequence(name);
      bases += codes.length;
      for (const piece of cutter.add(codes)) await scanPiece(piece);
    }
    for (const piece of cutter.finish()) await scanPiece(piece);
    for await (const block of pool.finish()) await take(block);
    const rest = best?.finish();
    if (rest !== undefined && rest.length > 0) await onRecords(rest);
    return { counts: await pool.counts(), bases };
  } finally {
    await pool.close();
    await stream.close();
  }
}

/** The plan with its long tables in shared memory, so that threads need no copies. */
function shareTables(plan: ScanPlan): { plan: ScanPlan; ranks: Uint32Array[] } {
  const tails = plan.motifs.map(({ tail }) => {
    const shared = new Float64Array(new SharedArrayBuffer(tail.byteLength));
    shared.set(tail);
    return shared;
  });
  const ranks = rankScores(plan).map((own) => {
    const shared = new Uint32Array(new SharedArrayBuffer(own.byteLength));
    shared.set(own);
    return shared;
  });
  return { plan: { ...plan, motifs: plan.motifs.map((motif, i) => ({ ...motif, tail: tails[i] })) }, ranks };
}

/** Joins the best sites of the pieces that a long sequence was cut into. */
class BestOfSequences {
  readonly #records: SiteRecords;
  #sequence = -1;
  readonly #best = new Map<number, Uint32Array>();

  constructor(records: SiteRecords) {
    this.#records = records;
  }

  /** Takes the best sites of a piece; gives those of sequences that are over. */
  take(block: Uint32Array): Uint32Array {
    const { words } = this.#records;
    let last = this.#sequence;
    for (let at = 0; at < block.length; at += words) last = Math.max(last, block[at + 1]);
    const out: Uint32Array[] = [];
    for (let at = 0; at < block.length; at += words) {
      const record = block.subarray(at, at + words);
      const sequence = record[1];
      if (sequence !== this.#sequence && sequence !== last) {
        out.push(record);
        continue;
      }
      if (sequence === last && sequence !== this.#sequence) {
        out.push(...this.#best.values());
        this.#best.clear();
        this.#sequence = sequence;
      }
      const motif = this.#records.motifOf(record, 0);
      const held = this.#best.get(motif);
      if (held === undefined || this.#records.scoreOf(record, 0) > this.#records.scoreOf(held, 0)) {
        this.#best.set(motif, record.slice());
      }
    }
    return joinWords(out, words);
  }

  finish(): Uint32Array {
    return joinWords([...this.#best.values()], this.#records.words);
  }
}

function joinWords(parts: readonly Uint32Array[], words: number): Uint32Array {
  const joined = new Uint32Array(parts.length * words);
  for (const [i, part] of parts.entries()) joined.set(part, i * words);
  return joined;
}

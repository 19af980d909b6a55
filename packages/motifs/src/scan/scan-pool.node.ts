import { Worker } from "node:worker_threads";
import { PieceWorker, type PieceWorkerStart } from "./piece-worker.js";
import type { ScanPiece } from "./pieces.js";
import { addCounts, type MotifCounts, makeCounts } from "./scan-counts.js";
import type { ScanTask } from "./scan-worker.node.js";

/** Pieces a thread has in hand or waiting. */
const PIECES_PER_THREAD = 3;

type Reply = { readonly index: number; readonly records: Uint32Array } | { readonly counts: MotifCounts[] };

/** Scans pieces in worker threads, or in this one where one thread is asked for. */
export class ScanPool {
  readonly #start: PieceWorkerStart;
  readonly #own: PieceWorker | undefined;
  readonly #workers: Worker[] = [];
  readonly #busy: number[] = [];
  readonly #done = new Map<number, Uint32Array>();
  readonly #counts: MotifCounts[][] = [];
  #next = 0;
  #pending = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(start: PieceWorkerStart, threads: number) {
    this.#start = start;
    if (threads === 1) {
      this.#own = new PieceWorker(start);
      return;
    }
    for (let thread = 0; thread < threads; thread++) {
      const worker = startWorker(start);
      this.#busy.push(0);
      worker.on("message", (reply: Reply) => {
        if ("counts" in reply) this.#counts.push(reply.counts);
        else {
          this.#busy[thread]--;
          this.#done.set(reply.index, reply.records);
        }
        this.#wake?.();
      });
      const fail = (error: Error) => {
        this.#failure ??= error;
        this.#wake?.();
      };
      worker.on("error", fail);
      worker.on("exit", (code) => fail(new Error(`a scanning thread ended with code ${code}`)));
      this.#workers.push(worker);
    }
  }

  /** Hands a piece over; the records that are ready, in the order of the pieces, come back. */
  async *scan(piece: ScanPiece): AsyncGenerator<Uint32Array> {
    if (this.#own !== undefined) {
      yield this.#own.work(piece);
      return;
    }
    this.#pending++;
    for (;;) {
      yield* this.#takeReady();
      const thread = this.#busy.indexOf(Math.min(...this.#busy));
      // Results that wait for an earlier one count too, or one slow piece would let all others pile up.
      if (this.#busy[thread] < PIECES_PER_THREAD && this.#done.size < 8 * this.#workers.length) {
        this.#busy[thread]++;
        const { buffer } = piece.codes;
        // A piece that is part of a longer sequence keeps that in this thread.
        const codes = buffer.byteLength === piece.codes.length ? piece.codes : piece.codes.slice();
        const task: ScanTask = { ...piece, codes };
        this.#workers[thread].postMessage(task, [codes.buffer as ArrayBuffer]);
        return;
      }
      await this.#wait();
    }
  }

  /** The records of the pieces still in hand. */
  async *finish(): AsyncGenerator<Uint32Array> {
    while (this.#pending > 0) {
      yield* this.#takeReady();
      if (this.#pending > 0) await this.#wait();
    }
  }

  /** Counts of all pieces, once {@link finish} is through. */
  async counts(): Promise<MotifCounts[]> {
    if (this.#own !== undefined) return this.#own.counts;
    const sum = makeCounts(this.#start.plan);
    for (const worker of this.#workers) worker.postMessage(null satisfies ScanTask);
    while (this.#counts.length < this.#workers.length) await this.#wait();
    for (const counts of this.#counts) addCounts(sum, counts);
    return sum;
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  *#takeReady(): Generator<Uint32Array> {
    if (this.#failure !== undefined) throw this.#failure;
    for (;;) {
      const records = this.#done.get(this.#next);
      if (records === undefined) return;
      this.#done.delete(this.#next++);
      this.#pending--;
      yield records;
    }
  }

  async #wait(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Threads run the built file, also where this one is run from its source. */
function startWorker(start: PieceWorkerStart): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const file = isSource ? "../../dist/scan/scan-worker.node.js" : "./scan-worker.node.js";
  return new Worker(new URL(file, import.meta.url), { workerData: start, execArgv: [] });
}

import { type FileHandle, open, rm } from "node:fs/promises";
import { describeFileError } from "@bindscape/genome";
import { sortOrder } from "@bindscape/numerics";

/** Records held in memory before a sorted run goes to disk. */
const RECORDS_IN_MEMORY = 4_000_000;
/** Records read from a run, and handed on, at a time. */
const RECORDS_AT_A_TIME = 65_536;

export interface ExternalSortOptions {
  /** 32-bit words of a record. */
  readonly words: number;
  /** The key of the record at a word: any number. */
  readonly keyOf: (records: Uint32Array, at: number) => number;
  /** File for the runs, should there be more than fits; it is removed by `close`. */
  readonly file: string;
  readonly recordsInMemory?: number;
}

/** Sorts records of any number, stably, by runs sorted in memory and merged from disk. */
export class ExternalSort {
  readonly #options: Required<ExternalSortOptions>;
  #held: Uint32Array[] = [];
  #heldRecords = 0;
  #runs: { readonly offset: number; readonly records: number }[] = [];
  #handle: FileHandle | undefined;
  #written = 0;

  constructor(options: ExternalSortOptions) {
    this.#options = { recordsInMemory: RECORDS_IN_MEMORY, ...options };
  }

  /** Takes records; the array belongs to the sorter from then on. */
  async add(records: Uint32Array): Promise<void> {
    if (records.length === 0) return;
    this.#held.push(records);
    this.#heldRecords += records.length / this.#options.words;
    if (this.#heldRecords >= this.#options.recordsInMemory) await this.#spill();
  }

  /** All records in order, some at a time. Call it once. */
  async *sorted(): AsyncGenerator<Uint32Array> {
    if (this.#runs.length === 0) {
      yield* this.#sortHeld();
      return;
    }
    await this.#spill();
    yield* this.#merge();
  }

  /** Removes the runs. */
  async close(): Promise<void> {
    if (this.#handle === undefined) return;
    await this.#handle.close();
    this.#handle = undefined;
    await rm(this.#options.file, { force: true });
  }

  *#sortHeld(): Generator<Uint32Array> {
    const { words, keyOf } = this.#options;
    const total = this.#heldRecords;
    const keys = new Float64Array(total);
    const block = new Uint32Array(total);
    const offset = new Uint32Array(total);
    let record = 0;
    for (const [index, records] of this.#held.entries()) {
      for (let at = 0; at < records.length; at += words) {
        keys[record] = keyOf(records, at);
        block[record] = index;
        offset[record++] = at;
      }
    }
    const order = sortOrder(keys);
    for (let from = 0; from < total; from += RECORDS_AT_A_TIME) {
      const count = Math.min(RECORDS_AT_A_TIME, total - from);
      const out = new Uint32Array(count * words);
      for (let i = 0; i < count; i++) {
        const source = this.#held[block[order[from + i]]];
        const at = offset[order[from + i]];
        for (let word = 0; word < words; word++) out[i * words + word] = source[at + word];
      }
      yield out;
    }
    this.#held = [];
    this.#heldRecords = 0;
  }

  async #spill(): Promise<void> {
    if (this.#heldRecords === 0) return;
    const { file } = this.#options;
    try {
      this.#handle ??= await open(file, "wx+");
      const offset = this.#written;
      const records = this.#heldRecords;
      for (const block of this.#sortHeld()) {
        const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength);
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#written);
          done += bytesWritten;
          this.#written += bytesWritten;
        }
      }
      this.#runs.push({ offset, records });
    } catch (error) {
      throw describeFileError(error, file, "write");
    }
  }

  async *#merge(): AsyncGenerator<Uint32Array> {
    const { words, keyOf, recordsInMemory } = this.#options;
    const share = Math.max(64, Math.floor(recordsInMemory / this.#runs.length));
    const readers = this.#runs.map(
      (run) => new RunReader(this.#handle!, run, words, keyOf, Math.min(share, RECORDS_AT_A_TIME)),
    );
    for (const reader of readers) await reader.fill();
    // A binary heap of runs by key, and of equal keys by the order in which they were added.
    const heap: number[] = [];
    const isLess = (a: number, b: number) =>
      readers[a].key < readers[b].key || (readers[a].key === readers[b].key && a < b);
    const sink = (from: number) => {
      for (let parent = from; ; ) {
        let least = parent;
        for (const child of [2 * parent + 1, 2 * parent + 2]) {
          if (child < heap.length && isLess(heap[child], heap[least])) least = child;
        }
        if (least === parent) return;
        [heap[parent], heap[least]] = [heap[least], heap[parent]];
        parent = least;
      }
    };
    for (const [index, reader] of readers.entries()) if (!reader.isDone) heap.push(index);
    for (let i = heap.length >> 1; i >= 0; i--) sink(i);
    let out = new Uint32Array(RECORDS_AT_A_TIME * words);
    let length = 0;
    while (heap.length > 0) {
      const reader = readers[heap[0]];
      for (let word = 0; word < words; word++) out[length++] = reader.records[reader.at + word];
      if (!reader.advance()) await reader.fill();
      if (reader.isDone) {
        const last = heap.pop()!;
        if (heap.length > 0) heap[0] = last;
      }
      sink(0);
      if (length === out.length) {
        yield out;
        out = new Uint32Array(RECORDS_AT_A_TIME * words);
        length = 0;
      }
    }
    if (length > 0) yield out.subarray(0, length);
  }
}

class RunReader {
  records = new Uint32Array(0);
  at = 0;
  key = 0;
  isDone = false;
  #offset: number;
  #left: number;

  constructor(
    readonly handle: FileHandle,
    run: { readonly offset: number; readonly records: number },
    readonly words: number,
    readonly keyOf: ExternalSortOptions["keyOf"],
    readonly atATime: number,
  ) {
    this.#offset = run.offset;
    this.#left = run.records;
  }

  /** Goes to the next record; false where more have to be read. */
  advance(): boolean {
    this.at += this.words;
    if (this.at >= this.records.length) return false;
    this.key = this.keyOf(this.records, this.at);
    return true;
  }

  async fill(): Promise<void> {
    const count = Math.min(this.atATime, this.#left);
    if (count === 0) {
      this.isDone = true;
      return;
    }
    this.records = new Uint32Array(count * this.words);
    const bytes = new Uint8Array(this.records.buffer);
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.handle.read(bytes, done, bytes.length - done, this.#offset + done);
      if (bytesRead === 0) throw new Error("a sorted run ended early");
      done += bytesRead;
    }
    this.#offset += bytes.length;
    this.#left -= count;
    this.at = 0;
    this.key = this.keyOf(this.records, 0);
  }
}

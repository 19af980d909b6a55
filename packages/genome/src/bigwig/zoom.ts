import type { ByteSink } from "../byte-sink.js";
import type { Deflate } from "./codec.js";
import { viewOf, zoomRecordLength } from "./format.js";
import { BlockIndex } from "./index-writer.js";

/** Each zoom level is this many times coarser than the one before, as in kent's tools. */
const growth = 4;

/** A level that takes this many records, and more than it has intervals to summarise, is given up. */
const tooManyRecords = 1 << 18;

/** Zoom levels as small as this are kept however small the data are. */
const alwaysKept = 1 << 16;

/** One zoom level while it is being made: the record that is open, the block being filled, and finished blocks. */
class ZoomLevel {
  readonly reduction: number;
  readonly index = new BlockIndex();
  readonly #deflate: Deflate | null;
  readonly #block: Uint8Array;
  readonly #view: DataView;
  #inBlock = 0;
  /** Blocks not yet in the file: the last ones of `index`. */
  #waiting: Uint8Array[] = [];
  waitingBytes = 0;
  /** Bytes of all finished blocks. */
  bytes = 0;
  records = 0;
  // The open record; `binEnd` 0 stands for none.
  chromosomeId = 0;
  binEnd = 0;
  start = 0;
  end = 0;
  count = 0;
  min = 0;
  max = 0;
  sum = 0;
  sumSquares = 0;

  constructor(reduction: number, recordsPerBlock: number, deflate: Deflate | null) {
    this.reduction = reduction;
    this.#deflate = deflate;
    this.#block = new Uint8Array(recordsPerBlock * zoomRecordLength);
    this.#view = viewOf(this.#block);
  }

  get isOpen(): boolean {
    return this.binEnd !== 0;
  }

  /** Opens the record of the bin that `start` lies in. */
  open(chromosomeId: number, start: number): void {
    this.chromosomeId = chromosomeId;
    this.start = start;
    this.binEnd = (Math.floor(start / this.reduction) + 1) * this.reduction;
    this.count = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
    this.sum = 0;
    this.sumSquares = 0;
  }

  /** Appends the open record to the block, and finishes the block when that fills it. */
  close(): void {
    const view = this.#view;
    const at = this.#inBlock * zoomRecordLength;
    view.setUint32(at, this.chromosomeId, true);
    view.setUint32(at + 4, this.start, true);
    view.setUint32(at + 8, this.end, true);
    view.setUint32(at + 12, this.count, true);
    view.setFloat32(at + 16, this.min, true);
    view.setFloat32(at + 20, this.max, true);
    view.setFloat32(at + 24, this.sum, true);
    view.setFloat32(at + 28, this.sumSquares, true);
    this.binEnd = 0;
    this.records++;
    this.#inBlock++;
    if (this.#inBlock * zoomRecordLength === this.#block.length) this.finishBlock();
  }

  finishBlock(): void {
    if (this.#inBlock === 0) return;
    const view = this.#view;
    const last = (this.#inBlock - 1) * zoomRecordLength;
    const raw = this.#block.subarray(0, this.#inBlock * zoomRecordLength);
    const bytes = this.#deflate === null ? raw.slice() : this.#deflate(raw);
    this.index.add(
      view.getUint32(0, true),
      view.getUint32(4, true),
      view.getUint32(last, true),
      view.getUint32(last + 8, true),
      bytes.length,
    );
    this.#waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.bytes += bytes.length;
    this.#inBlock = 0;
  }

  /** Drops the finished blocks that wait: the level will not be in the file. */
  discard(): void {
    this.#waiting = [];
    this.waitingBytes = 0;
  }

  /** Writes the finished blocks that wait. */
  async flush(sink: ByteSink): Promise<void> {
    let block = this.index.length - this.#waiting.length;
    for (const bytes of this.#waiting) {
      this.index.offsets.set(block++, sink.position);
      await sink.write(bytes);
    }
    this.#waiting = [];
    this.waitingBytes = 0;
  }
}

export interface FinishedZoomLevel {
  readonly reduction: number;
  readonly records: number;
  readonly index: BlockIndex;
  flush(sink: ByteSink): Promise<void>;
}

/**
 * Makes all zoom levels in one pass. Bins lie on the grid of multiples of their reduction, each level's 4 times
 * that of the level before, so that a finished record of one level lies inside one bin of the next and is merged
 * into it. A record's start and end are those of the covered bases in its bin. Sums are kept in float64 until
 * they are written.
 */
export class ZoomBuilder {
  readonly #levels: ZoomLevel[] = [];
  /** The finest level that is still made. */
  #finest = 0;
  #items = 0;
  readonly #deflate: Deflate | null;
  readonly #memory: number;

  /**
   * @param reduction of the finest level, in bp.
   * @param memory bytes of finished blocks that may wait in memory before they go to the file between the data.
   */
  constructor(reduction: number, recordsPerBlock: number, deflate: Deflate | null, memory: number) {
    this.#deflate = deflate;
    this.#memory = memory;
    // More levels than will be kept, since the finest may turn out to be as large as the data.
    for (let r = reduction; r < 4294967296 && this.#levels.length < 16; r *= growth) {
      this.#levels.push(new ZoomLevel(r, recordsPerBlock, deflate));
    }
  }

  /** Adds an interval; they come in the order of the genome. */
  add(chromosomeId: number, start: number, end: number, value: number): void {
    this.#items++;
    let at = start;
    while (at < end) {
      if (this.#finest === this.#levels.length) return;
      const level = this.#levels[this.#finest];
      if (level.isOpen && (level.chromosomeId !== chromosomeId || at >= level.binEnd)) {
        this.#close(this.#finest);
        if (level.records >= tooManyRecords && level.records > 2 * this.#items) this.#giveUpFinest();
        continue;
      }
      if (!level.isOpen) level.open(chromosomeId, at);
      const stop = Math.min(end, level.binEnd);
      const length = stop - at;
      level.end = stop;
      level.count += length;
      if (value < level.min) level.min = value;
      if (value > level.max) level.max = value;
      level.sum += length * value;
      level.sumSquares += length * value * value;
      at = stop;
    }
  }

  /** Writes what waits in memory to the file where it has become much. `dataBytes` is the size of the data so far. */
  async relieve(sink: ByteSink, dataBytes: number): Promise<void> {
    const kept = () => this.#levels.slice(this.#finest);
    const waiting = kept().reduce((sum, level) => sum + level.waitingBytes, 0);
    if (waiting <= this.#memory) return;
    const first = this.#levels[this.#finest];
    if (first.bytes > Math.max(dataBytes / 2, alwaysKept)) {
      if (first.isOpen) this.#close(this.#finest);
      this.#giveUpFinest();
    }
    // @gmod/bbi, which JBrowse reads with, takes neighbouring blocks that are not compressed for adjacent ones.
    if (this.#deflate === null) return;
    for (const level of kept()) await level.flush(sink);
  }

  /**
   * Closes all records and chooses the levels: as in kent's tools the finest takes at most half the bytes of the
   * data, and levels end where another one would have no fewer records.
   */
  finish(dataBytes: number, most: number): FinishedZoomLevel[] {
    for (let k = this.#finest; k < this.#levels.length; k++) {
      if (this.#levels[k].isOpen) this.#close(k);
      this.#levels[k].finishBlock();
    }
    const chosen: ZoomLevel[] = [];
    let records = this.#items;
    for (const level of this.#levels.slice(this.#finest)) {
      if (chosen.length === most) break;
      if (chosen.length === 0 && level.bytes > Math.max(dataBytes / 2, alwaysKept)) continue;
      if (level.records >= records) {
        if (chosen.length > 0) break;
        continue;
      }
      records = level.records;
      chosen.push(level);
    }
    return chosen;
  }

  #giveUpFinest(): void {
    this.#levels[this.#finest].discard();
    this.#finest++;
  }

  /** Closes the open record of level k and merges it into level k + 1. */
  #close(k: number): void {
    const level = this.#levels[k];
    const next = this.#levels[k + 1];
    if (next !== undefined) {
      if (next.isOpen && (next.chromosomeId !== level.chromosomeId || level.start >= next.binEnd)) {
        this.#close(k + 1);
      }
      if (!next.isOpen) next.open(level.chromosomeId, level.start);
      next.end = level.end;
      next.count += level.count;
      if (level.min < next.min) next.min = level.min;
      if (level.max > next.max) next.max = level.max;
      next.sum += level.sum;
      next.sumSquares += level.sumSquares;
    }
    level.close();
  }
}

import { BindscapeError } from "@bindscape/numerics";
import type { ByteSink } from "../byte-sink.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import { type Deflate, deflateAnywhere } from "./codec.js";
import {
  bigWigMagic,
  chromosomeIdLimit,
  headerLength,
  summaryLength,
  viewOf,
  writeUint64,
  zoomHeaderLength,
  zoomRecordLength,
} from "./format.js";
import { BlockIndex, type ChromosomeKey, writeChromosomeTree, writeRTree } from "./index-writer.js";
import { SectionBuilder } from "./sections.js";
import { type FinishedZoomLevel, ZoomBuilder } from "./zoom.js";

/** Intervals of one chromosome, sorted by start, as parallel arrays. */
export interface BigWigRun {
  readonly chromosome: string;
  readonly starts: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
  /** Stored as float32. Intervals whose value is NaN are left out. */
  readonly values: ArrayLike<number>;
}

export interface WriteBigWigOptions {
  /** Compress blocks with zlib; true where left out. */
  readonly compress?: boolean;
  /** Compresses blocks; fflate where left out. `writeBigWigFile` hands in the faster one of `node:zlib`. */
  readonly deflate?: Deflate;
  /** Intervals a data section and records a zoom block; 1,024 where left out, at most 65,535. */
  readonly itemsPerSlot?: number;
  /** Items a node of the index; 256 where left out. */
  readonly blockSize?: number;
  /** Zoom levels at most; 10 where left out, 0 for none. */
  readonly zoomLevels?: number;
  /** Reduction of the finest zoom level in bp; 10 times the mean length of the first 65,536 intervals where left out. */
  readonly zoomReduction?: number;
  /**
   * Bytes of zoom blocks that wait in memory for the end of the file; 64 MiB where left out. Beyond that they
   * are written between the data, where readers find them all the same. Files that are not compressed keep them
   * all in memory.
   */
  readonly zoomMemory?: number;
}

const mostZoomLevels = 10;
const summaryOffset = headerLength + mostZoomLevels * zoomHeaderLength;
const chromosomeTreeOffset = summaryOffset + summaryLength;

/** Intervals that are looked at before the first zoom level's reduction is fixed. */
const sampleLength = 1 << 16;

/**
 * Writes a bigWig (version 4, little-endian) from intervals in the order of the genome: chromosome by
 * chromosome in the order of `chromosomes`, sorted by start and without overlap inside each. Intervals may come
 * in any number of runs; memory does not grow with them but for the index (some 30 bytes per 1,024) and at most
 * `zoomMemory` bytes of zoom blocks. All of `chromosomes` are listed in the file, with or without data.
 * @throws BindscapeError naming chromosome and position where intervals are unsorted, overlap, leave the
 *   chromosome or have a value that float32 cannot hold.
 */
export async function writeBigWig(
  sink: ByteSink,
  chromosomes: readonly ChromosomeSize[],
  runs: Iterable<BigWigRun> | AsyncIterable<BigWigRun>,
  options: WriteBigWigOptions = {},
): Promise<void> {
  const writer = new BigWigWriter(sink, chromosomes, options);
  await writer.begin();
  for await (const run of runs) await writer.addRun(run);
  await writer.end();
}

class BigWigWriter {
  readonly #sink: ByteSink;
  readonly #base: number;
  readonly #keys: ChromosomeKey[];
  readonly #names: readonly string[];
  readonly #idByName: Map<string, number>;
  readonly #deflate: Deflate | null;
  readonly #itemsPerSlot: number;
  readonly #blockSize: number;
  readonly #zoomLevels: number;
  readonly #index = new BlockIndex();
  readonly #section: SectionBuilder;
  /** Null until the sample is complete. */
  #zoom: ZoomBuilder | null = null;
  #zoomReduction: number | undefined;
  readonly #zoomMemory: number;
  #sample: { chromosomeId: number; start: number; end: number; value: number }[] = [];
  #dataOffset = 0;
  #dataBytes = 0;
  #items = 0;
  #longestBlock = 0;
  #chromosomeId = 0;
  #position = 0;
  #basesCovered = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #sum = 0;
  #sumSquares = 0;

  constructor(sink: ByteSink, chromosomes: readonly ChromosomeSize[], options: WriteBigWigOptions) {
    this.#sink = sink;
    this.#base = sink.position;
    if (this.#base !== 0) {
      throw new BindscapeError({
        source: sink.name,
        found: `${this.#base} bytes are written already`,
        expected: "an empty sink: a bigWig starts at the first byte of its file",
      });
    }
    this.#keys = makeKeys(sink.name, chromosomes);
    this.#names = chromosomes.map(({ name }) => name);
    this.#idByName = new Map(chromosomes.map(({ name }, id) => [name, id]));
    this.#deflate = options.compress === false ? null : (options.deflate ?? deflateAnywhere);
    this.#itemsPerSlot = this.#checkOption("itemsPerSlot", options.itemsPerSlot ?? 1024, 1, 65535);
    this.#blockSize = this.#checkOption("blockSize", options.blockSize ?? 256, 2, 65535);
    this.#zoomLevels = this.#checkOption(
      "zoomLevels",
      options.zoomLevels ?? mostZoomLevels,
      0,
      mostZoomLevels,
    );
    this.#zoomMemory = this.#checkOption("zoomMemory", options.zoomMemory ?? 64 << 20, 0, 2 ** 40);
    this.#section = new SectionBuilder(this.#itemsPerSlot);
    if (options.zoomReduction !== undefined) {
      this.#zoomReduction = this.#checkOption("zoomReduction", options.zoomReduction, 2, 4294967295);
    }
  }

  async begin(): Promise<void> {
    await this.#sink.write(new Uint8Array(chromosomeTreeOffset));
    await writeChromosomeTree(this.#sink, this.#keys);
    this.#dataOffset = this.#sink.position;
    await this.#sink.write(new Uint8Array(8));
  }

  async addRun(run: BigWigRun): Promise<void> {
    const { starts, ends, values } = run;
    const id = this.#enter(run);
    const { size } = this.#keys[id];
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i];
      const end = ends[i];
      const value = Math.fround(values[i]);
      // Written so that NaN and fractions fail it.
      if (!(start >= this.#position && end > start && end <= size && isWhole(start) && isWhole(end))) {
        throw this.#describeBadInterval(run.chromosome, start, end, size);
      }
      this.#position = end;
      if (Number.isNaN(value)) continue;
      if (!Number.isFinite(value)) {
        throw new BindscapeError({
          source: this.#sink.name,
          found: `the value ${values[i]} at ${run.chromosome}:${start}-${end}`,
          expected: "a number that float32 can hold; NaN where there is no value",
        });
      }
      if (!this.#section.fits(id)) await this.#writeSection();
      this.#section.add(id, start, end, value);
      this.#summarise(id, start, end, value);
    }
  }

  async end(): Promise<void> {
    await this.#writeSection();
    const sink = this.#sink;
    const indexOffset = sink.position;
    const blockSize = this.#blockSize;
    await writeRTree(sink, this.#index, { blockSize, items: this.#index.length, itemsPerSlot: 1 });
    if (this.#zoom === null) this.#startZoom();
    const levels = this.#zoomLevels === 0 ? [] : this.#zoom!.finish(this.#dataBytes, this.#zoomLevels);
    const zoomHeaders = new Uint8Array(levels.length * zoomHeaderLength);
    const itemsPerSlot = this.#itemsPerSlot;
    for (let i = 0; i < levels.length; i++) {
      const { reduction, records, index } = levels[i];
      const dataOffset = sink.position;
      await this.#writeZoomData(levels[i]);
      const view = viewOf(zoomHeaders);
      view.setUint32(i * zoomHeaderLength, reduction, true);
      writeUint64(view, i * zoomHeaderLength + 8, dataOffset);
      writeUint64(view, i * zoomHeaderLength + 16, sink.position);
      await writeRTree(sink, index, { blockSize, items: records, itemsPerSlot });
      this.#longestBlock = Math.max(this.#longestBlock, Math.min(records, itemsPerSlot) * zoomRecordLength);
    }
    const magic = new Uint8Array(4);
    viewOf(magic).setUint32(0, bigWigMagic, true);
    await sink.write(magic);

    const count = new Uint8Array(8);
    writeUint64(viewOf(count), 0, this.#index.length);
    await sink.writeAt(this.#dataOffset, count);
    await sink.writeAt(summaryOffset, this.#makeSummary());
    await sink.writeAt(headerLength, zoomHeaders);
    await sink.writeAt(0, this.#makeHeader(indexOffset, levels.length));
  }

  async #writeZoomData(level: FinishedZoomLevel): Promise<void> {
    const count = new Uint8Array(4);
    viewOf(count).setUint32(0, level.records, true);
    await this.#sink.write(count);
    await level.flush(this.#sink);
  }

  /** Checks a run as a whole and moves on to its chromosome; returns its id. */
  #enter(run: BigWigRun): number {
    const id = this.#idByName.get(run.chromosome);
    const source = this.#sink.name;
    if (id === undefined) {
      const found = `intervals on chromosome "${run.chromosome}"`;
      throw new BindscapeError({
        source,
        found,
        expected: "one of the chromosomes that the file was begun with",
      });
    }
    const { length } = run.starts;
    if (run.ends.length !== length || run.values.length !== length) {
      const found = `${length} starts, ${run.ends.length} ends and ${run.values.length} values`;
      throw new BindscapeError({
        source,
        found: `${found} on ${run.chromosome}`,
        expected: "as many of each",
      });
    }
    if (id < this.#chromosomeId && length > 0) {
      throw new BindscapeError({
        source,
        found: `${run.chromosome}:${run.starts[0]} comes after ${this.#names[this.#chromosomeId]}`,
        expected: "the chromosomes in the order in which they were listed",
        next: "Sort the intervals by chromosome and start",
      });
    }
    if (id > this.#chromosomeId && length > 0) {
      this.#chromosomeId = id;
      this.#position = 0;
    }
    return id;
  }

  #describeBadInterval(chromosome: string, start: number, end: number, size: number): BindscapeError {
    const parts = { source: this.#sink.name, found: `the interval ${chromosome}:${start}-${end}` };
    if (isWhole(start) && isWhole(end) && start >= 0 && end > start && end <= size) {
      const before = `starts before the end of the interval before it (${this.#position})`;
      return new BindscapeError({
        ...parts,
        found: `${parts.found} ${before}`,
        expected: "intervals sorted by start that do not overlap",
        next: "Sort them, and merge or average where they overlap",
      });
    }
    return new BindscapeError({
      ...parts,
      expected: `whole numbers with 0 <= start < end <= ${size}, the length of ${chromosome}`,
      next: "Do the intervals and the chromosome lengths belong to the same assembly?",
    });
  }

  #summarise(id: number, start: number, end: number, value: number): void {
    const length = end - start;
    this.#items++;
    this.#basesCovered += length;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    this.#sum += length * value;
    this.#sumSquares += length * value * value;
    if (this.#zoomLevels === 0) return;
    if (this.#zoom !== null) {
      this.#zoom.add(id, start, end, value);
      return;
    }
    this.#sample.push({ chromosomeId: id, start, end, value });
    if (this.#sample.length >= sampleLength || this.#zoomReduction !== undefined) this.#startZoom();
  }

  #startZoom(): void {
    const mean = this.#basesCovered / Math.max(1, this.#items);
    const reduction = this.#zoomReduction ?? Math.max(10, Math.round(10 * mean));
    this.#zoom = new ZoomBuilder(reduction, this.#itemsPerSlot, this.#deflate, this.#zoomMemory);
    for (const { chromosomeId, start, end, value } of this.#sample) {
      this.#zoom.add(chromosomeId, start, end, value);
    }
    this.#sample = [];
  }

  async #writeSection(): Promise<void> {
    if (this.#section.isEmpty) return;
    const { bytes, chromosomeId, start, end } = this.#section.take();
    const written = this.#deflate === null ? bytes : this.#deflate(bytes);
    this.#longestBlock = Math.max(this.#longestBlock, bytes.length);
    this.#index.add(chromosomeId, start, chromosomeId, end, written.length, this.#sink.position);
    this.#dataBytes += written.length;
    await this.#sink.write(written);
    await this.#zoom?.relieve(this.#sink, this.#dataBytes);
  }

  #makeHeader(indexOffset: number, zoomLevels: number): Uint8Array {
    const header = new Uint8Array(headerLength);
    const view = viewOf(header);
    view.setUint32(0, bigWigMagic, true);
    view.setUint16(4, 4, true);
    view.setUint16(6, zoomLevels, true);
    writeUint64(view, 8, chromosomeTreeOffset);
    writeUint64(view, 16, this.#dataOffset);
    writeUint64(view, 24, indexOffset);
    writeUint64(view, 44, summaryOffset);
    view.setUint32(52, this.#deflate === null ? 0 : Math.max(this.#longestBlock, 1), true);
    return header;
  }

  #makeSummary(): Uint8Array {
    const bytes = new Uint8Array(summaryLength);
    const view = viewOf(bytes);
    if (this.#basesCovered === 0) return bytes;
    writeUint64(view, 0, this.#basesCovered);
    view.setFloat64(8, this.#min, true);
    view.setFloat64(16, this.#max, true);
    view.setFloat64(24, this.#sum, true);
    view.setFloat64(32, this.#sumSquares, true);
    return bytes;
  }

  #checkOption(name: string, value: number, least: number, most: number): number {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const expected = `a whole number from ${least} to ${most}`;
    throw new BindscapeError({ source: this.#sink.name, found: `${name} ${value}`, expected });
  }
}

function isWhole(value: number): boolean {
  return Math.floor(value) === value;
}

function makeKeys(source: string, chromosomes: readonly ChromosomeSize[]): ChromosomeKey[] {
  if (chromosomes.length === 0 || chromosomes.length > chromosomeIdLimit) {
    const expected = `1 to ${chromosomeIdLimit}`;
    throw new BindscapeError({ source, found: `a list of ${chromosomes.length} chromosomes`, expected });
  }
  const encoder = new TextEncoder();
  const names = new Set<string>();
  return chromosomes.map(({ name, size }, id) => {
    if (name === "" || name.includes("\0") || names.has(name)) {
      const found = `the chromosome name ${JSON.stringify(name)}${names.has(name) ? " twice" : ""}`;
      throw new BindscapeError({ source, found, expected: "distinct names that are not empty" });
    }
    names.add(name);
    if (!Number.isInteger(size) || size < 1 || size > 4294967295) {
      const expected = "a whole number from 1 to 4294967295";
      throw new BindscapeError({ source, found: `the length ${size} of chromosome ${name}`, expected });
    }
    return { key: encoder.encode(name), id, size };
  });
}

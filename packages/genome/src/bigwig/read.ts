import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import type { Interval } from "../intervals/interval.js";
import { addInterval, addZoomRecord, type Bins, makeBins, meansOf } from "./bins.js";
import { BlockReader, canReadAtOnce } from "./block-reader.js";
import { fillValues, findItems } from "./block-values.js";
import { type DataBlock, decodeDataBlock, decodeZoomBlock, type ZoomBlock } from "./blocks.js";
import { type BigWigChromosome, readChromosomeTree } from "./chromosome-tree.js";
import { type Inflate, inflateAnywhere } from "./codec.js";
import { type BigWigFile, damaged } from "./format.js";
import { GrowingArray } from "./growing-array.js";
import { type BigWigHeader, type BigWigSummary, readHeader } from "./header.js";
import { RTree } from "./r-tree.js";

/** Intervals as parallel arrays, sorted by start. */
export interface BigWigIntervals {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly values: Float32Array;
}

/** Zoom records as parallel arrays, sorted by start; sums run over bases. */
export interface BigWigZoomRecords {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Bases of each record that have a value. */
  readonly count: Uint32Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly sum: Float32Array;
  readonly sumSquares: Float32Array;
}

export interface BigWigReaderOptions {
  /** Inflates blocks; fflate where left out. `openBigWig` hands in the faster one of `node:zlib`. */
  readonly inflate?: Inflate;
  /** Bytes of decoded blocks that are kept for the next read; 64 MiB where left out. */
  readonly cacheSize?: number;
  /**
   * An index of at most this many bytes is read once and kept; a larger one is read node by node. Where left
   * out 32 MiB for local files and memory, 8 MiB for other sources.
   */
  readonly indexLimit?: number;
}

/** The most bases one call of `readValues` returns: 2 GiB of values. */
const longestRead = 2 ** 29;

/** The most intervals or zoom records one call returns: a few GiB. */
const mostItems = 2 ** 26;

/**
 * Reads a bigWig file: both byte orders, versions 1 to 4, compressed or not. Coordinates are 0-based and
 * half-open; a range that leaves its chromosome and an unknown chromosome are errors. Decoded blocks are kept
 * (see `cacheSize`). Calls may overlap in time.
 */
export class BigWigReader {
  /** In the order of the file's own numbering, which is the order of its data. */
  readonly chromosomes: readonly ChromosomeSize[];
  /** Statistics over all values, or null in files without them. */
  readonly summary: BigWigSummary | null;
  /** In order of growing reduction (bp a record). */
  readonly zoomLevels: readonly { readonly reduction: number }[];
  readonly #file: BigWigFile;
  readonly #header: BigWigHeader;
  readonly #byName: Map<string, BigWigChromosome>;
  readonly #data: BlockReader<DataBlock>;
  readonly #zooms: readonly BlockReader<ZoomBlock>[];

  private constructor(
    file: BigWigFile,
    header: BigWigHeader,
    chromosomes: readonly BigWigChromosome[],
    options: BigWigReaderOptions,
  ) {
    const { source } = file;
    this.chromosomes = chromosomes.map(({ name, size }) => ({ name, size }));
    this.summary = header.summary;
    this.zoomLevels = header.zoomLevels.map(({ reduction }) => ({ reduction }));
    this.#file = file;
    this.#header = header;
    this.#byName = new Map(chromosomes.map((chromosome) => [chromosome.name, chromosome]));
    const indexLimit = options.indexLimit ?? (canReadAtOnce(source) ? 32 << 20 : 8 << 20);
    const cacheSize = options.cacheSize ?? 64 << 20;
    const makeParts = (offset: number) => ({
      file,
      index: new RTree(file, offset, findEnd(file, header, offset), indexLimit),
      inflatedLength: header.inflatedLength,
      inflate: options.inflate ?? inflateAnywhere,
    });
    this.#data = new BlockReader({ ...makeParts(header.indexOffset), decode: decodeDataBlock, cacheSize });
    this.#zooms = header.zoomLevels.map(({ indexOffset }) => {
      const size = cacheSize / 4 / header.zoomLevels.length;
      return new BlockReader({ ...makeParts(indexOffset), decode: decodeZoomBlock, cacheSize: size });
    });
  }

  /**
   * Reads the header and the chromosomes.
   * @throws BindscapeError where the file is truncated, damaged, a bigBed or no bigWig at all.
   */
  static async open(source: ByteSource, options: BigWigReaderOptions = {}): Promise<BigWigReader> {
    const { file, header } = await readHeader(source);
    return new BigWigReader(
      file,
      header,
      await readChromosomeTree(file, header.chromosomeTreeOffset),
      options,
    );
  }

  /** What error messages call the file. */
  get name(): string {
    return this.#file.source.name;
  }

  /**
   * The value of every base of `[start, end)`, NaN where there is none.
   * @param into filled from its beginning and returned cut to length; a new array where left out.
   * @throws BindscapeError for an unknown chromosome, a range outside of it or longer than 2^29 bp, or damage.
   */
  async readValues(
    chromosome: string,
    start: number,
    end: number,
    into?: Float32Array,
  ): Promise<Float32Array> {
    const { id } = this.#checkRegion(chromosome, start, end);
    const values = this.#makeRoom(end - start, into);
    values.fill(Number.NaN);
    const spend = this.#limitWork(values.length);
    let blocks = this.#data.find(id, start, end);
    if (blocks instanceof Promise) blocks = await blocks;
    const reading = this.#data.forEach(blocks, (block) => {
      spend(fillValues(block, id, start, end, values, 0));
    });
    if (reading !== undefined) await reading;
    return values;
  }

  /**
   * The values of many regions one after the other: where all have one length L, row i is `[i L, (i + 1) L)`.
   * Every block that several regions need is decoded once, whatever the order of the regions.
   */
  async readManyValues(regions: readonly Interval[], into?: Float32Array): Promise<Float32Array> {
    let length = 0;
    const ids: number[] = [];
    for (const { chromosome, start, end } of regions) {
      ids.push(this.#checkRegion(chromosome, start, end).id);
      length += end - start;
    }
    const values = this.#makeRoom(length, into);
    values.fill(Number.NaN);
    const spend = this.#limitWork(length);
    const waiting: { offset: number; size: number; region: number; at: number }[] = [];
    let at = 0;
    for (let region = 0; region < regions.length; region++) {
      const { start, end } = regions[region];
      let blocks = this.#data.find(ids[region], start, end);
      if (blocks instanceof Promise) blocks = await blocks;
      for (let i = 0; i < blocks.offsets.length; i++) {
        const kept = this.#data.getKept(blocks.offsets[i]);
        if (kept !== undefined) spend(fillValues(kept, ids[region], start, end, values, at));
        else waiting.push({ offset: blocks.offsets[i], size: blocks.sizes[i], region, at });
      }
      at += end - start;
    }
    waiting.sort((a, b) => a.offset - b.offset);
    const distinct = waiting.filter(({ offset }, i) => i === 0 || offset !== waiting[i - 1].offset);
    const missing = {
      offsets: distinct.map(({ offset }) => offset),
      sizes: distinct.map(({ size }) => size),
    };
    let next = 0;
    await this.#data.forEach(missing, (block, offset) => {
      for (; next < waiting.length && waiting[next].offset === offset; next++) {
        const { region, at } = waiting[next];
        const { start, end } = regions[region];
        spend(fillValues(block, ids[region], start, end, values, at));
      }
    });
    return values;
  }

  /** The intervals that overlap `[start, end)`, whole, as the file has them. */
  async readIntervals(chromosome: string, start: number, end: number): Promise<BigWigIntervals> {
    const { id } = this.#checkRegion(chromosome, start, end);
    const starts = new GrowingArray(Uint32Array);
    const ends = new GrowingArray(Uint32Array);
    const values = new GrowingArray(Float32Array);
    await this.#data.forEach(await this.#data.find(id, start, end), (block) => {
      const [first, last] = findItems(block, id, start, end);
      this.#checkItems(starts.length + last - first);
      if (block.isMonotonic) {
        starts.pushAll(block.starts.subarray(first, last));
        ends.pushAll(block.ends.subarray(first, last));
        values.pushAll(block.values.subarray(first, last));
        return;
      }
      for (let i = first; i < last; i++) {
        if (block.ends[i] <= start) continue;
        starts.push(block.starts[i]);
        ends.push(block.ends[i]);
        values.push(block.values[i]);
      }
    });
    return { starts: starts.toArray(), ends: ends.toArray(), values: values.toArray() };
  }

  /**
   * The records of a zoom level that overlap `[start, end)`, whole.
   * @param level its place in `zoomLevels`.
   */
  async readZoom(level: number, chromosome: string, start: number, end: number): Promise<BigWigZoomRecords> {
    const { id } = this.#checkRegion(chromosome, start, end);
    if (this.#zooms[level] === undefined) {
      throw new BindscapeError({
        source: this.name,
        found: `zoom level ${level} was asked for`,
        expected: `a level of the ${this.zoomLevels.length} in the file, counted from 0`,
      });
    }
    const starts = new GrowingArray(Uint32Array);
    const ends = new GrowingArray(Uint32Array);
    const count = new GrowingArray(Uint32Array);
    const statistics = [0, 1, 2, 3].map(() => new GrowingArray(Float32Array));
    await this.#forEachRecord(level, id, start, end, (block, i) => {
      this.#checkItems(starts.length + 1);
      starts.push(block.starts[i]);
      ends.push(block.ends[i]);
      count.push(block.counts[i]);
      for (let k = 0; k < 4; k++) statistics[k].push(block.statistics[4 * i + k]);
    });
    const [min, max, sum, sumSquares] = statistics.map((array) => array.toArray());
    return {
      starts: starts.toArray(),
      ends: ends.toArray(),
      count: count.toArray(),
      min,
      max,
      sum,
      sumSquares,
    };
  }

  /**
   * The mean over the covered bases of each of `bins` equal parts of `[start, end)`, NaN where none is covered;
   * part i is `[start + floor(i n / bins), start + floor((i + 1) n / bins))` with n = end - start. Where a zoom
   * level is at least twice as fine as the parts, its records are used, each shared out by overlap (as the
   * genome browsers do, so parts' edges are approximate); `exact` reads every value instead.
   */
  async mean(
    chromosome: string,
    start: number,
    end: number,
    bins: number,
    options: { readonly exact?: boolean } = {},
  ): Promise<Float64Array> {
    const { id } = this.#checkRegion(chromosome, start, end);
    if (!Number.isInteger(bins) || bins < 1 || bins > 2 ** 20) {
      throw new BindscapeError({
        source: this.name,
        found: `${bins} bins`,
        expected: "a whole number from 1 to 2^20",
      });
    }
    const parts: Bins = makeBins(start, end, bins);
    const spend = this.#limitWork(bins);
    const wanted = (end - start) / bins / 2;
    const level =
      options.exact === true ? -1 : this.zoomLevels.findLastIndex(({ reduction }) => reduction <= wanted);
    if (level === -1) {
      await this.#data.forEach(await this.#data.find(id, start, end), (block) => {
        const [first, last] = findItems(block, id, start, end);
        for (let i = first; i < last; i++) {
          spend(addInterval(parts, block.starts[i], block.ends[i], block.values[i]));
        }
      });
    } else {
      await this.#forEachRecord(level, id, start, end, (block, i) => {
        const sum = block.statistics[4 * i + 2];
        spend(addZoomRecord(parts, block.starts[i], block.ends[i], block.counts[i], sum));
      });
    }
    return meansOf(parts);
  }

  #checkRegion(chromosome: string, start: number, end: number): BigWigChromosome {
    const known = this.#byName.get(chromosome);
    if (known === undefined) {
      const names = this.chromosomes.slice(0, 8).map(({ name }) => name);
      throw new BindscapeError({
        source: this.name,
        found: `there is no chromosome "${chromosome}"`,
        expected: `one of ${names.join(", ")}${this.chromosomes.length > 8 ? " ..." : ""}`,
        next: "Do the track and the regions use the same assembly and the same way of naming chromosomes?",
      });
    }
    const isWhole = Number.isInteger(start) && Number.isInteger(end);
    if (!isWhole || start < 0 || end < start || end > known.size) {
      throw new BindscapeError({
        source: this.name,
        found: `the range ${chromosome}:${start}-${end}`,
        expected: `whole numbers with 0 <= start <= end <= ${known.size}, the length of ${chromosome}`,
      });
    }
    return known;
  }

  /**
   * Values do not overlap, so a call writes each base once; a file may be careless about that, but not so much
   * that a few bytes of it cost hours.
   */
  #limitWork(most: number): (done: number) => void {
    let left = 64 * most + 1024;
    return (done) => {
      left -= done;
      if (left >= 0) return;
      const found = "its intervals cover the same bases over and over";
      throw damaged(this.name, this.#header.dataOffset, found, "intervals that do not overlap");
    };
  }

  #checkItems(count: number): void {
    if (count <= mostItems) return;
    throw new BindscapeError({
      source: this.name,
      found: `more than ${mostItems} intervals in one call`,
      next: "Read the range in parts",
    });
  }

  #makeRoom(length: number, into: Float32Array | undefined): Float32Array {
    if (into !== undefined && into.length >= length) return into.subarray(0, length);
    if (into !== undefined || length > longestRead) {
      throw new BindscapeError({
        source: this.name,
        found: `${length} values were asked for`,
        expected: into ? `at most ${into.length}, the room there is` : `at most ${longestRead} in one call`,
        next: "Read the range in parts",
      });
    }
    return new Float32Array(length);
  }

  async #forEachRecord(
    level: number,
    id: number,
    start: number,
    end: number,
    visit: (block: ZoomBlock, record: number) => void,
  ): Promise<void> {
    const zoom = this.#zooms[level];
    await zoom.forEach(await zoom.find(id, start, end), (block) => {
      for (let i = 0; i < block.starts.length; i++) {
        if (block.chromosomeIds[i] === id && block.starts[i] < end && block.ends[i] > start) visit(block, i);
      }
    });
  }
}

/** The first byte after `offset` where something else begins. */
function findEnd(file: BigWigFile, header: BigWigHeader, offset: number): number {
  const places = [header.chromosomeTreeOffset, header.dataOffset, header.indexOffset, file.size];
  for (const level of header.zoomLevels) places.push(level.dataOffset, level.indexOffset);
  return Math.min(...places.filter((place) => place > offset));
}

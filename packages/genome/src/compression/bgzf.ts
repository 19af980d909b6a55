import { BindscapeError } from "@bindscape/numerics";
import { inflateSync } from "fflate";
import { BlockCache } from "../bigwig/block-cache.js";
import { type ByteSource, checkReadRange } from "../byte-source.js";
import { crc32 } from "./crc32.js";

/** A block is at most so long, compressed or not (SAM specification, section 4.1). */
const longestBlock = 1 << 16;
const fixedHeaderLength = 12;
const trailerLength = 8;

/** A block of a bgzip file, inflated, and where the next one starts in the file. */
export interface BgzfBlock {
  readonly bytes: Uint8Array;
  readonly next: number;
  readonly byteLength: number;
}

/** Reads blocks of a bgzip file (BGZF: gzip in blocks that can be read one by one) and keeps the last ones. */
export class BgzfReader {
  readonly source: ByteSource;
  readonly #cache: BlockCache<BgzfBlock>;

  /** @param cacheSize bytes of inflated blocks that are kept; 4 MiB where left out */
  constructor(source: ByteSource, cacheSize = 4 << 20) {
    this.source = source;
    this.#cache = new BlockCache(cacheSize);
  }

  /**
   * The block that starts at a byte of the file.
   * @throws BindscapeError where there is none, or it is damaged
   */
  async read(offset: number): Promise<BgzfBlock> {
    const kept = this.#cache.get(offset);
    if (kept !== undefined) return kept;
    const size = await this.source.size();
    // The longest a block can be: its own length is only known from its header.
    const bytes = await this.source.read(offset, Math.max(0, Math.min(longestBlock, size - offset)));
    const header = parseHeader(bytes);
    if (header === null || header.length > bytes.length) {
      throw this.#damaged(offset, header === null ? "no bgzip block starts there" : "the block is cut off");
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const inflatedLength = view.getUint32(header.length - 4, true);
    if (inflatedLength > longestBlock) throw this.#damaged(offset, "the block is longer than 64 KiB");
    const deflated = bytes.subarray(header.dataStart, header.length - trailerLength);
    let inflated: Uint8Array;
    try {
      inflated = inflateSync(deflated, { out: new Uint8Array(inflatedLength) });
    } catch (cause) {
      throw this.#damaged(offset, "the block cannot be decompressed", cause);
    }
    const crc = view.getUint32(header.length - trailerLength, true);
    if (inflated.length !== inflatedLength || crc32(inflated) !== crc) {
      throw this.#damaged(offset, "the block's checksum does not match its data");
    }
    const block = { bytes: inflated, next: offset + header.length, byteLength: inflatedLength + 128 };
    this.#cache.set(offset, block);
    return block;
  }

  #damaged(offset: number, found: string, cause?: unknown): BindscapeError {
    return new BindscapeError({
      source: this.source.name,
      offset,
      found,
      expected: "a block of a bgzip file",
      next: "Is its index of this very file? Else the file is damaged: fetch or make it again",
      cause,
    });
  }
}

/** Whether a file is bgzip, by its first bytes: gzip whose first member says its own length. */
export async function isBgzf(source: ByteSource): Promise<boolean> {
  const size = await source.size();
  return parseHeader(await source.read(0, Math.min(size, 1 << 10))) !== null;
}

/** Length of a block with header and trailer, and where its data start; null where the bytes are no such block. */
function parseHeader(bytes: Uint8Array): { length: number; dataStart: number } | null {
  // Gzip with deflate (8) and, of the optional parts, an extra field alone (4).
  if (bytes.length < fixedHeaderLength) return null;
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || bytes[3] !== 4) return null;
  const dataStart = fixedHeaderLength + bytes[10] + 256 * bytes[11];
  for (let at = fixedHeaderLength; at + 6 <= Math.min(dataStart, bytes.length); ) {
    const fieldLength = bytes[at + 2] + 256 * bytes[at + 3];
    if (bytes[at] === 66 && bytes[at + 1] === 67 && fieldLength === 2) {
      const length = bytes[at + 4] + 256 * bytes[at + 5] + 1;
      return length < dataStart + trailerLength ? null : { length, dataStart };
    }
    at += 4 + fieldLength;
  }
  return null;
}

/** Where the blocks of a bgzip file start: in the file and in what it decompresses to. The first is at 0 and 0. */
export interface BgzfIndex {
  readonly compressedStarts: Float64Array;
  readonly starts: Float64Array;
}

/** Reads a `.gzi` index, as bgzip and samtools write it. */
export async function readBgzfIndex(source: ByteSource): Promise<BgzfIndex> {
  const size = await source.size();
  const damaged = (found: string) =>
    new BindscapeError({
      source: source.name,
      found: `this is not a .gzi index: ${found}`,
      expected: "a count and two 64-bit numbers for every block",
      next: "Make it with: bgzip -r FILE",
    });
  if (size < 8) throw damaged(`it has only ${size} bytes`);
  const head = await source.read(0, 8);
  const count = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (size !== 8 + 16 * count) throw damaged(`it says ${count} blocks and has ${size} bytes`);
  const bytes = await source.read(8, 16 * count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const compressedStarts = new Float64Array(count + 1);
  const starts = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    compressedStarts[i + 1] = Number(view.getBigUint64(16 * i, true));
    starts[i + 1] = Number(view.getBigUint64(16 * i + 8, true));
    if (compressedStarts[i + 1] <= compressedStarts[i] || starts[i + 1] < starts[i]) {
      throw damaged(`block ${i + 1} starts before the one before it`);
    }
  }
  return { compressedStarts, starts };
}

/** Makes the index of a bgzip file from the blocks' headers and trailers; reads all of the file. */
export async function buildBgzfIndex(source: ByteSource): Promise<BgzfIndex> {
  const size = await source.size();
  const compressedStarts: number[] = [];
  const starts: number[] = [];
  let start = 0;
  for (let offset = 0; offset < size; ) {
    const header = parseHeader(await source.read(offset, Math.min(1 << 10, size - offset)));
    if (header === null) {
      throw new BindscapeError({
        source: source.name,
        offset,
        found: "no bgzip block starts there",
        expected: "bgzip, of which parts can be read",
        next: "Decompress the file, or compress it with bgzip in place of gzip",
      });
    }
    const trailer = await source.read(offset + header.length - 4, 4);
    compressedStarts.push(offset);
    starts.push(start);
    start += new DataView(trailer.buffer, trailer.byteOffset, 4).getUint32(0, true);
    offset += header.length;
  }
  return { compressedStarts: Float64Array.from(compressedStarts), starts: Float64Array.from(starts) };
}

/** What a bgzip file decompresses to, as a source that can be read anywhere. */
export class BgzfSource implements ByteSource {
  readonly name: string;
  readonly #blocks: BgzfReader;
  readonly #index: BgzfIndex;
  #size: number | undefined;

  constructor(source: ByteSource, index: BgzfIndex) {
    this.name = source.name;
    this.#blocks = new BgzfReader(source);
    this.#index = index;
  }

  async size(): Promise<number> {
    if (this.#size !== undefined) return this.#size;
    // An index may leave the last blocks out, such as the empty one at the end.
    const { compressedStarts, starts } = this.#index;
    const end = await this.#blocks.source.size();
    let size = starts[starts.length - 1] ?? 0;
    for (let at = compressedStarts[starts.length - 1] ?? 0; at < end; ) {
      const { bytes, next } = await this.#blocks.read(at);
      size += bytes.length;
      at = next;
    }
    this.#size = size;
    return size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkReadRange(this.name, offset, length, await this.size());
    const bytes = new Uint8Array(length);
    if (length === 0) return bytes;
    const { compressedStarts, starts } = this.#index;
    const block = findLast(starts, offset);
    let at = compressedStarts[block];
    let start = starts[block];
    let done = 0;
    while (done < length) {
      const read = await this.#blocks.read(at);
      const from = offset + done - start;
      if (from < read.bytes.length) {
        const part = read.bytes.subarray(from, from + length - done);
        bytes.set(part, done);
        done += part.length;
      }
      start += read.bytes.length;
      at = read.next;
    }
    return bytes;
  }
}

/** The last place in ascending numbers whose number is at most `value`. */
function findLast(numbers: Float64Array, value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (numbers[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

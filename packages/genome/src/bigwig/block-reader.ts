import type { ByteSource } from "../byte-source.js";
import { BlockCache } from "./block-cache.js";
import { checkBlockLength, inflateBlock } from "./blocks.js";
import type { Inflate } from "./codec.js";
import type { BigWigFile } from "./format.js";
import type { BlockList, RTree } from "./r-tree.js";

/** A source that can also be read without a promise, as a local file can. */
export interface SynchronousByteSource extends ByteSource {
  readSync(offset: number, length: number): Uint8Array;
}

/** True for a source that has a synchronous read. */
export function canReadAtOnce(source: ByteSource): source is SynchronousByteSource {
  return "readSync" in source && typeof source.readSync === "function";
}

/** Blocks that lie this close together in the file are read in one go, up to so many bytes. */
const nearby = 1 << 14;
const longestRun = 1 << 22;

export interface BlockReaderParts<Block> {
  readonly file: BigWigFile;
  readonly index: RTree;
  /** Length of the longest inflated block, 0 where blocks are not compressed. */
  readonly inflatedLength: number;
  readonly inflate: Inflate;
  readonly decode: (file: BigWigFile, offset: number, bytes: Uint8Array) => Block;
  /** Bytes of decoded blocks that are kept. */
  readonly cacheSize: number;
}

/**
 * Finds, reads, inflates and decodes the blocks of one index, and keeps the last ones. Blocks that are
 * neighbours in the file come with one read; where the source can be read at once, no promise is made.
 */
export class BlockReader<Block extends { readonly byteLength: number }> {
  readonly #parts: BlockReaderParts<Block>;
  readonly #cache: BlockCache<Block>;
  readonly #readSync: ((offset: number, length: number) => Uint8Array) | null;

  constructor(parts: BlockReaderParts<Block>) {
    this.#parts = parts;
    this.#cache = new BlockCache(parts.cacheSize);
    const { source } = parts.file;
    this.#readSync = canReadAtOnce(source) ? (offset, length) => source.readSync(offset, length) : null;
  }

  /** The blocks that overlap a range; only the first call, and one of a very large index, makes a promise. */
  find(id: number, start: number, end: number): BlockList | Promise<BlockList> {
    const blocks: BlockList = { offsets: [], sizes: [] };
    const { index } = this.#parts;
    if (index.findAtOnce(id, start, end, blocks)) return blocks;
    return index.find(id, start, end, blocks).then(() => blocks);
  }

  /** The block at `offset` where it is still held. */
  getKept(offset: number): Block | undefined {
    return this.#cache.get(offset);
  }

  /** Visits the blocks in the order of the list; returns a promise only where the source needs one. */
  forEach(blocks: BlockList, visit: (block: Block, offset: number) => void): Promise<void> | undefined {
    for (let i = 0; i < blocks.offsets.length; ) {
      const next = this.#visitNext(blocks, i, visit);
      if (typeof next !== "number") return this.#forEachLater(next, blocks, visit);
      i = next;
    }
    return undefined;
  }

  async #forEachLater(
    first: Promise<number>,
    blocks: BlockList,
    visit: (block: Block, offset: number) => void,
  ): Promise<void> {
    for (let i = await first; i < blocks.offsets.length; ) i = await this.#visitNext(blocks, i, visit);
  }

  /** Visits block `first` and those that come with the same read; returns the number of the one after them. */
  #visitNext(
    blocks: BlockList,
    first: number,
    visit: (block: Block, offset: number) => void,
  ): number | Promise<number> {
    const { offsets, sizes } = blocks;
    const kept = this.#cache.get(offsets[first]);
    if (kept !== undefined) {
      visit(kept, offsets[first]);
      return first + 1;
    }
    const last = this.#findRun(blocks, first);
    const start = offsets[first];
    const length = offsets[last] + sizes[last] - start;
    const spread = (bytes: Uint8Array) => {
      for (let i = first; i <= last; i++) {
        const at = offsets[i] - start;
        const block = this.#decode(offsets[i], bytes.subarray(at, at + sizes[i]));
        visit(block, offsets[i]);
      }
      return last + 1;
    };
    if (this.#readSync !== null) return spread(this.#readSync(start, length));
    return this.#parts.file.source.read(start, length).then(spread);
  }

  #decode(offset: number, bytes: Uint8Array): Block {
    const { file, inflatedLength, inflate, decode } = this.#parts;
    const block = decode(file, offset, inflateBlock(file, offset, bytes, inflatedLength, inflate));
    this.#cache.set(offset, block);
    return block;
  }

  /** The last block from `first` on that lies so near its neighbour that one read fetches them all. */
  #findRun(blocks: BlockList, first: number): number {
    const { offsets, sizes } = blocks;
    checkBlockLength(this.#parts.file, offsets[first], sizes[first]);
    let last = first;
    while (last + 1 < offsets.length) {
      const next = offsets[last + 1];
      const gap = next - (offsets[last] + sizes[last]);
      const length = next + sizes[last + 1] - offsets[first];
      if (gap < 0 || gap > nearby || length > longestRun || this.#cache.get(next) !== undefined) break;
      last++;
    }
    return last;
  }
}

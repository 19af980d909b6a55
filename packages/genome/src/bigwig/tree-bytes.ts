import { type BigWigFile, damaged, viewOf } from "./format.js";

const chunkLength = 1 << 16;

/**
 * Reads the nodes of one tree. It keeps the last chunk, because neighbouring nodes are asked for one after the
 * other, and it stops at a tree that no writer makes: one whose nodes are reached twice (a cycle, or a node with
 * two parents, which multiplies at every level) or take more bytes than the file has.
 */
export class TreeBytes {
  readonly file: BigWigFile;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;
  readonly #visited = new Set<number>();
  #visitedBytes = 0;

  constructor(file: BigWigFile) {
    this.file = file;
  }

  /** Reads `[offset, offset + length)`, cut at the end of the file, in one go: later views come out of it. */
  async prefetch(offset: number, length: number): Promise<void> {
    const held = Math.min(length, this.file.size - offset);
    this.#chunk = await this.file.source.read(offset, held);
    this.#chunkStart = offset;
  }

  async view(offset: number, length: number): Promise<DataView> {
    if (offset + length > this.file.size) {
      const found = `a tree node of ${length} bytes ends past the end of the file (${this.file.size} bytes)`;
      throw damaged(this.file.source.name, offset, found);
    }
    if (offset < this.#chunkStart || offset + length > this.#chunkStart + this.#chunk.length) {
      await this.prefetch(offset, Math.max(length, chunkLength));
    }
    const at = offset - this.#chunkStart;
    return viewOf(this.#chunk.subarray(at, at + length));
  }

  get visitedBytes(): number {
    return this.#visitedBytes;
  }

  /** Notes a visit to the node at `offset`. */
  visit(offset: number, length: number): void {
    this.#visitedBytes += length;
    if (this.#visited.has(offset) || this.#visitedBytes > this.file.size) {
      throw damaged(this.file.source.name, offset, "the tree's nodes point back to each other or overlap");
    }
    this.#visited.add(offset);
  }
}

/** Decoded blocks by their place in the file; the least recently used go first when `limit` bytes are passed. */
export class BlockCache<Block extends { readonly byteLength: number }> {
  readonly #blocks = new Map<number, Block>();
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(offset: number): Block | undefined {
    const block = this.#blocks.get(offset);
    if (block === undefined) return undefined;
    // A Map iterates in order of insertion: taken out and put back, the block is the last to go. While the
    // cache is less than half full nothing is about to go, so order does not matter yet.
    if (this.#held * 2 > this.#limit) {
      this.#blocks.delete(offset);
      this.#blocks.set(offset, block);
    }
    return block;
  }

  set(offset: number, block: Block): void {
    if (block.byteLength > this.#limit || this.#blocks.has(offset)) return;
    this.#blocks.set(offset, block);
    this.#held += block.byteLength;
    for (const [oldest, { byteLength }] of this.#blocks) {
      if (this.#held <= this.#limit) break;
      this.#blocks.delete(oldest);
      this.#held -= byteLength;
    }
  }
}

import { BindscapeError } from "@bindscape/numerics";
import { BlockCache } from "../bigwig/block-cache.js";
import { type ByteSource, checkReadRange } from "../byte-source.js";
import { type FileVersion, type RangeOptions, RangeRequests } from "./range-requests.js";

export interface HttpSourceOptions extends RangeOptions {
  /** Bytes that are fetched and kept together; 64 KiB where left out. */
  readonly blockLength?: number;
  /** Bytes of blocks that are kept for the next read; 32 MiB where left out. */
  readonly cacheSize?: number;
}

/** Most bytes one request asks for, so that a connection that is cut does not cost much. */
const longestRequest = 8 << 20;

/** Whether a file name is an http or https address. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * A file on a web server, read by range requests, in Node and in browsers (there the server has to allow it:
 * CORS). Bytes come in blocks, neighbouring ones with one request; the last blocks are kept. Trouble that may pass
 * (cut connections, silence, 429 and 5xx) is met with further requests after growing waits.
 */
export class HttpSource implements ByteSource {
  readonly name: string;
  readonly #requests: RangeRequests;
  readonly #version: FileVersion;
  readonly #blockLength: number;
  readonly #cacheSize: number;
  readonly #blocks: BlockCache<Uint8Array>;
  /** Blocks on their way, so that reads at the same time do not ask twice. */
  readonly #coming = new Map<number, Promise<Uint8Array>>();

  private constructor(requests: RangeRequests, version: FileVersion, options: HttpSourceOptions) {
    this.name = requests.address;
    this.#requests = requests;
    this.#version = version;
    this.#blockLength = options.blockLength ?? 1 << 16;
    this.#cacheSize = options.cacheSize ?? 32 << 20;
    this.#blocks = new BlockCache(this.#cacheSize);
  }

  /**
   * Asks for the first block of a file, and learns its length and version.
   * @throws BindscapeError for an address that is none, a server that cannot be reached, refuses (404), or does
   *   not serve parts of files
   */
  static async open(address: string, options: HttpSourceOptions = {}): Promise<HttpSource> {
    const requests = new RangeRequests(address, options);
    const { version, bytes } = await requests.begin(options.blockLength ?? 1 << 16);
    const source = new HttpSource(requests, version, options);
    source.#blocks.set(0, bytes);
    return source;
  }

  async size(): Promise<number> {
    return this.#version.size;
  }

  /** @throws BindscapeError also where the file has changed on the server since it was opened. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    checkReadRange(this.name, offset, length, this.#version.size);
    if (length === 0) return new Uint8Array(0);
    if (length > this.#cacheSize / 2) return this.#readPast(offset, length);
    const first = Math.floor(offset / this.#blockLength);
    const last = Math.floor((offset + length - 1) / this.#blockLength);
    const blocks = await this.#getBlocks(first, last);
    const start = offset - first * this.#blockLength;
    if (blocks.length === 1) return blocks[0].subarray(start, start + length);
    const bytes = new Uint8Array(length);
    bytes.set(blocks[0].subarray(start));
    for (let i = 1, at = this.#blockLength - start; i < blocks.length; i++, at += this.#blockLength) {
      bytes.set(blocks[i].subarray(0, length - at), at);
    }
    return bytes;
  }

  /** A long read: neither looks into the blocks that are kept nor drives them out. */
  async #readPast(offset: number, length: number): Promise<Uint8Array> {
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(length);
    } catch (cause) {
      throw new BindscapeError({
        source: this.name,
        offset,
        found: `${length} bytes do not fit into memory`,
        cause,
      });
    }
    for (let at = 0; at < length; at += longestRequest) {
      const count = Math.min(longestRequest, length - at);
      bytes.set(await this.#requests.fetchRange(offset + at, count, this.#version), at);
    }
    return bytes;
  }

  #getBlocks(first: number, last: number): Promise<Uint8Array[]> {
    const blocks: (Uint8Array | Promise<Uint8Array>)[] = [];
    for (let block = first; block <= last; block++) {
      const held = this.#blocks.get(block) ?? this.#coming.get(block);
      if (held !== undefined) {
        blocks.push(held);
        continue;
      }
      this.#request(block, this.#findRun(block, last));
      blocks.push(this.#coming.get(block)!);
    }
    return Promise.all(blocks);
  }

  /** The last block from `block` on that is missing too and comes with the same request. */
  #findRun(block: number, last: number): number {
    const most = Math.max(1, Math.floor(longestRequest / this.#blockLength));
    let end = block;
    while (end < last && end - block + 1 < most) {
      if (this.#blocks.get(end + 1) !== undefined || this.#coming.has(end + 1)) break;
      end++;
    }
    return end;
  }

  #request(first: number, last: number): void {
    const start = first * this.#blockLength;
    const end = Math.min((last + 1) * this.#blockLength, this.#version.size);
    const fetched = this.#requests.fetchRange(start, end - start, this.#version);
    for (let block = first; block <= last; block++) {
      const from = (block - first) * this.#blockLength;
      const part = fetched.then((bytes) => {
        // A copy where it is one of several: a view would keep them all in memory.
        const kept = first === last ? bytes : bytes.slice(from, from + this.#blockLength);
        this.#blocks.set(block, kept);
        return kept;
      });
      this.#coming.set(block, part);
      const forget = () => this.#coming.delete(block);
      part.then(forget, forget);
    }
  }
}

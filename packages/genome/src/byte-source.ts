import { BindscapeError } from "@bindscape/numerics";

/**
 * Where bytes come from: a local file, a browser's Blob, memory, or anything else that can be read at an
 * offset. Every reader of a format takes one, so that the same reader runs in Node and in a browser.
 */
export interface ByteSource {
  /** What error messages call it: a path, a file name or an address. */
  readonly name: string;
  /** Length in bytes. */
  size(): Promise<number>;
  /**
   * Exactly `length` bytes from byte `offset` on. The array may share the source's memory: do not write to it.
   * @throws BindscapeError with the offset where the source ends before `offset + length`.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes that are already in memory. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = "memory") {
    // A plain view: what Node's Buffer calls a slice is no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.name = name;
  }

  async size(): Promise<number> {
    return this.#bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkReadRange(this.name, offset, length, this.#bytes.length);
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** A browser's Blob or File (Node has Blob too). Only the slices that are asked for are read. */
export class BlobSource implements ByteSource {
  readonly name: string;
  readonly #blob: Blob;

  /** @param name what errors call it; the name of a File where left out. */
  constructor(blob: Blob, name?: string) {
    this.#blob = blob;
    this.name = name ?? ("name" in blob && typeof blob.name === "string" ? blob.name : "blob");
  }

  async size(): Promise<number> {
    return this.#blob.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkReadRange(this.name, offset, length, this.#blob.size);
    try {
      return new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
    } catch (cause) {
      throw new BindscapeError({
        source: this.name,
        offset,
        found: `the browser could not read ${length} bytes`,
        next: "Was the file changed or removed? Choose it again",
        cause,
      });
    }
  }
}

/**
 * What every {@link ByteSource} checks before it reads, so that an absurd length in a damaged header is an error
 * about the file and not an allocation.
 */
export function checkReadRange(source: string, offset: number, length: number, size: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset + length > size) {
    throw new BindscapeError({
      source,
      offset,
      found: `${length} bytes from there end past the end of the file (${size} bytes)`,
      next: "The file is truncated or corrupt: fetch or make it again",
    });
  }
}

/** All bytes of a source. `limit` (bytes) guards against reading a file of the wrong kind into memory. */
export async function readAllBytes(source: ByteSource, limit = 2 ** 31 - 1): Promise<Uint8Array> {
  const size = await source.size();
  if (size > limit) {
    throw new BindscapeError({
      source: source.name,
      found: `the file has ${size} bytes`,
      expected: `at most ${limit} for a file that is read whole`,
    });
  }
  return source.read(0, size);
}

import { BindscapeError } from "@bindscape/numerics";

/** Where writers of formats put their bytes: a file being written (see `writeFileAtomically`) or memory. */
export interface ByteSink {
  /** What error messages call it. */
  readonly name: string;
  /** Bytes written so far, which is where the next `write` goes. */
  readonly position: number;
  /** Appends bytes, or text as UTF-8. The array may be reused once the promise is fulfilled. */
  write(data: Uint8Array | string): Promise<void>;
  /** Overwrites bytes already written (headers whose numbers are known at the end). `position` stays. */
  writeAt(offset: number, bytes: Uint8Array): Promise<void>;
}

const encoder = new TextEncoder();

/** UTF-8 bytes of text; bytes are returned as they are. */
export function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}

/** Throws unless `[offset, offset + length)` was written before. */
export function checkOverwriteRange(sink: ByteSink, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > sink.position) {
    throw new BindscapeError({
      source: sink.name,
      offset,
      found: `${length} bytes were to be overwritten where only ${sink.position} are written`,
    });
  }
}

/** A sink that keeps everything in memory, for tests, browsers and small files. */
export class MemorySink implements ByteSink {
  readonly name: string;
  #bytes = new Uint8Array(1024);
  #position = 0;

  constructor(name = "memory") {
    this.name = name;
  }

  get position(): number {
    return this.#position;
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = toBytes(data);
    const end = this.#position + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#position));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#position);
    this.#position = end;
  }

  async writeAt(offset: number, bytes: Uint8Array): Promise<void> {
    checkOverwriteRange(this, offset, bytes.length);
    this.#bytes.set(bytes, offset);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#position);
  }
}

import { BindscapeError } from "@bindscape/numerics";
import { Gzip } from "fflate";
import { type ByteSink, toBytes } from "../byte-sink.js";

/** fflate returns a block once so many bytes are there, and is given no more at a time. */
const pieceLength = 1 << 16;

/**
 * Gzips into another sink as the bytes come, in bounded memory. The same bytes give the same file: its header has
 * no time and no name.
 * @param write writes the text or bytes to be compressed to the sink it is given
 */
export async function writeGzip(
  sink: ByteSink,
  write: (compressed: ByteSink) => Promise<void>,
): Promise<void> {
  const target = new GzipSink(sink);
  await write(target);
  await target.finish();
}

class GzipSink implements ByteSink {
  readonly name: string;
  readonly #sink: ByteSink;
  readonly #gzip: Gzip;
  #ready: Uint8Array[] = [];
  #position = 0;

  constructor(sink: ByteSink) {
    this.name = sink.name;
    this.#sink = sink;
    this.#gzip = new Gzip({ level: 6, mtime: 0 }, (piece) => {
      this.#ready.push(piece);
    });
  }

  /** Bytes written before compression. */
  get position(): number {
    return this.#position;
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = toBytes(data);
    for (let at = 0; at < bytes.length; at += pieceLength) {
      // fflate keeps what it is given; the caller may use its array again.
      this.#gzip.push(bytes.slice(at, at + pieceLength));
      await this.#handOn();
    }
    this.#position += bytes.length;
  }

  async writeAt(): Promise<void> {
    throw new BindscapeError({
      source: this.name,
      found: "bytes were to be overwritten that are already compressed",
    });
  }

  async finish(): Promise<void> {
    this.#gzip.push(new Uint8Array(0), true);
    await this.#handOn();
  }

  async #handOn(): Promise<void> {
    const pieces = this.#ready;
    this.#ready = [];
    for (const piece of pieces) await this.#sink.write(piece);
  }
}

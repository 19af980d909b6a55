import { BindscapeError } from "@bindscape/numerics";
import { Gunzip } from "fflate";
import { crc32 } from "./crc32.js";

const trailerLength = 8;

/** Bytes given to fflate at once, which bounds how far one step can expand (deflate: at most 1032-fold). */
const pieceLength = 1 << 16;

/**
 * fflate copies what is left of a piece at every member, so pieces become small where members are tiny: more than
 * `manyMembers` in a piece.
 */
const smallPieceLength = 1 << 11;
const manyMembers = 16;

/** So many bytes without any output cannot be deflate data: an endless header, or a run of empty blocks. */
const longestSilence = 1 << 20;

/**
 * Gunzips a stream of chunks: one member or many (bgzip). Checks what fflate leaves unchecked: the CRC and the
 * length of every member, and that the stream does not end early.
 */
export class GunzipStream {
  readonly #source: string;
  readonly #gunzip: Gunzip;
  #output: Uint8Array[] = [];
  /** The last bytes given to fflate, wherever the chunks were cut: the trailers are looked up here. */
  #recent = new Uint8Array(0);
  #pushed = 0;
  #lastSign = 0;
  #memberCrc = 0;
  #memberLength = 0;
  #memberStart = 0;
  /** Members that began in the piece pushed last. */
  #members = 0;

  /** @param source what errors call the stream. */
  constructor(source: string) {
    this.#source = source;
    this.#gunzip = new Gunzip((data) => {
      if (data.length === 0) return;
      this.#memberCrc = crc32(data, this.#memberCrc);
      this.#memberLength += data.length;
      this.#lastSign = this.#pushed;
      this.#output.push(data);
    });
    this.#gunzip.onmember = (offset) => {
      this.#checkMember(offset);
      this.#memberStart = offset;
      this.#members++;
      this.#lastSign = this.#pushed;
      this.#memberCrc = 0;
      this.#memberLength = 0;
    };
  }

  /** What a chunk of compressed bytes decompresses to, piece by piece. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let length = pieceLength;
    for (let at = 0; at < chunk.length; at += length) {
      length = this.#members > manyMembers ? smallPieceLength : pieceLength;
      this.#members = 0;
      this.#pushPiece(chunk.subarray(at, at + length), false);
      yield* this.#takeOutput();
    }
  }

  /** The rest, once all compressed bytes were pushed; throws where the stream is cut off. */
  *finish(): Generator<Uint8Array> {
    this.#pushPiece(new Uint8Array(0), true);
    yield* this.#takeOutput();
    this.#checkMember(this.#pushed);
  }

  *#takeOutput(): Generator<Uint8Array> {
    const output = this.#output;
    this.#output = [];
    yield* output;
  }

  #pushPiece(piece: Uint8Array, final: boolean): void {
    const kept = this.#recent.subarray(Math.max(0, this.#recent.length - 2 * pieceLength));
    const recent = new Uint8Array(kept.length + piece.length);
    recent.set(kept);
    recent.set(piece, kept.length);
    this.#recent = recent;
    this.#pushed += piece.length;
    if (this.#pushed - this.#lastSign > longestSilence) {
      throw this.#corrupt(this.#lastSign, "more than 1 MiB of gzip data that decompress to nothing");
    }
    try {
      this.#gunzip.push(piece, final);
    } catch (error) {
      if (error instanceof BindscapeError) throw error;
      if (final) throw this.#truncated(error);
      throw this.#corrupt(this.#pushed - piece.length, "gzip data near there cannot be decompressed", error);
    }
  }

  /** Compares a member's output with the CRC-32 and the length that stand in the 8 bytes before `end`. */
  #checkMember(end: number): void {
    const at = end - trailerLength - (this.#pushed - this.#recent.length);
    if (at < 0 || end - this.#memberStart < trailerLength + 10) throw this.#truncated();
    const trailer = new DataView(this.#recent.buffer, at, trailerLength);
    const crc = trailer.getUint32(0, true);
    const length = trailer.getUint32(4, true);
    // The empty block that ends bgzip files is 03 00 and a trailer of zeros: one byte short, zeros are found too.
    const isShort = this.#memberLength === 0 && end === this.#pushed && this.#recent[at - 1] === 3;
    if (crc === this.#memberCrc && length === this.#memberLength % 4294967296 && !isShort) return;
    if (end === this.#pushed) throw this.#truncated();
    throw this.#corrupt(end - trailerLength, "the gzip checksum does not match the data");
  }

  #truncated(cause?: unknown): BindscapeError {
    return new BindscapeError({
      source: this.#source,
      offset: this.#pushed,
      found: "the gzip file is cut off there or damaged before: its last checksum does not match the data",
      next: "Fetch or make the file again",
      cause,
    });
  }

  #corrupt(offset: number, found: string, cause?: unknown): BindscapeError {
    return new BindscapeError({
      source: this.#source,
      offset,
      found,
      next: "The file is damaged: fetch or make it again",
      cause,
    });
  }
}

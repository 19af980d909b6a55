import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { GunzipStream } from "../compression/gunzip.js";

const chunkLength = 1 << 20;
/** Longest chunk handed on: a piece of gzip may expand a thousandfold. */
const longestChunk = 4 << 20;

/** How far a reader has come in its source; offsets are in bytes of the source as stored (compressed or not). */
export type OffsetListener = (offset: number, size: number) => void;

/**
 * The bytes of a text file in order, in chunks of up to 4 MiB, gunzipped where the source is gzip or bgzip.
 * Formats that are certainly not text are refused by their first bytes.
 */
export async function* readTextChunks(
  source: ByteSource,
  onOffset?: OffsetListener,
): AsyncGenerator<Uint8Array> {
  const size = await source.size();
  let gunzip: GunzipStream | undefined;
  for (let offset = 0; offset < size; offset += chunkLength) {
    const chunk = await source.read(offset, Math.min(chunkLength, size - offset));
    if (offset === 0) {
      refuseOtherFormats(chunk, source.name);
      if (chunk[0] === 0x1f && chunk[1] === 0x8b) gunzip = new GunzipStream(source.name);
    }
    if (gunzip === undefined) yield chunk;
    else yield* cutLong(gunzip.push(chunk));
    onOffset?.(Math.min(offset + chunkLength, size), size);
  }
  if (gunzip !== undefined) yield* cutLong(gunzip.finish());
}

function* cutLong(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += longestChunk) yield chunk.subarray(at, at + longestChunk);
  }
}

const otherFormats: { bytes: number[]; what: string; next: string }[] = [
  {
    bytes: [0x42, 0x5a, 0x68],
    what: "a bzip2 file",
    next: "Decompress it with bunzip2, or compress it with gzip",
  },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: "an xz file", next: "Decompress it with unxz, or use gzip" },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: "a zstd file", next: "Decompress it with unzstd, or use gzip" },
  { bytes: [0x50, 0x4b, 3, 4], what: "a zip file", next: "Unzip it first" },
  { bytes: [0xff, 0xfe], what: "UTF-16 text", next: "Save it as plain text (UTF-8)" },
  { bytes: [0xfe, 0xff], what: "UTF-16 text", next: "Save it as plain text (UTF-8)" },
  { bytes: [0x43, 0x27, 0x41, 0x1a], what: "a 2bit file", next: "Give it where a genome is asked for" },
  { bytes: [0x1a, 0x41, 0x27, 0x43], what: "a 2bit file", next: "Give it where a genome is asked for" },
  {
    bytes: [0x26, 0xfc, 0x8f, 0x88],
    what: "a bigWig file",
    next: "Give it where a signal track is asked for",
  },
  {
    bytes: [0x88, 0x8f, 0xfc, 0x26],
    what: "a bigWig file",
    next: "Give it where a signal track is asked for",
  },
  { bytes: [0xeb, 0xf2, 0x89, 0x87], what: "a bigBed file", next: "Convert it with bigBedToBed" },
  { bytes: [0x43, 0x52, 0x41, 0x4d], what: "a CRAM file", next: "Convert it to the format asked for" },
  { bytes: [0x89, 0x48, 0x44, 0x46], what: "an HDF5 file", next: "Convert it to the format asked for" },
];

function refuseOtherFormats(start: Uint8Array, source: string): void {
  for (const { bytes, what, next } of otherFormats) {
    if (bytes.every((byte, i) => start[i] === byte)) {
      throw new BindscapeError({ source, found: `this is ${what}`, expected: "text, plain or gzip", next });
    }
  }
}

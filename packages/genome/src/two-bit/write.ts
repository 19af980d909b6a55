import { BindscapeError } from "@bindscape/numerics";
import type { ByteSink } from "../byte-sink.js";
import { type SequenceRecord, unknownBase } from "../sequence/encode.js";
import { quote } from "../text/fields.js";

/** 2bit's order T, C, A, G, by code; unknown bases are packed as T, as UCSC's faToTwoBit does. */
const twoBitsOfCode = [2, 1, 3, 0, 0];

/**
 * Writes a UCSC 2bit file (little-endian, no soft mask; version 0, or version 1 with 64-bit offsets where the
 * file passes 4 GiB).
 */
export async function writeTwoBit(sink: ByteSink, records: readonly SequenceRecord[]): Promise<void> {
  const encoder = new TextEncoder();
  const names = records.map(({ name }) => encoder.encode(name));
  const tooLong = names.findIndex((name) => name.length === 0 || name.length > 255);
  if (tooLong >= 0) {
    throw new BindscapeError({
      source: sink.name,
      found: `the sequence name ${quote(records[tooLong].name)} has ${names[tooLong].length} bytes`,
      expected: "1 to 255",
    });
  }
  const blocks = records.map(({ codes }) => findUnknownBlocks(codes));
  const recordLengths = records.map(
    ({ codes }, i) => 16 + 4 * blocks[i].length + Math.ceil(codes.length / 4),
  );
  const bodyLength = recordLengths.reduce((sum, length) => sum + length, 0);
  const nameLength = names.reduce((sum, name) => sum + 1 + name.length, 16);
  const version = nameLength + 4 * names.length + bodyLength > 4294967295 ? 1 : 0;
  const offsetLength = version === 0 ? 4 : 8;

  let offset = nameLength + offsetLength * names.length;
  const head = new DataView(new ArrayBuffer(offset));
  [0x1a412743, version, records.length, 0].forEach((word, i) => {
    head.setUint32(4 * i, word, true);
  });
  let at = 16;
  names.forEach((name, i) => {
    head.setUint8(at, name.length);
    new Uint8Array(head.buffer).set(name, at + 1);
    at += 1 + name.length;
    if (version === 0) head.setUint32(at, offset, true);
    else head.setBigUint64(at, BigInt(offset), true);
    at += offsetLength;
    offset += recordLengths[i];
  });
  await sink.write(new Uint8Array(head.buffer));
  for (let i = 0; i < records.length; i++) {
    await sink.write(encodeRecordHeader(records[i].codes.length, blocks[i]));
    await sink.write(pack(records[i].codes));
  }
}

/** Starts and ends of the runs of unknown bases, alternating. */
function findUnknownBlocks(codes: Uint8Array): number[] {
  const bounds: number[] = [];
  let inside = false;
  for (let i = 0; i < codes.length; i++) {
    const unknown = codes[i] >= unknownBase;
    if (unknown !== inside) {
      bounds.push(i);
      inside = unknown;
    }
  }
  if (inside) bounds.push(codes.length);
  return bounds;
}

function encodeRecordHeader(size: number, bounds: number[]): Uint8Array {
  const count = bounds.length / 2;
  const words = new DataView(new ArrayBuffer(16 + 8 * count));
  words.setUint32(0, size, true);
  words.setUint32(4, count, true);
  for (let i = 0; i < count; i++) {
    words.setUint32(8 + 4 * i, bounds[2 * i], true);
    words.setUint32(8 + 4 * (count + i), bounds[2 * i + 1] - bounds[2 * i], true);
  }
  return new Uint8Array(words.buffer);
}

function pack(codes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(codes.length / 4));
  for (let i = 0; i < codes.length; i++) {
    packed[i >> 2] |= twoBitsOfCode[Math.min(codes[i], unknownBase)] << (6 - 2 * (i & 3));
  }
  return packed;
}

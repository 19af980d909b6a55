import { deflateRawSync } from "node:zlib";
import { crc32 } from "../src/compression/crc32.js";

/** Compresses as bgzip does, in blocks of at most `blockLength` bytes; and the `.gzi` index of it. */
export function bgzip(
  text: string | Uint8Array,
  blockLength = 65_280,
): { bytes: Uint8Array; index: Uint8Array; starts: number[]; compressedStarts: number[] } {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const blocks: Buffer[] = [];
  const starts: number[] = [];
  const compressedStarts: number[] = [];
  let length = 0;
  // The empty block at the end is bgzip's mark of a complete file.
  for (let from = 0; from <= bytes.length; from += blockLength) {
    const part = bytes.subarray(from, from + blockLength);
    starts.push(from);
    compressedStarts.push(length);
    const block = makeBlock(part);
    blocks.push(block);
    length += block.length;
    if (part.length > 0 && from + blockLength >= bytes.length) {
      blocks.push(makeBlock(new Uint8Array(0)));
      break;
    }
  }
  const index = Buffer.alloc(8 + 16 * (starts.length - 1));
  index.writeBigUInt64LE(BigInt(starts.length - 1), 0);
  for (let i = 1; i < starts.length; i++) {
    index.writeBigUInt64LE(BigInt(compressedStarts[i]), 16 * i - 8);
    index.writeBigUInt64LE(BigInt(starts[i]), 16 * i);
  }
  return { bytes: Buffer.concat(blocks), index, starts, compressedStarts };
}

function makeBlock(part: Uint8Array): Buffer {
  const deflated = deflateRawSync(part);
  const block = Buffer.alloc(18 + deflated.length + 8);
  block.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 66, 67, 2, 0]);
  block.writeUInt16LE(block.length - 1, 16);
  block.set(deflated, 18);
  block.writeUInt32LE(crc32(part), 18 + deflated.length);
  block.writeUInt32LE(part.length, 22 + deflated.length);
  return block;
}

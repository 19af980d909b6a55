import type { Inflate } from "./codec.js";
import {
  type BigWigFile,
  bedGraphSection,
  damaged,
  fixedStepSection,
  longestSection,
  sectionHeaderLength,
  variableStepSection,
  viewOf,
  zoomRecordLength,
} from "./format.js";

/** A decoded block of values, sorted by start. */
export interface DataBlock {
  readonly chromosomeId: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly values: Float32Array;
  /** Ends never fall either: true unless the file has overlapping intervals. */
  readonly isMonotonic: boolean;
  /** What it takes in memory. */
  readonly byteLength: number;
}

/** A decoded block of one zoom level. Blocks may run over several chromosomes. */
export interface ZoomBlock {
  readonly chromosomeIds: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly counts: Uint32Array;
  /** min, max, sum, sumSquares of record i at 4 i. */
  readonly statistics: Float32Array;
  readonly byteLength: number;
}

/** The longest inflated block that is accepted: kent's zoom blocks have 16 KB, data sections at most 768 KiB. */
const longestBlock = 16 << 20;

/** A block's bytes, inflated where the file is compressed. */
export function inflateBlock(
  file: BigWigFile,
  offset: number,
  bytes: Uint8Array,
  inflatedLength: number,
  inflate: Inflate,
): Uint8Array {
  if (inflatedLength === 0) return bytes;
  const limit = Math.min(Math.max(inflatedLength, longestSection), longestBlock);
  try {
    return inflate(bytes, Math.min(inflatedLength, longestSection), limit);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const found = `a compressed block of ${bytes.length} bytes cannot be inflated (${reason})`;
    throw damaged(file.source.name, offset, found, `zlib data of at most ${limit} bytes when inflated`);
  }
}

/** Throws where a block is longer than any that a writer makes, before it is read into memory. */
export function checkBlockLength(file: BigWigFile, offset: number, length: number): void {
  if (length > longestBlock) {
    throw damaged(file.source.name, offset, `a block of ${length} bytes`, `at most ${longestBlock}`);
  }
}

/** Decodes a section of values; `offset` is the block's place in the file, for errors. */
export function decodeDataBlock(file: BigWigFile, offset: number, bytes: Uint8Array): DataBlock {
  const { littleEndian } = file;
  const source = file.source.name;
  if (bytes.length < sectionHeaderLength) {
    throw damaged(source, offset, `a data section of ${bytes.length} bytes`, "at least 24");
  }
  const view = viewOf(bytes);
  const chromosomeId = view.getUint32(0, littleEndian);
  const sectionStart = view.getUint32(4, littleEndian);
  const step = view.getUint32(12, littleEndian);
  const span = view.getUint32(16, littleEndian);
  const kind = view.getUint8(20);
  const count = view.getUint16(22, littleEndian);
  const itemLength = kind === bedGraphSection ? 12 : kind === variableStepSection ? 8 : 4;
  if (kind < bedGraphSection || kind > fixedStepSection) {
    throw damaged(source, offset, `a data section of kind ${kind}`, "1, 2 or 3");
  }
  if (sectionHeaderLength + count * itemLength > bytes.length) {
    const found = `a data section of ${bytes.length} bytes with ${count} items of ${itemLength} bytes`;
    throw damaged(source, offset, found);
  }

  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const values = new Float32Array(count);
  let isSorted = true;
  let isMonotonic = true;
  let previousStart = 0;
  let previousEnd = 0;
  let at = sectionHeaderLength;
  for (let i = 0; i < count; i++) {
    let start: number;
    let end: number;
    if (kind === bedGraphSection) {
      start = view.getUint32(at, littleEndian);
      end = view.getUint32(at + 4, littleEndian);
    } else {
      start = kind === variableStepSection ? view.getUint32(at, littleEndian) : sectionStart + i * step;
      end = start + span;
    }
    if (start > end || end > 4294967295) {
      throw damaged(source, offset, `interval ${i} of a data section runs from ${start} to ${end}`);
    }
    if (start < previousStart) isSorted = false;
    if (end < previousEnd) isMonotonic = false;
    previousStart = start;
    previousEnd = end;
    starts[i] = start;
    ends[i] = end;
    values[i] = view.getFloat32(at + itemLength - 4, littleEndian);
    at += itemLength;
  }
  const byteLength = count * 12 + 200;
  const block = { chromosomeId, starts, ends, values, isMonotonic, byteLength };
  return isSorted ? block : sortByStart(block);
}

function sortByStart(block: DataBlock): DataBlock {
  const order = Uint32Array.from(block.starts.keys()).sort(
    (a, b) => block.starts[a] - block.starts[b] || a - b,
  );
  const starts = Uint32Array.from(order, (i) => block.starts[i]);
  const ends = Uint32Array.from(order, (i) => block.ends[i]);
  const isMonotonic = ends.every((end, i) => i === 0 || end >= ends[i - 1]);
  return { ...block, starts, ends, isMonotonic, values: Float32Array.from(order, (i) => block.values[i]) };
}

/** Decodes a block of zoom records. */
export function decodeZoomBlock(file: BigWigFile, offset: number, bytes: Uint8Array): ZoomBlock {
  const { littleEndian } = file;
  if (bytes.length % zoomRecordLength !== 0) {
    const found = `a zoom block of ${bytes.length} bytes`;
    throw damaged(file.source.name, offset, found, "a multiple of 32");
  }
  const view = viewOf(bytes);
  const count = bytes.length / zoomRecordLength;
  const chromosomeIds = new Uint32Array(count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const counts = new Uint32Array(count);
  const statistics = new Float32Array(count * 4);
  for (let i = 0; i < count; i++) {
    const at = i * zoomRecordLength;
    chromosomeIds[i] = view.getUint32(at, littleEndian);
    starts[i] = view.getUint32(at + 4, littleEndian);
    ends[i] = view.getUint32(at + 8, littleEndian);
    counts[i] = view.getUint32(at + 12, littleEndian);
    for (let k = 0; k < 4; k++) statistics[4 * i + k] = view.getFloat32(at + 16 + 4 * k, littleEndian);
    if (starts[i] > ends[i]) {
      throw damaged(file.source.name, offset, `zoom record ${i} runs from ${starts[i]} to ${ends[i]}`);
    }
  }
  return { chromosomeIds, starts, ends, counts, statistics, byteLength: count * 32 + 200 };
}

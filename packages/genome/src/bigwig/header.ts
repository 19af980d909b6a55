import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import {
  type BigWigFile,
  bigBedMagic,
  bigWigMagic,
  checkPlace,
  chromosomeTreeHeaderLength,
  damaged,
  headerLength,
  readUint64,
  rTreeHeaderLength,
  summaryLength,
  viewOf,
  zoomHeaderLength,
} from "./format.js";

/** What a bigWig says of all its values together. Sums run over bases, not over intervals. */
export interface BigWigSummary {
  /** Bases that have a value. */
  readonly basesCovered: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly sumSquares: number;
}

export interface ZoomHeader {
  /** Bases that one record summarises. */
  readonly reduction: number;
  readonly dataOffset: number;
  readonly indexOffset: number;
}

export interface BigWigHeader {
  readonly version: number;
  readonly chromosomeTreeOffset: number;
  readonly dataOffset: number;
  readonly indexOffset: number;
  /** Length of the longest block when inflated, in bytes; 0 where blocks are not compressed. */
  readonly inflatedLength: number;
  /** In order of growing reduction. */
  readonly zoomLevels: readonly ZoomHeader[];
  /** Null where the file has none. */
  readonly summary: BigWigSummary | null;
}

/** Reads and checks the header, the zoom headers and the total summary. */
export async function readHeader(source: ByteSource): Promise<{ file: BigWigFile; header: BigWigHeader }> {
  const size = await source.size();
  if (size < headerLength) {
    throw damaged(source.name, size, `the file ends after ${size} bytes`, "a bigWig header of 64 bytes");
  }
  const view = viewOf(await source.read(0, headerLength));
  const littleEndian = findByteOrder(source.name, view);
  const file: BigWigFile = { source, size, littleEndian };
  const version = view.getUint16(4, littleEndian);
  if (version < 1 || version > 4) {
    throw damaged(source.name, 4, `format version ${version}`, "1 to 4");
  }
  const header = {
    version,
    chromosomeTreeOffset: readUint64(view, 8, littleEndian),
    dataOffset: readUint64(view, 16, littleEndian),
    indexOffset: readUint64(view, 24, littleEndian),
    inflatedLength: view.getUint32(52, littleEndian),
  };
  checkPlace(file, 8, "the chromosome tree", header.chromosomeTreeOffset, chromosomeTreeHeaderLength);
  checkPlace(file, 16, "the data", header.dataOffset, 0);
  checkPlace(file, 24, "the index of the data", header.indexOffset, rTreeHeaderLength);
  const zoomLevels = await readZoomHeaders(file, view.getUint16(6, littleEndian));
  // The first version had no total summary; the bytes where later ones point to it were reserved.
  const summaryOffset = version === 1 ? 0 : readUint64(view, 44, littleEndian);
  const summary = summaryOffset === 0 ? null : await readSummary(file, summaryOffset);
  return { file, header: { ...header, zoomLevels, summary } };
}

function findByteOrder(source: string, view: DataView): boolean {
  const little = view.getUint32(0, true);
  const big = view.getUint32(0, false);
  if (little === bigWigMagic) return true;
  if (big === bigWigMagic) return false;
  if (little === bigBedMagic || big === bigBedMagic) {
    throw new BindscapeError({
      source,
      offset: 0,
      found: "this is a bigBed file",
      expected: "a bigWig file",
      next: "bigBed holds features, not a signal: convert it with bigBedToBed, or choose the bigWig of the track",
    });
  }
  const bytes = big.toString(16).padStart(8, "0");
  throw new BindscapeError({
    source,
    offset: 0,
    found: `the file starts with the bytes ${bytes}${bytes.startsWith("1f8b") ? ", so it is gzip-compressed" : ""}`,
    expected: "a bigWig file (26fc8f88 or 888ffc26)",
    next: bytes.startsWith("1f8b") ? "Decompress it first" : "Check that this is the right file",
  });
}

async function readZoomHeaders(file: BigWigFile, count: number): Promise<ZoomHeader[]> {
  checkPlace(file, 6, `the list of ${count} zoom levels`, headerLength, count * zoomHeaderLength);
  const view = viewOf(await file.source.read(headerLength, count * zoomHeaderLength));
  const levels: ZoomHeader[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * zoomHeaderLength;
    const field = headerLength + at;
    const level = {
      reduction: view.getUint32(at, file.littleEndian),
      dataOffset: readUint64(view, at + 8, file.littleEndian),
      indexOffset: readUint64(view, at + 16, file.littleEndian),
    };
    if (level.reduction === 0) throw damaged(file.source.name, field, `zoom level ${i} has reduction 0`);
    checkPlace(file, field + 8, `the data of zoom level ${i}`, level.dataOffset, 0);
    checkPlace(file, field + 16, `the index of zoom level ${i}`, level.indexOffset, rTreeHeaderLength);
    levels.push(level);
  }
  return levels.sort((a, b) => a.reduction - b.reduction);
}

async function readSummary(file: BigWigFile, offset: number): Promise<BigWigSummary> {
  checkPlace(file, 44, "the total summary", offset, summaryLength);
  const view = viewOf(await file.source.read(offset, summaryLength));
  return {
    basesCovered: readUint64(view, 0, file.littleEndian),
    min: view.getFloat64(8, file.littleEndian),
    max: view.getFloat64(16, file.littleEndian),
    sum: view.getFloat64(24, file.littleEndian),
    sumSquares: view.getFloat64(32, file.littleEndian),
  };
}

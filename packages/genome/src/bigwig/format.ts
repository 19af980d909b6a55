import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";

// The layout is that of Kent, Zweig, Barber, Hinrichs and Karolchik 2010, "BigWig and BigBed: enabling browsing
// of large distributed datasets", Bioinformatics 26:2204-2207, supplementary tables 1 to 19.

export const bigWigMagic = 0x888ffc26;
export const bigBedMagic = 0x8789f2eb;
export const chromosomeTreeMagic = 0x78ca8c91;
export const rTreeMagic = 0x2468ace0;

/** Lengths in bytes of the format's records. */
export const headerLength = 64;
export const zoomHeaderLength = 24;
export const summaryLength = 40;
export const chromosomeTreeHeaderLength = 32;
export const rTreeHeaderLength = 48;
export const nodeHeaderLength = 4;
export const leafItemLength = 32;
export const branchItemLength = 24;
export const sectionHeaderLength = 24;
export const zoomRecordLength = 32;

/** The kinds of data section. */
export const bedGraphSection = 1;
export const variableStepSection = 2;
export const fixedStepSection = 3;

/** The longest data section there can be: its count has 16 bits, its longest item 12 bytes. */
export const longestSection = sectionHeaderLength + 65535 * 12;

/** (chromosome id, base) pairs are compared as one float64: exact while ids stay below this. */
export const chromosomeIdLimit = 2 ** 21;

/** A bigWig file that is being read: where its bytes come from and how they are laid out. */
export interface BigWigFile {
  readonly source: ByteSource;
  /** Length of the file in bytes. */
  readonly size: number;
  readonly littleEndian: boolean;
}

/** A 64-bit unsigned number; beyond 2^53 it is rounded, which every comparison with the file's size survives. */
export function readUint64(view: DataView, at: number, littleEndian: boolean): number {
  const first = view.getUint32(at, littleEndian);
  const second = view.getUint32(at + 4, littleEndian);
  return littleEndian ? second * 4294967296 + first : first * 4294967296 + second;
}

/** Writes a 64-bit unsigned number below 2^53, little-endian. */
export function writeUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 4294967296), true);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error for a file whose bytes cannot be what a bigWig writer wrote. */
export function damaged(source: string, offset: number, found: string, expected?: string): BindscapeError {
  return new BindscapeError({
    source,
    offset,
    found,
    expected,
    next: "The file is truncated or corrupt: fetch or make it again",
  });
}

/** Throws unless `[offset, offset + length)` lies in the file; `field` is the byte where the offset is stored. */
export function checkPlace(
  file: BigWigFile,
  field: number,
  what: string,
  offset: number,
  length: number,
): void {
  if (offset + length <= file.size) return;
  throw damaged(
    file.source.name,
    field,
    `${what} is said to be at byte ${offset}, which ends past the end of the file (${file.size} bytes)`,
  );
}

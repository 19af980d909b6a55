import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { quote } from "../text/fields.js";

/** A file inside a zip archive, as its central directory tells. */
export interface ZipMember {
  readonly name: string;
  /** 0 stored, 8 deflated; others are refused. */
  readonly method: number;
  readonly crc: number;
  /** Bytes in the archive, and once decompressed. */
  readonly storedLength: number;
  readonly length: number;
  /** Of the local header. */
  readonly offset: number;
}

const endLength = 22;
const longestComment = 65535;
const memberLength = 46;
/** In 16 and 32 bits: the number stands in the zip64 part. */
const in16 = 0xffff;
const in32 = 0xffffffff;

/**
 * The members of a zip archive, zip64 included. Refuses encrypted ones, other methods than store and deflate,
 * duplicate names, and members that share bytes (which is how a small archive expands without end).
 */
export async function readZipDirectory(source: ByteSource): Promise<ZipMember[]> {
  const size = await source.size();
  const { offset, length, count } = await findDirectory(source, size);
  if (offset + length > size || count * memberLength > length) {
    throw damaged(source, offset, `a directory of ${count} members in ${length} bytes`);
  }
  const bytes = await source.read(offset, length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const members: ZipMember[] = [];
  const names = new Set<string>();
  let at = 0;
  let stored = 0;
  for (let i = 0; i < count; i++) {
    if (at + memberLength > length || view.getUint32(at, true) !== 0x02014b50) {
      throw damaged(source, offset + at, `the directory ends at member ${i + 1} of ${count}`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + memberLength + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) throw damaged(source, offset + at, `member ${i + 1} of ${count} is cut off`);
    const name = decoder.decode(bytes.subarray(at + memberLength, at + memberLength + nameLength));
    const member = readZip64(
      {
        name,
        method: view.getUint16(at + 10, true),
        crc: view.getUint32(at + 16, true),
        storedLength: view.getUint32(at + 20, true),
        length: view.getUint32(at + 24, true),
        offset: view.getUint32(at + 42, true),
      },
      new DataView(view.buffer, view.byteOffset + at + memberLength + nameLength, extraLength),
    );
    const isEncrypted = (view.getUint16(at + 8, true) & 1) === 1;
    if (isEncrypted || (member.method !== 0 && member.method !== 8)) {
      throw new BindscapeError({
        source: source.name,
        offset: offset + at,
        found: `the member ${quote(name)} is ${isEncrypted ? "encrypted" : `compressed by method ${member.method}`}`,
        expected: "stored or deflated data, as numpy.savez writes",
      });
    }
    if (names.has(name)) throw damaged(source, offset + at, `a second member named ${quote(name)}`);
    names.add(name);
    stored += member.storedLength;
    if (stored > size) throw damaged(source, offset + at, "members that are longer in all than the file");
    members.push(member);
    at = next;
  }
  return members;
}

async function findDirectory(
  source: ByteSource,
  size: number,
): Promise<{ offset: number; length: number; count: number }> {
  const tailLength = Math.min(size, endLength + longestComment);
  const tail = await source.read(size - tailLength, tailLength);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  let at = tailLength - endLength;
  while (at >= 0 && view.getUint32(at, true) !== 0x06054b50) at--;
  if (at < 0) {
    throw new BindscapeError({
      source: source.name,
      found: "the zip directory at the end of the file is missing",
      expected: "an .npz file",
      next: "It is truncated or of another kind: make it again",
    });
  }
  const count = view.getUint16(at + 10, true);
  const length = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (count !== in16 && length !== in32 && offset !== in32) return { offset, length, count };
  const locatorAt = size - tailLength + at - 20;
  if (locatorAt < 0) return { offset, length, count };
  const locator = await readView(source, locatorAt, 20);
  if (locator.getUint32(0, true) !== 0x07064b50) return { offset, length, count };
  const end = await readView(source, Number(locator.getBigUint64(8, true)), 56);
  if (end.getUint32(0, true) !== 0x06064b50)
    throw damaged(source, locatorAt, "no zip64 directory where it should be");
  return {
    count: Number(end.getBigUint64(32, true)),
    length: Number(end.getBigUint64(40, true)),
    offset: Number(end.getBigUint64(48, true)),
  };
}

/** Takes those numbers that do not fit 32 bits from the zip64 extra field, where there is one. */
function readZip64(member: ZipMember, extra: DataView): ZipMember {
  let at = 0;
  while (at + 4 <= extra.byteLength) {
    const end = Math.min(extra.byteLength, at + 4 + extra.getUint16(at + 2, true));
    if (extra.getUint16(at, true) === 1) {
      at += 4;
      const take = (value: number) => {
        if (value !== in32 || at + 8 > end) return value;
        at += 8;
        return Number(extra.getBigUint64(at - 8, true));
      };
      const length = take(member.length);
      const storedLength = take(member.storedLength);
      return { ...member, length, storedLength, offset: take(member.offset) };
    }
    at = end;
  }
  return member;
}

async function readView(source: ByteSource, offset: number, length: number): Promise<DataView> {
  const bytes = await source.read(offset, length);
  return new DataView(bytes.buffer, bytes.byteOffset, length);
}

function damaged(source: ByteSource, offset: number, found: string): BindscapeError {
  return new BindscapeError({
    source: source.name,
    offset,
    found,
    next: "The file is truncated or corrupt: make it again",
  });
}

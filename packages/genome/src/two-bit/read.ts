import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { type SequenceRecord, unknownBase } from "../sequence/encode.js";
import { quote } from "../text/fields.js";

const signature = 0x1a412743;
const headerLength = 16;
/** 2bit's own order is T, C, A, G; two bits a base, the first base in the highest bits. */
const codeOfTwoBits = [3, 1, 0, 2];

interface IndexEntry {
  readonly name: string;
  readonly offset: number;
}

interface Blocks {
  readonly starts: Uint32Array;
  readonly sizes: Uint32Array;
}

/** What stands before the packed bases of a record, and where these are. */
interface RecordHeader {
  readonly size: number;
  readonly unknown: Blocks;
  readonly packedOffset: number;
}

/**
 * A UCSC 2bit file, opened: names are known, sequences are read one at a time. Versions 0 and 1 (64-bit
 * offsets), either byte order.
 */
export class TwoBitReader {
  readonly names: readonly string[];
  readonly #source: ByteSource;
  readonly #fileSize: number;
  readonly #littleEndian: boolean;
  readonly #index: ReadonlyMap<string, IndexEntry>;
  /** Of the sequence read last: stretches of one come one after the other. */
  #last: { readonly name: string; readonly header: RecordHeader } | undefined;

  private constructor(source: ByteSource, fileSize: number, littleEndian: boolean, entries: IndexEntry[]) {
    this.#source = source;
    this.#fileSize = fileSize;
    this.#littleEndian = littleEndian;
    this.#index = new Map(entries.map((entry) => [entry.name, entry]));
    this.names = entries.map((entry) => entry.name);
  }

  /** @throws BindscapeError where this is no 2bit file, or its index is damaged. */
  static async open(source: ByteSource): Promise<TwoBitReader> {
    const fileSize = await source.size();
    if (fileSize < headerLength) throw notTwoBit(source, `the file has only ${fileSize} bytes`);
    const header = viewOf(await source.read(0, headerLength));
    const littleEndian = header.getUint32(0, true) === signature;
    if (!littleEndian && header.getUint32(0, false) !== signature) {
      throw notTwoBit(source, `it starts with 0x${header.getUint32(0, false).toString(16).padStart(8, "0")}`);
    }
    const version = header.getUint32(4, littleEndian);
    if (version > 1) {
      throw new BindscapeError({
        source: source.name,
        offset: 4,
        found: `2bit version ${version}`,
        expected: "version 0 or 1",
      });
    }
    const count = header.getUint32(8, littleEndian);
    const entries = await readIndex(source, fileSize, count, version, littleEndian);
    return new TwoBitReader(source, fileSize, littleEndian, entries);
  }

  /** Length of a sequence in bases. */
  async readSize(name: string): Promise<number> {
    const { offset } = this.#find(name);
    return viewOf(await this.#read(offset, 4)).getUint32(0, this.#littleEndian);
  }

  /** One whole sequence as codes; N blocks are 4, the soft mask is ignored. */
  async read(name: string): Promise<SequenceRecord> {
    const header = await this.#readHeader(this.#find(name));
    return { name, description: "", codes: await this.#readPacked(header, 0, header.size) };
  }

  /** Codes of the bases [start, end) of a sequence; nothing else of it is read. */
  async readCodes(name: string, start: number, end: number): Promise<Uint8Array> {
    if (this.#last?.name !== name) {
      this.#last = { name, header: await this.#readHeader(this.#find(name)) };
    }
    const { header } = this.#last;
    const isWhole = Number.isInteger(start) && Number.isInteger(end);
    if (!isWhole || start < 0 || end < start || end > header.size) {
      throw new BindscapeError({
        source: this.#source.name,
        found: `the range ${name}:${start}-${end}`,
        expected: `whole numbers with 0 <= start <= end <= ${header.size}, the length of ${name}`,
      });
    }
    return this.#readPacked(header, start, end);
  }

  async #readPacked(
    { unknown, packedOffset }: RecordHeader,
    start: number,
    end: number,
  ): Promise<Uint8Array> {
    const firstByte = Math.floor(start / 4);
    const packed = await this.#read(packedOffset + firstByte, Math.ceil(end / 4) - firstByte);
    const codes = unpack(packed, end - 4 * firstByte).subarray(start - 4 * firstByte);
    for (let i = 0; i < unknown.starts.length; i++) {
      const from = Math.max(unknown.starts[i], start);
      const to = Math.min(unknown.starts[i] + unknown.sizes[i], end);
      if (from < to) codes.fill(unknownBase, from - start, to - start);
    }
    return codes;
  }

  /** All sequences in the order of the file. */
  async readAll(): Promise<SequenceRecord[]> {
    const records: SequenceRecord[] = [];
    let packedBytes = 0;
    for (const name of this.names) {
      // Records do not share bytes in a sound file. In a hostile one thousands of names could point at one
      // large record, and the sequences would fill the memory.
      packedBytes += Math.ceil((await this.readSize(name)) / 4);
      if (packedBytes > this.#fileSize) {
        throw new BindscapeError({
          source: this.#source.name,
          offset: this.#find(name).offset,
          found: `the sequences up to ${quote(name)} need ${packedBytes} bytes, more than the file has (${this.#fileSize})`,
          next: "The file is truncated or corrupt: fetch or make it again",
        });
      }
      records.push(await this.read(name));
    }
    return records;
  }

  #find(name: string): IndexEntry {
    const entry = this.#index.get(name);
    if (entry === undefined) {
      const some = this.names.slice(0, 5).join(", ");
      throw new BindscapeError({
        source: this.#source.name,
        found: `no sequence named ${quote(name)}`,
        expected: `one of the ${this.names.length} names (${some}${this.names.length > 5 ? ", ..." : ""})`,
      });
    }
    return entry;
  }

  #read(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, length);
  }

  async #readHeader({ name, offset }: IndexEntry): Promise<RecordHeader> {
    const size = viewOf(await this.#read(offset, 4)).getUint32(0, this.#littleEndian);
    const unknownOffset = offset + 4;
    const unknown = await this.#readBlocks(unknownOffset);
    const maskOffset = unknownOffset + 4 + 8 * unknown.starts.length;
    const maskCount = viewOf(await this.#read(maskOffset, 4)).getUint32(0, this.#littleEndian);
    // Skipped, not read: a damaged count shows when the bases after it end past the end of the file.
    const packedOffset = maskOffset + 4 + 8 * maskCount + 4;
    let covered = 0;
    for (let i = 0; i < unknown.starts.length; i++) {
      covered += unknown.sizes[i];
      // A sum above the size means overlapping blocks, which could take for ever to fill in.
      if (unknown.starts[i] + unknown.sizes[i] > size || covered > size) {
        throw new BindscapeError({
          source: this.#source.name,
          offset: unknownOffset + 4 + 4 * i,
          found: `N block ${i + 1} of the sequence ${quote(name)} starts at ${unknown.starts[i]} and has ${unknown.sizes[i]} bases`,
          expected: `blocks inside its ${size} bases that do not overlap`,
          next: "The file is corrupt: fetch or make it again",
        });
      }
    }
    return { size, unknown, packedOffset };
  }

  async #readBlocks(offset: number): Promise<Blocks> {
    const count = viewOf(await this.#read(offset, 4)).getUint32(0, this.#littleEndian);
    const view = viewOf(await this.#read(offset + 4, 8 * count));
    const starts = new Uint32Array(count);
    const sizes = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      starts[i] = view.getUint32(4 * i, this.#littleEndian);
      sizes[i] = view.getUint32(4 * (count + i), this.#littleEndian);
    }
    return { starts, sizes };
  }
}

/** All sequences of a 2bit file. Use {@link TwoBitReader} to read some of a large genome. */
export async function readTwoBit(source: ByteSource): Promise<SequenceRecord[]> {
  return (await TwoBitReader.open(source)).readAll();
}

async function readIndex(
  source: ByteSource,
  fileSize: number,
  count: number,
  version: number,
  littleEndian: boolean,
): Promise<IndexEntry[]> {
  const offsetLength = version === 0 ? 4 : 8;
  // An entry is at least its name's length, one letter and the offset, and its record at least 16 bytes.
  if (count * (1 + 1 + offsetLength) > fileSize - headerLength) {
    throw new BindscapeError({
      source: source.name,
      offset: 8,
      found: `the header says ${count} sequences, more than a file of ${fileSize} bytes can hold`,
      next: "The file is truncated or corrupt: fetch or make it again",
    });
  }
  // The longest possible index: names have at most 255 letters.
  const length = Math.min(fileSize - headerLength, count * (1 + 255 + offsetLength));
  const bytes = await source.read(headerLength, length);
  const view = viewOf(bytes);
  const decoder = new TextDecoder();
  const entries: IndexEntry[] = [];
  const seen = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const nameLength = at < length ? bytes[at] : 0;
    const next = at + 1 + nameLength + offsetLength;
    if (at >= length || next > length) {
      throw new BindscapeError({
        source: source.name,
        offset: headerLength + at,
        found: `the index ends at name ${i + 1} of ${count}`,
        next: "The file is truncated or corrupt: fetch or make it again",
      });
    }
    const name = decoder.decode(bytes.subarray(at + 1, at + 1 + nameLength));
    if (name === "" || seen.has(name)) {
      throw new BindscapeError({
        source: source.name,
        offset: headerLength + at,
        found: name === "" ? "a sequence without a name" : `a second sequence named ${quote(name)}`,
        expected: "a name for every sequence",
      });
    }
    seen.add(name);
    const offsetAt = at + 1 + nameLength;
    const offset =
      version === 0
        ? view.getUint32(offsetAt, littleEndian)
        : Number(view.getBigUint64(offsetAt, littleEndian));
    entries.push({ name, offset });
    at = next;
  }
  return entries;
}

function unpack(packed: Uint8Array, size: number): Uint8Array {
  const codes = new Uint8Array(size);
  const whole = Math.floor(size / 4);
  const table = unpackTable;
  let at = 0;
  for (let i = 0; i < whole; i++) {
    const entry = packed[i] << 2;
    codes[at] = table[entry];
    codes[at + 1] = table[entry + 1];
    codes[at + 2] = table[entry + 2];
    codes[at + 3] = table[entry + 3];
    at += 4;
  }
  for (let i = 0; at < size; i++, at++) codes[at] = table[(packed[whole] << 2) + i];
  return codes;
}

/** The four codes of every byte. */
const unpackTable = Uint8Array.from({ length: 1024 }, (_, i) => {
  const shift = 6 - 2 * (i & 3);
  return codeOfTwoBits[((i >> 2) >> shift) & 3];
});

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function notTwoBit(source: ByteSource, found: string): BindscapeError {
  return new BindscapeError({
    source: source.name,
    offset: 0,
    found: `this is not a 2bit file: ${found}`,
    expected: "the 2bit signature 0x1a412743 in either byte order",
  });
}

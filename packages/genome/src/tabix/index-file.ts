import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { readTextChunks } from "../text/chunks.js";

/** A place in a bgzip file: where a block starts, and a byte of what it decompresses to. */
export interface VirtualOffset {
  readonly block: number;
  readonly within: number;
}

interface Chunk {
  readonly from: VirtualOffset;
  readonly to: VirtualOffset;
}

interface Bin {
  readonly number: number;
  readonly chunks: readonly Chunk[];
}

interface Reference {
  readonly bins: readonly Bin[];
  /** Of a .tbi: the first line that overlaps each 16-kb stretch. Empty in a .csi. */
  readonly linear: readonly VirtualOffset[];
}

/** Where the columns of a position-sorted text file stand; 1-based, as the index has them. */
export interface TabixColumns {
  readonly format: "generic" | "VCF";
  readonly isZeroBased: boolean;
  readonly chromosome: number;
  readonly start: number;
  /** 0 where there is none. */
  readonly end: number;
  /** Lines that start with it are comments. */
  readonly comment: number;
  /** Lines at the top that hold no record. */
  readonly skip: number;
}

/** An index is read whole; a larger file of that name is none. */
const longestIndex = 2 ** 28;

/** A tabix index (.tbi or .csi): which parts of a bgzip file hold the lines of a region. */
export class TabixIndex {
  /** Chromosomes in the order of the file. */
  readonly names: readonly string[];
  readonly columns: TabixColumns;
  readonly #references: readonly Reference[];
  readonly #minimumShift: number;
  readonly #depth: number;

  private constructor(names: readonly string[], columns: TabixColumns, tree: Tree) {
    this.names = names;
    this.columns = columns;
    this.#references = tree.references;
    this.#minimumShift = tree.minimumShift;
    this.#depth = tree.depth;
  }

  /** @throws BindscapeError where the file is no index, damaged, or of SAM */
  static async read(source: ByteSource): Promise<TabixIndex> {
    const parser = new Parser(await decompress(source), source.name);
    const magic = parser.text(4);
    if (magic !== "TBI\u0001" && magic !== "CSI\u0001") {
      throw new BindscapeError({
        source: source.name,
        found: "this is no tabix index",
        expected: "a .tbi or .csi file",
        next: "Make it with: tabix -p bed FILE (or -p vcf)",
      });
    }
    if (magic.startsWith("TBI")) {
      const count = parser.count(8);
      const { names, columns } = parser.header();
      const references = parser.list(count, () => parser.reference(false));
      return new TabixIndex(names, columns, { references, minimumShift: 14, depth: 5 });
    }
    const minimumShift = parser.count(0);
    const depth = parser.count(0);
    if (minimumShift > 30 || depth > 15) throw parser.damaged(`${depth} levels from 2^${minimumShift} bp on`);
    const end = parser.count(1) + parser.at;
    const { names, columns } = parser.header();
    parser.at = end;
    const count = parser.count(4);
    const references = parser.list(count, () => parser.reference(true));
    return new TabixIndex(names, columns, { references, minimumShift, depth });
  }

  /** The parts of the file that hold all lines of a region, ascending and apart; others may be among them. */
  find(chromosome: string, start: number, end: number): readonly Chunk[] {
    const reference = this.#references[this.names.indexOf(chromosome)];
    if (reference === undefined || start >= end) return [];
    const from = reference.linear[Math.floor(start / 2 ** 14)];
    const found: Chunk[] = [];
    for (const { number, chunks } of reference.bins) {
      const place = this.#placeOf(number);
      if (place === null || place.start >= end || place.end <= start) continue;
      for (const chunk of chunks) if (from === undefined || isBefore(from, chunk.to)) found.push(chunk);
    }
    found.sort((a, b) => compare(a.from, b.from));
    const apart: Chunk[] = [];
    for (const chunk of found) {
      const last = apart.at(-1);
      if (last === undefined || isBefore(last.to, chunk.from)) apart.push(chunk);
      else if (isBefore(last.to, chunk.to)) apart[apart.length - 1] = { from: last.from, to: chunk.to };
    }
    return apart;
  }

  /** What a bin stands for, in bp; null for the bin that holds statistics (SAM specification, section 5.3). */
  #placeOf(bin: number): { start: number; end: number } | null {
    let first = 0;
    for (let level = 0; level <= this.#depth; level++) {
      const count = 8 ** level;
      if (bin < first + count) {
        const length = 2 ** (this.#minimumShift + 3 * (this.#depth - level));
        return { start: (bin - first) * length, end: (bin - first + 1) * length };
      }
      first += count;
    }
    return null;
  }
}

interface Tree {
  readonly references: readonly Reference[];
  readonly minimumShift: number;
  readonly depth: number;
}

function compare(a: VirtualOffset, b: VirtualOffset): number {
  return a.block - b.block || a.within - b.within;
}

export function isBefore(a: VirtualOffset, b: VirtualOffset): boolean {
  return compare(a, b) < 0;
}

async function decompress(source: ByteSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readTextChunks(source)) {
    chunks.push(chunk.slice());
    length += chunk.length;
    if (length > longestIndex) {
      throw new BindscapeError({
        source: source.name,
        found: `more than ${longestIndex} bytes when decompressed`,
        expected: "a tabix index",
      });
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Reads the numbers of an index one after the other, and never beyond its end. */
class Parser {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #source: string;

  constructor(bytes: Uint8Array, source: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#source = source;
  }

  damaged(found: string): BindscapeError {
    return new BindscapeError({
      source: this.#source,
      found: `the index says ${found}, or ends too early`,
      next: "It is damaged: make it again with tabix",
    });
  }

  /** A number of items of at least `size` bytes each that still follow. */
  count(size: number): number {
    this.#need(4);
    const count = this.#view.getInt32(this.at, true);
    this.at += 4;
    if (count < 0 || count * size > this.#bytes.length - this.at) throw this.damaged(`${count} entries`);
    return count;
  }

  text(length: number): string {
    if (this.#bytes.length - this.at < length) return "";
    this.at += length;
    return new TextDecoder("latin1").decode(this.#bytes.subarray(this.at - length, this.at));
  }

  list<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  header(): { names: string[]; columns: TabixColumns } {
    const format = this.count(0);
    const kind = format & 0xffff;
    if (kind !== 0 && kind !== 2) {
      throw new BindscapeError({
        source: this.#source,
        found: kind === 1 ? "the index of a SAM file" : `the index of a file of kind ${kind}`,
        expected: "that of a BED-like file or of VCF",
      });
    }
    const [chromosome, start, end, comment, skip] = this.list(5, () => this.count(0));
    if (chromosome < 1 || start < 1) throw this.damaged(`columns ${chromosome} and ${start}`);
    const bytes = this.count(1);
    const names = new TextDecoder().decode(this.#bytes.subarray(this.at, this.at + bytes)).split("\0");
    this.at += bytes;
    const isZeroBased = (format & 0x10000) !== 0;
    const columns = { chromosome, start, end, comment, skip, isZeroBased };
    return { names: names.slice(0, -1), columns: { format: kind === 2 ? "VCF" : "generic", ...columns } };
  }

  reference(isCsi: boolean): Reference {
    const bins = this.list(this.count(isCsi ? 16 : 8), () => {
      this.#need(4);
      const number = this.#view.getUint32(this.at, true);
      // A .csi has each bin's first line here; chunks say enough.
      this.at += isCsi ? 12 : 4;
      const chunks = this.list(this.count(16), () => ({ from: this.#offset(), to: this.#offset() }));
      return { number, chunks };
    });
    return { bins, linear: isCsi ? [] : this.list(this.count(8), () => this.#offset()) };
  }

  #offset(): VirtualOffset {
    this.#need(8);
    const low = this.#view.getUint32(this.at, true);
    const high = this.#view.getUint32(this.at + 4, true);
    this.at += 8;
    return { block: high * 65_536 + (low >>> 16), within: low & 0xffff };
  }

  #need(length: number): void {
    if (this.#bytes.length - this.at < length) throw this.damaged("more than it holds");
  }
}

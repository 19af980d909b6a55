import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import { BgzfSource, buildBgzfIndex, isBgzf, readBgzfIndex } from "../compression/bgzf.js";
import { codeOfByte, noBase } from "../sequence/encode.js";
import { quote } from "../text/fields.js";
import { buildFastaIndex, type FastaIndexEntry, readFastaIndex } from "./index-file.js";

export interface IndexedFastaOptions {
  /** The `.fai` index; made in one pass over the file where left out. */
  readonly index?: ByteSource;
  /** The `.gzi` index of a bgzip file; made by walking over its blocks where left out. */
  readonly blockIndex?: ByteSource;
}

/** Bytes of the file that are decoded at a time. */
const pieceLength = 4 << 20;

/** A FASTA file (plain or bgzip) of which any stretch can be read without the rest. */
export class IndexedFastaReader {
  /** In the order of the file. */
  readonly sequences: readonly ChromosomeSize[];
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<string, FastaIndexEntry>;

  private constructor(source: ByteSource, entries: readonly FastaIndexEntry[]) {
    this.#source = source;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.sequences = entries.map(({ name, size }) => ({ name, size }));
  }

  /** @throws BindscapeError for gzip that is not bgzip, damaged indexes, and one that is of another file */
  static async open(source: ByteSource, options: IndexedFastaOptions = {}): Promise<IndexedFastaReader> {
    const size = await source.size();
    const start = await source.read(0, Math.min(2, size));
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    if (isGzip && !(await isBgzf(source))) {
      throw new BindscapeError({
        source: source.name,
        found: "gzip that is not bgzip, of which no part can be read without all before it",
        next: "Decompress the file, or compress it with bgzip",
      });
    }
    const entries =
      options.index === undefined ? await buildFastaIndex(source) : await readFastaIndex(options.index);
    let plain = source;
    if (isGzip) {
      const blocks =
        options.blockIndex === undefined
          ? await buildBgzfIndex(source)
          : await readBgzfIndex(options.blockIndex);
      plain = new BgzfSource(source, blocks);
    }
    const reader = new IndexedFastaReader(plain, entries);
    if (options.index !== undefined) await reader.#checkPlaces(options.index.name, entries);
    return reader;
  }

  /** Codes (0..4) of the bases [start, end) of a sequence. */
  async readCodes(name: string, start: number, end: number): Promise<Uint8Array> {
    const entry = this.#find(name);
    const isWhole = Number.isInteger(start) && Number.isInteger(end);
    if (!isWhole || start < 0 || end < start || end > entry.size) {
      throw new BindscapeError({
        source: this.#source.name,
        found: `the range ${name}:${start}-${end}`,
        expected: `whole numbers with 0 <= start <= end <= ${entry.size}, the length of ${name}`,
      });
    }
    const codes = new Uint8Array(end - start);
    if (codes.length === 0) return codes;
    const first = placeOf(entry, start);
    const last = placeOf(entry, end - 1) + 1;
    let done = 0;
    for (let offset = first; offset < last; offset += pieceLength) {
      const bytes = await this.#source.read(offset, Math.min(pieceLength, last - offset));
      for (let i = 0; i < bytes.length; i++) {
        const code = codeOfByte[bytes[i]];
        if (code !== noBase) codes[done++] = code;
        else if (bytes[i] !== 10 && bytes[i] !== 13) throw this.#misfit(name, offset + i, bytes[i]);
      }
    }
    if (done === codes.length) return codes;
    throw new BindscapeError({
      source: this.#source.name,
      offset: first,
      found: `${done} bases where the index has ${codes.length} of ${quote(name)}`,
      next: "The index is of another file: make it again with samtools faidx",
    });
  }

  /** Every sequence starts on a line of its own, behind a line that ends: a cheap sign of an index of another file. */
  async #checkPlaces(index: string, entries: readonly FastaIndexEntry[]): Promise<void> {
    const size = await this.#source.size();
    for (const entry of [entries[0], entries[entries.length - 1]]) {
      const end = entry.size === 0 ? entry.offset : placeOf(entry, entry.size - 1) + 1;
      if (entry.offset > 0 && end <= size) {
        const before = (await this.#source.read(entry.offset - 1, 1))[0];
        const after = end < size ? (await this.#source.read(end, 1))[0] : 10;
        if (before === 10 && (entry.size === 0 || after === 10 || after === 13)) continue;
      }
      throw new BindscapeError({
        source: index,
        found: `the sequence ${quote(entry.name)} does not stand in ${this.#source.name} where the index says`,
        expected: "the index of this very file",
        next: "Make it again with: samtools faidx FILE",
      });
    }
  }

  #find(name: string): FastaIndexEntry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const some = this.sequences.slice(0, 5).map((sequence) => sequence.name);
    throw new BindscapeError({
      source: this.#source.name,
      found: `no sequence named ${quote(name)}`,
      expected: `one of the ${this.sequences.length} names (${some.join(", ")}${this.sequences.length > 5 ? ", ..." : ""})`,
    });
  }

  #misfit(name: string, offset: number, byte: number): BindscapeError {
    const character = byte >= 32 && byte < 127 ? JSON.stringify(String.fromCharCode(byte)) : `byte ${byte}`;
    return new BindscapeError({
      source: this.#source.name,
      offset,
      found: `the character ${character} in the sequence ${quote(name)}`,
      expected: "A, C, G, T, N or another IUPAC nucleotide letter",
      next: "If the file is sound, its index is of another one: make it again with samtools faidx",
    });
  }
}

/** Byte of a base. */
function placeOf({ offset, lineBases, lineBytes }: FastaIndexEntry, position: number): number {
  return offset + Math.floor(position / lineBases) * lineBytes + (position % lineBases);
}

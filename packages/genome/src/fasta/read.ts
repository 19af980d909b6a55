import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { codeOfByte, noBase, type SequenceRecord } from "../sequence/encode.js";
import { readTextChunks } from "../text/chunks.js";
import { quote } from "../text/fields.js";
import { lineTooLong, longestLine } from "../text/lines.js";

export interface ReadFastaOptions {
  /** Hears of the bytes read, of those the source has as stored. */
  readonly onProgress?: ProgressListener;
  /**
   * Most bases in all; keeps a small file that decompresses without end from filling the memory. By default 64 for
   * every byte of the file as stored, and 2^30 at least: gzip of a genome has about 4.
   */
  readonly maximumBases?: number;
}

const newline = 10;
const carriageReturn = 13;
const greaterThan = 62;
const semicolon = 59;

/**
 * All sequences of a FASTA file (plain, gzip or bgzip). The name is the header up to the first white space; lower
 * case (soft mask) reads as upper case, U as T, IUPAC letters for several bases as 4. Empty records are kept.
 * @throws BindscapeError for other characters, duplicate or missing names, and a file without sequences.
 */
export async function readFasta(
  source: ByteSource,
  options: ReadFastaOptions = {},
): Promise<SequenceRecord[]> {
  const { onProgress, maximumBases = Math.max(2 ** 30, 64 * (await source.size())) } = options;
  const parser = new FastaParser(source.name, maximumBases);
  const task = `reading ${source.name}`;
  const chunks = readTextChunks(source, (done, total) => onProgress?.({ task, done, total, unit: "bytes" }));
  for await (const chunk of chunks) parser.push(chunk);
  return parser.finish();
}

export interface StreamFastaOptions extends Pick<ReadFastaOptions, "onProgress"> {
  /** Refuse a name that occurs again; true when left out. Sets of peaks may hold a name more than once. */
  readonly uniqueNames?: boolean;
}

/**
 * The sequences of a FASTA file one after the other, as {@link readFasta} reads them: no more is held in memory than
 * the longest of them, a chunk of the file, and the names where they must be unique.
 */
export async function* streamFasta(
  source: ByteSource,
  options: StreamFastaOptions = {},
): AsyncGenerator<SequenceRecord> {
  const { onProgress, uniqueNames = true } = options;
  const parser = new FastaParser(source.name, Number.POSITIVE_INFINITY, uniqueNames);
  const task = `reading ${source.name}`;
  const chunks = readTextChunks(source, (done, total) => onProgress?.({ task, done, total, unit: "bytes" }));
  for await (const chunk of chunks) {
    parser.push(chunk);
    yield* parser.take();
  }
  yield* parser.finish();
}

/** One pass over the bytes, line by line, wherever the chunks are cut. */
class FastaParser {
  readonly #source: string;
  readonly #maximumBases: number;
  readonly #uniqueNames: boolean;
  #records: SequenceRecord[] = [];
  #hasRecords = false;
  readonly #lineOfName = new Map<string, number>();
  #line = 1;
  #lineLength = 0;
  #state: "line start" | "header" | "sequence" | "comment" = "line start";
  #headerParts: Uint8Array[] = [];
  #name: string | undefined;
  #description = "";
  /** Bases of the record being read; reused from record to record. */
  #codes = new Uint8Array(1 << 20);
  #length = 0;
  #total = 0;

  constructor(source: string, maximumBases: number, uniqueNames = true) {
    this.#source = source;
    this.#maximumBases = maximumBases;
    this.#uniqueNames = uniqueNames;
  }

  /** The records finished since the last call. */
  take(): SequenceRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  push(chunk: Uint8Array): void {
    let at = this.#line === 1 && this.#lineLength === 0 && hasByteOrderMark(chunk) ? 3 : 0;
    while (at < chunk.length) {
      const found = chunk.indexOf(newline, at);
      const end = found < 0 ? chunk.length : found;
      this.#takePart(chunk, at, end);
      if (found < 0) break;
      this.#endLine();
      at = found + 1;
    }
  }

  finish(): SequenceRecord[] {
    this.#endLine();
    this.#endRecord();
    if (!this.#hasRecords) {
      throw new BindscapeError({
        source: this.#source,
        found: "the file has no sequences",
        expected: "FASTA: lines with > and a name, each followed by lines of bases",
      });
    }
    return this.#records;
  }

  /** Bytes [start, end) of a chunk, all of one line. */
  #takePart(chunk: Uint8Array, start: number, end: number): void {
    if (end === start) return;
    this.#lineLength += end - start;
    if (this.#state === "line start") {
      const first = chunk[start];
      this.#state = first === greaterThan ? "header" : first === semicolon ? "comment" : "sequence";
      if (this.#state === "sequence" && this.#name === undefined) this.#refuseStart(chunk, start, end);
    }
    if (this.#state === "sequence") this.#takeBases(chunk, start, end);
    else if (this.#lineLength > longestLine) throw lineTooLong(this.#source, this.#line);
    else if (this.#state === "header") this.#headerParts.push(chunk.slice(start, end));
  }

  #takeBases(chunk: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const codes = this.#codes;
    let length = this.#length;
    let seen = 0;
    for (let i = start; i < end; i++) {
      const code = codeOfByte[chunk[i]];
      codes[length++] = code;
      seen |= code;
    }
    // Codes are 0..4, so the top bit says that something else was among them.
    if (seen > 127) length = this.#takeBasesWithSpace(chunk, start, end);
    this.#total += length - this.#length;
    this.#length = length;
    if (this.#total > this.#maximumBases) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: `more than ${this.#maximumBases} bases in all`,
        next: "Raise maximumBases if the genome is that large",
      });
    }
  }

  /** The slow twin for lines with white space (CRLF, blocks of ten) or a character that is wrong. */
  #takeBasesWithSpace(chunk: Uint8Array, start: number, end: number): number {
    let length = this.#length;
    for (let i = start; i < end; i++) {
      const byte = chunk[i];
      const code = codeOfByte[byte];
      if (code !== noBase) this.#codes[length++] = code;
      else if (byte !== carriageReturn && byte !== 32 && byte !== 9) this.#refuseCharacter(byte);
    }
    return length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#codes.length) return;
    try {
      const grown = new Uint8Array(Math.max(needed, Math.ceil(this.#codes.length * 1.5)));
      grown.set(this.#codes.subarray(0, this.#length));
      this.#codes = grown;
    } catch (cause) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: `the sequence ${quote(this.#name ?? "")} does not fit into memory (${needed} bases so far)`,
        cause,
      });
    }
  }

  #endLine(): void {
    if (this.#state === "header") this.#beginRecord();
    this.#state = "line start";
    this.#line++;
    this.#lineLength = 0;
  }

  #beginRecord(): void {
    this.#endRecord();
    const decoder = new TextDecoder();
    const header = this.#headerParts.map((part) => decoder.decode(part, { stream: true })).join("");
    this.#headerParts = [];
    const [, name, description] = /^>\s*(\S*)\s*(.*?)\s*$/s.exec(header)!;
    if (name === "") {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: "a header line without a name",
        expected: "> and a name",
      });
    }
    const before = this.#lineOfName.get(name);
    if (before !== undefined && this.#uniqueNames) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: `a second sequence named ${quote(name)} (the first is at line ${before})`,
        expected: "a name for every sequence",
      });
    }
    if (this.#uniqueNames) this.#lineOfName.set(name, this.#line);
    this.#name = name;
    this.#description = description;
  }

  #endRecord(): void {
    if (this.#name === undefined) return;
    const codes = this.#codes.slice(0, this.#length);
    this.#hasRecords = true;
    this.#records.push({ name: this.#name, description: this.#description, codes });
    this.#name = undefined;
    this.#length = 0;
  }

  #refuseStart(chunk: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) {
      const byte = chunk[i];
      if (byte === carriageReturn || byte === 32 || byte === 9) continue;
      const isFastq = byte === 64;
      const isMotifs = /^MEME version/.test(
        new TextDecoder().decode(chunk.subarray(i, Math.min(end, i + 12))),
      );
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: isFastq ? "a line that starts with @, as in FASTQ" : "text before the first sequence name",
        expected: "FASTA: a line with > and a name first",
        next: isMotifs ? "This is a file of motifs" : undefined,
      });
    }
  }

  #refuseCharacter(byte: number): never {
    const character = byte >= 32 && byte < 127 ? JSON.stringify(String.fromCharCode(byte)) : `byte ${byte}`;
    const isAminoAcid = "EFIJLOPQZX*efijlopqzx".includes(String.fromCharCode(byte));
    const isGap = byte === 45 || byte === 46;
    const isNumber = (byte >= 48 && byte <= 57) || byte === 91;
    throw new BindscapeError({
      source: this.#source,
      line: this.#line,
      found: `the character ${character} in the sequence ${quote(this.#name ?? "")}`,
      expected: "A, C, G, T, N or another IUPAC nucleotide letter",
      next: isGap
        ? "Remove the gaps"
        : isAminoAcid
          ? "Is this a protein file?"
          : isNumber
            ? "Is this a file of motifs?"
            : undefined,
    });
  }
}

function hasByteOrderMark(chunk: Uint8Array): boolean {
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
}

import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { readTextChunks } from "../text/chunks.js";
import { parseNumber, quote, tooFewColumns } from "../text/fields.js";
import { readTextLines } from "../text/lines.js";

/** Where a sequence lies in its FASTA file, as a line of a `.fai` index says. */
export interface FastaIndexEntry {
  readonly name: string;
  /** Bases. */
  readonly size: number;
  /** Byte of the first base, in the file decompressed. */
  readonly offset: number;
  /** Bases of a full line, and its bytes with the line end. */
  readonly lineBases: number;
  readonly lineBytes: number;
}

/** Reads a `.fai` index of samtools. */
export async function readFastaIndex(source: ByteSource): Promise<FastaIndexEntry[]> {
  const entries: FastaIndexEntry[] = [];
  const names = new Set<string>();
  for await (const { line, text } of readTextLines(source)) {
    if (text.trim() === "") continue;
    const fields = text.split("\t");
    if (fields.length < 5) throw tooFewColumns(source.name, line, fields.length, "the 5 of a .fai index");
    const [size, offset, lineBases, lineBytes] = ["length", "offset", "bases a line", "bytes a line"].map(
      (what, i) => parseNumber(fields[i + 1], `${what} (column ${i + 2})`, source.name, line),
    );
    const isSound =
      [size, offset, lineBases, lineBytes].every((value) => Number.isSafeInteger(value) && value >= 0) &&
      (size === 0 || (lineBases > 0 && lineBytes >= lineBases));
    const name = fields[0];
    if (!isSound || name === "" || names.has(name)) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: names.has(name) ? `a second line for ${quote(name)}` : `the line ${quote(text)}`,
        expected: "a name, its length, offset, bases a line and bytes a line",
        next: "Make the index again with: samtools faidx FILE",
      });
    }
    names.add(name);
    entries.push({ name, size, offset, lineBases, lineBytes });
  }
  if (entries.length > 0) return entries;
  throw new BindscapeError({
    source: source.name,
    found: "the index is empty",
    expected: "a line a sequence",
  });
}

/** The lines of a `.fai` index. */
export function formatFastaIndex(entries: readonly FastaIndexEntry[]): string {
  return entries
    .map(({ name, size, offset, lineBases, lineBytes }) =>
      [name, size, offset, lineBases, lineBytes].join("\t").concat("\n"),
    )
    .join("");
}

const newline = 10;
const greaterThan = 62;

/**
 * Makes the index of a FASTA file (plain or bgzip) in one pass, holding nothing but the index.
 * @throws BindscapeError where lines of one sequence differ in length (but for the last), so that the place of a
 *   base cannot be computed
 */
export async function buildFastaIndex(source: ByteSource): Promise<FastaIndexEntry[]> {
  const builder = new IndexBuilder(source.name);
  for await (const chunk of readTextChunks(source)) builder.push(chunk);
  return builder.finish();
}

class IndexBuilder {
  readonly #source: string;
  readonly #entries: FastaIndexEntry[] = [];
  readonly #names = new Set<string>();
  /** Bytes before the chunk. */
  #before = 0;
  #line = 1;
  #lineStart = 0;
  #header: Uint8Array[] = [];
  #kind: "unknown" | "header" | "sequence" = "unknown";
  #lastByte = newline;
  #name: string | undefined;
  #size = 0;
  #offset = 0;
  #lineBases = 0;
  #lineBytes = 0;
  /** A line shorter than the first was seen: it must be the last. */
  #hasShort = false;

  constructor(source: string) {
    this.#source = source;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#kind === "unknown") this.#kind = chunk[at] === greaterThan ? "header" : "sequence";
      const found = chunk.indexOf(newline, at);
      const end = found < 0 ? chunk.length : found;
      if (this.#kind === "header") this.#takeHeader(chunk.slice(at, end));
      if (end > at) this.#lastByte = chunk[end - 1];
      if (found >= 0) this.#endLine(this.#before + found, this.#before + found + 1);
      at = end + 1;
    }
    this.#before += chunk.length;
  }

  finish(): FastaIndexEntry[] {
    if (this.#before > this.#lineStart) this.#endLine(this.#before, this.#before);
    this.#endRecord();
    if (this.#entries.length > 0) return this.#entries;
    throw new BindscapeError({
      source: this.#source,
      found: "the file has no sequences",
      expected: "FASTA: lines with > and a name, each followed by lines of bases",
    });
  }

  #takeHeader(part: Uint8Array): void {
    // Only the name is wanted; descriptions may be long.
    if (this.#header.reduce((sum, { length }) => sum + length, 0) < 1 << 16) this.#header.push(part);
  }

  /** @param end where the line's text ends; @param next where the next line starts; bytes of the file */
  #endLine(end: number, next: number): void {
    const length = end - this.#lineStart;
    const text = this.#lastByte === 13 && length > 0 ? length - 1 : length;
    if (this.#kind === "header") this.#beginRecord(next);
    else if (this.#name !== undefined) this.#takeLine(text, next - this.#lineStart);
    else if (text > 0) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: "text before the first sequence name",
        expected: "FASTA: a line with > and a name first",
      });
    }
    this.#line++;
    this.#lineStart = next;
    this.#kind = "unknown";
    this.#lastByte = newline;
  }

  #takeLine(bases: number, bytes: number): void {
    if (bases > 0 && this.#lineBases === 0 && !this.#hasShort) {
      this.#lineBases = bases;
      this.#lineBytes = bytes;
    } else if (bases > 0 && (this.#hasShort || bases > this.#lineBases)) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: `lines of different lengths in the sequence ${quote(this.#name!)}`,
        expected: "lines of one length but for the last, so that the place of a base can be computed",
        next: "Write the FASTA file again with even lines (seqtk seq -l 60), or convert it to 2bit",
      });
    }
    if (bases < this.#lineBases || bytes !== this.#lineBytes) this.#hasShort = true;
    this.#size += bases;
  }

  #beginRecord(offset: number): void {
    this.#endRecord();
    const decoder = new TextDecoder();
    const header = this.#header.map((part) => decoder.decode(part, { stream: true })).join("");
    this.#header = [];
    const name = /^>\s*(\S*)/.exec(header)?.[1] ?? "";
    if (name === "" || this.#names.has(name)) {
      throw new BindscapeError({
        source: this.#source,
        line: this.#line,
        found: name === "" ? "a header line without a name" : `a second sequence named ${quote(name)}`,
        expected: "a name for every sequence",
      });
    }
    this.#names.add(name);
    this.#name = name;
    this.#offset = offset;
    this.#size = 0;
    this.#lineBases = 0;
    this.#lineBytes = 0;
    this.#hasShort = false;
  }

  #endRecord(): void {
    if (this.#name === undefined) return;
    const { name, size, offset, lineBases, lineBytes } = {
      name: this.#name,
      size: this.#size,
      offset: this.#offset,
      lineBases: this.#lineBases,
      lineBytes: this.#lineBytes,
    };
    this.#entries.push({ name, size, offset, lineBases, lineBytes });
  }
}

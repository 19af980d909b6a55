import { type ByteSource, codeOfByte, noBase, readTextLines, type TextLine } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { fitToLength } from "./fit-to-length.js";
import type { SequenceSet, SequenceTask, SplitName } from "./sequence-set.js";
import { readLabel, readTask, SPLIT_NAMES } from "./sequence-set-files.js";

export interface SequenceTableOptions {
  /** Cut longer sequences to this many bp around their centre, and fill shorter ones up with N on both sides. */
  readonly length?: number;
  /** Read sequences without labels too: tasks are then empty where there is no column of labels. Default false. */
  readonly isUnlabelled?: boolean;
}

/** What the columns of a table hold. */
interface Columns {
  readonly separator: "," | "\t";
  readonly count: number;
  readonly sequence: number;
  readonly name: number;
  readonly split: number;
  readonly labels: readonly { readonly column: number; readonly task: SequenceTask }[];
}

/**
 * Reads labelled sequences from a table: comma- or tab-separated (plain or gzip), with a header that names the columns
 * `sequence` (or `seq`) and one or more of labels, whatever their names: 1, 0, or empty or NA where missing. Columns
 * `name` and `split` (training, validation, test) are read as such, and so are DeepBind's tables with the columns
 * FoldID, EventID, seq, Bound.
 * @throws BindscapeError with the line: for no or other columns, letters that are none, labels that are none, lengths
 *   that differ while no `length` is given, no rows
 */
export async function readSequenceTable(
  source: ByteSource,
  options: SequenceTableOptions = {},
): Promise<SequenceSet> {
  let columns: Columns | null = null;
  let length = options.length ?? 0;
  const codes = new GrowingBytes();
  const labels: number[] = [];
  const names: string[] = [];
  const splits: SplitName[] = [];
  let count = 0;
  for await (const row of readTextLines(source)) {
    if (row.text.trim() === "") continue;
    if (columns === null) {
      columns = readHeader(row, source.name, options.isUnlabelled ?? false);
      continue;
    }
    const fields = splitRow(row.text, columns.separator);
    if (fields.length !== columns.count) {
      fail(source.name, row.line, `${fields.length} columns`, `${columns.count}, as the header has`);
    }
    const sequence = fields[columns.sequence];
    if (length === 0) length = sequence.length;
    if (sequence.length !== length && options.length === undefined) {
      fail(
        source.name,
        row.line,
        `a sequence of ${sequence.length} bp`,
        `${length} bp, as the sequence before it has`,
        "Give --length to cut sequences around their centre, or to fill them up with N",
      );
    }
    appendSequence(codes, sequence, length, source.name, row.line);
    for (const { column, task } of columns.labels)
      labels.push(labelOf(fields[column], task, source.name, row.line));
    if (columns.name >= 0) names.push(fields[columns.name]);
    if (columns.split >= 0) splits.push(splitOf(fields[columns.split], source.name, row.line));
    count++;
  }
  if (columns === null || count === 0) {
    throw new BindscapeError({
      source: source.name,
      found: columns === null ? "an empty file" : "a header without rows",
      expected: "a table with the columns sequence and label",
    });
  }
  return {
    source: source.name,
    count,
    length,
    tasks: columns.labels.map(({ task }) => task),
    codes: codes.take(),
    labels: Float32Array.from(labels),
    ...(columns.split >= 0 && { splits }),
    ...(columns.name >= 0 && { names }),
  };
}

function readHeader({ text, line }: TextLine, source: string, isUnlabelled: boolean): Columns {
  const separator = text.includes("\t") ? "\t" : ",";
  const titles = splitRow(text, separator);
  const find = (...wanted: string[]) => titles.findIndex((title) => wanted.includes(title.toLowerCase()));
  const sequence = find("sequence", "seq");
  if (sequence < 0) {
    fail(
      source,
      line,
      `the columns ${titles.map(shorten).join(", ")}`,
      "a header with a column named sequence",
      "Put the line `sequence,label` before the first sequence",
    );
  }
  const name = find("name", "eventid");
  const split = find("split");
  // DeepBind's parts A, B and C are no labels.
  const others = new Set([sequence, name, split, find("foldid")]);
  const labels = titles.flatMap((title, column) =>
    others.has(column) ? [] : [{ column, task: readTask(title === "" ? `column ${column + 1}` : title) }],
  );
  if (labels.length === 0 && !isUnlabelled)
    fail(source, line, `the columns ${titles.join(", ")}`, "a column of labels beside the sequences");
  const keys = titles.filter((title) => title !== "");
  const repeated = keys.find((title, i) => keys.indexOf(title) !== i);
  if (repeated !== undefined) fail(source, line, `two columns named ${repeated}`, "names of their own");
  return { separator, count: titles.length, sequence, name, split, labels };
}

function splitRow(text: string, separator: string): string[] {
  return text.split(separator).map((field) => {
    const trimmed = field.trim();
    return /^".*"$/.test(trimmed) ? trimmed.slice(1, -1).trim() : trimmed;
  });
}

function appendSequence(codes: GrowingBytes, text: string, length: number, source: string, line: number) {
  if (text === "") fail(source, line, "no sequence", "letters A, C, G, T, N");
  const own = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    own[i] = byte < 256 ? codeOfByte[byte] : noBase;
    if (own[i] !== noBase) continue;
    fail(
      source,
      line,
      `the character ${JSON.stringify(text[i])} at place ${i + 1} of the sequence`,
      "A, C, G, T, N or another IUPAC nucleotide letter",
    );
  }
  codes.append(fitToLength(own, length));
}

function labelOf(text: string, task: SequenceTask, source: string, line: number): number {
  const label = /^[01]\.0*$/.test(text) ? Number(text) : readLabel(text);
  if (label !== undefined) return label;
  return fail(
    source,
    line,
    `the label ${JSON.stringify(shorten(text))} of ${task.factor}`,
    "1 (bound), 0 (unbound), or empty or NA where it is missing",
  );
}

function splitOf(text: string, source: string, line: number): SplitName {
  const split = SPLIT_NAMES.find((name) => name === text);
  return split ?? fail(source, line, `the split ${JSON.stringify(shorten(text))}`, SPLIT_NAMES.join(", "));
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function fail(source: string, line: number, found: string, expected: string, next?: string): never {
  throw new BindscapeError({ source, line, found, expected, next });
}

/** Bytes that are appended to. */
class GrowingBytes {
  #bytes = new Uint8Array(1 << 16);
  #used = 0;

  append(bytes: Uint8Array): void {
    const end = this.#used + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, end));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#used);
    this.#used = end;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }
}

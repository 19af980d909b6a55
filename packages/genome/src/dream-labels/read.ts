import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { isHeaderLine, parsePlace, quote, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";

/** What the ENCODE-DREAM challenge says of a bin: bound, unbound, or ambiguous. */
export type DreamLabel = "B" | "U" | "A";

/** A bin of a label file, with its labels in the cells asked for. */
export interface DreamLabelRecord extends Interval {
  readonly labels: readonly DreamLabel[];
  /** 1-based. */
  readonly line: number;
}

const placeColumns = ["chr", "start", "stop"];

/**
 * The bins of an ENCODE-DREAM label file (`CTCF.train.labels.tsv.gz`: a header `chr start stop` and one column a cell,
 * then a line a bin, 0-based and half-open), streamed in the order of the file, in batches: whole genomes have 60 million.
 * @param cells the columns to read, by their names in the header
 * @throws BindscapeError with the line for another header, a cell that is not in it, and values besides B, U and A
 */
export async function* readDreamLabels(
  source: ByteSource,
  cells: readonly string[],
): AsyncGenerator<readonly DreamLabelRecord[]> {
  let columns: number[] | undefined;
  let width = 0;
  let chromosome = "";
  for await (const { firstLine, texts } of readLineBatches(source)) {
    const records: DreamLabelRecord[] = [];
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i];
      const line = firstLine + i;
      const plain = columns && parsePlainLine(text, chromosome, columns, width, line);
      if (plain !== undefined) {
        chromosome = plain.chromosome;
        records.push(plain);
        continue;
      }
      // Only the header and blank lines can look like one, but a comment is passed over as in other formats.
      if (isHeaderLine(text)) continue;
      const fields = text.split("\t");
      if (columns === undefined) {
        columns = findColumns(fields, cells, source.name, line);
        width = fields.length;
        continue;
      }
      if (fields.length !== width) {
        if (fields.length < width) {
          const expected = `${width}, as the header has: chr, start, stop and a label a cell, between tabs`;
          throw tooFewColumns(source.name, line, fields.length, expected);
        }
        throw new BindscapeError({
          source: source.name,
          line,
          found: `the line has ${fields.length} columns`,
          expected: `${width}, as the header has`,
        });
      }
      const labels: DreamLabel[] = new Array(columns.length);
      for (let c = 0; c < columns.length; c++) labels[c] = parseLabel(fields[columns[c]], source.name, line);
      records.push({ ...parsePlace(fields, source.name, line), labels, line });
    }
    yield records;
  }
  if (columns !== undefined) return;
  throw new BindscapeError({
    source: source.name,
    found: "the file is empty",
    expected: "a header: chr, start, stop and the names of cells",
  });
}

const TAB = 9;

/**
 * A line without anything odd, parsed without cutting it up, which takes a third of the time; undefined for any
 * other, which is then parsed, or refused, column by column.
 * @param previous the chromosome of the line before, whose text is used again where it is the same
 */
function parsePlainLine(
  text: string,
  previous: string,
  columns: readonly number[],
  width: number,
  line: number,
): DreamLabelRecord | undefined {
  const first = text.indexOf("\t");
  const second = text.indexOf("\t", first + 1);
  const third = text.indexOf("\t", second + 1);
  // Labels are single letters, so that their places are known.
  if (first < 1 || third < 0 || text.length !== third + 2 * (width - placeColumns.length)) return undefined;
  for (let at = third; at < text.length; at += 2) if (text.charCodeAt(at) !== TAB) return undefined;
  const start = parseDigits(text, first + 1, second);
  const end = parseDigits(text, second + 1, third);
  if (!(start <= end)) return undefined;
  const isSame = first === previous.length && text.startsWith(previous);
  const chromosome = isSame ? previous : text.slice(0, first);
  if (!isSame && (chromosome.trim() !== chromosome || isHeaderLine(text))) return undefined;
  const labels: DreamLabel[] = [];
  for (const column of columns) {
    const label = text[third + 1 + 2 * (column - placeColumns.length)];
    if (label !== "U" && label !== "B" && label !== "A") return undefined;
    labels.push(label);
  }
  return { chromosome, start, end, labels, line };
}

/** A whole number of at most nine digits; NaN for anything else. */
function parseDigits(text: string, from: number, to: number): number {
  if (to <= from || to - from > 9) return Number.NaN;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function findColumns(
  header: readonly string[],
  cells: readonly string[],
  source: string,
  line: number,
): number[] {
  if (placeColumns.some((name, i) => header[i] !== name) || header.length < 4) {
    throw new BindscapeError({
      source,
      line,
      found: `the header ${quote(header.join(" "))}`,
      expected: "chr, start, stop and the names of cells, between tabs",
      next: "Is this a label file of the ENCODE-DREAM challenge?",
    });
  }
  return cells.map((cell) => {
    const column = header.indexOf(cell, placeColumns.length);
    if (column >= 0) return column;
    throw new BindscapeError({
      source,
      line,
      found: `no column for the cell ${quote(cell)}`,
      expected: `one of ${header.slice(placeColumns.length).join(", ")}`,
    });
  });
}

function parseLabel(text: string, source: string, line: number): DreamLabel {
  if (text === "U" || text === "B" || text === "A") return text;
  throw new BindscapeError({ source, line, found: `the label ${quote(text)}`, expected: "B, U or A" });
}

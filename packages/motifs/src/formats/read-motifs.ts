import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { clip, type MotifRecord, motifFromRows, type NumberRow, parseNumberRow } from "./matrix-rows.js";
import { readMeme } from "./meme/read.js";

/**
 * Formats of motif files: "pfm" has a row of A, C, G, T for each position under a ">" header (GimmeMotifs, HOMER,
 * and the ENCODE motifs, whose rows begin with a consensus letter); "jaspar" has a row for each base; "meme" is
 * the MEME motif format.
 */
export type MotifFormat = "pfm" | "jaspar" | "meme";

/**
 * Reads the motifs of a text file. Counts are turned into probabilities. The format is found from the content
 * unless given; a file whose matrices are all 4 x 4 may be ambiguous, and then is refused rather than guessed.
 *
 * An id may occur twice, as it does in the Factorbook catalogue.
 *
 * @param text the whole file, already decompressed
 * @param sourceName the file's name, for error messages
 * @throws BindscapeError with the line for anything that cannot be read and for a file without motifs
 */
export function readMotifs(text: string, sourceName: string, format?: MotifFormat): Motif[] {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const motifs =
    format === "meme" || (format === undefined && isMeme(lines))
      ? readMeme(lines, sourceName)
      : readRecords(lines, sourceName, format);
  if (motifs.length === 0) {
    throw new BindscapeError({
      source: sourceName,
      found: "no motif",
      expected:
        'a MEME file ("MEME version 4"), or ">" headers each followed by a matrix (JASPAR, GimmeMotifs, HOMER)',
    });
  }
  return motifs;
}

function isMeme(lines: readonly string[]): boolean {
  return lines.some((line) => /^\s*(MEME version|letter-probability matrix:)/.test(line));
}

function readRecords(
  lines: readonly string[],
  source: string,
  format: "pfm" | "jaspar" | undefined,
): Motif[] {
  const records: MotifRecord[] = [];
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === "" || text.startsWith("#")) continue;
    if (text.startsWith(">")) {
      records.push({ header: text.slice(1).trim(), line, rows: [] });
      continue;
    }
    const record = records[records.length - 1];
    if (record === undefined) {
      throw new BindscapeError({
        source,
        line,
        found: `"${clip(text)}"`,
        expected: 'a header that begins with ">", or a MEME file, whose first line is "MEME version 4"',
      });
    }
    record.rows.push(parseNumberRow(text, source, line));
  }
  if (records.length === 0) return [];
  const rowsAreBases = (format ?? detect(records, source)) === "jaspar";
  return records.map((record) => {
    const { id, name } = splitHeader(record, source);
    const rows = rowsAreBases ? transpose(record, source) : record.rows;
    return motifFromRows({ id, name }, rows, source, record.line);
  });
}

/** Whether the rows of a file are positions or bases, decided on all its records together. */
function detect(records: readonly MotifRecord[], source: string): "pfm" | "jaspar" {
  const full = records.filter((record) => record.rows.length > 0);
  if (full.some((record) => record.rows.some((row) => row.values.length !== 4))) return "jaspar";
  if (full.some((record) => record.rows.length !== 4)) return "pfm";
  // Only 4 x 4 matrices are left: base letters decide, or else which way they sum to the same count.
  if (full.every((record) => record.rows.map((row) => row.letter).join("") === "ACGT")) return "jaspar";
  if (full.some((record) => record.rows.some((row) => row.letter !== ""))) return "pfm";
  const rowsEven = full.every((record) => areEven(record.rows.map((row) => sumOf(row.values))));
  const columnsEven = full.every((record) =>
    areEven([0, 1, 2, 3].map((column) => sumOf(record.rows.map((row) => row.values[column])))),
  );
  if (rowsEven !== columnsEven) return rowsEven ? "pfm" : "jaspar";
  throw new BindscapeError({
    source,
    line: full[0]?.line ?? records[0].line,
    found: "4 x 4 matrices that could be read either way",
    expected: 'the format to be given, "pfm" (a row for each position) or "jaspar" (a row for each base)',
  });
}

function areEven(sums: readonly number[]): boolean {
  return Math.max(...sums) - Math.min(...sums) <= 0.02 * Math.max(...sums);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Rows of bases to rows of positions. */
function transpose(record: MotifRecord, source: string): NumberRow[] {
  const { rows } = record;
  const letters = rows.map((row) => row.letter).join("");
  if (rows.length !== 4 || (letters !== "" && letters !== "ACGT")) {
    throw new BindscapeError({
      source,
      line: record.line,
      found: `${rows.length} rows${letters === "" ? "" : ` (${clip(letters)})`} in motif "${clip(record.header)}"`,
      expected: "4 rows: A, C, G, T",
    });
  }
  const width = rows[0].values.length;
  for (const row of rows) {
    if (row.values.length !== width) {
      throw new BindscapeError({
        source,
        line: row.line,
        found: `${row.values.length} numbers in motif "${clip(record.header)}"`,
        expected: `${width}, as in the row of A`,
      });
    }
  }
  return Array.from({ length: width }, (_, position) => ({
    line: rows[0].line,
    letter: "",
    values: rows.map((row) => row.values[position]),
  }));
}

function splitHeader({ header, line }: MotifRecord, source: string): { id: string; name: string } {
  const [id, name] = header.split(/\s+/);
  if (id === undefined || id === "") {
    throw new BindscapeError({
      source,
      line,
      found: "a header without a name",
      expected: "> and the motif's name",
    });
  }
  if (name !== undefined) return { id, name };
  // GimmeMotifs writes JASPAR's motifs as "MA0363.2_MA0363.2.REB1": accession, accession again, factor.
  const factor = /^(MA\d+\.\d+)_\1\.(.+)$/.exec(id)?.[2];
  return { id, name: factor ?? id };
}

import { BindscapeError } from "@bindscape/numerics";
import { clip, type NumberRow } from "./matrix-rows.js";

/** A header with the lines under it, before it is known what they are. */
export interface HeaderRecord {
  /** What follows ">", trimmed. */
  readonly header: string;
  /** Line of the header. */
  readonly line: number;
  readonly body: { readonly text: string; readonly line: number }[];
}

/** Cuts a file at its ">" headers; blank lines and lines that begin with "#" are passed over. */
export function readHeaderRecords(lines: readonly string[], source: string): HeaderRecord[] {
  const records: HeaderRecord[] = [];
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === "" || text.startsWith("#")) continue;
    if (text.startsWith(">")) {
      records.push({ header: text.slice(1).trim(), line, body: [] });
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
    record.body.push({ text, line });
  }
  return records;
}

/** The id, a header's first word, and the name, the rest of it; the id again where there is no more. */
export function splitHeader({ header, line }: HeaderRecord, source: string): { id: string; name: string } {
  const [, id = "", name = ""] = /^(\S*)\s*(.*)$/s.exec(header) ?? [];
  if (id === "") {
    throw new BindscapeError({
      source,
      line,
      found: "a header without a name",
      expected: "> and the motif's name",
    });
  }
  if (name !== "") return { id, name };
  // GimmeMotifs writes JASPAR's motifs as "MA0363.2_MA0363.2.REB1": accession, accession again, factor.
  const factor = /^(MA\d+\.\d+)_\1\.(.+)$/.exec(id)?.[2];
  return { id, name: factor ?? id };
}

/** "id name", or the id alone where the name says no more: what {@link splitHeader} reads back. */
export function joinHeader(id: string, name: string, separator = " "): string {
  const implied = /^(MA\d+\.\d+)_\1\.(.+)$/.exec(id)?.[2] ?? id;
  return name === implied ? id : `${id}${separator}${name}`;
}

/** Rows of bases, A, C, G and T, to rows of positions. */
export function transposeRows(
  rows: readonly NumberRow[],
  header: string,
  source: string,
  line: number,
): NumberRow[] {
  const letters = rows.map((row) => row.letter).join("");
  if (rows.length !== 4 || (letters !== "" && letters !== "ACGT")) {
    throw new BindscapeError({
      source,
      line,
      found: `${rows.length} rows${letters === "" ? "" : ` (${clip(letters)})`} in motif "${clip(header)}"`,
      expected: "4 rows: A, C, G, T",
    });
  }
  const width = rows[0].values.length;
  for (const row of rows) {
    if (row.values.length !== width) {
      throw new BindscapeError({
        source,
        line: row.line,
        found: `${row.values.length} numbers in motif "${clip(header)}"`,
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

import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { clip, motifFromRows, type NumberRow, parseNumberRow } from "../matrix-rows.js";

/**
 * Reads TRANSFAC matrices: two-letter keys, the rows of positions under "P0 A C G T", an optional consensus letter behind each,
 * and "//" after each entry. The accession (AC) is the id, else ID; the name is NA, else ID. Other keys become annotations.
 */
export function readTransfac(lines: readonly string[], source: string): Motif[] {
  const motifs: Motif[] = [];
  let entry: Entry | undefined;
  const finish = () => {
    if (entry !== undefined && (entry.keys.size > 0 || entry.columns !== undefined)) {
      if (entry.columns === undefined && !entry.keys.has("AC") && !entry.keys.has("ID")) {
        // The file's own head: "VV version", "XX", "//".
      } else motifs.push(motifOfEntry(entry, source));
    }
    entry = undefined;
  };
  for (const [index, raw] of lines.entries()) {
    const text = raw.trimEnd();
    const line = index + 1;
    if (text.trim() === "" || text.startsWith("#")) continue;
    if (text.startsWith("//")) {
      finish();
      continue;
    }
    entry ??= { line, keys: new Map(), rows: [] };
    if (/^XX\b/.test(text)) continue;
    const row = /^\s*\d+\s+(.*)$/.exec(text);
    if (row !== null && entry.columns !== undefined) {
      entry.rows.push(parseRow(row[1], entry.columns, source, line));
      continue;
    }
    const [, key, value] = /^([A-Z][A-Z0-9])(?:\s+(.*))?$/.exec(text.trim()) ?? [];
    if (key === undefined) {
      throw new BindscapeError({
        source,
        line,
        found: `"${clip(text)}"`,
        expected: 'a two-letter key, a row of the matrix, or "//"',
      });
    }
    if (key === "P0" || key === "PO") entry.columns = parseColumns(value ?? "", source, line);
    else entry.keys.set(key, [...(entry.keys.get(key) ?? []), (value ?? "").trim()]);
  }
  // An entry without "//" at the end of the file is whole all the same: some writers leave it out.
  finish();
  return motifs;
}

interface Entry {
  readonly line: number;
  readonly keys: Map<string, string[]>;
  readonly rows: NumberRow[];
  /** Where A, C, G and T stand in a row. */
  columns?: readonly number[];
}

function parseColumns(text: string, source: string, line: number): number[] {
  const letters = text.trim().split(/\s+/);
  const columns = [..."ACGT"].map((base) => letters.indexOf(base));
  if (columns.some((column) => column < 0 || column > 3)) {
    throw new BindscapeError({
      source,
      line,
      found: `the columns "${clip(text.trim())}"`,
      expected: "A, C, G and T",
    });
  }
  return columns;
}

function parseRow(text: string, columns: readonly number[], source: string, line: number): NumberRow {
  const words = text.trim().split(/\s+/);
  // A fifth word is the consensus letter.
  const { values } = parseNumberRow(words.slice(0, 4).join(" "), source, line);
  if (words.length > 5 || values.length !== 4) {
    throw new BindscapeError({
      source,
      line,
      found: `"${clip(text)}"`,
      expected: "four numbers and at most a consensus letter",
    });
  }
  return { line, letter: "", values: columns.map((column) => values[column]) };
}

function motifOfEntry(entry: Entry, source: string): Motif {
  const text = (key: string) => entry.keys.get(key)?.join("\n");
  const id = text("AC") || text("ID") || text("NA");
  if (!id) {
    throw new BindscapeError({
      source,
      line: entry.line,
      found: "an entry without AC, ID and NA",
      expected: "one of them, to name the motif",
    });
  }
  const name = text("NA") || text("ID") || id;
  const annotations: Record<string, string> = {};
  for (const key of entry.keys.keys()) if (key !== "AC" || text("AC") !== id) annotations[key] = text(key)!;
  return motifFromRows(
    { id, name, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    entry.rows,
    source,
    entry.line,
  );
}

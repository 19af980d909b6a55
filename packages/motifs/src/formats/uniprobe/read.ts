import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { transposeRows } from "../header-records.js";
import { clip, motifFromRows, type NumberRow, parseNumberRow } from "../matrix-rows.js";

/**
 * Reads UniPROBE matrices: a line of "Protein: X" and further "key: value" pairs, separated by tabs, then the rows "A:", "C:",
 * "G:" and "T:" of probabilities. A line without a key is the protein's name.
 */
export function readUniprobe(lines: readonly string[], source: string): Motif[] {
  const motifs: Motif[] = [];
  let header: { text: string; line: number } | undefined;
  let rows: NumberRow[] = [];
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === "") continue;
    if (/^[ACGT]:(\s|$)/i.test(text)) {
      if (header === undefined) {
        throw new BindscapeError({
          source,
          line,
          found: `"${clip(text)}"`,
          expected: "a line with the protein's name first",
        });
      }
      rows.push(parseNumberRow(text, source, line));
      if (rows.length === 4) {
        motifs.push(motifOf(header, rows, source));
        header = undefined;
        rows = [];
      }
      continue;
    }
    if (header !== undefined) requireWhole(header, rows, source);
    header = { text: text.replace(/^[#>]\s*/, ""), line };
  }
  if (header !== undefined) requireWhole(header, rows, source);
  return motifs;
}

function requireWhole(
  header: { text: string; line: number },
  rows: readonly NumberRow[],
  source: string,
): never {
  throw new BindscapeError({
    source,
    line: header.line,
    found: `${rows.length} rows in motif "${clip(header.text)}"`,
    expected: "4 rows: A, C, G, T",
    next: "The file may be cut short",
  });
}

function motifOf(header: { text: string; line: number }, rows: readonly NumberRow[], source: string): Motif {
  const annotations: Record<string, string> = {};
  let id = "";
  for (const part of header.text.split("\t").map((field) => field.trim())) {
    const [, key, value] = /^([^:]+):\s*(.*)$/.exec(part) ?? [];
    if (key === undefined || (id === "" && key.toLowerCase() === "protein")) id ||= (value ?? part).trim();
    else annotations[key.trim()] = value;
  }
  id ||= header.text;
  const positions = transposeRows(rows, id, source, header.line);
  const described = { id, name: id, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
  return motifFromRows(described, positions, source, header.line);
}

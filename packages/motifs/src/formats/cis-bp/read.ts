import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../../motif.js";
import { clip, motifFromRows, type NumberRow, parseNumberRow } from "../matrix-rows.js";

const HEAD = /^Pos\s+A\s+C\s+G\s+T$/i;

/** Whether a line is the head of a CIS-BP matrix. */
export function isCisBpHead(text: string): boolean {
  return HEAD.test(text.trim());
}

/**
 * Reads CIS-BP's text: "Pos A C G T" and numbered rows of probabilities, alone (then the file's name is the motif's) or behind lines
 * of "key, tab, value" such as TF Name, Motif and Species. Entries without positions, as CIS-BP leaves them for motifs under
 * licence, are passed over.
 */
export function readCisBp(lines: readonly string[], source: string): Motif[] {
  const motifs: Motif[] = [];
  let keys: Record<string, string> = {};
  let matrix: { line: number; rows: NumberRow[] } | undefined;
  const finish = () => {
    if (matrix !== undefined && matrix.rows.length > 0) motifs.push(motifOf(keys, matrix, source));
    if (matrix !== undefined) keys = {};
    matrix = undefined;
  };
  for (const [index, raw] of lines.entries()) {
    const text = raw.trim();
    const line = index + 1;
    if (text === "") continue;
    if (isCisBpHead(text)) {
      finish();
      matrix = { line, rows: [] };
      continue;
    }
    if (matrix !== undefined && /^\d+\s/.test(text)) {
      const expected = matrix.rows.length + 1;
      const [position, ...numbers] = text.split(/\s+/);
      if (Number(position) !== expected) {
        throw new BindscapeError({
          source,
          line,
          found: `position ${clip(position)}`,
          expected: `position ${expected}`,
          next: "Rows may be missing",
        });
      }
      matrix.rows.push(parseNumberRow(numbers.join(" "), source, line));
      continue;
    }
    finish();
    const [key, value = ""] = raw.trimEnd().split("\t");
    if (!raw.includes("\t") || key.trim() === "") {
      throw new BindscapeError({
        source,
        line,
        found: `"${clip(text)}"`,
        expected: '"key, tab, value", "Pos A C G T", or a numbered row',
      });
    }
    keys[key.trim()] = value.trim();
  }
  finish();
  return motifs;
}

function motifOf(
  keys: Readonly<Record<string, string>>,
  matrix: { line: number; rows: NumberRow[] },
  source: string,
): Motif {
  const stem = source.replace(/^.*[\\/]/, "").replace(/(\.txt|\.pwm|\.gz)+$/i, "");
  const id = keys["Motif"] || keys["TF"] || stem;
  const name = keys["TF Name"] || id;
  const annotations = Object.fromEntries(
    Object.entries(keys).filter(([key]) => key !== "Motif" && key !== "TF Name"),
  );
  return motifFromRows(
    { id, name, areProbabilities: true, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    matrix.rows,
    source,
    matrix.line,
  );
}

import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../motif.js";

/** One row of a motif file: the numbers on a line, with the letter before them where there is one. */
export interface NumberRow {
  readonly line: number;
  /** A leading base or IUPAC letter, upper case; empty when the row begins with a number. */
  readonly letter: string;
  readonly values: readonly number[];
}

/** A header with the rows under it, before it is known whether rows are positions or bases. */
export interface MotifRecord {
  readonly header: string;
  /** Line of the header. */
  readonly line: number;
  readonly rows: NumberRow[];
}

/** Longest motif read: beyond any binding site, and short of what a wrong file could make us hold. */
const LONGEST_MOTIF = 10_000;

/** Reads "A [ 1 2 3 ]", "A 1 2 3", "1 2 3 4" and tabs or commas between; brackets are dropped. */
export function parseNumberRow(text: string, source: string, line: number): NumberRow {
  const words = text
    .replace(/[[\],]/g, " ")
    .trim()
    .split(/\s+/)
    .filter((word) => word !== "");
  const letter =
    words.length > 0 && /^[A-Za-z]:?$/.test(words[0]) ? words.shift()?.charAt(0).toUpperCase() : "";
  const values = words.map((word) => {
    const value = /^[-+.\d]/.test(word) ? Number(word) : Number.NaN;
    if (!Number.isFinite(value) || value < 0) {
      throw new BindscapeError({
        source,
        line,
        found: `"${clip(word)}"`,
        expected: "a count or probability, at least 0",
      });
    }
    return value;
  });
  if (values.length === 0) {
    throw new BindscapeError({ source, line, found: `"${clip(text)}"`, expected: "a row of numbers" });
  }
  return { line, letter: letter ?? "", values };
}

/** What {@link motifFromRows} may be told besides the rows. */
export interface MotifParts extends Pick<Motif, "id" | "name" | "sites" | "eValue" | "url" | "annotations"> {
  /** Whether rows must sum to 1 (to rounding), as in MEME files, or may be counts. */
  readonly areProbabilities?: boolean;
}

/** A motif from rows of A, C, G, T, one for each position, made to sum to 1. */
export function motifFromRows(
  parts: MotifParts,
  rows: readonly NumberRow[],
  source: string,
  line: number,
): Motif {
  const { areProbabilities = false, ...described } = parts;
  const { id } = described;
  if (rows.length === 0) {
    throw new BindscapeError({
      source,
      line,
      found: `motif "${clip(id)}" without a matrix`,
      expected: "rows of A, C, G, T",
    });
  }
  if (rows.length > LONGEST_MOTIF) {
    throw new BindscapeError({
      source,
      line,
      found: `motif "${clip(id)}" of ${rows.length} positions`,
      expected: `at most ${LONGEST_MOTIF}`,
    });
  }
  const probabilities = new Float64Array(rows.length * 4);
  const counts = new Float64Array(rows.length * 4);
  let mostCounts = 0;
  for (const [position, row] of rows.entries()) {
    if (row.values.length !== 4) {
      throw new BindscapeError({
        source,
        line: row.line,
        found: `${row.values.length} numbers in motif "${clip(id)}"`,
        expected: "4: A, C, G, T",
      });
    }
    const sum = row.values.reduce((total, value) => total + value, 0);
    if (!(sum > 0 && Number.isFinite(sum)) || (areProbabilities && Math.abs(sum - 1) > 0.1)) {
      throw new BindscapeError({
        source,
        line: row.line,
        found: `a row that sums to ${sum} in motif "${clip(id)}"`,
        expected: areProbabilities ? "probabilities that sum to 1" : "a sum above 0",
      });
    }
    mostCounts = Math.max(mostCounts, sum);
    // What sums to 1 but for rounding stays as it is, so that a written file reads back number for number.
    const divisor = Math.abs(sum - 1) < 1e-12 ? 1 : sum;
    for (let base = 0; base < 4; base++) probabilities[position * 4 + base] = row.values[base] / divisor;
    counts.set(row.values, position * 4);
  }
  const motif = { ...withoutUndefined(described), probabilities, length: rows.length };
  // Rows of counts say how many sites there were; rows of probabilities do not.
  if (areProbabilities || mostCounts <= 1.5) return motif;
  return { ...motif, sites: parts.sites ?? Math.round(mostCounts), counts };
}

function withoutUndefined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** Shortens text quoted in a message, so that a binary file does not flood the terminal. */
export function clip(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\u00b7");
  return printable.length > 60 ? `${printable.slice(0, 57)}...` : printable;
}

import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { parseCoordinate, quote } from "../text/fields.js";
import { readTextLines } from "../text/lines.js";
import { trimAlleles, type Variant } from "./variant.js";

/** Names of the columns of a table of variants; those left out are looked for by their usual names. */
export interface VariantColumns {
  readonly chromosome?: string;
  /** 1-based. */
  readonly position?: string;
  readonly id?: string;
  readonly reference?: string;
  readonly alternate?: string;
}

export interface ReadVariantTableOptions {
  readonly columns?: VariantColumns;
  /** Told the line of each row that has no place (chromosome or position empty or NA) and is passed over. */
  readonly onUnplaced?: (line: number) => void;
}

/** A variant of a table with the other columns of its row. */
export interface TableVariant extends Variant {
  /** The row's value in a column; undefined where the table has no such column. */
  column(name: string): string | undefined;
}

/** How columns are usually called, in small letters. */
const USUAL: Readonly<Record<keyof VariantColumns, readonly string[]>> = {
  chromosome: ["chromosome", "chrom", "chr"],
  position: ["position", "pos"],
  id: ["id", "snp", "rsid", "variant"],
  reference: ["reference", "ref"],
  alternate: ["alternate", "alt"],
};

/**
 * The variants of a table (tabs, or commas where its header has no tab; plain or gzip) whose first line names the
 * columns: chromosome (or chrom, chr), position (pos; 1-based), reference (ref), alternate (alt) and, where there is
 * one, id (snp, rsid), in any order and case. One variant a row; several alternative alleles are a row each. Rows
 * without a place are passed over.
 *
 * @throws BindscapeError with the line: for missing columns, rows of another number of columns, positions that are none
 */
export async function* readVariantTable(
  source: ByteSource,
  { columns: wanted = {}, onUnplaced }: ReadVariantTableOptions = {},
): AsyncGenerator<TableVariant> {
  let places: Record<keyof VariantColumns, number> | undefined;
  let names = new Map<string, number>();
  let separator = "\t";
  for await (const { line, text } of readTextLines(source)) {
    if (text.trim() === "" || text.startsWith("##")) continue;
    if (places === undefined) {
      separator = text.includes("\t") ? "\t" : ",";
      const header = text.replace(/^#/, "").split(separator).map(unquote);
      names = new Map(header.map((name, at) => [name, at]));
      places = findColumns(header, wanted, source.name, line);
      continue;
    }
    const fields = text.split(separator).map(unquote);
    if (fields.length !== names.size)
      throw new BindscapeError({
        source: source.name,
        line,
        found: `${fields.length} columns`,
        expected: `${names.size}, as the header has`,
      });
    if (isMissing(fields[places.chromosome]) || isMissing(fields[places.position])) {
      onUnplaced?.(line);
      continue;
    }
    const position = parseCoordinate(fields[places.position], "position", source.name, line);
    if (position < 1)
      throw new BindscapeError({
        source: source.name,
        line,
        found: `the position ${position}`,
        expected: "at least 1: positions are 1-based",
      });
    yield trimAlleles({
      chromosome: fields[places.chromosome],
      position,
      id: places.id < 0 ? "" : fields[places.id],
      reference: fields[places.reference].toUpperCase(),
      alternate: fields[places.alternate].toUpperCase(),
      line,
      alternates: 1,
      column: (name) => {
        const at = names.get(name);
        return at === undefined ? undefined : fields[at];
      },
    });
  }
  if (places === undefined)
    throw new BindscapeError({
      source: source.name,
      found: "an empty file",
      expected: "a table of variants whose first line names the columns",
    });
}

function findColumns(
  header: readonly string[],
  wanted: VariantColumns,
  source: string,
  line: number,
): Record<keyof VariantColumns, number> {
  const lower = header.map((name) => name.toLowerCase());
  const find = (what: keyof VariantColumns): number => {
    const name = wanted[what];
    if (name !== undefined) return header.indexOf(name);
    return USUAL[what].map((usual) => lower.indexOf(usual)).find((at) => at >= 0) ?? -1;
  };
  const places = {
    chromosome: find("chromosome"),
    position: find("position"),
    id: find("id"),
    reference: find("reference"),
    alternate: find("alternate"),
  };
  for (const what of ["chromosome", "position", "reference", "alternate"] as const) {
    if (places[what] >= 0) continue;
    throw new BindscapeError({
      source,
      line,
      found: `no column ${quote(wanted[what] ?? what)} among ${header.slice(0, 12).join(", ")}`,
      expected: "columns of chromosome, position, reference and alternate allele",
      next: "Name them, if they are called otherwise",
    });
  }
  return places;
}

function isMissing(text: string): boolean {
  return text === "" || text === "." || text === "NA";
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"')
    ? trimmed.slice(1, -1)
    : trimmed;
}

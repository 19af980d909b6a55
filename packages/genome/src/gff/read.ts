import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { isHeaderLine, parseCoordinate, quote, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";

/** A line of a GTF (GFF2) or GFF3 file. Coordinates are 0-based and half-open, unlike in the file. */
export interface GffRecord extends Interval {
  /** Feature type, column 3, such as exon or CDS. */
  readonly type: string;
  readonly strand: "+" | "-" | ".";
  /** Column 9 as it stands; see {@link gffAttribute}. */
  readonly attributes: string;
  /** 1-based line in the file. */
  readonly line: number;
}

/**
 * The records of a GTF or GFF3 file (plain, gzip or bgzip), streamed. Comments and directives are skipped; a
 * `##FASTA` directive ends the records.
 * @throws BindscapeError with the line for fewer than 8 columns, bad coordinates (1-based, start <= end) and strands
 */
export async function* readGff(source: ByteSource): AsyncGenerator<GffRecord> {
  for await (const { firstLine, texts } of readLineBatches(source)) {
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i];
      if (text.startsWith("##FASTA")) return;
      if (!isHeaderLine(text)) yield parseGffLine(text, source.name, firstLine + i);
    }
  }
}

function parseGffLine(text: string, source: string, line: number): GffRecord {
  const fields = text.split("\t");
  if (fields.length < 8) {
    throw tooFewColumns(source, line, fields.length, "the 9 of GTF or GFF3, separated by tabs");
  }
  const [chromosome, , type, startText, endText, , strandText, , attributes = ""] = fields;
  if (chromosome === "" || type === "") {
    throw new BindscapeError({
      source,
      line,
      found: chromosome === "" ? "the chromosome is empty" : "the feature type (column 3) is empty",
      expected: "a name",
    });
  }
  const start = parseCoordinate(startText, "start (column 4)", source, line);
  const end = parseCoordinate(endText, "end (column 5)", source, line);
  if (start < 1 || start > end) {
    throw new BindscapeError({
      source,
      line,
      found: `the feature runs from ${start} to ${end}`,
      expected: "1 <= start <= end (1-based, both included, as GTF and GFF3 have it)",
    });
  }
  if (strandText !== "+" && strandText !== "-" && strandText !== "." && strandText !== "?") {
    throw new BindscapeError({
      source,
      line,
      found: `the strand (column 7) is ${quote(strandText)}`,
      expected: "one of + - . ?",
    });
  }
  const strand = strandText === "?" ? "." : strandText;
  return { chromosome, type, start: start - 1, end, strand, attributes, line };
}

/**
 * The value of an attribute in GTF (`key "value";`) or GFF3 (`key=value;`) form, or undefined; the first where the
 * key stands several times. GFF3's lists (`Parent=a,b`) come as they stand, percent escapes decoded by
 * {@link gffList}.
 */
export function gffAttribute(attributes: string, key: string): string | undefined {
  for (let from = 0; from < attributes.length; ) {
    const at = attributes.indexOf(key, from);
    if (at < 0) return undefined;
    from = at + key.length;
    const before = at === 0 ? ";" : attributes[at - 1];
    const after = attributes[from];
    if ((before !== ";" && before !== " ") || (after !== "=" && after !== " ")) continue;
    const rest = from + 1;
    if (after === " " && attributes[rest] === '"') {
      const end = attributes.indexOf('"', rest + 1);
      return attributes.slice(rest + 1, end < 0 ? undefined : end);
    }
    const end = attributes.indexOf(";", rest);
    return attributes.slice(rest, end < 0 ? undefined : end).trim();
  }
  return undefined;
}

/** The items of a GFF3 list, its percent escapes decoded (those that are none stay as they are). */
export function gffList(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.replace(/%[0-9a-f]{2}/gi, (hex) => String.fromCharCode(parseInt(hex.slice(1), 16))));
}

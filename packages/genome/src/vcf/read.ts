import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { OffsetListener } from "../text/chunks.js";
import { parseCoordinate, quote, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";
import { trimAlleles, type Variant } from "./variant.js";

/** An alternative allele of a VCF line with what the line says beside it. */
export interface VcfVariant extends Variant {
  /** The FILTER column: PASS, a dot where no filter was applied, or what failed. */
  readonly filter: string;
  /** This allele's value of an INFO field of one value an alternative allele (AC, AF), or of one a line (AN). */
  info(field: string): string | undefined;
}

export interface ReadVcfOptions {
  /** Cut equal letters off the alleles ({@link trimAlleles}). Default true. */
  readonly trim?: boolean;
  readonly onOffset?: OffsetListener;
}

/**
 * The variants of a VCF file (plain, gzip or bgzip), one an alternative allele, in the order of the file and in bounded
 * memory. Only the first eight columns are looked at: chromosome, position, identifier, alleles, filter and information.
 * Lines without an alternative (a dot) are skipped. Source: the VCF 4.3 specification, section 1.6.
 *
 * @throws BindscapeError with the line: for what is no VCF (no #CHROM line before the records), too few columns, a
 *   position or a reference allele that is none
 */
export async function* readVcf(source: ByteSource, options: ReadVcfOptions = {}): AsyncGenerator<VcfVariant> {
  const { trim = true, onOffset } = options;
  let hasHeader = false;
  for await (const { firstLine, texts } of readLineBatches(source, onOffset)) {
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i];
      const line = firstLine + i;
      if (text.startsWith("#") || text.trim() === "") {
        hasHeader ||= text.startsWith("#CHROM");
        continue;
      }
      if (!hasHeader)
        throw new BindscapeError({
          source: source.name,
          line,
          found: `${quote(text)} before a line that begins with #CHROM`,
          expected: "a VCF file",
        });
      for (const variant of parseLine(text, line, source.name)) yield trim ? trimAlleles(variant) : variant;
    }
  }
  if (!hasHeader)
    throw new BindscapeError({
      source: source.name,
      found: "no line that begins with #CHROM",
      expected: "a VCF file",
    });
}

function parseLine(text: string, line: number, source: string): VcfVariant[] {
  // Genotypes behind the eighth column can be many: they are not split.
  const fields = text.split("\t", 8);
  if (fields.length < 5)
    throw tooFewColumns(source, line, fields.length, "CHROM, POS, ID, REF and ALT, separated by tabs (VCF)");
  const [chromosome, positionText, idText, referenceText, alternateText, , filter = ".", info = "."] = fields;
  const position = parseCoordinate(positionText, "position (column 2)", source, line);
  const reference = referenceText.toUpperCase();
  const isPlace = chromosome.trim() !== "" && position >= 1;
  if (!isPlace || !/^[ACGTRYSWKMBDHVN]+$/.test(reference))
    throw new BindscapeError({
      source,
      line,
      found: isPlace
        ? `the reference allele ${quote(referenceText)}`
        : `the place ${quote(`${chromosome}:${positionText}`)}`,
      expected: isPlace
        ? "letters of bases (REF, column 4)"
        : "a chromosome and a position of at least 1 (1-based)",
    });
  if (alternateText === ".") return [];
  const alternates = alternateText.split(",");
  const id = idText === "." ? "" : idText;
  return alternates.map((allele, which) => ({
    chromosome,
    position,
    id,
    reference,
    alternate: /^[A-Za-z]+$/.test(allele) ? allele.toUpperCase() : allele,
    line,
    alternates: alternates.length,
    filter,
    info: (field) => alleleInfo(info, field, which, alternates.length),
  }));
}

/** The value of a field for one of several alternative alleles; undefined where the line has none. */
function alleleInfo(info: string, field: string, which: number, alternates: number): string | undefined {
  for (const part of info.split(";")) {
    const equals = part.indexOf("=");
    if ((equals < 0 ? part : part.slice(0, equals)) !== field) continue;
    const values = equals < 0 ? [""] : part.slice(equals + 1).split(",");
    const value = values.length === 1 ? values[0] : values.length === alternates ? values[which] : undefined;
    return value === "." ? undefined : value;
  }
  return undefined;
}

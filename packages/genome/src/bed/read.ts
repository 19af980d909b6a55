import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { isHeaderLine, parsePlace, splitFields, tooFewColumns } from "../text/fields.js";
import { readLineBatches, type TextLine } from "../text/lines.js";

export type Strand = "+" | "-" | ".";

/** A line of a BED file. */
export interface BedRecord extends Interval {
  /** Column 4, where there is one. */
  readonly name?: string;
  /** Column 5, where it is a number. */
  readonly score?: number;
  /** Column 6, where it is +, - or a dot. */
  readonly strand?: Strand;
  /** 1-based line in the file. */
  readonly line: number;
  /** All columns as text. */
  readonly fields: readonly string[];
}

export interface ReadBedOptions {
  /** Most records (default 5 million), since all are kept in memory; a small gzip file can hold very many. */
  readonly maximumRecords?: number;
}

/**
 * The records of a BED file of 3 or more columns (plain or gzip), split at tabs, or at white space where a line
 * has no tab. Comments, `track` and `browser` lines are skipped. Columns from the fourth on are free, as many
 * tools use them: `name`, `score` and `strand` are set where they look it, `fields` has everything.
 * @throws BindscapeError with the line for fewer than 3 columns and for bad coordinates.
 */
export function readBed(source: ByteSource, options?: ReadBedOptions): Promise<BedRecord[]> {
  return readRecords(source, parseBedLine, options);
}

/** As {@link readBed}, one record after another in bounded memory, for files of any length. */
export async function* readBedRecords(source: ByteSource): AsyncGenerator<BedRecord> {
  for await (const { firstLine, texts } of readLineBatches(source)) {
    for (let i = 0; i < texts.length; i++) {
      if (isHeaderLine(texts[i])) continue;
      yield parseBedLine({ line: firstLine + i, text: texts[i] }, source.name);
    }
  }
}

/** Reads a file of one record a line, headers skipped, into memory. */
export async function readRecords<T>(
  source: ByteSource,
  parse: (line: TextLine, source: string) => T,
  { maximumRecords = 5_000_000 }: ReadBedOptions = {},
): Promise<T[]> {
  const records: T[] = [];
  for await (const { firstLine, texts } of readLineBatches(source)) {
    for (let i = 0; i < texts.length; i++) {
      if (isHeaderLine(texts[i])) continue;
      const line = firstLine + i;
      if (records.length === maximumRecords) {
        throw new BindscapeError({
          source: source.name,
          line,
          found: `more than ${maximumRecords} records`,
          next: "Split the file, or raise maximumRecords if the memory suffices",
        });
      }
      records.push(parse({ line, text: texts[i] }, source.name));
    }
  }
  return records;
}

/** One line of a BED file. */
export function parseBedLine({ line, text }: TextLine, source: string): BedRecord {
  const fields = splitFields(text);
  if (fields.length < 3) {
    throw tooFewColumns(source, line, fields.length, "at least chromosome, start and end (BED)");
  }
  const { chromosome, start, end } = parsePlace(fields, source, line);
  const [, , , name, scoreText, strandText] = fields;
  const score = scoreText === undefined || scoreText.trim() === "" ? Number.NaN : Number(scoreText);
  const strand = strandText === "+" || strandText === "-" || strandText === "." ? strandText : undefined;
  return {
    chromosome,
    start,
    end,
    name: name === "" ? undefined : name,
    score: Number.isFinite(score) ? score : undefined,
    strand,
    line,
    fields,
  };
}

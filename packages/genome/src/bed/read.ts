import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { isHeaderLine, parsePlace, splitFields, tooFewColumns } from "../text/fields.js";
import { readTextLines, type TextLine } from "../text/lines.js";

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

/**
 * The records of a BED file of 3 or more columns (plain or gzip), split at tabs, or at white space where a line
 * has no tab. Comments, `track` and `browser` lines are skipped. Columns from the fourth on are free, as many
 * tools use them: `name`, `score` and `strand` are set where they look it, `fields` has everything.
 * @throws BindscapeError with the line for fewer than 3 columns and for bad coordinates.
 */
export async function readBed(source: ByteSource): Promise<BedRecord[]> {
  const records: BedRecord[] = [];
  for await (const line of readTextLines(source)) {
    if (!isHeaderLine(line.text)) records.push(parseBedLine(line, source.name));
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

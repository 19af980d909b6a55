import { readTextLines, withSource } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** Scores of variants as `variants score` wrote them. */
export interface ScoreTable {
  readonly columns: readonly string[];
  /** By {@link variantKey}; NaN where a column has none. */
  readonly values: ReadonlyMap<string, readonly number[]>;
}

/** What tells variants apart: place and alleles. */
export function variantKey(variant: {
  readonly chromosome: string;
  readonly position: number;
  readonly reference: string;
  readonly alternate: string;
}): string {
  return `${variant.chromosome}:${variant.position}:${variant.reference}:${variant.alternate}`;
}

const PLACE = ["chromosome", "position", "id", "reference", "alternate", "kind", "status"];

/**
 * Reads the effects (of a network) or scores (of attributions) of a table that `variants score` wrote.
 * @throws BindscapeError with the line for other tables
 */
export async function readScoreTable(file: string): Promise<ScoreTable> {
  return withSource(file, async (source) => {
    let header: string[] | undefined;
    let kept: number[] = [];
    const values = new Map<string, number[]>();
    for await (const { line, text } of readTextLines(source)) {
      if (text === "") continue;
      const fields = text.split("\t");
      if (header === undefined) {
        header = fields;
        const scores = fields.map((_, at) => at).slice(PLACE.length);
        const effects = scores.filter((at) => fields[at].endsWith(" effect"));
        kept = effects.length > 0 ? effects : scores;
        if (PLACE.every((name, at) => fields[at] === name) && kept.length > 0) continue;
        throw new BindscapeError({
          source: file,
          line,
          found: `the columns ${fields.slice(0, 9).join(", ")}`,
          expected: "a table that `bindscape variants score` wrote",
        });
      }
      if (fields.length !== header.length)
        throw new BindscapeError({
          source: file,
          line,
          found: `${fields.length} columns`,
          expected: `${header.length}, as the header has`,
        });
      const [chromosome, position, , reference, alternate, , status] = fields;
      if (status !== "scored") continue;
      const key = variantKey({ chromosome, position: Number(position), reference, alternate });
      values.set(
        key,
        kept.map((at) => (fields[at] === "NA" ? Number.NaN : Number(fields[at]))),
      );
    }
    return { columns: kept.map((at) => header![at].replace(/ effect$/, "")), values };
  });
}

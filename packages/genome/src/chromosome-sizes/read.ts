import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { isHeaderLine, parseCoordinate, quote, splitFields, tooFewColumns } from "../text/fields.js";
import { readTextLines } from "../text/lines.js";

/** A chromosome and its length in bp. */
export interface ChromosomeSize {
  readonly name: string;
  readonly size: number;
}

/**
 * A chrom.sizes file: name and length in bp on each line; further columns are ignored, so a .fai index does too.
 * @throws BindscapeError with the line for a bad or zero length, a duplicate name, and an empty file.
 */
export async function readChromosomeSizes(source: ByteSource): Promise<ChromosomeSize[]> {
  const sizes: ChromosomeSize[] = [];
  const lineOfName = new Map<string, number>();
  for await (const { line, text } of readTextLines(source)) {
    if (isHeaderLine(text)) continue;
    const fields = splitFields(text);
    if (fields.length < 2) throw tooFewColumns(source.name, line, fields.length, "a name and a length in bp");
    const name = fields[0].trim();
    const size = parseCoordinate(fields[1], "length (column 2)", source.name, line);
    const before = lineOfName.get(name);
    if (name === "" || size === 0 || before !== undefined) {
      throw new BindscapeError({
        source: source.name,
        line,
        found:
          name === ""
            ? "an empty chromosome name"
            : size === 0
              ? `the length of ${quote(name)} is 0`
              : `a second line for ${quote(name)} (the first is line ${before})`,
        expected: "one line a chromosome: its name and its length in bp, at least 1",
      });
    }
    lineOfName.set(name, line);
    sizes.push({ name, size });
  }
  if (sizes.length === 0) {
    throw new BindscapeError({
      source: source.name,
      found: "the file has no chromosomes",
      expected: "lines with a name and a length in bp",
    });
  }
  return sizes;
}

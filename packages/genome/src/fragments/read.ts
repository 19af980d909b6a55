import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import type { OffsetListener } from "../text/chunks.js";
import { isHeaderLine, parseCoordinate, parsePlace, splitFields, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";

/** A sequenced ATAC-seq fragment; both of its ends are cuts: bases `start` and `end - 1`. */
export interface Fragment extends Interval {
  /** The cell it comes from. */
  readonly barcode: string;
  /** Read pairs that support it. */
  readonly count: number;
  /** 1-based line in the file. */
  readonly line: number;
}

/**
 * The fragments of a 10x-style file (plain, gzip or bgzip): chromosome, start, end, barcode and, optionally (else
 * 1), count. Streams: a file of any size takes little memory.
 * @param onOffset hears how many bytes of the file are read.
 * @throws BindscapeError with the line for fewer than 4 columns, an empty fragment and bad numbers.
 */
export async function* readFragments(
  source: ByteSource,
  onOffset?: OffsetListener,
): AsyncGenerator<Fragment> {
  for await (const { firstLine, texts } of readLineBatches(source, onOffset)) {
    for (let i = 0; i < texts.length; i++) {
      if (!isHeaderLine(texts[i])) yield parseFragmentLine(texts[i], source.name, firstLine + i);
    }
  }
}

function parseFragmentLine(text: string, source: string, line: number): Fragment {
  const fields = splitFields(text);
  if (fields.length < 4) {
    throw tooFewColumns(source, line, fields.length, "chromosome, start, end, barcode and count");
  }
  const { chromosome, start, end } = parsePlace(fields, source, line);
  const count = fields.length > 4 ? parseCoordinate(fields[4], "count (column 5)", source, line) : 1;
  if (start === end || count === 0) {
    throw new BindscapeError({
      source,
      line,
      found: start === end ? `an empty fragment at ${start}` : "a count of 0",
      expected: "start < end and a count of at least 1",
    });
  }
  return { chromosome, start, end, barcode: fields[3], count, line };
}

import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import type { OffsetListener } from "../text/chunks.js";
import { isHeaderLine, parseNumber, parsePlace, splitFields, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";

/** A line of a bedGraph file: one value for a stretch of a chromosome. */
export interface BedGraphRecord extends Interval {
  readonly value: number;
  /** 1-based line in the file. */
  readonly line: number;
}

/**
 * The records of a bedGraph file (plain, gzip or bgzip), streamed. Comments, `track` and `browser` lines are
 * skipped; order and overlaps are not checked.
 * @throws BindscapeError with the line for fewer than 4 columns, an empty interval and bad numbers.
 */
export async function* readBedGraph(
  source: ByteSource,
  onOffset?: OffsetListener,
): AsyncGenerator<BedGraphRecord> {
  for await (const { firstLine, texts } of readLineBatches(source, onOffset)) {
    for (let i = 0; i < texts.length; i++) {
      if (!isHeaderLine(texts[i])) yield parseBedGraphLine(texts[i], source.name, firstLine + i);
    }
  }
}

function parseBedGraphLine(text: string, source: string, line: number): BedGraphRecord {
  const fields = splitFields(text);
  if (/^(fixedStep|variableStep)\s/.test(text)) {
    throw new BindscapeError({
      source,
      line,
      found: "this is a wig file",
      expected: "bedGraph: chromosome, start, end and value",
      next: "Convert it with wigToBigWig and give the bigWig",
    });
  }
  if (fields.length < 4) {
    throw tooFewColumns(source, line, fields.length, "chromosome, start, end and value (bedGraph)");
  }
  const { chromosome, start, end } = parsePlace(fields, source, line);
  if (start === end) {
    throw new BindscapeError({
      source,
      line,
      found: `an empty interval at ${start}`,
      expected: "start < end (0-based, half-open)",
    });
  }
  return { chromosome, start, end, value: parseNumber(fields[3], "value (column 4)", source, line), line };
}

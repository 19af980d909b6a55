import { BindscapeError } from "@bindscape/numerics";
import type { ByteSource } from "../byte-source.js";
import { BgzfReader } from "../compression/bgzf.js";
import type { Interval } from "../intervals/interval.js";
import { largestCoordinate, quote } from "../text/fields.js";
import { longestLine } from "../text/lines.js";
import { isBefore, type TabixColumns, type TabixIndex } from "./index-file.js";

/** A line of a file with a tabix index, and where its record lies: 0-based, half-open. */
export interface TabixLine extends Interval {
  readonly text: string;
}

/**
 * The lines of a position-sorted bgzip file (BED-like or VCF) that overlap a region, in order; only the blocks that
 * may hold them are read. A chromosome that the index does not have gives none.
 * @param source the bgzip file, or a reader of its blocks, which keeps the last ones for the next region
 * @throws BindscapeError for damaged blocks, lines with too few columns, and an index of another file
 */
export async function* readTabixLines(
  source: ByteSource | BgzfReader,
  index: TabixIndex,
  chromosome: string,
  start: number,
  end: number,
): AsyncGenerator<TabixLine> {
  const blocks = source instanceof BgzfReader ? source : new BgzfReader(source);
  const { name } = blocks.source;
  for (const { from, to } of index.find(chromosome, start, end)) {
    for await (const text of readLines(blocks, from, to)) {
      if (text === "" || text.charCodeAt(0) === index.columns.comment) continue;
      const line = { text, ...placeOf(text, index.columns, name) };
      if (line.chromosome !== chromosome) {
        throw new BindscapeError({
          source: name,
          found: `a line of ${line.chromosome} where the index has lines of ${chromosome}`,
          expected: "the index of this very file",
          next: "Make it again with tabix -f",
        });
      }
      if (line.start >= end) return;
      if (line.end > start) yield line;
    }
  }
}

/** Lines that start in [from, to). */
async function* readLines(
  blocks: BgzfReader,
  from: { block: number; within: number },
  to: { block: number; within: number },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const size = await blocks.source.size();
  let unfinished: Uint8Array[] = [];
  let length = 0;
  let at = from.block;
  let within = from.within;
  while (at < size) {
    const { bytes, next } = await blocks.read(at);
    while (within < bytes.length) {
      // A new line starts here: is it one of this part?
      if (length === 0 && !isBefore({ block: at, within }, to)) return;
      const found = bytes.indexOf(10, within);
      const lineEnd = found < 0 ? bytes.length : found;
      unfinished.push(bytes.subarray(within, lineEnd));
      length += lineEnd - within + 1;
      within = lineEnd + 1;
      if (length > longestLine) {
        throw new BindscapeError({ source: blocks.source.name, found: "a line longer than 64 MiB" });
      }
      if (found < 0) break;
      yield finishLine(decoder, unfinished);
      unfinished = [];
      length = 0;
    }
    if (length === 0 && !isBefore({ block: next, within: 0 }, to)) return;
    at = next;
    within = 0;
  }
  if (length > 0) yield finishLine(decoder, unfinished);
}

function finishLine(decoder: TextDecoder, parts: readonly Uint8Array[]): string {
  const text = parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function placeOf(text: string, columns: TabixColumns, source: string): Interval {
  const fields = text.split("\t");
  const coordinate = (column: number): number => {
    const value = Number(fields[column - 1] || Number.NaN);
    if (Number.isInteger(value) && value >= 0 && value <= largestCoordinate) return value;
    throw new BindscapeError({
      source,
      found: `the line ${quote(text)}`,
      expected: `a whole number in column ${column}, as its index says`,
      next: "Is the index of this very file? Make it again with tabix -f",
    });
  };
  const chromosome = fields[columns.chromosome - 1];
  const start = coordinate(columns.start) - (columns.isZeroBased ? 0 : 1);
  if (columns.format === "VCF") {
    // Structural variants say their end; else it is that of the reference allele (VCF specification, section 1.6.1).
    const said = /(?:^|;)END=(\d+)/.exec(fields[7] ?? "")?.[1];
    const end = said === undefined ? start + (fields[3] ?? "").length : Number(said);
    return { chromosome, start, end: Math.max(end, start + 1) };
  }
  const isPoint = columns.end === 0 || columns.end === columns.start;
  return { chromosome, start, end: isPoint ? start + 1 : coordinate(columns.end) };
}

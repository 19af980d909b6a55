import { BindscapeError } from "@bindscape/numerics";
import { readBedGraph } from "../bed-graph/read.js";
import type { BigWigRun } from "../bigwig/write.js";
import type { ByteSource } from "../byte-source.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import { matchChromosomeNames } from "../chromosomes/match.js";
import type { OffsetListener } from "../text/chunks.js";
import { isHeaderLine, parseNumber, parsePlace, quote, splitFields, tooFewColumns } from "../text/fields.js";
import { readLineBatches } from "../text/lines.js";
import { describeOverlap } from "./overlap.js";
import { SortedIntervals } from "./sorted-intervals.js";
import { RunBuilder, type Track } from "./track.js";

/** Most records that are sorted in memory, at 20 bytes each; sorted files may have any number. */
export const mostSortedRecords = 50_000_000;

interface ValueRecord {
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly value: number;
  readonly line: number;
}

export interface ReadTextTrackOptions {
  /** Lengths of chromosomes to check ends against; unknown where left out. */
  readonly chromosomes?: readonly ChromosomeSize[];
  /** 1-based column of the value in a BED file; 5, the score, where left out. */
  readonly valueColumn?: number;
  /** Most records to sort in memory where the file is not sorted. */
  readonly mostSorted?: number;
  readonly onOffset?: OffsetListener;
}

/**
 * Opens a bedGraph or BED file as a track. The file is read twice: first to check every line and whether it is
 * sorted, then to stream its values; only a file that is not sorted is held in memory.
 * @throws BindscapeError with the line for what cannot be read, intervals that overlap, ends beyond their
 *   chromosome, and values that float32 cannot hold
 */
export async function openTextTrack(
  source: ByteSource,
  format: "bedGraph" | "BED",
  options: ReadTextTrackOptions = {},
): Promise<Track> {
  const read = () => checkRecords(readRecords(source, format, options), source.name, options.chromosomes);
  const { names, isSorted, count } = await scan(read(), source.name);
  if (count === 0) {
    throw new BindscapeError({ source: source.name, found: "no intervals", expected: `lines of ${format}` });
  }
  const { mostSorted = mostSortedRecords, chromosomes } = options;
  if (!isSorted && count > mostSorted) {
    throw new BindscapeError({
      source: source.name,
      found: `${count} records that are not sorted`,
      expected: `at most ${mostSorted}, which are sorted in memory, or a sorted file of any length`,
      next: "Sort it first: sort -k1,1 -k2,2n",
    });
  }
  if (isSorted) return { chromosomes: orderChromosomes(chromosomes, names), runs: streamRuns(read()) };
  const sorted = new SortedIntervals();
  for await (const { chromosome, start, end, value, line } of read()) {
    sorted.add(chromosome, start, end, value, line);
  }
  const order = chromosomes?.map(({ name }) => name) ?? names;
  return { chromosomes: chromosomes ?? null, runs: toAsync(sorted.runs(order, source.name)) };
}

function readRecords(
  source: ByteSource,
  format: "bedGraph" | "BED",
  { valueColumn, onOffset }: ReadTextTrackOptions,
): AsyncGenerator<ValueRecord> {
  return format === "bedGraph"
    ? readBedGraph(source, onOffset)
    : readBedValues(source, valueColumn ?? 5, onOffset);
}

async function* readBedValues(
  source: ByteSource,
  column: number,
  onOffset: OffsetListener | undefined,
): AsyncGenerator<ValueRecord> {
  const what = column === 5 ? "score (column 5)" : `value (column ${column})`;
  for await (const { firstLine, texts } of readLineBatches(source, onOffset)) {
    for (let i = 0; i < texts.length; i++) {
      if (isHeaderLine(texts[i])) continue;
      const line = firstLine + i;
      const fields = splitFields(texts[i]);
      if (fields.length < Math.max(3, column)) {
        throw tooFewColumns(source.name, line, fields.length, `BED with a ${what} to take as the value`);
      }
      const place = parsePlace(fields, source.name, line);
      if (place.start === place.end) {
        throw new BindscapeError({
          source: source.name,
          line,
          found: `an empty interval at ${place.start}`,
          expected: "start < end (0-based, half-open)",
        });
      }
      yield { ...place, value: parseNumber(fields[column - 1], what, source.name, line), line };
    }
  }
}

async function* checkRecords(
  records: AsyncIterable<ValueRecord>,
  source: string,
  chromosomes: readonly ChromosomeSize[] | undefined,
): AsyncGenerator<ValueRecord> {
  const sizes = chromosomes && new Map(chromosomes.map(({ name, size }) => [name, size]));
  for await (const record of records) {
    const { chromosome, start, end, value, line } = record;
    const size = sizes === undefined ? Number.POSITIVE_INFINITY : sizes.get(chromosome);
    if (size === undefined) throw unknownChromosome(chromosome, [...sizes!.keys()], source, line);
    if (end > size) {
      throw new BindscapeError({
        source,
        line,
        found: `${chromosome}:${start}-${end} ends beyond the chromosome`,
        expected: `an end of at most ${size} on ${chromosome}`,
        next: "Do the intervals and the chromosome lengths belong to the same assembly?",
      });
    }
    if (!Number.isFinite(Math.fround(value))) {
      throw new BindscapeError({
        source,
        line,
        found: `the value ${value}`,
        expected: "a number that float32 can hold (up to 3.4e38)",
      });
    }
    yield record;
  }
}

function unknownChromosome(
  chromosome: string,
  known: readonly string[],
  source: string,
  line: number,
): BindscapeError {
  const match = matchChromosomeNames([chromosome], known).map.get(chromosome);
  return new BindscapeError({
    source,
    line,
    found: `the chromosome ${quote(chromosome)}, which the list of chromosome lengths does not have`,
    expected: `one of ${known.slice(0, 6).join(", ")}${known.length > 6 ? ", ..." : ""}`,
    next:
      match === undefined
        ? "Do both files belong to the same assembly?"
        : `The list calls it ${match}: rename it in one of the files`,
  });
}

/** Looks at every record once: chromosomes in order of appearance, and whether the file can be streamed. */
async function scan(
  records: AsyncIterable<ValueRecord>,
  source: string,
): Promise<{ names: string[]; isSorted: boolean; count: number }> {
  const seen = new Set<string>();
  let isSorted = true;
  let count = 0;
  let before: ValueRecord | undefined;
  for await (const record of records) {
    count++;
    if (before?.chromosome !== record.chromosome) {
      if (seen.has(record.chromosome)) isSorted = false;
      seen.add(record.chromosome);
    } else if (record.start < before.start) isSorted = false;
    else if (record.start < before.end) throw describeOverlap(source, record, before);
    before = record;
  }
  return { names: [...seen], isSorted, count };
}

/** The listed order where the file follows it, else the file's own order with the other chromosomes behind. */
function orderChromosomes(
  chromosomes: readonly ChromosomeSize[] | undefined,
  names: readonly string[],
): readonly ChromosomeSize[] | null {
  if (chromosomes === undefined) return null;
  const byName = new Map(chromosomes.map((chromosome, rank) => [chromosome.name, { chromosome, rank }]));
  const used = names.map((name) => byName.get(name)!);
  if (used.every(({ rank }, i) => i === 0 || rank > used[i - 1].rank)) return chromosomes;
  const rest = chromosomes.filter(({ name }) => !names.includes(name));
  return [...used.map(({ chromosome }) => chromosome), ...rest];
}

async function* streamRuns(records: AsyncIterable<ValueRecord>): AsyncGenerator<BigWigRun> {
  const builder = new RunBuilder();
  for await (const { chromosome, start, end, value } of records) {
    const run = builder.add(chromosome, start, end, value);
    if (run !== undefined) yield run;
  }
  const last = builder.take();
  if (last !== undefined) yield last;
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

import {
  type BigWigReader,
  type BigWigReaderOptions,
  type ByteSource,
  fileNameOf,
  type Interval,
  openBigWig,
  readBedGraph,
  readFragments,
  withSource,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type Assembly, allocateShared, type Segment } from "./assembly.js";
import { ChromosomeNames } from "./chromosome-names.js";
import { openIndexedBedGraph } from "./indexed-bed-graph.node.js";
import type { TrackEntry } from "./study-file.js";
import type { SourceTrack } from "./windows.js";

/** A track is held at 4 bytes a base; of a larger assembly tracks are only read part by part. */
const LARGEST_TRACK_BASES = 1 << 30;

/** Bases of many short parts that are read in one go. */
const BASES_AT_ONCE = 1 << 22;

/** A track read into memory, and what was odd about its file. */
export interface LoadedTrack {
  readonly track: SourceTrack;
  readonly warnings: readonly string[];
}

/**
 * Reads a track onto an assembly: bigWig, bedGraph, or fragments, of which both ends are counted (start and
 * end - 1 of each fragment, times its count). Bases without data are 0. Then masks, caps and takes logarithms
 * as the study asks.
 * @throws BindscapeError naming the file, where it is missing, damaged, or about other chromosomes
 */
export async function loadTrack(entry: TrackEntry, file: string, assembly: Assembly): Promise<LoadedTrack> {
  if (assembly.size > LARGEST_TRACK_BASES) {
    throw new BindscapeError({
      source: file,
      found: `a track to be held in memory, of an assembly of ${assembly.size} bases`,
      expected: `at most ${LARGEST_TRACK_BASES} bases, or a track that is read part by part: bigWig, or bedGraph with a tabix index beside it`,
      next: "Make bedGraph a bigWig with `bindscape convert`, or list fewer chromosomes under `assembly.chromosomes`",
    });
  }
  const values = new Float32Array(allocateShared(assembly.size * 4));
  const warnings = await chooseReader(file)(file, assembly, values);
  transformTrack(entry, assembly, assembly.segments, values, file);
  return { track: { name: entry.name, unit: entry.unit, values, log: entry.transform.log }, warnings };
}

type WholeTrackReader = (file: string, assembly: Assembly, values: Float32Array) => Promise<string[]>;

function chooseReader(file: string): WholeTrackReader {
  if (isBigWigName(file)) return readBigWigTrack;
  const name = fileNameOf(file).toLowerCase().replace(/\.gz$/, "");
  if (/\.(bedgraph|bdg|bg)$/.test(name)) return fromSource(readBedGraphTrack);
  if (/(\.frag|fragments\.tsv|fragments)$/.test(name)) return fromSource(readFragmentTrack);
  throw new BindscapeError({
    source: file,
    found: "a track file of unknown kind",
    expected: "a name ending in .bw, .bigWig, .bedGraph[.gz], .frag[.gz] or fragments.tsv[.gz]",
  });
}

/** A reader of an open file as one of a file's name. */
function fromSource(
  read: (source: ByteSource, assembly: Assembly, values: Float32Array) => Promise<string[]>,
): WholeTrackReader {
  return (file, assembly, values) => withSource(file, (source) => read(source, assembly, values));
}

function isBigWigName(file: string): boolean {
  return /\.(bw|bigwig)$/i.test(fileNameOf(file));
}

async function readBigWigTrack(file: string, assembly: Assembly, values: Float32Array): Promise<string[]> {
  const { reader, close } = await openBigWig(file);
  try {
    const { names, warnings } = matchBigWig(reader, file, assembly);
    await copyBigWig(reader, names, assembly.segments, values);
    return warnings;
  } finally {
    close();
  }
}

/** A track that stays in its file and is read part by part. */
export interface TrackReader {
  readonly warnings: readonly string[];
  /**
   * Reads and transforms the values of segments, or of parts of them, each to its offset in `values`. Blocks of the
   * file that several of them need are read once.
   */
  read(segments: readonly Segment[], values: Float32Array): Promise<void>;
  close(): void | Promise<void>;
}

/**
 * Opens a track whose parts can be read without the rest: a bigWig, or a bedGraph with a tabix index beside it; null
 * for other formats.
 * @throws BindscapeError as {@link loadTrack} does
 */
export async function openTrack(
  entry: TrackEntry,
  file: string,
  assembly: Assembly,
  options: Pick<BigWigReaderOptions, "cacheSize"> = {},
): Promise<TrackReader | null> {
  if (!isBigWigName(file)) {
    const bedGraph = await openIndexedBedGraph(file, assembly);
    return (
      bedGraph && {
        warnings: [],
        async read(segments, values) {
          await bedGraph.read(segments, values);
          transformTrack(entry, assembly, segments, values, file);
        },
        close: () => bedGraph.close(),
      }
    );
  }
  const { reader, close } = await openBigWig(file, options);
  try {
    const { names, warnings } = matchBigWig(reader, file, assembly);
    return {
      warnings,
      async read(segments, values) {
        await copyBigWig(reader, names, segments, values);
        transformTrack(entry, assembly, segments, values, file);
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function matchBigWig(
  reader: BigWigReader,
  file: string,
  assembly: Assembly,
): { names: ChromosomeNames; warnings: string[] } {
  const names = ChromosomeNames.match(
    reader.chromosomes.map((chromosome) => chromosome.name),
    assembly,
    file,
  );
  const sizes = new Map(reader.chromosomes.map(({ name, size }) => [name, size]));
  const warnings: string[] = [];
  for (const segment of assembly.segments) {
    const name = names.inFile(segment.chromosome);
    if (name === undefined) {
      warnings.push(`${file} has no data on ${segment.chromosome}: its signal there is 0`);
    } else if (assembly.isWhole && sizes.get(name) !== segment.end) {
      warnings.push(
        `${file}: ${name} has ${sizes.get(name)} bp, but ${segment.chromosome} ${segment.end}: is it of the same assembly?`,
      );
    }
  }
  return { names, warnings: [...new Set(warnings)] };
}

async function copyBigWig(
  reader: BigWigReader,
  names: ChromosomeNames,
  segments: readonly Segment[],
  values: Float32Array,
): Promise<void> {
  const sizes = new Map(reader.chromosomes.map(({ name, size }) => [name, size]));
  const regions: Interval[] = [];
  const offsets: number[] = [];
  for (const segment of segments) {
    const name = names.inFile(segment.chromosome);
    const end = name === undefined ? segment.start : Math.min(segment.end, sizes.get(name)!);
    const length = Math.max(0, end - segment.start);
    values.fill(0, segment.offset + length, segment.offset + segment.end - segment.start);
    if (name === undefined || length === 0) continue;
    regions.push({ chromosome: name, start: segment.start, end });
    offsets.push(segment.offset);
  }
  for (let first = 0; first < regions.length; ) {
    const { chromosome, start, end } = regions[first];
    // Many short parts in one go; long ones need no room beside their own.
    let last = first + 1;
    for (let bases = end - start; last < regions.length; last++) {
      bases += regions[last].end - regions[last].start;
      if (bases > BASES_AT_ONCE) break;
    }
    if (last === first + 1) {
      const into = values.subarray(offsets[first], offsets[first] + end - start);
      replaceMissing(await reader.readValues(chromosome, start, end, into));
    } else {
      const found = replaceMissing(await reader.readManyValues(regions.slice(first, last)));
      for (let i = first, at = 0; i < last; i++) {
        const length = regions[i].end - regions[i].start;
        values.set(found.subarray(at, at + length), offsets[i]);
        at += length;
      }
    }
    first = last;
  }
}

/** Bases without data, and what is no number, count as 0. */
function replaceMissing(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i]) < Number.POSITIVE_INFINITY)) values[i] = 0;
  return values;
}

function readBedGraphTrack(source: ByteSource, assembly: Assembly, values: Float32Array): Promise<string[]> {
  return placeRecords(readBedGraph(source), source.name, assembly, ({ start, end, value }, segment) => {
    const from = Math.max(start, segment.start);
    const to = Math.min(end, segment.end);
    if (from < to)
      values.fill(value, segment.offset + from - segment.start, segment.offset + to - segment.start);
  });
}

function readFragmentTrack(source: ByteSource, assembly: Assembly, values: Float32Array): Promise<string[]> {
  return placeRecords(readFragments(source), source.name, assembly, ({ start, end, count }, segment) => {
    for (const cut of [start, end - 1])
      if (cut >= segment.start && cut < segment.end) values[segment.offset + cut - segment.start] += count;
  });
}

/** Hands every record of a file to the segments of its chromosome, and tells what was odd about the file. */
async function placeRecords<Placed extends { readonly chromosome: string; readonly end: number }>(
  records: AsyncIterable<Placed>,
  file: string,
  assembly: Assembly,
  place: (record: Placed, segment: Segment) => void,
): Promise<string[]> {
  const names = new ChromosomeNames(assembly, file);
  let hasRecords = false;
  for await (const record of records) {
    hasRecords = true;
    for (const segment of names.segmentsOf(record.chromosome, record.end)) place(record, segment);
  }
  return hasRecords ? names.finish() : warnOfNothing(file);
}

/** An empty track is usually a failed step before this one, but it is a track. */
function warnOfNothing(source: string): string[] {
  return [`${source} has no records: its signal is 0 everywhere`];
}

/** Applies mask, cap and log, in this order, to the values of segments, each at its offset. */
function transformTrack(
  entry: TrackEntry,
  assembly: Assembly,
  segments: readonly Segment[],
  values: Float32Array,
  file: string,
): void {
  const { mask, cap, log } = entry.transform;
  for (const text of mask) {
    const region = parseRegion(text);
    if (!assembly.hasChromosome(region.chromosome)) {
      throw new BindscapeError({
        source: file,
        found: `the mask ${text}`,
        expected: `a chromosome of the study, such as ${assembly.chromosomes[0].name}`,
        next: `Correct \`transform.mask\` of the track ${entry.name}`,
      });
    }
    for (const segment of segments.filter(({ chromosome }) => chromosome === region.chromosome)) {
      const from = Math.max(region.start, segment.start);
      const to = Math.min(region.end, segment.end);
      if (from < to)
        values.fill(0, segment.offset + from - segment.start, segment.offset + to - segment.start);
    }
  }
  if (cap !== undefined) for (let i = 0; i < values.length; i++) if (values[i] > cap) values[i] = cap;
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) < Number.POSITIVE_INFINITY)) {
      throw new BindscapeError({
        source: file,
        found: `the value ${values[i]} at ${placeOf(segments, i)}`,
        expected: "values that a 32-bit number can hold",
        next: `Correct the file, or cap the track ${entry.name}`,
      });
    }
    if (!log) continue;
    if (values[i] < 0) {
      throw new BindscapeError({
        source: file,
        found: `the value ${values[i]} at ${placeOf(segments, i)}`,
        expected: "values of at least 0, since the study asks for log(1 + value)",
        next: `Take \`log\` out of the track ${entry.name}`,
      });
    }
    values[i] = Math.log1p(values[i]);
  }
}

/** The base a place in the values of a track stands for. */
function placeOf(segments: readonly Segment[], index: number): string {
  const segment = segments.findLast(({ offset }) => offset <= index)!;
  return `${segment.chromosome}:${segment.start + index - segment.offset}`;
}

/** Parses `chromosome:start-end`, 0-based and half-open; commas in numbers are allowed. */
export function parseRegion(text: string): { chromosome: string; start: number; end: number } {
  const match = /^(\S+):([\d,]+)-([\d,]+)$/.exec(text);
  const start = Number(match?.[2].replaceAll(",", ""));
  const end = Number(match?.[3].replaceAll(",", ""));
  if (!match || !(start < end)) {
    throw new BindscapeError({
      found: `the region "${text}"`,
      expected: "chromosome:start-end with start below end, 0-based and half-open",
    });
  }
  return { chromosome: match[1], start, end };
}

import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { writeFileAtomically } from "../atomic-file.node.js";
import { openBigWig } from "../bigwig/open.node.js";
import type { BigWigRun } from "../bigwig/write.js";
import { writeBigWigFile } from "../bigwig/write.node.js";
import { openFile } from "../byte-source.node.js";
import { type ChromosomeSize, readChromosomeSizes } from "../chromosome-sizes/read.js";
import { openBigWigTrack } from "./bigwig-track.js";
import { readNpzTrack, writeNpzTrack } from "./npz-track.js";
import { openTextTrack } from "./text-track.js";
import type { Track } from "./track.js";
import { findTrackFormat, isGzipName, type TrackFormat } from "./track-format.js";
import { formatTextTrack, writePieces } from "./write-text-track.js";

export interface ConvertTrackOptions {
  /** File of chromosome lengths: chrom.sizes or .fai. Needed to write bigWig from what does not know them. */
  readonly chromosomeSizes?: string;
  /** 1-based column of the value in a BED input; 5, the score, where left out. */
  readonly valueColumn?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What was converted. */
export interface ConvertedTrack {
  readonly from: TrackFormat;
  readonly to: TrackFormat;
  /** Chromosomes with values, and how many intervals and bases have one. */
  readonly chromosomes: number;
  readonly intervals: number;
  readonly basesCovered: number;
}

/**
 * Converts a track between bedGraph, bigWig, BED (the score column as the value) and npz; the formats follow
 * from the names' endings. Values are float32 all the way, so a track that went there and back is the same.
 * bigWig and sorted text are streamed; text that is not sorted is sorted in memory, npz is held in memory. The
 * output is complete or not there.
 * @throws BindscapeError for inputs that cannot be read, intervals that overlap or end beyond their chromosome,
 *   missing chromosome lengths, and where both names are those of one file
 */
export async function convertTrack(
  input: string,
  output: string,
  options: ConvertTrackOptions = {},
): Promise<ConvertedTrack> {
  const from = findTrackFormat(input);
  const to = findTrackFormat(output);
  if (options.valueColumn !== undefined && from !== "BED") {
    throw new BindscapeError({
      source: input,
      found: `a value column for a ${from} file`,
      expected: "one only for BED, since other formats have a fixed place for the value",
    });
  }
  await refuseSameFile(input, output);
  const listed = options.chromosomeSizes === undefined ? undefined : await readSizes(options.chromosomeSizes);
  const { track, close } = await openTrack(input, from, to, listed, options);
  try {
    if (listed !== undefined) checkSizesAgree(input, track.chromosomes ?? [], listed);
    const counts = { chromosomes: 0, intervals: 0, basesCovered: 0 };
    await writeTrack(output, to, input, { ...track, runs: countRuns(track.runs, counts, options.signal) });
    return { from, to, ...counts };
  } finally {
    await close();
  }
}

/** Both names may be links to one file, so the files are compared, not the names. */
async function refuseSameFile(input: string, output: string): Promise<void> {
  const there = await stat(output, { bigint: true }).catch(() => undefined);
  const source = await stat(input, { bigint: true }).catch(() => undefined);
  if (there === undefined || source === undefined) return;
  if (there.ino !== source.ino || there.dev !== source.dev) return;
  throw new BindscapeError({
    source: output,
    found: "the input and the output are the same file",
    expected: "two different files",
  });
}

async function readSizes(path: string): Promise<ChromosomeSize[]> {
  const source = await openFile(path);
  return readChromosomeSizes(source).finally(() => source.close());
}

async function openTrack(
  input: string,
  format: TrackFormat,
  to: TrackFormat,
  chromosomes: readonly ChromosomeSize[] | undefined,
  { valueColumn, onProgress, signal }: ConvertTrackOptions,
): Promise<{ track: Track; close: () => void | Promise<void> }> {
  const report = (unit: string) => (done: number, total: number) => {
    signal?.throwIfAborted();
    onProgress?.({ task: `reading ${input}`, done, total, unit });
  };
  if (format === "bigWig") {
    const { reader, close } = await openBigWig(input);
    return { track: openBigWigTrack(reader, report("bp")), close };
  }
  const source = await openFile(input);
  const close = () => source.close();
  try {
    if (format === "npz") return { track: await readNpzTrack(source, chromosomes), close };
    // Said before the whole file is read.
    if (to === "bigWig" && chromosomes === undefined) throw sizesNeeded(input);
    const onOffset = report("bytes");
    return { track: await openTextTrack(source, format, { chromosomes, valueColumn, onOffset }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function checkSizesAgree(
  input: string,
  own: readonly ChromosomeSize[],
  listed: readonly ChromosomeSize[],
): void {
  const sizes = new Map(listed.map(({ name, size }) => [name, size]));
  const odd = own.find(({ name, size }) => sizes.has(name) && sizes.get(name) !== size);
  if (odd === undefined) return;
  throw new BindscapeError({
    source: input,
    found: `${odd.name} has ${odd.size} bp in the file`,
    expected: `${sizes.get(odd.name)}, as the list of chromosome lengths says`,
    next: "Take the lengths of the file's own assembly, or leave them out: this format knows its own",
  });
}

async function writeTrack(output: string, format: TrackFormat, input: string, track: Track): Promise<void> {
  if (format === "bigWig") {
    if (track.chromosomes === null) throw sizesNeeded(input);
    await writeBigWigFile(output, track.chromosomes, track.runs);
    return;
  }
  await writeFileAtomically(output, async (sink) => {
    if (format === "npz") return writeNpzTrack(sink, track);
    const lines = formatTextTrack(track, format);
    if (!isGzipName(output)) return writePieces(sink, lines);
    await pipeline(Readable.from(lines), createGzip(), (packed) => writePieces(sink, packed));
  });
}

function sizesNeeded(input: string): BindscapeError {
  return new BindscapeError({
    source: input,
    found: "the file does not say how long its chromosomes are",
    expected:
      "chromosome lengths to write a bigWig: --chrom-sizes FILE, with a name and a length in bp on each line",
    next: "`samtools faidx genome.fa` makes such a file (genome.fa.fai), and UCSC has one for every assembly, such as hg38.chrom.sizes",
  });
}

async function* countRuns(
  runs: AsyncIterable<BigWigRun>,
  counts: { chromosomes: number; intervals: number; basesCovered: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<BigWigRun> {
  let chromosome: string | undefined;
  for await (const run of runs) {
    signal?.throwIfAborted();
    if (run.chromosome !== chromosome) counts.chromosomes++;
    chromosome = run.chromosome;
    counts.intervals += run.starts.length;
    for (let i = 0; i < run.starts.length; i++) counts.basesCovered += run.ends[i] - run.starts[i];
    yield run;
  }
}

import { randomBytes } from "node:crypto";
import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type ByteSink, describeFileError, writeFileAtomically } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { ExternalSort } from "./external-sort.node.js";
import {
  addCounts,
  countByPValue,
  type MotifCounts,
  type MotifStatistics,
  makeCounts,
  type SitesByPValue,
  summariseCounts,
} from "./scan-counts.js";
import { planScan, type ScanPlan } from "./scan-plan.js";
import { type ScanPartNumber, type StreamScanOptions, scanInOrder } from "./scan-stream.node.js";
import { FIMO_COLUMNS, SiteWriter } from "./site-lines.js";
import { SiteRecords } from "./site-records.js";
import { writeSitesParquet } from "./write-parquet.node.js";

/** What a scan can write beside fimo.tsv, and its file. */
export const SCAN_FILES = {
  tsv: "fimo.tsv",
  gff: "fimo.gff",
  bed: "sites.bed",
  narrowpeak: "sites.narrowPeak",
  parquet: "sites.parquet",
} as const;
export type ScanFormat = keyof typeof SCAN_FILES;

/** Characters of lines put together before they are written. */
const LONGEST_BATCH = 1 << 14;

/** In place of `sites.narrowPeak` where only best sites are reported: FIMO's name for it. */
export const BEST_SITES_FILE = "best_site.narrowPeak";

export interface ScanFilesOptions extends StreamScanOptions {
  /** Files to write; tsv alone when left out. */
  readonly formats?: readonly ScanFormat[];
  /** At most so many sites of each motif, those of the least p-values; all when left out. */
  readonly maxStoredScores?: number;
  /** What the comments of fimo.tsv say was run. */
  readonly version?: string;
  readonly command?: string;
}

export interface ScanSummary {
  readonly sequences: number;
  readonly bases: number;
  /** Sites written. */
  readonly sites: number;
  readonly files: readonly string[];
  readonly threshold: number;
  readonly byPValue: SitesByPValue;
  readonly motifs: readonly (Omit<MotifStatistics, "qValues"> & {
    readonly id: string;
    readonly name: string;
    readonly length: number;
    /** Whether any site could have a p-value up to the threshold. */
    readonly isReachable: boolean;
  })[];
}

/**
 * Finds the sites of motifs in a FASTA or 2bit file and writes them to a folder as FIMO does: fimo.tsv sorted by
 * p-value, and other formats. One sequence is in memory at a time; sites beyond some millions wait on disk in the
 * output folder. Results do not depend on the number of threads.
 *
 * @throws BindscapeError for options out of range and files that cannot be read or written
 */
export async function scanFiles(
  motifs: readonly Motif[],
  sequences: string,
  folder: string,
  options: ScanFilesOptions = {},
): Promise<ScanSummary> {
  const plan = planScan(motifs, options);
  const names: string[] = [];
  return writeScan(plan, folder, options, async (records, add) => {
    const listeners = { onSequence: (name: string) => void names.push(name), onRecords: add };
    return { names, ...(await scanInOrder(plan, records, sequences, options, listeners)) };
  });
}

/** What is found by one part of a scan: everything that writing the whole needs. */
export interface ScanPart {
  readonly plan: ScanPlan;
  /** Of all sequences of the file. */
  readonly names: readonly string[];
  readonly bases: number;
  readonly counts: readonly MotifCounts[];
  /** 32-bit words of a record, and the records of the part's sites. */
  readonly words: number;
  readonly records: Uint32Array;
}

/** Scans one part of a file; its sites are held in memory. */
export async function scanPart(
  motifs: readonly Motif[],
  sequences: string,
  part: ScanPartNumber,
  options: StreamScanOptions = {},
): Promise<ScanPart> {
  const plan = planScan(motifs, options);
  const records = new SiteRecords(plan);
  const names: string[] = [];
  const blocks: Uint32Array[] = [];
  const listeners = {
    onSequence: (name: string) => void names.push(name),
    onRecords: (block: Uint32Array) => void blocks.push(block),
  };
  const { counts, bases } = await scanInOrder(plan, records, sequences, options, listeners, part);
  const joined = new Uint32Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    joined.set(block, at);
    at += block.length;
  }
  return { plan, names, bases, counts, words: records.words, records: joined };
}

/**
 * Writes the files that {@link scanFiles} writes, out of all parts of a scan in their order.
 * @param first what all parts have in common
 */
export async function writeScanParts(
  first: Pick<ScanPart, "plan" | "names" | "bases">,
  parts: AsyncIterable<Pick<ScanPart, "counts" | "records">>,
  folder: string,
  options: ScanFilesOptions = {},
): Promise<ScanSummary> {
  const { plan, names, bases } = first;
  return writeScan(plan, folder, { ...options, bestSite: plan.bestSite }, async (_records, add) => {
    const counts = makeCounts(plan);
    for await (const part of parts) {
      options.signal?.throwIfAborted();
      addCounts(counts, part.counts);
      await add(part.records);
    }
    return { names, bases, counts };
  });
}

/** Sorts what `scanAll` finds and writes it. */
async function writeScan(
  plan: ScanPlan,
  folder: string,
  options: ScanFilesOptions,
  scanAll: (
    records: SiteRecords,
    add: (block: Uint32Array) => Promise<void>,
  ) => Promise<{ names: readonly string[]; bases: number; counts: readonly MotifCounts[] }>,
): Promise<ScanSummary> {
  const { formats = ["tsv"], maxStoredScores = Number.POSITIVE_INFINITY } = options;
  if (!(maxStoredScores > 0)) {
    throw new BindscapeError({
      source: "scan",
      found: `at most ${maxStoredScores} sites`,
      expected: "1 or more",
    });
  }
  const records = new SiteRecords(plan);
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw describeFileError(error, folder, "write");
  });
  const temporary = (what: string) => join(folder, `.${what}.${randomBytes(6).toString("hex")}.partial`);
  const byRank = new ExternalSort({
    words: records.words,
    keyOf: (block, at) => records.rankOf(block, at),
    file: temporary("sites"),
  });
  let byPlace: ExternalSort | undefined;
  try {
    const { names, bases, counts } = await scanAll(records, (block) => byRank.add(block));
    const statistics = summariseCounts(plan, counts);
    const qValues = plan.computeQValues ? statistics : null;
    const writer = new SiteWriter(plan, records, qValues, options.parseGenomicCoordinates ?? true);
    for (const name of names) writer.addSequence(name);
    if (formats.includes("bed") || formats.includes("narrowpeak")) {
      byPlace = sortByPlace(writer, records, names.length, temporary("places"));
    }
    const keep = makeSelector(plan, records, writer, maxStoredScores);
    const { sites, files } = await writeFiles(folder, formats, options, {
      plan,
      records,
      writer,
      sorted: selectRecords(byRank.sorted(), records.words, keep, options.signal),
      byPlace,
      total: statistics.reduce((sum, motif) => sum + motif.sites, 0),
    });
    return {
      sequences: names.length,
      bases,
      sites,
      files,
      threshold: plan.threshold,
      byPValue: countByPValue(plan, counts, plan.threshold),
      motifs: statistics.map(({ qValues, ...motif }, i) => ({
        id: plan.motifs[i].id,
        name: plan.motifs[i].name,
        length: plan.motifs[i].matrix.length,
        ...motif,
        isReachable: qValues.length > 0,
      })),
    };
  } finally {
    await byRank.close();
    await byPlace?.close();
    // Of a scan that failed nothing is left: the folder goes where it is empty, any other stays.
    await rmdir(folder).catch(() => {});
  }
}

/**
 * Finds sites as {@link scanFiles} does, and hands the lines of fimo.tsv over as they are found, without q-values:
 * by sequence, and within stretches of it by motif. Nothing is kept.
 */
export async function scanToText(
  motifs: readonly Motif[],
  sequences: string,
  write: (text: string) => Promise<void> | void,
  options: StreamScanOptions = {},
): Promise<Pick<ScanSummary, "sequences" | "bases" | "sites">> {
  if (options.qThreshold !== undefined) {
    throw new BindscapeError({
      source: "scan",
      found: "a threshold for q-values where sites are written as they are found",
      next: "q-values are known only at the end: leave --text or --qv-thresh out",
    });
  }
  const plan = planScan(motifs, { ...options, computeQValues: false });
  const records = new SiteRecords(plan);
  const writer = new SiteWriter(plan, records, null, options.parseGenomicCoordinates ?? true);
  let sites = 0;
  let count = 0;
  await write(`${FIMO_COLUMNS}\n`);
  const { bases } = await scanInOrder(plan, records, sequences, options, {
    onSequence: (name) => {
      count++;
      writer.addSequence(name);
    },
    onRecords: async (block) => {
      for (const lines of batchLines(block, records.words, (at) => writer.fimoLine(block, at))) {
        await write(lines);
      }
      sites += block.length / records.words;
    },
  });
  return { sequences: count, bases, sites };
}

/** Whether a site is reported, asked in the order of p-values. */
function makeSelector(
  plan: ScanPlan,
  records: SiteRecords,
  writer: SiteWriter,
  maxStoredScores: number,
): (block: Uint32Array, at: number) => boolean {
  const kept = new Float64Array(plan.motifs.length);
  // Parts of a scan give the best site of each; the first in the order of p-values is the best of all.
  const seen = new Set<number>();
  return (block, at) => {
    if (plan.qThreshold < 1 && writer.qValueOf(block, at) > plan.qThreshold) return false;
    if (plan.bestSite) {
      const key = block[at + 1] * plan.motifs.length + records.motifOf(block, at);
      if (seen.has(key)) return false;
      seen.add(key);
    }
    return ++kept[records.motifOf(block, at)] <= maxStoredScores;
  };
}

async function* selectRecords(
  blocks: AsyncIterable<Uint32Array>,
  words: number,
  keep: (block: Uint32Array, at: number) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint32Array> {
  for await (const block of blocks) {
    signal?.throwIfAborted();
    let to = 0;
    for (let at = 0; at < block.length; at += words) {
      if (!keep(block, at)) continue;
      if (to !== at) block.copyWithin(to, at, at + words);
      to += words;
    }
    yield block.subarray(0, to);
  }
}

/** By chromosome name in the order of its bytes, and by start: what bedToBigBed asks for. */
function sortByPlace(
  writer: SiteWriter,
  records: SiteRecords,
  sequences: number,
  file: string,
): ExternalSort {
  const names = Array.from({ length: sequences }, (_, sequence) => writer.nameOf(sequence));
  const sorted = [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const rankOfName = new Map(sorted.map((name, rank) => [name, rank]));
  const ranks = Uint32Array.from(names, (name) => rankOfName.get(name)!);
  return new ExternalSort({
    words: records.words,
    // Starts may pass 2^32 by the coordinates of a header; names are far fewer than 2^13 there.
    keyOf: (block, at) => ranks[block[at + 1]] * 2 ** 36 + writer.startOf(block, at),
    file,
  });
}

/** Lines of records, some at a time: long texts put together from short ones keep the garbage collector busy. */
function* batchLines(block: Uint32Array, words: number, lineOf: (at: number) => string): Generator<string> {
  let lines = "";
  for (let at = 0; at < block.length; at += words) {
    lines += lineOf(at);
    if (lines.length < LONGEST_BATCH) continue;
    yield lines;
    lines = "";
  }
  if (lines !== "") yield lines;
}

async function writeLines(
  sink: ByteSink | undefined,
  block: Uint32Array,
  words: number,
  lineOf: (at: number) => string,
): Promise<void> {
  if (sink === undefined) return;
  for (const lines of batchLines(block, words, lineOf)) await sink.write(lines);
}

interface Writing {
  readonly plan: ScanPlan;
  readonly records: SiteRecords;
  readonly writer: SiteWriter;
  readonly sorted: AsyncIterable<Uint32Array>;
  readonly byPlace: ExternalSort | undefined;
  readonly total: number;
}

/** Writes all files in one pass over the sites by p-value, and one by place. */
async function writeFiles(
  folder: string,
  formats: readonly ScanFormat[],
  { onProgress, version = "", command, bestSite }: ScanFilesOptions,
  { records, writer, sorted, byPlace, total }: Writing,
): Promise<{ sites: number; files: string[] }> {
  const files: string[] = [];
  let sites = 0;
  const { words } = records;
  const nameOf = (format: ScanFormat) => {
    const name = format === "narrowpeak" && bestSite ? BEST_SITES_FILE : SCAN_FILES[format];
    files.push(name);
    return join(folder, name);
  };
  const writeByRank = async (sinks: { tsv?: ByteSink; gff?: ByteSink; parquet?: RowSink }) => {
    await sinks.tsv?.write(`${FIMO_COLUMNS}\n`);
    await sinks.gff?.write("##gff-version 3\n");
    for await (const block of sorted) {
      await writeLines(sinks.tsv, block, words, (at) => writer.fimoLine(block, at));
      await writeLines(sinks.gff, block, words, (at) => writer.gffLine(block, at));
      if (sinks.parquet) await sinks.parquet(block);
      sites += block.length / words;
      if (byPlace) await byPlace.add(block.slice());
      onProgress?.({ task: "writing sites", done: Math.min(sites, total), total, unit: "sites" });
    }
    await sinks.tsv?.write(
      [
        "",
        `# FIMO (Find Individual Motif Occurrences) as computed by Bindscape${version === "" ? "" : ` ${version}`}`,
        "# The format of this file is described at https://meme-suite.org/meme/doc/fimo-output-format.html.",
        `# ${(command ?? "bindscape motifs scan").replace(/[\r\n]/g, " ")}`,
        "",
      ].join("\n"),
    );
  };
  type RowSink = (block: Uint32Array) => Promise<void>;
  // Each file is opened inside the one before, so that none has its name until the sites are all written.
  const withTsv = (next: (tsv?: ByteSink) => Promise<void>) =>
    formats.includes("tsv") ? writeFileAtomically(nameOf("tsv"), next) : next();
  const withGff = (next: (gff?: ByteSink) => Promise<void>) =>
    formats.includes("gff") ? writeFileAtomically(nameOf("gff"), next) : next();
  const withParquet = (next: (parquet?: RowSink) => Promise<void>) =>
    formats.includes("parquet") ? writeSitesParquet(nameOf("parquet"), records, writer, next) : next();
  await withTsv((tsv) => withGff((gff) => withParquet((parquet) => writeByRank({ tsv, gff, parquet }))));
  if (byPlace !== undefined) {
    const withBed = (next: (bed?: ByteSink) => Promise<void>) =>
      formats.includes("bed") ? writeFileAtomically(nameOf("bed"), next) : next();
    const withPeaks = (next: (peaks?: ByteSink) => Promise<void>) =>
      formats.includes("narrowpeak") ? writeFileAtomically(nameOf("narrowpeak"), next) : next();
    await withBed((bed) =>
      withPeaks(async (peaks) => {
        for await (const block of byPlace.sorted()) {
          await writeLines(bed, block, words, (at) => writer.bedLine(block, at));
          await writeLines(peaks, block, words, (at) => writer.narrowPeakLine(block, at));
        }
      }),
    );
  }
  return { sites, files };
}

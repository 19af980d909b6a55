import type { NpyArray } from "@bindscape/genome";
import {
  type Motif,
  type MotifCounts,
  type ScanFilesOptions,
  type ScanPlan,
  type ScanSummary,
  scanPart,
  writeScanParts,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import type { ScanContent } from "./manifest.js";
import type { Shard } from "./shard.js";
import { readShardArrays, type StoredShard } from "./shard-files.node.js";

/** Scans a shard's part of the sequences of a file; its sites are held in memory. */
export async function scanShard(
  motifs: readonly Motif[],
  sequences: string,
  options: ScanFilesOptions,
  shard: Shard,
): Promise<{ content: ScanContent; arrays: Map<string, NpyArray> }> {
  const { plan, names, bases, counts, words, records } = await scanPart(motifs, sequences, shard, options);
  const tails = plan.motifs.map(({ tail, lowest }) => tail.subarray(lowest));
  const nameBytes = new TextEncoder().encode(names.join("\n"));
  const column = (data: Float64Array): NpyArray => ({ shape: [data.length], data });
  return {
    content: {
      command: "scan",
      motifs: plan.motifs.map(({ id, name, matrix, lowest }, i) => ({
        id,
        name,
        length: matrix.length,
        lowest,
        scores: tails[i].length,
        scale: matrix.scale,
        offset: matrix.offset,
      })),
      background: [...plan.background],
      choices: {
        bothStrands: plan.bothStrands,
        maxStrand: plan.maxStrand,
        bestSite: plan.bestSite,
        computeQValues: plan.computeQValues,
        threshold: plan.threshold,
        qThreshold: plan.qThreshold,
        parseGenomicCoordinates: options.parseGenomicCoordinates ?? true,
        maxStoredScores: options.maxStoredScores ?? null,
        formats: [...(options.formats ?? ["tsv"])],
      },
      sequences: names.length,
      nameBytes: nameBytes.length,
      bases,
      words,
      records: records.length / words,
    },
    arrays: new Map<string, NpyArray>([
      ["records", { shape: [records.length / words, words], data: records }],
      ["names", { shape: [nameBytes.length], data: nameBytes }],
      ["tails", column(joinColumns(tails))],
      ["tested", column(Float64Array.from(counts, ({ tested }) => tested))],
      ["sampled", column(joinColumns(counts.map(({ sampled }) => sampled)))],
      ["sites", column(joinColumns(counts.map(({ sites }) => sites)))],
    ]),
  };
}

/** Writes what one scan of the whole file writes, out of its shards, one at a time in memory. */
export async function mergeScans(
  folder: string,
  shards: readonly StoredShard[],
  options: Pick<ScanFilesOptions, "onProgress" | "signal" | "version" | "command"> = {},
): Promise<ScanSummary> {
  const { motifs, background, choices, sequences, bases } = scanContent(shards[0]);
  const first = await readScanArrays(shards[0]);
  const tails = splitColumns(
    first.get("tails")!.data as Float64Array,
    motifs.map(({ scores }) => scores),
  );
  const plan: ScanPlan = {
    motifs: motifs.map(({ id, name, length, lowest, scale, offset }, i) => {
      // Scores below the lowest have no sites: of their p-values it matters only that they are larger.
      const tail = new Float64Array(lowest + tails[i].length).fill(1, 0, lowest);
      tail.set(tails[i], lowest);
      return { id, name, lowest, tail, matrix: { length, scale, offset, values: new Int32Array(0) } };
    }),
    background,
    ...choices,
  };
  const text = new TextDecoder().decode(first.get("names")!.data as Uint8Array);
  const names = sequences === 0 ? [] : text.split("\n");
  async function* parts() {
    for (const [index, shard] of shards.entries()) {
      const arrays = index === 0 ? first : await readScanArrays(shard);
      const counts = readCounts(
        arrays,
        motifs.map(({ scores }) => scores),
      );
      yield { counts, records: arrays.get("records")!.data as Uint32Array };
    }
  }
  return writeScanParts({ plan, names, bases }, parts(), folder, {
    ...options,
    formats: choices.formats,
    parseGenomicCoordinates: choices.parseGenomicCoordinates,
    maxStoredScores: choices.maxStoredScores ?? undefined,
  });
}

function scanContent({ source, manifest: { content } }: StoredShard): ScanContent {
  if (content.command === "scan") return content;
  throw new BindscapeError({ source, found: `a shard of ${content.command}`, expected: "a shard of a scan" });
}

function readScanArrays(shard: StoredShard): Promise<Map<string, NpyArray>> {
  const { motifs, words, records, nameBytes } = scanContent(shard);
  const scores = motifs.reduce((sum, motif) => sum + motif.scores, 0);
  return readShardArrays(shard, {
    records: records * words,
    names: nameBytes,
    tails: scores,
    tested: motifs.length,
    sites: scores,
  });
}

function readCounts(arrays: ReadonlyMap<string, NpyArray>, scores: readonly number[]): MotifCounts[] {
  const column = (name: string) => arrays.get(name)!.data as Float64Array;
  const tested = column("tested");
  const sampled = column("sampled");
  const classes = scores.length === 0 ? 0 : sampled.length / scores.length;
  return splitColumns(column("sites"), scores).map((sites, motif) => ({
    tested: tested[motif],
    sampled: sampled.subarray(motif * classes, (motif + 1) * classes),
    sites,
  }));
}

function joinColumns(columns: readonly Float64Array[]): Float64Array {
  const joined = new Float64Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    joined.set(column, at);
    at += column.length;
  }
  return joined;
}

function splitColumns(joined: Float64Array, lengths: readonly number[]): Float64Array[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return joined.subarray(at - length, at);
  });
}

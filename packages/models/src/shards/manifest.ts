import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";
import { describeShard } from "./shard.js";

const count = z.int().nonnegative();
const range = z.strictObject({ from: count, to: count, total: count });

/** Bins of a prediction: runs of bins every `step` bp. */
const predictionSchema = z.strictObject({
  command: z.literal("predict"),
  factor: z.string(),
  cell: z.string(),
  grid: z.strictObject({ size: z.int().positive(), step: z.int().positive() }),
  chromosomes: z.array(z.strictObject({ name: z.string(), size: count })),
  bins: range,
  pieces: z.array(z.strictObject({ chromosome: z.string(), start: count, count })),
});

/** Labelled bins of an evaluation by factor. */
const evaluationSchema = z.strictObject({
  command: z.literal("evaluate"),
  split: z.enum(["test", "validation"]),
  join: z.enum(["rank", "mean"]),
  modelLabel: z.string(),
  factors: z.array(
    z.strictObject({
      factor: z.string(),
      cell: z.string(),
      bins: range,
      ambiguous: count,
      chromosomes: z.array(z.strictObject({ name: z.string(), from: count, to: count })),
      networks: z.int().positive(),
      methods: z.array(z.strictObject({ method: z.string(), label: z.string() })),
    }),
  ),
});

/** Sites of motifs in a part of the sequences of a file. */
const scanSchema = z.strictObject({
  command: z.literal("scan"),
  /** `scores`: how many scores from the lowest on have a p-value in the arrays. */
  motifs: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      length: z.int().positive(),
      lowest: count,
      scores: count,
      scale: z.number(),
      offset: z.number(),
    }),
  ),
  background: z.array(z.number()),
  choices: z.strictObject({
    bothStrands: z.boolean(),
    maxStrand: z.boolean(),
    bestSite: z.boolean(),
    computeQValues: z.boolean(),
    threshold: z.number(),
    qThreshold: z.number(),
    parseGenomicCoordinates: z.boolean(),
    maxStoredScores: z.int().positive().nullable(),
    formats: z.array(z.enum(["tsv", "gff", "bed", "narrowpeak", "parquet"])),
  }),
  sequences: count,
  /** Bytes of their names. */
  nameBytes: count,
  bases: count,
  /** 32-bit words of a record, and records of this shard. */
  words: z.int().positive(),
  records: count,
});

export const shardManifestSchema = z.strictObject({
  format: z.literal("bindscape-shard"),
  version: z.literal(1),
  shard: z.strictObject({ index: z.int().positive(), count: z.int().positive() }),
  /** Everything the numbers depend on, by what messages call it: hashes of inputs, names, choices. */
  settings: z.record(z.string(), z.string()),
  /** SHA-256 of the settings. */
  fingerprint: z.string(),
  content: z.discriminatedUnion("command", [predictionSchema, evaluationSchema, scanSchema]),
  /** The arrays: an .npz beside the manifest. */
  data: z.strictObject({ file: z.string(), bytes: count, sha256: z.string() }),
  run: z.strictObject({ command: z.string(), finished: z.string(), seconds: z.number() }),
});

/** The small JSON file that says what a shard holds; it is written last, so that its name stands for a whole shard. */
export type ShardManifest = z.infer<typeof shardManifestSchema>;
export type PredictionContent = z.infer<typeof predictionSchema>;
export type EvaluationContent = z.infer<typeof evaluationSchema>;
export type ScanContent = z.infer<typeof scanSchema>;

/** @throws BindscapeError where the text is no manifest of this version */
export function parseManifest(text: string, source: string): ShardManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badManifest(source, "not valid JSON", cause);
  }
  const result = shardManifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw badManifest(source, `${issue.path.join(".") || "the file"}: ${issue.message}`);
}

function badManifest(source: string, found: string, cause?: unknown): BindscapeError {
  return new BindscapeError({
    source,
    found,
    expected: "the description of a shard, as --shard writes it",
    next: "Delete it and run its shard again",
    cause,
  });
}

/**
 * Checks that shards come from one and the same work.
 * @throws BindscapeError naming the first setting or number in which a shard differs from the first one
 */
export function checkShardsFit(shards: readonly { source: string; manifest: ShardManifest }[]): void {
  const [first, ...others] = shards;
  for (const other of others) {
    const difference =
      findDifference(first.manifest.settings, other.manifest.settings) ??
      findDifference(sharedContent(first.manifest), sharedContent(other.manifest));
    if (difference === null) continue;
    const [name, ours, theirs] = difference;
    throw new BindscapeError({
      source: other.source,
      found: `${name} is ${theirs} in ${describeShard(other.manifest.shard)}`,
      expected: `${ours}, as in ${describeShard(first.manifest.shard)}`,
      next: "Run the shards again with the same version, bundle, study and options",
    });
  }
}

/** The parts of a manifest's content that all shards of a work have in common, one text each. */
function sharedContent({ content }: ShardManifest): Record<string, string> {
  const entries =
    content.command === "predict"
      ? { ...content, bins: content.bins.total, pieces: undefined }
      : content.command === "scan"
        ? { ...content, records: undefined }
        : {
            ...content,
            factors: content.factors.map((factor) => ({ ...factor, bins: factor.bins.total })),
          };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
}

function findDifference(
  ours: Readonly<Record<string, string>>,
  theirs: Readonly<Record<string, string>>,
): [string, string, string] | null {
  for (const name of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    if (ours[name] !== theirs[name])
      return [name, shorten(ours[name] ?? "absent"), shorten(theirs[name] ?? "absent")];
  }
  return null;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

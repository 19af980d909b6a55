import { BindscapeError } from "@bindscape/numerics";
import { z } from "zod";

const numbers = z.array(z.number());

const binFeatureSchema = z.discriminatedUnion("kind", [
  z
    .strictObject({
      kind: z.literal("motif"),
      name: z.string(),
      logOdds: numbers.max(4000),
      length: z.int().positive().max(1000),
      sites: z.enum(["inside", "middle"]),
    })
    .refine(({ logOdds, length }) => logOdds.length === 4 * length, "logOdds are 4 numbers a position"),
  z.strictObject({
    kind: z.literal("signal"),
    name: z.string(),
    track: z.string(),
    width: z.int().positive().max(1_000_000),
    log: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("overlap"), name: z.string(), annotation: z.string() }),
  z.strictObject({ kind: z.literal("covariate"), name: z.string() }),
]);

const distinct = (names: readonly string[]) => new Set(names).size === names.length;

/** What `model.json` of a bundle holds: everything needed to build the network and feed it, but the weights. */
export const modelFileSchema = z.strictObject({
  format: z.literal("bindscape-model"),
  version: z.literal(1),
  model: z.string(),
  options: z.record(z.string(), z.unknown()),
  citation: z.string(),
  departures: z.array(z.string()),
  tasks: z
    .array(
      z.strictObject({
        factor: z.string(),
        cell: z.string(),
        // Where several cells were pooled: all of them; `cell` is then the first.
        cells: z.array(z.string()).min(2).max(10_000).optional(),
      }),
    )
    .min(1)
    .max(100_000),
  plan: z.strictObject({
    windowLength: z.int().positive().max(1_000_000),
    binSize: z.int().positive().max(1_000_000),
    tracks: z.array(z.string()).max(1000).refine(distinct, "a track is named twice"),
    // Of a network of tracks alone: false.
    sequence: z.boolean().optional(),
    // What bases are at N, where that is not 0.
    unknownBase: z.union([z.literal(0), z.literal(0.25)]).optional(),
    features: z.array(binFeatureSchema).max(1000),
  }),
  bins: z.strictObject({
    size: z.int().positive(),
    step: z.int().positive(),
    boundOverlap: z.int().positive(),
  }),
  featureScaling: z.strictObject({ mean: numbers, scale: numbers }),
  boundShare: numbers,
  seededKernels: z.array(z.strictObject({ index: z.int(), motif: z.string(), strand: z.enum(["+", "-"]) })),
  training: z.strictObject({
    study: z.string(),
    assembly: z.string(),
    seed: z.number(),
    settings: z.record(z.string(), z.unknown()),
    epochs: z.int(),
    bestEpoch: z.int(),
    validationLoss: z.number(),
    validationCell: z.string().optional(),
    /** The bundle whose convolutions and recurrent layers the training began with. */
    transferredFrom: z.string().optional(),
  }),
  /** Where a model that was trained by another program comes from; its `training` then says nothing. */
  imported: z.strictObject({ format: z.string(), weights: z.string(), sha256: z.string() }).optional(),
});

export type ModelFile = z.infer<typeof modelFileSchema>;

/** What a model sees, by name: the sequence, tracks, bin-level features. */
export function listInputs({ sequence = true, tracks, features }: ModelFile["plan"]): string[] {
  return [...(sequence ? ["sequence"] : []), ...tracks, ...features.map(({ name }) => name)];
}

/** @throws BindscapeError where the text is not a model file of this version */
export function parseModelFile(text: string, source: string): ModelFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BindscapeError({
      source,
      found: "not valid JSON",
      expected: "the model.json of a bundle",
      cause,
    });
  }
  const result = modelFileSchema.safeParse(value);
  const problem = result.success ? findContradiction(result.data) : describeIssue(result.error.issues[0]);
  if (problem === null) return result.data!;
  throw new BindscapeError({
    source,
    found: problem,
    expected: "the model.json of a Bindscape bundle, version 1",
    next: "Train the model again with this version of Bindscape",
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return `${issue.path.join(".") || "the file"}: ${issue.message}`;
}

/** Parts that fit the schema, but not each other. */
function findContradiction({
  plan,
  tasks,
  featureScaling,
  boundShare,
  seededKernels,
}: ModelFile): string | null {
  const features = plan.features.length;
  for (const [name, values, wanted] of [
    ["featureScaling.mean", featureScaling.mean, features],
    ["featureScaling.scale", featureScaling.scale, features],
    ["boundShare", boundShare, tasks.length],
  ] as const) {
    if (values.length !== wanted) return `${name}: ${values.length} numbers, where there should be ${wanted}`;
  }
  if (plan.sequence === false && plan.tracks.length === 0) return "plan: neither sequence nor a track";
  if (featureScaling.scale.some((scale) => scale <= 0))
    return "featureScaling.scale: a scale that is not above 0";
  if (seededKernels.some(({ index }) => index < 0)) return "seededKernels: a negative index";
  return null;
}

import { BindscapeError } from "@bindscape/numerics";
import { type BinFeature, countChannels, type WindowPlan } from "@bindscape/study";
import { z } from "zod";
import { modelFileSchema } from "../bundle/model-file.js";

/** Bin-level annotations in the order FactorNet's networks read them, behind the cell's covariates. */
export const factorNetAnnotations = ["cpg", "cds", "intron", "promoter", "utr5", "utr3"] as const;

/** What the text files beside a published FactorNet name, one list a file; null where there is no such file. */
export interface FactorNetNames {
  /** bigwig.txt: tracks, in channel order. */
  readonly tracks: readonly string[] | null;
  /** chip.txt: factors, in the order of the outputs. */
  readonly factors: readonly string[] | null;
  /** meta.txt: covariates of the cell. */
  readonly covariates: readonly string[] | null;
  /** feature.txt: kinds of input: bigwig, meta, gencode. */
  readonly kinds: readonly string[] | null;
}

/** What the network itself says of its inputs and outputs. */
interface NetworkSizes {
  readonly channels: number;
  readonly features: number;
  readonly tasks: number;
}

/**
 * Names of a network's inputs and outputs, by FactorNet's text files.
 * @param folder what errors name
 * @throws BindscapeError where the files name more or fewer than the network has
 */
export function nameInputs(
  { channels, features, tasks }: NetworkSizes,
  names: FactorNetNames,
  folder: string,
): { tracks: string[]; sequence: boolean; features: BinFeature[]; factors: string[] } {
  const tracks = [...(names.tracks ?? [])];
  if (channels !== 4 + tracks.length) {
    throw new BindscapeError({
      source: `${folder}/bigwig.txt`,
      found: `${listed(tracks)}, and a network of ${channels} input channels`,
      expected: `names of ${Math.max(0, channels - 4)} tracks, beside the 4 bases`,
    });
  }
  const factors = [...(names.factors ?? [])];
  if (tasks !== factors.length) {
    throw new BindscapeError({
      source: `${folder}/chip.txt`,
      found: `${listed(factors)}, and a network of ${tasks} outputs`,
      expected: "a factor for each output",
    });
  }
  const covariates = [...(names.covariates ?? [])];
  const annotated = names.kinds
    ? names.kinds.includes("gencode")
    : features === covariates.length + factorNetAnnotations.length;
  const annotations = annotated ? factorNetAnnotations : [];
  if (features !== covariates.length + annotations.length) {
    throw new BindscapeError({
      source: `${folder}/meta.txt`,
      found: `${listed(covariates)}${annotated ? ` and ${annotations.length} annotations (feature.txt)` : ""}, and a network of ${features} metadata values`,
      expected: "a name for each",
    });
  }
  return {
    tracks,
    sequence: true,
    factors,
    features: [
      ...covariates.map((name) => ({ kind: "covariate" as const, name })),
      ...annotations.map((name) => ({ kind: "overlap" as const, name, annotation: name })),
    ],
  };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no names" : `${names.length} names (${names.slice(0, 20).join(", ")})`;
}

/** What FactorNet's text files say of inputs; null features where they have others than FactorNet's. */
export function namesOfPlan(plan: WindowPlan, factors: readonly string[]): FactorNetNames {
  const covariates = plan.features.filter(({ kind }) => kind === "covariate").map(({ name }) => name);
  const rest = plan.features.slice(covariates.length);
  const annotated =
    rest.length === factorNetAnnotations.length &&
    rest.every((feature, i) => feature.kind === "overlap" && feature.annotation === factorNetAnnotations[i]);
  return {
    tracks: plan.tracks,
    factors,
    covariates,
    kinds: [
      ...(plan.tracks.length > 0 ? ["bigwig"] : []),
      ...(covariates.length > 0 ? ["meta"] : []),
      ...(annotated ? ["gencode"] : []),
    ],
  };
}

/** What FactorNet's text files have no words for: `bindscape.json` in an export. */
const exportNotesSchema = z.strictObject({
  format: z.literal("bindscape-keras"),
  version: z.literal(1),
  tasks: modelFileSchema.shape.tasks,
  plan: modelFileSchema.shape.plan,
  bins: modelFileSchema.shape.bins,
});

export type ExportNotes = z.infer<typeof exportNotesSchema>;

/** @throws BindscapeError where the text is not a `bindscape.json`, or speaks of another network */
export function parseExportNotes(
  text: string,
  source: string,
  windowLength: number,
  { channels, features, tasks }: NetworkSizes,
): ExportNotes {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const result = exportNotesSchema.safeParse(value);
  const fail = (found: string): never => {
    throw new BindscapeError({
      source,
      found,
      expected: "what `bindscape export keras` wrote beside this network",
      next: "Without this file, bigwig.txt, chip.txt, meta.txt and feature.txt are read",
    });
  };
  if (!result.success) {
    const issue = result.error.issues[0];
    return fail(`${issue.path.join(".") || "the file"}: ${issue.message}`);
  }
  const notes = result.data;
  for (const [what, found, wanted] of [
    ["bp of window", notes.plan.windowLength, windowLength],
    ["input channels", countChannels(notes.plan), channels],
    ["bin-level features", notes.plan.features.length, features],
    ["outputs", notes.tasks.length, tasks],
  ] as const) {
    if (found !== wanted) return fail(`${found} ${what}, and a network of ${wanted}`);
  }
  return notes;
}

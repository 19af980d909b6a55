import { BindscapeError } from "@bindscape/numerics";
import { type Document, isMap, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { z } from "zod";
import {
  annotationSchema,
  covariatesSchema,
  expressionSchema,
  findMetadataContradiction,
} from "./metadata-schema.js";

const fileName = z.string().min(1);
const chromosomeList = z.array(z.string().min(1)).min(1);
const regionText = z
  .string()
  .regex(/^\S+:\d[\d,]*-\d[\d,]*$/, "a region is written chromosome:start-end, 0-based and half-open")
  .refine((text) => {
    const [start, end] = text
      .slice(text.lastIndexOf(":") + 1)
      .replaceAll(",", "")
      .split("-");
    return Number(start) < Number(end);
  }, "the start of a region is below its end");

const assemblySchema = z
  .strictObject({
    name: z.string().min(1).describe("Assembly name, such as sacCer3 or hg38"),
    genome: fileName.describe("FASTA (plain, gzip or bgzip) or 2bit file"),
    pieces: z
      .boolean()
      .default(false)
      .describe("Records are pieces of chromosomes named chromosome:start-end (0-based, half-open)"),
    chromosomes: chromosomeList
      .optional()
      .describe("The chromosomes to use, in order, by the names the study uses; all records where absent"),
    names: z
      .record(z.string(), z.string())
      .optional()
      .describe("Explicit map from names in the files to names of the study, where they cannot be matched"),
  })
  .describe("The genome");

const trackSchema = z.strictObject({
  name: z.string().min(1).describe("Track name; _fwd and _rev tracks swap in the reverse complement"),
  file: fileName.describe("bigWig, bedGraph (.bedGraph[.gz]) or fragments (.frag[.gz], .fragments.tsv[.gz])"),
  unit: z.string().default("signal").describe("Unit for axis titles"),
  transform: z
    .strictObject({
      mask: z.array(regionText).default([]).describe("Regions whose signal is set to 0"),
      cap: z.number().positive().optional().describe("Values above this become this"),
      log: z.boolean().default(false).describe("log(1 + value), after masking and capping"),
    })
    .prefault({})
    .describe("Applied in the order mask, cap, log"),
});

const experimentSchema = z
  .strictObject({
    factor: z.string().min(1),
    cell: z.string().min(1),
    peaks: fileName.optional().describe("BED or narrowPeak, plain or gzip"),
    labels: fileName
      .optional()
      .describe(
        "In place of peaks: ENCODE-DREAM label file (chr, start, stop, cells), of which the cell's column is read",
      ),
    summitFlank: z
      .int()
      .positive()
      .optional()
      .describe("Use summit - flank to summit + flank (bp) in place of the peak as called"),
    topPeaks: z.int().positive().optional().describe("Use only the first N peaks of the file"),
    relaxedPeaks: fileName
      .optional()
      .describe("Peaks of a relaxed threshold: bins only they touch are ambiguous"),
    signal: fileName.optional().describe("ChIP signal bigWig, for the ceiling a perfect signal would reach"),
    motif: z
      .string()
      .optional()
      .describe("Motif identifier or name in the study's motif file; the factor's own where absent"),
  })
  .refine(({ peaks, labels }) => (peaks === undefined) !== (labels === undefined), {
    error: "give either peaks or labels",
  })
  .refine(
    ({ labels, summitFlank, topPeaks, relaxedPeaks }) =>
      labels === undefined || [summitFlank, topPeaks, relaxedPeaks].every((option) => option === undefined),
    { error: "summitFlank, topPeaks and relaxedPeaks are for peaks, not for labels" },
  );

const holdOutSchema = z
  .strictObject({
    chromosomes: chromosomeList.optional(),
    regions: fileName.optional().describe("BED file of regions"),
  })
  .refine((part) => (part.chromosomes === undefined) !== (part.regions === undefined), {
    error: "give either chromosomes or regions",
  });

/** The study file's schema: one source for validation, types and the JSON Schema for editors. */
export const studySchema = z.strictObject({
  name: z.string().min(1).describe("Short name of the study"),
  data: fileName
    .optional()
    .describe("Folder the files lie in, relative to the study file; the study file's own where absent"),
  assembly: assemblySchema,
  blacklist: fileName.optional().describe("BED file of regions never used for training or evaluation"),
  motifs: fileName.optional().describe("Motif file: JASPAR, .pfm or MEME"),
  bins: z
    .strictObject({
      size: z.int().positive().default(200).describe("Bin length in bp"),
      step: z.int().positive().default(50).describe("Distance between bin starts in bp"),
      boundOverlap: z
        .int()
        .positive()
        .default(101)
        .describe("A bin is bound when a peak covers this many bp of it"),
    })
    .prefault({}),
  annotations: z
    .array(annotationSchema)
    .default([])
    .describe("Annotations that all cells share, for models that see them bin by bin"),
  expression: expressionSchema
    .optional()
    .describe("Gene expression of the cells, from which every cell gets its principal components"),
  cells: z.record(
    z.string(),
    z.strictObject({
      tracks: z.array(trackSchema).default([]),
      covariates: covariatesSchema.optional().describe("Numbers about the cell, by name"),
    }),
  ),
  experiments: z.array(experimentSchema).min(1),
  holdOut: z.strictObject({ validation: holdOutSchema, test: holdOutSchema }),
  unlabelled: holdOutSchema
    .optional()
    .describe("Chromosomes or regions without labels: never used as negatives"),
});

/** A study file after validation, defaults filled in; file names still as written. */
export type StudyFile = z.infer<typeof studySchema>;
export type TrackEntry = z.infer<typeof trackSchema>;
export type ExperimentEntry = z.infer<typeof experimentSchema>;
export type HoldOutEntry = z.infer<typeof holdOutSchema>;

/** The JSON Schema of `study.yaml`, for editors. */
export function studyJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(studySchema, { io: "input" }) as Record<string, unknown>;
  return { ...schema, title: "Bindscape study" };
}

/**
 * Parses and validates a study file.
 * @throws BindscapeError naming the line of the first thing that does not fit
 */
export function parseStudyFile(text: string, source: string): StudyFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const syntaxError = document.errors[0];
  if (syntaxError) {
    throw new BindscapeError({
      source,
      line: lines.linePos(syntaxError.pos[0]).line,
      found: `not valid YAML (${syntaxError.message})`,
      expected: "a study file",
    });
  }
  const result = studySchema.safeParse(toValue(document, source));
  const problem = result.success
    ? findContradiction(result.data)
    : describeIssue(chooseIssue(result.error.issues));
  if (problem === undefined) return result.data!;
  const { path, ...parts } = problem;
  const offset = findOffset(document.contents as Node | null, path.map(String));
  throw new BindscapeError({
    source,
    line: offset === undefined ? undefined : lines.linePos(offset).line,
    ...parts,
  });
}

/** The issue to tell: an unknown key first, since a misspelt key is also a missing one. */
function chooseIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  return issues.find((issue) => issue.code === "unrecognized_keys") ?? issues[0];
}

/** What does not fit, and where in the file. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly found: string;
  readonly expected: string;
  readonly next?: string;
}

function toValue(document: Document, source: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases without an anchor, or so many that they would fill the memory.
    throw new BindscapeError({
      source,
      found: `not usable YAML (${(cause as Error).message})`,
      expected: "a study file",
      next: "Write the values out in place of anchors and aliases",
      cause,
    });
  }
}

function describeIssue(issue: z.core.$ZodIssue): Problem {
  const next = "`bindscape info --schema` prints the JSON Schema of a study file";
  if (issue.code === "unrecognized_keys") {
    return {
      path: [...issue.path, issue.keys[0]],
      found: `unknown key "${issue.keys.join('", "')}"${issue.path.length ? ` in ${issue.path.join(".")}` : ""}`,
      expected: `one of ${knownKeys(issue.path).join(", ")}`,
      next,
    };
  }
  const found = `${issue.path.join(".") || "the study"}: ${issue.message}`;
  return { path: issue.path, found, expected: "a value the schema allows", next };
}

/** The first thing that fits the schema but contradicts the rest of the study. */
function findContradiction(study: StudyFile): Problem | undefined {
  const { bins, cells, experiments, holdOut } = study;
  if (bins.boundOverlap > bins.size) {
    return {
      path: ["bins", "boundOverlap"],
      found: `bins.boundOverlap is ${bins.boundOverlap}`,
      expected: `at most the bin size, ${bins.size}`,
    };
  }
  for (const [cell, { tracks }] of Object.entries(cells)) {
    const names = tracks.map(({ name }) => name);
    const repeated = names.findIndex((name, i) => names.indexOf(name) < i);
    if (repeated < 0) continue;
    return {
      path: ["cells", cell, "tracks", repeated],
      found: `two tracks named "${names[repeated]}" in the cell ${cell}`,
      expected: "one",
      next: "Give each track of a cell a name of its own",
    };
  }
  const inMetadata = findMetadataContradiction(study);
  if (inMetadata) return inMetadata;
  const seen = new Set<string>();
  for (const [i, { factor, cell }] of experiments.entries()) {
    if (!Object.hasOwn(cells, cell)) {
      return {
        path: ["experiments", i, "cell"],
        found: `experiment ${factor} names the cell "${cell}"`,
        expected: `one of ${Object.keys(cells).join(", ")}`,
        next: "Add the cell under `cells`",
      };
    }
    // Factors are looked up without regard to case.
    const key = `${factor.toLowerCase()} in ${cell}`;
    if (seen.has(key)) {
      return { path: ["experiments", i], found: `two experiments for ${factor} in ${cell}`, expected: "one" };
    }
    seen.add(key);
  }
  const inBoth = holdOut.test.chromosomes?.findIndex((name) =>
    holdOut.validation.chromosomes?.includes(name),
  );
  if (inBoth === undefined || inBoth < 0) return undefined;
  return {
    path: ["holdOut", "test", "chromosomes", inBoth],
    found: `${holdOut.test.chromosomes![inBoth]} is held out for validation and for test`,
    expected: "hold-outs that do not overlap",
    next: "Take it out of one of them under `holdOut`",
  };
}

/** Offset of the deepest node on a path; for an unknown key, of the key itself. */
function findOffset(node: Node | null, path: readonly string[]): number | undefined {
  let offset = node?.range?.[0];
  let current: unknown = node;
  for (const step of path) {
    if (isMap(current)) {
      const pair = current.items.find((item) => String(item.key) === step);
      if (!pair) break;
      offset = (pair.key as Node | null)?.range?.[0] ?? offset;
      current = pair.value;
    } else if (isSeq(current)) {
      current = current.items[Number(step)];
      offset = (current as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

/** Keys the schema allows at a path of a study file. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema = studyJsonSchema() as { properties?: object; items?: object; additionalProperties?: object };
  for (const step of path) {
    const properties = schema.properties as Record<string, object> | undefined;
    schema = (properties?.[String(step)] ??
      schema.items ??
      schema.additionalProperties ??
      {}) as typeof schema;
  }
  return Object.keys(schema.properties ?? {});
}

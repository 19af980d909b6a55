import { fileNameOf, genePartNames } from "@bindscape/genome";
import { z } from "zod";

const fileName = z.string().min(1);
const basePairs = z.int().min(0).max(1_000_000);

/** Files of gene annotation, told by their ending; other annotation files are BED. */
const isGeneFile = (file: string) => /\.(gtf|gff|gff2|gff3)(\.gz|\.bgz)?$/i.test(fileNameOf(file));

/** An entry of `annotations`: the intervals of a BED file under one name, or parts of the genes of a GTF or GFF3. */
export const annotationSchema = z
  .strictObject({
    name: z.string().min(1).optional().describe("Name of the intervals of a BED file, such as cpg"),
    file: fileName.describe("BED, or gene annotation as GTF or GFF3 (.gtf, .gff, .gff3, plain or gzip)"),
    parts: z
      .array(z.enum(genePartNames))
      .min(1)
      .optional()
      .describe("Of GTF or GFF3: the parts of genes, each an annotation of its own name; all where absent"),
    promoter: z
      .strictObject({
        upstream: basePairs.default(300).describe("Bp before a transcription start"),
        downstream: basePairs.default(100).describe("Bp behind it"),
      })
      .optional()
      .describe(
        "What counts as promoter: 300 bp before to 100 bp behind any transcription start where absent",
      ),
  })
  .refine(({ name, file }) => (name === undefined) === isGeneFile(file), {
    error: "a BED file needs a name; a GTF or GFF3 file has parts, which are named already",
  })
  .refine(({ file, parts, promoter }) => isGeneFile(file) || (parts ?? promoter) === undefined, {
    error: "parts and promoter are for GTF and GFF3 files",
  });

export const covariatesSchema = z.record(z.string().min(1), z.number());

/** Gene expression that components are computed from, one number a component and cell. */
export const expressionSchema = z.strictObject({
  file: fileName.describe(
    "FPKM (or TPM) of genes, tab-separated: a line of column names, then gene and values",
  ),
  components: z.int().min(1).max(1000).default(8).describe("Number of components: PC1, PC2 and so on"),
  columns: z
    .record(z.string(), z.array(z.string().min(1)).min(1))
    .optional()
    .describe("Columns of each cell's replicates; by default those named as the cell, or cell_rep1, cell.2"),
});

export type AnnotationEntry = z.infer<typeof annotationSchema>;
export type ExpressionEntry = z.infer<typeof expressionSchema>;

/** Names an entry gives annotations under. */
export function annotationNames({ name, parts }: AnnotationEntry): readonly string[] {
  return name === undefined ? (parts ?? genePartNames) : [name];
}

/** What the study's metadata may contradict itself in. */
interface Metadata {
  readonly annotations: readonly AnnotationEntry[];
  readonly expression?: ExpressionEntry;
  readonly cells: Readonly<Record<string, { readonly covariates?: Readonly<Record<string, number>> }>>;
}

/** The first thing in annotations and covariates that fits the schema but contradicts the rest of the study. */
export function findMetadataContradiction({ annotations, expression, cells }: Metadata) {
  const names = annotations.flatMap((entry, index) =>
    annotationNames(entry).map((name) => ({ name, index })),
  );
  const repeated = names.find(({ name }, i) => names.findIndex((other) => other.name === name) < i);
  if (repeated) {
    return {
      path: ["annotations", repeated.index],
      found: `two annotations named "${repeated.name}"`,
      expected: "one",
      next: "Give each a name of its own, or name the `parts` to use of a gene annotation",
    };
  }
  if (!expression) return undefined;
  const unknown = Object.keys(expression.columns ?? {}).find((cell) => !Object.hasOwn(cells, cell));
  if (unknown !== undefined) {
    return {
      path: ["expression", "columns", unknown],
      found: `expression columns of the unknown cell "${unknown}"`,
      expected: `one of ${Object.keys(cells).join(", ")}`,
      next: "Add the cell under `cells`; columns of other cells are used without being named",
    };
  }
  const components = Array.from({ length: expression.components }, (_, i) => componentName(i));
  for (const [cell, { covariates = {} }] of Object.entries(cells)) {
    const clash = components.find((name) => Object.hasOwn(covariates, name));
    if (clash === undefined) continue;
    return {
      path: ["cells", cell, "covariates", clash],
      found: `the covariate ${clash} of ${cell}, which the expression table gives too`,
      expected: "one of them",
      next: "Rename the covariate, or take `expression` out",
    };
  }
  return undefined;
}

/** Name of a component of gene expression; 0 is the first. */
export function componentName(index: number): string {
  return `PC${index + 1}`;
}

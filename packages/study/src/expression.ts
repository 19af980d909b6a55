import { type ByteSource, readTextLines } from "@bindscape/genome";
import { BindscapeError, rightSingularVectors } from "@bindscape/numerics";
import { componentName, type ExpressionEntry } from "./metadata-schema.js";

/** Most values a table may have, since all are kept in memory (60,000 genes by 800 columns). */
const MOST_VALUES = 48_000_000;

/** A table of expression: genes x columns. */
export interface ExpressionTable {
  readonly columns: readonly string[];
  readonly genes: number;
  /** [genes, columns], row-major. */
  readonly values: Float64Array;
}

/**
 * Reads a table of expression values, tab-separated: a line of column names, then lines of a gene and its values. The
 * first line may have a name for the gene column or not, as R writes it. Lines starting with # are skipped.
 * @throws BindscapeError with the line for columns that do not add up and values that are not numbers of at least 0
 */
export async function readExpressionTable(source: ByteSource): Promise<ExpressionTable> {
  let header: string[] | null = null;
  let columns: string[] | null = null;
  const rows: Float64Array[] = [];
  for await (const { text, line } of readTextLines(source)) {
    if (text.trim() === "" || text.startsWith("#")) continue;
    const fields = text.split("\t");
    if (!header) {
      header = fields.map((name) => name.trim());
      continue;
    }
    columns ??= header.length === fields.length - 1 ? header : header.slice(1);
    if (fields.length !== columns.length + 1 || columns.length === 0) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `${fields.length} columns`,
        expected:
          columns.length === 0
            ? "a gene and its values, separated by tabs"
            : `${columns.length + 1}, as the first line has it`,
      });
    }
    if ((rows.length + 1) * columns.length > MOST_VALUES) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `more than ${MOST_VALUES} values`,
        next: "Use fewer genes or columns",
      });
    }
    const names = columns;
    rows.push(
      Float64Array.from(fields.slice(1), (field, j) => parseExpression(field, names[j], source.name, line)),
    );
  }
  if (!columns) {
    throw new BindscapeError({
      source: source.name,
      found: header ? "column names, but no gene" : "an empty file",
      expected: "a table of genes and cells",
    });
  }
  const values = new Float64Array(rows.length * columns.length);
  for (const [i, row] of rows.entries()) values.set(row, i * columns.length);
  return { columns, genes: rows.length, values };
}

function parseExpression(text: string, column: string, source: string, line: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && Number.isFinite(value)) return value;
  throw new BindscapeError({
    source,
    line,
    found: `the value ${JSON.stringify(text.slice(0, 40))} in the column ${column}`,
    expected: "a number of at least 0 (FPKM or TPM, not its logarithm)",
  });
}

/**
 * Components of gene expression by cell, as FactorNet has them: asinh of the values, uncentred singular value
 * decomposition of genes x columns (all columns of the table, also those of other cells), right singular vectors,
 * averaged over the replicates of a cell. Of each component, the column with the largest magnitude is positive.
 * @returns by cell, by name (PC1, PC2, ...); cells without a column are absent
 */
export function measureExpressionComponents(
  table: ExpressionTable,
  entry: Pick<ExpressionEntry, "components" | "columns">,
  cells: readonly string[],
  source: string,
): Map<string, Record<string, number>> {
  const { columns, genes, values } = table;
  const { components } = entry;
  if (components > Math.min(genes, columns.length)) {
    throw new BindscapeError({
      source,
      found: `${genes} genes in ${columns.length} columns`,
      expected: `at least ${components} of both for ${components} components`,
      next: "Set `expression.components` to fewer, or add the columns of more cells: any cell of the organism helps",
    });
  }
  const { vectors } = rightSingularVectors(
    values.map((value) => Math.asinh(value)),
    genes,
    columns.length,
    components,
  );
  const found = new Map<string, Record<string, number>>();
  for (const cell of cells) {
    const own = columnsOfCell(columns, cell, cells, entry.columns?.[cell], source);
    if (own.length === 0) continue;
    const means: [string, number][] = [];
    for (let k = 0; k < components; k++) {
      const sum = own.reduce((all, j) => all + vectors[j * components + k], 0);
      means.push([componentName(k), sum / own.length]);
    }
    found.set(cell, Object.fromEntries(means));
  }
  return found;
}

function columnsOfCell(
  columns: readonly string[],
  cell: string,
  cells: readonly string[],
  named: readonly string[] | undefined,
  source: string,
): number[] {
  if (named) {
    const missing = named.find((name) => !columns.includes(name));
    if (missing === undefined) return columns.flatMap((name, j) => (named.includes(name) ? [j] : []));
    throw new BindscapeError({
      source,
      found: `no column "${missing}", which the study names for ${cell}`,
      expected: `one of ${columns.slice(0, 12).join(", ")}${columns.length > 12 ? ", ..." : ""}`,
      next: "Correct `expression.columns` in the study file",
    });
  }
  const isReplicate = (name: string) =>
    name.startsWith(cell) && /^[._ -](biorep|replicate|rep)?[._ -]?\d+$/i.test(name.slice(cell.length));
  // A cell of its own name wins: with cells A and A_1, the column A_1 is not a replicate of A.
  return columns.flatMap((name, j) =>
    name === cell || (isReplicate(name) && !cells.includes(name)) ? [j] : [],
  );
}

import { type CorrelationTest, quantile, testCorrelation } from "@bindscape/numerics";
import type { SequenceTask } from "@bindscape/study";

/** One model on the sites of one data set. */
export interface CrossCell {
  readonly bound: number;
  readonly unbound: number;
  /** Null where the sites are all bound or all unbound. */
  readonly auroc: number | null;
  readonly auprc: number | null;
  /** Mean recall at false positive rates below .1, and the area there, at most .1. */
  readonly partialAuroc: number | null;
  readonly partialArea: number | null;
}

export const CROSS_METRICS = ["auroc", "auprc", "partialAuroc"] as const;
export type CrossMetric = (typeof CROSS_METRICS)[number];

export interface CrossRow extends SequenceTask {
  /** Unique among rows. */
  readonly name: string;
}

export interface CrossColumn extends SequenceTask {
  /** Unique among columns. */
  readonly name: string;
  /** Mean GC share of bound less that of unbound windows, where the data set says so. */
  readonly gcDifference: number | null;
  /** auROC of single numbers in the part that is measured, by name, where the data set says so. */
  readonly baselines: Readonly<Record<string, number | null>>;
}

/** Models by data sets. */
export interface CrossMatrix {
  readonly split: string;
  readonly rows: readonly CrossRow[];
  readonly columns: readonly CrossColumn[];
  /** [rows][columns]. */
  readonly cells: readonly (readonly CrossCell[])[];
}

/** How a data set's own model does beside the best of the others. */
export interface OwnModel {
  readonly column: number;
  /** Row of its own model. */
  readonly own: number;
  readonly value: number;
  /** Row of the best other model, and its value. */
  readonly other: number;
  readonly otherValue: number;
}

export interface CrossSummary {
  readonly metric: CrossMetric;
  /** Data sets with a model of their own and at least one other. */
  readonly compared: readonly OwnModel[];
  /** How many are ranked best by their own model. */
  readonly ownBest: number;
  /** Median lead of own models that are best over the next best. */
  readonly medianGain: number | null;
  /** Median lead of the best other model over own models that are not best. */
  readonly medianLoss: number | null;
  /** Own models' values against their data sets' GC differences. */
  readonly gcCorrelation: CorrelationTest | null;
}

/**
 * Compares every data set's own model with the best of the others (AgentBind, Zheng et al. 2021, Extended Data Fig. 1e
 * to h), and own models' performance with the GC difference (Extended Data Fig. 1a and b).
 */
export function summariseCross({ rows, columns, cells }: CrossMatrix, metric: CrossMetric): CrossSummary {
  const compared: OwnModel[] = [];
  const gc: { value: number; difference: number }[] = [];
  for (const [column, task] of columns.entries()) {
    const own = findOwn(rows, task);
    const value = own === null ? null : cells[own][column][metric];
    if (own === null || value === null) continue;
    if (task.gcDifference !== null) gc.push({ value, difference: task.gcDifference });
    let other = -1;
    let otherValue = Number.NEGATIVE_INFINITY;
    for (const row of rows.keys()) {
      const found = cells[row][column][metric];
      if (row !== own && found !== null && found > otherValue) {
        other = row;
        otherValue = found;
      }
    }
    if (other >= 0) compared.push({ column, own, value, other, otherValue });
  }
  const leads = compared.map(({ value, otherValue }) => value - otherValue);
  const median = (values: readonly number[]) => (values.length === 0 ? null : quantile(values, 0.5));
  return {
    metric,
    compared,
    ownBest: leads.filter((lead) => lead >= 0).length,
    medianGain: median(leads.filter((lead) => lead >= 0)),
    medianLoss: median(leads.filter((lead) => lead < 0).map((lead) => -lead)),
    gcCorrelation:
      gc.length < 3
        ? null
        : testCorrelation(
            gc.map(({ difference }) => difference),
            gc.map(({ value }) => value),
          ),
  };
}

/** The row of a column's own model: of the same factor and cell; of the same factor where one of the two has no cell. */
function findOwn(rows: readonly CrossRow[], { factor, cell }: SequenceTask): number | null {
  const exact = rows.findIndex((row) => row.factor === factor && row.cell === cell);
  if (exact >= 0) return exact;
  const loose = rows.findIndex((row) => row.factor === factor && (row.cell === "" || cell === ""));
  return loose >= 0 ? loose : null;
}

/** `cross.tsv`: one line a model and data set. */
export function formatCrossTable({ rows, columns, cells }: CrossMatrix): string {
  const lines = ["model\tsites\tbound\tunbound\tauROC\tauPR\tpAUC\tpartial area"];
  const write = (value: number | null) => (value === null ? "NA" : value.toFixed(6));
  for (const [r, row] of rows.entries()) {
    for (const [c, column] of columns.entries()) {
      const { bound, unbound, auroc, auprc, partialAuroc, partialArea } = cells[r][c];
      lines.push(
        [row.name, column.name, bound, unbound, ...[auroc, auprc, partialAuroc, partialArea].map(write)].join(
          "\t",
        ),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Names for tasks, told apart by where they come from where several are called the same. */
export function nameTasks(items: readonly (SequenceTask & { readonly from: string })[]): string[] {
  const plain = items.map(({ factor, cell }) => (cell === "" ? factor : `${factor} in ${cell}`));
  // A cell that all have in common needs no telling.
  const isOneCell = new Set(items.map(({ cell }) => cell)).size <= 1;
  const short = isOneCell ? items.map(({ factor }) => factor) : plain;
  const named = short.map((name, i) =>
    short.indexOf(name) === i && short.lastIndexOf(name) === i ? name : `${name} (${items[i].from})`,
  );
  return named.map((name, i) =>
    named.indexOf(name) === i
      ? name
      : `${name} ${named.slice(0, i).filter((other) => other === name).length + 1}`,
  );
}

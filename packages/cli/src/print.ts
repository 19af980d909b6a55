import type { MethodEvaluation } from "@bindscape/models";
import { FALSE_DISCOVERY_RATES } from "@bindscape/models";

/** Prints one JSON line on standard output: the last line of every `--json` run. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Rows as text columns: the first flush left, the others flush right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Metrics of several methods of one or more factors as a table. */
export function formatMetrics(
  factors: readonly { readonly factor: string; readonly methods: readonly MethodEvaluation[] }[],
): string {
  const header = [
    "factor, method",
    "auROC",
    "auPR",
    ...FALSE_DISCOVERY_RATES.map((rate) => `recall@FDR ${Math.round(rate * 100)} %`),
  ];
  const rows = factors.flatMap(({ factor, methods }) =>
    methods.map(({ label, pooled }) => [
      `${factor}  ${label}`,
      formatScore(pooled.auroc),
      formatScore(pooled.auprc),
      ...FALSE_DISCOVERY_RATES.map((rate) => formatScore(pooled.recallAtFdr[String(rate)])),
    ]),
  );
  return formatTable([header, ...rows]);
}

function formatScore(value: number): string {
  return Number.isNaN(value) ? "n/a" : value.toFixed(3);
}

/** Metrics as the contract of `--json` has them: by method, with recall by false discovery rate. */
export function metricsByMethod(methods: readonly MethodEvaluation[]): Record<string, unknown> {
  return Object.fromEntries(methods.map(({ method, pooled }) => [method, pooled]));
}

import { drawMatrixChart } from "@bindscape/models";

/** The auROC matrix of `cross.json`, as `bindscape cross` writes it. */
export function drawCrossFigure(text: string): string {
  const { rows, columns, cells } = JSON.parse(text) as {
    rows: { name: string }[];
    columns: { name: string }[];
    cells: { auroc: number | null }[][];
  };
  return drawMatrixChart({
    id: "cross-matrix",
    title: "Models on each other’s sites",
    description: rows
      .map(
        ({ name }, row) =>
          `${name}: ${cells[row].map(({ auroc }, column) => `${columns[column].name} ${auroc?.toFixed(3) ?? "n/a"}`).join(", ")}`,
      )
      .join("; "),
    rowNames: rows.map(({ name }) => name),
    columnNames: columns.map(({ name }) => name),
    values: cells.map((row) => row.map(({ auroc }) => auroc)),
    rowTitle: "Model of",
    columnTitle: "Sites of",
    valueTitle: "auROC",
    marksBest: true,
  });
}

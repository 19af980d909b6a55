import { drawDotPlot } from "../charts/dot-plot.js";
import { drawMatrixChart } from "../charts/matrix-chart.js";
import { formatCount, formatFixed, formatSignificant } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { drawPointChart } from "../charts/point-chart.js";
import { escapeText } from "../charts/svg.js";
import { emptyState, explain, figure } from "../report/html.js";
import { renderPage } from "../report/page.js";
import {
  CROSS_METRICS,
  type CrossMatrix,
  type CrossMetric,
  type CrossSummary,
  summariseCross,
} from "./cross-summary.js";

const TITLES: Readonly<Record<CrossMetric, string>> = {
  auroc: "auROC",
  auprc: "auPR",
  partialAuroc: "pAUC",
};

const ownStyle: SeriesStyle = { colour: "blue", width: 2, dash: null, marker: "circle" };
const otherStyle: SeriesStyle = { colour: "vermillion", width: 1.6, dash: "7 3", marker: "triangle" };

/** Models of factors or cells on each other's sites: matrices, what own models are worth, GC, and baselines. */
export function renderCrossPage(matrix: CrossMatrix, command: string): string {
  const summary = summariseCross(matrix, "auroc");
  return renderPage({
    title: "Models on each other's sites",
    summary: `${formatCount(matrix.rows.length)} models on the ${matrix.split === "all" ? "" : `${matrix.split} `}sites of ${formatCount(matrix.columns.length)} data sets. ${describeOwn(summary)}`,
    main: [
      renderMatrices(matrix),
      renderOwn(matrix, summary),
      renderGc(matrix, summary),
      renderBaselines(matrix, summary),
    ].join("\n"),
    footer: `Made by Bindscape: ${command}. All numbers are in cross.tsv and cross.json. After AgentBind (Zheng et al. 2021), Extended Data Fig. 1.`,
  });
}

/** In words: how many data sets are ranked best by their own model, and by how much. */
export function describeOwn({ compared, ownBest, medianGain, medianLoss }: CrossSummary): string {
  if (compared.length === 0) return "No data set has a model of its own beside another.";
  const gain = medianGain === null ? "" : `, by ${formatFixed(medianGain, 3)} auROC in the median`;
  const loss = medianLoss === null ? "" : `; the others lose ${formatFixed(medianLoss, 3)}`;
  return `${formatCount(ownBest)} of ${formatCount(compared.length)} are ranked best by their own model${gain}${loss}.`;
}

function renderMatrices(matrix: CrossMatrix): string {
  const rowNames = matrix.rows.map(({ name }) => name);
  const columnNames = matrix.columns.map(({ name }) => name);
  const figures = CROSS_METRICS.map((metric) => {
    const values = matrix.cells.map((row) => row.map((cell) => cell[metric]));
    return figure(
      drawMatrixChart({
        id: `cross-${metric}`,
        title: `${TITLES[metric]} of models by sites`,
        description: `Rows are models, columns the sites they rank. ${rowNames.length} by ${columnNames.length}.`,
        rowNames,
        columnNames,
        values,
        rowTitle: "Model of",
        columnTitle: "Sites of",
        valueTitle: `${TITLES[metric]} (framed: best of the column)`,
        marksBest: true,
        ...(metric === "auroc" && { domain: [0.5, 1] as const }),
      }),
      { heading: TITLES[metric], className: "unscaled-matrix" },
    );
  });
  return [
    `<section><h2 id="matrices">Matrices</h2><style>.matrices{display:flex;flex-wrap:wrap;gap:22px 44px}.unscaled-matrix{overflow-x:auto;max-width:100%}.unscaled-matrix>.chart{max-width:none;width:auto}</style>`,
    `<div class="matrices">${figures.join("")}</div>`,
    explain(
      "Each model ranks the sites of each data set by its logit. auROC is drawn from 0.5, chance, to 1. pAUC is the mean recall at false positive rates below 0.1; chance gives 0.05. auPR depends on the share of bound sites.",
      false,
    ),
    "</section>",
  ].join("");
}

function renderOwn({ rows, columns }: CrossMatrix, { compared }: CrossSummary): string {
  if (compared.length === 0) {
    return `<section><h2 id="own">Own model and next best</h2>${emptyState("Own model and next best", "No data set has a model of its own factor and cell beside another model.")}</section>`;
  }
  const ordered = compared.toSorted((a, b) => b.value - b.otherValue - (a.value - a.otherValue));
  const all = ordered.flatMap(({ value, otherValue }) => [value, otherValue]);
  const chart = drawDotPlot({
    id: "own-and-other",
    title: "Own model and best other model",
    description: "auROC of each data set's own model and of the best of the others.",
    rows: ordered.map(({ column, value, otherValue }) => ({
      label: columns[column].name,
      values: [value, otherValue],
    })),
    series: [
      { label: "own model", style: ownStyle },
      { label: "best other model", style: otherStyle },
    ],
    domain: [Math.min(0.5, ...all), 1],
    xTitle: "auROC",
  });
  const list = ordered
    .map(
      ({ column, own, value, other, otherValue }) =>
        `<tr><th scope="row">${escapeText(columns[column].name)}</th><td class="name">${escapeText(rows[own].name)}</td><td>${formatFixed(value, 3)}</td><td class="name">${escapeText(rows[other].name)}</td><td>${formatFixed(otherValue, 3)}</td><td>${formatFixed(value - otherValue, 3)}</td></tr>`,
    )
    .join("");
  return [
    '<section><h2 id="own">Own model and next best</h2><div class="two">',
    figure(chart, {}),
    `<div class="scroll table"><table><thead><tr><th scope="col">Sites</th><th scope="col" class="name">Own model</th><th scope="col">auROC</th><th scope="col" class="name">Best other</th><th scope="col">auROC</th><th scope="col">Gain</th></tr></thead><tbody>${list}</tbody></table></div>`,
    "</div></section>",
  ].join("");
}

function renderGc({ columns }: CrossMatrix, { compared, gcCorrelation }: CrossSummary): string {
  if (gcCorrelation === null) return "";
  const points = compared.flatMap(({ column, value }) => {
    const { gcDifference, name } = columns[column];
    return gcDifference === null ? [] : [{ label: name, x: gcDifference, y: value }];
  });
  const { r, pValue, count } = gcCorrelation;
  return [
    '<section><h2 id="gc">GC difference</h2>',
    figure(
      drawPointChart({
        id: "gc-difference",
        title: "auROC of own models by GC difference",
        description: `Pearson correlation ${formatFixed(r, 2)}, two-sided p ${formatSignificant(pValue)}, ${count} data sets.`,
        xTitle: "GC share, bound \u2212 unbound windows",
        yTitle: "auROC of the own model",
        points,
        notes: [`Pearson r ${formatFixed(r, 2)}, p ${formatSignificant(pValue)}, n ${count}`],
      }),
      {},
    ),
    explain(
      "A model that goes by GC content alone does better where bound windows differ more in it. The paper finds r = .58 over 38 factors for its baseline models; controls matched in GC remove the difference.",
      false,
    ),
    "</section>",
  ].join("");
}

function renderBaselines({ columns, cells }: CrossMatrix, { compared }: CrossSummary): string {
  const names = [...new Set(columns.flatMap(({ baselines }) => Object.keys(baselines)))];
  if (names.length === 0) return "";
  const score = (value: number | null | undefined) => (value == null ? "n/a" : formatFixed(value, 3));
  const rows = columns
    .map(({ name, baselines }, column) => {
      const own = compared.find((one) => one.column === column);
      const model = own === undefined ? null : cells[own.own][column].auroc;
      return `<tr><th scope="row">${escapeText(name)}</th><td>${score(model)}</td>${names.map((baseline) => `<td>${score(baselines[baseline])}</td>`).join("")}</tr>`;
    })
    .join("");
  return [
    '<section><h2 id="baselines">Single numbers</h2>',
    `<div class="scroll table"><table><thead><tr><th scope="col">Sites</th><th scope="col">Own model</th>${names.map((name) => `<th scope="col">${escapeText(name)}</th>`).join("")}</tr></thead><tbody>${rows}</tbody></table></div>`,
    explain(
      "auROC of the data set's own model, and of ranking the same sites by one number alone: the mean signal of a track around the core (accessibility alone), the motif's p-value, the window's GC share.",
      false,
    ),
    "</section>",
  ].join("");
}

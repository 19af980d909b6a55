import { drawDotPlot } from "../charts/dot-plot.js";
import { isDrawable } from "../charts/number-format.js";
import { methodStyle } from "../charts/palette.js";
import { element, escapeText } from "../charts/svg.js";
import { explain, figure } from "./html.js";
import { findBest, isCompetitor, orderMethods, reasonForMissing, shortMethodName } from "./metric-format.js";
import { renderCell } from "./metric-table.js";
import type { FactorReport, MethodEvaluation, MethodMetrics } from "./report-data.js";

interface OverviewColumn {
  readonly method: string;
  readonly name: string;
}

const overviewMetrics: readonly {
  readonly title: string;
  readonly axis: string;
  readonly read: (metrics: MethodMetrics) => number;
}[] = [
  {
    title: "auROC",
    axis: "Area under the ROC curve, auROC (fraction, 0 to 1)",
    read: (metrics) => metrics.auroc,
  },
  { title: "auPR", axis: "Average precision, auPR (fraction, 0 to 1)", read: (metrics) => metrics.auprc },
];

/** All factors at a glance: a table with a row a factor, and the same numbers as dots. */
export function renderOverview(factors: readonly FactorReport[], factorIds: readonly string[]): string {
  if (factors.length === 0) return '<div class="empty">No factor was evaluated.</div>';
  const columns = findColumns(factors);
  const find = (factor: FactorReport, method: string): MethodEvaluation | undefined =>
    factor.methods.find((one) => one.method === method);
  const severalCells = new Set(factors.map((factor) => factor.cell)).size > 1;
  const nameOf = (factor: FactorReport) =>
    severalCells ? `${factor.factor} · ${factor.cell}` : factor.factor;

  const rows = factors.map((factor, row) => {
    const cells = overviewMetrics.flatMap(({ read }) => {
      const values = columns.map(({ method }) => {
        const found = find(factor, method);
        return found === undefined ? undefined : read(found.pooled);
      });
      const best = findBest(
        values,
        columns.map(({ method }) => method !== "ceiling"),
      );
      return values.map((value, index) => renderCell(value, best[index], index === 0 ? "edge" : ""));
    });
    return `<tr><th scope="row"><a href="#${factorIds[row]}">${escapeText(nameOf(factor))}</a></th>${cells.join("")}</tr>`;
  });
  const heads = columns
    .map(({ name }, index) =>
      element("th", { scope: "col", class: index === 0 ? "edge" : null }, escapeText(name)),
    )
    .join("");
  const table =
    `<p class="above">All evaluated chromosomes pooled; the best of each row is bold and pointed at (a ceiling is not compared).</p><div class="scroll" tabindex="0" role="group" aria-label="Overview of all factors"><table>` +
    `<thead><tr><th scope="col" rowspan="2">Factor</th>${overviewMetrics
      .map(({ title }) => `<th scope="colgroup" class="group edge" colspan="${columns.length}">${title}</th>`)
      .join(
        "",
      )}</tr><tr class="methods">${heads}${heads}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  const notes = factors
    .map((factor) => ({ factor, reason: reasonForMissing(factor) }))
    .filter(({ reason }) => reason !== null)
    .map(({ factor, reason }) => `${nameOf(factor)}: n/a because ${reason}.`);

  const allMethods = columns.map(({ method }) => method);
  const plots = overviewMetrics.map(({ title, axis, read }) =>
    figure(
      drawDotPlot({
        id: `overview-${title.toLowerCase()}`,
        title: `${title} of every method for every factor`,
        description: `The same numbers as the table of the overview: one row a factor, one marker a method.`,
        xTitle: axis,
        domain: title === "auROC" ? [auRocFloor(factors, read), 1] : [0, 1],
        series: columns.map(({ method, name }) => ({ label: name, style: methodStyle(method, allMethods) })),
        rows: factors.map((factor) => ({
          label: nameOf(factor),
          values: columns.map(({ method }) => {
            const found = find(factor, method);
            return found === undefined ? null : read(found.pooled);
          }),
        })),
      }),
      { heading: title },
    ),
  );
  return [
    summarise(factors),
    table,
    notes.length === 0 ? "" : `<p class="small">${escapeText(notes.join(" "))}</p>`,
    `<div class="two">${plots.join("")}</div>`,
    explain(
      "Each row is a factor, each marker a method; further right is better. auROC compares ranks over all bins and is high for most methods, since nearly all bins are easy to reject. auPR asks how pure the top of the ranking is, which is what a list of predicted sites needs: with few bound bins it is the harder and more telling number. Its chance level is the share of bound bins, given for each factor below.",
      true,
    ),
  ].join("");
}

/** The methods any factor was evaluated with, in the common order. */
function findColumns(factors: readonly FactorReport[]): OverviewColumn[] {
  const first = new Map<string, MethodEvaluation>();
  for (const factor of factors) {
    for (const method of factor.methods) if (!first.has(method.method)) first.set(method.method, method);
  }
  return orderMethods([...first.values()]).map((method) => ({
    method: method.method,
    name: shortMethodName(method),
  }));
}

/** auROC below chance is rare: the axis starts at 0.5 unless a value lies lower. */
function auRocFloor(factors: readonly FactorReport[], read: (metrics: MethodMetrics) => number): number {
  const low = Math.min(
    0.5,
    ...factors.flatMap((factor) => factor.methods.map((method) => read(method.pooled)).filter(isDrawable)),
  );
  return Math.floor(low * 10) / 10;
}

/** How often the model beats each baseline, in words. */
function summarise(factors: readonly FactorReport[]): string {
  const sentences = overviewMetrics.map(({ title, read }) => {
    const baselines = new Map<string, { name: string; won: number; of: number }>();
    for (const factor of factors) {
      const model = factor.methods.find((method) => method.method === "model");
      if (model === undefined || !isDrawable(read(model.pooled))) continue;
      for (const method of orderMethods(factor.methods)) {
        if (method === model || !isCompetitor(method) || !isDrawable(read(method.pooled))) continue;
        const tally = baselines.get(method.method) ?? { name: shortMethodName(method), won: 0, of: 0 };
        tally.of++;
        if (read(model.pooled) > read(method.pooled)) tally.won++;
        baselines.set(method.method, tally);
      }
    }
    const parts = [...baselines.values()].map(({ name, won, of }) => `the ${name} for ${won} of ${of}`);
    return parts.length === 0 ? "" : `${title}: the model is above ${parts.join(", ")}.`;
  });
  const text = sentences.filter((sentence) => sentence !== "").join(" ");
  return text === "" ? "" : `<p>${escapeText(text)}</p>`;
}

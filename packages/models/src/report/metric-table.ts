import { drawDotPlot } from "../charts/dot-plot.js";
import { extent } from "../charts/number-format.js";
import { methodStyle } from "../charts/palette.js";
import { element, escapeText } from "../charts/svg.js";
import { figure, seriesKey } from "./html.js";
import {
  findBest,
  formatMetric,
  isCompetitor,
  metricColumns,
  orderMethods,
  reasonForMissing,
} from "./metric-format.js";
import type { FactorReport, MethodEvaluation, MethodMetrics } from "./report-data.js";

/** auROC and auPR of every method by chromosome as dots; nothing where there is only one chromosome. */
export function renderChromosomePlots(factor: FactorReport, id: string): string {
  const methods = orderMethods(factor.methods);
  const chromosomes = listChromosomes(methods);
  if (chromosomes.length < 2) return "";
  const allMethods = methods.map((method) => method.method);
  const plots = metricColumns
    .slice(0, 2)
    .map(({ title, read }) => {
      const rows = chromosomes.map((chromosome) => ({
        label: chromosome,
        values: methods.map((method) => {
          const metrics = method.perChromosome[chromosome];
          return metrics === undefined ? null : read(metrics);
        }),
      }));
      const [low, high] = extent(rows.flatMap((row) => row.values)) ?? [0, 1];
      // Chromosomes are compared with each other here, so the axis may start above zero, in round steps.
      const domain: [number, number] = [Math.floor(low * 10) / 10, Math.max(Math.ceil(high * 10) / 10, 0.1)];
      const chart = drawDotPlot({
        id: `${id}-chromosomes-${title.toLowerCase()}`,
        title: `${title} of ${factor.factor} by chromosome`,
        description:
          "The same numbers as the table by chromosome: one row a chromosome, one marker a method.",
        xTitle: `${title} (fraction), markers as in the table`,
        domain,
        series: methods.map((method) => ({
          label: method.label,
          style: methodStyle(method.method, allMethods),
        })),
        rows,
        hasLegend: false,
      });
      return figure(chart, { heading: `${title} by chromosome` });
    })
    .join("");
  return `<div class="pair">${plots}</div>`;
}

function listChromosomes(methods: readonly MethodEvaluation[]): string[] {
  return [...new Set(methods.flatMap((method) => Object.keys(method.perChromosome)))];
}

/** The pooled metrics of one factor, a method a row, and the same per chromosome folded away under it. */
export function renderMetricTable(factor: FactorReport): string {
  const methods = orderMethods(factor.methods);
  const reason = reasonForMissing(factor);
  const rows = renderRows(
    methods,
    methods.map((method) => method.pooled),
    methods.map((method) => method.method),
  );
  const head = `<thead><tr><th scope="col">Method</th>${columnHeads()}</tr></thead>`;
  const table =
    methods.length === 0
      ? ""
      : `<p class="above">All evaluated chromosomes pooled. R@x%: recall at a false discovery rate of at most x %.</p><div class="scroll" tabindex="0" role="group" aria-label="Metrics"><table>${head}<tbody>${rows}</tbody></table></div>`;
  const note = reason === null ? "" : `<p class="small">n/a: ${escapeText(reason)}.</p>`;
  return table + note + renderChromosomes(methods);
}

function columnHeads(): string {
  return metricColumns
    .map(({ title, explanation }) => element("th", { scope: "col", title: explanation }, escapeText(title)))
    .join("");
}

function renderRows(
  methods: readonly MethodEvaluation[],
  metrics: readonly (MethodMetrics | undefined)[],
  allMethods: readonly string[],
  leading?: string,
): string {
  const compared = methods.map(isCompetitor);
  const columns = metricColumns.map(({ read }) => {
    const values = metrics.map((one) => (one === undefined ? undefined : read(one)));
    return { values, best: findBest(values, compared) };
  });
  return methods
    .map((method, row) => {
      const cells = columns.map(({ values, best }) => renderCell(values[row], best[row])).join("");
      const classes = [
        method.method === "model" ? "model" : "",
        leading !== undefined && row === 0 ? "group-start" : "",
      ];
      const first =
        leading === undefined || row > 0
          ? ""
          : element("th", { scope: "rowgroup", rowspan: `${methods.length}` }, escapeText(leading));
      const name = seriesKey(methodStyle(method.method, allMethods)) + escapeText(method.label);
      const className = classes.filter((one) => one !== "").join(" ");
      return element(
        "tr",
        { class: className === "" ? null : className },
        first,
        element(
          leading === undefined ? "th" : "td",
          leading === undefined ? { scope: "row" } : { class: "name" },
          name,
        ),
        cells,
      );
    })
    .join("");
}

/** A metric's cell; the best of its column is bold, pointed at, and said aloud; a dash for a method not evaluated. */
export function renderCell(value: number | null | undefined, isBest: boolean, className = ""): string {
  const classes = [className, isBest ? "best" : ""].filter((one) => one !== "").join(" ");
  return element(
    "td",
    { class: classes === "" ? null : classes },
    value === undefined ? '<span aria-label="not evaluated">–</span>' : formatMetric(value),
    isBest ? '<span class="hidden"> best</span>' : "",
  );
}

function renderChromosomes(methods: readonly MethodEvaluation[]): string {
  const chromosomes = listChromosomes(methods);
  if (chromosomes.length === 0) return "";
  const allMethods = methods.map((method) => method.method);
  const bodies = chromosomes.map((chromosome) => {
    const present = methods.filter((method) => Object.hasOwn(method.perChromosome, chromosome));
    const metrics = present.map((method) => method.perChromosome[chromosome]);
    return `<tbody>${renderRows(present, metrics, allMethods, chromosome)}</tbody>`;
  });
  return (
    `<details><summary>By chromosome (${chromosomes.length})</summary><div class="scroll" tabindex="0" role="group" aria-label="Metrics by chromosome"><table>` +
    `<thead><tr><th scope="col">Chromosome</th><th scope="col" class="name">Method</th>${columnHeads()}</tr></thead>` +
    `${bodies.join("")}</table></div><p>n/a: a chromosome without bound or without unbound bins has no such metric.</p></details>`
  );
}

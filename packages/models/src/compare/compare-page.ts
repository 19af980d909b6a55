import { pearson, spearman } from "@bindscape/numerics";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed, formatPercent } from "../charts/number-format.js";
import { networkStyle, type SeriesStyle } from "../charts/palette.js";
import { drawScatterPlot } from "../charts/scatter-plot.js";
import { element, escapeText } from "../charts/svg.js";
import { emptyState, figure, makeId } from "../report/html.js";
import { formatMetric } from "../report/metric-format.js";
import { renderPage } from "../report/page.js";
import type { MethodEvaluation } from "../report/report-data.js";
import type { ModelComparison } from "./compare-models.node.js";

const dashes = [null, "7 3", "2 2.5", "9 2.5 2 2.5", "12 3"];
/** Where all models together are shown: the one drawn on top. */
const joinedStyle: SeriesStyle = { colour: "ink", width: 2.4, dash: null, marker: "circle" };

/** The page of `bindscape compare`: precision-recall curves by experiment, and models against the ChIP signal. */
export function renderComparison(comparisons: readonly ModelComparison[]): string {
  const [first] = comparisons;
  return renderPage({
    title: first.models.length === 1 ? "Precision and recall" : `${first.models.length} models compared`,
    summary: `${first.models.map(({ label }) => label).join("; ")}: precision and recall on the same held-out bins of ${comparisons.length === 1 ? "one experiment" : `${comparisons.length} experiments`}.`,
    main: [
      '<section><h2 id="curves">Precision-recall curves</h2><div class="grid">',
      ...comparisons.map(renderCurves),
      "</div></section>\n",
      '<section><h2 id="ceiling">Against the ChIP signal</h2>',
      renderCeilings(comparisons),
      "</section>",
    ].join(""),
    footer:
      "Made by Bindscape. auPR is the exact average precision, auROC counts ties one half. Ranks are averaged over the bins of the experiment.",
  });
}

function renderCurves({ factor, cell, bins, models }: ModelComparison): string {
  const share = bins.bound / (bins.bound + bins.unbound);
  // The joined scores come last in the list and first in the drawing order, on top.
  const order = [...models.keys()].sort((a, b) => rank(models[b]) - rank(models[a]));
  return figure(
    drawLineChart({
      id: makeId("curves", factor, cell),
      title: `Precision-recall curves of ${factor} in ${cell}`,
      description: `auPR: ${models.map(({ label, pooled }) => `${label} ${formatMetric(pooled.auprc)}`).join(", ")}; prevalence ${formatPercent(share)}.`,
      x: { title: "Recall (fraction of bound bins)", domain: [0, 1] },
      y: { title: "Precision (fraction of called bins)", domain: [0, 1] },
      series: order.map((index) => ({
        label: models[index].label,
        ...models[index].precisionRecall,
        style: styleOf(models[index], index),
      })),
      legendValues: order.map((index) => formatMetric(models[index].pooled.auprc)),
      references: [
        {
          label: `prevalence, ${formatPercent(share)}`,
          value: formatMetric(share),
          from: [0, share],
          to: [1, share],
        },
      ],
    }) +
      element(
        "div",
        { class: "small" },
        escapeText(`${formatCount(bins.bound)} bound and ${formatCount(bins.unbound)} unbound bins`),
      ),
    { heading: `${factor} in ${cell} (legend: auPR)` },
  );
}

function rank({ method }: MethodEvaluation): number {
  return method === "all" ? 1 : 0;
}

function styleOf({ method }: MethodEvaluation, index: number): SeriesStyle {
  return method === "all" ? joinedStyle : { ...networkStyle(index), dash: dashes[index % dashes.length] };
}

/** Figures 2A and 2B of the paper, with the last model: all together where there are several. */
function renderCeilings(comparisons: readonly ModelComparison[]): string {
  const measured = comparisons.filter(({ ceiling }) => ceiling !== null);
  if (measured.length === 0) {
    return emptyState(
      "Model against ChIP signal",
      "No experiment of the study names its ChIP signal (`signal`).",
    );
  }
  const label = measured[0].models.at(-1)!.label;
  const plots = (["auprc", "auroc"] as const).map((metric) => {
    const name = metric === "auprc" ? "auPR" : "auROC";
    const points = measured.map(({ factor, cell, models, ceiling }) => ({
      label: `${factor} / ${cell}`,
      x: ceiling!.pooled[metric],
      y: models.at(-1)!.pooled[metric],
    }));
    const correlation = (measure: typeof pearson) =>
      points.length < 3
        ? "n/a (fewer than 3)"
        : formatFixed(
            measure(
              points.map(({ x }) => x),
              points.map(({ y }) => y),
            ),
            2,
          );
    const all = points.flatMap(({ x, y }) => [x, y]).filter(Number.isFinite);
    const low = metric === "auprc" ? 0 : Math.min(0.5, Math.floor(Math.min(...all) * 10) / 10);
    return figure(
      drawScatterPlot({
        id: `ceiling-${metric}`,
        title: `${name} of ${label} against the ChIP signal`,
        description: points
          .map(({ label, x, y }) => `${label}: model ${formatMetric(y)}, signal ${formatMetric(x)}`)
          .join("; "),
        xTitle: `${name} of the mean ChIP signal in the bin`,
        yTitle: `${name} of the model`,
        domain: [low, 1],
        points,
        notes: [`Spearman ρ ${correlation(spearman)}`, `Pearson r ${correlation(pearson)}`],
      }),
      { heading: `${name}: model / signal` },
    );
  });
  return `<p class="above">${escapeText(`Model: ${label}. The mean ChIP signal of a bin is what a perfect prediction of the signal would reach, since peaks were called on it.`)}</p><div class="grid">${plots.join("")}</div>`;
}

import { formatCount, formatPercent } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { renderPrecisionRecallFigure, renderRocFigure } from "./curve-figures.js";
import { renderKernelFigures } from "./kernel-figures.js";
import { renderLearningFigure } from "./learning-figure.js";
import { renderLocusFigures } from "./locus-figures.js";
import { prevalence } from "./metric-format.js";
import { renderChromosomePlots, renderMetricTable } from "./metric-table.js";
import type { FactorReport } from "./report-data.js";
import { renderScoreFigure } from "./score-figure.js";

/**
 * Everything about one factor.
 * @param open whether explanations start unfolded: for the first factor of a report only
 */
export function renderFactorSection(factor: FactorReport, id: string, open: boolean): string {
  return [
    `<section class="factor" id="${id}" aria-labelledby="${id}-heading">`,
    `<h2 id="${id}-heading">${escapeText(factor.factor)} <span class="muted">in ${escapeText(factor.cell)}</span></h2>`,
    renderCounts(factor),
    `<div class="table">${renderMetricTable(factor)}</div>`,
    '<div class="grid">',
    renderRocFigure(factor, id, open),
    renderPrecisionRecallFigure(factor, id, open),
    renderScoreFigure(factor, id, open),
    renderLearningFigure(factor, id, open),
    `<div class="wide">${renderChromosomePlots(factor, id)}</div>`,
    "</div>",
    "<h3>Loci</h3>",
    renderLocusFigures(factor, id, open),
    "<h3>Strongest first-layer kernels</h3>",
    renderKernelFigures(factor, id, open),
    '<p class="small up"><a href="#overview">Back to the overview</a></p></section>',
  ].join("");
}

function renderCounts(factor: FactorReport): string {
  const { bins, peaks } = factor;
  const share = prevalence(factor);
  const items = [
    `Bins evaluated: <b>${formatCount(bins.bound)}</b> bound, <b>${formatCount(bins.unbound)}</b> unbound`,
    share === null ? "" : `Prevalence <b>${formatPercent(share)}</b>`,
    `<b>${formatCount(bins.ambiguous)}</b> ambiguous bins left out`,
    `Peaks: <b>${formatCount(peaks.training)}</b> training, <b>${formatCount(peaks.validation)}</b> validation, <b>${formatCount(peaks.test)}</b> test`,
  ];
  return `<div class="counts">${items
    .filter((item) => item !== "")
    .map((item) => `<span>${item}</span>`)
    .join("")}</div>`;
}

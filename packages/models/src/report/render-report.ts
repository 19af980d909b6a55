import { escapeText } from "../charts/svg.js";
import { renderFactorSection } from "./factor-section.js";
import { makeId } from "./html.js";
import { renderOverview } from "./overview.js";
import { renderPage } from "./page.js";
import { renderPeakMotifs } from "./peak-motif-section.js";
import type { ReportData } from "./report-data.js";

/**
 * The report as one self-contained HTML file: style and pictures are inside, nothing is requested, no script runs.
 * Values that are NaN (or null, as JSON stores NaN) are shown as "n/a" with a reason, or left out of pictures.
 */
export function renderReport(data: ReportData): string {
  const ids = data.factors.map((factor, index) => makeId("factor", index + 1, factor.factor));
  return renderPage({
    title: data.title,
    summary: data.summary,
    notice: data.notice,
    main: [
      '<section id="overview" aria-labelledby="overview-heading"><h2 id="overview-heading">Overview</h2>',
      renderOverview(data.factors, ids),
      "</section>\n",
      data.peakMotifs === undefined ? "" : renderPeakMotifs(data.peakMotifs),
      renderRun(data),
      ...data.factors.map((factor, index) => `\n${renderFactorSection(factor, ids[index], index === 0)}`),
    ].join(""),
    footer:
      "Made by Bindscape. Coordinates are 0-based and half-open. R@x%: recall at a false discovery rate of at most x %. Colours: Okabe and Ito's palette, and A green, C blue, G orange, T red in logos.",
  });
}

/** What was run, how it differs from the paper, and what to cite. */
function renderRun(data: ReportData): string {
  const facts = data.facts
    .map(({ label, value }) => `<dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd>`)
    .join("");
  const departures = data.departures.map((sentence) => `<li>${escapeText(sentence)}</li>`).join("");
  return [
    '<section aria-labelledby="run-heading"><h2 id="run-heading">About this run</h2><div class="two">',
    `<div><h3>Facts</h3>${facts === "" ? '<p class="muted">None recorded.</p>' : `<dl>${facts}</dl>`}</div>`,
    `<div><h3>Departures from the paper</h3>${departures === "" ? '<p class="muted">None recorded.</p>' : `<ul>${departures}</ul>`}`,
    data.citation === "" ? "" : `<h3>Please cite</h3><p class="small">${escapeText(data.citation)}</p>`,
    "</div></div></section>\n",
  ].join("");
}

import {
  drawDotPlot,
  element,
  emptyState,
  escapeText,
  figure,
  formatCount,
  formatFixed,
  renderPage,
  type SeriesStyle,
} from "@bindscape/models";
import { bestOf } from "./factor-page.js";
import {
  type AgentBindControl,
  type AgentBindReport,
  agentBindControls,
  controlTitles,
} from "./report-data.js";

/** Pictures over all factors, as markup; null where one was not made, with the reason. */
export interface AgentBindOverview {
  readonly title: string;
  readonly reports: readonly AgentBindReport[];
  /** File of each factor's page, beside the overview. */
  readonly pages: readonly string[];
  readonly figures: readonly {
    readonly id: string;
    readonly heading: string;
    readonly explanation: string;
    readonly markup: string;
    /** Drawn at its natural size, over the whole page. */
    readonly isWide: boolean;
  }[];
  readonly notice: string | null;
}

const controlStyles: Readonly<Record<AgentBindControl, SeriesStyle>> = {
  baseline: { colour: "blue", width: 2, dash: null, marker: "circle" },
  gc: { colour: "vermillion", width: 2, dash: null, marker: "square" },
  accessibility: { colour: "green", width: 2, dash: null, marker: "triangle" },
};

/** The page over all factors of a study: performance by control, cross-factor matrix, profiles, words. */
export function renderAgentBindOverview({
  title,
  reports,
  pages,
  figures,
  notice,
}: AgentBindOverview): string {
  return renderPage({
    title,
    summary: `${reports.length === 1 ? "One factor" : `${reports.length} factors`}: which instances of a motif are bound, how well sequence tells, and which bases of the context matter (Zheng et al. 2021).`,
    notice,
    main: [
      '<section><h2 id="factors">Factors</h2>',
      renderTable(reports, pages),
      renderDots(reports),
      "</section>",
      ...figures.map(
        ({ id, heading, explanation, markup, isWide }) =>
          `<section><h2 id="${id}">${escapeText(heading)}</h2>${figure(
            isWide ? `<div class="scroll">${markup}</div>` : markup,
            { ...(isWide && { className: "locus unscaled" }), explanation },
          )}</section>`,
      ),
    ].join("\n"),
    footer:
      "Made by Bindscape, after Zheng A et al., Deep neural networks identify sequence context features predictive of transcription factor binding, Nature Machine Intelligence 3:172-180 (2021).",
  });
}

function listControls(reports: readonly AgentBindReport[]): AgentBindControl[] {
  return agentBindControls.filter((control) =>
    reports.some(({ evaluations }) => evaluations.some((one) => one.control === control)),
  );
}

function renderTable(reports: readonly AgentBindReport[], pages: readonly string[]): string {
  if (reports.length === 0) return emptyState("Factors", "No factor had enough sites.");
  const controls = listControls(reports);
  const rows = reports.map((report, index) => {
    const cells = controls.flatMap((control) => {
      const kept = bestOf(report, control);
      const masked = bestOf(report, control, "mask");
      return [
        kept === undefined ? "–" : formatFixed(kept.auroc, 3),
        masked === undefined ? "–" : formatFixed(masked.auroc, 3),
      ];
    });
    const baseline = report.counts.find(({ control }) => control === "baseline");
    return [
      `<tr><th scope="row"><a href="${escapeText(pages[index])}">${escapeText(report.factor)}</a></th>`,
      `<td>${baseline === undefined ? "–" : formatCount(baseline.bound)}</td>`,
      ...cells.map((cell, column) => element("td", { class: column % 2 === 0 ? "edge" : null }, cell)),
      "</tr>",
    ].join("");
  });
  const groups = controls
    .map((control) => `<th class="group edge" scope="colgroup" colspan="2">${controlTitles[control]}</th>`)
    .join("");
  const columns = controls
    .map(() => '<th scope="col" class="edge">core kept</th><th scope="col">masked</th>')
    .join("");
  return `<p class="above">auROC on test chromosomes, from pre-trained weights where there are any.</p><div class="scroll table" tabindex="0" role="group" aria-label="Factors"><table><thead><tr class="methods"><th></th><th></th>${groups}</tr><tr><th scope="col">Factor</th><th scope="col">Bound sites</th>${columns}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function renderDots(reports: readonly AgentBindReport[]): string {
  const controls = listControls(reports);
  if (reports.length === 0 || controls.length === 0) return "";
  const series = controls.map((control) => ({
    label: controlTitles[control],
    style: controlStyles[control],
  }));
  const plot = (core: "keep" | "mask") => {
    const rows = reports.map((report) => ({
      label: report.factor,
      values: controls.map((control) => bestOf(report, control, core)?.auroc),
    }));
    const values = rows.flatMap((row) => row.values).filter((value) => value !== undefined);
    if (values.length === 0) return "";
    return figure(
      drawDotPlot({
        id: `auroc-${core}`,
        title: `auROC by factor, core ${core === "keep" ? "in place" : "masked"}`,
        description: rows
          .map(
            ({ label, values: own }) =>
              `${label}: ${own.map((value) => formatFixed(value ?? Number.NaN, 3)).join(", ")}`,
          )
          .join("; "),
        xTitle: "auROC (fraction)",
        domain: [Math.min(0.5, Math.floor(Math.min(...values) * 10) / 10), 1],
        series,
        rows,
      }),
      { heading: `Core ${core === "keep" ? "in place" : "masked"} (Ext. Fig. 1)` },
    );
  };
  return `<div class="pair">${plot("keep")}${plot("mask")}</div>`;
}

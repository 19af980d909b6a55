import { quantile } from "@bindscape/numerics";
import { drawBoxPlot } from "../charts/box-plot.js";
import { formatCount, formatFixed } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { explain, figure } from "../report/html.js";
import { renderPage } from "../report/page.js";

/** What one trial on one data set gave. */
export interface TrialResult {
  readonly dataset: string;
  /** From 1. */
  readonly trial: number;
  readonly auroc: number | null;
  readonly auprc: number | null;
  readonly partialAuroc: number | null;
  readonly tested: number;
  readonly trained: number;
  readonly epochs: number;
  readonly seconds: number;
}

export interface RepeatPage {
  readonly architecture: string;
  readonly datasets: readonly string[];
  readonly trials: readonly TrialResult[];
  readonly testShare: number;
  readonly unit: string;
  readonly command: string;
}

const METRICS = [
  ["auroc", "auROC", 0.5],
  ["auprc", "auPR", null],
  ["partialAuroc", "pAUC", 0.05],
] as const;

/** Median and quartiles of one number of a data set's trials; null where no trial has it. */
export function summariseTrials(
  trials: readonly TrialResult[],
  dataset: string,
  metric: "auroc" | "auprc" | "partialAuroc",
): { median: number; lowerQuartile: number; upperQuartile: number; mean: number } | null {
  const values = trials.filter((trial) => trial.dataset === dataset).flatMap((trial) => trial[metric] ?? []);
  if (values.length === 0) return null;
  return {
    median: quantile(values, 0.5),
    lowerQuartile: quantile(values, 0.25),
    upperQuartile: quantile(values, 0.75),
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  };
}

/** Box plots of repeated random splits, and a table of all trials. */
export function renderRepeatPage(page: RepeatPage): string {
  const { datasets, trials } = page;
  const count = Math.max(0, ...trials.map(({ trial }) => trial));
  const figures = METRICS.map(([metric, title, chance]) =>
    figure(
      drawBoxPlot({
        id: `trials-${metric}`,
        title: `${title} of ${count} trials`,
        description: datasets
          .map((dataset) => {
            const summary = summariseTrials(trials, dataset, metric);
            return summary === null
              ? `${dataset}: none.`
              : `${dataset}: median ${formatFixed(summary.median, 3)}.`;
          })
          .join(" "),
        boxes: datasets.map((dataset) => ({
          label: dataset,
          values: trials.filter((trial) => trial.dataset === dataset).flatMap((trial) => trial[metric] ?? []),
        })),
        yTitle: title,
        ...(chance !== null && { reference: { value: chance, label: "chance" } }),
      }),
      { heading: title },
    ),
  );
  const score = (value: number | null) => (value === null ? "n/a" : formatFixed(value, 3));
  const summaryRows = datasets.map((dataset) => {
    const cells = METRICS.map(([metric]) => {
      const summary = summariseTrials(trials, dataset, metric);
      return summary === null
        ? "<td>n/a</td>"
        : `<td>${score(summary.median)} (${score(summary.lowerQuartile)} to ${score(summary.upperQuartile)})</td>`;
    });
    return `<tr><th scope="row">${escapeText(dataset)}</th>${cells.join("")}</tr>`;
  });
  const rows = trials.map(
    ({ dataset, trial, auroc, auprc, partialAuroc, trained, tested, epochs }) =>
      `<tr><th scope="row">${escapeText(dataset)}, trial ${trial}</th><td>${score(auroc)}</td><td>${score(auprc)}</td><td>${score(partialAuroc)}</td><td>${formatCount(trained)}</td><td>${formatCount(tested)}</td><td>${epochs}</td></tr>`,
  );
  return renderPage({
    title: "Repeated random splits",
    summary: `${page.architecture} trained ${formatCount(count)} times on each of ${formatCount(datasets.length)} data sets, each time on another random part, and tested on the other ${formatFixed(100 * page.testShare, 0)} %, drawn by ${page.unit}.`,
    main: [
      `<section><h2 id="trials">Trials</h2><div class="grid">${figures.join("")}</div>`,
      `<div class="scroll table"><table><thead><tr><th scope="col">Median (quartiles)</th>${METRICS.map(([, title]) => `<th scope="col">${title}</th>`).join("")}</tr></thead><tbody>${summaryRows.join("")}</tbody></table></div>`,
      explain(
        "A box spans the quartiles, its line is the median, whiskers reach to the farthest values within 1.5 times the box's height (Tukey). Each circle is a trial, in their order. Drawn by sequence, windows that overlap one another may stand on both sides of a split; drawn by chromosome they do not.",
        false,
      ),
      `<details><summary>All trials</summary><div class="scroll table"><table><thead><tr><th scope="col">Trial</th><th scope="col">auROC</th><th scope="col">auPR</th><th scope="col">pAUC</th><th scope="col">Trained on</th><th scope="col">Tested on</th><th scope="col">Epochs</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details></section>`,
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. All numbers are in trials.tsv and repeat.json. After AgentBind (Zheng et al. 2021), Fig. 1c.`,
  });
}

/** `trials.tsv`: one line a trial. */
export function formatTrialsTable(trials: readonly TrialResult[]): string {
  const write = (value: number | null) => (value === null ? "NA" : value.toFixed(6));
  const lines = trials.map(
    ({ dataset, trial, auroc, auprc, partialAuroc, trained, tested, epochs, seconds }) =>
      [
        dataset,
        trial,
        write(auroc),
        write(auprc),
        write(partialAuroc),
        trained,
        tested,
        epochs,
        seconds.toFixed(1),
      ].join("\t"),
  );
  return `${["dataset\ttrial\tauROC\tauPR\tpAUC\ttrained on\ttested on\tepochs\tseconds", ...lines].join("\n")}\n`;
}

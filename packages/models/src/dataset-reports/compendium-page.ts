import { countLabels, type SequenceSet, SPLIT_NAMES, writeTask } from "@bindscape/study";
import { drawLogHistogram } from "../charts/histogram.js";
import { drawMatrixChart } from "../charts/matrix-chart.js";
import { formatCount, formatPercent } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { explain, figure } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { boundStyle } from "./motif-sites-page.js";

/** What the page of a multi-label data set shows. */
export interface CompendiumPage {
  readonly title: string;
  readonly set: SequenceSet;
  /** What became of candidates, in words and numbers. */
  readonly flow: readonly (readonly [string, number])[];
  readonly options: readonly (readonly [string, string])[];
  readonly warnings: readonly string[];
  readonly command: string;
}

/** Tasks in the table, and tasks that are compared pair by pair. */
const TASKS_SHOWN = 1000;
const TASKS_COMPARED = 48;
/** Most classes of the histogram of bound labels. */
const MOST_CLASSES = 40;

/** Counts of a multi-label data set: its labels, and how often two of them go together. */
export function renderCompendiumPage(page: CompendiumPage): string {
  const { set } = page;
  return renderPage({
    title: page.title,
    summary: `${formatCount(set.count)} sequences of ${formatCount(set.length)} bp with labels of ${formatCount(set.tasks.length)} tracks.`,
    notice: page.warnings.length === 0 ? null : page.warnings.join(" "),
    main: [renderCounts(page), renderTasks(page), renderPairs(page), renderOptions(page)].join("\n"),
    footer: `Made by Bindscape: ${page.command}. Sequences are in sequences.fa, labels in labels.tsv. After DeepSEA (Zhou and Troyanskaya 2015).`,
  });
}

function renderCounts({ set, flow }: CompendiumPage): string {
  const classes = new Array<number>(Math.min(MOST_CLASSES, set.tasks.length) + 1).fill(0);
  for (let row = 0; row < set.count; row++) classes[Math.min(countBound(set, row), classes.length - 1)]++;
  const parts = SPLIT_NAMES.map((split) => {
    const own = set.splits?.filter((name) => name === split).length ?? 0;
    return `<tr><th scope="row">${split}</th><td>${formatCount(own)}</td></tr>`;
  }).join("");
  const chart = drawLogHistogram({
    id: "bound-labels",
    title: "Bound labels a sequence",
    description: `${formatCount(classes[0])} sequences have no bound label, ${formatCount(classes[1] ?? 0)} one.`,
    edges: Array.from({ length: classes.length + 1 }, (_, k) => k - 0.5),
    series: [{ label: "sequences", counts: classes, style: boundStyle }],
    xTitle: `Bound labels a sequence${set.tasks.length > MOST_CLASSES ? ` (the last class: ${MOST_CLASSES} or more)` : ""}`,
    yTitle: "Sequences",
    plotHeight: 190,
  });
  return [
    '<section><h2 id="sequences">Sequences</h2><div class="two"><div>',
    `<div class="scroll table"><table><thead><tr><th scope="col">Part</th><th scope="col">Sequences</th></tr></thead><tbody>${parts}</tbody></table></div>`,
    `<div class="scroll table"><table><thead><tr><th scope="col">Candidates</th><th scope="col">Number</th></tr></thead><tbody>${flow.map(([what, count]) => `<tr><th scope="row">${escapeText(what)}</th><td>${formatCount(count)}</td></tr>`).join("")}</tbody></table></div></div>`,
    figure(chart, { heading: "Bound labels a sequence" }),
    "</div></section>",
  ].join("");
}

function renderTasks({ set }: CompendiumPage): string {
  const counts = countLabels(set);
  const rows = set.tasks.slice(0, TASKS_SHOWN).map((task) => {
    const byPart = counts[writeTask(task)];
    const parts = Object.values(byPart);
    const bound = parts.reduce((sum, part) => sum + part.bound, 0);
    const missing = parts.reduce((sum, part) => sum + part.missing, 0);
    const labelled = set.count - missing;
    const cells = SPLIT_NAMES.map((split) => `<td>${formatCount(byPart[split]?.bound ?? 0)}</td>`).join("");
    return `<tr><th scope="row">${escapeText(task.factor)}</th><td class="name">${escapeText(task.cell)}</td><td>${formatCount(bound)}</td><td>${labelled === 0 ? "n/a" : formatPercent(bound / labelled)}</td><td>${formatCount(missing)}</td>${cells}</tr>`;
  });
  const rest = set.tasks.length - rows.length;
  return [
    '<section><h2 id="labels">Labels</h2>',
    `<div class="scroll table"><table><thead><tr><th scope="col">Track</th><th scope="col" class="name">Cell</th><th scope="col">Bound</th><th scope="col">Share</th><th scope="col">Missing</th>${SPLIT_NAMES.map((split) => `<th scope="col">Bound, ${split}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    rest > 0 ? `<p class="muted">${formatCount(rest)} more are in labels.tsv.</p>` : "",
    "</section>",
  ].join("");
}

function renderPairs({ set }: CompendiumPage): string {
  const tasks = Math.min(TASKS_COMPARED, set.tasks.length);
  if (tasks < 2) return "";
  const width = set.tasks.length;
  const both = new Float64Array(tasks * tasks);
  const either = new Float64Array(tasks * tasks);
  for (let row = 0; row < set.count; row++) {
    for (let a = 0; a < tasks; a++) {
      const one = set.labels[row * width + a];
      if (Number.isNaN(one)) continue;
      for (let b = 0; b < tasks; b++) {
        const other = set.labels[row * width + b];
        if (Number.isNaN(other) || one + other === 0) continue;
        either[a * tasks + b]++;
        if (one + other === 2) both[a * tasks + b]++;
      }
    }
  }
  const isOneCell = new Set(set.tasks.map(({ cell }) => cell)).size <= 1;
  const names = set.tasks
    .slice(0, tasks)
    .map(({ factor, cell }) => (isOneCell || cell === "" ? factor : `${factor} ${cell}`));
  const chart = drawMatrixChart({
    id: "pairs",
    title: "Sequences bound by both of two",
    description: "Sequences that two tracks bind both, over those that at least one of them binds.",
    rowNames: names,
    columnNames: names,
    values: names.map((_, a) =>
      names.map((__, b) => {
        const at = a * tasks + b;
        return a === b || either[at] === 0 ? null : both[at] / either[at];
      }),
    ),
    rowTitle: "Track",
    columnTitle: "Track",
    valueTitle: "Bound by both / by either",
    domain: [0, 1],
  });
  return [
    '<section><h2 id="pairs">Labels that go together</h2><style>.unscaled-matrix{overflow-x:auto}.unscaled-matrix>.chart{max-width:none;width:auto}</style>',
    figure(chart, { className: "unscaled-matrix" }),
    set.tasks.length > tasks ? `<p class="muted">The first ${tasks} of ${formatCount(width)}.</p>` : "",
    explain("Where a label is missing, the sequence does not count for the pair.", false),
    "</section>",
  ].join("");
}

function renderOptions({ options }: CompendiumPage): string {
  const items = options.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`);
  return `<section><h2 id="options">Choices</h2><dl>${items.join("")}</dl></section>`;
}

function countBound({ labels, tasks }: SequenceSet, row: number): number {
  let bound = 0;
  for (let t = 0; t < tasks.length; t++) if (labels[row * tasks.length + t] === 1) bound++;
  return bound;
}

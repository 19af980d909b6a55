import { rocCurve, sortOrder, summariseCurve } from "@bindscape/numerics";
import { type SequenceSet, type SplitName, writeTask } from "@bindscape/study";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { escapeText } from "../charts/svg.js";
import { explain, figure, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { KMerLogisticModel } from "./k-mer-logistic.js";
import {
  BASELINE_TITLES,
  type BaselineMetrics,
  type BaselineModel,
  type TaskBaseline,
  type TrainedBaseline,
} from "./train-baseline.js";

export interface BaselinePage {
  readonly baseline: TrainedBaseline;
  readonly set: SequenceSet;
  readonly command: string;
}

/** Tasks with a curve and words, and words on either side. */
const TASKS_SHOWN = 12;
const WORDS_SHOWN = 15;
const CURVE_POINTS = 300;

const splitStyles: Readonly<Record<SplitName, SeriesStyle>> = {
  training: { colour: "muted", width: 1.4, dash: "2 2.5", marker: "circle" },
  validation: { colour: "blue", width: 2, dash: null, marker: "square" },
  test: { colour: "vermillion", width: 2, dash: "7 3", marker: "triangle" },
};

/** Metrics of a baseline on every part, its curves, and the words it goes by. */
export function renderBaselinePage({ baseline, set, command }: BaselinePage): string {
  const { method, tasks } = baseline;
  const name = set.source.replace(/[/\\]+$/, "").replace(/^.*[/\\]/, "");
  return renderPage({
    title: `${BASELINE_TITLES[method]} on ${name}`,
    summary: `${formatCount(set.count)} sequences of ${set.length} bp, ${tasks.length === 1 ? "one task" : `${tasks.length} tasks`}, on the split that networks are trained on.`,
    main: [
      renderTable(tasks),
      ...tasks.slice(0, TASKS_SHOWN).map((task, t) => renderTask(baseline, task, t, set)),
    ].join(""),
    footer: `Made by Bindscape: ${command}. Scores of all sequences are in scores.tsv, metrics in baseline.json.`,
  });
}

function titleOf({ task }: TaskBaseline): string {
  return writeTask(task) || "label";
}

function renderTable(tasks: readonly TaskBaseline[]): string {
  const row = (task: TaskBaseline, metrics: BaselineMetrics) =>
    `<tr><th scope="row">${escapeText(titleOf(task))}</th><td>${metrics.split}</td><td>${formatCount(metrics.bound)}</td><td>${formatCount(metrics.unbound)}</td>${[metrics.auroc, metrics.auprc, metrics.partialAuroc].map((value) => `<td>${value === null ? "n/a" : formatFixed(value, 4)}</td>`).join("")}</tr>`;
  return [
    '<section><h2 id="metrics">How well it ranks</h2>',
    '<div class="scroll table"><table><thead><tr><th scope="col">Task</th><th scope="col">Part</th><th scope="col">Bound</th><th scope="col">Unbound</th><th scope="col">auROC</th><th scope="col">auPR</th><th scope="col">pAUC</th></tr></thead><tbody>',
    ...tasks.flatMap((task) => task.metrics.map((metrics) => row(task, metrics))),
    "</tbody></table></div>",
    explain(
      "auROC: the probability that a bound sequence scores above an unbound one. auPR: average precision; what a guess reaches is the share of bound sequences. pAUC: the area under the ROC curve up to a false positive rate of 0.1, divided by 0.1. The training row says how much was learnt by heart: judge by the other parts.",
      false,
    ),
    "</section>\n",
  ].join("");
}

function renderTask(
  { splits }: TrainedBaseline,
  task: TaskBaseline,
  index: number,
  set: SequenceSet,
): string {
  const series = task.metrics.flatMap(({ split, auroc }) => {
    if (auroc === null) return [];
    const scores: number[] = [];
    const labels: number[] = [];
    for (let row = 0; row < set.count; row++) {
      const label = set.labels[row * set.tasks.length + index];
      if (splits[row] !== split || Number.isNaN(label) || Number.isNaN(task.scores[row])) continue;
      scores.push(task.scores[row]);
      labels.push(label);
    }
    const curve = summariseCurve({ ...rocCurve(scores, labels) }, CURVE_POINTS);
    return [
      {
        label: split,
        value: formatFixed(auroc, 3),
        x: Array.from(curve.falsePositiveRate),
        y: Array.from(curve.recall),
        style: splitStyles[split],
      },
    ];
  });
  const chart = drawLineChart({
    id: makeId("roc", index + 1),
    title: `ROC curves of ${titleOf(task)}`,
    description: series.map(({ label, value }) => `${label}: auROC ${value}`).join("; "),
    x: { title: "False positive rate", domain: [0, 1] },
    y: { title: "Recall (true positive rate)", domain: [0, 1] },
    series,
    legendValues: series.map(({ value }) => value),
    references: [{ label: "chance", value: "0.500", from: [0, 0], to: [1, 1] }],
  });
  return [
    `<section><h2 id="${makeId("task", index + 1)}">${escapeText(titleOf(task))}</h2><div class="grid">`,
    figure(chart, { heading: "ROC curves (auROC in the legend)" }),
    figure(renderWords(task.model), {
      heading: "Words that speak for and against binding",
      explanation:
        "The weight is what one occurrence of the word adds to the score; where both strands are one, a word stands for its reverse complement too. For gapped k-mers it is before the division by the sequence's norm, and includes what the word shares with all words near it.",
    }),
    "</div></section>\n",
  ].join("");
}

function renderWords(model: BaselineModel): string {
  const isLogistic = model instanceof KMerLogisticModel;
  const length = isLogistic ? model.features.k : model.options.wordLength;
  const merges = isLogistic ? model.features.mergesStrands : model.options.mergesStrands;
  const weights = isLogistic ? model.coefficients : model.wordWeights();
  const order = sortOrder(weights);
  const pick = (from: number, step: number) => {
    const words: number[] = [];
    for (let at = from; at >= 0 && at < order.length && words.length < WORDS_SHOWN; at += step)
      if (!merges || order[at] <= reverseWord(order[at], length)) words.push(order[at]);
    return words;
  };
  const cell = (word: number) =>
    `<td><code>${spell(word, length)}</code></td><td>${formatFixed(weights[word], 3)}</td>`;
  const highest = pick(order.length - 1, -1);
  const lowest = pick(0, 1);
  const rows = highest.map(
    (word, i) => `<tr>${cell(word)}${i < lowest.length ? cell(lowest[i]) : "<td></td><td></td>"}</tr>`,
  );
  return `<div class="scroll table"><table><thead><tr><th scope="col">For</th><th scope="col">Weight</th><th scope="col">Against</th><th scope="col">Weight</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** Letters of a word numbered in base 4. */
function spell(word: number, length: number): string {
  let text = "";
  for (let place = length - 1; place >= 0; place--) text += "ACGT"[Math.floor(word / 4 ** place) % 4];
  return text;
}

function reverseWord(word: number, length: number): number {
  let reversed = 0;
  for (let place = 0; place < length; place++)
    reversed = reversed * 4 + 3 - (Math.floor(word / 4 ** place) % 4);
  return reversed;
}

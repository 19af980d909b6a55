import {
  drawLineChart,
  element,
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  formatSignificant,
  renderPage,
  seriesKey,
} from "@bindscape/models";
import type { MeanInterval } from "@bindscape/numerics";
import { drawExample } from "./example-chart.js";
import { drawIntervalChart } from "./interval-chart.js";
import { findMethod } from "./methods.js";
import { checkPublishedOrdering } from "./published-ordering.js";
import {
  type BenchmarkArchitecture,
  type BenchmarkPlan,
  type BenchmarkRow,
  type BenchmarkRun,
  benchmarkMetrics,
  rocGrid,
  summariseRuns,
} from "./results.js";

const architectureTitles: Readonly<Record<BenchmarkArchitecture, string>> = {
  danq: "DanQ",
  deepsea: "DeepSEA",
};

const referenceTitles: Readonly<Record<BenchmarkPlan["reference"], string>> = {
  zeros: "bases of 0",
  uniform: "a quarter of each base everywhere, as an unknown sequence",
  background: "the background’s shares everywhere: .3, .2, .2, .3",
  shuffled: "ten dinucleotide shuffles of each sequence",
};

const substitutionTitles: Readonly<Record<BenchmarkPlan["substitutions"], string>> = {
  largest: "a base has the change that is largest in size",
  "largest-fall": "a base has what the worst substitution takes away",
  mean: "a base has the mean over its three substitutions",
};

/** The page of `bindscape benchmark interpreters`. */
export function renderBenchmark(plan: BenchmarkPlan, runs: readonly BenchmarkRun[]): string {
  const rows = summariseRuns(runs);
  const architectures = [...new Set(runs.map(({ architecture }) => architecture))];
  const [training] = plan.sequences;
  const weak = runs.filter(({ testAuroc }) => testAuroc < 0.95);
  return renderPage({
    title: "Interpretation methods on simulated sequences",
    summary: `The comparison of Zheng et al. (2021, Fig. 2a, 2b): sequences of ${formatCount(plan.length)} bp with a GATA1 motif in the middle; positives also hold ${plan.minimum} to 3 TAL1 motifs. ${runs.length} networks (${architectures.map((name) => architectureTitles[name]).join(" and ")}, seeds ${plan.seeds.join(", ")}), each trained on ${formatCount(training)} sequences, explained on up to ${plan.explained} test positives.`,
    notice:
      weak.length === 0
        ? null
        : `${weak.length === 1 ? "One network has" : `${weak.length} networks have`} a test auROC below 0.95: what it has not learned, no method can find in it.`,
    main: [
      '<section><h2 id="metrics">The five metrics</h2>',
      '<div class="grid">',
      ...benchmarkMetrics.map((metric) =>
        figure(
          drawIntervalChart({
            id: `metric-${metric.key}`,
            title: metric.title,
            description: metric.about,
            xTitle: `${metric.title} (${metric.unit})`,
            ...(metric.unit === "area" && { domain: [0.5, 1] as const }),
            isLogarithmic: metric.key === "secondsPerSequence" || metric.key === "signalToNoise",
            rows: listMethods(rows)
              .filter((method) => metric.key === "secondsPerSequence" || method !== "ism-naive")
              .map((method) => ({
                label: findMethod(method).title,
                style: findMethod(method).style,
                values: architectures.map(
                  (architecture) =>
                    rows.find((row) => row.method === method && row.architecture === architecture)?.metrics[
                      metric.key
                    ],
                ),
              })),
            groups: architectures.map((architecture, index) => ({
              label: architectureTitles[architecture],
              isOpen: index === 1,
            })),
          }),
          {
            heading: metric.title,
            explanation: `${metric.about}. Lines are 95 % intervals of the mean over networks.`,
          },
        ),
      ),
      "</div>",
      renderTable(rows, bestAccuracy(runs)),
      "</section>",
      '<section><h2 id="ordering">Beside the published ordering</h2>',
      renderOrdering(runs),
      "</section>",
      '<section><h2 id="roc">ROC curves of motifs</h2><div class="pair">',
      ...architectures.map((architecture) => renderRoc(architecture, rows)),
      "</div></section>",
      '<section><h2 id="example">One sequence</h2>',
      ...architectures.map((architecture) => renderExample(architecture, runs)),
      "</section>",
      '<section><h2 id="networks">Networks and choices</h2>',
      renderNetworks(runs),
      renderChoices(plan),
      "</section>",
    ].join("\n"),
    footer:
      "Made by Bindscape. Zheng A et al., Deep neural networks identify sequence context features predictive of transcription factor binding, Nature Machine Intelligence 3:172-180 (2021). Bases: A green, C blue, G orange, T red.",
  });
}

function listMethods(rows: readonly BenchmarkRow[]): string[] {
  return [...new Set(rows.map(({ method }) => method))];
}

/** The mean over networks of what accuracy could be at most. */
function bestAccuracy(runs: readonly BenchmarkRun[]): number {
  const values = runs.flatMap(({ methods }) => {
    const best = methods.find(({ metrics }) => metrics !== undefined)?.metrics?.bestAccuracy;
    return best === undefined ? [] : [best];
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function renderTable(rows: readonly BenchmarkRow[], best: number): string {
  const architectures = [...new Set(rows.map(({ architecture }) => architecture))];
  const head = `<thead><tr><th scope="col">Method</th>${benchmarkMetrics
    .map(({ title, about }) => element("th", { scope: "col", title: about }, escapeText(title)))
    .join("")}</tr></thead>`;
  const bodies = architectures.map((architecture) => {
    const own = rows.filter((row) => row.architecture === architecture);
    const leading = benchmarkMetrics.map((metric) => {
      const values = own.map((row) => row.metrics[metric.key].mean).filter((value) => Number.isFinite(value));
      return "lowerIsBetter" in metric ? Math.min(...values) : Math.max(...values);
    });
    const title = `<tr class="group-start"><th scope="rowgroup" colspan="${benchmarkMetrics.length + 1}">${architectureTitles[architecture]}, ${Math.max(...own.map(({ runs }) => runs))} networks</th></tr>`;
    const lines = own.map((row) => {
      const { title: name, style, about, paperName } = findMethod(row.method);
      const cells = benchmarkMetrics.map(({ key, decimals }, column) => {
        const value = row.metrics[key];
        const isBest = value.mean === leading[column];
        return element(
          "td",
          { class: isBest ? "best" : null },
          formatInterval(value, decimals, key === "secondsPerSequence"),
          isBest ? '<span class="hidden"> best</span>' : "",
        );
      });
      return `<tr>${element(
        "th",
        { scope: "row", title: about },
        seriesKey(style) + escapeText(paperName === undefined ? name : `${name} (${paperName})`),
      )}${cells.join("")}</tr>`;
    });
    return `<tbody>${title}${lines.join("")}</tbody>`;
  });
  return [
    '<h3>Table</h3><p class="above">Mean over networks, with its 95 % interval (Student’s t). In brackets after a method: its name in the paper. ',
    `Accuracy cannot exceed ${formatFixed(best, 3)} here, since motifs have fewer bases than the top 5 %.</p>`,
    `<div class="scroll" tabindex="0" role="group" aria-label="Metrics"><table>${head}${bodies.join("")}</table></div>`,
  ].join("");
}

function formatInterval({ mean, low, high }: MeanInterval, decimals: number, isTime: boolean): string {
  const format = (value: number) => (isTime ? formatSignificant(value) : formatFixed(value, decimals));
  if (!Number.isFinite(mean)) return "n/a";
  if (!Number.isFinite(low)) return format(mean);
  return `${format(mean)}<br><span class="small">(${format(low)}–${format(high)})</span>`;
}

function renderOrdering(runs: readonly BenchmarkRun[]): string {
  const rows = checkPublishedOrdering(runs).map(({ statement, architecture, verdict, evidence }) =>
    [
      `<tr><th scope="row">${escapeText(statement)}</th>`,
      `<td class="name">${architectureTitles[architecture]}</td>`,
      `<td class="name"><span class="tag${verdict === "holds" ? " good" : verdict === "does not hold" ? " poor" : ""}">${verdict}</span></td>`,
      `<td class="name wrap">${escapeText(evidence)}</td></tr>`,
    ].join(""),
  );
  return [
    "<p>What the paper found, and whether these networks show it. Differences are taken within each network; in brackets the 95 % interval of their mean.</p>",
    `<div class="scroll" tabindex="0" role="group" aria-label="Published ordering"><table><thead><tr><th scope="col">Published</th><th scope="col" class="name">Architecture</th><th scope="col" class="name">Here</th><th scope="col" class="name">Numbers</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
  ].join("");
}

function renderRoc(architecture: BenchmarkArchitecture, rows: readonly BenchmarkRow[]): string {
  const own = rows.filter((row) => row.architecture === architecture && row.recall.length > 0);
  return figure(
    drawLineChart({
      id: `roc-${architecture}`,
      title: `ROC curves on ${architectureTitles[architecture]}`,
      description: own
        .map(({ method, metrics }) => `${findMethod(method).title} ${formatFixed(metrics.auroc.mean, 3)}`)
        .join(", "),
      x: { title: "False positives (fraction of background)", domain: [0, 1] },
      y: { title: "Recall (fraction of embedded motifs)", domain: [0, 1] },
      series: own.map(({ method, recall }) => ({
        label: findMethod(method).title,
        x: [...rocGrid],
        y: [...recall],
        style: findMethod(method).style,
      })),
      legendValues: own.map(({ metrics }) => formatFixed(metrics.auroc.mean, 3)),
      references: [{ label: "chance", from: [0, 0], to: [1, 1] }],
    }),
    {
      heading: `${architectureTitles[architecture]} (legend: mean auROC)`,
      explanation:
        "As more bases count as top scoring, more motifs have at least half of their bases among them (up) and more of the background is called by mistake (right). Mean over networks at each false-positive rate.",
    },
  );
}

function renderExample(architecture: BenchmarkArchitecture, runs: readonly BenchmarkRun[]): string {
  const run = runs.find((one) => one.architecture === architecture);
  if (run === undefined) return "";
  return figure(
    `<div class="scroll">${drawExample(run.example, architecture, `example-${architecture}`)}</div>`,
    {
      heading: `${architectureTitles[architecture]}, seed ${run.seed}: ${run.example.name}`,
      className: "locus unscaled",
      explanation:
        "Left: each method’s scores along the sequence, up where a base speaks for a positive; motifs are shaded. Right: the same around the first TAL1 motif, as letters. Every row has a scale of its own.",
    },
  );
}

function renderNetworks(runs: readonly BenchmarkRun[]): string {
  const rows = runs.map((run) =>
    [
      `<tr><th scope="row">${architectureTitles[run.architecture]}, seed ${run.seed}</th>`,
      `<td>${formatFixed(run.testAuroc, 3)}</td><td>${formatFixed(run.testAuprc, 3)}</td>`,
      `<td>${run.epochs}</td><td>${formatFixed(run.trainingSeconds, 0)}</td><td>${run.sequences}</td><td>${run.embedded}</td></tr>`,
    ].join(""),
  );
  return `<div class="scroll" tabindex="0" role="group" aria-label="Networks"><table><thead><tr><th scope="col">Network</th><th scope="col">Test auROC</th><th scope="col">Test auPR</th><th scope="col">Epochs</th><th scope="col">Training (processor s)</th><th scope="col">Sequences explained</th><th scope="col">TAL1 motifs in them</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function renderChoices(plan: BenchmarkPlan): string {
  const { metrics } = plan;
  const facts: [string, string][] = [
    [
      "Sequences",
      `${plan.sequences.map(formatCount).join(" / ")} for training, validation and test; ${formatCount(plan.length)} bp`,
    ],
    ["TAL1 motifs of a positive", `Poisson of mean 2, drawn again until it lies from ${plan.minimum} to 3`],
    ["Bases ranked by", metrics.score === "absolute" ? "size of their score" : "score with its sign"],
    ["Top 5 % of", metrics.ranking === "sequence" ? "each sequence" : "all sequences together"],
    [
      "False positives of metric 4",
      metrics.falsePositives === "bases"
        ? "background bases in the top"
        : "stretches of background, found by the rule for motifs",
    ],
    [
      "Signal to noise",
      metrics.signalToNoise === "pooled"
        ? "means over all sequences, divided"
        : "mean over sequences of each one’s ratio",
    ],
    ["Core motif", "left out: it is in every sequence, so that it is neither signal nor background"],
    ["References of DeepLIFT and integrated gradients", referenceTitles[plan.reference]],
    ["Substitutions", substitutionTitles[plan.substitutions]],
    [
      "Naive mutagenesis",
      `timed on ${plan.naiveSequences} sequence${plan.naiveSequences === 1 ? "" : "s"} a network`,
    ],
    ...Object.entries(plan.networks).map(([name, options]): [string, string] => [
      architectureTitles[name as BenchmarkArchitecture] ?? name,
      Object.entries({ ...options, ...plan.training[name] })
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(", "),
    ]),
  ];
  return (
    `<h3>Choices</h3><dl>${facts.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`).join("")}</dl>` +
    explain(
      "The paper leaves open how the false-positive axis of metric 4 is made, whether scores count with their sign, and how metric 5 is averaged; every one is an option of the command. Run times are this machine’s, with all methods on one thread.",
      false,
    )
  );
}

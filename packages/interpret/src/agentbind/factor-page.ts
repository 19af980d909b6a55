import {
  drawLineChart,
  element,
  emptyState,
  escapeText,
  figure,
  formatCount,
  formatFixed,
  formatPercent,
  formatSignificant,
  type LineSeries,
  methodStyle,
  renderPage,
  type SeriesStyle,
} from "@bindscape/models";
import { logo } from "@bindscape/motifs";
import { drawSiteExample } from "./example-chart.js";
import {
  type AgentBindControl,
  type AgentBindReport,
  agentBindControls,
  controlTitles,
  type SiteEvaluation,
} from "./report-data.js";

const mostWords = 15;

/** Core kept blue, masked red; from pre-trained weights dashed: as in Fig. 1b of the paper. */
function networkLook({ core, start }: SiteEvaluation): SeriesStyle {
  return {
    colour: core === "keep" ? "blue" : "vermillion",
    width: 2.2,
    dash: start === "pretrained" ? "7 3" : null,
    marker: "circle",
  };
}

/** The page of one factor: which of its motif sites are bound, how well that is predicted, and why. */
export function renderAgentBindFactor(report: AgentBindReport): string {
  const { factor, cell, motif, windowLength, architecture, pretraining } = report;
  const best = bestOf(report, "baseline");
  return renderPage({
    title: `${factor} in ${cell}: which motif sites are bound, and why`,
    summary: `Windows of ${formatCount(windowLength)} bp around instances of the motif, bound or not by the peaks; ${architecture}${
      pretraining === null
        ? " trained on them alone"
        : `, pre-trained on ${formatCount(pretraining.sequences)} sequences with ${pretraining.tracks} tracks`
    }.${best === undefined ? "" : ` auROC on held-out chromosomes: ${formatFixed(best.auroc, 3)}.`}`,
    notice: describeNotice(report),
    main: [
      '<section><h2 id="sites">Sites</h2>',
      motif === null
        ? ""
        : `<div class="query"><p>Core motif ${escapeText(motif.name)}</p>${logo(motif, { height: 90 })}</div>`,
      renderCounts(report),
      "</section>",
      '<section><h2 id="performance">Bound or not (Fig. 1b)</h2>',
      renderCurves(report),
      renderEvaluations(report),
      "</section>",
      `<section><h2 id="scores">Where the network looks (Fig. 2)</h2><p>${escapeText(report.method)} on the network of the ${controlTitles[report.explained]} sites.</p>`,
      renderProfiles(report),
      renderExamples(report),
      "</section>",
      '<section><h2 id="words">Which words matter (Fig. 3)</h2>',
      renderWords(report),
      renderMotifs(report),
      "</section>",
    ].join("\n"),
    footer:
      "Made by Bindscape, after Zheng A et al., Deep neural networks identify sequence context features predictive of transcription factor binding, Nature Machine Intelligence 3:172-180 (2021). Coordinates are 0-based and half-open. Bases: A green, C blue, G orange, T red.",
  });
}

/** A network that ranks sites hardly better than chance has nothing to tell. */
const least = 0.6;

function describeNotice(report: AgentBindReport): string | null {
  const explained = bestOf(report, report.explained);
  const notes = [...report.notes];
  if (explained !== undefined && explained.auroc < least && report.profiles.length > 0) {
    notes.push(
      `The network that is explained ranks test sites hardly better than chance (auROC ${formatFixed(explained.auroc, 3)}): its scores, words and motifs say nothing about binding.`,
    );
  }
  return notes.length === 0 ? null : notes.join(" ");
}

/** The network from pre-trained weights where there is one, with the core kept. */
export function bestOf(
  { evaluations }: AgentBindReport,
  control: AgentBindControl,
  core: "keep" | "mask" = "keep",
): SiteEvaluation | undefined {
  const own = evaluations.filter((one) => one.control === control && one.core === core && one.start !== null);
  return own.find(({ start }) => start === "pretrained") ?? own[0];
}

function renderCounts({ counts }: AgentBindReport): string {
  if (counts.length === 0) return emptyState("Sites", "No data set was made.");
  const rows = counts.map(({ control, sites, bound, chosen, gcBound, gcUnbound }) =>
    [
      `<tr><th scope="row">${controlTitles[control]}</th>`,
      `<td>${formatCount(sites)}</td><td>${formatCount(bound)}</td>`,
      ...(["training", "validation", "test"] as const).map(
        (split) => `<td>${formatCount(chosen[split].bound)} / ${formatCount(chosen[split].unbound)}</td>`,
      ),
      `<td>${formatPercent(gcBound)} / ${formatPercent(gcUnbound)}</td></tr>`,
    ].join(""),
  );
  const warnings = counts.flatMap(({ control, warnings: own }) =>
    own.map((warning) => `<li>${controlTitles[control]}: ${escapeText(warning)}</li>`),
  );
  return `<div class="scroll" tabindex="0" role="group" aria-label="Sites"><table><thead><tr><th scope="col">Negatives</th><th scope="col">Motif instances</th><th scope="col">Bound</th><th scope="col">Training (bound / unbound)</th><th scope="col">Validation</th><th scope="col">Test</th><th scope="col">GC (bound / unbound)</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>${
    warnings.length === 0 ? "" : `<ul>${warnings.join("")}</ul>`
  }`;
}

function renderCurves(report: AgentBindReport): string {
  const figures = agentBindControls.flatMap((control) => {
    const drawn = report.evaluations.filter((one) => one.control === control && one.roc.x.length > 0);
    if (drawn.length === 0) return [];
    const others = drawn.filter(({ start }) => start === null).map(({ label }) => label);
    const series = drawn.map(
      (one): LineSeries => ({
        label: one.label,
        ...one.roc,
        style: one.start === null ? methodStyle(one.label, others) : networkLook(one),
      }),
    );
    return [
      figure(
        drawLineChart({
          id: `roc-${control}`,
          title: `ROC curves of ${report.factor}, ${controlTitles[control]} sites`,
          description: drawn.map(({ label, auroc }) => `${label} ${formatFixed(auroc, 3)}`).join(", "),
          x: { title: "False positive rate (fraction of unbound sites)", domain: [0, 1] },
          y: { title: "Recall (fraction of bound sites)", domain: [0, 1] },
          series,
          legendValues: drawn.map(({ auroc }) => formatFixed(auroc, 3)),
          references: [{ label: "chance", value: "0.500", from: [0, 0], to: [1, 1] }],
        }),
        {
          heading: `${capitalise(controlTitles[control])} (legend: auROC)`,
          explanation:
            "Test sites on chromosomes that no network was trained on. Blue: the core motif in its place; red: masked by N, so that only the context is left. Dashed: from pre-trained weights; solid: trained from scratch.",
        },
      ),
    ];
  });
  return figures.length === 0
    ? emptyState("ROC curves", "Nothing was evaluated.")
    : `<div class="grid">${figures.join("")}</div>`;
}

function renderEvaluations({ evaluations }: AgentBindReport): string {
  if (evaluations.length === 0) return "";
  const bodies = agentBindControls.flatMap((control) => {
    const own = evaluations.filter((one) => one.control === control);
    if (own.length === 0) return [];
    const [{ positives, negatives }] = own;
    const title = `<tr class="group-start"><th scope="rowgroup" colspan="5">${capitalise(controlTitles[control])}: ${formatCount(positives)} bound and ${formatCount(negatives)} unbound test sites</th></tr>`;
    const columns = ["auroc", "auprc", "partialAuroc", "normalisedPartialAuroc"] as const;
    const leading = columns.map((column) =>
      Math.max(...own.map((one) => one[column]).filter((value) => Number.isFinite(value))),
    );
    return [
      `<tbody>${title}${own
        .map(
          (one) =>
            `<tr${one.start === null ? "" : ' class="model"'}><th scope="row">${escapeText(one.label)}</th>${columns
              .map((column, index) =>
                element(
                  "td",
                  { class: one[column] === leading[index] ? "best" : null },
                  formatFixed(one[column], column === "partialAuroc" ? 4 : 3),
                ),
              )
              .join("")}</tr>`,
        )
        .join("")}</tbody>`,
    ];
  });
  return `<div class="scroll table" tabindex="0" role="group" aria-label="Performance"><table><thead><tr><th scope="col">Model</th><th scope="col">auROC</th><th scope="col">auPR</th><th scope="col" title="Area at false-positive rates below 0.1; at most 0.1">pAUC</th><th scope="col" title="pAUC as a share of 0.1">pAUC / 0.1</th></tr></thead>${bodies.join("")}</table></div>`;
}

function renderProfiles({ profiles, factor, windowLength }: AgentBindReport): string {
  if (profiles.length === 0) return emptyState("Profiles", "No scores were made.");
  const distance = Array.from({ length: windowLength }, (_, i) => i - windowLength / 2 + 0.5);
  const draw = (label: "bound" | "unbound") => {
    const own = profiles.filter((one) => one.label === label);
    if (own.length === 0) return "";
    return figure(
      drawLineChart({
        id: `profile-${label}`,
        title: `Scores around the core of ${factor}, ${label} sites`,
        description: "Mean size of scores by distance from the middle of the window.",
        x: { title: "Distance from the core’s middle (bp)", domain: [-windowLength / 2, windowLength / 2] },
        y: { title: "Mean |score|" },
        series: own.map(({ core, values, sequences }) => ({
          label: `core ${core === "keep" ? "in place" : "masked"}, ${formatCount(sequences)} sites`,
          x: distance,
          y: [...values],
          style: {
            colour: core === "keep" ? ("blue" as const) : ("vermillion" as const),
            width: 1.4,
            dash: null,
            marker: "circle" as const,
          },
        })),
      }),
      {
        heading: label === "bound" ? "Bound sites (Fig. 2e)" : "Unbound sites (Ext. Fig. 2)",
        explanation:
          "The mean of the sizes of scores at each distance from the core; scores of a sequence are scaled to sum to 1.",
      },
    );
  };
  return `<div class="pair">${draw("bound")}${draw("unbound")}</div>`;
}

function renderExamples({ examples }: AgentBindReport): string {
  return examples
    .map((example, index) =>
      figure(`<div class="scroll">${drawSiteExample(example, `example-${index}`)}</div>`, {
        heading: `${example.chromosome}:${example.start}-${example.start + example.sequence.length} (${example.strand}), predicted probability ${formatFixed(example.probability, 3)} (Fig. 2c)`,
        className: "locus unscaled",
      }),
    )
    .join("");
}

function renderWords({ words, factor }: AgentBindReport): string {
  if (words.length === 0) return emptyState("Words", `No word is enriched in the context of ${factor}.`);
  const rows = words
    .slice(0, mostWords)
    .map(
      ({ word, top, all, oddsRatio, log10AdjustedP, known }) =>
        `<tr><th scope="row"><code>${escapeText(word)}</code></th><td>${Number.isFinite(oddsRatio) ? formatSignificant(oddsRatio) : "∞"}</td><td>${
          log10AdjustedP <= -300 ? "&lt; 1e−300" : formatSignificant(10 ** log10AdjustedP)
        }</td><td>${formatCount(top)}</td><td>${formatCount(all)}</td><td class="name">${escapeText(known ?? "")}</td></tr>`,
    );
  return `<h3>Enriched among the top-scoring words outside the core</h3><div class="scroll table" tabindex="0" role="group" aria-label="Words"><table><thead><tr><th scope="col">Word</th><th scope="col">Odds ratio</th><th scope="col">p (Bonferroni)</th><th scope="col">Among top</th><th scope="col">In all</th><th scope="col" class="name">Like</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function renderMotifs({ motifs }: AgentBindReport): string {
  if (motifs.length === 0) return "";
  const figures = motifs.map(
    ({ motif, seqlets, known }) =>
      `<figure>${logo(motif, { height: 90 })}<p class="small">${formatCount(seqlets)} seqlets${known === null ? "" : `, like ${escapeText(known)}`}</p></figure>`,
  );
  return `<h3>Motifs among the scores</h3><div class="logos">${figures.join("")}</div>`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

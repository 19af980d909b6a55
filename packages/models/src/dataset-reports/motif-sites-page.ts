import { drawLogo, type Motif } from "@bindscape/motifs";
import { type MatchQuality, type MotifSiteSummary, SPLIT_NAMES } from "@bindscape/study";
import { drawLogHistogram } from "../charts/histogram.js";
import { formatCount, formatFixed, formatPercent, formatSignificant } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { escapeText } from "../charts/svg.js";
import { explain, figure } from "../report/html.js";
import { renderPage } from "../report/page.js";

/** What the page of a data set of motif sites shows. */
export interface MotifSitesPage {
  readonly summary: MotifSiteSummary;
  readonly motif: Motif;
  /** Bound, unbound and unlabelled sequences by split. */
  readonly counts: Readonly<Record<string, { readonly bound: number; readonly unbound: number }>>;
  /** Options in words, name and value. */
  readonly options: readonly (readonly [string, string])[];
  readonly command: string;
}

export const boundStyle: SeriesStyle = { colour: "blue", width: 2, dash: null, marker: "circle" };
export const unboundStyle: SeriesStyle = {
  colour: "vermillion",
  width: 1.6,
  dash: "5 2.5",
  marker: "triangle",
};

/** Unmatched bins in the table. */
const BINS_SHOWN = 200;

/** Counts of a data set of motif sites, how alike bound and unbound ones are, and what single numbers tell. */
export function renderMotifSitesPage(page: MotifSitesPage): string {
  const { summary, motif } = page;
  const { sites, factor, cell } = summary;
  return renderPage({
    title: `Motif sites of ${factor}${cell === "" ? "" : ` in ${cell}`}`,
    summary: `${formatCount(sites.keptBound + sites.keptUnbound)} windows around instances of ${motif.name}: ${formatCount(sites.keptBound)} bound, ${formatCount(sites.keptUnbound)} unbound, alike in ${controlText(summary)}.`,
    notice: summary.warnings.length === 0 ? null : summary.warnings.join(" "),
    main: [renderSites(page), renderMatching(summary), renderBaselines(summary), renderOptions(page)].join(
      "\n",
    ),
    footer: `Made by Bindscape: ${page.command}. Sequences are in sequences.fa, labels in labels.tsv, core motifs in sites.bed, the numbers of each site in sites.tsv. After AgentBind (Zheng et al. 2021).`,
  });
}

function controlText({ control }: MotifSiteSummary): string {
  if (control === "baseline") return "the p-value of the motif";
  return control === "gc"
    ? "the p-value of the motif and in GC content"
    : "the p-value of the motif and in GC content, all in accessible chromatin";
}

function renderSites({ summary, motif, counts }: MotifSitesPage): string {
  const { sites, accessible } = summary;
  const rows: (readonly [string, number])[] = [
    ["Instances on the genome", sites.instances],
    ["on the blacklist", sites.blacklisted],
    ["without labels", sites.unlabelled],
    ["window beyond the chromosome", sites.atEnds],
    ["window across the border of a hold-out", sites.atBorders],
    ["ambiguous", sites.ambiguous],
    ...(accessible ? [["not accessible", sites.inaccessible] as const] : []),
    ["Bound", sites.bound],
    ["Unbound", sites.unbound],
    ["Bound, after matching", sites.keptBound],
    ["Unbound, after matching", sites.keptUnbound],
    ...(sites.padded > 0 ? [["with N beyond the chromosome", sites.padded] as const] : []),
  ];
  const flow = rows
    .map(([what, count]) => {
      const isLoss = /^[a-z]/.test(what);
      return `<tr><th scope="row">${isLoss ? "&nbsp;&nbsp;" : ""}${what}</th><td>${formatCount(count)}</td></tr>`;
    })
    .join("");
  const parts = SPLIT_NAMES.map((split) => {
    const { bound = 0, unbound = 0 } = counts[split] ?? {};
    return `<tr><th scope="row">${split}</th><td>${formatCount(bound)}</td><td>${formatCount(unbound)}</td><td>${bound + unbound === 0 ? "n/a" : formatPercent(bound / (bound + unbound))}</td></tr>`;
  }).join("");
  const open =
    accessible === null
      ? ""
      : `<p class="muted">${formatCount(accessible.regions)} accessible regions${accessible.track === null ? "" : `, called from ${escapeText(accessible.track)}: ${formatPercent(accessible.share ?? 0)} of the genome, average signal at least ${formatSignificant(accessible.threshold ?? 0)} a base`}.</p>`;
  return [
    '<section><h2 id="sites">Sites</h2><div class="two"><div>',
    `<div class="aligned">${drawLogo({ probabilities: motif.probabilities, height: 110, width: 60 + motif.length * 18 })}</div>`,
    `<p>${escapeText(motif.id === motif.name ? motif.id : `${motif.id} ${motif.name}`)}, ${motif.length} bp; ${formatCount(summary.peaks)} peaks.</p>`,
    '<div class="scroll table"><table><thead><tr><th scope="col">Part</th><th scope="col">Bound</th><th scope="col">Unbound</th><th scope="col">Bound</th></tr></thead>',
    `<tbody>${parts}</tbody></table></div>${open}</div>`,
    `<div class="scroll table"><table><thead><tr><th scope="col">Instances</th><th scope="col">Sites</th></tr></thead><tbody>${flow}</tbody></table></div>`,
    "</div></section>",
  ].join("");
}

function renderMatching({ matching, gcDifference, control }: MotifSiteSummary): string {
  const rows = Object.entries(matching.quality).flatMap(([name, { before, after }]) =>
    (
      [
        ["before", before],
        ["after", after],
      ] as const
    ).map(
      ([when, likeness]) =>
        `<tr><th scope="row">${escapeText(name)}, ${when} matching</th><td>${formatFixed(likeness.bound, 3)}</td><td>${formatFixed(likeness.unbound, 3)}</td><td>${formatFixed(likeness.gap, 3)}</td></tr>`,
    ),
  );
  const figures = Object.entries(matching.quality).flatMap(([name, quality], q) => [
    drawClasses(name, "before matching", quality, quality.histogramBefore, `${q}-before`),
    drawClasses(name, "after matching", quality, quality.histogramAfter, `${q}-after`),
  ]);
  const { unmatchedBins } = matching;
  const binRows = unmatchedBins
    .slice(0, BINS_SHOWN)
    .map(
      ({ bin, bound, unbound, keptBound, keptUnbound }) =>
        `<tr><th scope="row">${escapeText(bin)}</th><td>${formatCount(bound)}</td><td>${formatCount(unbound)}</td><td>${formatCount(keptBound)}</td><td>${formatCount(keptUnbound)}</td></tr>`,
    );
  const rest = unmatchedBins.length - binRows.length;
  const list =
    unmatchedBins.length === 0
      ? "<p>Every bin had enough unbound sites.</p>"
      : `<details><summary>${formatCount(unmatchedBins.length)} of ${formatCount(matching.bins)} bins lack unbound sites; ${formatCount(matching.boundLeftOut)} bound sites were left out</summary><div class="scroll table"><table><thead><tr><th scope="col">Bin</th><th scope="col">Bound</th><th scope="col">Unbound</th><th scope="col">Bound, kept</th><th scope="col">Unbound, kept</th></tr></thead><tbody>${binRows.join("")}</tbody></table></div>${rest > 0 ? `<p class="muted">${formatCount(rest)} more are in dataset.json.</p>` : ""}</details>`;
  return [
    '<section><h2 id="matching">Matching</h2>',
    '<div class="scroll table"><table><thead><tr><th scope="col">Quantity</th><th scope="col">Mean, bound</th><th scope="col">Mean, unbound</th><th scope="col">Gap</th></tr></thead>',
    `<tbody>${rows.join("")}</tbody></table></div>`,
    explain(
      "The gap is the largest difference of the two cumulative distributions (Kolmogorov and Smirnov): 0 for classes that are alike, 1 for classes without overlap. Distributions are matched bin by bin, so what is left is within bins, and what bins without enough unbound sites leave.",
      false,
    ),
    `<p>GC share of bound less that of unbound windows: ${formatFixed(gcDifference, 4)}${control === "baseline" ? ", not controlled for" : ""}.</p>`,
    list,
    `<div class="pair">${figures.join("")}</div></section>`,
  ].join("");
}

function drawClasses(
  name: string,
  when: string,
  quality: MatchQuality,
  histogram: MatchQuality["histogramBefore"],
  id: string,
): string {
  const likeness = when.startsWith("before") ? quality.before : quality.after;
  const title = name === "GC share" ? "GC share of the window" : "\u2212log10 p of the instance";
  return figure(
    drawLogHistogram({
      id: `classes-${id}`,
      title: `${name} ${when}`,
      description: `Bound sites have a mean of ${formatFixed(likeness.bound, 3)}, unbound ones of ${formatFixed(likeness.unbound, 3)}; the gap is ${formatFixed(likeness.gap, 3)}.`,
      edges: histogram.edges,
      series: [
        { label: "unbound", counts: histogram.unbound, style: unboundStyle },
        { label: "bound", counts: histogram.bound, style: boundStyle },
      ],
      xTitle: title,
      yTitle: "Sites",
      plotHeight: 190,
    }),
    { heading: `${name}, ${when}` },
  );
}

function renderBaselines({ baselines }: MotifSiteSummary): string {
  const score = (value: number | null) => (value === null ? "n/a" : formatFixed(value, 3));
  const rows = Object.entries(baselines).map(([name, bySplit]) => {
    const cells = SPLIT_NAMES.map((split) => {
      const { auroc, auprc, partialAuroc } = bySplit[split];
      return `<td class="edge">${score(auroc)}</td><td>${score(auprc)}</td><td>${score(partialAuroc)}</td>`;
    });
    return `<tr><th scope="row">${escapeText(name)}</th>${cells.join("")}</tr>`;
  });
  const groups = SPLIT_NAMES.map(
    (split) => `<th scope="colgroup" colspan="3" class="group edge">${split}</th>`,
  );
  const heads = SPLIT_NAMES.map(
    () => '<th scope="col" class="edge">auROC</th><th scope="col">auPR</th><th scope="col">pAUC</th>',
  );
  return [
    '<section><h2 id="baselines">What single numbers tell</h2>',
    `<div class="scroll table"><table><thead><tr class="methods"><th></th>${groups.join("")}</tr><tr><th scope="col">Ranked by</th>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    explain(
      "What a network has to beat. auROC: the probability that a bound site ranks above an unbound one; below one half where bound sites have the smaller numbers. pAUC: mean recall at false positive rates below 0.1, .05 by chance. A row with a track's name is the accessibility-alone baseline: its mean signal around the core.",
      false,
    ),
    "</section>",
  ].join("");
}

function renderOptions({ options }: MotifSitesPage): string {
  const items = options.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`);
  return `<section><h2 id="options">Choices</h2><dl>${items.join("")}</dl></section>`;
}

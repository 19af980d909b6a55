import {
  type CentralityHistogram,
  describeLosses,
  logo,
  type Motif,
  type OccurrenceTest,
  type PeakSelection,
  type PipelineMotif,
  type PipelineResult,
  totalInformation,
} from "@bindscape/motifs";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed, formatPercent, formatSignificant } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { emptyState, explain, figure, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { alignedMatch, motifTitle, significance } from "./aligned-match.js";

/** What the page of `bindscape motifs pipeline` shows. */
export interface PipelinePage {
  readonly result: PipelineResult;
  readonly selection: PeakSelection;
  readonly database: readonly Motif[];
  /** Names of the files. */
  readonly peaksName: string;
  readonly genomeName: string;
  readonly databaseName: string;
  /** How motifs were found, in words: "MEME's zoops model". */
  readonly finder: string;
  /** What a match had to reach: "q-value at most 0.5". */
  readonly matchThreshold: string;
  /** Largest p-value of a site. */
  readonly siteThreshold: number;
  readonly command: string;
}

/** Matches drawn with logos for each motif. */
const LOGOS_SHOWN = 3;
/** Values of the curve are means over so many bp twice, which weighs them as a triangle of 13 bp does. */
const SMOOTHED = 7;
/** Of shorter motifs even the best word occurs by chance with a p-value above 0.0001. */
const SHORTEST = 7;
/** Widest logo in the table, whose first column stands still on narrow screens; px. */
const WIDEST_LOGO = 180;
/** Longest name in the table. */
const LONGEST_NAME = 20;
/** Largest E-value at which Factorbook's portal shows a match. */
const CERTAIN_MATCH = 0.01;

/** Each motif with its logo, its sites around summits, its tests and its best matches. */
export function renderPipelinePage(page: PipelinePage): string {
  const { result, selection } = page;
  const { motifs } = result;
  const losses = describeLosses(selection);
  return renderPage({
    title: `Motifs in ${page.peaksName}`,
    summary: `${countOf(motifs.length, "motif")} found by ${page.finder} in the centres of the ${formatCount(result.topPeaks)} strongest of ${countOf(result.peaks, "peak")}, and tested on the ${formatCount(result.testedPeaks)} that come after. ${ORDERS[selection.order]}${losses === "" ? "" : ` Of ${countOf(selection.read, "peak")} read, these were left out: ${losses}.`}`,
    main: [
      motifs.length === 0
        ? '<section><h2>No motif</h2><div class="empty">No motif was found in the strongest peaks.</div></section>'
        : renderOverview(page),
      ...motifs.map((one, index) => renderMotif(page, one, index)),
      renderMethod(page),
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. A green, C blue, G orange, T red; logos are 2 bits high. motifs.json and occurrences.tsv are those of Factorbook's pipeline (Pratt et al. 2022).`,
  });
}

const ORDERS: Readonly<Record<PeakSelection["order"], string>> = {
  q: "Peaks are ordered by q-value, then p-value and signal.",
  p: "Peaks are ordered by p-value, then signal.",
  signal: "Peaks are ordered by signal.",
  given: "Peaks are in the order of the file.",
};

function renderOverview({ result, database }: PipelinePage): string {
  const rows = result.motifs.map((one, index) => {
    const { motif, matches } = one;
    const [best] = matches;
    return [
      `<tr><th scope="row"><a href="#${sectionId(index)}">${index + 1}: ${escapeText(clip(shortName(motif)))}</a><div>${logo(motif, { showAxes: false, height: 34, width: Math.min(WIDEST_LOGO, motif.length * 10) })}</div></th>`,
      `<td class="name">${flags(one, "<br>")}</td>`,
      `<td>${formatE(motif)}</td>`,
      `<td>${formatPercent(one.peaksWithSites / result.peaks)}</td>`,
      `<td>${share(one.flanks.hits, one.flanks.total)}</td>`,
      `<td>${share(one.flanks.controlHits, one.flanks.controlTotal)}</td>`,
      `<td>${share(one.random.controlHits, one.random.controlTotal)}</td>`,
      `<td class="name">${best === undefined ? '<span class="muted">none</span>' : `${motifTitle(database[best.target])}<div class="small">E ${formatSignificant(best.eValue)}</div>`}</td></tr>`,
    ].join("");
  });
  const heads = [
    ["Motif", ""],
    ["Quality", "name"],
    ["E-value", ""],
    ["All peaks", ""],
    ["Centres", ""],
    ["Flanks", ""],
    ["Random", ""],
    ["Best match", "name"],
  ].map(([text, name]) => `<th scope="col"${name === "" ? "" : ` class="${name}"`}>${text}</th>`);
  return [
    `<section><h2>Motifs</h2><div class="scroll table"><table><thead><tr>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    explain(
      "Percentages are sequences with at least one site of the motif: all peaks; centres, the 100 bp around the summits of the tested peaks; flanks, the 100 bp on either side of these; random genomic sequences of 100 bp with about the same share of G and C. Poor centrality: not significantly more centres than flanks hold the motif. Poor enrichment: not significantly more centres than random sequences do. Such motifs are likely not what brings the factor there.",
      true,
    ),
    "</section>\n",
  ].join("");
}

function renderMotif(page: PipelinePage, one: PipelineMotif, index: number): string {
  const { motif, matches } = one;
  const { database } = page;
  const shown = matches.slice(0, LOGOS_SHOWN);
  const facts = [
    `${formatCount(motif.length)} bp, ${formatFixed(totalInformation(motif), 1)} bits`,
    motif.sites === undefined ? "" : `${formatCount(motif.sites)} sites`,
    motif.eValue === undefined ? "" : `E ${formatE(motif)}`,
  ].filter((text) => text !== "");
  return [
    `<section id="${sectionId(index)}"><h2>${escapeText(shortName(motif))} ${flags(one)}</h2>`,
    `<div class="query"><div class="aligned">${logo(motif, { height: 110, width: 60 + motif.length * 20 })}</div><p class="small">${facts.join(", ")}</p></div>`,
    '<div class="pair">',
    renderCentrality(one, index),
    renderTests(one, page.result.peaks),
    "</div>",
    `<h3>Best matches in ${escapeText(page.databaseName)}</h3>`,
    shown.length === 0
      ? `<div class="empty">No motif of ${countOf(database.length, "motif")} reaches ${escapeText(page.matchThreshold)}.</div>`
      : `<div class="grid">${shown
          .map((match) => {
            const target = database[match.target];
            const tag = match.eValue > CERTAIN_MATCH ? '<span class="tag">weak</span>' : "";
            return `<figure><h4>${motifTitle(target)}${tag}</h4><div class="small">${significance(match)}</div>${alignedMatch(motif, target, match)}</figure>`;
          })
          .join("")}</div>`,
    matches.length > shown.length
      ? `<p class="muted small">${countOf(matches.length - shown.length, "further match", "further matches")} with ${escapeText(page.matchThreshold)}: see tomtom.tsv.</p>`
      : "",
    "</section>\n",
  ].join("");
}

function renderCentrality({ motif, centrality }: PipelineMotif, index: number): string {
  const { range, counts, sites } = centrality;
  const heading = "Sites around the summits";
  if (sites === 0) {
    const why =
      motif.length < SHORTEST ? ` No word of ${motif.length} bp is as improbable as a site must be.` : "";
    return emptyState(heading, `The motif has no site within ${range} bp of a summit.${why}`);
  }
  const x = Array.from(counts, (_, at) => at - range);
  const y = smooth(smooth(Array.from(counts)));
  const highest = Math.max(...y);
  const chart = drawLineChart({
    id: makeId("centrality", index + 1),
    title: `Sites of ${shortName(motif)} by distance from the summit`,
    description: describeCentrality(centrality),
    x: {
      title: "distance from the summit, in the motif's direction (bp)",
      domain: [-range, range],
      ticks: 7,
    },
    y: { title: "sites per bp", domain: [0, highest * 1.06], ticks: 4 },
    series: [
      { label: motif.name, x, y, style: { colour: "blue", width: 1.8, dash: null, marker: "circle" } },
    ],
    references: [],
    legend: [],
    plotWidth: 400,
    plotHeight: 190,
  });
  return figure(chart, {
    heading,
    explanation: `${countOf(sites, "site")} within ${range} bp of the summits of all peaks, each counted where its middle lies; to the right where the motif lies downstream of the summit in its own direction. Smoothed over ${2 * SMOOTHED - 1} bp.`,
  });
}

/** Running mean; shorter at the ends. */
function smooth(values: readonly number[]): number[] {
  const half = SMOOTHED >> 1;
  return values.map((_, at) => {
    const near = values.slice(Math.max(0, at - half), at + half + 1);
    return near.reduce((sum, count) => sum + count, 0) / near.length;
  });
}

function describeCentrality({ range, counts, sites }: CentralityHistogram): string {
  const near = counts.subarray(range - 50, range + 51).reduce((sum, count) => sum + count, 0);
  return `${Math.round((100 * near) / sites)} percent of ${sites} sites lie within 50 bp of a summit.`;
}

function renderTests({ flanks, random, peaksWithSites }: PipelineMotif, peaks: number): string {
  const row = (name: string, hits: number, total: number, test?: OccurrenceTest) =>
    `<tr><th scope="row">${name}</th><td>${formatCount(hits)}</td><td>${formatCount(total)}</td><td>${share(hits, total)}</td><td>${test === undefined ? "" : formatFixed(test.zScore, 2)}</td><td>${test === undefined ? "" : formatP(test.pValue)}</td></tr>`;
  return [
    "<figure><h4>Sequences with the motif</h4>",
    '<div class="scroll"><table><thead><tr><th scope="col">Sequences</th><th scope="col">with it</th><th scope="col">of</th><th scope="col">share</th><th scope="col">z</th><th scope="col">p-value</th></tr></thead><tbody>',
    row("all peaks", peaksWithSites, peaks),
    row("centres of tested peaks", flanks.hits, flanks.total),
    row("their flanks", flanks.controlHits, flanks.controlTotal, flanks),
    row("random genomic sequences", random.controlHits, random.controlTotal, random),
    "</tbody></table></div>",
    explain(
      "z and p are of the two-proportion test of the centres against that row, one-sided: z above 0 where more centres hold the motif, and p the chance of a z as far from 0 on that side.",
      false,
    ),
    "</figure>",
  ].join("");
}

function renderMethod(page: PipelinePage): string {
  const { result } = page;
  const facts: [string, string][] = [
    ["Peaks", `${page.peaksName}: ${countOf(result.peaks, "peak")}`],
    ["Genome", page.genomeName],
    [
      "Motifs found",
      `by ${page.finder}, in the 100 bp around the summits of the first ${formatCount(result.topPeaks)} peaks`,
    ],
    [
      "Sites",
      `p-value at most ${page.siteThreshold}, both strands, background of the non-redundant nucleotide database, as FIMO by default`,
    ],
    [
      "Matches",
      `${page.databaseName}, ${countOf(page.database.length, "motif")}; Tomtom's Euclidean distance, ${page.matchThreshold}`,
    ],
  ];
  return `<section><h2>How it was made</h2><dl>${facts
    .map(([term, text]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(text)}</dd>`)
    .join("")}</dl></section>\n`;
}

function flags({ hasPoorCentrality, hasPoorEnrichment }: PipelineMotif, between = ""): string {
  const tags = [
    hasPoorCentrality ? "poor centrality" : "",
    hasPoorEnrichment ? "poor enrichment" : "",
  ].filter((text) => text !== "");
  return tags.length === 0
    ? '<span class="tag good">good</span>'
    : tags.map((text) => `<span class="tag poor">${text}</span>`).join(between);
}

function shortName({ name, id }: Motif): string {
  return name || id;
}

function formatE({ eValue }: Motif): string {
  if (eValue === undefined) return "n/a";
  return eValue >= 1e4 ? eValue.toExponential(1).replace("e+", "e") : formatP(eValue);
}

function clip(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}\u2026` : name;
}

function formatP(value: number): string {
  return value === 0 ? "< 1e\u2212300" : formatSignificant(value);
}

function share(hits: number, total: number): string {
  return formatPercent(hits / total);
}

function sectionId(index: number): string {
  return makeId("motif", index + 1);
}

function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

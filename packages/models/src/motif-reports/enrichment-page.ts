import {
  type CentralityHistogram,
  drawLogo,
  formatLogarithm,
  type Motif,
  type MotifEnrichment,
  type OccurrenceTest,
} from "@bindscape/motifs";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed, formatPercent, formatSignificant } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { escapeText } from "../charts/svg.js";
import { emptyState, explain, figure, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { motifTitle } from "./aligned-match.js";

/** What the page of `bindscape motifs enrich` shows. */
export interface EnrichmentPage {
  readonly motifs: readonly Motif[];
  /** Best first. */
  readonly results: readonly (MotifEnrichment & { readonly centrality?: CentralityHistogram })[];
  readonly motifsName: string;
  readonly sequencesName: string;
  /** What the controls are, in words: "shuffled sequences". */
  readonly controls: string;
  /** Whether stretches about any place were tried rather than about the middle. */
  readonly isLocal: boolean;
  readonly command: string;
}

/** Motifs with pictures, and rows of the table. */
const PICTURES_SHOWN = 12;
const ROWS_SHOWN = 500;
/** bp over which a curve of positions is averaged. */
const SMOOTHING = 5;

const curveStyle: SeriesStyle = { colour: "blue", width: 1.8, dash: null, marker: "circle" };

/** Motifs by enrichment: a table, and for the first ones logo, positions and comparisons. */
export function renderEnrichmentPage(page: EnrichmentPage): string {
  const { results, motifs } = page;
  const shown = results.slice(0, PICTURES_SHOWN);
  const significant = results.filter(({ eValue }) => eValue <= 0.05).length;
  return renderPage({
    title: `${page.motifsName} in ${page.sequencesName}`,
    summary: `${formatCount(motifs.length)} motifs tested in ${formatCount(totalOf(page))} sequences against ${page.controls}: ${formatCount(significant)} are enriched (E \u2264 0.05).`,
    main: [renderTable(page), ...shown.map((result, rank) => renderMotif(page, result, rank))].join(""),
    footer: `Made by Bindscape: ${page.command}. All motifs are in enrichment.tsv, positions in site_positions.tsv. A green, C blue, G orange, T red; logos are 2 bits high.`,
  });
}

function totalOf({ results }: EnrichmentPage): number {
  return results[0]?.central.positions.sequences ?? 0;
}

function renderTable({ results, motifs }: EnrichmentPage): string {
  const hasFlanks = results.some(({ flanks }) => flanks !== null);
  const hasRandom = results.some(({ random }) => random !== null);
  const rows = results.slice(0, ROWS_SHOWN).map((result, rank) => {
    const title = motifTitle(motifs[result.motif]);
    const name = rank < PICTURES_SHOWN ? `<a href="#${sectionId(rank)}">${title}</a>` : title;
    const { region } = result.central;
    return [
      `<tr><th scope="row">${name}${flags(result)}</th>`,
      `<td>${formatPercent(result.hits / result.total)}</td><td>${formatPercent(result.controlHits / result.controlTotal)}</td>`,
      `<td>${formatFixed(result.ratio, 2)}</td><td>${pText(result.logPValue)}</td><td>${eText(result.logPValue, motifs.length)}</td><td>${formatSignificant(result.qValue)}</td>`,
      hasFlanks ? `<td>${zText(result.flanks)}</td>` : "",
      hasRandom ? `<td>${zText(result.random)}</td>` : "",
      region === null
        ? "<td>n/a</td><td>n/a</td>"
        : `<td>${region.centre === 0 ? "" : `${signed(region.centre)} `}\u00b1${formatFixed(region.width / 2, 0)} bp</td><td>${eText(region.logAdjustedPValue, motifs.length)}</td>`,
      "</tr>",
    ].join("");
  });
  const head = [
    ...['<th scope="col">Motif</th><th scope="col">Sequences</th><th scope="col">Controls</th>'],
    ...[
      '<th scope="col">Ratio</th><th scope="col">p-value</th><th scope="col">E-value</th><th scope="col">q-value</th>',
    ],
    hasFlanks ? '<th scope="col">z, flanks</th>' : "",
    hasRandom ? '<th scope="col">z, random</th>' : "",
    '<th scope="col">Where</th><th scope="col">Central E</th>',
  ].join("");
  const rest = results.length - rows.length;
  return [
    '<section><h2 id="ranking">Ranking</h2>',
    `<div class="scroll table"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    rest > 0 ? `<p class="muted">${formatCount(rest)} more motifs are in enrichment.tsv.</p>` : "",
    explain(
      "Sequences and Controls are the shares with a site of at least the motif's score threshold, which was chosen on a tenth of them that is left out here. p is that of Fisher's exact test (the binomial test where lengths differ), E is p times the number of motifs, q the least false discovery rate. z compares the share of sequences with a site of p < 0.0001, or as chosen, with flanks or random sequences (two-proportion z test); a motif is flagged where z is below 0 or its p above 0.05. Where and Central E: the stretch that holds more best sites than an even spread would, and the expected number of motifs with one as good.",
      false,
    ),
    "</section>\n",
  ].join("");
}

function renderMotif(page: EnrichmentPage, result: EnrichmentPage["results"][number], rank: number): string {
  const motif = page.motifs[result.motif];
  const { positions } = result.central;
  const facts: [string, string][] = [
    [
      "Sequences",
      `${formatCount(result.hits)} of ${formatCount(result.total)} (${formatPercent(result.hits / result.total)}) with a site of at least ${formatFixed(result.leastScore, 1)} bits`,
    ],
    [
      "Controls",
      `${formatCount(result.controlHits)} of ${formatCount(result.controlTotal)} (${formatPercent(result.controlHits / result.controlTotal)})`,
    ],
    [
      "Enrichment",
      `ratio ${formatFixed(result.ratio, 2)}, p ${pText(result.logPValue)}, E ${eText(result.logPValue, page.motifs.length)}`,
    ],
    ...occurrenceFact("Against flanks", result.flanks, result.hasPoorCentrality, "poor centrality"),
    ...occurrenceFact("Against random", result.random, result.hasPoorEnrichment, "poor enrichment"),
  ];
  const { region } = result.central;
  if (region !== null) {
    facts.push([
      "Best stretch",
      `${formatCount(region.sitesInside)} of ${formatCount(region.sites)} best sites in ${formatCount(region.width)} of ${formatCount(region.places)} places about ${signed(region.centre)} bp, adjusted p ${pText(region.logAdjustedPValue)}`,
    ]);
  }
  return [
    `<section id="${sectionId(rank)}"><h2>${motifTitle(motif)}${flags(result)}</h2>`,
    `<div class="grid"><div><div class="query"><div class="aligned">${drawLogo({ probabilities: motif.probabilities, height: 96, width: 60 + motif.length * 18 })}</div></div><dl>${facts.map(([term, text]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(text)}</dd>`).join("")}</dl></div>`,
    positions.sites === 0
      ? emptyState("Positions of best sites", "No sequence has a site of 5 bits or more.")
      : figure(drawPositions(motif, positions.offsets, positions.counts, positions.sites, rank), {
          heading: `Positions of best sites (mean over ${SMOOTHING} bp)`,
        }),
    result.centrality === undefined || result.centrality.sites === 0
      ? ""
      : figure(drawCentrality(motif, result.centrality, rank), {
          heading: `All sites around summits (mean over ${SMOOTHING} bp)`,
        }),
    "</div></section>\n",
  ].join("");
}

function drawPositions(
  motif: Motif,
  offsets: Float64Array,
  counts: Float64Array,
  sites: number,
  rank: number,
): string {
  const y = smooth(counts).map((count) => count / sites);
  return drawLineChart({
    id: makeId("positions", rank + 1),
    title: `Positions of best sites of ${motif.name}`,
    description: `${sites} sequences with a site; the probability of a best site by its offset from the middle of the sequence.`,
    x: {
      title: "Offset from the middle of the sequence (bp)",
      domain: [offsets[0], offsets[offsets.length - 1]],
    },
    y: { title: "Probability of a best site per bp", domain: [0, 1.08 * Math.max(...y)] },
    series: [{ label: "best sites", x: Array.from(offsets), y, style: curveStyle }],
    references: [
      {
        label: "even spread",
        from: [offsets[0], 1 / counts.length],
        to: [offsets[offsets.length - 1], 1 / counts.length],
      },
    ],
  });
}

function drawCentrality(motif: Motif, { counts, range, sites }: CentralityHistogram, rank: number): string {
  const x = Array.from(counts, (_, i) => i - range);
  const y = smooth(counts);
  return drawLineChart({
    id: makeId("centrality", rank + 1),
    title: `Sites of ${motif.name} around summits`,
    description: `${sites} sites within ${range} bp of summits, by offset in the direction of the motif.`,
    x: { title: "Offset from the summit, along the motif (bp)", domain: [-range, range] },
    y: { title: "Sites per bp", domain: [0, 1.08 * Math.max(...y, 1e-9)] },
    series: [{ label: "sites", x, y, style: curveStyle }],
  });
}

/** The mean over some neighbours, fewer at the ends. */
function smooth(counts: ArrayLike<number>): number[] {
  const half = SMOOTHING >> 1;
  return Array.from({ length: counts.length }, (_, at) => {
    let sum = 0;
    const from = Math.max(0, at - half);
    const to = Math.min(counts.length - 1, at + half);
    for (let i = from; i <= to; i++) sum += counts[i];
    return sum / (to - from + 1);
  });
}

function occurrenceFact(
  term: string,
  test: OccurrenceTest | null,
  isPoor: boolean | null,
  flag: string,
): [string, string][] {
  if (test === null) return [];
  const share = formatPercent(test.hits / test.total);
  const control = formatPercent(test.controlHits / test.controlTotal);
  return [
    [
      term,
      `${share} against ${control}, z ${formatFixed(test.zScore, 1)}, p ${formatSignificant(test.pValue)}${isPoor ? `: ${flag}` : ""}`,
    ],
  ];
}

function flags({ hasPoorCentrality, hasPoorEnrichment }: MotifEnrichment): string {
  return [hasPoorCentrality ? "poor centrality" : "", hasPoorEnrichment ? "poor enrichment" : ""]
    .filter((text) => text !== "")
    .map((text) => `<span class="tag">${text}</span>`)
    .join("");
}

function zText(test: OccurrenceTest | null): string {
  return test === null ? "n/a" : formatFixed(test.zScore, 1);
}

function pText(logarithm: number): string {
  return Math.exp(logarithm) > 1e-300 ? formatSignificant(Math.exp(logarithm)) : formatLogarithm(logarithm);
}

function eText(logPValue: number, motifs: number): string {
  return pText(logPValue + Math.log(motifs));
}

function signed(value: number): string {
  return value < 0 ? `\u2212${-value}` : `${value}`;
}

function sectionId(rank: number): string {
  return makeId("motif", rank + 1);
}

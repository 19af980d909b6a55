import {
  type Alphabet,
  type DiscoveredMotif,
  type DiscoverResult,
  DNA,
  drawLogo,
  formatLog10,
  type HitCounts,
  type Motif,
  type MotifMatch,
  totalInformation,
} from "@bindscape/motifs";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed, formatPercent } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { escapeText } from "../charts/svg.js";
import { explain, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { alignedMatch, motifTitle, significance } from "./aligned-match.js";

/** What the page of `bindscape motifs discover` shows. */
export interface DiscoveryPage {
  readonly result: DiscoverResult;
  /** Lengths of the primary sequences. */
  readonly lengths: readonly number[];
  readonly sequencesName: string;
  readonly seconds: number;
  readonly command: string;
  /** Best match of each motif in a database, where it was looked up. */
  readonly matches?: readonly (NamedMatch | null)[];
}

/** A database motif that a discovered one resembles. */
export interface NamedMatch {
  readonly target: Motif;
  readonly match: Pick<MotifMatch, "offset" | "isReversed" | "pValue" | "eValue" | "qValue">;
}

/** Parts of a sequence that site positions are counted in. */
const POSITION_BINS = 40;
const curveStyle: SeriesStyle = { colour: "blue", width: 1.8, dash: "", marker: "circle" };

/** A page with every motif: logo, significance, where its sites lie. */
export function renderDiscoveryPage(page: DiscoveryPage): string {
  const { result } = page;
  return renderPage({
    title: `Motifs in ${page.sequencesName}`,
    summary: `${countOf(result.motifs.length, "motif")} in ${countOf(result.sequences, "sequence")}, ${describeMethod(result)}. The search ended since ${result.stopped}.`,
    notice: findNotice(result),
    main: [renderTable(page), ...result.motifs.map((motif, rank) => renderMotif(page, motif, rank))].join(""),
    footer: `Made by Bindscape in ${formatFixed(page.seconds, 1)} s: ${page.command}. Motifs are in motifs.meme, sites in sites.tsv. A green, C blue, G orange, T red; logos are 2 bits high.`,
  });
}

function describeMethod({ method, isShuffled, controls, heldOut, test }: DiscoverResult): string {
  if (method === "meme") return "by expectation maximisation, as MEME does";
  const against = isShuffled ? "the same sequences shuffled" : countOf(controls, "control sequence");
  const held = heldOut > 0 ? `; p-values are from ${countOf(heldOut, "sequence")} held out` : "";
  return `enriched over ${against} by ${test === "fisher" ? "Fisher's exact test" : "a binomial test"}${held}`;
}

function findNotice(result: DiscoverResult): string | null {
  if (result.motifs.length === 0) return "No motif was found.";
  return result.method === "streme" && result.heldOut === 0
    ? "Too few sequences to hold any out: p-values are those of the search itself, which makes them far too small."
    : null;
}

function renderTable({ result, matches }: DiscoveryPage): string {
  if (result.motifs.length === 0) return "";
  const isEnriched = result.method === "streme";
  const head = [
    '<th scope="col">Motif</th><th scope="col">Width (bp)</th><th scope="col">Sites</th>',
    isEnriched ? '<th scope="col">p-value</th>' : "",
    '<th scope="col">E-value</th>',
    isEnriched
      ? '<th scope="col">Training: with a site (controls)</th>'
      : '<th scope="col">Log-likelihood ratio (nats)</th>',
    result.heldOut > 0 ? '<th scope="col">Held out: with a site (controls)</th>' : "",
    matches === undefined ? "" : '<th scope="col" class="name">Resembles</th>',
  ];
  const rows = result.motifs.map((motif, rank) => {
    const match = matches?.[rank];
    return [
      `<tr><th scope="row"><a href="#${makeId("motif", rank + 1)}">${escapeText(motif.consensus)}</a></th>`,
      `<td>${motif.length}</td><td>${formatCount(motif.siteList.length)}</td>`,
      isEnriched ? `<td>${formatLog10(motif.log10P ?? 0)}</td>` : "",
      `<td>${formatLog10(motif.log10E)}</td>`,
      isEnriched
        ? `<td>${describeHits(motif.training)}</td>`
        : `<td>${formatFixed(motif.logLikelihoodRatio ?? Number.NaN, 0)}</td>`,
      result.heldOut > 0 ? `<td>${describeHits(motif.heldOut)}</td>` : "",
      matches === undefined ? "" : `<td class="name">${match ? motifTitle(match.target) : "none"}</td>`,
      "</tr>",
    ].join("");
  });
  return `<section><h2>Motifs</h2><div class="scroll table"><table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>${explain(
    isEnriched
      ? "p is the chance of so many more sequences than controls with a site; where sequences were held out it comes from them alone, which the search never saw. E is p times the number of motifs found. A motif counts as found at p up to 0.05 unless another threshold was given."
      : "E is the number of alignments, of as many sites of this width, that random sequences of the same size and composition would hold with columns as improbable: below 0.05 a motif is significant. Each motif's sites were erased before the next was looked for.",
    false,
  )}</section>\n`;
}

function describeHits(hits: HitCounts | null): string {
  if (hits === null) return "n/a";
  const share = (count: number, total: number) => (total > 0 ? ` (${formatPercent(count / total)})` : "");
  return `${formatCount(hits.primaryHits)}${share(hits.primaryHits, hits.primaries)}; ${formatCount(hits.controlHits)}${share(hits.controlHits, hits.controls)}`;
}

function renderMotif({ lengths, matches }: DiscoveryPage, motif: DiscoveredMotif, rank: number): string {
  const match = matches?.[rank];
  const picture = isDna(motif.alphabet)
    ? `<div class="aligned">${drawLogo({ probabilities: motif.probabilities, height: 110, width: 60 + motif.length * 20 })}</div>`
    : `<p><code>${escapeText(motif.consensus)}</code></p>`;
  const facts = [
    countOf(motif.length, "position"),
    isDna(motif.alphabet) ? `${formatFixed(totalInformation(motif), 1)} bits` : "",
    countOf(motif.siteList.length, "site"),
    motif.log10P === null ? "" : `p ${formatLog10(motif.log10P)}`,
    `E ${formatLog10(motif.log10E)}`,
    motif.threshold === null ? "" : `sites score ${formatFixed(motif.threshold, 1)} bits or more`,
  ].filter((fact) => fact !== "");
  return [
    `<section id="${makeId("motif", rank + 1)}"><h2>${rank + 1}. ${escapeText(motif.consensus)}</h2>`,
    `<div class="query">${picture}<p class="small">${facts.join(", ")}.</p></div>`,
    match
      ? `<div class="match">${motifTitle(match.target)}<div class="small">${significance(match.match)}</div>${alignedMatch(motif, match.target, match.match)}</div>`
      : "",
    drawPositions(motif, lengths, rank),
    "</section>\n",
  ].join("");
}

/** Where in their sequences the sites lie, from the first letter (0) to the last (100 %). */
function drawPositions(motif: DiscoveredMotif, lengths: readonly number[], rank: number): string {
  const counts = new Array<number>(POSITION_BINS).fill(0);
  for (const { sequence, start, end } of motif.siteList) {
    const room = lengths[sequence] - motif.length;
    const share = room > 0 ? (start + end - motif.length) / 2 / room : 0.5;
    counts[Math.min(POSITION_BINS - 1, Math.floor(share * POSITION_BINS))]++;
  }
  const total = motif.siteList.length;
  if (total === 0) return "";
  const y = counts.map((count) => (100 * count) / total);
  return `<figure><h4>Positions of the sites</h4>${drawLineChart({
    id: makeId("site-positions", rank + 1),
    title: `Positions of the sites of ${motif.consensus}`,
    description: `Shares of ${total} sites in ${POSITION_BINS} parts of their sequences.`,
    x: { title: "Place in the sequence (% of where a site can start)", domain: [0, 100] },
    y: { title: "Share of sites (%)", domain: [0, 1.08 * Math.max(...y)] },
    series: [
      {
        label: "sites",
        x: counts.map((_, bin) => (100 * (bin + 0.5)) / POSITION_BINS),
        y,
        style: curveStyle,
      },
    ],
    references: [{ label: "even spread", from: [0, 100 / POSITION_BINS], to: [100, 100 / POSITION_BINS] }],
    plotHeight: 150,
  })}</figure>`;
}

function isDna(alphabet: Alphabet): boolean {
  return alphabet.letters === DNA.letters;
}

function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

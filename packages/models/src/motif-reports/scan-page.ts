import { drawLogo, type Motif, type ScanSummary } from "@bindscape/motifs";
import { drawLineChart } from "../charts/line-chart.js";
import { formatCount, formatFixed, formatSignificant } from "../charts/number-format.js";
import { explain, figure } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { motifTitle } from "./aligned-match.js";

/** What the page of `bindscape motifs scan` shows. */
export interface ScanPage {
  /** In the order of the summary. */
  readonly motifs: readonly Motif[];
  readonly summary: ScanSummary;
  readonly sequencesName: string;
  readonly command: string;
}

/** Rows of the table, and logos in it. */
const ROWS_SHOWN = 1000;
const LOGOS_SHOWN = 60;

/** Motifs by how many more sites they have than chance gives, with logos, and a picture of all of them. */
export function renderScanPage(page: ScanPage): string {
  const { motifs, summary } = page;
  const order = [...motifs.keys()].sort((a, b) => ratioOf(page, b) - ratioOf(page, a) || a - b);
  const rows = order.slice(0, ROWS_SHOWN).map((index, rank) => {
    const { sites, tested, expected, nullShare, isReachable } = summary.motifs[index];
    const logo =
      rank < LOGOS_SHOWN
        ? `<div class="aligned">${drawLogo({ probabilities: motifs[index].probabilities, height: 84, width: 48 + motifs[index].length * 12 })}</div>`
        : "";
    return `<tr><th scope="row">${motifTitle(motifs[index])}${isReachable ? "" : '<span class="tag">too short</span>'}${logo}</th><td>${formatCount(sites)}</td><td>${formatSignificant(expected)}</td><td>${isReachable ? formatFixed(ratioOf(page, index), 2) : "n/a"}</td><td>${formatFixed(nullShare, 3)}</td><td>${formatCount(tested)}</td></tr>`;
  });
  const rest = motifs.length - rows.length;
  return renderPage({
    title: `Motif sites in ${page.sequencesName}`,
    summary: `${formatCount(summary.sites)} sites of ${formatCount(motifs.length)} motifs, p \u2264 ${summary.threshold}, in ${formatCount(summary.sequences)} sequences of ${formatCount(summary.bases)} bases.`,
    main: [
      summary.byPValue.found.length < 2 ? "" : renderPlot(page),
      '<section><h2 id="motifs">Motifs by sites over expected</h2>',
      '<div class="scroll table"><table><thead><tr><th scope="col">Motif</th><th scope="col">Sites</th><th scope="col">Expected</th><th scope="col">Ratio</th><th scope="col">True nulls</th><th scope="col">Places</th></tr></thead>',
      `<tbody>${rows.join("")}</tbody></table></div>`,
      rest > 0 ? `<p class="muted">${formatCount(rest)} more motifs have sites in the table.</p>` : "",
      explain(
        "Places are where a site could be, on the strands scanned, without unknown letters. Expected are the sites that random sequence of the background would have at as many places. True nulls is Storey's estimate of the share of places that are no sites, which q-values are multiplied by. A motif marked too short has no score with a p-value up to the threshold.",
        true,
      ),
      "</section>",
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. Sites are in ${summary.files.join(", ")}. A green, C blue, G orange, T red; logos are 2 bits high.`,
  });
}

function ratioOf({ summary }: ScanPage, index: number): number {
  const { sites, expected } = summary.motifs[index];
  return expected === 0 ? 0 : sites / expected;
}

function renderPlot({ summary: { byPValue } }: ScanPage): string {
  const x = byPValue.log10P.map((logarithm) => -logarithm);
  const series = (counts: readonly number[]) => counts.map((count) => Math.log10(count));
  const plot = drawLineChart({
    id: "sites-by-p-value",
    title: "Sites by p-value",
    description: `From ${formatCount(byPValue.found[0])} sites at the threshold, where ${formatSignificant(byPValue.expected[0])} are expected.`,
    x: { title: "\u2212log10 p-value" },
    y: { title: "Sites of all motifs up to p (log10)" },
    series: [
      {
        label: "found",
        x,
        y: series(byPValue.found),
        style: { colour: "blue", width: 2.2, dash: null, marker: "circle" },
      },
      {
        label: "expected in random sequence",
        x,
        y: series(byPValue.expected),
        style: { colour: "vermillion", width: 1.6, dash: "7 3", marker: "triangle" },
      },
    ],
  });
  return `<section><h2>Sites by p-value</h2><div class="grid">${figure(plot, {})}</div></section>`;
}

import {
  alignedMatch,
  drawLogHistogram,
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  formatPercent,
  formatSignificant,
  makeId,
  motifTitle,
  networkStyle,
  renderPage,
  significance,
} from "@bindscape/models";
import { drawLogo, type Motif, type MotifMatch, totalInformation } from "@bindscape/motifs";
import type { SeqletMotifs, TrimmedPattern } from "./find-motifs.js";
import type { SeqletHit } from "./seqlet-hits.js";
import { sliceRows } from "./seqlet-pattern.js";

/** What the page of `bindscape seqlets` shows. */
export interface SeqletsPage {
  readonly title: string;
  readonly method: string;
  readonly sequences: number;
  readonly length: number;
  readonly motifs: SeqletMotifs;
  /** Window scores, all of them. */
  readonly windowScores: Float32Array;
  readonly hits: readonly SeqletHit[];
  readonly known?: {
    readonly name: string;
    readonly targets: readonly Motif[];
    readonly matches: readonly MotifMatch[];
  };
  readonly warnings: readonly string[];
  readonly command: string;
}

const MATCHES_SHOWN = 3;
const CLASSES = 60;
const LETTER_WIDTH = 17;
const FLANK_SHOWN = 4;

/** Motifs with their logos and matches, and how seqlets were told from chance. */
export function renderSeqletsPage(page: SeqletsPage): string {
  const { motifs } = page;
  const { found, patterns } = motifs;
  const seqlets = found.positive.length + found.negative.length;
  return renderPage({
    title: page.title,
    summary: `${patterns.length} ${patterns.length === 1 ? "motif" : "motifs"} from ${formatCount(seqlets)} seqlets of ${formatCount(page.sequences)} sequences of ${formatCount(page.length)} bp, attributions by ${page.method === "" ? "a method the file does not name" : page.method}.`,
    notice: page.warnings.length === 0 ? null : page.warnings.join(" "),
    main: [
      renderOverview(page),
      ...patterns.map((one, index) => renderPattern(page, one, index)),
      renderNull(page),
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. Motifs are in motifs.meme, matrices in patterns.npz, sites in seqlets.tsv. A green, C blue, G orange, T red.`,
  });
}

function renderOverview({ motifs, known, hits }: SeqletsPage): string {
  const { patterns, unused, found } = motifs;
  if (patterns.length === 0) {
    return '<section><h2>No motif</h2><div class="empty">No group of like seqlets is large enough and has bases enough in common. More sequences, fewer seqlets a motif (--min-seqlets) or a larger false discovery rate (--fdr) may show some.</div></section>';
  }
  const rows = patterns.map(({ id, pattern, motif }, index) => {
    const best = known?.matches.find(({ query }) => query === index);
    const mean = meanOf(hits.filter((hit) => hit.id === id).map(({ contribution }) => contribution));
    return `<tr><th scope="row"><a href="#${makeId("motif", id)}">${id}</a></th><td class="name">${smallLogo(motif)}</td><td>${formatCount(pattern.members.length)}</td><td>${formatFixed(totalInformation(motif), 1)}</td><td>${formatSignificant(mean)}</td>${known ? (best ? `<td class="name wrap">${motifTitle(known.targets[best.target])}</td><td>${formatSignificant(best.qValue)}</td>` : '<td class="name muted">none</td><td></td>') : ""}</tr>`;
  });
  const left = unused.positive + unused.negative;
  const all = found.positive.length + found.negative.length;
  return [
    '<section><h2>Motifs</h2><div class="scroll table"><table><thead><tr><th scope="col">Motif</th><th scope="col" class="name">Bases</th><th scope="col">Seqlets</th><th scope="col">Bits</th><th scope="col">Mean contribution</th>',
    known ? '<th scope="col" class="name">Best known motif</th><th scope="col">q-value</th>' : "",
    `</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    `<p class="small">${formatCount(left)} of ${formatCount(all)} seqlets (${formatPercent(left / Math.max(1, all))}) belong to no motif.</p></section>\n`,
  ].join("");
}

function renderPattern(
  page: SeqletsPage,
  { id, pattern, trim, motif }: TrimmedPattern,
  index: number,
): string {
  const start = Math.max(0, trim.start - FLANK_SHOWN);
  const end = Math.min(pattern.width, trim.end + FLANK_SHOWN);
  const width = 66 + (end - start) * LETTER_WIDTH;
  const logo = (heights: Float64Array, axisTitle: string) =>
    `<div class="aligned">${drawLogo({ heights: sliceRows(heights, start, end), axisTitle, width, height: 150, firstPosition: start - trim.start + 1 })}</div>`;
  const matches = (page.known?.matches ?? []).filter(({ query }) => query === index);
  const pictures = [
    figure(logo(pattern.contributions, "contribution"), { heading: "Mean contributions (CWM)" }),
    figure(
      `<div class="aligned">${drawLogo({ probabilities: baseShares(sliceRows(pattern.counts, start, end)), width, height: 150, firstPosition: start - trim.start + 1 })}</div>`,
      { heading: "Bases of the seqlets" },
    ),
    pattern.hypothetical === undefined
      ? ""
      : figure(logo(pattern.hypothetical, "contribution"), { heading: "Hypothetical contributions" }),
  ];
  return [
    `<section id="${makeId("motif", id)}"><h2>${id} <span class="tag">${formatCount(pattern.members.length)} seqlets</span></h2>`,
    `<div class="grid">${pictures.join("")}</div>`,
    index === 0
      ? explain(
          "Left: what the bases that are there contribute on average; letters below the axis lower the prediction. Middle: how often each base is there. Right: what every base would contribute in that place, whether it is there or not. Position 1 is the first of the motif as trimmed and as written to motifs.meme; flanks are drawn on either side.",
          true,
        )
      : "",
    page.known === undefined
      ? ""
      : matches.length === 0
        ? `<p class="muted">No motif of ${escapeText(page.known.name)} resembles it.</p>`
        : `<h3>Known motifs like it</h3><div class="grid">${matches
            .slice(0, MATCHES_SHOWN)
            .map((match) => {
              const target = (page.known as NonNullable<SeqletsPage["known"]>).targets[match.target];
              return `<figure><h4>${motifTitle(target)}${match.isReversed ? '<span class="tag">reverse complement</span>' : ""}</h4><div class="small">${significance(match)}</div>${alignedMatch(motif, target, match)}</figure>`;
            })
            .join("")}</div>`,
    "</section>\n",
  ].join("");
}

/** How windows score, what chance would make of them, and where the thresholds lie. */
function renderNull({ motifs: { found }, windowScores }: SeqletsPage): string {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const score of windowScores) {
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  if (!(high > low)) return "";
  const edges = Array.from({ length: CLASSES + 1 }, (_, i) => low + ((high - low) * i) / CLASSES);
  const counts = new Array<number>(CLASSES).fill(0);
  for (const score of windowScores) {
    counts[Math.min(CLASSES - 1, Math.floor(((score - low) / (high - low)) * CLASSES))]++;
  }
  const { shareAbove, shareBelow, middle } = found.null;
  const shareFrom = (score: number) => (score >= middle ? shareAbove(score) : 1 - shareBelow(score));
  const expected = counts.map(
    (_, i) =>
      Math.max(0, shareFrom(edges[i]) - (i + 1 < CLASSES ? shareFrom(edges[i + 1]) : 0)) *
      windowScores.length,
  );
  const { positive, negative } = found.thresholds;
  const limits = [
    Number.isFinite(positive) ? `at least ${formatSignificant(positive)}` : "",
    Number.isFinite(negative) ? `at most ${formatSignificant(negative)}` : "",
  ].filter((text) => text !== "");
  const chart = drawLogHistogram({
    id: "window-scores",
    title: "Scores of windows",
    description: `Counts of ${windowScores.length} window scores from ${low.toPrecision(3)} to ${high.toPrecision(3)} and what chance would make of them.`,
    edges,
    series: [
      { label: "by chance", counts: expected, style: { ...networkStyle(1), dash: "7 3" } },
      { label: "windows", counts, style: networkStyle(0) },
    ],
    xTitle: "sum of contributions in a window",
    yTitle: "windows",
    plotWidth: 420,
  });
  return `<section><h2>Seqlets against chance</h2><p>Windows pass with a sum of ${limits.length === 0 ? "no value: none is significant" : limits.join(" or ")}${found.isByShare ? ", set by the least or largest share of windows that may pass" : ""}. ${found.null.kind === "laplace" ? "Chance is a Laplace distribution fitted to the middle of the scores." : "Chance is what windows of the null file score."}</p>${figure(chart, {})}</section>\n`;
}

function baseShares(counts: Float64Array): Float64Array {
  return counts.map((count, at) => {
    const row = at - (at % 4);
    const sum = counts[row] + counts[row + 1] + counts[row + 2] + counts[row + 3];
    return sum > 0 ? count / sum : 0.25;
  });
}

function smallLogo({ probabilities, length }: Motif): string {
  return drawLogo({ probabilities, showAxes: false, width: length * 11, height: 30 });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

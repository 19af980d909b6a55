import {
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  formatPercent,
  formatSignificant,
  makeId,
  renderPage,
} from "@bindscape/models";
import { drawLogo, type Motif, type MotifMatch } from "@bindscape/motifs";
import type { WordRun, WordSubset } from "./analyse-words.js";
import { drawSpacingChart } from "./spacing-chart.js";
import { drawWordHeatMap } from "./word-heat-map.js";
import type { WordOrder, WordRow } from "./word-matrix.js";
import { formatPower, type WordRecord } from "./word-records.js";
import { drawWordScatter } from "./word-scatter.js";
import type { SpacingProfile, WordSpacing } from "./word-spacing.js";

/** Motifs around the top windows of a factor's words, and what known motifs they are like. */
export interface WordMotifs {
  readonly factor: string;
  readonly motifs: readonly Motif[];
  readonly matches: readonly MotifMatch[];
  readonly targets: readonly Motif[];
}

/** Spacing of a factor's words. */
export interface FactorSpacing {
  readonly factor: string;
  readonly profile: SpacingProfile;
  readonly spacings: readonly WordSpacing[];
}

/** What the page of `bindscape words` shows. */
export interface WordsPage {
  readonly title: string;
  readonly wordLength: number;
  readonly topShare: number;
  readonly runs: readonly WordRun[];
  readonly order: WordOrder;
  /** Whether the order was taken from another analysis. */
  readonly orderFrom?: string;
  readonly motifs: readonly WordMotifs[];
  readonly spacing: readonly FactorSpacing[];
  /** Earlier analyses this one is compared with. */
  readonly others: readonly { readonly name: string; readonly record: WordRecord }[];
  /** bp within which a site is proximal; absent where no transcription starts were given. */
  readonly proximal?: number;
  readonly warnings: readonly string[];
  readonly command: string;
}

const WORDS_LISTED = 15;
const SPACINGS_SHOWN = 6;
const SCATTERS_SHOWN = 12;

/** Heat maps, scatter plots, and for each factor its words with known motifs and spacing. */
export function renderWordsPage(page: WordsPage): string {
  const { runs, wordLength, topShare, warnings } = page;
  const all = runs.filter(({ subset }) => subset === "all");
  const windows = all.reduce((sum, { counts }) => sum + counts.windows, 0);
  return renderPage({
    title: page.title,
    summary: `${wordLength}-mers that stand more often among the ${formatPercent(topShare)} of windows that matter most to a model than among the others: ${all.length === 1 ? all[0].factor : `${all.length} factors`}, ${formatCount(windows)} windows outside core motifs. One-sided Fisher exact tests, Bonferroni-adjusted for the words tested.`,
    notice: warnings.length === 0 ? null : warnings.join(" "),
    main: [
      renderMaps(page),
      renderScatters(page),
      ...all.map((run, index) => renderFactor(page, run, index)),
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. All words are in words.tsv, spacing in spacing.tsv, motifs around words in words.meme. Analysis after Zheng et al. 2021 (AgentBind).`,
  });
}

/** Rows of one part of the runs. */
function rowsOf(
  runs: readonly { factor: string; subset: WordSubset; words: WordRow["words"] }[],
  subset: WordSubset,
) {
  return runs
    .filter((run) => run.subset === subset)
    .map((run): WordRow => ({ name: run.factor, words: run.words }));
}

function renderMaps(page: WordsPage): string {
  const { runs, order, others, proximal } = page;
  if (order.words.length === 0) {
    return '<section><h2>No enriched word</h2><div class="empty">No word has a nominal p-value of 0.01 or less.</div></section>';
  }
  const annotations = annotationsOf(page);
  const maps: [string, WordRow[]][] = [["All sites", rowsOf(runs, "all")]];
  for (const subset of ["proximal", "distal"] as const) {
    const rows = rowsOf(runs, subset);
    if (rows.length === 0) continue;
    const where = subset === "proximal" ? "within" : "beyond";
    maps.push([
      `${subset === "proximal" ? "Proximal" : "Distal"} sites (${where} ${formatCount(proximal ?? 0)} bp of a transcription start)`,
      rows,
    ]);
  }
  for (const { name, record } of others) maps.push([name, rowsOf(record.runs, "all")]);
  const known = new Set(order.rows);
  return [
    `<section><h2>Enriched words</h2><p>${order.words.length} words: those of the largest odds ratios${others.length > 0 ? " of this and the compared analyses" : ""}${page.orderFrom === undefined ? "" : `; order of ${escapeText(page.orderFrom)}`}.</p>`,
    ...maps.map(([heading, rows], index) =>
      figure(
        `<div class="scroll">${drawWordHeatMap({
          id: makeId("words", index),
          title: `Enriched words: ${heading}`,
          description: `${rows.length} rows and ${order.words.length} words, squares as large as the adjusted p-value is small, coloured by odds ratio.`,
          rows,
          // Rows that other analyses alone have come last.
          order: {
            words: order.words,
            rows: [...order.rows, ...rows.map(({ name }) => name).filter((name) => !known.has(name))],
          },
          ...(index === 0 && annotations.size > 0 && { annotations }),
        })}</div>`,
        { heading },
      ),
    ),
    explain(
      "A square is as large as the word is significant and as dark as its odds ratio is high: how many times higher the odds of being a top window are for this word than for others. Words are read on the strand of the core motif, so that a word and its reverse complement may differ. Nothing is drawn where the nominal p-value is above 0.01. Words and factors stand in the order of hierarchical clustering of the odds ratios.",
      true,
    ),
    "</section>\n",
  ].join("");
}

/** The best known motif of each listed word, over all factors. */
function annotationsOf({ motifs }: WordsPage): Map<string, string> {
  const best = new Map<string, { name: string; q: number }>();
  for (const { motifs: own, matches, targets } of motifs) {
    for (const { query, target, qValue } of matches) {
      const word = own[query].id;
      if (qValue < (best.get(word)?.q ?? Number.POSITIVE_INFINITY)) {
        best.set(word, { name: shortName(targets[target]), q: qValue });
      }
    }
  }
  return new Map([...best].map(([word, { name }]) => [word, name]));
}

/** A target's name where it is short, else its id. */
function shortName({ id, name }: Motif): string {
  return name.length <= 16 && !/\s/.test(name) ? name : id;
}

function renderScatters(page: WordsPage): string {
  const { runs, others } = page;
  const pairs: { heading: string; x: WordRowSide; y: WordRowSide }[] = [];
  for (const run of runs.filter(({ subset }) => subset === "all")) {
    for (const { name, record } of others) {
      const candidates = record.runs.filter(({ subset }) => subset === "all");
      // A lone factor may well go by another name elsewhere: STAT3 in one cell and in another.
      const other =
        candidates.find(({ factor }) => factor === run.factor) ??
        (candidates.length === 1 && runs.filter(({ subset }) => subset === "all").length === 1
          ? candidates[0]
          : undefined);
      if (other === undefined) continue;
      pairs.push({
        heading: `${run.factor}: this analysis against ${name}`,
        x: { name: `${run.factor}, this analysis`, words: run.words },
        y: { name: other.factor === run.factor ? name : `${other.factor}, ${name}`, words: other.words },
      });
    }
    const near = runs.find(({ factor, subset }) => factor === run.factor && subset === "proximal");
    const far = runs.find(({ factor, subset }) => factor === run.factor && subset === "distal");
    if (near && far) {
      pairs.push({
        heading: `${run.factor}: proximal against distal`,
        x: { name: "proximal sites", words: near.words },
        y: { name: "distal sites", words: far.words },
      });
    }
  }
  const lone = runs.filter(({ subset }) => subset === "all");
  if (lone.length === 2) {
    pairs.push({
      heading: `${lone[0].factor} against ${lone[1].factor}`,
      x: { name: lone[0].factor, words: lone[0].words },
      y: { name: lone[1].factor, words: lone[1].words },
    });
  }
  if (pairs.length === 0) return "";
  return [
    '<section><h2>Words in two analyses</h2><div class="pair">',
    ...pairs.slice(0, SCATTERS_SHOWN).map(({ heading, x, y }, index) =>
      figure(
        drawWordScatter({
          id: makeId("scatter", index),
          title: heading,
          description: "Words by minus log10 p in both, with lines at an adjusted p of 0.05.",
          x,
          y,
        }),
        { heading },
      ),
    ),
    "</div>",
    explain(
      "Each point is a word. Dashed lines: Bonferroni-adjusted p of 0.05. Diamonds are enriched in both, circles in the analysis across, triangles in the one upwards. Axes are square roots of \u2212log10 p.",
      true,
    ),
    "</section>\n",
  ].join("");
}

type WordRowSide = { readonly name: string; readonly words: WordRow["words"] };

function renderFactor(page: WordsPage, run: WordRun, index: number): string {
  const { words, counts, sequences, factor } = run;
  const motifs = page.motifs.find((one) => one.factor === factor);
  const spacing = page.spacing.find((one) => one.factor === factor);
  const hasTargets = (motifs?.targets.length ?? 0) > 0;
  const listed = words.filter(({ log10P }) => log10P <= -2).slice(0, WORDS_LISTED);
  const rows = listed.map((entry) => {
    const query = motifs?.motifs.findIndex(({ id }) => id === entry.word) ?? -1;
    const motif = motifs?.motifs[query];
    const match = motifs?.matches.find((one) => one.query === query);
    const target = match && motifs?.targets[match.target];
    return `<tr><th scope="row"><code>${entry.word}</code></th><td>${formatCount(entry.top)}</td><td>${formatCount(entry.occurrences)}</td><td>${Number.isFinite(entry.oddsRatio) ? formatFixed(entry.oddsRatio, 2) : "\u221e"}</td><td>${formatPower(entry.log10P).replaceAll("-", "\u2212")}</td><td>${formatPower(entry.log10AdjustedP).replaceAll("-", "\u2212")}</td><td class="name">${motif ? drawLogo({ probabilities: motif.probabilities, showAxes: false, width: motif.length * 10, height: 28 }) : ""}</td>${hasTargets ? `<td class="name wrap">${target ? `${escapeText(shortName(target))} <span class="muted">q ${formatSignificant((match as MotifMatch).qValue)}</span>` : ""}</td>` : ""}</tr>`;
  });
  return [
    `<section id="${makeId("factor", index)}"><h2>${escapeText(factor)}</h2>`,
    `<div class="counts"><span><b>${formatCount(sequences.count)}</b> sequences</span><span><b>${formatCount(counts.windows)}</b> windows</span><span><b>${formatCount(counts.top)}</b> top windows</span><span><b>${formatCount(words.filter(({ log10AdjustedP }) => log10AdjustedP <= Math.log10(0.05)).length)}</b> words with adjusted p \u2264 0.05</span></div>`,
    rows.length === 0
      ? '<div class="empty">No word has a nominal p-value of 0.01 or less.</div>'
      : `<div class="scroll table"><table><thead><tr><th scope="col">Word</th><th scope="col">Top windows</th><th scope="col">Windows</th><th scope="col">Odds ratio</th><th scope="col">p</th><th scope="col">Adjusted p</th><th scope="col" class="name">Bases around it</th>${hasTargets ? '<th scope="col" class="name">Known motif</th>' : ""}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    spacing === undefined ? "" : renderSpacing(spacing, index),
    "</section>\n",
  ].join("");
}

function renderSpacing({ profile, spacings }: FactorSpacing, factor: number): string {
  if (spacings.length === 0)
    return '<p class="muted">No word has top windows enough to test its spacing.</p>';
  const tests = spacings.length;
  return [
    "<h3>Spacing and orientation to the core motif</h3>",
    '<div class="grid">',
    ...spacings.slice(0, SPACINGS_SHOWN).map((one, index) =>
      figure(
        drawSpacingChart(
          {
            id: makeId("spacing", factor, index),
            title: `Spacing of ${one.word}`,
            description: `${one.forward} top windows on the core's strand and ${one.reverse} on the other, ${one.upstream} before and ${one.downstream} behind the core.`,
          },
          one,
          profile,
        ),
        { heading: one.word },
      ),
    ),
    "</div>",
    '<div class="scroll table"><table><thead><tr><th scope="col">Word</th><th scope="col">Core\u2019s strand</th><th scope="col">Other strand</th><th scope="col">Orientation p</th><th scope="col">Before</th><th scope="col">Behind</th><th scope="col">Side p</th><th scope="col">Even spacing p</th><th scope="col">As all top windows p</th><th scope="col">10-bp phase p</th></tr></thead><tbody>',
    ...spacings.map(
      (one) =>
        `<tr><th scope="row"><code>${one.word}</code></th><td>${formatCount(one.forward)}</td><td>${formatCount(one.reverse)}</td><td>${one.orientationP === null ? "palindrome" : formatSignificant(one.orientationP)}</td><td>${formatCount(one.upstream)}</td><td>${formatCount(one.downstream)}</td><td>${formatSignificant(one.sideP)}</td><td>${formatSignificant(one.uniformP)}</td><td>${formatSignificant(one.profileP)}</td><td>${formatSignificant(one.phaseP)}</td></tr>`,
    ),
    "</tbody></table></div>",
    factor === 0
      ? explain(
          `Bars count top windows by 10 bp from the core, above the axis those that read the word on the core's strand, below those on the other; the line is what the top windows of all words would make of it. Orientation and side: exact binomial tests. Even spacing: chi-squared against all windows there are; as all top windows: against the offsets of the top windows of any word, since what is near the core matters more anyway; phase: offsets modulo 10 bp, about a turn of the helix. p-values are not adjusted: with ${tests} ${tests === 1 ? "word" : "words"} take ${formatSignificant(0.05 / tests)} for 0.05.`,
          false,
        )
      : "",
  ].join("");
}

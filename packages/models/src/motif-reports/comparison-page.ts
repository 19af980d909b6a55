import { drawLogo, type Motif, type MotifMatch, totalInformation } from "@bindscape/motifs";
import { formatCount, formatFixed, formatSignificant } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import { explain, makeId } from "../report/html.js";
import { renderPage } from "../report/page.js";
import { alignedMatch, motifTitle, significance } from "./aligned-match.js";

/** What the page of `bindscape motifs compare` shows. */
export interface ComparisonPage {
  readonly queries: readonly Motif[];
  readonly targets: readonly Motif[];
  readonly matches: readonly MotifMatch[];
  /** Names of the two sets. */
  readonly queriesName: string;
  readonly targetsName: string;
  /** What a match had to reach: "q-value at most 0.5". */
  readonly threshold: string;
  /** How columns were compared, in words. */
  readonly method: string;
  readonly command: string;
}

/** Matches of a query with logos, on pages of few and of many queries. */
const LOGOS_SHOWN = 6;
const LOGOS_OF_MANY = 3;
const MANY_QUERIES = 20;
/** Matches listed under them, and queries with matches that a page holds. */
const ROWS_SHOWN = 50;
const QUERIES_SHOWN = 200;
/** P-values rest on the columns of all targets: fewer targets than this make them poor. */
const FEW_TARGETS = 50;

/** Each query with its matches: logos aligned, and a table. */
export function renderComparisonPage(page: ComparisonPage): string {
  const { queries, targets, matches } = page;
  const byQuery = queries.map((_, query) => matches.filter((match) => match.query === query));
  const matched = [...byQuery.keys()].filter((query) => byQuery[query].length > 0);
  const shown = matched.slice(0, QUERIES_SHOWN);
  const unmatched = queries.filter((_, query) => byQuery[query].length === 0);
  return renderPage({
    title: `${page.queriesName} against ${page.targetsName}`,
    summary: `${countOf(queries.length, "query motif")} compared with ${countOf(targets.length, "target motif")}: ${countOf(matches.length, "match", "matches")} with ${page.threshold}, for ${formatCount(matched.length)} of the queries. ${page.method}`,
    notice:
      targets.length < FEW_TARGETS
        ? `Only ${countOf(targets.length, "target")}: p-values rest on the columns of all targets together, and below about ${FEW_TARGETS} targets they are poor.`
        : null,
    main: [
      renderOverview(page, byQuery, shown),
      ...shown.map((query, rank) =>
        renderQuery(page, query, byQuery[query], {
          logos: shown.length > MANY_QUERIES ? LOGOS_OF_MANY : LOGOS_SHOWN,
          isFirst: rank === 0,
        }),
      ),
      matched.length > shown.length
        ? `<p class="muted">${formatCount(matched.length - shown.length)} more queries have matches: they are in tomtom.tsv.</p>`
        : "",
      unmatched.length === 0
        ? ""
        : `<section><h2>Without a match</h2><p>${unmatched.slice(0, 500).map(motifTitle).join(", ")}${unmatched.length > 500 ? ` and ${formatCount(unmatched.length - 500)} more` : ""}</p></section>`,
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. All matches are in tomtom.tsv. A green, C blue, G orange, T red; logos are 2 bits high.`,
  });
}

function renderOverview(
  { queries, targets }: ComparisonPage,
  byQuery: readonly (readonly MotifMatch[])[],
  shown: readonly number[],
): string {
  if (shown.length === 0) {
    return '<section><h2>No match</h2><div class="empty">No target resembles a query this much. A larger threshold lists weaker matches.</div></section>';
  }
  const rows = shown.map((query) => {
    const [best] = byQuery[query];
    return `<tr><th scope="row"><a href="#${sectionId(query)}">${escapeText(queries[query].name)}</a></th><td class="name wrap">${motifTitle(targets[best.target])}</td><td>${formatSignificant(best.pValue)}</td><td>${formatSignificant(best.eValue)}</td><td>${formatSignificant(best.qValue)}</td><td>${formatCount(byQuery[query].length)}</td></tr>`;
  });
  return `<section><h2>Best matches</h2><div class="scroll table"><table><thead><tr><th scope="col">Query</th><th scope="col" class="name">Best match</th><th scope="col">p-value</th><th scope="col">E-value</th><th scope="col">q-value</th><th scope="col">Matches</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></section>\n`;
}

function renderQuery(
  { queries, targets }: ComparisonPage,
  query: number,
  matches: readonly MotifMatch[],
  { logos, isFirst }: { readonly logos: number; readonly isFirst: boolean },
): string {
  const motif = queries[query];
  const figures = matches.slice(0, logos).map((match) => {
    const target = targets[match.target];
    return [
      `<figure><h4>${motifTitle(target)}${match.isReversed ? '<span class="tag">reverse complement</span>' : ""}</h4>`,
      `<div class="small">${significance(match)}; ${countOf(match.overlap, "column")} aligned</div>`,
      alignedMatch(motif, target, match),
      "</figure>",
    ].join("");
  });
  return [
    `<section id="${sectionId(query)}"><h2>${motifTitle(motif)}</h2>`,
    `<div class="query"><div class="aligned">${drawLogo({ probabilities: motif.probabilities, height: 96, width: 60 + motif.length * 18 })}</div><p class="small">${formatCount(motif.length)} bp, ${formatFixed(totalInformation(motif), 1)} bits${motif.sites === undefined ? "" : `, ${formatCount(motif.sites)} sites`}; ${countOf(matches.length, "match", "matches")}.</p></div>`,
    `<div class="grid">${figures.join("")}</div>`,
    isFirst
      ? explain(
          "Each picture has the target above, as it matches, and the query below, column under column. p is the chance that an unrelated motif of the target's width fits the query as well at its best offset; E is p times the number of targets, the number of matches this good to expect by chance; q is the least false discovery rate at which the match is called.",
          true,
        )
      : "",
    renderTable(targets, matches, matches.length > logos),
    "</section>\n",
  ].join("");
}

function renderTable(targets: readonly Motif[], matches: readonly MotifMatch[], isNeeded: boolean): string {
  if (!isNeeded) return "";
  const listed = matches.slice(0, ROWS_SHOWN);
  const rows = listed.map(
    (match) =>
      `<tr><th scope="row">${motifTitle(targets[match.target])}</th><td>${formatSignificant(match.pValue)}</td><td>${formatSignificant(match.eValue)}</td><td>${formatSignificant(match.qValue)}</td><td>${match.offset < 0 ? `\u2212${-match.offset}` : match.offset}</td><td>${match.overlap}</td><td>${match.isReversed ? "\u2212" : "+"}</td></tr>`,
  );
  const rest = matches.length - listed.length;
  return `<details><summary>Table of ${rest > 0 ? `the first ${ROWS_SHOWN} of ${formatCount(matches.length)}` : `all ${formatCount(matches.length)}`} matches</summary><div class="scroll"><table><thead><tr><th scope="col">Target</th><th scope="col">p-value</th><th scope="col">E-value</th><th scope="col">q-value</th><th scope="col">Offset (bp)</th><th scope="col">Overlap (bp)</th><th scope="col">Strand</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`;
}

function sectionId(query: number): string {
  return makeId("query", query + 1);
}

function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

import { drawLogo, formatLog10 } from "@bindscape/motifs";
import { formatCount, formatPercent } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";
import type { PeakMotif } from "../demo/discover-in-peaks.js";
import { alignedMatch, motifTitle, significance } from "../motif-reports/aligned-match.js";
import { explain } from "./html.js";

/** What the peaks themselves say: the motif found in each factor's peaks without any known one, and its name. */
export function renderPeakMotifs(found: readonly PeakMotif[]): string {
  return [
    '<section aria-labelledby="peak-motifs-heading"><h2 id="peak-motifs-heading">Motifs de novo</h2>',
    `<div class="grid">${found.map(renderOne).join("")}</div>`,
    explain(
      "The motif most enriched in the 100 bp about the strongest peaks of each factor over the same sequences shuffled (words of three letters kept), found without networks and without known motifs, in the manner of STREME. p comes from peaks held out of the search. Below it stands the motif of the study's set that it resembles most, compared as Tomtom does, with the motif found under it, column under column.",
      false,
    ),
    "</section>\n",
  ].join("");
}

function renderOne({ factor, peaks, motif, match }: PeakMotif): string {
  if (motif === null) {
    return `<figure><h4>${escapeText(factor)}</h4><div class="empty">No word is enriched in ${formatCount(peaks)} peaks.</div></figure>`;
  }
  const share = peaks > 0 ? ` (${formatPercent(motif.siteList.length / peaks)})` : "";
  return [
    `<figure><h4>${escapeText(factor)}</h4>`,
    `<div class="small">${escapeText(motif.consensus)}, in ${formatCount(motif.siteList.length)} of ${formatCount(peaks)} peaks${share}, p ${formatLog10(motif.log10P ?? 0)}</div>`,
    match === null
      ? `<div class="aligned">${drawLogo({ probabilities: motif.probabilities, height: 96, width: 60 + motif.length * 16 })}</div><div class="small">Resembles no motif of the study's set.</div>`
      : `<div class="match">${motifTitle(match.target)}<div class="small">${significance(match.match)}</div>${alignedMatch({ ...motif, name: "found" }, match.target, match.match)}</div>`,
    "</figure>",
  ].join("");
}

import { type AlignedLogo, drawAlignedLogos, type Motif } from "@bindscape/motifs";
import { formatSignificant } from "../charts/number-format.js";
import { escapeText } from "../charts/svg.js";

/** How a query lies on a target: as a match of a comparison says it. */
export interface Placement {
  readonly offset: number;
  readonly isReversed: boolean;
}

/** Longest name beside a logo. */
const LONGEST_LABEL = 14;

/** Aligned logos with short names, in a box that the page's style sheet knows and narrow screens shrink. */
export function alignedBox(rows: readonly AlignedLogo[], columnWidth = 15, rowHeight = 44): string {
  const labelled = rows.map((row) => ({ ...row, label: clipName(row.label ?? row.motif.name) }));
  return `<div class="aligned">${drawAlignedLogos(labelled, { columnWidth, rowHeight })}</div>`;
}

/** The logos of a target, turned as it matches, and of the query under it. */
export function alignedMatch(query: Motif, target: Motif, { offset, isReversed }: Placement): string {
  return alignedBox([
    { motif: target, offset: 0, isReversed },
    { motif: query, offset },
  ]);
}

function clipName(name: string): string {
  return name.length > LONGEST_LABEL ? `${name.slice(0, LONGEST_LABEL - 1)}\u2026` : name;
}

/** A motif's name, with its id where that says more. */
export function motifTitle({ id, name }: Motif): string {
  return name === id || id.includes(name)
    ? escapeText(name)
    : `${escapeText(name)} <span class="muted">${escapeText(id)}</span>`;
}

/** p, E and q of a match, short. */
export function significance(match: {
  readonly pValue: number;
  readonly eValue: number;
  readonly qValue?: number;
}): string {
  const parts = [`p ${formatSignificant(match.pValue)}`, `E ${formatSignificant(match.eValue)}`];
  if (match.qValue !== undefined) parts.push(`q ${formatSignificant(match.qValue)}`);
  return parts.join(", ");
}

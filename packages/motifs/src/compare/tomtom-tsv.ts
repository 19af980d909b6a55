import { consensus, type Motif, reverseComplementMotif } from "../motif.js";
import { formatGeneral } from "../scan/format-number.js";
import type { MotifMatch } from "./compare.js";

const COLUMNS = [
  "Query_ID",
  "Target_ID",
  "Optimal_offset",
  "p-value",
  "E-value",
  "q-value",
  "Overlap",
  "Query_consensus",
  "Target_consensus",
  "Orientation",
];

/**
 * Matches as Tomtom's tomtom.tsv: a header, a line a match, then an empty line and comments. The consensus has each
 * position's most probable base; the target's is that of the orientation it is aligned in.
 *
 * @param comments lines for the end of the file, each written behind "# "
 */
export function writeTomtomTsv(
  matches: readonly MotifMatch[],
  queries: readonly Motif[],
  targets: readonly Motif[],
  comments: readonly string[] = [],
): string {
  const lines = [COLUMNS.join("\t")];
  for (const match of matches) {
    const query = queries[match.query];
    const target = targets[match.target];
    lines.push(
      [
        query.id,
        target.id,
        match.offset,
        formatShortest(match.pValue),
        formatShortest(match.eValue),
        formatShortest(match.qValue),
        match.overlap,
        consensus(query, 0),
        consensus(match.isReversed ? reverseComplementMotif(target) : target, 0),
        match.isReversed ? "-" : "+",
      ].join("\t"),
    );
  }
  if (comments.length > 0) lines.push("", ...comments.map((text) => `# ${text.replace(/[\r\n]+/g, " ")}`));
  return `${lines.join("\n")}\n`;
}

/** Six significant digits, as C's %g writes them: 0.000105047, 1.48466e-16, 14.3. */
export function formatShortest(value: number): string {
  return formatGeneral(value, 6);
}

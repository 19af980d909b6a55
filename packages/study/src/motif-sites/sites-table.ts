import type { SequenceSet } from "../sequence-set.js";
import { placeCore, writeLabel } from "../sequence-set-files.js";
import type { SiteValues } from "./site-summary.js";

/**
 * `sites.tsv`: one line a sequence, with the place of its core (0-based, half-open), split, label and one column a
 * number.
 */
export function formatSitesTable(
  { names, places, cores, splits, labels }: SequenceSet,
  columns: readonly SiteValues[],
): string {
  const header = [
    ...["name", "chromosome", "start", "end", "strand", "split", "label"],
    ...columns.map(({ name, unit }) => (unit === "" ? name : `${name} (${unit})`)),
  ];
  const lines = names!.map((name, row) => {
    const core = placeCore([cores![2 * row], cores![2 * row + 1]], places![row]);
    return [
      ...[name, core.chromosome, core.start, core.end, core.strand, splits![row], writeLabel(labels[row])],
      ...columns.map(({ values }) => Number(values[row].toPrecision(7))),
    ].join("\t");
  });
  return `${[header.join("\t"), ...lines].join("\n")}\n`;
}

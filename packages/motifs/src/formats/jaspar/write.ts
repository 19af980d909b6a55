import { BindscapeError } from "@bindscape/numerics";
import { requireCounts } from "../../conversions.js";
import type { Motif } from "../../motif.js";
import { joinHeader } from "../header-records.js";

/** JASPAR's bracketed form: "A [ 1 2 3 ]". Counts as the motif has them, else its probabilities times its sites. */
export function writeJaspar(motifs: readonly Motif[]): string {
  return write(
    motifs,
    (base, numbers) => `${base}  [ ${numbers.map((number) => number.padStart(6)).join(" ")} ]`,
  );
}

/** JASPAR's raw form: four rows of counts, A, C, G and T. */
export function writeJasparRaw(motifs: readonly Motif[]): string {
  return write(motifs, (_, numbers) => numbers.join("\t"));
}

function write(motifs: readonly Motif[], formatRow: (base: string, numbers: string[]) => string): string {
  return motifs
    .map((motif) => {
      const counts = requireCounts(motif, "JASPAR");
      const rows = [..."ACGT"].map((base, row) =>
        formatRow(
          base,
          Array.from({ length: motif.length }, (_, position) => `${counts[position * 4 + row]}`),
        ),
      );
      return `>${joinHeader(motif.id, motif.name, "\t")}\n${rows.join("\n")}\n`;
    })
    .join("");
}

/**
 * JASPAR's list of sites: as many sequences as the motif has sites, whose columns have its counts. Which bases stand in one
 * sequence together is not known to a matrix: columns are filled independently, so read these sites for their
 * counts alone.
 * @throws BindscapeError where counts are no whole numbers, or rows sum to different numbers of sites
 */
export function writeJasparSites(motifs: readonly Motif[]): string {
  const parts: string[] = [];
  for (const motif of motifs) {
    const counts = requireCounts(motif, "JASPAR sites");
    const columns = Array.from({ length: motif.length }, (_, position) =>
      [..."ACGT"]
        .map((base, column) => base.repeat(wholeCount(motif, counts[position * 4 + column])))
        .join(""),
    );
    const uneven = columns.findIndex((column) => column.length !== columns[0].length);
    if (uneven >= 0) {
      throw new BindscapeError({
        source: `motif "${motif.id}"`,
        found: `${columns[uneven].length} sites at position ${uneven + 1} and ${columns[0].length} at position 1`,
        expected: "as many at every position, to write them as sites",
      });
    }
    for (let site = 0; site < columns[0].length; site++) {
      const name = motif.name === motif.id ? "" : ` ${motif.name}`;
      parts.push(`>${motif.id}${name} ${site + 1}\n${columns.map((column) => column[site]).join("")}\n`);
    }
  }
  return parts.join("");
}

function wholeCount(motif: Motif, count: number): number {
  const whole = Math.round(count);
  if (Math.abs(count - whole) < 1e-6 * Math.max(1, count)) return whole;
  throw new BindscapeError({
    source: `motif "${motif.id}"`,
    found: `the count ${count}`,
    expected: "whole numbers, to write them as sites",
  });
}

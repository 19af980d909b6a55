import { requireCounts } from "../../conversions.js";
import { iupacOf } from "../../iupac.js";
import type { Motif } from "../../motif.js";

/** TRANSFAC entries: AC, ID or NA, the motif's other two-letter annotations, and the counts with IUPAC letters. */
export function writeTransfac(motifs: readonly Motif[]): string {
  return motifs.map(formatEntry).join("");
}

function formatEntry(motif: Motif): string {
  const lines = [`AC  ${motif.id}`, "XX"];
  const own = Object.entries(motif.annotations ?? {}).filter(
    ([key]) => /^[A-Z][A-Z0-9]$/.test(key) && !["AC", "P0", "PO", "XX"].includes(key),
  );
  const hasName = own.some(([key]) => key === "NA" || key === "ID");
  if (!hasName && motif.name !== motif.id) lines.push(`ID  ${motif.name}`, "XX");
  for (const [key, value] of own) {
    for (const part of value.split("\n")) lines.push(`${key}  ${part}`);
    lines.push("XX");
  }
  lines.push("P0\tA\tC\tG\tT");
  const counts = requireCounts(motif, "TRANSFAC");
  for (let position = 0; position < motif.length; position++) {
    const row = counts.subarray(position * 4, position * 4 + 4);
    const letter = iupacOf(motif.probabilities.subarray(position * 4, position * 4 + 4));
    lines.push(`${`${position + 1}`.padStart(2, "0")}\t${Array.from(row, String).join("\t")}\t${letter}`);
  }
  lines.push("XX", "//");
  return `${lines.join("\n")}\n`;
}

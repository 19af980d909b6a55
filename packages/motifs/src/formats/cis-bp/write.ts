import type { Motif } from "../../motif.js";
import { formatPositionRows } from "../position-rows/write.js";

/** CIS-BP's text: keys and values, then "Pos A C G T" and numbered rows of probabilities. */
export function writeCisBp(motifs: readonly Motif[]): string {
  return motifs
    .map(({ id, name, annotations = {}, probabilities }) => {
      const pairs = Object.entries(annotations).filter(([key, value]) => !/[\t\n]/.test(key + value));
      const lines = [
        ...(name === id ? [] : [["TF Name", name]]),
        ["Motif", id],
        ...pairs,
        ["Pos", "A", "C", "G", "T"],
      ].map((cells) => cells.join("\t"));
      return `${lines.join("\n")}\n${formatPositionRows(probabilities, (position) => `${position + 1}`)}\n`;
    })
    .join("\n");
}

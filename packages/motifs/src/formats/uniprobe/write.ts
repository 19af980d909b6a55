import type { Motif } from "../../motif.js";

/** UniPROBE's form: "Protein: id" with the motif's annotations, and a row of probabilities for each base. */
export function writeUniprobe(motifs: readonly Motif[]): string {
  return motifs
    .map(({ id, annotations = {}, probabilities, length }) => {
      const pairs = Object.entries(annotations)
        .filter(([key, value]) => !/[:\t\n]/.test(key) && !/[\t\n]/.test(value))
        .map(([key, value]) => `\t${key}: ${value}`);
      const rows = [..."ACGT"].map((base, row) => {
        const numbers = Array.from({ length }, (_, position) => `${probabilities[position * 4 + row]}`);
        return `${base}:\t${numbers.join("\t")}\n`;
      });
      return `Protein: ${id}${pairs.join("")}\n${rows.join("")}\n`;
    })
    .join("");
}

import { readMotifFile, totalInformation } from "@bindscape/motifs";
import { type Contents, formatNames, formatNumber } from "./description.js";

/** The motifs of a file (plain or gzip). */
export async function describeMotifs(file: string): Promise<Contents> {
  const motifs = await readMotifFile(file);
  const widths = motifs.map(({ length }) => length);
  const [narrowest, widest] = [Math.min(...widths), Math.max(...widths)];
  return {
    kind: "motifs",
    facts: {
      count: motifs.length,
      motifs: motifs.map((motif) => ({
        id: motif.id,
        name: motif.name,
        width: motif.length,
        bits: Number(totalInformation(motif).toPrecision(6)),
        sites: motif.sites ?? null,
      })),
    },
    rows: [
      ["motifs", `${formatNumber(motifs.length)}: ${formatNames(motifs.map(({ name }) => name))}`],
      ["width", narrowest === widest ? `${widest} bp` : `${narrowest} to ${widest} bp`],
    ],
  };
}

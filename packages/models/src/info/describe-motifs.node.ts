import { openFile, readTextLines } from "@bindscape/genome";
import { readMotifs, totalInformation } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { type Contents, formatNames, formatNumber } from "./description.js";

/** Most characters of a motif file: all known motifs of all species are a few dozen MB. */
const longestText = 2 ** 28;

/** The motifs of a file (plain or gzip). */
export async function describeMotifs(file: string): Promise<Contents> {
  const motifs = readMotifs(await readText(file), file);
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

async function readText(file: string): Promise<string> {
  const source = await openFile(file);
  const lines: string[] = [];
  let length = 0;
  try {
    for await (const { text } of readTextLines(source)) {
      length += text.length + 1;
      if (length > longestText) {
        throw new BindscapeError({
          source: file,
          found: "more than 256 MiB of text",
          expected: "a motif file",
        });
      }
      lines.push(text);
    }
  } finally {
    await source.close();
  }
  return lines.join("\n");
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  encodeSequence,
  formatBedRecord,
  reverseComplementCodes,
  writeBigWigFile,
  writeFasta,
  writeFileAtomically,
} from "@bindscape/genome";
import { Random } from "@bindscape/numerics";

export const site = "TTACCCGGA";
const lengths = { chrA: 160_000, chrB: 60_000, chrC: 80_000 } as const;
/** One planted site a so many bp. */
const spacing = 1000;

/**
 * Writes a study of 300 kb that a network of four kernels learns in seconds: a random genome with a motif planted
 * on both strands, a 200-bp peak around each site, and an accessibility track that is higher there.
 * @returns path of its study.yaml
 */
export async function writeTinyStudy(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const random = new Random("tiny study");
  const forward = encodeSequence(site);
  const backward = reverseComplementCodes(forward);
  const peaks: string[] = [];
  const records = Object.entries(lengths).map(([name, length]) => {
    const codes = Uint8Array.from({ length }, () => random.integer(4));
    const starts: number[] = [];
    for (let from = 0; from + spacing <= length; from += spacing) {
      const start = from + 200 + random.integer(spacing - 400);
      codes.set(random.uniform() < 0.5 ? forward : backward, start);
      starts.push(start);
      const middle = start + Math.floor(site.length / 2);
      peaks.push(formatBedRecord({ chromosome: name, start: middle - 100, end: middle + 100 }));
    }
    return { name, description: "", codes, starts };
  });
  await writeFileAtomically(join(folder, "genome.fa"), (sink) => writeFasta(sink, records));
  await writeFile(join(folder, "F.bed"), `${peaks.join("\n")}\n`);
  const runs = records.map(({ name, starts }) => ({
    chromosome: name,
    starts: starts.map((start) => start - 50),
    ends: starts.map((start) => start + 50),
    values: starts.map(() => 1 + 4 * random.uniform()),
  }));
  const sizes = records.map(({ name, codes }) => ({ name, size: codes.length }));
  await writeBigWigFile(join(folder, "open.bw"), sizes, runs);
  const rows = [...site].map((base) =>
    ["A", "C", "G", "T"].map((other) => (other === base ? 1 : 0)).join(" "),
  );
  await writeFile(join(folder, "motifs.pfm"), `>F\n${rows.join("\n")}\n`);
  const studyFile = join(folder, "study.yaml");
  await writeFile(
    studyFile,
    `name: tiny
assembly: { name: tiny1, genome: genome.fa }
motifs: motifs.pfm
cells: { cell: { tracks: [{ name: open, file: open.bw, unit: reads }] } }
experiments: [{ factor: F, cell: cell, peaks: F.bed }]
holdOut: { validation: { chromosomes: [chrB] }, test: { chromosomes: [chrC] } }
`,
  );
  return studyFile;
}

/** Flags of a network that trains in a second or two. */
export const tinyNetwork = [
  ...["--window-length", "200", "--kernels", "4", "--kernel-width", "8", "--pool-width", "8"],
  ...["--recurrent", "2", "--dense", "4", "--threads", "1"],
];

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MemorySource, readFasta } from "@bindscape/genome";
import { type DiscoverOptions, discover, type NamedSequence, readSequences } from "@bindscape/motifs";
import { type Figure, findData, makeFigure } from "./figure.js";

/** Of STREME 5.5.8, as the shared data's README has them: measured elsewhere, on one thread of a 2-core machine. */
const STREME_PEAKS_SECONDS = 105;
const STREME_REB1_SECONDS = 3.9;

/** De novo motifs of 10,000 yeast peaks, of the Reb1 peaks, and by expectation maximisation. One thread throughout. */
export async function run(): Promise<Figure[]> {
  const peaks = findData("gold/meme_5.5.8_yeast/peaks10000.fa.gz");
  const reb1 = findData("yeast/peaks/Reb1.bed");
  const genome = findData("yeast/sacCer3_nuclear.fa.gz");
  if (peaks === null || reb1 === null || genome === null) {
    console.error("motif-discover: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const many = await readSequences(new MemorySource(new Uint8Array(gunzipSync(readFileSync(peaks))), peaks));
  const windows = await summitWindows(reb1, genome);
  const five = await best(2, many, { motifs: 5 });
  const three = await best(3, windows, { motifs: 3 });
  const em = await best(2, windows.slice(0, 500), {
    method: "meme",
    motifs: 5,
    minimumWidth: 6,
    maximumWidth: 30,
  });
  console.error(`10,000 peaks: ${five.found.join(", ")}`);
  console.error(`Reb1: ${three.found.join(", ")}`);
  console.error(`Reb1, expectation maximisation: ${em.found.join(", ")}`);
  const streme = (value: number) => ({ name: "STREME 5.5.8 (elsewhere)", value });
  return [
    makeFigure(
      "motif-discover/5 motifs of 10,000 peaks",
      five.seconds,
      "s",
      "less",
      streme(STREME_PEAKS_SECONDS),
    ),
    makeFigure("motif-discover/5 motifs of 10,000 peaks, processor time", five.processor, "s", "less", null),
    makeFigure(
      `motif-discover/3 motifs of ${windows.length} Reb1 peaks`,
      three.seconds,
      "s",
      "less",
      streme(STREME_REB1_SECONDS),
    ),
    makeFigure(
      `motif-discover/3 motifs of ${windows.length} Reb1 peaks, processor time`,
      three.processor,
      "s",
      "less",
      null,
    ),
    makeFigure("motif-discover/EM, 5 motifs of 500 Reb1 peaks", em.seconds, "s", "less", null),
  ];
}

async function best(repeats: number, sequences: readonly NamedSequence[], options: DiscoverOptions) {
  let seconds = Number.POSITIVE_INFINITY;
  let processor = Number.POSITIVE_INFINITY;
  let found: string[] = [];
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage();
    const started = performance.now();
    const { motifs } = await discover(sequences, options);
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
    const { user, system } = process.cpuUsage(before);
    processor = Math.min(processor, (user + system) / 1e6);
    found = motifs.map(({ consensus }) => consensus);
  }
  return { seconds, processor, found };
}

/** 100 bp about each summit. */
async function summitWindows(bed: string, genomeFile: string): Promise<NamedSequence[]> {
  const genome = await readFasta(new MemorySource(new Uint8Array(readFileSync(genomeFile)), genomeFile));
  const codesOf = new Map(genome.map(({ name, codes }) => [name, codes]));
  const windows: NamedSequence[] = [];
  for (const line of readFileSync(bed, "utf8").trim().split("\n")) {
    const [chromosome, start] = line.split("\t");
    const from = Number(start) - 50;
    const codes = codesOf.get(chromosome)?.slice(Math.max(0, from), from + 100);
    if (from >= 0 && codes !== undefined) windows.push({ name: `${chromosome}:${from}`, codes });
  }
  return windows;
}

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemorySource, readFasta, writeFasta, writeFileAtomically } from "@bindscape/genome";
import {
  bitsOfScore,
  type Motif,
  planScan,
  readMotifFile,
  SiteScanner,
  scan,
  scanFiles,
  scanToText,
} from "@bindscape/motifs";
import { type Figure, findData, makeFigure, runPeer } from "./figure.js";

/** Of FIMO 5.5.8, as the shared data's README has them: measured elsewhere, on one thread of a 2-core machine. */
const FIMO_SECONDS = 449;
const FIMO_SITES = 339_461;

/** The yeast genome scanned with 179 motifs, p < 0.0001, both strands; and with one of 12 bp. */
export async function run(): Promise<Figure[]> {
  const genome = findData("yeast/sacCer3_nuclear.fa.gz");
  const motifFile = findData("gold/meme_5.5.8_yeast/JASPAR2022_fungi.meme");
  if (genome === null || motifFile === null) {
    console.error("motif-scan: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const motifs = await readMotifFile(motifFile);
  const records = await readFasta(new MemorySource(readFileSync(genome), genome));
  const bases = records.reduce((sum, { codes }) => sum + codes.length, 0);
  const folder = mkdtempSync(join(tmpdir(), "bindscape-bench-"));
  const figures: Figure[] = [];
  try {
    const fasta = join(folder, "genome.fa");
    await writeFileAtomically(fasta, (sink) => writeFasta(sink, records));
    const matrices = join(folder, "matrices.json");
    writeFileSync(matrices, JSON.stringify(logOddsForMoods(motifs)));

    let sites = 0;
    const inMemory = await best(3, () => {
      sites = scan(motifs, records, { computeQValues: false }).sites.length;
    });
    const positions: number[] = [];
    const scores: number[] = [];
    const sitesOnly = await best(3, () => {
      positions.length = 0;
      scores.length = 0;
      const scanner = new SiteScanner(planScan(motifs).motifs);
      for (const { codes } of records) {
        scanner.scan(codes, (_motif, position, _isReverse, score) => {
          positions.push(position);
          scores.push(score);
        });
      }
    });
    const text = async (threads: number) =>
      best(3, async () => {
        sites = (await scanToText(motifs, genome, () => {}, { threads })).sites;
      });
    const oneThread = await text(1);
    const twoThreads = await text(2);
    const sorted = await best(3, () => scanFiles(motifs, genome, join(folder, "out"), { threads: 2 }));
    const peer = runPeer("motif_scan.py", [motifFile, fasta, matrices]);

    const name = "motif-scan/yeast, 179 motifs";
    const fimo = { name: "FIMO 5.5.8 (elsewhere)", value: FIMO_SECONDS };
    const moods =
      peer?.moodsSeconds === undefined ? null : { name: "MOODS, one thread", value: peer.moodsSeconds };
    const memelite =
      peer?.memeliteSeconds === undefined
        ? null
        : { name: "memelite, all cores", value: peer.memeliteSeconds };
    figures.push(
      makeFigure(`${name}, positions and scores in memory, 1 thread`, sitesOnly.seconds, "s", "less", moods),
      makeFigure(`${name}, file to text, 1 thread`, oneThread.seconds, "s", "less", moods),
      makeFigure(`${name}, file to text, 2 threads`, twoThreads.seconds, "s", "less", fimo),
      makeFigure(
        `${name}, file to sorted fimo.tsv with q-values, 2 threads`,
        sorted.seconds,
        "s",
        "less",
        fimo,
      ),
      makeFigure(
        `${name}, file to text, 2 threads against memelite`,
        twoThreads.seconds,
        "s",
        "less",
        memelite,
      ),
      makeFigure(
        `${name}, in memory, processor time`,
        inMemory.processor,
        "s",
        "less",
        peer?.moodsProcessor === undefined ? null : { name: "MOODS", value: peer.moodsProcessor },
      ),
      makeFigure(`${name}, sites`, sites, "sites", "more", { name: "FIMO 5.5.8", value: FIMO_SITES }),
    );
    if (peer?.moodsSites !== undefined) {
      figures.push(
        makeFigure(`${name}, sites`, sites, "sites", "more", {
          name: "MOODS, our thresholds",
          value: peer.moodsSites,
        }),
      );
    }
    if (peer?.memeliteSites !== undefined) {
      figures.push(
        makeFigure(`${name}, sites`, sites, "sites", "more", { name: "memelite", value: peer.memeliteSites }),
      );
    }
    const twelve = motifs.filter(({ length }) => length === 12).slice(0, 1);
    const plan = planScan(twelve);
    if (plan.motifs.length === 1) {
      const one = await best(10, () => scan(twelve, records, { computeQValues: false }));
      figures.push(
        makeFigure(
          "motif-scan/one 12-bp motif, one core",
          (1e9 * one.processor) / bases / 2,
          "ns a base and strand",
          "less",
          {
            name: "goal",
            value: 1,
          },
        ),
      );
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The least wall-clock and processor seconds of several calls. */
async function best(repeats: number, work: () => unknown): Promise<{ seconds: number; processor: number }> {
  let seconds = Number.POSITIVE_INFINITY;
  let processor = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repeats; i++) {
    const used = process.cpuUsage();
    const start = performance.now();
    await work();
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(used);
    processor = Math.min(processor, (user + system) / 1e6);
  }
  return { seconds, processor };
}

/** Matrices in bits, a row for each base, and FIMO's lowest scores at p < 0.0001; motifs that cannot reach it are left out. */
function logOddsForMoods(motifs: readonly Motif[]): { matrix: number[][]; threshold: number }[] {
  return planScan(motifs)
    .motifs.filter(({ tail, lowest }) => lowest < tail.length)
    .map(({ matrix, lowest }) => ({
      matrix: [0, 1, 2, 3].map((base) =>
        Array.from(
          { length: matrix.length },
          (_, k) => matrix.values[4 * k + base] / matrix.scale + matrix.offset,
        ),
      ),
      // Half a step lower, so that rounding of sums decides nothing.
      threshold: bitsOfScore(matrix, lowest - 0.5),
    }));
}

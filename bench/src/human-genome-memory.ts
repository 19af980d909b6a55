import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Network, predictInParts, writePredictionTrackInParts } from "@bindscape/models";
import { loadStudy } from "@bindscape/study";
import { type Figure, makeFigure } from "./figure.js";
import { hg38, writeRandomTrack, writeRandomTwoBit } from "./human-genome.js";
import { untrainedNetwork } from "./untrained-network.js";

/**
 * Peak memory of predicting along a synthetic genome of hg38's chromosomes with one track, part by part, by a tiny
 * network: the genome is what is measured. `BINDSCAPE_GENOME_SHARE` shortens all chromosomes, 0.02 where not given
 * (1 is the whole genome: 62 million windows, and hours); the peak must hardly depend on it.
 */
export async function run(): Promise<Figure[]> {
  const share = Number(process.env.BINDSCAPE_GENOME_SHARE ?? 0.02);
  const folder = await mkdtemp(join(tmpdir(), "bindscape-human-"));
  try {
    const sizes = Object.fromEntries(
      Object.entries(hg38).map(([name, size]) => [name, Math.max(1_000, Math.round(size * share))]),
    );
    await writeRandomTwoBit(join(folder, "genome.2bit"), sizes);
    await writeRandomTrack(join(folder, "track.bw"), sizes);
    await writeFile(join(folder, "peaks.bed"), "chr1\t20000\t20200\n");
    const study = join(folder, "study.yaml");
    await writeFile(
      study,
      `name: human
assembly: { name: synthetic, genome: genome.2bit }
cells: { C: { tracks: [{ name: open, file: track.bw, transform: { log: true } }] } }
experiments: [{ factor: F, cell: C, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [chr11] }, test: { chromosomes: [chr1] } }
`,
    );
    const script = fileURLToPath(new URL("./human-genome-child.js", import.meta.url));
    const result = spawnSync(process.execPath, [script, study, join(folder, "out.bw")], { encoding: "utf8" });
    if (result.status !== 0) throw new Error(`the prediction failed: ${result.stderr}`);
    const { kibibytes, bins } = JSON.parse(result.stdout) as { kibibytes: number; bins: number };
    const megabases = Object.values(sizes).reduce((sum, size) => sum + size, 0) / 1e6;
    const name = `peak memory of predicting ${bins} bins along ${Math.round(megabases)} Mb with a track`;
    return [makeFigure(name, (kibibytes * 1024) / 1e6, "MB", "less", { name: "goal", value: 1000 })];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Predicts the whole genome of a study; returns the number of bins. */
export async function predictGenome(studyFile: string, out: string): Promise<number> {
  const study = await loadStudy(studyFile, { factors: [], sequence: "later" });
  const chromosomes = study.assembly.chromosomes.map(({ name }) => name);
  let bins = 0;
  async function* parts() {
    // Parts as for a whole genome, also where a share of it is short enough to be held.
    const options = { partBases: 1 << 24 };
    for await (const part of predictInParts(makeTinyNetwork(), study, "C", chromosomes, options)) {
      bins += part.bins.length;
      yield part;
    }
  }
  await writePredictionTrackInParts(out, study.bins, parts());
  return bins;
}

function makeTinyNetwork(): Network {
  const options = { windowLength: 200, kernels: 4, kernelWidth: 8, poolWidth: 20, recurrent: 0, dense: 4 };
  return untrainedNetwork(options, ["open"]);
}

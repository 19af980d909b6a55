import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  evaluateFactor,
  factorNetOptions,
  type Network,
  predictInParts,
  scoreBins,
  trainingSettings,
  trainNetwork,
  writePredictionTrackInParts,
} from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { loadStudy, splitStudy } from "@bindscape/study";
import { type Figure, makeFigure } from "./figure.js";
import { hg38, writeRandomTrack, writeRandomTwoBit } from "./human-genome.js";
import { untrainedNetwork } from "./untrained-network.js";

/** Peaks of the synthetic factor: with as many negatives 240 training steps of 100 windows. */
const PEAKS = 13_000;

/**
 * Peak memory on a synthetic genome of hg38's chromosomes with one track, by tiny networks, since the genome is what is
 * measured: of predicting along it part by part, and of training and evaluating with sequence and track read on demand
 * as they are for whole human genomes. `BINDSCAPE_GENOME_SHARE` shortens all chromosomes, 0.02 where not given (1 is the
 * whole genome, in about a quarter of an hour); the peak of the prediction must hardly depend on it. Only the tables of
 * bins, a few bytes each, grow with it in training.
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
    await writeFile(join(folder, "peaks.bed"), drawPeaks(sizes));
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
    const megabases = Math.round(Object.values(sizes).reduce((sum, size) => sum + size, 0) / 1e6);
    const measure = (what: "predict" | "train") => {
      const script = fileURLToPath(new URL("./human-genome-child.js", import.meta.url));
      const out = join(folder, "out.bw");
      const result = spawnSync(process.execPath, [script, what, study, out], { encoding: "utf8" });
      if (result.status !== 0) throw new Error(`it failed to ${what}: ${result.stderr}`);
      const { kibibytes, done } = JSON.parse(result.stdout) as { kibibytes: number; done: string };
      const name = `peak memory of ${done} ${megabases} Mb with a track (tiny network)`;
      const goal = { name: "goal", value: what === "predict" ? 1000 : 5000 };
      return makeFigure(name, (kibibytes * 1024) / 1e6, "MB", "less", goal);
    };
    return [measure("predict"), measure("train")];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function drawPeaks(sizes: Readonly<Record<string, number>>): string {
  const random = new Random("human peaks");
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
  return Object.entries(sizes)
    .flatMap(([chromosome, size]) =>
      Array.from({ length: Math.ceil((PEAKS * size) / total) }, () => {
        const start = random.integer(size - 300);
        return `${chromosome}\t${start}\t${start + 300}\n`;
      }),
    )
    .join("");
}

/** Predicts the whole genome of a study; returns what was done. */
export async function predictGenome(studyFile: string, out: string): Promise<string> {
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
  return `predicting ${bins} bins along`;
}

/** Trains an epoch and evaluates with baselines, the cell's files read on demand; returns what was done. */
export async function trainOnGenome(studyFile: string): Promise<string> {
  // As for a whole genome, also where a share of it is short enough to be held.
  const study = await loadStudy(studyFile, { tracks: "on-demand" });
  const [experiment] = study.experiments;
  let steps = 0;
  const { network } = await trainNetwork(study, [experiment], {
    model: "factornet",
    modelOptions: factorNetOptions.parse({ ...tiny, windowLength: 1000 }),
    settings: trainingSettings.parse({ epochs: 1 }),
    onProgress: ({ task, done }) => {
      if (task.startsWith("epoch")) steps = Math.max(steps, done);
    },
  });
  const splits = splitStudy(study, network.file.plan.windowLength);
  const { selected } = await evaluateFactor(study, experiment, splits, "network", async (bins) => {
    const [{ scores }] = await scoreBins([network], study, experiment.cell, bins);
    return scores;
  });
  return `training ${steps} steps and evaluating ${selected.bins.length} bins on`;
}

const tiny = {
  windowLength: 200,
  kernels: 4,
  kernelWidth: 8,
  poolWidth: 20,
  recurrent: 0,
  dense: 4,
  seedKernels: false,
};

function makeTinyNetwork(): Network {
  return untrainedNetwork(tiny, ["open"]);
}

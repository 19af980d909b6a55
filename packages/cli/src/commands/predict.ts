import { writeFileAtomically } from "@bindscape/genome";
import {
  chooseCell,
  type DeviceChoice,
  makeRunRecord,
  predictInParts,
  predictRegions,
  predictShard,
  readBundle,
  type Shard,
  writeDreamSubmission,
  writePredictionBedInParts,
  writePredictionTrackInParts,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy, type Study } from "@bindscape/study";
import type { Command } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { runShard } from "./run-shard.js";
import {
  addStudyOptions,
  commandText,
  parseList,
  parseShardOption,
  readDevice,
  type StudyFlags,
} from "./shared-options.js";

export function addPredictCommand(program: Command): void {
  const command = program
    .command("predict")
    .description(
      "predict binding with a model bundle: along chromosomes (bigWig or BED), or of regions (TSV)",
    )
    .argument("<bundle>", "model bundle, as `bindscape train` writes it")
    .requiredOption("--study <file>", "study file with the genome and the cell's tracks")
    .requiredOption("--out <file>", "file to write: .bw or .bigWig, .bed, or .tsv for regions")
    .option("--cell <name>", "cell to predict in (default: the one trained in)")
    .option("--factor <name>", "factor to write, of a bundle that predicts several")
    .option("--chromosomes <names>", "chromosomes, separated by commas (default: all)", parseList)
    .option("--regions <file>", "BED file: one score a line, in its order")
    .option("--no-shared-overlap", "compute every window by itself: slower, the same numbers to 5 decimals")
    .option(
      "--dream-regions <file>",
      "BED file of bins: a submission to the ENCODE-DREAM challenge (.tab.gz)",
    );
  command.option("--shard <i/n>", "predict part i of n alone; `merge` puts them together", parseShardOption);
  addStudyOptions(command);
  command
    .addHelpText(
      "after",
      `
A bin's probability stands on its central part in the bigWig (50 bp of 200-bp bins every 50 bp), since bins overlap;
the BED holds whole bins. Regions are scored by one window centred on each. A submission has the three columns of each
region and its probability.

Examples:
  bindscape predict models/reb1 --study study.yaml --chromosomes chrIV,chrVII --out reb1.bw
  bindscape predict models/reb1 --study study.yaml --regions sites.bed --out scores.tsv
  bindscape predict models/reb1 --study study.yaml --shard 3/8 --out reb1.bw
  bindscape predict models/ctcf --study study.yaml --cell iPSC --factor CTCF \\
    --dream-regions ladder_regions.blacklistfiltered.bed.gz --out L.CTCF.iPSC.tab.gz`,
    )
    .action(async (bundlePath: string, given: PredictFlags) => {
      const started = performance.now();
      const { threads, sharedOverlap } = given;
      if (given.regions !== undefined) checkRegionOptions(given);
      if (given.dreamRegions !== undefined) checkSubmissionOptions(given);
      if (given.shard !== undefined) checkShardOptions(given);
      const bundle = await readBundle(bundlePath);
      const { tasks } = bundle.network.file;
      const task = chooseTask(tasks, given.factor, bundlePath);
      const cell = chooseCell(tasks[task], given.cell);
      // The genome stays in its file where that can be: whole chromosomes are predicted part by part.
      const study = await loadStudy(given.study, {
        factors: [],
        cells: [cell],
        dataFolder: given.data,
        tracks: given.tracks,
        sequence: "later",
      });
      const bar = new ProgressBar();
      const chosen = await readDevice(given.device, (line) => bar.say(line));
      const { device } = chosen;
      if (given.shard !== undefined) {
        const { shard } = given;
        const chromosomes = chooseChromosomes(study, given.chromosomes);
        const choices = { factor: tasks[task].factor, cell, chromosomes: chromosomes.join(", ") };
        const work = (signal: AbortSignal) => {
          const options = { threads, device, sharedOverlap, onProgress: bar.listener, signal };
          return predictShard(bundle.network, study, cell, task, chromosomes, shard, options);
        };
        const { out, json } = given;
        await runShard(
          { command: "predict", out, shard, bundles: [bundle.path], study, choices, json, work },
          bar,
        );
        return;
      }
      const scored = await withInterrupt("Nothing was written", async (signal) => {
        const options = { threads, device, sharedOverlap, onProgress: bar.listener, signal };
        if (given.dreamRegions !== undefined) {
          const submission = { network: bundle.network, study, cell, task, out: given.out };
          const written = await writeDreamSubmission({ ...submission, regions: given.dreamRegions }, options);
          return written.regions;
        }
        if (given.regions !== undefined) {
          const { regions, scores } = await predictRegions(
            bundle.network,
            study,
            cell,
            given.regions,
            options,
          );
          const lines = regions.map((_, row) => `${scores[row * tasks.length + task]}\n`);
          await writeFileAtomically(given.out, lines.join(""));
          return regions.length;
        }
        const chromosomes = chooseChromosomes(study, given.chromosomes);
        const write = chooseWriter(given.out);
        let count = 0;
        async function* scoreParts() {
          for await (const part of predictInParts(bundle.network, study, cell, chromosomes, options)) {
            count += part.bins.length;
            const scores = Float32Array.from(part.bins, (_, i) => part.scores[i * tasks.length + task]);
            yield { bins: part.bins, scores };
          }
        }
        await write(given.out, study.bins, scoreParts(), tasks[task].factor);
        return count;
      });
      for (const warning of study.warnings) bar.say(`warning: ${warning}`);
      const seconds = (performance.now() - started) / 1000;
      const regions = given.regions ?? given.dreamRegions;
      const inputs = [...study.inputs, ...(regions ? [regions] : [])];
      const record = await makeRunRecord(
        commandText(),
        bundle.network.file.training.seed,
        inputs,
        seconds,
        chosen,
      );
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      bar.say(
        `wrote ${given.out}: ${scored.toLocaleString("en-US")} ${regions ? "regions" : "bins"} of ${tasks[task].factor} in ${cell}, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, factor: tasks[task].factor, cell, count: scored, seconds });
    });
}

interface PredictFlags extends StudyFlags {
  readonly study: string;
  readonly out: string;
  readonly cell?: string;
  readonly factor?: string;
  readonly chromosomes?: string[];
  readonly regions?: string;
  readonly dreamRegions?: string;
  readonly shard?: Shard;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly sharedOverlap: boolean;
  readonly json?: boolean;
}

function checkRegionOptions({ out, chromosomes }: PredictFlags): void {
  if (/\.(bw|bigwig|bed)$/i.test(out)) {
    throw new BindscapeError({
      source: out,
      found: "--regions gives one score a line",
      expected: "a name ending in .tsv or .txt",
      next: "Leave --regions out for a bigWig or BED of whole chromosomes",
    });
  }
  if (chromosomes === undefined) return;
  throw new BindscapeError({ found: "--regions and --chromosomes together", expected: "one of them" });
}

function checkSubmissionOptions({ out, chromosomes, regions }: PredictFlags): void {
  if (!/\.(tab|tsv)(\.gz)?$/i.test(out)) {
    throw new BindscapeError({
      source: out,
      found: "--dream-regions gives a submission",
      expected: "a name such as F.CTCF.iPSC.tab.gz",
    });
  }
  if (regions === undefined && chromosomes === undefined) return;
  const other = regions === undefined ? "--chromosomes" : "--regions";
  throw new BindscapeError({ found: `--dream-regions and ${other} together`, expected: "one of them" });
}

/** Chromosomes to predict, in the order of the assembly. */
function chooseChromosomes({ assembly }: Study, wanted: readonly string[] | undefined): string[] {
  const known = assembly.chromosomes.map(({ name }) => name);
  const unknown = wanted?.find((name) => !assembly.hasChromosome(name));
  if (unknown === undefined) return known.filter((name) => wanted?.includes(name) ?? true);
  throw new BindscapeError({
    found: `--chromosomes names "${unknown}"`,
    expected: `names of ${assembly.name}: ${known.join(", ")}`,
  });
}

function checkShardOptions({ out, regions, dreamRegions }: PredictFlags): void {
  if (regions !== undefined || dreamRegions !== undefined) {
    throw new BindscapeError({
      found: `--shard with ${regions === undefined ? "--dream-regions" : "--regions"}`,
      expected: "--shard with bins along chromosomes",
    });
  }
  chooseWriter(out);
}

function chooseTask(
  tasks: readonly { factor: string }[],
  factor: string | undefined,
  bundle: string,
): number {
  if (factor === undefined && tasks.length === 1) return 0;
  const found = tasks.findIndex((task) => task.factor.toLowerCase() === factor?.toLowerCase());
  if (found >= 0) return found;
  throw new BindscapeError({
    source: bundle,
    found:
      factor === undefined ? `a model of ${tasks.length} factors` : `no output for the factor "${factor}"`,
    expected: `--factor with one of ${tasks.map((task) => task.factor).join(", ")}`,
  });
}

function chooseWriter(out: string): typeof writePredictionBedInParts {
  if (/\.(bw|bigwig)$/i.test(out))
    return (path, table, parts) => writePredictionTrackInParts(path, table, parts);
  if (/\.bed$/i.test(out)) return writePredictionBedInParts;
  throw new BindscapeError({
    source: out,
    found: "an output of unknown kind",
    expected: "a name ending in .bw, .bigWig or .bed (or --regions with .tsv)",
  });
}

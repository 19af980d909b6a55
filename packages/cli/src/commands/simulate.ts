import { makeRunRecord } from "@bindscape/models";
import {
  formatEmbeddedMotifs,
  simulateGataTal,
  writeSequenceSetFolder,
  writeSimulatedStudy,
} from "@bindscape/study";
import { type Command, InvalidArgumentError } from "commander";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { commandText, parseList, parseWholeNumber } from "./shared-options.js";

export function addSimulateCommand(program: Command): void {
  const command = program.command("simulate");
  command
    .enablePositionalOptions()
    .description(
      "write a small simulated study: genome, planted motif grammar, accessibility track, peaks, study.yaml",
    )
    .argument("<folder>", "folder to write to")
    .option("--genome-size <number>", "bp in all chromosomes together", parseWholeNumber, 1_600_000)
    .option(
      "--chromosomes <number>",
      "chromosomes: the last is for validation, those before it for test",
      parseWholeNumber,
      4,
    )
    .option("--factors <number>", "factors, 1 to 6", parseWholeNumber, 3)
    .option("--seed <number>", "seed of everything random", parseWholeNumber, 420)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
A factor binds its motif where chromatin is open; some factors only beside a partner's site. truth.tsv lists every
planted site and what became of it. The same options give the same files.

Example:
  bindscape simulate simulated --seed 7 && bindscape train simulated/study.yaml --factor SimA --out sima`,
    )
    .action(async (target: string, { json, ...options }: SimulateFlags) => {
      const bar = new ProgressBar();
      const { folder, studyFile, files } = await writeSimulatedStudy(target, {
        ...options,
        onProgress: bar.listener,
      });
      bar.say(`wrote ${studyFile} and ${files.length - 1} files beside it`);
      if (json) printJson({ folder, studyFile, files });
    });
  addGataTalCommand(command);
}

function addGataTalCommand(program: Command): void {
  program
    .command("gata-tal")
    .description(
      "write the simulated sequences on which interpretation methods are compared: GATA1 in the middle of all, TAL1 motifs in positives",
    )
    .argument("<folder>", "data set to write")
    .option(
      "--sequences <numbers>",
      "sequences for training, validation and test, separated by commas; half of each are positives",
      parseParts,
      [50_000, 1_000, 1_000] as const,
    )
    .option("--length <number>", "bp of a sequence", parseWholeNumber, 1_000)
    .option(
      "--minimum <number>",
      "fewest TAL1 motifs of a positive; 0 makes some positives look like negatives",
      parseWholeNumber,
      1,
    )
    .option("--maximum <number>", "most TAL1 motifs of a positive", parseWholeNumber, 3)
    .option("--mean <number>", "mean of the Poisson distribution that is truncated", parseNumber, 2)
    .option("--seed <number>", "seed of everything random", parseWholeNumber, 1)
    .option("--overwrite", "replace a data set that has the name already")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
The simulation of Zheng et al. (2021, Methods): bases outside motifs are drawn with shares .3, .2, .2, .3; the number of
TAL1 motifs is a Poisson number, drawn again until it lies between minimum and maximum; sites are drawn from the motifs
and stand on the forward strand, at uniform places that do not overlap. motifs.bed lists where they stand: columns
sequence, start, end (0-based, half-open), motif, 0, strand. The same options give the same files.

Examples:
  bindscape simulate gata-tal simulated --sequences 6000,1000,1000
  bindscape sequences train simulated --architecture danq --out models/tal1`,
    )
    .action(async (folder: string, given: GataTalFlags) => {
      const started = performance.now();
      const { sequences, length, minimum, maximum, mean, seed } = given;
      const options = { sequences, length, minimum, maximum, mean, seed };
      const { set, motifs } = simulateGataTal(options);
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), seed, [], seconds);
      const embedded = motifs.filter(({ motif }) => motif === "TAL1").length;
      await writeSequenceSetFolder(folder, set, {
        overwrite: given.overwrite,
        details: { simulation: options, embedded: { TAL1: embedded, GATA1: motifs.length - embedded } },
        files: {
          "motifs.bed": formatEmbeddedMotifs(set, motifs),
          "run.json": `${JSON.stringify(record, null, 2)}\n`,
        },
      });
      console.error(`wrote ${folder}: ${set.count} sequences with ${embedded} TAL1 motifs`);
      if (given.json) printJson({ folder, sequences: set.count, length, embedded });
    });
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

function parseParts(text: string): readonly [number, number, number] {
  const counts = parseList(text).map(parseWholeNumber);
  if (counts.length !== 3)
    throw new InvalidArgumentError("Expected three numbers: training, validation, test.");
  return counts as unknown as readonly [number, number, number];
}

interface GataTalFlags {
  readonly sequences: readonly [number, number, number];
  readonly length: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly seed: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

interface SimulateFlags {
  readonly genomeSize: number;
  readonly chromosomes: number;
  readonly factors: number;
  readonly seed: number;
  readonly json?: boolean;
}

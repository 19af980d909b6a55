import { writeSimulatedStudy } from "@bindscape/study";
import type { Command } from "commander";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { parseWholeNumber } from "./shared-options.js";

export function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
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
    .addHelpText("after", "\nExample:\n  bindscape simulate example --seed 7")
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
}

interface SimulateFlags {
  readonly genomeSize: number;
  readonly chromosomes: number;
  readonly factors: number;
  readonly seed: number;
  readonly json?: boolean;
}

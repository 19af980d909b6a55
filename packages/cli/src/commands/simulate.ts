import { writeSimulatedStudy } from "@bindscape/study";
import type { Command } from "commander";
import { printJson } from "../print.js";
import { parseWholeNumber } from "./shared-options.js";

export function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
    .description(
      "write a small simulated study: genome, planted motif grammar, accessibility track, peaks, study.yaml",
    )
    .argument("<folder>", "folder to write to")
    .option("--seed <number>", "seed of everything random", parseWholeNumber, 420)
    .option("--json", "print one JSON line at the end")
    .action(async (folder: string, given: { seed: number; json?: boolean }) => {
      const written = await writeSimulatedStudy(folder, { seed: given.seed });
      console.error(`wrote ${written.studyFile}`);
      if (given.json) printJson(written);
    });
}

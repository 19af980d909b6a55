import { rankAverageTracks } from "@bindscape/models";
import type { Command } from "commander";
import { printJson } from "../print.js";

export function addEnsembleCommand(program: Command): void {
  program
    .command("ensemble")
    .description("join prediction tracks by the mean of their ranks")
    .argument("<tracks...>", "bigWig files with predictions on the same bins")
    .requiredOption("--out <file>", "bigWig file to write")
    .option("--json", "print one JSON line at the end")
    .addHelpText("after", "\nExample:\n  bindscape ensemble reb1-seed1.bw reb1-seed2.bw --out reb1.bw")
    .action(async (tracks: string[], { out, json }: { out: string; json?: boolean }) => {
      const { bins } = await rankAverageTracks(tracks, out);
      console.error(
        `wrote ${out}: mean ranks of ${tracks.length} tracks over ${bins.toLocaleString("en-US")} bins`,
      );
      if (json) printJson({ out, tracks: tracks.length, bins });
    });
}

import type { Command } from "commander";
import { addDatasetMotifSitesCommand } from "./dataset/motif-sites.js";

/** Each verb of `bindscape dataset` stands in its own file under `dataset/`. */
const VERBS: readonly ((parent: Command) => void)[] = [addDatasetMotifSitesCommand];

export function addDatasetCommand(program: Command): void {
  const command = program
    .command("dataset")
    .description("data sets of labelled sequences: motif sites, a compendium of peaks");
  for (const add of VERBS) add(command);
  for (const verb of command.commands) verb.exitOverride();
}

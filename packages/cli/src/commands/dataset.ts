import type { Command } from "commander";
import { addDatasetCompendiumCommand } from "./dataset/compendium.js";
import { addDatasetDeepSeaCommand } from "./dataset/deepsea.js";
import { addDatasetMotifSitesCommand } from "./dataset/motif-sites.js";

/** Each verb of `bindscape dataset` stands in its own file under `dataset/`. */
const VERBS: readonly ((parent: Command) => void)[] = [
  addDatasetMotifSitesCommand,
  addDatasetCompendiumCommand,
  addDatasetDeepSeaCommand,
];

export function addDatasetCommand(program: Command): void {
  const command = program
    .command("dataset")
    .description("data sets of labelled sequences: motif sites, a compendium of peaks");
  for (const add of VERBS) add(command);
  for (const verb of command.commands) verb.exitOverride();
}

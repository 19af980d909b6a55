import type { Command } from "commander";
import { addMotifsClusterCommand } from "./motifs/cluster.js";
import { addMotifsCompareCommand } from "./motifs/compare.js";
import { addMotifsConvertCommand } from "./motifs/convert.js";
import { addMotifsDiscoverCommand } from "./motifs/discover.js";
import { addMotifsEnrichCommand } from "./motifs/enrich.js";
import { addMotifsLogoCommand } from "./motifs/logo.js";
import { addMotifsPipelineCommand } from "./motifs/pipeline.js";
import { addMotifsScanCommand } from "./motifs/scan.js";
import { addMotifsShuffleCommand } from "./motifs/shuffle.js";

/** Each verb of `bindscape motifs` stands in its own file under `motifs/`. */
const VERBS: readonly ((parent: Command) => void)[] = [
  addMotifsScanCommand,
  addMotifsEnrichCommand,
  addMotifsCompareCommand,
  addMotifsDiscoverCommand,
  addMotifsPipelineCommand,
  addMotifsClusterCommand,
  addMotifsLogoCommand,
  addMotifsConvertCommand,
  addMotifsShuffleCommand,
];

export function addMotifsCommand(program: Command): void {
  const command = program
    .command("motifs")
    .description("motifs: scan, compare, discover, test, cluster, draw, convert");
  for (const add of VERBS) add(command);
  for (const verb of command.commands) verb.exitOverride();
}

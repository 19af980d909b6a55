import type { Command } from "commander";

/** Each verb of `bindscape motifs` stands in its own file under `motifs/`. */
const VERBS: readonly ((parent: Command) => void)[] = [];

export function addMotifsCommand(program: Command): void {
  const command = program
    .command("motifs")
    .description("motifs: scan, compare, discover, test, cluster, draw, convert");
  for (const add of VERBS) add(command);
  for (const verb of command.commands) verb.exitOverride();
}

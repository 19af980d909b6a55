import type { Command } from "commander";
import { addVariantsMpraCommand } from "./variants/mpra.js";
import { addVariantsScoreCommand } from "./variants/score.js";
import { addVariantsSingletonsCommand } from "./variants/singletons.js";

export function addVariantsCommand(program: Command): void {
  const command = program
    .command("variants")
    .description("variants: score them, and hold the scores against allele counts and reporter assays");
  for (const add of [addVariantsScoreCommand, addVariantsSingletonsCommand, addVariantsMpraCommand])
    add(command);
  for (const verb of command.commands) verb.exitOverride();
}

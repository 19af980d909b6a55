import { readZoo } from "@bindscape/models";
import type { Command } from "commander";
import { formatTable, printJson } from "../print.js";

export function addZooCommand(program: Command): void {
  program
    .command("zoo")
    .description("list the trained models that come with Bindscape")
    .option("--json", "print the cards as one JSON line")
    .addHelpText(
      "after",
      `
A model of the zoo stands wherever a bundle does, as zoo:NAME. Its tracks must have the names the card gives.

Examples:
  bindscape zoo
  bindscape info zoo:yeast-reb1
  bindscape predict zoo:yeast-reb1 --study study.yaml --chromosomes chrIV --out reb1.bw`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const cards = await readZoo();
      if (json) {
        printJson(cards);
        return;
      }
      console.log(
        formatTable([
          ["name", "factors", "assembly", "tracks", "test auROC", "test auPR"],
          ...cards.map(({ name, factors, assembly, tracks, metrics }) => {
            const mean = (read: (metric: { auroc: number; auprc: number }) => number) =>
              factors.reduce((sum, factor) => sum + read(metrics[factor].model), 0) / factors.length;
            return [
              `zoo:${name}`,
              factors.join(", "),
              assembly,
              tracks.join(", ") || "none",
              mean(({ auroc }) => auroc).toFixed(3),
              mean(({ auprc }) => auprc).toFixed(3),
            ];
          }),
        ]),
      );
    });
}

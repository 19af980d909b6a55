import { scoreSubmission } from "@bindscape/models";
import type { Command } from "commander";
import { formatMetrics, printJson } from "../print.js";

export function addDreamCommand(program: Command): void {
  const dream = program.command("dream").description("files of the ENCODE-DREAM challenge");
  dream
    .command("score")
    .description("score a submission, as `predict --dream-regions` writes it, against a label file")
    .argument("<submission>", "such as L.CTCF.GM12878.tab.gz")
    .requiredOption("--labels <file>", "such as CTCF.train.labels.tsv.gz")
    .requiredOption("--cell <name>", "column of the label file")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Ambiguous bins are left out, as in the challenge.

Example:
  bindscape dream score L.CTCF.GM12878.tab.gz --labels CTCF.labels.tsv.gz --cell GM12878`,
    )
    .action(async (submission: string, given: { labels: string; cell: string; json?: boolean }) => {
      const scored = await scoreSubmission(submission, given.labels, given.cell);
      const { evaluation, ...counts } = scored;
      if (scored.missing > 0) {
        console.error(`warning: ${submission} has no line for ${scored.missing} bins of ${given.labels}`);
      }
      if (given.json) {
        printJson({
          cell: given.cell,
          ...evaluation.pooled,
          ...counts,
          perChromosome: evaluation.perChromosome,
        });
        return;
      }
      console.log(formatMetrics([{ factor: given.cell, methods: [evaluation] }]));
      console.log(`${scored.bound} bound, ${scored.unbound} unbound, ${scored.ambiguous} ambiguous bins`);
    });
}

import { nodeRuntime } from "@bindscape/gradient";
import {
  type DeviceChoice,
  evaluateSequences,
  type NetworkStrands,
  readBundle,
  type SequenceMetrics,
} from "@bindscape/models";
import { readSequenceSet, SPLIT_NAMES, type SplitName, writeTask } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { formatTable, printJson } from "../../print.js";
import { ProgressBar } from "../../progress-bar.js";
import { deviceOption, parseThreads, readDevice } from "../shared-options.js";
import { lengthOption, strandsOption } from "./shared.js";

export function addSequencesEvaluateCommand(sequences: Command): void {
  sequences
    .command("evaluate")
    .description("measure how well a network ranks labelled sequences")
    .argument("<bundle>", "model bundle of a network that sees sequence alone")
    .argument("<data>", "table with the columns sequence and label, or a data set folder")
    .addOption(
      new Option(
        "--split <name>",
        "sequences of this part (default: test where the data have one, else all)",
      ).choices([...SPLIT_NAMES, "all"]),
    )
    .addOption(strandsOption("each strand is a sequence of its own"))
    .addOption(lengthOption())
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line with every number")
    .addHelpText(
      "after",
      `
Sequences are ranked by the logit. auROC and auPR (average precision) of each column of labels that the network has an
output for, and their means; pAUC is the area under the ROC curve up to a false positive rate of 0.1, divided by 0.1.

Examples:
  bindscape sequences evaluate models/factor test.csv
  bindscape sequences evaluate models/factor sites/ --split test --strands mean --json`,
    )
    .action(async (bundle: string, data: string, given: EvaluateFlags) => {
      const { network } = await readBundle(bundle);
      const set = await readSequenceSet(data, { length: given.length });
      const chosen = given.split ?? (set.splits?.includes("test") ? "test" : "all");
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const evaluation = await withInterrupt("Nothing was written", (signal) =>
        evaluateSequences(network, set, {
          runtime: nodeRuntime(device.device),
          ...(chosen !== "all" && { split: chosen }),
          strands: given.strands,
          threads: given.threads,
          onProgress: bar.listener,
          signal,
        }),
      );
      for (const task of evaluation.tasks) {
        if (task.bound > 0 && task.unbound > 0) continue;
        const counts = `${task.bound} bound and ${task.unbound} unbound sequences`;
        bar.say(`warning: ${writeTask(task)}: ${counts}: an area under a curve needs both`);
      }
      if (given.json) {
        const { auroc, auprc } = evaluation.mean;
        printJson({ bundle, data, split: chosen, auroc, auprc, ...evaluation });
        return;
      }
      const row = (name: string, counts: string[], { auroc, auprc, partialAuroc }: Means) => [
        name,
        ...counts,
        ...[auroc, auprc, partialAuroc].map((value) => (value === null ? "n/a" : value.toFixed(4))),
      ];
      const rows = evaluation.tasks.map((task) =>
        row(writeTask(task), [task.bound, task.unbound, task.missing].map(String), task),
      );
      if (rows.length > 1) rows.push(row("mean", ["", "", ""], evaluation.mean));
      process.stdout.write(
        `${formatTable([["label", "bound", "unbound", "missing", "auROC", "auPR", "pAUC"], ...rows])}\n`,
      );
    });
}

type Means = Pick<SequenceMetrics, "auroc" | "auprc" | "partialAuroc">;

interface EvaluateFlags {
  readonly split?: SplitName | "all";
  readonly strands?: NetworkStrands;
  readonly length?: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}

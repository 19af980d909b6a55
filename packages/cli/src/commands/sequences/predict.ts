import { writeFileAtomically } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import { type DeviceChoice, type NetworkStrands, predictSequences, readBundle } from "@bindscape/models";
import { readSequenceSet, writeTask } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { ProgressBar } from "../../progress-bar.js";
import { deviceOption, parseThreads, readDevice } from "../shared-options.js";
import { lengthOption, strandsOption } from "./shared.js";

export function addSequencesPredictCommand(sequences: Command): void {
  sequences
    .command("predict")
    .description("predict binding of sequences")
    .argument("<bundle>", "model bundle of a network that sees sequence alone")
    .argument("<data>", "FASTA, table with a column sequence, or data set folder")
    .requiredOption("--out <file>", "TSV file to write: name, then one column an output")
    .addOption(
      new Option("--values <kind>", "what the columns hold")
        .choices(["probability", "logit"])
        .default("probability"),
    )
    .addOption(strandsOption("a row for each strand, named + and -"))
    .addOption(lengthOption())
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .addOption(deviceOption())
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Examples:
  bindscape sequences predict models/factor sequences.fa --out scores.tsv
  bindscape sequences predict models/factor test.csv --strands mean --values logit --out scores.tsv`,
    )
    .action(async (bundle: string, data: string, given: PredictFlags) => {
      const { network } = await readBundle(bundle);
      const set = await readSequenceSet(data, { length: given.length, isUnlabelled: true });
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const values = await withInterrupt("Nothing was written", (signal) =>
        predictSequences(network, set, {
          runtime: nodeRuntime(device.device),
          output: given.values,
          strands: given.strands,
          threads: given.threads,
          onProgress: bar.listener,
          signal,
        }),
      );
      const { tasks } = network.file;
      const isSeparate = given.strands === "separate";
      const rows = isSeparate ? 2 * set.count : set.count;
      const lines = [["name", ...(isSeparate ? ["strand"] : []), ...tasks.map(writeTask)].join("\t")];
      for (let row = 0; row < rows; row++) {
        const own = isSeparate ? Math.floor(row / 2) : row;
        const name = set.names?.[own] ?? `sequence${own + 1}`;
        const scores = Array.from(values.subarray(row * tasks.length, (row + 1) * tasks.length), formatValue);
        lines.push([name, ...(isSeparate ? [row % 2 === 0 ? "+" : "-"] : []), ...scores].join("\t"));
      }
      await writeFileAtomically(given.out, `${lines.join("\n")}\n`);
      bar.say(`wrote ${given.out}: ${given.values} of ${set.count} sequences`);
      if (given.json) printJson({ out: given.out, sequences: set.count, rows, outputs: tasks });
    });
}

/** Enough digits to tell any two float32 numbers apart that differ by more than rounding. */
function formatValue(value: number): string {
  return Number(value.toPrecision(7)).toString();
}

interface PredictFlags {
  readonly out: string;
  readonly values: "probability" | "logit";
  readonly strands?: NetworkStrands;
  readonly length?: number;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}

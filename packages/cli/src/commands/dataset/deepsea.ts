import { readFile } from "node:fs/promises";
import { describeFileError, refuseExisting } from "@bindscape/genome";
import {
  CHANNEL_ORDERS,
  type ChannelOrder,
  makeRunRecord,
  readDeepSea,
  renderCompendiumPage,
} from "@bindscape/models";
import { readTask, type SequenceTask, writeSequenceSetFolder } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "../shared-options.js";

export function addDatasetDeepSeaCommand(parent: Command): void {
  parent
    .command("deepsea")
    .description("read labelled sequences as DeepSEA publishes them: train.mat, valid.mat, test.mat, or HDF5")
    .argument("<files...>", "MATLAB files of version 7.3 (HDF5) or 5, or HDF5 files")
    .requiredOption("--out <folder>", "data set to write")
    .option(
      "--names <file>",
      "names of the labels, one a line: FACTOR or FACTOR|CELL (default: task1, task2 ...)",
    )
    .option("--sample <number>", "draw so many sequences of each part (default: all)", parseThreads)
    .addOption(
      new Option("--base-order <order>", "bases of the four channels")
        .choices(CHANNEL_ORDERS)
        .default("AGCT"),
    )
    .option("--seed <number>", "seed of the draw", parseWholeNumber, 0)
    .option("--overwrite", "replace a data set that stands there")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
The arrays are trainxdata and traindata, validxdata and validdata, testxdata and testdata: 4 channels A, G, C, T a
base, a label a track. They become training, validation and test. The published training part has 4.4 million
sequences of 919 labels: draw some with --sample. The folder has sequences.fa, labels.tsv, dataset.json, report.html
and run.json.

Examples:
  bindscape dataset deepsea train.mat valid.mat test.mat --sample 200000 --out deepsea
  bindscape sequences train deepsea --architecture deepsea --preset agentbind --out pretrained`,
    )
    .action(async (files: string[], given: DeepSeaFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      refuseExisting(given.out, given.overwrite ?? false);
      const tasks = given.names === undefined ? undefined : await readNames(given.names);
      await withInterrupt("Nothing was written", async (signal) => {
        const set = await readDeepSea(files, {
          tasks,
          channelOrder: given.baseOrder,
          sample: given.sample,
          seed: given.seed,
          onProgress: bar.listener,
          signal,
        });
        const seconds = (performance.now() - started) / 1000;
        const inputs = [...files, ...(given.names === undefined ? [] : [given.names])];
        const record = await makeRunRecord(commandText(), given.seed, inputs, seconds);
        await writeSequenceSetFolder(given.out, set, {
          overwrite: given.overwrite,
          details: {
            kind: "compendium",
            options: { sample: given.sample ?? null, baseOrder: given.baseOrder, seed: given.seed },
          },
          files: {
            "report.html": renderCompendiumPage({
              title: "DeepSEA's compendium",
              set,
              flow: [["In the data set", set.count]],
              options: [
                ["Files", files.join(", ")],
                ["Bases of the channels", given.baseOrder],
                [
                  "Drawn of each part",
                  given.sample === undefined ? "all" : `at most ${given.sample}, seed ${given.seed}`,
                ],
              ],
              warnings: [],
              command: commandText(),
            }),
            "run.json": `${JSON.stringify(record, null, 2)}\n`,
          },
        });
        bar.say(
          `wrote ${given.out}: ${set.count.toLocaleString("en-US")} sequences of ${set.length} bp with ${set.tasks.length} labels, ${formatDuration(seconds)}`,
        );
        if (given.json) {
          printJson({
            out: given.out,
            sequences: set.count,
            length: set.length,
            tasks: set.tasks.length,
            seconds,
          });
        }
      });
    });
}

async function readNames(file: string): Promise<SequenceTask[]> {
  try {
    const lines = (await readFile(file, "utf8")).split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").map((line) => readTask(line.trim()));
  } catch (error) {
    throw describeFileError(error, file, "read");
  }
}

interface DeepSeaFlags {
  readonly out: string;
  readonly names?: string;
  readonly sample?: number;
  readonly baseOrder: ChannelOrder;
  readonly seed: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

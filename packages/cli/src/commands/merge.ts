import { join } from "node:path";
import { writeFileAtomically } from "@bindscape/genome";
import {
  BINDSCAPE_VERSION,
  bootstrapMethods,
  findShards,
  makeRunRecord,
  mergeEvaluations,
  mergePredictions,
  mergeScans,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { Command } from "commander";
import { printEvaluations } from "../evaluation-output.js";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { ProgressBar } from "../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "./shared-options.js";

export function addMergeCommand(program: Command): void {
  program
    .command("merge")
    .description("put the shards of `predict --shard`, `evaluate --shard` or `motifs scan --shard` together")
    .argument("<out>", "the --out of the shards, or their folder OUT.shards")
    .option("--shards <number>", "how many there are (default: as the shards say)", parseThreads)
    .option("--per-chromosome", "of an evaluation: print the metrics of every chromosome too")
    .option(
      "--bootstrap <number>",
      "of an evaluation: 95 % intervals from so many resamples of regions",
      parseWholeNumber,
    )
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
The result is the one that the command writes without --shard. Shards that are missing, damaged, or made from other
inputs or options are named, and nothing is written.

Examples:
  bindscape merge reb1.bw --shards 8
  bindscape merge metrics.json.shards --json`,
    )
    .action(async (name: string, given: MergeFlags) => {
      const started = performance.now();
      const out = name.replace(/\.shards\/*$/, "");
      const shards = await findShards(out, given.shards);
      const { command } = shards[0].manifest.content;
      if (command === "scan") {
        await mergeScanShards(out, shards, started, given.json);
        return;
      }
      if (command === "predict") {
        if (given.perChromosome || given.bootstrap) {
          throw new BindscapeError({
            source: out,
            found: given.perChromosome ? "--per-chromosome" : "--bootstrap",
            expected: "shards of an evaluation; these are of a prediction",
          });
        }
        const { factor, cell, bins } = await mergePredictions(out, shards);
        console.error(
          `wrote ${out}: ${bins.toLocaleString("en-US")} bins of ${factor} in ${cell}, from ${shards.length} shards`,
        );
        if (given.json) printJson({ out, factor, cell, count: bins, shards: shards.length });
      } else {
        const { split, evaluations } = await mergeEvaluations(shards);
        const printed = evaluations.map((evaluation) => ({
          ...evaluation,
          intervals: given.bootstrap ? bootstrapMethods(evaluation, given.bootstrap) : [],
        }));
        const { json, perChromosome } = given;
        await printEvaluations(printed, { split, out, json, perChromosome });
        console.error(`wrote ${out}, from ${shards.length} shards`);
      }
      const seconds = (performance.now() - started) / 1000;
      const inputs = shards.map(({ source }) => source);
      const record = await makeRunRecord(commandText(), null, inputs, seconds);
      await writeFileAtomically(`${out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
    });
}

/** The files of a scan lie in a folder, and so does its record. */
async function mergeScanShards(
  out: string,
  shards: Awaited<ReturnType<typeof findShards>>,
  started: number,
  json: boolean | undefined,
): Promise<void> {
  const bar = new ProgressBar();
  const command = commandText();
  const summary = await withInterrupt("Nothing was written", (signal) =>
    mergeScans(out, shards, { version: BINDSCAPE_VERSION, command, onProgress: bar.listener, signal }),
  );
  const seconds = (performance.now() - started) / 1000;
  const inputs = shards.map(({ source }) => source);
  const record = await makeRunRecord(command, null, inputs, seconds);
  await writeFileAtomically(join(out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
  bar.say(
    `wrote ${summary.files.join(", ")} to ${out}: ${summary.sites.toLocaleString("en-US")} sites, from ${shards.length} shards`,
  );
  if (json) printJson({ out, sites: summary.sites, files: summary.files, shards: shards.length });
}

interface MergeFlags {
  readonly shards?: number;
  readonly perChromosome?: boolean;
  readonly bootstrap?: number;
  readonly json?: boolean;
}

import { availableParallelism } from "node:os";
import { writeFileAtomically, writeMappability } from "@bindscape/genome";
import { makeRunRecord } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { withInterrupt } from "../interrupt.js";
import { printJson } from "../print.js";
import { formatDuration, ProgressBar } from "../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber } from "./shared-options.js";

export function addMappabilityCommand(program: Command): void {
  program
    .command("mappability")
    .description("compute how unique the k-mer at every base of a genome is (bigWig)")
    .argument("<genome>", "FASTA, plain, gzip or bgzip, or 2bit")
    .requiredOption("--out <file>", "bigWig file to write")
    .option("--k <bp>", "length of the subsequences", parsePositive, 35)
    .option(
      "--both-strands",
      "count occurrences on the reverse strand too (default: the forward strand only)",
    )
    .option("--chromosomes <names>", "count in these chromosomes alone, separated by commas", parseList)
    .option(
      "--memory <MB>",
      "memory for the tables of k-mers, beside a byte a base; less takes more passes",
      parsePositive,
      1024,
    )
    .option("--threads <number>", "threads (default: all cores)", parseThreads)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
A base's value is 1/n where the k-mer that starts there, read on the forward strand, occurs n times (n = 1 to 4), and
0 where it occurs more often, holds an unknown base, or would pass the end of its chromosome. Counts are exact.

Examples:
  bindscape mappability sacCer3.fa --k 35 --out sacCer3-35.bw
  bindscape mappability hg38.2bit --out hg38-35.bw --memory 8000`,
    )
    .action(async (genome: string, given: MappabilityFlags) => {
      if (!/\.(bw|bigwig)$/i.test(given.out)) {
        throw new BindscapeError({
          source: given.out,
          found: "an output of unknown kind",
          expected: "a name ending in .bw or .bigWig",
        });
      }
      const started = performance.now();
      const bar = new ProgressBar();
      const result = await withInterrupt("Nothing was written", (signal) =>
        writeMappability(genome, given.out, {
          k: given.k,
          bothStrands: given.bothStrands,
          chromosomes: given.chromosomes,
          tableBytes: given.memory * 1e6,
          threads: given.threads ?? availableParallelism(),
          onProgress: bar.listener,
          signal,
        }),
      );
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), null, [genome], seconds);
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      const starts = result.bases - result.without;
      const share = starts === 0 ? "none" : `${((100 * result.occurrences[1]) / starts).toFixed(1)} %`;
      bar.say(
        `wrote ${given.out}: ${result.bases.toLocaleString("en-US")} bases, ${share} of their ${given.k}-mers unique, ${formatDuration(seconds)}`,
      );
      if (given.json) printJson({ out: given.out, k: given.k, ...result, seconds });
    });
}

interface MappabilityFlags {
  readonly out: string;
  readonly k: number;
  readonly bothStrands?: boolean;
  readonly chromosomes?: string[];
  readonly memory: number;
  readonly threads?: number;
  readonly json?: boolean;
}

function parsePositive(text: string): number {
  const value = parseWholeNumber(text);
  if (value === 0) throw new InvalidArgumentError("Expected at least 1.");
  return value;
}

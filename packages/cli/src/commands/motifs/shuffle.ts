import { openSource, writeFileAtomically } from "@bindscape/genome";
import { makeRunRecord } from "@bindscape/models";
import { DNA, METHYLATED_DNA, readSequences, writeShuffledFasta } from "@bindscape/motifs";
import { type Command, Option } from "commander";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "../shared-options.js";

export function addMotifsShuffleCommand(parent: Command): void {
  parent
    .command("shuffle")
    .description("shuffle sequences, each keeping the count of every word of k letters")
    .argument("<sequences>", "FASTA, plain or gzip")
    .requiredOption("--out <file>", "FASTA file to write")
    .option(
      "--kmer <letters>",
      "length of the words whose counts are kept; 2 keeps dinucleotides",
      parseThreads,
      2,
    )
    .option("--copies <number>", "shuffled sequences of each", parseThreads, 1)
    .option("--tag <text>", "put behind names; the number of the copy follows", "_shuf")
    .addOption(
      new Option("--alph <alphabet>", "letters of the sequences; methylated adds m and 1")
        .choices(["dna", "methylated"])
        .default("dna"),
    )
    .option("--seed <number>", "seed of the shuffles", parseWholeNumber, 1)
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Every sequence with the same words is equally likely (Altschul and Erickson 1985). Unknown letters (N) stay where they
are, and so do the first and the last letters that no word count leaves free.

Examples:
  bindscape motifs shuffle peaks.fa --out shuffled.fa
  bindscape motifs shuffle peaks.fa.gz --kmer 3 --copies 10 --seed 7 --out controls.fa`,
    )
    .action(async (file: string, given: ShuffleFlags) => {
      const started = performance.now();
      const bar = new ProgressBar();
      const alphabet = given.alph === "methylated" ? METHYLATED_DNA : DNA;
      const source = await openSource(file);
      const sequences = await readSequences(source, alphabet).finally(() => source.close());
      const options = { k: given.kmer, copies: given.copies, tag: given.tag, seed: given.seed, alphabet };
      await writeFileAtomically(given.out, (sink) => writeShuffledFasta(sink, sequences, options));
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), given.seed, [file], seconds);
      await writeFileAtomically(`${given.out}.run.json`, `${JSON.stringify(record, null, 2)}\n`);
      const written = sequences.length * given.copies;
      bar.say(`wrote ${given.out}: ${written.toLocaleString("en-US")} sequences, ${formatDuration(seconds)}`);
      if (given.json) printJson({ out: given.out, sequences: written, seconds });
    });
}

interface ShuffleFlags {
  readonly out: string;
  readonly kmer: number;
  readonly copies: number;
  readonly tag: string;
  readonly alph: "dna" | "methylated";
  readonly seed: number;
  readonly json?: boolean;
}

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { refuseExisting, writeFileAtomically } from "@bindscape/genome";
import {
  BASELINE_METHODS,
  BASELINE_TITLES,
  type BaselineMethod,
  GAPPED_KMER_DEFAULTS,
  GAPPED_KMER_FILTERS,
  type GappedKMerFilter,
  makeRunRecord,
  readBaselineFolder,
  type TrainBaselineOptions,
  trainBaseline,
  writeBaselineFolder,
} from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import { readSequenceSet, writeTask } from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { formatTable, printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseThreads, parseWholeNumber } from "../shared-options.js";
import { lengthOption } from "./shared.js";

export function addSequencesBaselineCommand(sequences: Command): void {
  const { wordLength, informative, mostMismatches, filter } = GAPPED_KMER_DEFAULTS;
  sequences
    .command("baseline")
    .description("train and measure a gapped-k-mer SVM or k-mer logistic regression on the same split")
    .argument("<data>", "table with the columns sequence and label (.csv, .tsv, .gz), or a data set folder")
    .requiredOption("--out <folder>", "folder to write: model, metrics, scores, report")
    .addOption(
      new Option("--method <name>", "what to train").choices([...BASELINE_METHODS]).default("kmer-logistic"),
    )
    .option(
      "--c <values>",
      "C, what a misplaced sequence costs; kmer-logistic chooses among several on a tenth of the training sequences (default: 0.001,0.01,0.1,1 for kmer-logistic, 1 for gkm-svm)",
      parseStrengths,
    )
    .option("--forward", "count words of the given strand alone, not of both")
    .option("--k <letters>", "kmer-logistic: letters of a word", parseThreads, 6)
    .option("--unit-norm", "kmer-logistic: divide the counts of a sequence by their norm")
    .option("--word <letters>", "gkm-svm: letters of a gapped word, l", parseThreads, wordLength)
    .option(
      "--informative <letters>",
      "gkm-svm: letters of it that are looked at, k",
      parseThreads,
      informative,
    )
    .option(
      "--mismatches <number>",
      "gkm-svm: most differences of two words, d",
      parseWholeNumber,
      mostMismatches,
    )
    .addOption(
      new Option("--filter <name>", "gkm-svm: gapped counts, or l-mer counts estimated from them")
        .choices([...GAPPED_KMER_FILTERS])
        .default(filter),
    )
    .option("--centre", "gkm-svm: words count 50 in the middle, half as much every 50 bp (LS-GKM's weights)")
    .option(
      "--positive-weight <factor>",
      "gkm-svm: C of bound sequences is this many times C",
      parsePositive,
      1,
    )
    .option("--tolerance <number>", "gkm-svm: violation at which training ends", parsePositive, 1e-3)
    .option("--most-sequences <number>", "gkm-svm: train on a random part of so many", parseThreads)
    .option("--cache-mb <megabytes>", "gkm-svm: memory for rows of the kernel", parseThreads, 1024)
    .option("--validation-share <share>", "where the data say of no validation sequences", parseShare, 0.1)
    .option("--seed <number>", "of the split and of what is drawn", parseWholeNumber, 0)
    .addOption(lengthOption())
    .option("--overwrite", "replace the folder where there is one")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Trained and measured on the same sequences as \`sequences train\` with the same --seed and --validation-share. The
folder holds baseline.json (metrics), model.npz, scores.tsv, report.html and run.json; \`sequences baseline-predict\`
scores other sequences with it. A gapped-k-mer SVM of n sequences has a kernel of n x n numbers, 4 n^2 bytes (1 GB for
16,000): rows beyond --cache-mb are computed again when needed, which is slower; --most-sequences trains on a part.

Examples:
  bindscape sequences baseline train.csv.gz --out baselines/words
  bindscape sequences baseline train.csv.gz --method gkm-svm --most-sequences 4000 --out baselines/gapped
  bindscape sequences baseline sites/ --method gkm-svm --word 11 --informative 7 --out baselines/gapped`,
    )
    .action(async (data: string, given: BaselineFlags) => {
      const started = performance.now();
      refuseExisting(given.out, given.overwrite ?? false);
      const set = await readSequenceSet(data, { length: given.length });
      const bar = new ProgressBar();
      // Training does not give way to the event loop, so that a handler of Ctrl-C would never be called: without one
      // the process ends at once, and as nothing is written before the end, nothing is left behind.
      const baseline = trainBaseline(set, { ...readOptions(given), onProgress: bar.listener });
      bar.clear();
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), given.seed, await inputFiles(data), seconds);
      await writeBaselineFolder(given.out, baseline, set, record, given.overwrite);
      const without = baseline.tasks.reduce(
        (sum, { training }) => sum + Number(training.withoutWords ?? 0),
        0,
      );
      if (without > 0)
        bar.say(
          `left out, without a stretch of known bases: ${without} training sequence${without === 1 ? "" : "s"}`,
        );
      bar.say(`wrote ${given.out}: ${BASELINE_TITLES[given.method]}, ${formatDuration(seconds)}`);
      if (given.json) {
        printJson({
          out: given.out,
          method: given.method,
          sequences: set.count,
          length: set.length,
          tasks: baseline.tasks.map(({ task, metrics, training }) => ({ ...task, training, metrics })),
          seconds,
        });
        return;
      }
      const rows = baseline.tasks.flatMap(({ task, metrics }) =>
        metrics.map(({ split, bound, unbound, auroc, auprc, partialAuroc }) => [
          writeTask(task) || "label",
          split,
          `${bound}`,
          `${unbound}`,
          ...[auroc, auprc, partialAuroc].map((value) => (value === null ? "n/a" : value.toFixed(4))),
        ]),
      );
      process.stdout.write(
        `${formatTable([["label", "part", "bound", "unbound", "auROC", "auPR", "pAUC"], ...rows])}\n`,
      );
    });
}

export function addSequencesBaselinePredictCommand(sequences: Command): void {
  sequences
    .command("baseline-predict")
    .description("score sequences with a model that `sequences baseline` trained")
    .argument("<baseline>", "folder that `sequences baseline` wrote")
    .argument("<data>", "FASTA, table with a column sequence, or data set folder")
    .requiredOption("--out <file>", "TSV file to write: name, then the score of each task")
    .addOption(lengthOption())
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
Scores are log odds (k-mer logistic regression) or decision values (gapped-k-mer SVM): above 0 looks bound. NA where a
sequence has no stretch of known bases as long as a word.

Example:
  bindscape sequences baseline-predict baselines/words sequences.fa --out scores.tsv`,
    )
    .action(async (folder: string, data: string, given: { out: string; length?: number; json?: boolean }) => {
      const { tasks } = await readBaselineFolder(folder);
      const set = await readSequenceSet(data, { length: given.length, isUnlabelled: true });
      const scores = tasks.map(({ model }) => model.score(set));
      const names = tasks.map(({ task }) => writeTask(task) || "score");
      const lines = [["name", ...names].join("\t")];
      for (let row = 0; row < set.count; row++) {
        const values = scores.map((of) => (Number.isNaN(of[row]) ? "NA" : of[row].toPrecision(7)));
        lines.push([set.names?.[row] ?? `sequence${row + 1}`, ...values].join("\t"));
      }
      await writeFileAtomically(given.out, `${lines.join("\n")}\n`);
      new ProgressBar().say(`wrote ${given.out}: scores of ${set.count} sequences`);
      if (given.json)
        printJson({ out: given.out, sequences: set.count, tasks: tasks.map(({ task }) => task) });
    });
}

interface BaselineFlags {
  readonly out: string;
  readonly method: BaselineMethod;
  readonly c?: number[];
  readonly forward?: boolean;
  readonly k: number;
  readonly unitNorm?: boolean;
  readonly word: number;
  readonly informative: number;
  readonly mismatches: number;
  readonly filter: GappedKMerFilter;
  readonly centre?: boolean;
  readonly positiveWeight: number;
  readonly tolerance: number;
  readonly mostSequences?: number;
  readonly cacheMb: number;
  readonly validationShare: number;
  readonly seed: number;
  readonly length?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

function readOptions(given: BaselineFlags): TrainBaselineOptions {
  const { method, validationShare, seed, c } = given;
  if (method === "gkm-svm" && c !== undefined && c.length > 1)
    throw new BindscapeError({
      source: "--c",
      found: `${c.length} values`,
      expected: "one: a gapped-k-mer SVM is trained once",
    });
  const mergesStrands = !given.forward;
  return {
    method,
    validationShare,
    seed,
    logistic: { k: given.k, mergesStrands, hasUnitNorm: given.unitNorm ?? false, strengths: c },
    svm: {
      wordLength: given.word,
      informative: given.informative,
      mostMismatches: given.mismatches,
      filter: given.filter,
      mergesStrands,
      ...(given.centre && { centre: { peak: 50, halving: 50 } }),
      strength: c?.[0],
      classWeights: [1, given.positiveWeight],
      tolerance: given.tolerance,
      mostSequences: given.mostSequences,
      cacheBytes: given.cacheMb * 1e6,
    },
  };
}

/** A table itself; of a folder what the models see of it. */
async function inputFiles(data: string): Promise<string[]> {
  const isFolder = await stat(data).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? ["sequences.fa", "labels.tsv"].map((name) => join(data, name)) : [data];
}

function parseStrengths(text: string): number[] {
  const values = text.split(",").map(Number);
  if (text.trim() === "" || !values.every((value) => value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("Expected numbers above 0, separated by commas.");
  return values;
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

function parseShare(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected a number between 0 and 1.");
  return value;
}

import { join } from "node:path";
import { withSource, writeFileAtomically } from "@bindscape/genome";
import { explainNetwork, windowsOfRecords, windowsOfSet } from "@bindscape/interpret";
import {
  type DeviceChoice,
  findTask,
  type InterpretedKernels,
  type InterpretSequenceKernelsOptions,
  interpretKernels,
  interpretKernelsOfSequences,
  makeRunRecord,
  readBundle,
  type SiteRule,
  writeInterpretedKernels,
} from "@bindscape/models";
import { readSequences as readFastaSequences, readMotifFile } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { loadStudy, readSequenceSetFolder, type SplitName } from "@bindscape/study";
import { type Command, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import {
  addStudyOptions,
  commandText,
  parseThreads as parseCount,
  readDevice,
  type StudyFlags,
} from "../shared-options.js";

export function addKernelsCommand(parent: Command): void {
  const command = parent
    .command("kernels")
    .description("kernels as motifs (MEME), mean signal footprints (npz), aligned in heat maps (HTML, SVG)")
    .argument("<bundle>", "model bundle, as `bindscape train` writes it")
    .option("--study <file>", "study file; kernels are read on its test hold-out")
    .option(
      "--dataset <folder>",
      "labelled sequences in place of a study, as `bindscape dataset` writes them",
    )
    .addOption(
      new Option("--split <name>", "sequences of this part of --dataset (default: all)").choices([
        "training",
        "validation",
        "test",
      ]),
    )
    .option("--fasta <file>", "sequences of the model's length in place of a study (FASTA)")
    .option(
      "--motifs <file>",
      "known motifs to compare with, for --dataset and --fasta (default: the study's)",
    )
    .requiredOption(
      "--out <folder>",
      "folder to write motifs.meme, footprints.npz, alignment.svg, kernels.html to",
    )
    .addOption(
      new Option(
        "--rule <name>",
        "sites a motif is made of: the best one of each window, or all above half of the largest activation",
      )
        .choices(["best-site", "half-maximum"])
        .default("best-site"),
    )
    .addOption(
      new Option("--layer <number>", "1: the convolution; 2: the dense layer on each of its positions")
        .choices(["1", "2"])
        .default("1"),
    )
    .option("--windows <number>", "held-out windows to look at, at most half of them bound", parseCount, 2000)
    .option("--factor <name>", "factor whose bound windows are looked at (default: the model's first)")
    .option("--cell <name>", "cell to look at (default: the one trained in)");
  addStudyOptions(command)
    .addHelpText(
      "after",
      `
Windows of a study do not overlap one another, so that no site counts twice; given sequences are all looked at. The first rule is that of FactorNet's published
visualisation, the second that of DeepBind and DanQ.

Examples:
  bindscape interpret kernels models/reb1 --study study.yaml --out reb1-kernels
  bindscape interpret kernels models/reb1 --study study.yaml --rule half-maximum --layer 2 --out reb1-layer2
  bindscape interpret kernels models/tal1 --dataset tal1-sites --split test --motifs jaspar.meme --out tal1-kernels`,
    )
    .action(async (bundlePath: string, given: KernelFlags) => {
      const started = performance.now();
      const { network } = await readBundle(bundlePath);
      const bar = new ProgressBar();
      const device = await readDevice(given.device, (line) => bar.say(line));
      const rest = {
        network,
        factor: given.factor,
        layer: given.layer === "2" ? 2 : 1,
        rule: given.rule,
        threads: given.threads,
        device: device.device,
        onProgress: bar.listener,
      } as const;
      checkInput(given);
      const { found, inputs, warnings } = await withInterrupt("Nothing was written", (signal) =>
        given.study === undefined
          ? readSequences(given, { ...rest, signal })
          : readStudy(given, { ...rest, signal }),
      );
      for (const warning of warnings) bar.say(`warning: ${warning}`);
      const files = await writeInterpretedKernels(found, given.out);
      const seconds = (performance.now() - started) / 1000;
      const record = await makeRunRecord(commandText(), network.file.training.seed, inputs, seconds, device);
      await writeFileAtomically(join(given.out, "run.json"), `${JSON.stringify(record, null, 2)}\n`);
      bar.say(
        `wrote ${files.length} files to ${given.out}: ${found.kernels.length} of ${found.total} kernels of ${found.factor}, ${formatDuration(seconds)}`,
      );
      if (given.json) {
        printJson({
          out: given.out,
          files,
          factor: found.factor,
          cell: found.cell,
          windows: found.windows,
          kernels: found.kernels.map(({ index, sites }) => ({ index, sites })),
        });
      }
    });
}

type KernelOptions = Omit<InterpretSequenceKernelsOptions, "sequences" | "labels" | "motifs">;

interface ReadKernels {
  readonly found: InterpretedKernels;
  readonly inputs: readonly string[];
  readonly warnings: readonly string[];
}

async function readStudy(given: KernelFlags, options: KernelOptions): Promise<ReadKernels> {
  const factors = options.network.file.tasks.map(({ factor }) => factor);
  const study = await loadStudy(given.study!, {
    factors: given.factor ? [given.factor] : factors.slice(0, 1),
    dataFolder: given.data,
    tracks: given.tracks,
  });
  const { cell, windows } = given;
  const found = await interpretKernels({ ...options, study, cell, windows });
  return { found, inputs: study.inputs, warnings: study.warnings };
}

async function readSequences(given: KernelFlags, options: KernelOptions): Promise<ReadKernels> {
  const { dataset, fasta, split } = given;
  const { network } = options;
  const model = explainNetwork(network);
  const motifs = given.motifs === undefined ? [] : await readMotifFile(given.motifs);
  const listed = given.motifs === undefined ? [] : [given.motifs];
  if (fasta !== undefined) {
    const records = await withSource(fasta, (source) => readFastaSequences(source));
    const sequences = windowsOfRecords(model, records, fasta);
    const found = await interpretKernelsOfSequences({ ...options, sequences, motifs });
    return { found, inputs: [fasta, ...listed], warnings: [] };
  }
  const set = await readSequenceSetFolder(dataset!);
  const sequences = windowsOfSet(model, set, { split });
  const task = findTask(network, given.factor);
  const column = Math.max(
    0,
    set.tasks.findIndex(({ factor }) => factor === task.factor),
  );
  const labels = Float32Array.from(
    { length: sequences.count },
    (_, row) => sequences.labels![row * set.tasks.length + column],
  );
  const found = await interpretKernelsOfSequences({ ...options, sequences, labels, motifs });
  return {
    found,
    inputs: [join(dataset!, "sequences.fa"), join(dataset!, "labels.tsv"), ...listed],
    warnings: [],
  };
}

/** @throws BindscapeError where it is not clear what to look at */
function checkInput({ study, dataset, fasta, split, motifs }: KernelFlags): void {
  const given = [study, dataset, fasta].filter((one) => one !== undefined);
  const fail = (found: string, expected: string) => {
    throw new BindscapeError({ found, expected });
  };
  if (given.length !== 1) {
    fail(
      given.length === 0 ? "nothing to read kernels on" : "more than one of --study, --dataset and --fasta",
      "one of --study FILE, --dataset FOLDER and --fasta FILE",
    );
  }
  if (split !== undefined && dataset === undefined)
    fail("--split without --dataset", "--split with --dataset alone");
  if (motifs !== undefined && study !== undefined)
    fail("--motifs with --study", "the motifs that the study file names");
}

interface KernelFlags extends StudyFlags {
  readonly study?: string;
  readonly dataset?: string;
  readonly split?: SplitName;
  readonly fasta?: string;
  readonly motifs?: string;
  readonly out: string;
  readonly rule: SiteRule;
  readonly layer: "1" | "2";
  readonly windows: number;
  readonly factor?: string;
  readonly cell?: string;
  readonly threads?: number;
  readonly device: DeviceChoice;
  readonly json?: boolean;
}

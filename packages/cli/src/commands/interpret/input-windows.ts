import { withSource } from "@bindscape/genome";
import {
  type ExplainedModel,
  type KnownWindows,
  readRegionWindows,
  windowsOfRecords,
  windowsOfSet,
} from "@bindscape/interpret";
import { chooseCell, type ModelFile, type Network } from "@bindscape/models";
import { readSequences } from "@bindscape/motifs";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { loadStudy, readSequenceSetFolder, type SplitName, type Study } from "@bindscape/study";
import { type Command, Option } from "commander";
import { parseThreads as parseCount, type StudyFlags } from "../shared-options.js";

/** Options of `bindscape interpret` that say what to look at. */
export interface InputFlags extends StudyFlags {
  readonly fasta?: string;
  readonly study?: string;
  readonly regions?: string;
  readonly dataset?: string;
  readonly split?: SplitName;
  readonly bound?: boolean;
  readonly unbound?: boolean;
  readonly most?: number;
  readonly centre?: boolean;
  readonly cell?: string;
}

export function addInputOptions(command: Command): void {
  const heading = "What to look at:";
  const add = (option: Option) => command.addOption(option.helpGroup(heading));
  add(new Option("--fasta <file>", "sequences (FASTA, plain or gzip) of the model's length"));
  add(
    new Option(
      "--centre",
      "bring sequences of another length to it around their middle, with N around short ones",
    ),
  );
  add(new Option("--study <file>", "study with the genome and the cell's tracks, for --regions"));
  add(new Option("--regions <file>", "BED file: a window is centred on each region, which is its core"));
  add(new Option("--cell <name>", "cell whose tracks are shown (default: the one trained in)"));
  add(new Option("--dataset <folder>", "labelled sequences, as `bindscape dataset` writes them"));
  add(
    new Option("--split <name>", "sequences of this part of the data set (default: all)").choices([
      "training",
      "validation",
      "test",
    ]),
  );
  add(new Option("--bound", "bound sequences of the data set alone").conflicts("unbound"));
  add(new Option("--unbound", "unbound sequences of the data set alone"));
  add(new Option("--most <number>", "the first so many sequences of the data set").argParser(parseCount));
}

/** Windows of what the command line names, with the files they were read from. */
export async function readInputWindows(
  given: InputFlags,
  network: Network,
  model: ExplainedModel,
  task: ModelFile["tasks"][number],
  options: { readonly onProgress: ProgressListener; readonly signal: AbortSignal },
): Promise<{ windows: KnownWindows; study: Study | null; inputs: readonly string[] }> {
  const { fasta, regions, dataset } = given;
  checkFlags(given);
  if (fasta !== undefined) {
    const records = await withSource(fasta, (source) => readSequences(source));
    return { windows: windowsOfRecords(model, records, fasta, given), study: null, inputs: [fasta] };
  }
  if (dataset !== undefined) {
    const set = await readSequenceSetFolder(dataset);
    const label = given.bound ? 1 : given.unbound ? 0 : undefined;
    const { split, most } = given;
    // The set's own task of the model's factor and cell, else its first.
    const own = set.tasks.findIndex(({ factor, cell }) => factor === task.factor && cell === task.cell);
    const named = own >= 0 ? own : set.tasks.findIndex(({ factor }) => factor === task.factor);
    const windows = windowsOfSet(model, set, { split, label, task: Math.max(0, named), most });
    return { windows, study: null, inputs: [`${dataset}/sequences.fa`, `${dataset}/labels.tsv`] };
  }
  const study = await loadStudy(given.study!, {
    factors: [],
    dataFolder: given.data,
    tracks: given.tracks,
  });
  const cell = chooseCell(task, given.cell);
  const windows = await readRegionWindows(network, model, study, cell, regions!, options);
  return { windows, study, inputs: [...study.inputs, regions!] };
}

/** @throws BindscapeError where it is not clear what to look at */
function checkFlags(given: InputFlags): void {
  const { fasta, study, regions, dataset } = given;
  const fail = (found: string, expected: string) => {
    throw new BindscapeError({ found, expected, next: "`bindscape interpret --help` has examples" });
  };
  const sources = [
    ...(fasta === undefined ? [] : ["--fasta"]),
    ...(study === undefined && regions === undefined ? [] : ["--study and --regions"]),
    ...(dataset === undefined ? [] : ["--dataset"]),
  ];
  if (sources.length !== 1) {
    fail(
      sources.length === 0 ? "nothing to look at" : `${sources.join(", ")} together`,
      "one of --fasta FILE, --study FILE with --regions FILE.bed, and --dataset FOLDER",
    );
  }
  if ((study === undefined) !== (regions === undefined)) {
    fail(
      study === undefined ? "--regions without --study" : "--study without --regions",
      "both: the study has the genome and the tracks, the regions say where to look",
    );
  }
  for (const [flag, value, home] of [
    ["--centre", given.centre, fasta],
    ["--split", given.split, dataset],
    ["--bound", given.bound, dataset],
    ["--unbound", given.unbound, dataset],
    ["--most", given.most, dataset],
    ["--cell", given.cell, regions],
  ] as const) {
    if (value === undefined || home !== undefined) continue;
    const owner = flag === "--centre" ? "--fasta" : flag === "--cell" ? "--regions" : "--dataset";
    fail(`${flag} without ${owner}`, `${flag} with ${owner} alone`);
  }
}

import { refuseExisting } from "@bindscape/genome";
import { makeRunRecord, renderCompendiumPage } from "@bindscape/models";
import { BindscapeError } from "@bindscape/numerics";
import {
  type CompendiumOptions,
  type CompendiumTrack,
  loadStudy,
  loadStudyOfFiles,
  makeCompendium,
  readTrackList,
  type Study,
  tracksOfList,
  type WindowSource,
  writeSequenceSetFolder,
} from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber } from "../shared-options.js";

export function addDatasetCompendiumCommand(parent: Command): void {
  parent
    .command("compendium")
    .description("many tracks of peaks as multi-label sequences, to pre-train networks on (DeepSEA)")
    .option(
      "--tracks <list>",
      "tab-separated list: name, cell, narrowPeak or BED file[, BED of measured regions]",
    )
    .option("--genome <file>", "with --tracks: FASTA or 2bit")
    .option("--study <file>", "in place of both: all experiments of a study")
    .option("--data <folder>", "folder the study's files lie in, in place of the one it names")
    .requiredOption("--out <folder>", "data set to write")
    .option("--bin <bp>", "length of bins", parseThreads, 200)
    .option("--step <bp>", "distance between starts of bins", parseThreads, 200)
    .option("--length <bp>", "window around a bin", parseThreads, 1000)
    .option(
      "--coverage <share>",
      "a bin is bound where a peak covers more than this share of it",
      parseShare,
      0.5,
    )
    .option("--least-bound <number>", "fewest bound labels of a bin; 0 takes all bins", parseWholeNumber, 1)
    .option("--sample <number>", "draw so many bins (default: all)", parseThreads)
    .addOption(
      new Option("--ends <rule>", "windows that reach beyond their chromosome: drop them, or pad them with N")
        .choices(["drop", "pad"])
        .default("drop"),
    )
    .option(
      "--validation <names>",
      "with --tracks: chromosomes held out to stop training by (default: chr8)",
      parseList,
    )
    .option("--test <names>", "with --tracks: chromosomes held out to test on (default: chr9)", parseList)
    .option("--blacklist <file>", "with --tracks: BED of bins to keep off")
    .option("--unlabelled <file>", "with --tracks: BED of regions without labels: their bins are left out")
    .option("--seed <number>", "seed of the draw", parseWholeNumber, 0)
    .option("--overwrite", "replace a data set that stands there")
    .option("--json", "print one JSON line at the end")
    .addHelpText(
      "after",
      `
One label a track: 1 where a peak covers more than half of the bin, else 0; NA where the bin does not lie in the
track's measured regions, where only a relaxed peak of the study touches it, and where the study's labels say so. Bins
that no track binds are left out, as in DeepSEA. The folder has sequences.fa, labels.tsv, dataset.json, report.html and
run.json.

Examples:
  bindscape dataset compendium --tracks tracks.tsv --genome hg19.2bit --sample 200000 --out compendium
  bindscape dataset compendium --study study.yaml --out compendium
  bindscape sequences train compendium --architecture danq --out pretrained`,
    )
    .action(makeDataset);
}

async function makeDataset(given: CompendiumFlags): Promise<void> {
  const started = performance.now();
  const bar = new ProgressBar();
  refuseExisting(given.out, given.overwrite ?? false);
  const { study, source, tracks, inputs } = await readInputs(given);
  const options: CompendiumOptions = {
    binSize: given.bin,
    binStep: given.step,
    length: given.length,
    coverage: given.coverage,
    leastBound: given.leastBound,
    sample: given.sample,
    ends: given.ends,
    seed: given.seed,
    onProgress: bar.listener,
  };
  await withInterrupt("Nothing was written", async (signal) => {
    const { set, summary } = await makeCompendium(study, source, tracks, { ...options, signal });
    const { onProgress: _, ...told } = options;
    const warnings = [...new Set([...study.warnings, ...summary.warnings])];
    const seconds = (performance.now() - started) / 1000;
    const record = await makeRunRecord(commandText(), given.seed, [...study.inputs, ...inputs], seconds);
    const { bins } = summary;
    await writeSequenceSetFolder(given.out, set, {
      overwrite: given.overwrite,
      details: { options: told, ...summary },
      files: {
        "report.html": renderCompendiumPage({
          title: `Compendium of ${tracks.length} tracks`,
          set,
          flow: [
            [`Bins of ${given.bin} bp every ${given.step} bp`, bins.bins],
            [`with fewer than ${given.leastBound} bound labels`, bins.unbound],
            ["on the blacklist", bins.blacklisted],
            ["without labels", bins.unlabelled],
            ["window beyond the chromosome", bins.atEnds],
            ["window across the border of a hold-out", bins.atBorders],
            ["not drawn", bins.notDrawn],
            ["In the data set", bins.kept],
          ],
          options: [
            [
              "Windows",
              `${given.length} bp around bins of ${given.bin} bp; beyond chromosomes: ${given.ends}`,
            ],
            ["Bound", `where a peak covers more than ${given.coverage} of the bin`],
            ["Seed", `${given.seed}`],
          ],
          warnings: summary.warnings,
          command: commandText(),
        }),
        "run.json": `${JSON.stringify(record, null, 2)}\n`,
      },
    });
    for (const warning of warnings) bar.say(`warning: ${warning}`);
    bar.say(
      `wrote ${given.out}: ${set.count.toLocaleString("en-US")} sequences with labels of ${tracks.length} tracks, ${formatDuration(seconds)}`,
    );
    if (given.json)
      printJson({ out: given.out, sequences: set.count, length: set.length, ...summary, seconds });
  });
}

interface Inputs {
  readonly study: Study;
  readonly source: WindowSource;
  readonly tracks: CompendiumTrack[];
  /** Files beside those of the study. */
  readonly inputs: string[];
}

async function readInputs(given: CompendiumFlags): Promise<Inputs> {
  const isList = given.tracks !== undefined && given.genome !== undefined && given.study === undefined;
  const isStudy = given.study !== undefined && given.tracks === undefined && given.genome === undefined;
  if (!isList && !isStudy) {
    throw new BindscapeError({
      source: "dataset compendium",
      found: `${
        (["tracks", "genome", "study"] as const)
          .filter((name) => given[name] !== undefined)
          .map((name) => `--${name}`)
          .join(" and ") || "no input"
      }`,
      expected: "--tracks LIST with --genome FILE, or --study STUDY",
    });
  }
  if (given.study !== undefined) {
    for (const name of ["validation", "test", "blacklist", "unlabelled"] as const) {
      if (given[name] === undefined) continue;
      throw new BindscapeError({
        source: `--${name}`,
        found: "a hold-out beside a study",
        expected: "those of the study file",
      });
    }
    const study = await loadStudy(given.study, { dataFolder: given.data, sequence: "now" });
    const { segments, codes } = study.assembly;
    const tracks = study.experiments.map(({ factor, cell, peaks, relaxedPeaks, labels }) => ({
      factor,
      cell,
      read: async () => ({ peaks, relaxedPeaks, ...(labels && { labels }) }),
    }));
    return { study, source: { segments, codes, tracks: [] }, tracks, inputs: [] };
  }
  const entries = await readTrackList(given.tracks!);
  const study = await loadStudyOfFiles(
    {
      genome: given.genome!,
      experiments: entries.map(({ factor, peaks }, i) => ({ factor, cell: `track ${i + 1}`, peaks })),
      validation: given.validation,
      test: given.test,
      blacklist: given.blacklist,
      unlabelled: given.unlabelled,
    },
    // Peaks are read track by track.
    { factors: [] },
  );
  const source = await study.loadCell("track 1");
  const files = entries.flatMap(({ peaks, measured }) =>
    measured === undefined ? [peaks] : [peaks, measured],
  );
  return {
    study,
    source,
    tracks: tracksOfList(entries, study.assembly, study.warnings as string[]),
    inputs: [given.tracks!, ...files],
  };
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number from 0 to below 1.");
  }
  return value;
}

interface CompendiumFlags {
  readonly tracks?: string;
  readonly genome?: string;
  readonly study?: string;
  readonly data?: string;
  readonly out: string;
  readonly bin: number;
  readonly step: number;
  readonly length: number;
  readonly coverage: number;
  readonly leastBound: number;
  readonly sample?: number;
  readonly ends: "drop" | "pad";
  readonly validation?: string[];
  readonly test?: string[];
  readonly blacklist?: string;
  readonly unlabelled?: string;
  readonly seed: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

import { existsSync } from "node:fs";
import { matchChromosomeNames, refuseExisting } from "@bindscape/genome";
import { makeRunRecord, renderMotifSitesPage } from "@bindscape/models";
import {
  findMotif,
  type MarkovBackground,
  type Motif,
  readMotifFile,
  readScanBackground,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import {
  BOUND_RULES,
  type BoundRule,
  CONTROLS,
  CORE_RULES,
  type Control,
  type CoreRule,
  checkHoldOutsDisjoint,
  countLabels,
  type Experiment,
  findExperiment,
  formatSitesTable,
  loadStudy,
  loadStudyOfFiles,
  type MotifSiteOptions,
  makeMotifSites,
  POSITIVE_RULES,
  type PositiveRule,
  readIntervalFile,
  type Study,
  type TrackMode,
  writeSequenceSetFolder,
  writeTask,
} from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withInterrupt } from "../../interrupt.js";
import { printJson } from "../../print.js";
import { formatDuration, ProgressBar } from "../../progress-bar.js";
import { commandText, parseList, parseThreads, parseWholeNumber, tracksOption } from "../shared-options.js";

/** The cell of a data set that was made of single files. */
const NO_CELL = "unnamed";

export function addDatasetMotifSitesCommand(parent: Command): void {
  const command = parent
    .command("motif-sites")
    .description(
      "which instances of a motif are bound: windows around them, with matched controls (AgentBind)",
    )
    .requiredOption("--out <folder>", "data set to write")
    .option("--overwrite", "replace a data set that stands there")
    .option("--json", "print one JSON line at the end");
  const grouped = (heading: string) => (option: Option) => command.addOption(option.helpGroup(heading));

  const input = grouped("Input, a study or single files:");
  input(new Option("--study <file>", "study file, with peaks, motifs, tracks and hold-outs"));
  input(new Option("--data <folder>", "folder the study's files lie in, in place of the one it names"));
  input(
    new Option(
      "--factor <name>",
      "factor of the study; with --genome, the factor's name (default: the motif's)",
    ),
  );
  input(new Option("--cell <name>", "cell, where the study has the factor in several"));
  input(new Option("--genome <file>", "in place of --study: FASTA or 2bit"));
  input(new Option("--peaks <file>", "with --genome: BED or narrowPeak, plain or gzip"));
  input(new Option("--motif <file[:name]>", "motif file and the motif in it; a motif of the study's file"));
  input(
    new Option("--summit-flank <bp>", "with --genome: summits ± so many bp in place of peaks").argParser(
      parseThreads,
    ),
  );
  input(
    new Option("--top-peaks <number>", "with --genome: the first peaks of the file alone").argParser(
      parseThreads,
    ),
  );
  input(
    new Option(
      "--track <name>",
      "track for --control accessibility (default: the first); with --genome, its file",
    ),
  );
  input(tracksOption());

  const instances = grouped("Instances:");
  instances(
    new Option("--thresh <p>", "p-value of an instance, at most").default(1e-4).argParser(parseShare),
  );
  instances(
    new Option(
      "--bfile <background>",
      "of scores: --genome-- (its own composition), --nrdb--, --uniform--, or a file",
    ).default("--genome--"),
  );
  instances(
    new Option("--motif-pseudo <number>", "sites' worth of background added to the motif")
      .default(0.1)
      .argParser(parsePositive),
  );
  instances(new Option("--no-max-strand", "count both strands of one place as two instances"));
  instances(new Option("--drop-overlapping", "of instances that overlap keep the best alone"));
  instances(
    new Option(
      "--bound-rule <rule>",
      "bound where a peak starts before and ends behind the instance (strict), covers it (inside), or touches it (overlap)",
    )
      .choices(BOUND_RULES)
      .default("strict"),
  );
  instances(
    new Option("--touched <rule>", "instances that a peak overlaps without making them bound")
      .choices(["unbound", "drop"])
      .default("unbound"),
  );
  instances(new Option("--blacklist <file>", "BED of regions to keep off, beside the study's"));
  instances(
    new Option("--blacklisted <what>", "what must keep off the blacklist")
      .choices(["core", "window"])
      .default("core"),
  );

  const windows = grouped("Windows:");
  windows(
    new Option("--length <bp>", "window length, centred on the instance")
      .default(1000)
      .argParser(parseThreads),
  );
  windows(
    new Option("--core <rule>", "the motif in its window: keep it, mask it with N, or N everywhere else")
      .choices(CORE_RULES)
      .default("keep"),
  );
  windows(
    new Option("--ends <rule>", "windows that reach beyond their chromosome: drop them, or pad them with N")
      .choices(["drop", "pad"])
      .default("drop"),
  );
  windows(
    new Option(
      "--validation <names>",
      "chromosomes held out to stop training by (default: the study's; with --genome, chr8)",
    ).argParser(parseList),
  );
  windows(
    new Option(
      "--test <names>",
      "chromosomes held out to test on (default: the study's; with --genome, chr9)",
    ).argParser(parseList),
  );

  const controls = grouped("Controls:");
  controls(
    new Option(
      "--control <kind>",
      "what unbound sites share with bound ones: p-value; with GC; in accessible chromatin too",
    )
      .choices(CONTROLS)
      .default("baseline"),
  );
  controls(
    new Option("--positives <rule>", "bound sites: as many as have matches in their bin, or all")
      .choices(POSITIVE_RULES)
      .default("matched"),
  );
  controls(
    new Option("--negatives <number>", "unbound sites for each bound one").default(1).argParser(parseThreads),
  );
  controls(new Option("--p-bin <width>", "width of bins of -log10 p").default(0.1).argParser(parsePositive));
  controls(
    new Option("--gc-bin <width>", "width of bins of GC share").default(0.02).argParser(parsePositive),
  );
  controls(
    new Option("--match-within <part>", "match over the genome, or within training, validation and test each")
      .choices(["genome", "split"])
      .default("genome"),
  );
  controls(
    new Option(
      "--accessible <file>",
      "BED or narrowPeak of accessible regions (default: called from the track)",
    ),
  );
  controls(
    new Option("--accessible-share <share>", "share of the genome that is called accessible")
      .default(0.05)
      .argParser(parseShare),
  );
  controls(
    new Option("--accessible-width <bp>", "bp over which the signal is averaged for that")
      .default(150)
      .argParser(parseThreads),
  );
  controls(
    new Option(
      "--signal-width <bp>",
      "bp around the core over which tracks are averaged for the accessibility-alone baseline",
    )
      .default(200)
      .argParser(parseThreads),
  );
  controls(
    new Option("--minimum-sites <number>", "fewest bound and fewest unbound sites for training")
      .default(50)
      .argParser(parseThreads),
  );
  controls(new Option("--seed <number>", "seed of the draw").default(0).argParser(parseWholeNumber));

  command
    .addHelpText(
      "after",
      `
Scores and p-values are FIMO's. --positives matched is the paper's rule (the same number of both from each bin);
all is its code's (no bound site left out, fewer unbound ones where a bin lacks them). Accessible are the bases whose
signal, averaged over --accessible-width, is in the genome's top --accessible-share. Sequences are in the motif's
direction; training adds the other strand. The folder has sequences.fa, labels.tsv, sites.bed, sites.tsv, dataset.json,
report.html and run.json.

Examples:
  bindscape dataset motif-sites --study study.yaml --factor Reb1 --control gc --out reb1
  bindscape dataset motif-sites --study study.yaml --factor STAT3 --cell HeLa --core mask --out stat3-masked
  bindscape dataset motif-sites --genome hg19.2bit --motif JASPAR.meme:CTCF --peaks ctcf.narrowPeak.gz \\
    --control accessibility --accessible hotspots.bed.gz --blacklist blacklist.bed.gz --out ctcf`,
    )
    .action(makeDataset);
}

async function makeDataset(given: MotifSitesFlags): Promise<void> {
  const started = performance.now();
  const bar = new ProgressBar();
  refuseExisting(given.out, given.overwrite ?? false);
  const { study, experiment, motif, inputs } = await readInputs(given);
  const warned = study.warnings.length;
  const options: MotifSiteOptions = {
    length: given.length,
    threshold: given.thresh,
    background: await readBackground(given, inputs),
    pseudocount: given.motifPseudo,
    maxStrand: given.maxStrand,
    dropOverlapping: given.dropOverlapping,
    boundRule: given.boundRule,
    touched: given.touched,
    control: given.control,
    pValueBin: given.pBin,
    gcBin: given.gcBin,
    matchWithin: given.matchWithin,
    positives: given.positives,
    ratio: given.negatives,
    core: given.core,
    ends: given.ends,
    blacklisted: given.blacklisted,
    accessible: await readAccessible(given, study, inputs),
    track: given.study === undefined ? undefined : given.track,
    accessibleShare: given.accessibleShare,
    accessibleWidth: given.accessibleWidth,
    signalWidth: given.signalWidth,
    minimumSites: given.minimumSites,
    seed: given.seed,
    onProgress: bar.listener,
  };
  await withInterrupt("Nothing was written", async (signal) => {
    const made = await makeMotifSites(study, experiment, motif, { ...options, signal });
    for (const warning of study.warnings.slice(0, warned)) bar.say(`warning: ${warning}`);
    const set = given.study === undefined && given.cell === undefined ? withoutCell(made.set) : made.set;
    const summary =
      given.study === undefined && given.cell === undefined ? { ...made.summary, cell: "" } : made.summary;
    const task = writeTask(set.tasks[0]);
    const counts = countLabels(set)[task];
    const seconds = (performance.now() - started) / 1000;
    const { onProgress: _, accessible: __, background: ___, ...told } = options;
    const record = await makeRunRecord(commandText(), given.seed, [...study.inputs, ...inputs], seconds);
    await writeSequenceSetFolder(given.out, set, {
      overwrite: given.overwrite,
      details: { options: told, ...summary },
      siteScores: made.columns[0].values.map((value) => Math.min(1000, Math.round(100 * value))),
      files: {
        "sites.tsv": formatSitesTable(set, made.columns),
        "report.html": renderMotifSitesPage({
          summary,
          motif,
          counts,
          options: listOptions(given),
          command: commandText(),
        }),
        "run.json": `${JSON.stringify(record, null, 2)}\n`,
      },
    });
    for (const warning of summary.warnings) bar.say(`warning: ${warning}`);
    const { keptBound, keptUnbound, bound, unbound, instances } = summary.sites;
    bar.say(
      `wrote ${given.out}: ${keptBound} bound and ${keptUnbound} unbound sites of ${task} (of ${bound} and ${unbound}; ${instances} instances), ${formatDuration(seconds)}`,
    );
    if (given.json)
      printJson({
        out: given.out,
        sequences: set.count,
        length: set.length,
        counts,
        ...withoutHistograms(summary),
        seconds,
      });
  });
}

function withoutCell<Set extends { readonly tasks: readonly { readonly factor: string }[] }>(set: Set): Set {
  return { ...set, tasks: set.tasks.map(({ factor }) => ({ factor, cell: "" })) };
}

function withoutHistograms<Summary extends { readonly matching: { readonly quality: object } }>(
  summary: Summary,
) {
  const quality = Object.fromEntries(
    Object.entries(summary.matching.quality).map(([name, { before, after }]) => [name, { before, after }]),
  );
  return { ...summary, matching: { ...summary.matching, quality } };
}

interface Inputs {
  readonly study: Study;
  readonly experiment: Experiment;
  readonly motif: Motif;
  /** Files beside those of the study. */
  readonly inputs: string[];
}

async function readInputs(given: MotifSitesFlags): Promise<Inputs> {
  const inputs: string[] = [];
  if ((given.study === undefined) === (given.genome === undefined)) {
    throw new BindscapeError({
      source: "dataset motif-sites",
      found: given.study === undefined ? "neither --study nor --genome" : "both --study and --genome",
      expected: "--study STUDY --factor FACTOR, or --genome FILE --motif FILE[:NAME] --peaks FILE",
    });
  }
  if (given.study !== undefined) {
    const { factor } = given;
    if (factor === undefined) {
      throw new BindscapeError({
        source: "dataset motif-sites",
        found: "no --factor",
        expected: "a factor of the study",
      });
    }
    const loaded = await loadStudy(given.study, {
      factors: [factor],
      dataFolder: given.data,
      tracks: given.tracks,
    });
    const study = await changeHoldOuts(loaded, given, inputs);
    const experiment = findExperiment(study, factor, given.cell);
    const motif =
      given.motif === undefined
        ? experiment.motif
        : await readGivenMotif(given.motif, factor, study.motifs, inputs);
    if (motif !== null) return { study, experiment, motif, inputs };
    throw new BindscapeError({
      source: given.study,
      found: `no motif of ${factor}`,
      expected: "a motif file with it under `motifs`, or --motif FILE:NAME",
    });
  }
  for (const name of ["motif", "peaks"] as const) {
    if (given[name] === undefined) {
      throw new BindscapeError({
        source: "dataset motif-sites",
        found: `--genome without --${name}`,
        expected: "--genome FILE --motif FILE[:NAME] --peaks FILE",
      });
    }
  }
  const motif = await readGivenMotif(given.motif!, given.factor, [], inputs);
  const factor = given.factor ?? motif.name;
  const cell = given.cell ?? NO_CELL;
  const loaded = await loadStudyOfFiles(
    {
      genome: given.genome!,
      experiments: [
        { factor, cell, peaks: given.peaks, summitFlank: given.summitFlank, topPeaks: given.topPeaks },
      ],
      tracks: given.track === undefined ? [] : [given.track],
      validation: given.validation,
      test: given.test,
    },
    { tracks: given.tracks },
  );
  const study = await changeHoldOuts(loaded, { blacklist: given.blacklist }, inputs);
  return { study, experiment: findExperiment(study, factor, cell), motif, inputs };
}

/** The study with hold-outs and blacklist of the command line. */
async function changeHoldOuts(
  study: Study,
  { validation, test, blacklist }: Pick<MotifSitesFlags, "validation" | "test" | "blacklist">,
  inputs: string[],
): Promise<Study> {
  const names = study.assembly.chromosomes.map(({ name }) => name);
  const chromosomes = (flag: string, given: readonly string[]) => {
    const { map } = matchChromosomeNames(given, names);
    return given.map((name) => {
      const chromosome = map.get(name);
      if (chromosome !== undefined) return { chromosome, start: 0, end: Number.POSITIVE_INFINITY };
      throw new BindscapeError({
        source: flag,
        found: `the chromosome "${name}"`,
        expected: `one of ${names.join(", ")}`,
      });
    });
  };
  const holdOuts = {
    ...study.holdOuts,
    ...(validation && { validation: chromosomes("--validation", validation) }),
    ...(test && { test: chromosomes("--test", test) }),
  };
  checkHoldOutsDisjoint(holdOuts, "--validation, --test");
  if (blacklist === undefined) return { ...study, holdOuts };
  inputs.push(blacklist);
  const more = await readIntervalFile(blacklist, study.assembly, study.warnings as string[]);
  return { ...study, holdOuts: { ...holdOuts, blacklist: [...holdOuts.blacklist, ...more] } };
}

/** The motif that FILE, FILE:NAME or, in a study with a motif file, NAME stands for. */
async function readGivenMotif(
  text: string,
  factor: string | undefined,
  known: readonly Motif[],
  inputs: string[],
): Promise<Motif> {
  const colon = text.lastIndexOf(":");
  const [file, name] =
    existsSync(text) || colon < 0 || !existsSync(text.slice(0, colon))
      ? [text, undefined]
      : [text.slice(0, colon), text.slice(colon + 1)];
  if (known.length > 0 && !existsSync(file)) return findMotif(known, text);
  const motifs = await readMotifFile(file);
  inputs.push(file);
  if (name !== undefined) return findMotif(motifs, name);
  if (motifs.length === 1) return motifs[0];
  if (factor !== undefined) return findMotif(motifs, factor);
  throw new BindscapeError({
    source: file,
    found: `${motifs.length} motifs`,
    expected: `the name of one, such as ${file}:${motifs[0]?.id ?? "NAME"}`,
  });
}

async function readBackground(
  { bfile, genome = "" }: MotifSitesFlags,
  inputs: string[],
): Promise<MarkovBackground | undefined> {
  if (bfile === "--genome--") return undefined;
  if (bfile === "--motif--" || bfile === "--sequences--") {
    throw new BindscapeError({
      source: "--bfile",
      found: bfile,
      expected: "--genome--, --nrdb--, --uniform--, or a file",
    });
  }
  if (!bfile.startsWith("--")) inputs.push(bfile);
  return readScanBackground(bfile, { motifs: "", sequences: genome });
}

async function readAccessible({ accessible, control }: MotifSitesFlags, study: Study, inputs: string[]) {
  if (accessible === undefined) return undefined;
  if (control !== "accessibility") {
    throw new BindscapeError({
      source: "--accessible",
      found: `accessible regions with --control ${control}`,
      expected: "--control accessibility",
    });
  }
  inputs.push(accessible);
  return readIntervalFile(accessible, study.assembly, study.warnings as string[]);
}

function listOptions(given: MotifSitesFlags): [string, string][] {
  const control =
    given.control === "accessibility"
      ? `; accessible: ${given.accessible ?? `top ${given.accessibleShare} of the genome by signal averaged over ${given.accessibleWidth} bp`}`
      : "";
  return [
    [
      "Instances",
      `p at most ${given.thresh}, background ${given.bfile}, ${given.maxStrand ? "one a place" : "both strands of a place"}${given.dropOverlapping ? ", none overlapping" : ""}`,
    ],
    ["Bound", `${given.boundRule}; touched by a peak otherwise: ${given.touched}`],
    ["Windows", `${given.length} bp, core: ${given.core}, beyond chromosomes: ${given.ends}`],
    ["Control", `${given.control}${control}`],
    [
      "Matching",
      `bins of ${given.pBin} of -log10 p${given.control === "baseline" ? "" : ` and of ${given.gcBin} of GC share`}, within ${given.matchWithin}, bound: ${given.positives}, ${given.negatives} unbound a bound one`,
    ],
    ["Seed", `${given.seed}`],
  ];
}

interface MotifSitesFlags {
  readonly out: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
  readonly study?: string;
  readonly data?: string;
  readonly factor?: string;
  readonly cell?: string;
  readonly genome?: string;
  readonly peaks?: string;
  readonly motif?: string;
  readonly summitFlank?: number;
  readonly topPeaks?: number;
  readonly track?: string;
  readonly tracks: TrackMode;
  readonly thresh: number;
  readonly bfile: string;
  readonly motifPseudo: number;
  readonly maxStrand: boolean;
  readonly dropOverlapping?: boolean;
  readonly boundRule: BoundRule;
  readonly touched: "unbound" | "drop";
  readonly blacklist?: string;
  readonly blacklisted: "core" | "window";
  readonly length: number;
  readonly core: CoreRule;
  readonly ends: "drop" | "pad";
  readonly validation?: string[];
  readonly test?: string[];
  readonly control: Control;
  readonly positives: PositiveRule;
  readonly negatives: number;
  readonly pBin: number;
  readonly gcBin: number;
  readonly matchWithin: "genome" | "split";
  readonly accessible?: string;
  readonly accessibleShare: number;
  readonly accessibleWidth: number;
  readonly signalWidth: number;
  readonly minimumSites: number;
  readonly seed: number;
}

function parseShare(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < 1)) {
    throw new InvalidArgumentError("Expected a number between 0 and 1.");
  }
  return value;
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

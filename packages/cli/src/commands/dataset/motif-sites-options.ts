import {
  BOUND_RULES,
  type BoundRule,
  CONTROLS,
  CORE_RULES,
  type Control,
  type CoreRule,
  POSITIVE_RULES,
  type PositiveRule,
  type TrackMode,
} from "@bindscape/study";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseList, parseThreads, parseWholeNumber, tracksOption } from "../shared-options.js";

/** The choices of `dataset motif-sites`, in groups. */
export function addMotifSitesOptions(command: Command): void {
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
}

/** The choices in words, for the report. */
export function listOptions(given: MotifSitesFlags): [string, string][] {
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

export interface MotifSitesFlags {
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

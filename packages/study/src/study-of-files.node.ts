import { basename, resolve } from "node:path";
import { isAddress, matchChromosomeNames } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type LoadStudyOptions, loadStudyFile } from "./load-study.node.js";
import { openReadableGenome } from "./readable-genome.node.js";
import type { Study } from "./study.js";
import { type ExperimentEntry, parseStudyFile } from "./study-file.js";

/** Files of a study that has no study file. */
export interface StudyFiles {
  /** FASTA or 2bit. */
  readonly genome: string;
  /** Experiments whose files are relative to the current folder. */
  readonly experiments: readonly Pick<
    ExperimentEntry,
    "factor" | "cell" | "peaks" | "summitFlank" | "topPeaks"
  >[];
  /** Signal tracks that every cell gets, by file. */
  readonly tracks?: readonly string[];
  /** Chromosomes held out; chr8 and chr9, the paper's, where left out. */
  readonly validation?: readonly string[];
  readonly test?: readonly string[];
  /** BED files. */
  readonly blacklist?: string;
  readonly unlabelled?: string;
  /** bp, where bins matter. */
  readonly bins?: { readonly size: number; readonly step: number; readonly boundOverlap: number };
}

/** What AgentBind validates and tests on (Zheng et al. 2021, Online Methods), and DeepSEA tests on in part. */
const PAPER_HOLD_OUTS = { validation: "chr8", test: "chr9" } as const;

/**
 * A study of single files: a genome, peaks, tracks.
 * @throws BindscapeError for what is missing, and where hold-outs are not told and the genome has not the paper's
 */
export async function loadStudyOfFiles(files: StudyFiles, options: LoadStudyOptions = {}): Promise<Study> {
  const holdOut = await chooseHoldOuts(files);
  const place = (file: string) => (isAddress(file) ? file : resolve(file));
  const tracks = (files.tracks ?? []).map((file) => ({ name: basename(file), file: place(file) }));
  const cells = [...new Set(files.experiments.map(({ cell }) => cell))];
  const content = {
    name: basename(files.genome),
    assembly: { name: basename(files.genome), genome: place(files.genome) },
    ...(files.blacklist !== undefined && { blacklist: place(files.blacklist) }),
    ...(files.unlabelled !== undefined && { unlabelled: { regions: place(files.unlabelled) } }),
    ...(files.bins && { bins: files.bins }),
    cells: Object.fromEntries(cells.map((cell) => [cell, { tracks }])),
    experiments: files.experiments.map((experiment) => ({
      ...experiment,
      peaks: place(experiment.peaks!),
    })),
    holdOut,
  };
  return loadStudyFile(parseStudyFile(JSON.stringify(content), files.genome), files.genome, options);
}

async function chooseHoldOuts({ genome, validation, test }: StudyFiles) {
  const file = await openReadableGenome(genome);
  const names = file.chromosomes.map(({ name }) => name);
  await file.close();
  const choose = (part: keyof typeof PAPER_HOLD_OUTS, given: readonly string[] | undefined) => {
    const wanted = given ?? [PAPER_HOLD_OUTS[part]];
    const { map } = matchChromosomeNames(wanted, names);
    const missing = wanted.find((name) => !map.has(name));
    if (missing === undefined) return { chromosomes: wanted.map((name) => map.get(name)!) };
    throw new BindscapeError({
      source: genome,
      found: `no chromosome ${missing} to hold out for ${part}`,
      expected: `one of ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}`,
      next: `Choose chromosomes with --${part}`,
    });
  };
  return { validation: choose("validation", validation), test: choose("test", test) };
}

import { existsSync } from "node:fs";
import { matchChromosomeNames } from "@bindscape/genome";
import {
  findMotif,
  type MarkovBackground,
  type Motif,
  readMotifFile,
  readScanBackground,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import {
  checkHoldOutsDisjoint,
  type Experiment,
  findExperiment,
  loadStudy,
  loadStudyOfFiles,
  readIntervalFile,
  type Study,
} from "@bindscape/study";
import type { MotifSitesFlags } from "./motif-sites-options.js";

/** The cell of a data set that was made of single files. */
const NO_CELL = "unnamed";

export interface MotifSitesInputs {
  readonly study: Study;
  readonly experiment: Experiment;
  readonly motif: Motif;
  /** Files beside those of the study. */
  readonly inputs: string[];
}

/** A study, or one made of single files, with the experiment and the motif that the command line names. */
export async function readInputs(given: MotifSitesFlags): Promise<MotifSitesInputs> {
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

/** What `--bfile` names; undefined for the genome itself, which is counted later. */
export async function readBackground(
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

/** The regions that `--accessible` names. */
export async function readAccessible(
  { accessible, control }: MotifSitesFlags,
  study: Study,
  inputs: string[],
) {
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

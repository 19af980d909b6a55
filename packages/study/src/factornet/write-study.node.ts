import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import {
  type ChromosomeSize,
  isAddress,
  matchChromosomeNames,
  readBed,
  readChromosomeSizes,
  TwoBitReader,
  withSource,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { Document } from "yaml";
import { recogniseBuild } from "../known-builds.js";
import { parseStudyFile } from "../study-file.js";
import {
  type FactornetResources,
  findFactornetResources,
  findResourcesFolder,
} from "./find-resources.node.js";
import {
  checkDirectoriesAgree,
  type FactornetDirectory,
  readFactornetDirectory,
} from "./read-directory.node.js";

export interface FactornetStudyOptions {
  /** Where the study file will lie: file names in it are relative to its folder. */
  readonly out: string;
  /** FASTA or 2bit file, in place of the one in the resources. */
  readonly genome?: string;
  /** Folder of genome, chromosome sizes, blacklist, annotations and motifs; looked for beside the cells if absent. */
  readonly resources?: string;
  /** Defaults to chr11, as FactorNet has it. */
  readonly validationChromosomes?: readonly string[];
  /** Defaults to chr1, chr8 and chr21. */
  readonly testChromosomes?: readonly string[];
}

/** A study file made from FactorNet's folders. */
export interface FactornetStudy {
  /** The text of the study file. */
  readonly text: string;
  readonly cells: readonly string[];
  readonly factors: readonly string[];
  readonly resources: FactornetResources;
  /** What a reader of the study should know. */
  readonly warnings: readonly string[];
}

/**
 * Makes a study of folders in FactorNet's own layout, one a cell, with the paper's defaults: 200-bp bins every 50
 * bp, bound from 101 bp on; validation on chr11, test on chr1, chr8 and chr21.
 * @throws BindscapeError where the cells do not agree, a file is missing, or a hold-out is no chromosome
 */
export async function makeFactornetStudy(
  paths: readonly string[],
  options: FactornetStudyOptions,
): Promise<FactornetStudy> {
  const directories: FactornetDirectory[] = [];
  for (const path of paths) directories.push(await readFactornetDirectory(path));
  if (directories.length === 0) {
    throw new BindscapeError({ found: "no folder", expected: "one folder a cell, in FactorNet's layout" });
  }
  checkDirectoriesAgree(directories);
  const resourcesFolder = options.resources ?? findResourcesFolder(paths[0]);
  const resources = resourcesFolder ? await findFactornetResources(resourcesFolder) : { annotations: [] };
  const genome = options.genome ?? resources.genome;
  if (genome === undefined) {
    throw new BindscapeError({
      source: resourcesFolder,
      found: resourcesFolder ? "no .2bit and no .fa file" : "no folder of resources beside the cells",
      expected: "the genome",
      next: "Name it with --genome, or its folder with --resources",
    });
  }
  const sizes =
    resources.chromosomeSizes && (await withSource(resources.chromosomeSizes, readChromosomeSizes));
  const inGenome = await readGenomeSizes(genome);
  if (sizes && inGenome) checkOneBuild(sizes, resources.chromosomeSizes!, inGenome, genome);
  const chromosomes = sizes ? sizes.map(({ name }) => name) : undefined;
  const validation = options.validationChromosomes ?? ["chr11"];
  const test = options.testChromosomes ?? ["chr1", "chr8", "chr21"];
  checkHoldOuts(chromosomes, resources.chromosomeSizes, validation, test);
  if (directories.every(({ experiments }) => experiments.length === 0)) {
    throw new BindscapeError({
      source: paths[0],
      found: "no experiment in any of the folders",
      expected: "at least one chip.txt with a line for a factor",
    });
  }

  const folder = dirname(resolve(options.out));
  const place = (file: string) => writePath(folder, file);
  const content = {
    name: directories.map(({ cell }) => cell).join(" and "),
    assembly: {
      name: basename(genome).replace(/\.(2bit|fa|fasta)(\.gz)?$/i, ""),
      genome: place(genome),
      ...(chromosomes ? { chromosomes } : {}),
    },
    ...(resources.blacklist ? { blacklist: place(resources.blacklist) } : {}),
    ...(resources.motifs ? { motifs: place(resources.motifs) } : {}),
    ...(resources.annotations.length > 0
      ? { annotations: resources.annotations.map(({ name, file }) => ({ name, file: place(file) })) }
      : {}),
    bins: { size: 200, step: 50, boundOverlap: 101 },
    cells: Object.fromEntries(
      directories.map(({ cell, tracks, covariates }) => [
        cell,
        {
          tracks: tracks.map(({ name, file }) => ({ name, file: place(file) })),
          ...(covariates ? { covariates: Object.fromEntries(covariates.map((c) => [c.name, c.value])) } : {}),
        },
      ]),
    ),
    experiments: directories.flatMap(({ cell, experiments }) =>
      experiments.map(({ factor, peaks, relaxedPeaks }) => ({
        factor,
        cell,
        peaks: place(peaks),
        ...(relaxedPeaks ? { relaxedPeaks: place(relaxedPeaks) } : {}),
      })),
    ),
    holdOut: { validation: { chromosomes: validation }, test: { chromosomes: test } },
  };
  const document = new Document(content);
  document.commentBefore =
    " Made from folders in FactorNet's layout; names of files are relative to this file.";
  const text = document.toString({ lineWidth: 110 });
  // What is written is what can be read: this also finds two cells' experiments that contradict each other.
  parseStudyFile(text, options.out);
  return {
    text,
    cells: directories.map(({ cell }) => cell),
    factors: [...new Set(directories.flatMap(({ experiments }) => experiments.map(({ factor }) => factor)))],
    resources,
    warnings: await findTraps(directories, resources, test),
  };
}

/** Lengths of a genome's sequences, where they are told without reading it all. */
async function readGenomeSizes(genome: string): Promise<ChromosomeSize[] | undefined> {
  if (!/\.2bit$/i.test(genome)) {
    // The genome itself has to be there too.
    await withSource(genome, async () => {});
    return existsSync(`${genome}.fai`) ? await withSource(`${genome}.fai`, readChromosomeSizes) : undefined;
  }
  return await withSource(genome, async (source) => {
    const reader = await TwoBitReader.open(source);
    const sizes: ChromosomeSize[] = [];
    for (const name of reader.names) sizes.push({ name, size: await reader.readSize(name) });
    return sizes;
  });
}

/** Refuses lengths of another build: peaks and signal would be beside the sequence they belong to. */
function checkOneBuild(
  sizes: readonly ChromosomeSize[],
  sizesFile: string,
  inGenome: readonly ChromosomeSize[],
  genome: string,
): void {
  const namesOf = (list: readonly ChromosomeSize[]) => list.map(({ name }) => name);
  const { map } = matchChromosomeNames(namesOf(sizes), namesOf(inGenome));
  const sizeOf = new Map(inGenome.map(({ name, size }) => [name, size]));
  const other = sizes.find(({ name, size }) => size !== sizeOf.get(map.get(name) ?? ""));
  if (other === undefined) return;
  const build = (list: readonly ChromosomeSize[]) => {
    const name = recogniseBuild(list);
    return name === undefined ? "" : `, which is ${name}`;
  };
  const found = sizeOf.get(map.get(other.name) ?? "");
  throw new BindscapeError({
    source: sizesFile,
    found: `${other.name} has ${other.size} bp${build(sizes)}`,
    expected: `${found === undefined ? "a chromosome" : `${found} bp, as`} in ${genome}${build(inGenome)}`,
    next: "Give genome, resources and signal of one build; FactorNet's own are of hg19",
  });
}

function checkHoldOuts(
  chromosomes: readonly string[] | undefined,
  source: string | undefined,
  validation: readonly string[],
  test: readonly string[],
): void {
  const missing = [...validation, ...test].find((name) => chromosomes && !chromosomes.includes(name));
  if (missing === undefined) return;
  throw new BindscapeError({
    source,
    found: `no chromosome "${missing}", which is to be held out`,
    expected: `one of ${chromosomes!.slice(0, 30).join(", ")}`,
    next: "Choose with --validation-chromosomes and --test-chromosomes",
  });
}

/** What is usually wrong with these folders without being an error. */
async function findTraps(
  directories: readonly FactornetDirectory[],
  resources: FactornetResources,
  test: readonly string[],
): Promise<string[]> {
  const warnings: string[] = [];
  if (!resources.blacklist) warnings.push("no blacklist: bins in it will be trained on and evaluated");
  if (!resources.chromosomeSizes) {
    warnings.push("no chrom.sizes: all records of the genome are used, chrM and unplaced pieces too");
  }
  for (const { cell, experiments } of directories) {
    const without: string[] = [];
    for (const { factor, peaks } of experiments) {
      const records = await withSource(peaks, readBed);
      if (!records.some(({ chromosome }) => test.includes(chromosome))) without.push(factor);
    }
    if (without.length > 0) {
      // The published folders hold the challenge's training peaks alone.
      warnings.push(
        `${cell}: no peak of ${without.join(", ")} on the test chromosomes (${test.join(", ")}), so that every bin there counts as unbound: give peaks of the whole genome to evaluate on them`,
      );
    }
  }
  return warnings;
}

/** A file's name as the study has it: relative to the study where that is shorter to read, `/` on every system. */
function writePath(folder: string, file: string): string {
  if (isAddress(file)) return file;
  const path = relative(folder, resolve(file));
  return (isAbsolute(path) ? resolve(file) : path).split(sep).join("/");
}

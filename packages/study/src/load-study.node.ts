import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describeFileError, type Interval, isAddress, withSource } from "@bindscape/genome";
import { findMotif, type Motif, readMotifFile } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { loadAnnotations } from "./annotations.node.js";
import type { Assembly } from "./assembly.js";
import { BinTable } from "./bins.js";
import type { TrackFile } from "./cell-files.node.js";
import { openCellReader } from "./cell-reader.node.js";
import { findLabelledStretches, readBinLabels } from "./dream-labels.js";
import { measureExpressionComponents, readExpressionTable } from "./expression.js";
import { aroundSummit, readIntervalFile, readPeakFile } from "./interval-files.node.js";
import { AMBIGUOUS, BOUND } from "./labels.js";
import { loadAssembly } from "./load-assembly.node.js";
import { LARGEST_HELD_BYTES, loadCell, type TrackMode, type TrackRoom } from "./load-cell.node.js";
import type { AnnotationEntry } from "./metadata-schema.js";
import { checkHoldOutsDisjoint, type HoldOuts } from "./splits.js";
import type { Experiment, Study } from "./study.js";
import { type ExperimentEntry, type HoldOutEntry, parseStudyFile, type StudyFile } from "./study-file.js";
import type { SourceAnnotation, WindowSource } from "./windows.js";

export interface LoadStudyOptions {
  /** Read only the experiments of these factors. */
  readonly factors?: readonly string[];
  /** Folder the study's files lie in, in place of the one the study names. */
  readonly dataFolder?: string;
  /** Cells whose tracks will be used: their files are looked for at once, beside those of the experiments' cells. */
  readonly cells?: readonly string[];
  /**
   * "later" leaves the sequence in its file, where its format lets parts be read, until a cell is loaded or read
   * part by part; `assembly.codes` is not there then. By default so where cells are read on demand.
   */
  readonly sequence?: "now" | "later";
  /** Where the tracks of loaded cells are; "auto" where left out. */
  readonly tracks?: TrackMode;
}

/**
 * Reads and validates a study: genome, peaks, hold-outs and motifs now, tracks when a cell is first used.
 * @throws BindscapeError for the first thing that is missing or does not fit
 */
export async function loadStudy(path: string, options: LoadStudyOptions = {}): Promise<Study> {
  return loadStudyFile(parseStudyFile(await readStudyText(path), path), path, options, [resolve(path)]);
}

/**
 * As {@link loadStudy}, of a study file in memory.
 * @param path where the study would lie: its files are looked for from there
 * @param inputs files it was made from
 */
export async function loadStudyFile(
  file: StudyFile,
  path: string,
  options: LoadStudyOptions = {},
  inputs: string[] = [],
): Promise<Study> {
  const folder = options.dataFolder ?? file.data ?? ".";
  const warnings: string[] = [];
  const locate = (name: string, what: string) => {
    const found = locateFile(path, options.dataFolder === undefined, folder, name);
    if (!isAddress(found) && !existsSync(found)) {
      throw new BindscapeError({
        source: path,
        found: `${what} names the file ${name}, which does not exist`,
        expected: `a file at ${found}`,
        next: "File names in a study are relative to the study file, to its `data` folder, or to --data",
      });
    }
    if (!inputs.includes(found)) inputs.push(found);
    return found;
  };

  const genomeFile = locate(file.assembly.genome, "assembly.genome");
  const mode = options.tracks ?? "auto";
  const loaded = await loadAssembly(file, genomeFile, (bases) =>
    options.sequence === undefined
      ? mode === "memory" || (mode === "auto" && bases <= LARGEST_HELD_BYTES)
      : options.sequence === "now",
  );
  const { assembly } = loaded;
  const bins = new BinTable(assembly, file.bins);
  const wanted = options.factors?.map((factor) => factor.toLowerCase());
  checkFactorsKnown(file, options.factors ?? [], path);
  const reader = new StudyReader(path, file, assembly, bins, locate, warnings);
  const holdOuts: HoldOuts = {
    validation: await reader.readHoldOut(file.holdOut.validation, "holdOut.validation"),
    test: await reader.readHoldOut(file.holdOut.test, "holdOut.test"),
    unlabelled: file.unlabelled ? await reader.readHoldOut(file.unlabelled, "unlabelled") : [],
    blacklist: file.blacklist ? await reader.readIntervals(locate(file.blacklist, "blacklist")) : [],
  };
  checkHoldOutsDisjoint(holdOuts, path);
  const motifs = file.motifs ? await readMotifFile(locate(file.motifs, "motifs")) : [];
  const experiments: Experiment[] = [];
  for (const entry of file.experiments) {
    if (wanted && !wanted.includes(entry.factor.toLowerCase())) continue;
    experiments.push(await reader.readExperiment(entry, motifs));
  }
  // A missing track is better said now than when its cell is first used.
  for (const cell of new Set([...experiments.map(({ cell }) => cell), ...(options.cells ?? [])])) {
    for (const track of file.cells[cell]?.tracks ?? []) locate(track.file, describeTrack(track.name, cell));
  }

  for (const entry of file.annotations) locate(entry.file, describeAnnotation(entry));
  if (file.expression) locate(file.expression.file, "expression.file");

  const cells = new Map<string, Promise<WindowSource>>();
  const room: TrackRoom = { mode, heldBytes: 0, hasMotifs: file.motifs !== undefined };
  const locateTracks = (cell: string): TrackFile[] =>
    findCell(path, file, cell).tracks.map((track) => ({
      entry: track,
      file: locate(track.file, describeTrack(track.name, cell)),
    }));
  const restOf = async (cell: string, metadata: Promise<SharedMetadata>) => {
    const { annotations, components } = await metadata;
    return { annotations, covariates: { ...findCell(path, file, cell).covariates, ...components.get(cell) } };
  };
  const loadOne = async (cell: string, metadata: Promise<SharedMetadata>) => {
    const tracks = locateTracks(cell);
    return loadCell(loaded, tracks, () => restOf(cell, metadata), room, warnings);
  };
  let shared: Promise<SharedMetadata> | undefined;
  return {
    name: file.name,
    source: path,
    file,
    assembly,
    bins,
    holdOuts,
    experiments,
    motifs,
    inputs,
    warnings,
    loadCell(cell) {
      const known = cells.get(cell);
      if (known) return known;
      if (!shared) {
        shared = loadMetadata(file, assembly, locate, warnings);
        // Whoever awaits it hears of its failure; a cell that fails first does not.
        shared.catch(() => {});
      }
      const loading = loadOne(cell, shared);
      cells.set(cell, loading);
      return loading;
    },
    async openCell(cell) {
      const tracks = locateTracks(cell);
      shared ??= loadMetadata(file, assembly, locate, warnings);
      const reader = await openCellReader(loaded, tracks, await restOf(cell, shared));
      if (reader !== null) warnings.push(...reader.warnings);
      return reader;
    },
  };
}

async function readStudyText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw describeFileError(error, path, "read");
  }
}

/** The path or address of a file of a study, whose folder may be an address too. */
function locateFile(path: string, isFromStudy: boolean, folder: string, name: string): string {
  if (isAddress(name)) return name;
  if (isAddress(folder)) return new URL(name, folder.endsWith("/") ? folder : `${folder}/`).href;
  return resolve(isFromStudy ? dirname(resolve(path)) : ".", folder, name);
}

function checkFactorsKnown(file: StudyFile, factors: readonly string[], path: string): void {
  const known = [...new Set(file.experiments.map(({ factor }) => factor))];
  for (const factor of factors) {
    if (known.some((name) => name.toLowerCase() === factor.toLowerCase())) continue;
    throw new BindscapeError({
      source: path,
      found: `no experiment for the factor "${factor}"`,
      expected: `one of ${known.join(", ")}`,
      next: "Add it under `experiments`",
    });
  }
}

function describeTrack(track: string, cell: string): string {
  return `the track ${track} of the cell ${cell}`;
}

function findCell(path: string, file: StudyFile, cell: string): StudyFile["cells"][string] {
  if (Object.hasOwn(file.cells, cell)) return file.cells[cell];
  throw new BindscapeError({
    source: path,
    found: `no cell named "${cell}"`,
    expected: `one of ${Object.keys(file.cells).join(", ")}`,
  });
}

/** What the cells of a study share beside the genome: read once, when the first cell is used. */
interface SharedMetadata {
  readonly annotations: readonly SourceAnnotation[];
  /** Components of gene expression by cell. */
  readonly components: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

async function loadMetadata(
  file: StudyFile,
  assembly: Assembly,
  locate: (name: string, what: string) => string,
  warnings: string[],
): Promise<SharedMetadata> {
  const annotations: SourceAnnotation[] = [];
  for (const entry of file.annotations) {
    const loaded = await loadAnnotations(entry, locate(entry.file, describeAnnotation(entry)), assembly);
    annotations.push(...loaded.annotations);
    warnings.push(...loaded.warnings);
  }
  if (!file.expression) return { annotations, components: new Map() };
  const expressionFile = locate(file.expression.file, "expression.file");
  const table = await withSource(expressionFile, readExpressionTable);
  const cells = Object.keys(file.cells);
  const components = measureExpressionComponents(table, file.expression, cells, expressionFile);
  const without = cells.filter((cell) => !components.has(cell));
  if (without.length > 0) {
    warnings.push(`${expressionFile} has no column of ${without.join(", ")}: no components of expression`);
  }
  return { annotations, components };
}

function describeAnnotation({ name }: AnnotationEntry): string {
  return name === undefined ? "`annotations`" : `the annotation ${name}`;
}

/** Reads the interval files of a study onto its chromosome names. */
class StudyReader {
  /** Labels by the file's name in the study: one pass serves all of its cells. */
  readonly #labels = new Map<string, ReadonlyMap<string, Int8Array>>();

  constructor(
    readonly path: string,
    readonly file: StudyFile,
    readonly assembly: Assembly,
    readonly bins: BinTable,
    readonly locate: (name: string, what: string) => string,
    readonly warnings: string[],
  ) {}

  async readHoldOut(entry: HoldOutEntry, what: string): Promise<Interval[]> {
    if (entry.regions !== undefined) {
      const regionFile = this.locate(entry.regions, what);
      const regions = await this.readIntervals(regionFile);
      if (regions.length > 0 || what === "unlabelled") return regions;
      throw new BindscapeError({
        source: regionFile,
        found: "no region on the study's chromosomes",
        expected: `at least one, for ${what}`,
      });
    }
    return entry.chromosomes!.map((chromosome) => {
      if (!this.assembly.hasChromosome(chromosome)) {
        throw new BindscapeError({
          source: this.path,
          found: `${what} names the chromosome "${chromosome}"`,
          expected: `one of ${this.assembly.chromosomes.map(({ name }) => name).join(", ")}`,
        });
      }
      return { chromosome, start: 0, end: Number.POSITIVE_INFINITY };
    });
  }

  /** Intervals of a BED file, on chromosomes of the assembly; others are passed over with a warning. */
  async readIntervals(file: string): Promise<Interval[]> {
    return readIntervalFile(file, this.assembly, this.warnings);
  }

  async readExperiment(entry: ExperimentEntry, motifs: readonly Motif[]): Promise<Experiment> {
    const what = `the experiment ${entry.factor} in ${entry.cell}`;
    const shared = {
      factor: entry.factor,
      cell: entry.cell,
      motif: chooseMotif(entry, motifs),
      signalFile: entry.signal === undefined ? null : this.locate(entry.signal, what),
    };
    if (entry.peaks === undefined) {
      return { ...shared, ...(await this.#readLabels(entry.labels!, entry.cell, what)) };
    }
    const peaksFile = this.locate(entry.peaks, what);
    let peaks = await readPeakFile(peaksFile, this.assembly, this.warnings);
    if (entry.topPeaks !== undefined) peaks = peaks.slice(0, entry.topPeaks);
    if (peaks.length === 0) {
      throw new BindscapeError({
        source: peaksFile,
        found: "no peak on the study's chromosomes",
        expected: "at least one",
        next: `Check the peaks of ${what}`,
      });
    }
    const flank = entry.summitFlank;
    return {
      ...shared,
      peaks: flank === undefined ? peaks : peaks.map((peak) => aroundSummit(peak, flank)),
      relaxedPeaks: entry.relaxedPeaks
        ? await readPeakFile(this.locate(entry.relaxedPeaks, what), this.assembly, this.warnings)
        : [],
    };
  }

  /** Labels of a label file's column, with stretches of bins that stand in for the peaks behind them. */
  async #readLabels(name: string, cell: string, what: string) {
    let byCell = this.#labels.get(name);
    if (!byCell) {
      const file = this.locate(name, what);
      const cells = this.file.experiments.filter((other) => other.labels === name).map((other) => other.cell);
      const distinct = [...new Set(cells)];
      const read = await withSource(file, (source) => readBinLabels(source, distinct, this.bins));
      this.warnings.push(...read.warnings);
      byCell = new Map(distinct.map((known, i) => [known, read.labels[i]]));
      this.#labels.set(name, byCell);
    }
    const labels = byCell.get(cell)!;
    const { size } = this.bins.grid;
    const peaks = findLabelledStretches(this.bins, labels, [BOUND], size - this.file.bins.boundOverlap);
    const relaxedPeaks = findLabelledStretches(this.bins, labels, [BOUND, AMBIGUOUS], size - 1);
    return { labels, peaks, relaxedPeaks };
  }
}

/** The motif an experiment names, or the factor's own where the file has one. */
function chooseMotif(entry: ExperimentEntry, motifs: readonly Motif[]): Motif | null {
  if (entry.motif !== undefined) return findMotif(motifs, entry.motif);
  try {
    return findMotif(motifs, entry.factor);
  } catch (error) {
    if (error instanceof BindscapeError) return null;
    throw error;
  }
}

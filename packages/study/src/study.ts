import type { Interval } from "@bindscape/genome";
import type { Motif } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import type { Assembly } from "./assembly.js";
import type { BinTable } from "./bins.js";
import type { CellReader } from "./cell-reader.node.js";
import { labelBins } from "./labels.js";
import { type BinSplits, type HoldOuts, splitBins } from "./splits.js";
import type { StudyFile } from "./study-file.js";
import type { WindowSource } from "./windows.js";

/** Binding of one factor in one cell. */
export interface Experiment {
  readonly factor: string;
  readonly cell: string;
  /** In the order of the file: strongest first where the file is ranked. */
  readonly peaks: readonly Interval[];
  readonly relaxedPeaks: readonly Interval[];
  /** Labels of all bins where the study has them in place of peaks; `peaks` are then stretches of bound bins. */
  readonly labels?: Int8Array;
  /** The factor's motif, where the study has a motif file that knows it. */
  readonly motif: Motif | null;
  /** ChIP signal bigWig, resolved, where given. */
  readonly signalFile: string | null;
}

/** A study in memory: validated, names matched, sequence loaded; tracks load when a cell is first used. */
export interface Study {
  readonly name: string;
  /** Where the study file lies. */
  readonly source: string;
  readonly file: StudyFile;
  readonly assembly: Assembly;
  readonly bins: BinTable;
  readonly holdOuts: HoldOuts;
  readonly experiments: readonly Experiment[];
  /** Of the study's motif file; none where it has no such file. */
  readonly motifs: readonly Motif[];
  /** Files the study was read from, resolved, for run records. */
  readonly inputs: readonly string[];
  /** What was odd but not wrong; grows as tracks load. */
  readonly warnings: readonly string[];
  /**
   * Sequence and tracks of a cell, tracks transformed; loaded once. Where they would take too much memory they stay in
   * their files (`files`): a BatchPipeline and a SourceReader read windows of both kinds.
   */
  loadCell(cell: string): Promise<WindowSource>;
  /**
   * Opens a cell for reading part by part, which takes memory for the parts only; null where a track is of a format
   * that is only read whole (other than bigWig, and bedGraph with a tabix index). Close it when done.
   */
  openCell(cell: string): Promise<CellReader | null>;
}

/**
 * The experiment of a factor, in a cell where it was measured in several.
 * @throws BindscapeError that lists what the study has
 */
export function findExperiment(study: Study, factor: string, cell?: string): Experiment {
  const lower = factor.toLowerCase();
  const matches = study.experiments.filter(
    (experiment) =>
      experiment.factor.toLowerCase() === lower && (cell === undefined || experiment.cell === cell),
  );
  if (matches.length === 1) return matches[0];
  throw new BindscapeError({
    source: study.source,
    found:
      matches.length === 0
        ? `no experiment for the factor "${factor}"${cell === undefined ? "" : ` in the cell "${cell}"`}`
        : `experiments for ${factor} in ${matches.map((match) => match.cell).join(", ")}`,
    expected:
      matches.length === 0
        ? `one of ${study.experiments.map((e) => `${e.factor} in ${e.cell}`).join(", ")}`
        : "one experiment",
    next: matches.length === 0 ? "Add it under `experiments`" : "Choose a cell with --cell",
  });
}

/** Labels of all bins for an experiment: the ones the study has, else those of peaks under its label rule. */
export function labelExperiment(study: Study, experiment: Experiment): Int8Array {
  if (experiment.labels) return experiment.labels;
  return labelBins(study.bins, experiment.peaks, experiment.relaxedPeaks, study.file.bins.boundOverlap);
}

/** The use of every bin for a model with windows of `windowLength` bp. */
export function splitStudy(study: Study, windowLength: number): BinSplits {
  return splitBins(study.bins, study.holdOuts, windowLength);
}

import type { NodeDevice } from "@bindscape/gradient";
import { BindscapeError, type ProgressListener, rankAverage } from "@bindscape/numerics";
import { type Experiment, type Study, splitStudy, TEST, VALIDATION } from "@bindscape/study";
import { measureReach } from "../bin-features.js";
import { scoreCeiling } from "../evaluate/evaluate-factor.node.js";
import { evaluateMethod } from "../evaluate/metrics.js";
import { type JoinRule, scoreBins } from "../evaluate/score-bins.node.js";
import { selectBins } from "../evaluate/select-bins.js";
import { chooseCell } from "../network/choose-cell.js";
import type { Network } from "../network/describe-network.js";
import type { MethodEvaluation } from "../report/report-data.js";

/** Networks that count as one model, and what the legend calls it. */
export interface ModelSet {
  readonly label: string;
  readonly networks: readonly Network[];
}

export interface CompareOptions {
  readonly study: Study;
  readonly sets: readonly ModelSet[];
  /** How the networks of a set become one; the mean of their ranks where left out. */
  readonly join?: JoinRule;
  /** Factors to compare on; all that every set predicts where left out. */
  readonly factors?: readonly string[];
  /** Cells to compare in; the first set's own where left out. */
  readonly cells?: readonly string[];
  readonly split?: "test" | "validation";
  readonly threads?: number;
  /** What networks are computed on. Default "cpu". */
  readonly device?: NodeDevice;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Sets of models on the same bins of one experiment. */
export interface ModelComparison {
  readonly factor: string;
  readonly cell: string;
  readonly bins: { readonly bound: number; readonly unbound: number };
  /** The sets in order, then the rank average of all of them where there are several. */
  readonly models: readonly MethodEvaluation[];
  /** The ChIP signal itself, where the study has it. */
  readonly ceiling: MethodEvaluation | null;
}

/**
 * Measures sets of models on the same held-out bins, and the rank average of all sets (FactorNet, Figures S1C, S1D
 * and S2): single-task, multi-task, and both together.
 * @throws BindscapeError where no factor is predicted by every set, or the study has no experiment of one
 */
export async function compareModels(options: CompareOptions): Promise<ModelComparison[]> {
  const { study, sets } = options;
  const files = sets.flatMap(({ networks }) => networks.map(({ file }) => file));
  // All sets share one set of bins: the widest windows decide what lies too near a border.
  const splits = splitStudy(study, Math.max(...files.map(({ plan }) => measureReach(plan))));
  const cells = options.cells ?? [chooseCell(files[0].tasks[0])];
  const comparisons: ModelComparison[] = [];
  for (const experiment of chooseExperiments(options, commonFactors(options), cells)) {
    const split = options.split === "validation" ? VALIDATION : TEST;
    const selected = selectBins(study, experiment, splits, split);
    const scores: Float32Array[] = [];
    for (const { label, networks } of sets) {
      const relevant = networks.filter(({ file }) => predicts(file, experiment.factor));
      const found = await scoreBins(relevant, study, experiment.cell, selected.bins, {
        join: options.join,
        threads: options.threads,
        device: options.device,
        onProgress: options.onProgress,
        signal: options.signal,
        task: `${label}: ${experiment.factor} in ${experiment.cell}`,
      });
      scores.push(found.find(({ factor }) => factor === experiment.factor)!.scores);
    }
    const models = sets.map(({ label }, i) => evaluateMethod(`set ${i + 1}`, label, scores[i], selected));
    if (sets.length > 1) {
      models.push(evaluateMethod("all", "mean rank of all", rankAverage(scores), selected));
    }
    const ceiling = experiment.signalFile
      ? await scoreCeiling(study, experiment.signalFile, selected.bins)
      : null;
    const bound = selected.labels.reduce((sum, label) => sum + label, 0);
    comparisons.push({
      factor: experiment.factor,
      cell: experiment.cell,
      bins: { bound, unbound: selected.labels.length - bound },
      models,
      ceiling: ceiling && evaluateMethod(ceiling.method, ceiling.label, ceiling.scores, selected),
    });
  }
  return comparisons;
}

function predicts(file: Network["file"], factor: string): boolean {
  return file.tasks.some((task) => task.factor === factor);
}

/** Factors that some network of every set predicts, in the order of the first set. */
function commonFactors({ sets, factors }: CompareOptions): string[] {
  const ofSet = ({ networks }: ModelSet) => [
    ...new Set(networks.flatMap(({ file }) => file.tasks.map(({ factor }) => factor))),
  ];
  const common = ofSet(sets[0]).filter((factor) =>
    sets.every(({ networks }) => networks.some(({ file }) => predicts(file, factor))),
  );
  const chosen = common.filter(
    (factor) => !factors || factors.some((one) => one.toLowerCase() === factor.toLowerCase()),
  );
  if (chosen.length > 0) return chosen;
  throw new BindscapeError({
    found: factors ? `no model of ${factors.join(", ")} in every set` : "no factor that every set predicts",
    expected: `sets that predict the same factors; they have ${sets.map((set) => `${set.label}: ${ofSet(set).join(", ")}`).join("; ")}`,
  });
}

function chooseExperiments(
  { study }: CompareOptions,
  factors: readonly string[],
  cells: readonly string[],
): Experiment[] {
  const found = factors.flatMap((factor) =>
    cells.flatMap((cell) => study.experiments.filter((one) => one.factor === factor && one.cell === cell)),
  );
  if (found.length > 0) return found;
  throw new BindscapeError({
    source: study.source,
    found: `no experiment of ${factors.join(", ")} in ${cells.join(", ")}`,
    expected: `one of ${study.experiments.map((one) => `${one.factor} in ${one.cell}`).join(", ")}`,
    next: "Choose cells with --cell",
  });
}

import { openBigWig } from "@bindscape/genome";
import {
  type BinSplits,
  ChromosomeNames,
  countPeaksInSplit,
  type Experiment,
  type Study,
  TEST,
  TRAINING,
  VALIDATION,
} from "@bindscape/study";
import type { FactorReport, MethodEvaluation } from "../report/report-data.js";
import { scoreBaselines } from "./baselines.js";
import { distributeScores, type EvaluationBins, evaluateMethod } from "./metrics.js";
import { selectBins } from "./select-bins.js";

/** Bases of ChIP signal that are read at a time. */
const CEILING_BASES = 1 << 22;

/** Scores of one factor on labelled bins of a hold-out, measured beside its baselines. */
export interface FactorEvaluation {
  readonly experiment: Experiment;
  readonly selected: EvaluationBins & { readonly ambiguous: number };
  readonly scores: Float32Array;
  /** Model first, then the baselines the study has inputs for. */
  readonly methods: readonly MethodEvaluation[];
  /** Scores of every method, in the order of `methods`. */
  readonly methodScores: readonly (Float32Array | Float64Array)[];
}

/**
 * Measures scores of the bins of a hold-out beside the baselines and, where the study has the ChIP signal
 * itself, the ceiling.
 * @param scoresOf scores of the bins it is given, in order
 */
export async function evaluateFactor(
  study: Study,
  experiment: Experiment,
  splits: BinSplits,
  modelLabel: string,
  scoresOf: (bins: Uint32Array) => Promise<Float32Array>,
  split: number = TEST,
): Promise<FactorEvaluation> {
  const selected = selectBins(study, experiment, splits, split);
  const scores = await scoresOf(selected.bins);
  const others = await scoreOtherMethods(study, experiment, splits, selected.bins);
  return {
    experiment,
    selected,
    scores,
    methods: [
      evaluateMethod("model", modelLabel, scores, selected),
      ...others.map(({ method, label, scores }) => evaluateMethod(method, label, scores, selected)),
    ],
    methodScores: [scores, ...others.map((other) => other.scores)],
  };
}

/** Scores of bins without a network: those of the baselines and, where it is measured, the ChIP signal itself. */
export async function scoreOtherMethods(
  study: Study,
  experiment: Experiment,
  splits: BinSplits,
  bins: Uint32Array,
): Promise<{ method: string; label: string; scores: Float64Array }[]> {
  const source = await study.loadCell(experiment.cell);
  return [
    ...(await scoreBaselines(study, experiment, source, splits, bins)),
    ...(experiment.signalFile ? [await scoreCeiling(study, experiment.signalFile, bins)] : []),
  ];
}

/**
 * Mean ChIP signal in the bin: what a perfect prediction of the signal would reach (FactorNet, section 3.1).
 * @param bins ascending
 * @param partBases bases of signal that are read at a time
 */
export async function scoreCeiling(study: Study, file: string, bins: Uint32Array, partBases = CEILING_BASES) {
  const { reader, close } = await openBigWig(file);
  try {
    const names = ChromosomeNames.match(
      reader.chromosomes.map(({ name }) => name),
      study.assembly,
      file,
    );
    const scores = new Float64Array(bins.length);
    const { size } = study.bins.grid;
    let values: Float32Array = new Float32Array(0);
    let loaded = { segmentIndex: -1, start: 0, end: 0 };
    for (let i = 0; i < bins.length; i++) {
      const { segment, segmentIndex } = study.bins.partOf(bins[i]);
      const start = study.bins.startOf(bins[i]);
      if (segmentIndex !== loaded.segmentIndex || start < loaded.start || start + size > loaded.end) {
        const name = names.inFile(segment.chromosome);
        loaded = { segmentIndex, start, end: Math.min(segment.end, start + Math.max(size, partBases)) };
        values =
          name === undefined
            ? new Float32Array(loaded.end - start)
            : await reader.readValues(name, start, loaded.end);
      }
      const from = start - loaded.start;
      let sum = 0;
      for (let k = from; k < from + size; k++) if (!Number.isNaN(values[k])) sum += values[k];
      scores[i] = sum / size;
    }
    return { method: "ceiling", label: "ChIP signal in the bin (ceiling)", scores };
  } finally {
    close();
  }
}

/** Counts and score distribution of an evaluation, as reports show them. */
export function describeEvaluation(
  study: Study,
  splits: BinSplits,
  { experiment, selected, scores, methods }: FactorEvaluation,
): Pick<FactorReport, "factor" | "cell" | "bins" | "peaks" | "methods" | "scores"> {
  let bound = 0;
  for (const label of selected.labels) bound += label;
  const peaksIn = (split: number) => countPeaksInSplit(study, [experiment], splits, split);
  return {
    factor: experiment.factor,
    cell: experiment.cell,
    bins: { bound, unbound: selected.labels.length - bound, ambiguous: selected.ambiguous },
    peaks: { training: peaksIn(TRAINING), validation: peaksIn(VALIDATION), test: peaksIn(TEST) },
    methods,
    scores: distributeScores(scores, selected.labels),
  };
}

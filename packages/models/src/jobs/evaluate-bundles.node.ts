import type { NodeDevice } from "@bindscape/gradient";
import type { ProgressListener } from "@bindscape/numerics";
import {
  type BinSplits,
  type Experiment,
  findExperiment,
  type Study,
  splitStudy,
  TEST,
  VALIDATION,
} from "@bindscape/study";
import { measureReach } from "../bin-features.js";
import type { Bundle } from "../bundle/bundle.node.js";
import { evaluateFactor, type FactorEvaluation } from "../evaluate/evaluate-factor.node.js";
import { type JoinRule, joinColumns, scoreColumns } from "../evaluate/score-bins.node.js";
import { findModel } from "../model-table.js";
import { chooseCell } from "../network/choose-cell.js";
import type { Network } from "../network/describe-network.js";
import type { RowRange } from "../network/network.node.js";
import { buildFactorReport, buildReport } from "../report/build-report.node.js";
import type { FactorReport, ReportData } from "../report/report-data.js";

export interface EvaluateOptions {
  readonly study: Study;
  /** Networks of the same factors. */
  readonly bundles: readonly Bundle[];
  /** How several networks become one; the mean of their ranks where left out. */
  readonly join?: JoinRule;
  /** Cell to predict in; the one trained on where absent. */
  readonly cell?: string;
  /** Only these factors. */
  readonly factors?: readonly string[];
  readonly split?: "test" | "validation";
  readonly threads?: number;
  /** What networks are computed on. Default "cpu". */
  readonly device?: NodeDevice;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What an evaluation measures: the factors, their experiments, the bins of the splits. */
export interface EvaluationPlan {
  readonly cell: string;
  readonly factors: readonly { readonly factor: string; readonly experiment: Experiment }[];
  readonly splits: BinSplits;
  readonly split: number;
  readonly label: string;
  /** Probabilities of bins for a factor, an array for every network that predicts it. */
  readonly scoresOf: (factor: string, bins: Uint32Array, rows?: RowRange) => Promise<Float32Array[]>;
}

export function planEvaluation(options: EvaluateOptions): EvaluationPlan {
  const { study, bundles } = options;
  const networks = bundles.map((bundle) => bundle.network);
  const files = networks.map((network) => network.file);
  const cell = chooseCell(files[0].tasks[0], options.cell);
  const factors = [...new Set(files.flatMap((file) => file.tasks.map((task) => task.factor)))].filter(
    (factor) => !options.factors || options.factors.some((f) => f.toLowerCase() === factor.toLowerCase()),
  );
  return {
    cell,
    factors: factors.map((factor) => ({ factor, experiment: findExperiment(study, factor, cell) })),
    // All bundles share one set of bins: the widest windows decide what lies too near a border.
    splits: splitStudy(study, Math.max(...files.map((file) => measureReach(file.plan)))),
    split: options.split === "validation" ? VALIDATION : TEST,
    label: modelLabel(files[0].model, bundles.length),
    scoresOf: shareScores(networks, cell, options),
  };
}

/** Factors without ambiguous bins share their bins, and so one pass through a multi-task network. */
function shareScores(
  networks: readonly Network[],
  cell: string,
  options: EvaluateOptions,
): EvaluationPlan["scoresOf"] {
  const { study, threads, device, onProgress, signal } = options;
  interface Pass {
    readonly network: Network;
    readonly bins: Uint32Array;
    readonly columns: ReadonlyMap<string, Float32Array[]>;
  }
  const passes: Pass[] = [];
  return async (factor, bins, rows) => {
    const relevant = networks.filter((n) => n.file.tasks.some((task) => task.factor === factor));
    const columns: Float32Array[] = [];
    for (const [index, network] of relevant.entries()) {
      let pass = passes.find((known) => known.network === network && sameBins(known.bins, bins));
      if (!pass) {
        const place = relevant.length > 1 ? ` (${index + 1} of ${relevant.length})` : "";
        const task = `scoring ${network.file.tasks.length > 1 ? "the hold-out" : factor}${place}`;
        const scoring = { threads, device, onProgress, signal, rows, task };
        pass = { network, bins, columns: await scoreColumns([network], study, cell, bins, scoring) };
        passes.push(pass);
      }
      columns.push(...pass.columns.get(factor)!);
    }
    return columns;
  };
}

/** Scores the hold-out with bundles and measures every factor they predict beside the baselines. */
export async function evaluateBundles(options: EvaluateOptions): Promise<FactorEvaluation[]> {
  const { factors, splits, split, label, scoresOf } = planEvaluation(options);
  const evaluations: FactorEvaluation[] = [];
  for (const { factor, experiment } of factors) {
    const score = async (bins: Uint32Array) => joinColumns(await scoresOf(factor, bins), options.join).scores;
    evaluations.push(await evaluateFactor(options.study, experiment, splits, label, score, split));
  }
  return evaluations;
}

function sameBins(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((bin, i) => bin === b[i]);
}

/** How tables and reports name a model. */
export function modelLabel(model: string, networks: number): string {
  const { title } = findModel(model);
  return networks > 1 ? `${title}, ${networks} networks` : title;
}

/** Evaluates bundles and puts the report together. */
export async function reportBundles(
  options: EvaluateOptions & { readonly command?: string; readonly notice?: string },
): Promise<{ evaluations: FactorEvaluation[]; report: ReportData }> {
  const evaluations = await evaluateBundles(options);
  return { evaluations, report: await reportEvaluations(evaluations, options) };
}

/** The report of evaluations that are there already. */
export async function reportEvaluations(
  evaluations: readonly FactorEvaluation[],
  options: EvaluateOptions & {
    readonly command?: string;
    readonly notice?: string;
    readonly seconds?: number;
  },
): Promise<ReportData> {
  const { study, bundles } = options;
  const networks = bundles.map((bundle, index) => ({
    label: bundles.length > 1 ? `network ${index + 1}` : "network",
    network: bundle.network,
    history: bundle.history,
  }));
  const splits = splitStudy(
    study,
    Math.max(...networks.map(({ network }) => measureReach(network.file.plan))),
  );
  const factors: FactorReport[] = [];
  for (const evaluation of evaluations) {
    const { factor } = evaluation.experiment;
    const relevant = networks.filter(({ network }) =>
      network.file.tasks.some((task) => task.factor === factor),
    );
    factors.push(
      await buildFactorReport(study, splits, evaluation, relevant, {
        join: options.join,
        threads: options.threads,
        device: options.device,
        onProgress: options.onProgress,
        signal: options.signal,
      }),
    );
  }
  return buildReport(study, factors, networks, options);
}

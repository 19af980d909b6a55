import type { ProgressListener } from "@bindscape/numerics";
import { findExperiment, type Study, splitStudy, TEST, VALIDATION } from "@bindscape/study";
import { measureReach } from "../bin-features.js";
import type { Bundle } from "../bundle/bundle.node.js";
import { evaluateFactor, type FactorEvaluation } from "../evaluate/evaluate-factor.node.js";
import { type JoinRule, scoreBins } from "../evaluate/score-bins.node.js";
import { findModel } from "../model-table.js";
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
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Scores the hold-out with bundles and measures every factor they predict beside the baselines. */
export async function evaluateBundles(options: EvaluateOptions): Promise<FactorEvaluation[]> {
  const { study, bundles } = options;
  const networks = bundles.map((bundle) => bundle.network);
  const files = networks.map((network) => network.file);
  // All bundles share one set of bins: the widest windows decide what lies too near a border.
  const splits = splitStudy(study, Math.max(...files.map((file) => measureReach(file.plan))));
  const cell = options.cell ?? files[0].tasks[0].cell;
  const factors = [...new Set(files.flatMap((file) => file.tasks.map((task) => task.factor)))].filter(
    (factor) => !options.factors || options.factors.some((f) => f.toLowerCase() === factor.toLowerCase()),
  );
  const passes: { readonly bins: Uint32Array; readonly scores: ReadonlyMap<string, Float32Array> }[] = [];
  const evaluations: FactorEvaluation[] = [];
  for (const factor of factors) {
    const experiment = findExperiment(study, factor, cell);
    evaluations.push(
      await evaluateFactor(
        study,
        experiment,
        splits,
        modelLabel(files[0].model, bundles.length),
        async (bins) => {
          // Factors without ambiguous bins share their bins, and so one pass through a multi-task network.
          let shared = passes.find((pass) => sameBins(pass.bins, bins) && pass.scores.has(factor));
          if (!shared) {
            const relevant = networks.filter((n) => n.file.tasks.some((task) => task.factor === factor));
            const scored = await scoreBins(relevant, study, cell, bins, {
              join: options.join,
              threads: options.threads,
              onProgress: options.onProgress,
              signal: options.signal,
              task: `scoring ${relevant[0].file.tasks.length > 1 ? "the hold-out" : factor}`,
            });
            shared = { bins, scores: new Map(scored.map((entry) => [entry.factor, entry.scores])) };
            passes.push(shared);
          }
          return shared.scores.get(factor)!;
        },
        options.split === "validation" ? VALIDATION : TEST,
      ),
    );
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
        onProgress: options.onProgress,
        signal: options.signal,
      }),
    );
  }
  return buildReport(study, factors, networks, options);
}

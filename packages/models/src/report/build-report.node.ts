import { Random } from "@bindscape/numerics";
import type { BinSplits, Study } from "@bindscape/study";
import type { ModelFile } from "../bundle/model-file.js";
import { describeEvaluation, type FactorEvaluation } from "../evaluate/evaluate-factor.node.js";
import { type JoinRule, scaleOfScores } from "../evaluate/score-bins.node.js";
import { requestBins } from "../evaluate/select-bins.js";
import { summariseKernels } from "../kernels/kernel-motifs.node.js";
import { matchKernels } from "../kernels/match-kernels.js";
import type { Network } from "../network/describe-network.js";
import type { PredictOptions } from "../network/network.node.js";
import { BINDSCAPE_VERSION } from "../version.js";
import { chooseLoci } from "./choose-loci.js";
import type { FactorReport, HistoryEntry, ReportData, ReportFact } from "./report-data.js";

/** Windows kernels are read on, half of them bound. */
const KERNEL_WINDOWS = 1000;
/** Kernels a report shows. */
const KERNELS_SHOWN = 8;

/** One trained network of a report with the curve it was trained along. */
export interface TrainedNetwork {
  readonly label: string;
  readonly network: Network;
  readonly history: readonly HistoryEntry[];
}

/** Puts together what a report says of one factor: evaluation, learning curves, kernels, loci. */
export async function buildFactorReport(
  study: Study,
  splits: BinSplits,
  evaluation: FactorEvaluation,
  networks: readonly TrainedNetwork[],
  options: PredictOptions & { readonly join?: JoinRule } = {},
): Promise<FactorReport> {
  const { experiment, selected, scores } = evaluation;
  const source = await study.loadCell(experiment.cell);
  const scoreScale = scaleOfScores(networks.length, options.join ?? "rank");
  const shown = chooseKernelWindows(evaluation);
  const kernels =
    networks.length === 0
      ? []
      : await summariseKernels(
          networks[0].network,
          source,
          requestBins(study, shown.bins),
          shown.labels,
          options,
        );
  return {
    ...describeEvaluation(study, splits, evaluation),
    scoreScale,
    histories: networks.map(({ label, history, network }) => ({
      label,
      bestEpoch: network.file.training.bestEpoch,
      entries: history,
    })),
    kernels: matchKernels(kernels.slice(0, KERNELS_SHOWN), study.motifs),
    loci: await chooseLoci(study, experiment, source, {
      bins: selected.bins,
      labels: selected.labels,
      scores,
      unit: scoreScale === "rank" ? "mean rank" : "probability",
    }),
  };
}

/** Held-out windows to read kernels on: equally many bound and unbound, drawn with a fixed seed. */
function chooseKernelWindows({ selected }: FactorEvaluation): { bins: Uint32Array; labels: Uint8Array } {
  const random = new Random("kernel windows");
  const rows = (label: number) => {
    const all: number[] = [];
    selected.labels.forEach((value, row) => {
      if (value === label) all.push(row);
    });
    return random.shuffle(all).slice(0, KERNEL_WINDOWS / 2);
  };
  const chosen = [...rows(1), ...rows(0)].sort((a, b) => a - b);
  return {
    bins: Uint32Array.from(chosen, (row) => selected.bins[row]),
    labels: Uint8Array.from(chosen, (row) => selected.labels[row]),
  };
}

/** The head of a report: what was trained on what, and how to read it. */
export function buildReport(
  study: Study,
  factors: readonly FactorReport[],
  networks: readonly TrainedNetwork[],
  extra: {
    readonly join?: JoinRule;
    readonly notice?: string;
    readonly seconds?: number;
    readonly command?: string;
  } = {},
): ReportData {
  const first = networks[0]?.network.file;
  const { validation, test } = study.file.holdOut;
  const name = (part: typeof test) => part.chromosomes?.join(", ") ?? `the regions of ${part.regions}`;
  const settings = first?.training.settings ?? {};
  const facts = [
    { label: "Study", value: study.name },
    { label: "Assembly", value: `${study.assembly.name}, ${formatCount(study.assembly.size)} bases` },
    {
      label: "Bins",
      value: `${study.bins.grid.size} bp every ${study.bins.grid.step} bp, bound when a peak covers ${study.file.bins.boundOverlap} bp`,
    },
    { label: "Validation", value: name(validation) },
    { label: "Test", value: name(test) },
    ...(first
      ? [
          { label: "Windows", value: `${formatCount(first.plan.windowLength)} bp, both strands` },
          {
            label: "Channels",
            value: [...(first.plan.sequence === false ? [] : ["A, C, G, T"]), ...first.plan.tracks].join(
              ", ",
            ),
          },
          ...describeCells(first),
          {
            label: "Networks",
            value: `${networks.length}${networks.length > 1 ? `, joined by the mean of their ${extra.join === "mean" ? "probabilities" : "ranks"}` : ""}`,
          },
          { label: "Seed", value: String(settings.seed ?? first.training.seed) },
        ]
      : []),
    ...(extra.command ? [{ label: "Command", value: extra.command }] : []),
    ...(extra.seconds === undefined ? [] : [{ label: "Time", value: `${Math.round(extra.seconds)} s` }]),
    { label: "Bindscape", value: BINDSCAPE_VERSION },
  ];
  return {
    title: `${factors.map((factor) => factor.factor).join(", ")} in ${[...new Set(factors.map((f) => f.cell))].join(", ")}`,
    summary: `Binding of ${factors.length === 1 ? "one factor" : `${factors.length} factors`} predicted on held-out sequence (${name(test)}) that was seen neither in training nor in choosing the epoch.`,
    notice: extra.notice ?? null,
    facts,
    departures: first?.departures ?? [],
    citation: first?.citation ?? "",
    factors,
  };
}

/** The cells a network was trained in and validated in, where they are not simply the one. */
function describeCells({ tasks: [{ cells }], training }: ModelFile): ReportFact[] {
  return [
    ...(cells ? [{ label: "Trained in", value: `${cells.join(", ")}, pooled` }] : []),
    ...(training.validationCell ? [{ label: "Validated in", value: training.validationCell }] : []),
  ];
}

function formatCount(value: number): string {
  return value.toLocaleString("en-US");
}

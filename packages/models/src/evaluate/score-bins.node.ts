import { BindscapeError, rankAverage } from "@bindscape/numerics";
import type { Study } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import { type PredictOptions, predictWindows } from "../network/network.node.js";
import { requestBins } from "./select-bins.js";

/**
 * How the scores of several networks become one: the mean of their ranks, which fits networks that are not
 * calibrated alike (FactorNet, section 2.5), or the mean of their probabilities, which stays a probability.
 */
export type JoinRule = "rank" | "mean";

/** What a score is: a probability, or a mean rank in (0, 1]. */
export type ScoreScale = "probability" | "rank";

/** Scores of bins for one factor. */
export interface FactorScores {
  readonly factor: string;
  readonly scores: Float32Array;
  readonly scale: ScoreScale;
}

/** The scale of scores joined from so many networks. */
export function scaleOfScores(networks: number, join: JoinRule): ScoreScale {
  return networks > 1 && join === "rank" ? "rank" : "probability";
}

export interface ScoreOptions extends PredictOptions {
  readonly join?: JoinRule;
}

/**
 * Scores bins with one or more networks; ranks run over these bins.
 * @returns one entry a factor that any network predicts, in order of first appearance
 */
export async function scoreBins(
  networks: readonly Network[],
  study: Study,
  cell: string,
  bins: Uint32Array,
  options: ScoreOptions = {},
): Promise<FactorScores[]> {
  const byFactor = await scoreColumns(networks, study, cell, bins, options);
  return [...byFactor].map(([factor, columns]) => ({ factor, ...joinColumns(columns, options.join) }));
}

/**
 * Probabilities of bins by factor, an array for every network that predicts it.
 * @returns arrays of the length of `options.rows`, or of `bins` without
 */
export async function scoreColumns(
  networks: readonly Network[],
  study: Study,
  cell: string,
  bins: Uint32Array,
  options: PredictOptions = {},
): Promise<Map<string, Float32Array[]>> {
  const source = await study.loadCell(cell);
  const request = requestBins(study, bins);
  const byFactor = new Map<string, Float32Array[]>();
  for (const [index, network] of networks.entries()) {
    checkFits(network, study);
    const tasks = network.file.tasks;
    const values = await predictWindows(network, source, request, {
      ...options,
      task:
        options.task && networks.length > 1
          ? `${options.task} (${index + 1} of ${networks.length})`
          : options.task,
    });
    tasks.forEach(({ factor }, task) => {
      const column = new Float32Array(values.length / tasks.length);
      for (let i = 0; i < column.length; i++) column[i] = values[i * tasks.length + task];
      byFactor.set(factor, [...(byFactor.get(factor) ?? []), column]);
    });
  }
  return byFactor;
}

/** One score a bin from those of several networks; ranks run over all bins given. */
export function joinColumns(
  columns: readonly Float32Array[],
  join: JoinRule = "rank",
): Pick<FactorScores, "scores" | "scale"> {
  const scale = scaleOfScores(columns.length, join);
  const scores = scale === "rank" ? Float32Array.from(rankAverage(columns)) : meanOf(columns);
  return { scores, scale };
}

function meanOf(columns: readonly Float32Array[]): Float32Array {
  if (columns.length === 1) return columns[0];
  return columns[0].map((_, i) => columns.reduce((sum, column) => sum + column[i], 0) / columns.length);
}

/** A network only fits bins of the size it was trained on. */
export function checkFits(network: Network, study: Study): void {
  if (network.file.plan.binSize === study.bins.grid.size) return;
  throw new BindscapeError({
    source: study.source,
    found: `bins of ${study.bins.grid.size} bp`,
    expected: `bins of ${network.file.plan.binSize} bp, as the model was trained on`,
    next: "Set `bins.size` in the study file",
  });
}

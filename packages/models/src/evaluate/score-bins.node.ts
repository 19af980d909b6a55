import { BindscapeError, rankAverage } from "@bindscape/numerics";
import type { Study } from "@bindscape/study";
import { type Network, type PredictOptions, predictWindows } from "../network/network.node.js";
import { requestBins } from "./select-bins.js";

/** Scores of bins by one factor of each of some networks. */
export interface FactorScores {
  readonly factor: string;
  /** Probability of one network; mean rank in (0, 1] of several. */
  readonly scores: Float32Array;
  readonly scale: "probability" | "rank";
}

/**
 * Scores bins with one or more networks. Several networks of a factor are joined by the mean of their ranks
 * over these bins (FactorNet, section 2.5).
 * @returns one entry a factor that any network predicts, in order of first appearance
 */
export async function scoreBins(
  networks: readonly Network[],
  study: Study,
  cell: string,
  bins: Uint32Array,
  options: PredictOptions = {},
): Promise<FactorScores[]> {
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
      const column = new Float32Array(bins.length);
      for (let i = 0; i < column.length; i++) column[i] = values[i * tasks.length + task];
      byFactor.set(factor, [...(byFactor.get(factor) ?? []), column]);
    });
  }
  return [...byFactor].map(([factor, columns]) =>
    columns.length === 1
      ? { factor, scores: columns[0], scale: "probability" }
      : { factor, scores: Float32Array.from(rankAverage(columns)), scale: "rank" },
  );
}

/** A network only fits bins of the size it was trained on. */
function checkFits(network: Network, study: Study): void {
  if (network.file.plan.binSize === study.bins.grid.size) return;
  throw new BindscapeError({
    source: study.source,
    found: `bins of ${study.bins.grid.size} bp`,
    expected: `bins of ${network.file.plan.binSize} bp, as the model was trained on`,
    next: "Set `bins.size` in the study file",
  });
}

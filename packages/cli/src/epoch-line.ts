import type { HistoryEntry } from "@bindscape/models";

/** What a user is told after an epoch; of the cells trained in too, where another cell chooses the epoch. */
export function describeEpoch(entry: HistoryEntry, best: boolean): string {
  const { epoch, trainingLoss, validationLoss, withinCellLoss, seconds } = entry;
  const within = withinCellLoss === undefined ? "" : `, in the cells trained in ${withinCellLoss.toFixed(4)}`;
  return `epoch ${epoch}: training loss ${trainingLoss.toFixed(4)}, validation loss ${validationLoss.toFixed(4)}${within}${best ? " (best)" : ""}, ${seconds.toFixed(1)} s`;
}

import {
  type BinSplits,
  BOUND,
  type Experiment,
  labelExperiment,
  type Study,
  TRAINING,
  UNBOUND,
} from "@bindscape/study";

/** Training bins a regression is fitted to, as a rule all; of a large genome some stand for the others. */
const MOST_BINS = 2_000_000;

export interface TrainingBins {
  /** Ascending. */
  readonly bins: Uint32Array;
  /** 1 bound, 0 unbound. */
  readonly labels: Uint8Array;
  /** How many bins each stands for; absent where all are there. */
  readonly weights?: Float64Array;
}

/**
 * Labelled training bins: all, up to two million of them. Where there are more, all bound ones and unbound ones at even
 * distances, which then count as many as they stand for.
 */
export function selectTrainingBins(
  study: Study,
  experiment: Experiment,
  splits: BinSplits,
  most = MOST_BINS,
): TrainingBins {
  const all = labelExperiment(study, experiment);
  let bound = 0;
  let unbound = 0;
  for (let bin = 0; bin < all.length; bin++) {
    if (splits.use[bin] !== TRAINING) continue;
    if (all[bin] === BOUND) bound++;
    else if (all[bin] === UNBOUND) unbound++;
  }
  const kept = Math.min(unbound, Math.max(most - bound, bound, 1));
  const bins = new Uint32Array(bound + kept);
  const labels = new Uint8Array(bound + kept);
  let at = 0;
  let seen = 0;
  for (let bin = 0; bin < all.length; bin++) {
    if (splits.use[bin] !== TRAINING || (all[bin] !== BOUND && all[bin] !== UNBOUND)) continue;
    if (all[bin] === UNBOUND) {
      const before = Math.floor((seen * kept) / unbound);
      seen++;
      if (Math.floor((seen * kept) / unbound) === before) continue;
    }
    bins[at] = bin;
    labels[at++] = all[bin] === BOUND ? 1 : 0;
  }
  if (kept === unbound) return { bins, labels };
  return { bins, labels, weights: Float64Array.from(labels, (label) => (label === 1 ? 1 : unbound / kept)) };
}

import { BindscapeError } from "@bindscape/numerics";
import {
  AMBIGUOUS,
  type BinSplits,
  BOUND,
  type Experiment,
  labelExperiment,
  type Study,
  UNLABELLED,
  type WindowRequest,
} from "@bindscape/study";
import type { EvaluationBins } from "./metrics.js";

/** Labelled bins of a split, ascending; ambiguous bins are left out and counted, those without a label are left out. */
export function selectBins(
  study: Study,
  experiment: Experiment,
  splits: BinSplits,
  split: number,
): EvaluationBins & { ambiguous: number } {
  const all = labelExperiment(study, experiment);
  let most = 0;
  for (const use of splits.use) if (use === split) most++;
  const bins = new Uint32Array(most);
  const labels = new Uint8Array(most);
  let count = 0;
  const chromosomes: { name: string; from: number; to: number }[] = [];
  let ambiguous = 0;
  for (const part of study.bins.parts) {
    const from = count;
    for (let bin = part.firstIndex; bin < part.firstIndex + part.count; bin++) {
      if (splits.use[bin] !== split) continue;
      if (all[bin] === AMBIGUOUS) {
        ambiguous++;
        continue;
      }
      if (all[bin] === UNLABELLED) continue;
      bins[count] = bin;
      labels[count++] = all[bin] === BOUND ? 1 : 0;
    }
    if (count === from) continue;
    const last = chromosomes.at(-1);
    if (last?.name === part.segment.chromosome) last.to = count;
    else chromosomes.push({ name: part.segment.chromosome, from, to: count });
  }
  if (count === 0) {
    throw new BindscapeError({
      source: study.source,
      found: `no labelled bin of ${experiment.factor} in the hold-out`,
      expected: "at least one",
      next: "Check `holdOut` and `unlabelled` in the study file",
    });
  }
  return { bins: bins.slice(0, count), labels: labels.slice(0, count), chromosomes, ambiguous };
}

/** Bins as a request for their windows. */
export function requestBins(study: Study, bins: Uint32Array): WindowRequest {
  const request = { segmentIndices: new Uint32Array(bins.length), binStarts: new Int32Array(bins.length) };
  for (let i = 0; i < bins.length; i++) {
    request.segmentIndices[i] = study.bins.partOf(bins[i]).segmentIndex;
    request.binStarts[i] = study.bins.startOf(bins[i]);
  }
  return request;
}

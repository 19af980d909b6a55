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
  const bins: number[] = [];
  const labels: number[] = [];
  const chromosomes: { name: string; from: number; to: number }[] = [];
  let ambiguous = 0;
  for (const part of study.bins.parts) {
    const from = bins.length;
    for (let bin = part.firstIndex; bin < part.firstIndex + part.count; bin++) {
      if (splits.use[bin] !== split) continue;
      if (all[bin] === AMBIGUOUS) {
        ambiguous++;
        continue;
      }
      if (all[bin] === UNLABELLED) continue;
      bins.push(bin);
      labels.push(all[bin] === BOUND ? 1 : 0);
    }
    if (bins.length === from) continue;
    const last = chromosomes.at(-1);
    if (last?.name === part.segment.chromosome) last.to = bins.length;
    else chromosomes.push({ name: part.segment.chromosome, from, to: bins.length });
  }
  if (bins.length === 0) {
    throw new BindscapeError({
      source: study.source,
      found: `no labelled bin of ${experiment.factor} in the hold-out`,
      expected: "at least one",
      next: "Check `holdOut` and `unlabelled` in the study file",
    });
  }
  return { bins: Uint32Array.from(bins), labels: Uint8Array.from(labels), chromosomes, ambiguous };
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

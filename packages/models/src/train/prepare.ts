import { BindscapeError, Random } from "@bindscape/numerics";
import {
  type BinFeature,
  type BinSplits,
  type Experiment,
  type LabelledWindows,
  type Study,
  splitStudy,
  WindowMaker,
  type WindowPlan,
  WindowSampler,
  type WindowSource,
} from "@bindscape/study";
import { measureReach, motifFeature, signalFeatures } from "../bin-features.js";
import type { FeatureScaling, ModelDefinition, NetworkContext } from "../model-definition.js";
import { fitRegressionStart } from "./regression-start.js";
import type { TrainingSettings } from "./settings.js";

/** Windows whose features set the feature scaling. */
const SCALING_WINDOWS = 20_000;

/** Everything training needs, made from a study before the first step. */
export interface TrainingPlan {
  readonly context: NetworkContext;
  readonly sampler: WindowSampler;
  readonly splits: BinSplits;
  readonly validation: LabelledWindows;
}

/** Draws the validation set, chooses the bin features and measures their scaling. */
export function prepareTraining(
  study: Study,
  experiments: readonly Experiment[],
  source: WindowSource,
  definition: ModelDefinition,
  modelOptions: unknown,
  settings: TrainingSettings,
): TrainingPlan {
  const plan: WindowPlan = {
    windowLength: definition.windowLength(modelOptions),
    binSize: study.bins.grid.size,
    tracks: source.tracks.map((track) => track.name),
    features: chooseFeatures(study, experiments, source, definition.binFeatures(modelOptions)),
  };
  const splits = splitStudy(study, measureReach(plan));
  const sampler = new WindowSampler(study, experiments, splits, {
    positives: settings.positives ?? (experiments.length === 1 && !experiments[0].labels ? "peaks" : "bins"),
    minimumOverlap: settings.minimumOverlap,
    jitter: settings.jitter,
    negativesPerPositive: settings.negativesPerPositive,
    negativeMargin: settings.negativeMargin,
    negativeWeight: settings.negativeWeight,
    validationNegativesPerPositive: settings.validationNegativesPerPositive,
  });
  // Scaling is measured before negatives are preferred, on windows drawn all alike.
  const first = sampler.drawEpoch(Random.forPart(settings.seed, "scaling"));
  const featureScaling = measureScaling(source, plan, first);
  const wantsLinear = definition.hasLinearFeatures(modelOptions);
  const regression =
    plan.features.length > 0 && (wantsLinear || settings.negatives === "hard")
      ? fitRegressionStart(study, experiments, source, splits, plan, featureScaling)
      : null;
  if (settings.negatives === "hard") {
    if (!regression) {
      throw new BindscapeError({
        found: "hard negatives for a model without bin-level features",
        expected: "features to tell hard negatives by",
        next: "Give --bin-features motif-and-signal, or --negatives uniform",
      });
    }
    sampler.preferNegatives(regression.measureDifficulty(sampler.negativeCandidates));
  }
  const validation = sampler.validationWindows(Random.forPart(settings.seed, "validation"));
  return {
    context: {
      plan,
      tasks: experiments.length,
      featureScaling,
      linearStart: wantsLinear && regression ? regression.linearStart : null,
      boundShare: experiments.map((_, task) => shareOfBound(first, task)),
      motifs: experiments.map((experiment) => experiment.motif),
    },
    sampler,
    splits,
    validation,
  };
}

/** The bin-level features a model wants, of motifs in the order of the experiments and then of tracks. */
function chooseFeatures(
  study: Study,
  experiments: readonly Experiment[],
  source: WindowSource,
  wanted: { readonly motif: boolean; readonly signal: boolean },
): BinFeature[] {
  const features: BinFeature[] = [];
  if (wanted.motif) {
    const motifs = experiments.flatMap(({ motif }) => (motif ? [motif] : []));
    if (motifs.length === 0) {
      throw new BindscapeError({
        source: study.source,
        found: `no motif of ${experiments.map(({ factor }) => factor).join(", ")}, which the model's bin-level features need`,
        expected: "a motif file that has one",
        next: "Name a file under `motifs` and the motif under the experiment, or train with --bin-features signal --no-seed-kernels",
      });
    }
    const distinct = new Map(motifs.map((motif) => [motif.id, motif]));
    for (const motif of distinct.values()) features.push(motifFeature(motif, source.codes, "middle"));
  }
  if (wanted.signal) features.push(...signalFeatures(source));
  return features;
}

function measureScaling(source: WindowSource, plan: WindowPlan, windows: LabelledWindows): FeatureScaling {
  const width = plan.features.length;
  const values = new WindowMaker(source, plan).fillFeatures({
    segmentIndices: windows.segmentIndices.subarray(0, SCALING_WINDOWS),
    binStarts: windows.binStarts.subarray(0, SCALING_WINDOWS),
  });
  const rows = width === 0 ? 0 : values.length / width;
  const mean: number[] = [];
  const scale: number[] = [];
  for (let f = 0; f < width; f++) {
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) sum += values[row * width + f];
    const average = sum / rows;
    for (let row = 0; row < rows; row++) squares += (values[row * width + f] - average) ** 2;
    mean.push(average);
    scale.push(Math.sqrt(squares / rows) || 1);
  }
  return { mean, scale };
}

function shareOfBound(windows: LabelledWindows, task: number): number {
  let bound = 0;
  let counted = 0;
  for (let at = task; at < windows.labels.length; at += windows.tasks) {
    bound += windows.labels[at] * windows.weights[at];
    counted += windows.weights[at];
  }
  return counted === 0 ? 0.5 : bound / counted;
}

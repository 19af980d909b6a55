import { BindscapeError, Random } from "@bindscape/numerics";
import {
  type BinFeature,
  type BinSplits,
  drawPooledEpoch,
  drawPooledValidation,
  type Experiment,
  type LabelledWindows,
  listSources,
  ofSource,
  readFeatures,
  type SamplingOptions,
  type Study,
  splitStudy,
  type WindowPlan,
  WindowSampler,
  type WindowSource,
  type WindowSources,
} from "@bindscape/study";
import {
  annotationFeatures,
  covariateFeatures,
  measureReach,
  motifFeature,
  signalFeatures,
} from "../bin-features.js";
import type { FeatureScaling, ModelDefinition, NetworkContext, WantedFeatures } from "../model-definition.js";
import { fitRegressionStart } from "./regression-start.js";
import type { TrainingSettings } from "./settings.js";

/** Windows whose features set the feature scaling. */
const SCALING_WINDOWS = 20_000;

/** Everything training needs, made from a study before the first step. */
export interface TrainingPlan {
  readonly context: NetworkContext;
  /** One a cell, in the order of the sources. */
  readonly samplers: readonly WindowSampler[];
  /** What windows are made from: the cells trained in, then the one validated in where it is another. */
  readonly sources: readonly WindowSource[];
  readonly splits: BinSplits;
  /** Windows whose loss chooses the epoch. */
  readonly validation: LabelledWindows;
  /** Validation windows of the cells trained in, where another cell chooses the epoch. */
  readonly withinCells: LabelledWindows | null;
}

/** Another cell than those trained in, whose validation windows choose the epoch. */
export interface ValidationCell {
  /** Of the same factors, in the same order. */
  readonly experiments: readonly Experiment[];
  readonly source: WindowSource;
}

/**
 * Draws the validation set, chooses the bin features and measures their scaling.
 * @param experiments of one cell, or of the same factors in several, cell by cell
 * @param given one source a cell, in the order of the experiments
 */
export async function prepareTraining(
  study: Study,
  experiments: readonly Experiment[],
  given: WindowSources,
  definition: ModelDefinition,
  modelOptions: unknown,
  settings: TrainingSettings,
  validationCell?: ValidationCell,
): Promise<TrainingPlan> {
  const trained = listSources(given);
  const sources = validationCell ? [...trained, validationCell.source] : trained;
  const byCell = groupByCell(study, experiments);
  const first = byCell[0];
  const wanted = definition.binFeatures(modelOptions);
  requireSameInputs(
    study,
    [...byCell, ...(validationCell ? [validationCell.experiments] : [])].map(([{ cell }], i) => ({
      cell,
      source: sources[i],
    })),
    wanted,
  );
  const seesTracks = definition.seesTracks?.(modelOptions) ?? true;
  const tracks = seesTracks ? sources[0].tracks.map((track) => track.name) : [];
  const unknownBase = definition.unknownBase?.(modelOptions) ?? 0;
  const seesSequence = definition.seesSequence?.(modelOptions) ?? true;
  if (!seesSequence && tracks.length === 0) {
    throw new BindscapeError({
      source: study.source,
      found: `a network without sequence, for ${first[0].cell}, which has no tracks`,
      expected: "something for the network to see",
      next: "Give the cell tracks in the study file, or train with the sequence",
    });
  }
  const plan: WindowPlan = {
    windowLength: definition.windowLength(modelOptions),
    binSize: study.bins.grid.size,
    tracks,
    ...(!seesSequence && { sequence: false }),
    ...(unknownBase > 0 && { unknownBase }),
    features: chooseFeatures(study, first, sources[0], wanted),
  };
  const splits = splitStudy(study, measureReach(plan));
  const sampling: SamplingOptions = {
    positives: settings.positives ?? (first.length === 1 ? "peaks" : "bins"),
    minimumOverlap: settings.minimumOverlap,
    jitter: settings.jitter,
    negativesPerPositive: settings.negativesPerPositive,
    negativeMargin: settings.negativeMargin,
    negativeWeight: settings.negativeWeight,
    validationNegativesPerPositive: settings.validationNegativesPerPositive,
  };
  const samplers = byCell.map((own) => new WindowSampler(study, own, splits, sampling));
  // Scaling is measured before negatives are preferred, on windows drawn all alike.
  const drawn = drawPooledEpoch(samplers, Random.forPart(settings.seed, "scaling"));
  const featureScaling = await measureScaling(sources, plan, drawn);
  const wantsLinear = definition.hasLinearFeatures(modelOptions);
  const regression =
    plan.features.length > 0 && (wantsLinear || settings.negatives === "hard")
      ? await fitRegressionStart(study, byCell, trained, splits, plan, featureScaling)
      : null;
  if (settings.negatives === "hard") {
    if (!regression) {
      throw new BindscapeError({
        found: "hard negatives for a model without bin-level features",
        expected: "features to tell hard negatives by",
        next: "Give --bin-features motif-and-signal, or --negatives uniform",
      });
    }
    for (const [index, sampler] of samplers.entries()) {
      sampler.preferNegatives(await regression.measureDifficulty(sampler.negativeCandidates, index));
    }
  }
  const within = drawPooledValidation(samplers, Random.forPart(settings.seed, "validation"));
  const other =
    validationCell &&
    new WindowSampler(study, validationCell.experiments, splits, sampling, "validation").validationWindows(
      Random.forPart(settings.seed, "validation cell"),
    );
  return {
    context: {
      plan,
      tasks: first.length,
      featureScaling,
      linearStart: wantsLinear && regression ? regression.linearStart : null,
      boundShare: first.map((_, task) => shareOfBound(drawn, task)),
      motifs: first.map((experiment) => experiment.motif),
    },
    samplers,
    sources,
    splits,
    validation: other ? ofSource(other, trained.length) : within,
    withinCells: other ? within : null,
  };
}

/**
 * Experiments cell by cell.
 * @throws BindscapeError where the cells do not have the same factors in the same order
 */
export function groupByCell(study: Study, experiments: readonly Experiment[]): readonly Experiment[][] {
  const groups = new Map<string, Experiment[]>();
  for (const experiment of experiments) {
    const own = groups.get(experiment.cell);
    if (own) own.push(experiment);
    else groups.set(experiment.cell, [experiment]);
  }
  const factorsOf = (own: readonly Experiment[]) => own.map(({ factor }) => factor.toLowerCase()).join(", ");
  const [first, ...others] = groups.values();
  const odd = others.find((own) => factorsOf(own) !== factorsOf(first));
  if (!odd) return [first, ...others];
  throw new BindscapeError({
    source: study.source,
    found: `experiments of ${factorsOf(first)} in ${first[0].cell} and of ${factorsOf(odd)} in ${odd[0].cell}`,
    expected: "the same factors in every cell that is trained in",
    next: "Choose cells that have them all with --cell, or one cell",
  });
}

/**
 * Refuses cells that a network cannot see alike.
 * @throws BindscapeError naming the track or covariate that only one of two cells has
 */
function requireSameInputs(
  study: Study,
  cells: readonly { readonly cell: string; readonly source: WindowSource }[],
  wanted: WantedFeatures,
): void {
  const [first, ...others] = cells;
  for (const other of others) {
    for (const [what, namesOf] of [
      ["track", (source: WindowSource) => source.tracks.map(({ name }) => name)],
      [
        "covariate",
        (source: WindowSource) => (wanted.covariates ? Object.keys(source.covariates ?? {}) : []),
      ],
    ] as const) {
      for (const [has, lacks] of [
        [first, other],
        [other, first],
      ]) {
        const missing = namesOf(has.source).find((name) => !namesOf(lacks.source).includes(name));
        if (missing === undefined) continue;
        throw new BindscapeError({
          source: study.source,
          found: `the cell ${lacks.cell} has no ${what} named "${missing}", but ${has.cell} has one`,
          expected: `cells with the same ${what}s`,
          next: `Give the ${what}s of the cells the same names, and every cell all of them`,
        });
      }
    }
  }
}

/**
 * The bin-level features a model wants: covariates, annotations, motifs in the order of the experiments, tracks. The
 * reference has the first two, in this order.
 */
function chooseFeatures(
  study: Study,
  experiments: readonly Experiment[],
  source: WindowSource,
  wanted: WantedFeatures,
): BinFeature[] {
  const features: BinFeature[] = [];
  for (const [isWanted, found, what, option] of [
    [wanted.covariates, covariateFeatures(source), "covariates", "covariates"],
    [wanted.annotations, annotationFeatures(source), "annotations", "annotations"],
  ] as const) {
    if (!isWanted) continue;
    if (found.length === 0) {
      throw new BindscapeError({
        source: study.source,
        found: `no ${what} ${what === "covariates" ? `of the cell ${experiments[0].cell}` : "in the study"}, which the model is to see`,
        expected: "at least one",
        next:
          what === "covariates"
            ? `Give the cell \`covariates\`, or the study an \`expression\` table, or leave --${option} out`
            : `Name files under \`annotations\`, or leave --${option} out`,
      });
    }
    features.push(...found);
  }
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
    for (const motif of distinct.values()) features.push(motifFeature(motif, source, "middle"));
  }
  if (wanted.signal) features.push(...signalFeatures(source));
  return features;
}

async function measureScaling(
  sources: WindowSources,
  plan: WindowPlan,
  windows: LabelledWindows,
): Promise<FeatureScaling> {
  const width = plan.features.length;
  const values = await readFeatures(sources, plan, {
    segmentIndices: windows.segmentIndices.subarray(0, SCALING_WINDOWS),
    binStarts: windows.binStarts.subarray(0, SCALING_WINDOWS),
    sourceIndices: windows.sourceIndices?.subarray(0, SCALING_WINDOWS),
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

import type { Build, Graph, Tensor } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import type { WindowPlan } from "@bindscape/study";
import type { z } from "zod";
import type { TrainingSettings } from "./train/settings.js";

/** Bin-level features before a network: raw value -> (value - mean) / scale, fixed when training starts. */
export interface FeatureScaling {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
}

/** A logistic regression on scaled features and their squares. */
export interface LinearStart {
  readonly intercept: number;
  /** Coefficients of the scaled features, then of their squares. */
  readonly coefficients: readonly number[];
}

/** What an architecture is told about the data it is built for. */
export interface NetworkContext {
  readonly plan: WindowPlan;
  /** Number of outputs: one an experiment. */
  readonly tasks: number;
  readonly featureScaling: FeatureScaling;
  /** Share of bound windows in training by task, for the output bias. */
  readonly boundShare: readonly number[];
  /**
   * Logistic regression of each task on the bin-level features, to start linear parts from; null where the model
   * has no such part or is read from a bundle.
   */
  readonly linearStart: readonly LinearStart[] | null;
  /** Motifs that kernels may start from, in the order of the tasks; null where none is known. */
  readonly motifs: readonly (Motif | null)[];
}

/** A first-layer kernel that starts from a motif. */
export interface SeededKernel {
  readonly index: number;
  readonly motif: string;
  readonly strand: "+" | "-";
}

/** Which bin-level features a model wants. */
export interface WantedFeatures {
  readonly motif: boolean;
  readonly signal: boolean;
  /** Numbers about the cell. */
  readonly covariates: boolean;
  /** Overlap with the study's annotations. */
  readonly annotations: boolean;
}

/** A named set of hyperparameters; what it does not name keeps its default. */
export interface Preset<Options> {
  /** Where it comes from and what it is for, one sentence. */
  readonly about: string;
  readonly options: Options;
  readonly training: Partial<TrainingSettings>;
}

/**
 * A network in two parts, for windows that overlap: a stem that sees `reach` bp at a time the same way wherever
 * they lie in a window, and a head that sees what the stem says at a window's own positions. The stem is then
 * computed once a stretch of the chromosome instead of once a window. The parameters are those of `build`.
 */
export interface SharedOverlap {
  /** bp that one position of the stem's output sees. */
  readonly reach: number;
  /** bp between the positions that a window takes. */
  readonly stride: number;
  /** Positions that a window takes on each strand, the first at that strand's own start. */
  readonly steps: number;
  /** Values at each position. */
  readonly values: number;
  /**
   * @param stretch [1, channels, length], any length from `reach`
   * @returns [2, values, length - reach + 1]: what each strand (forward, reverse) says about the `reach` bp from
   *   each base on, both in forward coordinates
   */
  readonly stem: (graph: Graph, stretch: Tensor) => Tensor;
  /**
   * @param pooled [2N, steps, values]: each window forward, then reverse, each strand in its own orientation
   * @returns the output "probability", [N, tasks]; the input "features" as in `build`
   */
  readonly head: (graph: Graph, pooled: Tensor) => Tensor;
}

/** A convolution as seen from the bases: which of them each of its positions covers. */
export interface ConvolutionLayer {
  /**
   * Output of the build: [N, kernels, positions] behind the activation, or [2N, kernels, positions] where even rows are
   * the window and odd rows its reverse complement. In graphs that keep their order (`Graph.keepsOrder`) it lies on the
   * way to the logit, so that it has a gradient.
   */
  readonly output: string;
  readonly kernels: number;
  /** Base of the window (or of its reverse complement) that position 0 sees first; below 0 where padding is. */
  readonly start: number;
  /** bp from one position to the next. */
  readonly step: number;
  /** bp that one position sees. */
  readonly width: number;
  readonly strands: 1 | 2;
}

/**
 * An architecture: its options, how a network is built from them, and what it owes to which paper. Adding a
 * model is one folder with one of these and one line in `model-table.ts`.
 */
export interface ModelDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly title: string;
  /** Reference line of the paper it implements. */
  readonly citation: string;
  /** Options with their defaults and descriptions: one schema for the command line, files and code. */
  readonly options: Schema;
  /** Named sets of hyperparameters. */
  readonly presets: Readonly<Record<string, Preset<z.input<Schema>>>>;
  /** Window length in bp the options ask for. */
  readonly windowLength: (options: z.output<Schema>) => number;
  /** Whether windows have channels of bases; they do where absent. */
  readonly seesSequence?: (options: z.output<Schema>) => boolean;
  /** Whether windows have the cell's tracks as channels; they do where absent. */
  readonly seesTracks?: (options: z.output<Schema>) => boolean;
  /** What every channel of bases holds at an unknown base; 0 where absent. */
  readonly unknownBase?: (options: z.output<Schema>) => 0 | 0.25;
  /** Which bin-level features the options ask for. */
  readonly binFeatures: (options: z.output<Schema>) => WantedFeatures;
  /** Whether the network has a linear part on the features, to be started from a regression. */
  readonly hasLinearFeatures: (options: z.output<Schema>) => boolean;
  /**
   * The network: inputs "windows" [N, channels, windowLength], "features" where the plan has any, "labels" and "weights"
   * [N, tasks] (weight 0 for a label that is missing); outputs, in inference, "probability" and "logit" [N, tasks] (means
   * over strands where it sees both) and those that `layers` names; loss for training.
   */
  readonly build: (options: z.output<Schema>, context: NetworkContext) => Build;
  /**
   * The network in two parts, where it has a better way to share what windows have in common than the one found from
   * its graph (`shareOverlap`); `windows` is how many there are to predict, for what pays with many only.
   */
  readonly sharedOverlap?: (
    options: z.output<Schema>,
    context: NetworkContext,
    windows: number,
  ) => SharedOverlap;
  /** First-layer kernel size and what seeded it, for kernel motifs. */
  readonly firstLayer: (
    options: z.output<Schema>,
    context: Pick<NetworkContext, "motifs">,
  ) => {
    readonly output: string;
    readonly width: number;
    readonly kernels: number;
    readonly seeded: readonly SeededKernel[];
  };
  /** The layer behind it whose units see a site of `width` bp too; absent where there is none. */
  readonly secondLayer?: (options: z.output<Schema>) => {
    readonly output: string;
    readonly width: number;
    readonly kernels: number;
  };
  /** Convolutions that attributions by layer (Grad-CAM) look at, the first one first; none where absent. */
  readonly layers?: (options: z.output<Schema>) => readonly ConvolutionLayer[];
  /**
   * Parameters that are taken over from a network trained for other tasks, by name with `*`: convolutions and what
   * normalises them, recurrent layers. The others are drawn anew. None where absent.
   */
  readonly body?: readonly string[];
  /** Where a network with these options departs from the paper, one sentence each. */
  readonly departures: (options: z.output<Schema>) => readonly string[];
}

/** Types a definition's options by its schema. */
export function defineModel<Schema extends z.ZodType>(
  definition: ModelDefinition<Schema>,
): ModelDefinition<Schema> {
  return definition;
}

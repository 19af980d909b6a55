import { type Build, slice, type Tensor } from "@bindscape/gradient";
import { type ConvolutionLayer, describeNetwork, type Network } from "@bindscape/models";
import { countBaseChannels, countChannels, type WindowPlan } from "@bindscape/study";

/** What of a task is explained: the sum before the sigmoid, which does not saturate, or the probability. */
export type ExplainedOutput = "logit" | "probability";

/** A network whose output is to be explained base by base: what every verb of this package is given. */
export interface ExplainedModel {
  /**
   * Inputs "windows" [N, channels, length] and, where `features` is above 0, "features" [N, features]; outputs "logit"
   * and "probability" [N, tasks], and those that `layers` names.
   */
  readonly build: Build;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** bp of a window. */
  readonly length: number;
  /** Channels of a window: those of bases first, A, C, G, T; tracks behind them. */
  readonly channels: number;
  readonly baseChannels: 0 | 4;
  /** Bin-level features beside the windows; 0 for none. */
  readonly features: number;
  readonly tasks: number;
  /** What every channel of bases holds at an unknown base. */
  readonly unknownBase: 0 | 0.25;
  readonly layers: readonly ConvolutionLayer[];
}

/** Windows to explain, as arrays. */
export interface ExplainedWindows {
  readonly count: number;
  /** [count, channels, length], row-major. */
  readonly windows: Float32Array;
  /** [count, features]; absent where the model has none. */
  readonly features?: Float32Array;
}

/** A network of a bundle as the verbs of this package take it. */
export function explainNetwork(network: Network): ExplainedModel {
  const { definition, options, context } = describeNetwork(network);
  const plan: WindowPlan = context.plan;
  return {
    build: definition.build(options, context),
    parameters: network.parameters,
    length: plan.windowLength,
    channels: countChannels(plan),
    baseChannels: countBaseChannels(plan),
    features: plan.features.length,
    tasks: context.tasks,
    unknownBase: plan.unknownBase ?? 0,
    layers: definition.layers?.(options) ?? [],
  };
}

/** The output "score" [N, 1] of one task, beside the model's own outputs. */
export function buildScore({ build }: ExplainedModel, task: number, of: ExplainedOutput): Build {
  return (graph) => {
    const { outputs } = build(graph);
    const score: Tensor = slice(outputs[of], { axis: 1, start: task, end: task + 1 });
    return { outputs: { ...outputs, score } };
  };
}

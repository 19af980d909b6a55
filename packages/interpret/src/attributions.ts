import type { Runtime } from "@bindscape/gradient";
import type { ProgressListener } from "@bindscape/numerics";
import type { ExplainedModel, ExplainedOutput, ExplainedWindows } from "./explained-model.js";

/** Ways to explain a score base by base, by the names that the command line gives them. */
export const attributionMethods = [
  "ism",
  "saliency",
  "gradient-input",
  "grad-cam",
  "grad-cam-saliency",
  "deeplift",
  "integrated-gradients",
] as const;

export type AttributionMethod = (typeof attributionMethods)[number];

/** What a method says about the bases of windows. Arrays are row-major; bases stand in the order A, C, G, T. */
export interface Attributions {
  readonly method: AttributionMethod;
  /** Windows. */
  readonly count: number;
  /** bp of a window. */
  readonly length: number;
  /** Outputs of the model. */
  readonly tasks: number;
  /** The task that is explained, counted from 0. */
  readonly task: number;
  /** What of the task is explained. */
  readonly of: ExplainedOutput;
  /**
   * [count, 4, length]. Methods that split a score over bases (gradient-input, grad-cam, grad-cam-saliency, deeplift,
   * integrated-gradients) have a position's total at the base that is there and 0 at the others, so that a window's
   * values sum to the method's total; at an unknown base all four are 0. `ism`: the change of the score by each
   * substitution, 0 at the base that is there. `saliency`: the gradient as it is.
   */
  readonly values: Float32Array;
  /** [count, 4, length]: what each base would get in this place (for TF-MoDISco); absent where a method cannot say. */
  readonly hypothetical?: Float32Array;
  /** [count, tasks]: probabilities of the windows. */
  readonly predictions: Float32Array;
  /**
   * [count]: how far a window's values are from summing to the difference of its score from its reference's; absent
   * where a method promises no such sum.
   */
  readonly deltas?: Float32Array;
  /** What the user should know, one sentence each. */
  readonly warnings?: readonly string[];
}

/** What every verb is told. */
export interface AttributionOptions {
  /** What graphs run on: `nodeRuntime(device)` in Node, `webRuntime(...)` in a browser. */
  readonly runtime: Runtime;
  /** Index of the output to explain. Default 0. */
  readonly task?: number;
  /** Default "logit". */
  readonly of?: ExplainedOutput;
  /** Most windows (or their variants) that go through the network at a time; chosen by the network's size where absent. */
  readonly batchSize?: number;
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A verb: attributions of windows by one method. */
export type Attribute<Options extends AttributionOptions = AttributionOptions> = (
  model: ExplainedModel,
  windows: ExplainedWindows,
  options: Options,
) => Promise<Attributions>;

import { BindscapeError } from "@bindscape/numerics";
import type { LiftedBag, Tensor } from "../graph.js";
import type { ModelParts } from "../onnx/emit-model.js";
import type { Optimizer } from "../optimizers/optimizer.js";
import type { DeviceTensor, TensorValue } from "../runtime.js";
import { elementCount, formatShape } from "../shape.js";

/** A parameter's name, a text in which `*` stands for any characters, or a regular expression. */
export type NamePattern = string | RegExp;

/** Whether a name is the pattern's as a whole; a regular expression may match any part. */
export function matchesName(pattern: NamePattern, name: string): boolean {
  if (typeof pattern !== "string")
    return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, "")).test(name);
  const escaped = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(name);
}

/** Throws unless every pattern matches a name: a misspelt one would silently do nothing. */
export function checkPatterns(patterns: readonly NamePattern[], names: readonly string[], use: string): void {
  for (const pattern of patterns) {
    if (names.some((name) => matchesName(pattern, name))) continue;
    throw new BindscapeError({
      source: use,
      found: `the pattern ${pattern}, which matches no trained parameter`,
      expected: `one that matches some of ${names.join(", ")}`,
    });
  }
}

/** An upper bound of the length of each unit's weights: longer ones are scaled down to it after every update. */
export interface MaxNorm {
  readonly parameters: NamePattern;
  /** Euclidean length. */
  readonly limit: number;
  /**
   * The axis that numbers units. By default the last of matrices [inputs, outputs], and the first of other shapes, as
   * convolution kernels [filters, channels, width] have it.
   */
  readonly unitAxis?: number;
}

export interface UpdateOptions {
  readonly optimizer: Optimizer;
  /** Factors of the learning rate by name; the first pattern that matches counts, others have 1. */
  readonly learningRates?: readonly { readonly parameters: NamePattern; readonly factor: number }[];
  /** Gradients of all parameters together are scaled down to this Euclidean length (Pascanu et al. 2013). */
  readonly clipNorm?: number;
  readonly maxNorm?: readonly MaxNorm[];
  /** Whether gradients of several batches are added up before an update. */
  readonly accumulates?: boolean;
}

export interface TrainedParameter {
  readonly name: string;
  readonly tensor: Tensor;
  /** Null where it is computed outside the graph. */
  readonly gradient: Tensor | null;
}

/** A sparse bag outside the graph, and the gradient of its output. */
export interface TrainedBag {
  readonly bag: LiftedBag;
  readonly gradient: Tensor;
}

/** A trained parameter and what holds for it. */
export interface Piece {
  readonly name: string;
  readonly shape: readonly number[];
  readonly length: number;
  /** Where it starts in vectors without gaps, as they are stored. */
  readonly start: number;
  /** Factor of the learning rate. */
  readonly rateFactor: number;
  readonly maxNorm: { readonly limit: number; readonly unitAxis: number } | null;
}

/** Added to the gradients' length before it divides, as PyTorch does. */
export const normEpsilon = 1e-6;

export function makePieces(trained: readonly TrainedParameter[], options: UpdateOptions): Piece[] {
  const { learningRates = [], maxNorm = [], clipNorm } = options;
  const names = trained.map(({ name }) => name);
  const fail = (source: string, found: string, expected: string): never => {
    throw new BindscapeError({ source, found, expected });
  };
  checkPatterns(
    learningRates.map((rule) => rule.parameters),
    names,
    "learning rates",
  );
  checkPatterns(
    maxNorm.map((rule) => rule.parameters),
    names,
    "max-norm",
  );
  for (const { factor } of learningRates)
    if (!(factor >= 0)) fail("learning rates", `a factor of ${factor}`, "at least 0");
  for (const { limit } of maxNorm) if (!(limit > 0)) fail("max-norm", `a limit of ${limit}`, "above 0");
  if (clipNorm !== undefined && !(clipNorm > 0)) fail("clipNorm", `${clipNorm}`, "above 0");
  let start = 0;
  return trained.map(({ name, tensor }) => {
    const shape = tensor.shape as number[];
    const length = elementCount(shape) as number;
    const rule = learningRates.find(({ parameters }) => matchesName(parameters, name));
    const bound = maxNorm.find(({ parameters }) => matchesName(parameters, name));
    const unitAxis = bound?.unitAxis ?? (shape.length === 2 ? 1 : 0);
    if (bound && !(unitAxis >= 0 && unitAxis < shape.length))
      fail(`max-norm of "${name}"`, `unit axis ${unitAxis}`, `an axis of the shape ${formatShape(shape)}`);
    const piece: Piece = {
      name,
      shape,
      length,
      start,
      rateFactor: rule?.factor ?? 1,
      maxNorm: bound ? { limit: bound.limit, unitAxis } : null,
    };
    start += length;
    return piece;
  });
}

/** Neighbouring pieces with the same factor of the learning rate. */
export function runsOfPieces(pieces: readonly Piece[]): Piece[][] {
  const runs: Piece[][] = [];
  for (const piece of pieces) {
    const run = runs.at(-1);
    if (run && run[0].rateFactor === piece.rateFactor) run.push(piece);
    else runs.push([piece]);
  }
  return runs;
}

/** What an update has to know about one run of the graph. */
export interface UpdateRun {
  /** 1 at the first step. */
  readonly step: number;
  readonly learningRate: number;
  readonly batch: Readonly<Record<string, Float32Array>>;
  /** What the gradients are multiplied with before they are added to others'. */
  readonly share: number;
  /** Whether the update follows this run. */
  readonly isLast: boolean;
}

/** Where trained parameters and the optimizer's vectors live, and what changes them in or after a run of the graph. */
export interface ParameterUpdate {
  readonly pieces: readonly Piece[];
  /** What the graph is given besides the model's inputs and masks. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly flat?: NonNullable<ModelParts["flat"]>;
  /** What the graph computes besides the loss and the model's outputs. */
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** The outputs that stay on the device. */
  readonly keepOnDevice: readonly string[];
  /** A scalar that is no finite number where a gradient is none, or null where {@link finish} notices. */
  readonly check: Tensor | null;
  /** Adds what the next run needs. */
  bind(
    feeds: Record<string, TensorValue | DeviceTensor>,
    into: Record<string, TensorValue | DeviceTensor>,
    run: UpdateRun,
  ): void;
  /** After a run whose gradients are added to others'. */
  accumulate(run: UpdateRun): void;
  /** After the last run of a step. @returns 0, or NaN where a gradient is no finite number */
  finish(step: number, learningRate: number): number;
  /** A copy of all values of `parameters` or a slot, without gaps. */
  read(vector: string): Promise<Float32Array>;
  write(vector: string, values: Float32Array): void;
  release(): void;
}

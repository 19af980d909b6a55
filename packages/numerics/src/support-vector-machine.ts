import { BindscapeError } from "./error.js";
import type { ProgressListener } from "./progress.js";

/** A symmetric kernel of n items, asked for row by row, so that it need not be in memory as a whole. */
export interface KernelRows {
  readonly count: number;
  /** Kernel of each item with itself. */
  readonly diagonal: ArrayLike<number>;
  /** Kernel of an item with all; valid until rows of two other items were asked for. */
  row(item: number): Float32Array | Float64Array;
}

export interface SupportVectorOptions {
  readonly kernel: KernelRows;
  /** 0 or 1, one for each item; both must occur. */
  readonly labels: ArrayLike<number>;
  /** C, the largest weight of an item, above 0; default 1. */
  readonly strength?: number;
  /** C is multiplied by the first for items of label 0, by the second for label 1; default 1, 1. */
  readonly classWeights?: readonly [number, number];
  /** Largest violation of the optimality conditions left, as LIBSVM's epsilon; default 0.001. */
  readonly tolerance?: number;
  /** Steps after which training fails; default 100 a item, at least 10 million. */
  readonly mostIterations?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** decision(x) = sum_i coefficients[i] K(item_i, x) + intercept; above 0 means label 1. */
export interface SupportVectorFit {
  /** Dual weight of each item, negative for label 0; 0 for what is no support vector. */
  readonly coefficients: Float64Array;
  readonly intercept: number;
  /** 1/2 a'Qa - sum a at the end, which training minimises. */
  readonly objective: number;
  readonly iterations: number;
}

/** Stands for a curvature that is 0 or, for kernels that are not positive definite, below. */
const LEAST_CURVATURE = 1e-12;
/** Steps between two looks at the signal. */
const REPORT_STEPS = 1000;

/**
 * Trains a support vector classifier (hinge loss, intercept not penalised) by sequential minimal optimisation with the
 * second-order choice of pairs (Fan, Chen and Lin 2005, "Working set selection using second order information for
 * training support vector machines", algorithm 2; Platt 1998 for the step).
 *
 * @throws BindscapeError for labels that are not 0 or 1, one class alone, options out of range, or no end within
 *   `mostIterations`
 */
export function trainSupportVectorMachine(options: SupportVectorOptions): SupportVectorFit {
  const { kernel, labels, strength = 1, classWeights = [1, 1], tolerance = 1e-3 } = options;
  const { count, diagonal } = kernel;
  const { mostIterations = Math.max(10_000_000, 100 * count), onProgress, signal } = options;
  for (const [name, value] of [
    ["C", strength],
    ["weight of class 0", classWeights[0]],
    ["weight of class 1", classWeights[1]],
    ["tolerance", tolerance],
  ] as const) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new BindscapeError({ source: name, found: `${value}`, expected: "a finite number above 0" });
  }
  const signs = readSigns(labels, count);
  const bounds = Float64Array.from(signs, (sign) => strength * classWeights[sign > 0 ? 1 : 0]);
  const alphas = new Float64Array(count);
  const gradient = new Float64Array(count).fill(-1);

  let iterations = 0;
  let firstGap = 0;
  for (; ; iterations++) {
    const first = mostViolating(signs, bounds, alphas, gradient);
    const gap = first.item < 0 ? 0 : first.violation - leastViolation(signs, bounds, alphas, gradient);
    if (iterations === 0) firstGap = gap;
    if (iterations % REPORT_STEPS === 0) {
      signal?.throwIfAborted();
      reportGap(onProgress, gap, firstGap, tolerance);
    }
    if (gap < tolerance) break;
    if (iterations >= mostIterations)
      throw new BindscapeError({
        source: "support vector machine",
        found: `a violation of ${gap.toPrecision(3)} after ${iterations} steps`,
        expected: `at most ${tolerance}`,
        next: "Lower C or raise the tolerance",
      });
    const i = first.item;
    const rowI = kernel.row(i);
    const j = bestPartner(first.violation, diagonal[i], rowI, diagonal, signs, bounds, alphas, gradient);
    const rowJ = kernel.row(j);
    const [changeI, changeJ] = stepPair(i, j, diagonal[i] + diagonal[j] - 2 * rowI[j], {
      signs,
      bounds,
      alphas,
      gradient,
    });
    const byI = signs[i] * changeI;
    const byJ = signs[j] * changeJ;
    for (let t = 0; t < count; t++) gradient[t] += signs[t] * (byI * rowI[t] + byJ * rowJ[t]);
  }
  reportGap(onProgress, tolerance, firstGap, tolerance);
  let objective = 0;
  for (let t = 0; t < count; t++) objective += (alphas[t] * (gradient[t] - 1)) / 2;
  return {
    coefficients: alphas.map((alpha, t) => signs[t] * alpha),
    intercept: -offsetOf(signs, bounds, alphas, gradient),
    objective,
    iterations,
  };
}

/** The item whose weight, moved up or down as its sign says, gains most: argmax of -sign gradient over I_up. */
function mostViolating(
  signs: Float64Array,
  bounds: Float64Array,
  alphas: Float64Array,
  gradient: Float64Array,
): { item: number; violation: number } {
  let item = -1;
  let violation = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < signs.length; t++) {
    const canMove = signs[t] > 0 ? alphas[t] < bounds[t] : alphas[t] > 0;
    const value = -signs[t] * gradient[t];
    if (canMove && value > violation) {
      violation = value;
      item = t;
    }
  }
  return { item, violation };
}

/** Least -sign gradient over I_low. */
function leastViolation(
  signs: Float64Array,
  bounds: Float64Array,
  alphas: Float64Array,
  gradient: Float64Array,
): number {
  let least = Number.POSITIVE_INFINITY;
  for (let t = 0; t < signs.length; t++) {
    const canMove = signs[t] > 0 ? alphas[t] > 0 : alphas[t] < bounds[t];
    if (canMove) least = Math.min(least, -signs[t] * gradient[t]);
  }
  return least;
}

/** The item of I_low that lowers the objective most together with the first, to second order. */
function bestPartner(
  violation: number,
  selfKernel: number,
  row: Float32Array | Float64Array,
  diagonal: ArrayLike<number>,
  signs: Float64Array,
  bounds: Float64Array,
  alphas: Float64Array,
  gradient: Float64Array,
): number {
  let best = -1;
  let most = 0;
  for (let t = 0; t < signs.length; t++) {
    if (!(signs[t] > 0 ? alphas[t] > 0 : alphas[t] < bounds[t])) continue;
    const difference = violation + signs[t] * gradient[t];
    if (!(difference > 0)) continue;
    const curvature = Math.max(LEAST_CURVATURE, selfKernel + diagonal[t] - 2 * row[t]);
    const gain = (difference * difference) / curvature;
    if (gain > most) {
      most = gain;
      best = t;
    }
  }
  return best;
}

interface DualState {
  readonly signs: Float64Array;
  readonly bounds: Float64Array;
  readonly alphas: Float64Array;
  readonly gradient: Float64Array;
}

/** Moves two weights along sum_t sign_t alpha_t = const to the least objective within their bounds. */
function stepPair(
  i: number,
  j: number,
  curvature: number,
  { signs, bounds, alphas, gradient }: DualState,
): [number, number] {
  const length = (signs[j] * gradient[j] - signs[i] * gradient[i]) / Math.max(LEAST_CURVATURE, curvature);
  // alpha_i changes by sign_i length, alpha_j by -sign_j length: how far until either meets a bound?
  const room = Math.min(
    signs[i] > 0 ? bounds[i] - alphas[i] : alphas[i],
    signs[j] > 0 ? alphas[j] : bounds[j] - alphas[j],
  );
  const beforeI = alphas[i];
  const beforeJ = alphas[j];
  const by = Math.min(length, room);
  alphas[i] = moveWithin(beforeI, signs[i] * by, bounds[i]);
  alphas[j] = moveWithin(beforeJ, -signs[j] * by, bounds[j]);
  return [alphas[i] - beforeI, alphas[j] - beforeJ];
}

/** Rounding must not leave a weight a hair beside the bound it was moved to. */
function moveWithin(value: number, by: number, bound: number): number {
  const moved = value + by;
  if (moved <= bound * 1e-12) return 0;
  return moved >= bound * (1 - 1e-12) ? bound : moved;
}

/** rho: the mean of sign gradient over weights inside their bounds, else the middle of what the bounds allow. */
function offsetOf(
  signs: Float64Array,
  bounds: Float64Array,
  alphas: Float64Array,
  gradient: Float64Array,
): number {
  let free = 0;
  let sum = 0;
  let lower = Number.NEGATIVE_INFINITY;
  let upper = Number.POSITIVE_INFINITY;
  for (let t = 0; t < signs.length; t++) {
    const value = signs[t] * gradient[t];
    if (alphas[t] > 0 && alphas[t] < bounds[t]) {
      free++;
      sum += value;
    } else if (signs[t] > 0 === (alphas[t] === 0)) upper = Math.min(upper, value);
    else lower = Math.max(lower, value);
  }
  return free > 0 ? sum / free : (lower + upper) / 2;
}

function reportGap(
  onProgress: ProgressListener | undefined,
  gap: number,
  first: number,
  tolerance: number,
): void {
  if (onProgress === undefined) return;
  // The violation falls about as a power of the steps: its logarithm is what moves evenly.
  const share = first <= tolerance ? 1 : Math.log(first / gap) / Math.log(first / tolerance);
  const done = Math.round(100 * Math.min(1, Math.max(0, share)));
  onProgress({ task: "support vector machine", done, total: 100, unit: "%", note: `gap ${gap.toFixed(4)}` });
}

function readSigns(labels: ArrayLike<number>, count: number): Float64Array {
  if (labels.length !== count)
    throw new BindscapeError({
      source: "labels",
      found: `${labels.length} labels for a kernel of ${count} items`,
      expected: "one for each",
    });
  const signs = new Float64Array(count);
  const perClass = [0, 0];
  for (let t = 0; t < count; t++) {
    const label = labels[t];
    if (label !== 0 && label !== 1)
      throw new BindscapeError({ source: "labels", found: `${label} at item ${t}`, expected: "0 or 1" });
    signs[t] = label === 1 ? 1 : -1;
    perClass[label]++;
  }
  if (perClass[0] === 0 || perClass[1] === 0)
    throw new BindscapeError({
      source: "labels",
      found: `${perClass[1]} items of class 1 and ${perClass[0]} of class 0`,
      expected: "both classes",
      next: "A support vector machine cannot be trained on one class alone",
    });
  return signs;
}

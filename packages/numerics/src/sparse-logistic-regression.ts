import { BindscapeError } from "./error.js";

/** A matrix whose zeros are left out, row by row: values of row i stand at starts[i] .. starts[i + 1]. */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  /** rows + 1 places, ascending from 0. */
  readonly starts: Uint32Array;
  /** Column of each value, below `columns`. */
  readonly indices: Uint32Array;
  readonly values: Float32Array | Float64Array;
}

/** What {@link fitSparseLogisticRegression} is given. */
export interface SparseLogisticData {
  readonly features: SparseRows;
  /** 0 or 1, one for each row of `features`; others may stand in rows that are not used. */
  readonly labels: ArrayLike<number>;
  /** Rows to fit on; all when left out. */
  readonly rows?: ArrayLike<number>;
  /** Ridge penalty on the coefficients as they are (columns are not standardised), not on the intercept; above 0. */
  readonly l2: number;
  /** A fit to start from, such as that of a near penalty. */
  readonly start?: SparseLogisticFit;
  /** Euclidean norm of the gradient at which the fit ends; 1e-7 when left out. */
  readonly tolerance?: number;
  /** Steps after which it ends all the same; 1000 when left out. */
  readonly mostIterations?: number;
  readonly signal?: AbortSignal;
}

/** P(label = 1) = 1 / (1 + exp(-(intercept + sum_j coefficients[j] x_j))). */
export interface SparseLogisticFit {
  readonly coefficients: Float64Array;
  readonly intercept: number;
  readonly iterations: number;
  /** Euclidean norm of the gradient of the mean penalised loss at the end. */
  readonly gradientNorm: number;
}

/** Steps that L-BFGS remembers. */
const MEMORY = 10;

/**
 * Fits logistic regression to many columns that are mostly 0, by L-BFGS (Liu and Nocedal 1989, "On the limited memory
 * BFGS method for large scale optimization"; Nocedal and Wright, algorithm 7.5). It minimises
 *
 *   mean_i loss_i + l2/2 sum_j coefficients[j]^2
 *
 * (scikit-learn's C is 1 / (l2 rows)). Each step's length is that of the lowest loss along its direction, which
 * Newton's method in one variable finds without touching the matrix again.
 *
 * @throws BindscapeError when shapes disagree, a label of a used row is neither 0 nor 1, only one class occurs, or
 *   `l2` is not above 0
 */
export function fitSparseLogisticRegression(data: SparseLogisticData): SparseLogisticFit {
  const { features, l2, tolerance = 1e-7, mostIterations = 1000, signal } = data;
  checkSparseRows(features);
  if (!(l2 > 0 && Number.isFinite(l2)))
    throw new BindscapeError({ source: "l2", found: `${l2}`, expected: "a finite number above 0" });
  const rows = data.rows ?? Uint32Array.from({ length: features.rows }, (_, row) => row);
  const signs = readSigns(rows, data.labels, features.rows);

  const size = features.columns + 1; // the intercept stands last
  const parameters = startParameters(signs, features.columns, data.start);
  const margins = new Float64Array(rows.length);
  multiply(features, rows, parameters, margins);
  const gradient = new Float64Array(size);
  const change = new Float64Array(rows.length);
  const history: Correction[] = [];
  const direction = new Float64Array(size);
  for (let iterations = 0; ; iterations++) {
    signal?.throwIfAborted();
    gradientOf(features, rows, signs, margins, parameters, l2, gradient);
    if (iterations > 0) completeLast(history, gradient);
    const gradientNorm = Math.sqrt(dot(gradient, gradient));
    const isDone = gradientNorm <= tolerance || iterations >= mostIterations;
    if (!isDone) {
      descentDirection(gradient, history, direction);
      multiply(features, rows, direction, change);
    }
    const length = isDone ? 0 : lowestLossAlong(signs, margins, change, parameters, direction, l2);
    // A step of no length: rounding leaves nothing to gain.
    if (!(length > 0)) {
      return {
        coefficients: parameters.slice(0, -1),
        intercept: parameters[size - 1],
        iterations,
        gradientNorm,
      };
    }
    history.push({ step: direction.map((value) => length * value), gradient: gradient.slice(), scale: 0 });
    if (history.length > MEMORY) history.shift();
    for (let j = 0; j < size; j++) parameters[j] += length * direction[j];
    for (let i = 0; i < rows.length; i++) margins[i] += length * change[i];
  }
}

/** One step and the change of the gradient over it; 1 / scale is their product. */
interface Correction {
  readonly step: Float64Array;
  /** Before the step; the difference over it once {@link completeLast} has seen the next. */
  readonly gradient: Float64Array;
  scale: number;
}

function completeLast(history: Correction[], gradient: Float64Array): void {
  const last = history[history.length - 1];
  for (let j = 0; j < gradient.length; j++) last.gradient[j] = gradient[j] - last.gradient[j];
  const curvature = dot(last.step, last.gradient);
  if (curvature > 0) last.scale = 1 / curvature;
  else history.pop();
}

/** The two-loop recursion of L-BFGS. */
function descentDirection(gradient: Float64Array, history: readonly Correction[], into: Float64Array): void {
  into.set(gradient);
  const shares = new Float64Array(history.length);
  for (let k = history.length - 1; k >= 0; k--) {
    shares[k] = history[k].scale * dot(history[k].step, into);
    addScaled(into, history[k].gradient, -shares[k]);
  }
  const last = history[history.length - 1];
  const size = last === undefined ? 1 : 1 / (last.scale * dot(last.gradient, last.gradient));
  for (let j = 0; j < into.length; j++) into[j] *= size;
  for (let k = 0; k < history.length; k++) {
    const share = history[k].scale * dot(history[k].gradient, into);
    addScaled(into, history[k].step, shares[k] - share);
  }
  for (let j = 0; j < into.length; j++) into[j] = -into[j];
}

/** The step length of the lowest loss, by Newton's method kept between lengths known to be too short and too long. */
function lowestLossAlong(
  signs: Float64Array,
  margins: Float64Array,
  change: Float64Array,
  parameters: Float64Array,
  direction: Float64Array,
  l2: number,
): number {
  const last = parameters.length - 1; // not penalised
  const along = dot(parameters, direction) - parameters[last] * direction[last];
  const square = dot(direction, direction) - direction[last] ** 2;
  let shortest = 0;
  let longest = Number.POSITIVE_INFINITY;
  let length = 0;
  let firstSlope = 0;
  for (let step = 0; step < 60; step++) {
    let slope = 0;
    let curvature = 0;
    for (let i = 0; i < signs.length; i++) {
      const wrong = 1 / (1 + Math.exp(signs[i] * (margins[i] + length * change[i])));
      slope -= signs[i] * wrong * change[i];
      curvature += wrong * (1 - wrong) * change[i] * change[i];
    }
    slope = slope / signs.length + l2 * (along + length * square);
    curvature = curvature / signs.length + l2 * square;
    if (step === 0) firstSlope = slope;
    if (!(slope < 0)) {
      if (step === 0) return 0;
      longest = length;
    } else shortest = length;
    if (Math.abs(slope) <= 1e-3 * Math.abs(firstSlope) && step > 0) break;
    const newton = length - slope / curvature;
    if (newton > shortest && newton < longest) length = newton;
    else length = longest === Number.POSITIVE_INFINITY ? 2 * length || 1 : (shortest + longest) / 2;
  }
  return length;
}

/** into[i] = x_rows[i] . parameters + intercept. */
function multiply(
  { starts, indices, values }: SparseRows,
  rows: ArrayLike<number>,
  parameters: Float64Array,
  into: Float64Array,
): void {
  const intercept = parameters[parameters.length - 1];
  for (let i = 0; i < rows.length; i++) {
    let sum = intercept;
    const end = starts[rows[i] + 1];
    for (let at = starts[rows[i]]; at < end; at++) sum += values[at] * parameters[indices[at]];
    into[i] = sum;
  }
}

function gradientOf(
  { starts, indices, values }: SparseRows,
  rows: ArrayLike<number>,
  signs: Float64Array,
  margins: Float64Array,
  parameters: Float64Array,
  l2: number,
  into: Float64Array,
): void {
  into.fill(0);
  const last = into.length - 1;
  for (let i = 0; i < rows.length; i++) {
    const slope = -signs[i] / (1 + Math.exp(signs[i] * margins[i]));
    into[last] += slope;
    const end = starts[rows[i] + 1];
    for (let at = starts[rows[i]]; at < end; at++) into[indices[at]] += slope * values[at];
  }
  for (let j = 0; j <= last; j++) into[j] = into[j] / rows.length + (j < last ? l2 * parameters[j] : 0);
}

function startParameters(signs: Float64Array, columns: number, start?: SparseLogisticFit): Float64Array {
  const parameters = new Float64Array(columns + 1);
  if (start !== undefined) {
    if (start.coefficients.length !== columns)
      throw new BindscapeError({
        source: "logistic regression",
        found: `a start of ${start.coefficients.length} coefficients`,
        expected: `${columns}, one for each column`,
      });
    parameters.set(start.coefficients);
    parameters[columns] = start.intercept;
    return parameters;
  }
  let positives = 0;
  for (const sign of signs) if (sign > 0) positives++;
  parameters[columns] = Math.log(positives / (signs.length - positives));
  return parameters;
}

/** 1 for label 1, -1 for label 0. */
function readSigns(rows: ArrayLike<number>, labels: ArrayLike<number>, count: number): Float64Array {
  if (labels.length !== count)
    throw new BindscapeError({
      source: "logistic regression",
      found: `${labels.length} labels`,
      expected: `${count}, one for each row`,
    });
  const signs = new Float64Array(rows.length);
  const perClass = [0, 0];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!(Number.isInteger(row) && row >= 0 && row < count))
      throw new BindscapeError({ source: "rows", found: `${row}`, expected: `rows from 0 to ${count - 1}` });
    const label = labels[row];
    if (label !== 0 && label !== 1)
      throw new BindscapeError({ source: "labels", found: `${label} in row ${row}`, expected: "0 or 1" });
    signs[i] = label === 1 ? 1 : -1;
    perClass[label]++;
  }
  if (perClass[0] === 0 || perClass[1] === 0)
    throw new BindscapeError({
      source: "labels",
      found: `${perClass[1]} rows of class 1 and ${perClass[0]} of class 0`,
      expected: "both classes",
      next: "Logistic regression cannot be fitted to one class alone",
    });
  return signs;
}

/** @throws BindscapeError where the parts of a sparse matrix do not fit together */
export function checkSparseRows({ rows, columns, starts, indices, values }: SparseRows): void {
  let isWhole = starts.length === rows + 1 && starts[0] === 0 && indices.length === values.length;
  for (let row = 0; isWhole && row < rows; row++) isWhole = starts[row] <= starts[row + 1];
  isWhole = isWhole && starts[rows] <= indices.length;
  for (let at = 0; isWhole && at < indices.length; at++)
    isWhole = indices[at] < columns && Number.isFinite(values[at]);
  if (isWhole) return;
  throw new BindscapeError({
    source: "sparse matrix",
    found: "parts that do not fit together",
    expected: `${rows + 1} ascending starts, columns below ${columns} and as many finite values`,
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

function addScaled(into: Float64Array, values: Float64Array, by: number): void {
  for (let j = 0; j < into.length; j++) into[j] += by * values[j];
}

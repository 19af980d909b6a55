import { solveCholesky } from "./cholesky.js";
import { BindscapeError } from "./error.js";

/** What {@link fitLogisticRegression} is given. */
export interface LogisticData {
  /** rows x columns, row-major. */
  readonly features: Float64Array | Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** 0 or 1, one for each row; both must occur. */
  readonly labels: ArrayLike<number>;
  /** Weight of each row, at least 0; 1 when left out. */
  readonly weights?: ArrayLike<number>;
  /** Ridge penalty on the standardised coefficients, not on the intercept; 1e-6 when left out. */
  readonly l2?: number;
}

/** A {@link LogisticModel} as plain JSON. */
export interface LogisticModelJson {
  readonly mean: number[];
  readonly scale: number[];
  readonly coefficients: number[];
  readonly intercept: number;
  readonly iterations?: number;
  readonly gradientNorm?: number;
  readonly separated?: boolean;
}

/** How the fit of a {@link LogisticModel} ended. */
export interface LogisticFit {
  /** Newton steps taken. */
  readonly iterations: number;
  /** Euclidean norm of the gradient of the mean penalised loss at the end. */
  readonly gradientNorm: number;
  /** True when the fit calls every row right: the data are separable and only the penalty bounds the coefficients. */
  readonly separated: boolean;
}

/** P(label = 1) = 1 / (1 + exp(-(intercept + sum_j coefficients[j] (x_j - mean[j]) / scale[j]))). */
export class LogisticModel {
  constructor(
    /** Mean of each column in training. */
    readonly mean: Float64Array,
    /** Standard deviation of each column in training; 1 for a constant column. */
    readonly scale: Float64Array,
    /** One for each standardised column; 0 for a constant column. */
    readonly coefficients: Float64Array,
    readonly intercept: number,
    readonly fit: LogisticFit = { iterations: 0, gradientNorm: 0, separated: false },
  ) {}

  /**
   * Probabilities of label 1.
   *
   * @param features rows x columns, row-major, unstandardised
   */
  predict(features: Float64Array | Float32Array, rows: number): Float64Array {
    const columns = this.mean.length;
    checkShape(features, rows, columns);
    const slope = this.coefficients.map((coefficient, column) => coefficient / this.scale[column]);
    const probabilities = new Float64Array(rows);
    for (let row = 0, at = 0; row < rows; row++) {
      let logit = this.intercept;
      for (let column = 0; column < columns; column++, at++)
        logit += slope[column] * (features[at] - this.mean[column]);
      probabilities[row] = 1 / (1 + Math.exp(-logit));
    }
    return probabilities;
  }

  toJSON(): LogisticModelJson {
    return {
      mean: Array.from(this.mean),
      scale: Array.from(this.scale),
      coefficients: Array.from(this.coefficients),
      intercept: this.intercept,
      ...this.fit,
    };
  }

  /** @throws BindscapeError when the parts are missing, differ in length or are not finite numbers */
  static fromJSON(json: LogisticModelJson): LogisticModel {
    const { mean, scale, coefficients, intercept } = json ?? {};
    const parts = [mean, scale, coefficients];
    const isWhole = parts.every(
      (part) =>
        Array.isArray(part) && part.length === mean.length && part.every((value) => Number.isFinite(value)),
    );
    if (!isWhole || !Number.isFinite(intercept) || scale.some((value) => value <= 0)) {
      throw new BindscapeError({
        source: "logistic model",
        found: "missing or malformed parts",
        expected: "mean, scale (above 0) and coefficients of equal length and a finite intercept",
      });
    }
    return new LogisticModel(
      Float64Array.from(mean),
      Float64Array.from(scale),
      Float64Array.from(coefficients),
      intercept,
      {
        iterations: json.iterations ?? 0,
        gradientNorm: json.gradientNorm ?? 0,
        separated: json.separated ?? false,
      },
    );
  }
}

const GRADIENT_TOLERANCE = 1e-10;
const MOST_ITERATIONS = 100;

/**
 * Fits logistic regression by Newton's method (iteratively reweighted least squares; Hastie, Tibshirani and
 * Friedman, 2nd edition, section 4.4.1), each step solved by Cholesky's decomposition and halved until the loss
 * falls. It minimises
 *
 *   sum_i w_i loss_i / sum_i w_i + l2/2 sum_j coefficients[j]^2
 *
 * over standardised columns until the gradient's norm is at most 1e-10. (Scikit-learn's C is 1 / (l2 sum_i w_i).)
 * On separable data the penalty keeps the optimum finite, and `fit.separated` says so. A constant column gets
 * the coefficient 0.
 *
 * @throws BindscapeError when shapes disagree, a number is not finite, or only one class has weight
 */
export function fitLogisticRegression(data: LogisticData): LogisticModel {
  const { features, rows, columns, labels, l2 = 1e-6 } = data;
  checkShape(features, rows, columns);
  const weights = checkedWeights(data);
  if (!(l2 >= 0 && Number.isFinite(l2))) {
    throw new BindscapeError({ source: "l2", found: String(l2), expected: "a finite number, at least 0" });
  }
  const { mean, scale, active } = standardise(features, rows, columns, weights);
  const problem = new Problem(features, labels, weights, mean, scale, active, l2);
  let parameters = problem.start();
  let loss = problem.loss(parameters);
  let gradientNorm = Number.POSITIVE_INFINITY;
  let iterations = 0;
  while (iterations < MOST_ITERATIONS) {
    const step = problem.newtonStep(parameters);
    gradientNorm = step.gradientNorm;
    if (gradientNorm <= GRADIENT_TOLERANCE) break;
    const next = descend(problem, parameters, step.direction, loss);
    if (next === undefined) break;
    parameters = next.parameters;
    loss = next.loss;
    iterations++;
  }
  const coefficients = new Float64Array(columns);
  for (const [place, column] of active.entries()) coefficients[column] = parameters[place + 1];
  return new LogisticModel(mean, scale, coefficients, parameters[0], {
    iterations,
    gradientNorm,
    separated: problem.separates(parameters),
  });
}

/** Halves a Newton step until the loss falls, up to rounding; undefined when no length of it helps. */
function descend(problem: Problem, parameters: Float64Array, direction: Float64Array, loss: number) {
  const slack = 1e-14 * Math.abs(loss);
  for (let length = 1; length > 1e-10; length /= 2) {
    const candidate = parameters.map((value, i) => value - length * direction[i]);
    const candidateLoss = problem.loss(candidate);
    if (candidateLoss <= loss + slack) return { parameters: candidate, loss: candidateLoss };
  }
  return undefined;
}

/** The penalised mean loss over the standardised columns that vary; parameter 0 is the intercept. */
class Problem {
  readonly #rows: number;
  readonly #size: number;
  /** rows x size, the first column all ones. */
  readonly #design: Float64Array;
  readonly #labels: ArrayLike<number>;
  readonly #weights: Float64Array;
  readonly #l2: number;

  constructor(
    features: ArrayLike<number>,
    labels: ArrayLike<number>,
    weights: Float64Array,
    mean: Float64Array,
    scale: Float64Array,
    active: readonly number[],
    l2: number,
  ) {
    this.#rows = weights.length;
    this.#size = active.length + 1;
    this.#design = new Float64Array(this.#rows * this.#size);
    for (let row = 0, to = 0; row < this.#rows; row++) {
      this.#design[to++] = 1;
      for (const column of active) {
        this.#design[to++] = (features[row * mean.length + column] - mean[column]) / scale[column];
      }
    }
    this.#labels = labels;
    this.#weights = weights;
    this.#l2 = l2;
  }

  /** The best fit of the intercept alone. */
  start(): Float64Array {
    let positives = 0;
    for (let row = 0; row < this.#rows; row++) positives += this.#weights[row] * this.#labels[row];
    const parameters = new Float64Array(this.#size);
    parameters[0] = Math.log(positives / (1 - positives));
    return parameters;
  }

  loss(parameters: Float64Array): number {
    let loss = 0;
    for (let row = 0; row < this.#rows; row++) {
      const margin = this.#margin(row, parameters);
      // log(1 + exp(-margin)), without overflow on the side where exp is large
      loss += this.#weights[row] * (Math.log1p(Math.exp(-Math.abs(margin))) - Math.min(margin, 0));
    }
    for (let i = 1; i < this.#size; i++) loss += (this.#l2 / 2) * parameters[i] ** 2;
    return loss;
  }

  newtonStep(parameters: Float64Array): { direction: Float64Array; gradientNorm: number } {
    const size = this.#size;
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    for (let row = 0; row < this.#rows; row++) {
      const at = row * size;
      const sign = this.#labels[row] === 1 ? -1 : 1;
      // The probability of the wrong label: exact also where it is tiny, which 1 - p would round away.
      const wrong = 1 / (1 + Math.exp(this.#margin(row, parameters)));
      const slope = this.#weights[row] * sign * wrong;
      const curvature = this.#weights[row] * wrong * (1 - wrong);
      for (let i = 0; i < size; i++) {
        gradient[i] += slope * this.#design[at + i];
        const scaled = curvature * this.#design[at + i];
        for (let j = 0; j <= i; j++) hessian[i * size + j] += scaled * this.#design[at + j];
      }
    }
    for (let i = 1; i < size; i++) {
      gradient[i] += this.#l2 * parameters[i];
      hessian[i * size + i] += this.#l2;
    }
    const gradientNorm = Math.hypot(...gradient);
    solveCholesky(hessian, gradient);
    return { direction: gradient, gradientNorm };
  }

  separates(parameters: Float64Array): boolean {
    for (let row = 0; row < this.#rows; row++) {
      if (this.#weights[row] > 0 && !(this.#margin(row, parameters) > 0)) return false;
    }
    return true;
  }

  /** The logit, its sign turned so that positive means the row's label is the likelier one. */
  #margin(row: number, parameters: Float64Array): number {
    const at = row * this.#size;
    let logit = 0;
    for (let i = 0; i < this.#size; i++) logit += parameters[i] * this.#design[at + i];
    return this.#labels[row] === 1 ? logit : -logit;
  }
}

/** Weighted mean and standard deviation of each column, and which columns vary at all. */
function standardise(features: ArrayLike<number>, rows: number, columns: number, weights: Float64Array) {
  const mean = new Float64Array(columns);
  const scale = new Float64Array(columns).fill(1);
  const active: number[] = [];
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    let smallest = Number.POSITIVE_INFINITY;
    let largest = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < rows; row++) {
      const value = features[row * columns + column];
      if (!Number.isFinite(value)) {
        throw new BindscapeError({
          source: "features",
          found: `${value} in row ${row}, column ${column}`,
          expected: "finite numbers",
        });
      }
      if (weights[row] === 0) continue;
      sum += weights[row] * value;
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
    if (smallest === largest) {
      mean[column] = smallest;
      continue;
    }
    mean[column] = sum;
    let squares = 0;
    for (let row = 0; row < rows; row++)
      squares += weights[row] * (features[row * columns + column] - sum) ** 2;
    if (!(squares > 0 && Number.isFinite(squares))) continue; // a spread beyond the range of doubles
    scale[column] = Math.sqrt(squares);
    active.push(column);
  }
  return { mean, scale, active };
}

/** Weights that sum to 1. */
function checkedWeights({ rows, labels, weights }: LogisticData): Float64Array {
  if (labels.length !== rows || (weights !== undefined && weights.length !== rows)) {
    throw new BindscapeError({
      source: "logistic regression",
      found: `${labels.length} labels and ${weights?.length ?? rows} weights for ${rows} rows`,
      expected: "one of each for each row",
    });
  }
  const shares = new Float64Array(rows);
  const classWeight = [0, 0];
  for (let row = 0; row < rows; row++) {
    const label = labels[row];
    const weight = weights === undefined ? 1 : weights[row];
    if (label !== 0 && label !== 1) {
      throw new BindscapeError({
        source: "labels",
        found: `${String(label)} in row ${row}`,
        expected: "0 or 1",
      });
    }
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new BindscapeError({
        source: "weights",
        found: `${String(weight)} in row ${row}`,
        expected: "a finite number, at least 0",
      });
    }
    shares[row] = weight;
    classWeight[label] += weight;
  }
  if (classWeight[0] === 0 || classWeight[1] === 0) {
    throw new BindscapeError({
      source: "labels",
      found: `no row of class ${classWeight[1] === 0 ? 1 : 0} with a weight above 0`,
      expected: "both classes",
      next: "Logistic regression cannot be fitted to one class alone",
    });
  }
  const total = classWeight[0] + classWeight[1];
  for (let row = 0; row < rows; row++) shares[row] /= total;
  return shares;
}

function checkShape(features: ArrayLike<number>, rows: number, columns: number): void {
  const isShape = Number.isInteger(rows) && rows >= 0 && Number.isInteger(columns) && columns >= 0;
  if (!isShape || features.length !== rows * columns) {
    throw new BindscapeError({
      source: "features",
      found: `${features.length} numbers`,
      expected: `${rows} rows x ${columns} columns, row-major`,
    });
  }
}

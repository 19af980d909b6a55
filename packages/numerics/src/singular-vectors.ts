import { BindscapeError } from "./error.js";

/** Singular values of a matrix and the directions of its rows' space that belong to them. */
export interface RightSingularVectors {
  /** The largest ones, descending. */
  readonly values: Float64Array;
  /**
   * [columns, count], row-major: column j holds the unit vector of the j-th singular value. Its sign is chosen such
   * that its entry of largest magnitude (the first of them, where several are equal within 1e-6) is positive.
   */
  readonly vectors: Float64Array;
}

/** Sweeps over all pairs of columns; convergence is quadratic, and ten are rarely needed. */
const MOST_SWEEPS = 60;

/**
 * The largest singular values of a matrix and their right singular vectors, not centred: Householder's QR where it
 * has more rows than columns, then one-sided Jacobi rotations (Hestenes), which find small singular values to full
 * relative accuracy. Meant for few columns (samples) and any number of rows (genes).
 * @param matrix [rows, columns], row-major; left as it is
 * @param count how many, at most the smaller side
 */
export function rightSingularVectors(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
  count: number,
): RightSingularVectors {
  if (count < 1 || count > Math.min(rows, columns)) {
    throw new BindscapeError({
      found: `${count} singular vectors of a matrix of ${rows} rows and ${columns} columns`,
      expected: `a number from 1 to ${Math.min(rows, columns)}`,
    });
  }
  // One array a column: rotations work on two columns at a time.
  const work = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => matrix[i * columns + j]),
  );
  const reduced = rows > columns ? reduceToTriangle(work) : work;
  const basis = reduced.map((_, j) => Float64Array.from(reduced, (_, i) => (i === j ? 1 : 0)));
  rotateUntilOrthogonal(reduced, basis);
  const lengths = reduced.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, j) => j).sort((a, b) => lengths[b] - lengths[a] || a - b);
  const vectors = new Float64Array(columns * count);
  for (let k = 0; k < count; k++) {
    const vector = basis[order[k]];
    const sign = signOfLargest(vector);
    for (let i = 0; i < columns; i++) vectors[i * count + k] = sign * vector[i];
  }
  return { values: Float64Array.from(order.slice(0, count), (j) => lengths[j]), vectors };
}

/** R of the QR decomposition, as columns of square size; the columns given are overwritten. */
function reduceToTriangle(columns: Float64Array[]): Float64Array[] {
  const size = columns.length;
  for (let k = 0; k < size; k++) {
    const pivot = columns[k];
    const reflector = pivot.slice(k);
    const length = Math.sqrt(dot(reflector, reflector));
    if (length === 0) continue;
    reflector[0] += reflector[0] >= 0 ? length : -length;
    const scale = 2 / dot(reflector, reflector);
    for (let j = k; j < size; j++) {
      const tail = columns[j].subarray(k);
      const step = scale * dot(reflector, tail);
      for (let i = 0; i < tail.length; i++) tail[i] -= step * reflector[i];
    }
  }
  return columns.map((column, j) => Float64Array.from({ length: size }, (_, i) => (i <= j ? column[i] : 0)));
}

/** Turns pairs of columns until all are orthogonal, and the basis with them. */
function rotateUntilOrthogonal(columns: readonly Float64Array[], basis: readonly Float64Array[]): void {
  // What rounding leaves of the product of two orthogonal columns, and somewhat more.
  const tolerance = 1e-15 * Math.max(10, columns.length);
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const product = dot(columns[p], columns[q]);
        const alpha = dot(columns[p], columns[p]);
        const beta = dot(columns[q], columns[q]);
        if (Math.abs(product) <= tolerance * Math.sqrt(alpha * beta)) continue;
        isDone = false;
        const zeta = (beta - alpha) / (2 * product);
        const tangent = (zeta >= 0 ? 1 : -1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        rotate(columns[p], columns[q], cosine, cosine * tangent);
        rotate(basis[p], basis[q], cosine, cosine * tangent);
      }
    }
    if (isDone) return;
  }
}

function rotate(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    a[i] = cosine * x - sine * b[i];
    b[i] = sine * x + cosine * b[i];
  }
}

function signOfLargest(vector: Float64Array): number {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const first = vector.find((value) => Math.abs(value) >= largest * (1 - 1e-6));
  return first !== undefined && first < 0 ? -1 : 1;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

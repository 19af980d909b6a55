/**
 * Solves A x = b for a symmetric positive definite A by Cholesky's decomposition A = L L^T. A pivot that is not
 * above `floor` times the largest diagonal entry (a direction in which A is flat but for rounding) is replaced by
 * that entry, so that the solution stays finite and moves little in that direction.
 *
 * @param matrix n x n, row-major; its lower triangle is read and overwritten with L
 * @param vector length n, overwritten with x
 */
export function solveCholesky(matrix: Float64Array, vector: Float64Array, floor = 1e-14): void {
  const n = vector.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, matrix[i * n + i]);
  const smallestPivot = largest * floor || Number.MIN_VALUE;
  for (let j = 0; j < n; j++) {
    let pivot = matrix[j * n + j];
    for (let k = 0; k < j; k++) pivot -= matrix[j * n + k] ** 2;
    if (!(pivot > smallestPivot)) pivot = largest || 1;
    const root = Math.sqrt(pivot);
    matrix[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let value = matrix[i * n + j];
      for (let k = 0; k < j; k++) value -= matrix[i * n + k] * matrix[j * n + k];
      matrix[i * n + j] = value / root;
    }
  }
  for (let i = 0; i < n; i++) {
    let value = vector[i];
    for (let k = 0; k < i; k++) value -= matrix[i * n + k] * vector[k];
    vector[i] = value / matrix[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = vector[i];
    for (let k = i + 1; k < n; k++) value -= matrix[k * n + i] * vector[k];
    vector[i] = value / matrix[i * n + i];
  }
}

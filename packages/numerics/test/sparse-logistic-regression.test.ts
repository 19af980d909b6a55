import { describe, expect, it } from "vitest";
import { fitLogisticRegression } from "../src/logistic-regression.js";
import { Random } from "../src/random.js";
import { fitSparseLogisticRegression, type SparseRows } from "../src/sparse-logistic-regression.js";

/** Dense columns of mean 0 and standard deviation 1, where both fits penalise the same coefficients. */
function standardised(seed: number, rows: number, columns: number) {
  const random = new Random(seed);
  const features = Float64Array.from({ length: rows * columns }, () => random.normal());
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) sum += features[row * columns + column];
    for (let row = 0; row < rows; row++) features[row * columns + column] -= sum / rows;
    for (let row = 0; row < rows; row++) squares += features[row * columns + column] ** 2;
    for (let row = 0; row < rows; row++) features[row * columns + column] /= Math.sqrt(squares / rows);
  }
  const labels = Array.from({ length: rows }, (_, row) =>
    features[row * columns] - 0.5 * features[row * columns + 1] + random.normal() > 0.3 ? 1 : 0,
  );
  return { features, labels };
}

function toSparse(features: Float64Array, rows: number, columns: number): SparseRows {
  return {
    rows,
    columns,
    starts: Uint32Array.from({ length: rows + 1 }, (_, row) => row * columns),
    indices: Uint32Array.from({ length: rows * columns }, (_, at) => at % columns),
    values: features,
  };
}

describe("fitSparseLogisticRegression", () => {
  it("finds what Newton's method finds on dense standardised columns", () => {
    for (const [seed, l2] of [
      [1, 0.3],
      [2, 1e-2],
      [3, 1e-4],
    ]) {
      const { features, labels } = standardised(seed, 150, 7);
      const dense = fitLogisticRegression({ features, rows: 150, columns: 7, labels, l2 });
      const sparse = fitSparseLogisticRegression({
        features: toSparse(features, 150, 7),
        labels,
        l2,
        tolerance: 1e-10,
      });
      expect(sparse.gradientNorm).toBeLessThan(1e-10);
      expect(sparse.intercept).toBeCloseTo(dense.intercept, 7);
      for (let j = 0; j < 7; j++) expect(sparse.coefficients[j]).toBeCloseTo(dense.coefficients[j], 7);
    }
  });

  it("uses the rows it is told to, and ends at once where it starts at the optimum", () => {
    const { features, labels } = standardised(4, 90, 4);
    const rows = Array.from({ length: 45 }, (_, i) => 2 * i);
    const part = new Float64Array(45 * 4);
    rows.forEach((row, i) => {
      part.set(features.subarray(row * 4, row * 4 + 4), i * 4);
    });
    const missing = labels.map((label, row) => (row % 2 === 0 ? label : Number.NaN));
    const whole = toSparse(features, 90, 4);
    const some = fitSparseLogisticRegression({ features: whole, labels: missing, rows, l2: 0.05 });
    const alone = fitSparseLogisticRegression({
      features: toSparse(part, 45, 4),
      labels: rows.map((row) => labels[row]),
      l2: 0.05,
    });
    expect([...some.coefficients]).toEqual([...alone.coefficients]);
    const again = fitSparseLogisticRegression({
      features: whole,
      labels: missing,
      rows,
      l2: 0.05,
      start: some,
    });
    expect(again.iterations).toBe(0);
  });

  it("has a gradient of 0 by finite differences of its own loss", () => {
    const { features, labels } = standardised(5, 60, 3);
    const l2 = 0.02;
    const fit = fitSparseLogisticRegression({
      features: toSparse(features, 60, 3),
      labels,
      l2,
      tolerance: 1e-11,
    });
    const loss = (parameters: number[]) => {
      let sum = 0;
      for (let row = 0; row < 60; row++) {
        let logit = parameters[3];
        for (let j = 0; j < 3; j++) logit += parameters[j] * features[row * 3 + j];
        sum += Math.log1p(Math.exp(labels[row] === 1 ? -logit : logit));
      }
      return sum / 60 + (l2 / 2) * parameters.slice(0, 3).reduce((square, value) => square + value ** 2, 0);
    };
    const at = [...fit.coefficients, fit.intercept];
    for (let j = 0; j < 4; j++) {
      const shifted = (by: number) => loss(at.map((value, i) => (i === j ? value + by : value)));
      expect((shifted(1e-4) - shifted(-1e-4)) / 2e-4).toBeCloseTo(0, 8);
    }
  });

  it("refuses one class, a penalty of 0 and parts that do not fit together", () => {
    const { features } = standardised(6, 10, 2);
    const sparse = toSparse(features, 10, 2);
    expect(() => fitSparseLogisticRegression({ features: sparse, labels: Array(10).fill(1), l2: 1 })).toThrow(
      /both classes/,
    );
    expect(() =>
      fitSparseLogisticRegression({ features: sparse, labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1], l2: 0 }),
    ).toThrow(/l2: 0/);
    expect(() =>
      fitSparseLogisticRegression({
        features: { ...sparse, columns: 1 },
        labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
        l2: 1,
      }),
    ).toThrow(/do not fit together/);
  });
});

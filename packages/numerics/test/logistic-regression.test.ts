import { describe, expect, it } from "vitest";
import { solveCholesky } from "../src/cholesky.js";
import { BindscapeError } from "../src/error.js";
import { fitLogisticRegression, LogisticModel } from "../src/logistic-regression.js";
import { Random } from "../src/random.js";

/** The recipe of the stored scikit-learn 1.9.1 figures (newton-cholesky, tolerance 1e-14, C = 1 / (l2 sum w)). */
function recipe() {
  const rows = 200;
  const features = new Float64Array(rows * 3);
  const labels = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const x = [((i * 37 + 5) % 101) / 101, ((i * i * 13 + 7) % 89) / 10 - 3, 1000 + ((i * 53) % 17) * 0.5];
    features.set(x, i * 3);
    const logit = 3 * x[0] - 0.4 * x[1] + 0.2 * (x[2] - 1004) - 1;
    labels[i] = ((i * 7919 + 3) % 199) / 199 < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  }
  return { features, labels, rows, columns: 3 };
}

function expectClose(actual: ArrayLike<number>, expected: number[], digits: number): void {
  expect(actual.length).toBeGreaterThanOrEqual(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits);
}

describe("fitLogisticRegression against stored scikit-learn figures", () => {
  const data = recipe();

  it("with the default penalty", () => {
    expect(data.labels.reduce((sum, label) => sum + label, 0)).toBe(98);
    const model = fitLogisticRegression(data);
    expectClose(model.coefficients, [0.8888922650587553, -0.9268727555805816, 0.3003031183673593], 11);
    expect(model.intercept).toBeCloseTo(-0.05847608321819956, 11);
    expectClose(
      model.predict(data.features, data.rows),
      [0.3946519257011653, 0.5776945985529562, 0.510568216482027],
      11,
    );
    expectClose(model.mean, [0.495, 1.5105, 1003.96], 11);
    expectClose(model.scale, [0.28952143615615444, 2.380932537893503, 2.4522234808434633], 11);
    expect(model.fit.gradientNorm).toBeLessThanOrEqual(1e-10);
    expect(model.fit.separated).toBe(false);
  });

  it("with a stronger penalty", () => {
    const model = fitLogisticRegression({ ...data, l2: 0.01 });
    expectClose(model.coefficients, [0.8230921542036824, -0.8566930343891881, 0.27862779302147334], 11);
    expect(model.intercept).toBeCloseTo(-0.056079400510236646, 11);
  });

  it("with weights, which count as repeated rows", () => {
    const weights = Array.from({ length: data.rows }, (_, i) => 1 + (i % 3));
    const model = fitLogisticRegression({ ...data, weights, l2: 0.01 });
    expectClose(model.coefficients, [0.8749069378135387, -0.9785183452423348, 0.34620899671877314], 11);
    expect(model.intercept).toBeCloseTo(-0.04206534658480417, 11);
    const order = weights.flatMap((weight, i) => new Array<number>(weight).fill(i));
    const repeated = fitLogisticRegression({
      features: Float64Array.from(order.flatMap((i) => Array.from(data.features.subarray(i * 3, i * 3 + 3)))),
      labels: order.map((i) => data.labels[i]),
      rows: order.length,
      columns: 3,
      l2: 0.01,
    });
    expectClose(repeated.coefficients, Array.from(model.coefficients), 10);
    expect(repeated.intercept).toBeCloseTo(model.intercept, 10);
  });
});

describe("fitLogisticRegression in closed form", () => {
  it("with one two-valued column equals the log odds of each half", () => {
    // 1 of 4 positive at x = 0, 3 of 5 positive at x = 2: the saturated model.
    const features = Float64Array.from([0, 0, 0, 0, 2, 2, 2, 2, 2]);
    const labels = [1, 0, 0, 0, 1, 1, 1, 0, 0];
    const model = fitLogisticRegression({ features, labels, rows: 9, columns: 1, l2: 0 });
    const predicted = model.predict(Float64Array.from([0, 2]), 2);
    expect(predicted[0]).toBeCloseTo(1 / 4, 10);
    expect(predicted[1]).toBeCloseTo(3 / 5, 10);
  });

  it("without columns equals the share of positives", () => {
    const model = fitLogisticRegression({
      features: new Float64Array(0),
      labels: [1, 0, 0],
      rows: 3,
      columns: 0,
    });
    expect(model.intercept).toBeCloseTo(Math.log(1 / 2), 14);
  });

  it("does not depend on shifting and scaling a column", () => {
    const data = recipe();
    const moved = data.features.map((value, i) => (i % 3 === 1 ? 1e6 * value - 5e7 : value));
    const a = fitLogisticRegression(data);
    const b = fitLogisticRegression({ ...data, features: moved });
    expectClose(b.coefficients, Array.from(a.coefficients), 9);
  });

  it("ends at the least loss: no nearby parameters do better", () => {
    const data = recipe();
    const l2 = 0.05;
    const model = fitLogisticRegression({ ...data, l2 });
    const loss = (coefficients: Float64Array, intercept: number) => {
      const probabilities = new LogisticModel(model.mean, model.scale, coefficients, intercept).predict(
        data.features,
        200,
      );
      let sum = 0;
      for (const [i, p] of probabilities.entries()) sum -= Math.log(data.labels[i] === 1 ? p : 1 - p);
      return sum / 200 + (l2 / 2) * coefficients.reduce((total, value) => total + value * value, 0);
    };
    const least = loss(model.coefficients, model.intercept);
    const random = new Random(12);
    for (let trial = 0; trial < 50; trial++) {
      const nearby = model.coefficients.map((value) => value + 1e-3 * random.normal());
      expect(loss(nearby, model.intercept + 1e-3 * random.normal())).toBeGreaterThan(least);
    }
  });
});

describe("fitLogisticRegression on awkward data", () => {
  const separable = { features: Float64Array.from([1, 2, 3, 4]), labels: [0, 0, 1, 1], rows: 4, columns: 1 };

  it("says that separable data are separated, with finite coefficients, with and without a penalty", () => {
    for (const l2 of [1e-6, 0]) {
      const model = fitLogisticRegression({ ...separable, l2 });
      expect(model.fit.separated).toBe(true);
      expect(model.fit.gradientNorm).toBeLessThanOrEqual(1e-10);
      expect(Number.isFinite(model.coefficients[0])).toBe(true);
      const predicted = model.predict(separable.features, 4);
      expect(Math.max(predicted[0], predicted[1])).toBeLessThan(1e-3);
      expect(Math.min(predicted[2], predicted[3])).toBeGreaterThan(0.999);
    }
  });

  it("gives a constant column the coefficient 0 and otherwise ignores it", () => {
    const data = recipe();
    const widened = new Float64Array(200 * 4);
    for (let i = 0; i < 200; i++) {
      widened.set(data.features.subarray(i * 3, i * 3 + 3), i * 4);
      widened[i * 4 + 3] = 0.1;
    }
    const model = fitLogisticRegression({ ...data, features: widened, columns: 4, l2: 0 });
    const without = fitLogisticRegression({ ...data, l2: 0 });
    expect(Array.from(model.coefficients)).toEqual([...without.coefficients, 0]);
    expect(model.scale[3]).toBe(1);
  });

  it("shares the coefficient of a column that is given twice, and survives it without a penalty", () => {
    const data = recipe();
    const doubled = Float64Array.from({ length: 400 }, (_, i) => data.features[(i >> 1) * 3]);
    const one = {
      ...data,
      features: Float64Array.from({ length: 200 }, (_, i) => data.features[i * 3]),
      columns: 1,
    };
    for (const l2 of [1e-6, 0]) {
      const model = fitLogisticRegression({ ...data, features: doubled, columns: 2, l2 });
      expect(model.fit.gradientNorm).toBeLessThanOrEqual(1e-10);
      expect(model.coefficients[0] + model.coefficients[1]).toBeCloseTo(
        fitLogisticRegression({ ...one, l2 }).coefficients[0],
        4,
      );
    }
    const penalised = fitLogisticRegression({ ...data, features: doubled, columns: 2, l2: 0.01 });
    expect(penalised.coefficients[0]).toBeCloseTo(penalised.coefficients[1], 10);
  });

  it("converges on rare positives and on outliers that make full Newton steps overshoot", () => {
    const random = new Random(6);
    const rows = 5000;
    const features = Float32Array.from({ length: rows * 2 }, () => random.normal() ** 5);
    const labels = Array.from({ length: rows }, (_, i) =>
      features[i * 2] > 30 || random.integer(500) === 0 ? 1 : 0,
    );
    const model = fitLogisticRegression({ features, labels, rows, columns: 2 });
    expect(model.fit.gradientNorm).toBeLessThanOrEqual(1e-10);
    expect(model.coefficients[0]).toBeGreaterThan(0);
  });

  it("refuses bad input and says which", () => {
    const fit = (change: object) => () => fitLogisticRegression({ ...separable, ...change });
    expect(fit({ labels: [1, 1, 1, 1] })).toThrow(/no row of class 0/);
    expect(fit({ weights: [0, 0, 1, 1] })).toThrow(/no row of class 0/);
    expect(fit({ labels: [0, 1, 2, 1] })).toThrow(/labels: 2 in row 2/);
    expect(fit({ features: Float64Array.from([1, Number.NaN, 2, 3]) })).toThrow(/NaN in row 1, column 0/);
    expect(fit({ columns: 2 })).toThrow(/4 numbers; expected 4 rows x 2 columns/);
    expect(fit({ labels: [0, 1] })).toThrow(BindscapeError);
    expect(fit({ weights: [1, -1, 1, 1] })).toThrow(/weights: -1 in row 1/);
    expect(fit({ l2: -1 })).toThrow(/l2: -1/);
  });
});

describe("LogisticModel", () => {
  it("goes through JSON unchanged", () => {
    const data = recipe();
    const model = fitLogisticRegression(data);
    const again = LogisticModel.fromJSON(JSON.parse(JSON.stringify(model)));
    expect(again).toEqual(model);
    expect(again.predict(data.features, data.rows)).toEqual(model.predict(data.features, data.rows));
  });

  it("refuses JSON that is not a model", () => {
    for (const bad of [
      null,
      {},
      { mean: [1], scale: [0], coefficients: [1], intercept: 0 },
      { mean: [], scale: [], coefficients: [] },
    ]) {
      expect(() => LogisticModel.fromJSON(bad as never)).toThrow(BindscapeError);
    }
  });
});

describe("solveCholesky", () => {
  it("solves random positive definite systems", () => {
    const random = new Random(1);
    for (const n of [1, 2, 5, 12]) {
      const root = Float64Array.from({ length: n * n }, () => random.normal());
      const matrix = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) matrix[i * n + j] += root[i * n + k] * root[j * n + k];
        }
        matrix[i * n + i] += 0.1;
      }
      const solution = Float64Array.from({ length: n }, () => random.normal());
      const vector = Float64Array.from({ length: n }, (_, i) =>
        solution.reduce((sum, value, j) => sum + matrix[i * n + j] * value, 0),
      );
      solveCholesky(matrix, vector);
      expectClose(vector, Array.from(solution), 9);
    }
  });
});

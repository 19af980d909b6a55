import { describe, expect, it } from "vitest";
import { Random } from "../src/random.js";
import { type KernelRows, trainSupportVectorMachine } from "../src/support-vector-machine.js";

/** The recipe of the stored scikit-learn figures: a Gaussian kernel of 60 points that a formula gives. */
function recipe() {
  const points = Array.from({ length: 60 }, (_, i) => [
    ((i * 37 + 5) % 101) / 101,
    ((i * i * 13 + 7) % 89) / 89,
    ((i * 53) % 17) / 17,
  ]);
  const labels = points.map(([a, b, c], i) =>
    2 * a - 1.5 * b + c + (((i * 7919 + 3) % 199) / 199 - 0.5) > 0.75 ? 1 : 0,
  );
  return { kernel: gaussian(points), labels };
}

function gaussian(points: readonly number[][]): KernelRows {
  const rows = points.map((p) =>
    Float64Array.from(points, (q) =>
      Math.exp(-4 * p.reduce((sum, value, k) => sum + (value - q[k]) ** 2, 0)),
    ),
  );
  return { count: points.length, diagonal: rows.map((row, i) => row[i]), row: (item) => rows[item] };
}

function decisions(kernel: KernelRows, coefficients: Float64Array, intercept: number): number[] {
  return Array.from({ length: kernel.count }, (_, i) =>
    Array.from(kernel.row(i)).reduce((sum, value, j) => sum + value * coefficients[j], intercept),
  );
}

describe("trainSupportVectorMachine against stored scikit-learn 1.9 figures (SVC, kernel precomputed, tol 1e-8)", () => {
  const { kernel, labels } = recipe();
  const facts = [
    {
      strength: 1,
      classWeights: [1, 1],
      objective: -21.631704064293075,
      intercept: 0.0804569169766543,
      first: [-1.00000001, -0.30772425279849835, 0.3971004926719143, -0.99999998, 0.31551852012671056],
      support: 37,
    },
    {
      strength: 10,
      classWeights: [1, 3],
      objective: -145.79573911874252,
      intercept: -0.4221911498732908,
      first: [-1.7184283132965998, 0.99999998, 1.6792882849260602, -1.3493728843406034, 0.4558027615092865],
      support: 23,
    },
    {
      strength: 1000,
      classWeights: [1, 1],
      objective: -733.466773050352,
      intercept: 2.4132116146334623,
      first: [-1.8938271102648963, 0.9999944388799147, 3.095204862153349, -0.9999995818, -1.0000005749],
      support: 19,
    },
  ] as const;
  for (const { strength, classWeights, objective, intercept, first, support } of facts) {
    it(`C ${strength}, class weights ${classWeights.join(", ")}`, () => {
      const fit = trainSupportVectorMachine({ kernel, labels, strength, classWeights, tolerance: 1e-8 });
      expect(Math.abs(fit.objective / objective - 1)).toBeLessThan(1e-9);
      expect(fit.intercept).toBeCloseTo(intercept, 4);
      const found = decisions(kernel, fit.coefficients, fit.intercept);
      for (const [i, value] of first.entries()) expect(found[i]).toBeCloseTo(value, 4);
      expect(fit.coefficients.filter((value) => value !== 0).length).toBe(support);
      // At the default tolerance the objective is within 1e-4 already.
      const loose = trainSupportVectorMachine({ kernel, labels, strength, classWeights });
      expect(Math.abs(loose.objective / objective - 1)).toBeLessThan(1e-4);
      expect(loose.iterations).toBeLessThan(fit.iterations);
    });
  }
});

describe("trainSupportVectorMachine", () => {
  it("ends where the optimality conditions hold, on random kernels", () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const count = 20 + random.integer(60);
      const points = Array.from({ length: count }, () => [random.normal(), random.normal()]);
      const labels = points.map(([a, b], i) => (i < 2 ? i : a * b + 0.5 * random.normal() > 0 ? 1 : 0));
      const kernel = gaussian(points);
      const strength = 10 ** (2 * random.uniform() - 1);
      const { coefficients, intercept } = trainSupportVectorMachine({
        kernel,
        labels,
        strength,
        tolerance: 1e-6,
      });
      const values = decisions(kernel, coefficients, intercept);
      expect(coefficients.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
      for (let i = 0; i < count; i++) {
        const sign = labels[i] === 1 ? 1 : -1;
        const alpha = sign * coefficients[i];
        const margin = sign * values[i];
        expect(alpha).toBeGreaterThanOrEqual(0);
        expect(alpha).toBeLessThanOrEqual(strength);
        if (alpha === 0) expect(margin).toBeGreaterThan(1 - 2e-6);
        else if (alpha === strength) expect(margin).toBeLessThan(1 + 2e-6);
        else expect(Math.abs(margin - 1)).toBeLessThan(2e-6);
      }
    }
  });

  it("refuses one class, other labels and options out of range", () => {
    const { kernel, labels } = recipe();
    expect(() => trainSupportVectorMachine({ kernel, labels: labels.map(() => 1) })).toThrow(/both classes/);
    expect(() => trainSupportVectorMachine({ kernel, labels: labels.map(() => 2) })).toThrow(/0 or 1/);
    expect(() => trainSupportVectorMachine({ kernel, labels: [1, 0] })).toThrow(
      /2 labels for a kernel of 60/,
    );
    expect(() => trainSupportVectorMachine({ kernel, labels, strength: 0 })).toThrow(/C: 0/);
    expect(() => trainSupportVectorMachine({ kernel, labels, mostIterations: 3 })).toThrow(/after 3 steps/);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BindscapeError } from "../src/error.js";
import { estimateNullShare, qValues } from "../src/q-values.js";
import { Random } from "../src/random.js";

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 });

describe("qValues", () => {
  it("is Benjamini and Hochberg's worked example (1995, section 4) with a share of 1", () => {
    const p = [
      0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
      0.759, 1,
    ];
    const q = qValues(p, 1);
    // The first four are called at a rate of 0.05, and no more.
    expect(Array.from(q).filter((value) => value <= 0.05)).toHaveLength(4);
    expect(q[3]).toBeCloseTo((0.0095 * 15) / 4, 14);
    expect(q[6]).toBeCloseTo((0.0298 * 15) / 7, 14);
    expect(q[14]).toBe(1);
  });

  it("is the least rate at which a test is called, by trying every rank", () => {
    fc.assert(
      fc.property(pValues, (p) => {
        const sorted = [...p].sort((a, b) => a - b);
        const share = estimateNullShare(sorted);
        const q = qValues(p);
        p.forEach((value, i) => {
          const candidates = sorted.map((cut) =>
            cut >= value ? (cut * p.length * share) / (sorted.lastIndexOf(cut) + 1) : 1,
          );
          expect(q[i]).toBeCloseTo(Math.min(1, ...candidates), 12);
        });
      }),
    );
  });

  it("refuses what is no probability", () => {
    expect(() => qValues([0.5, 1.5])).toThrow(BindscapeError);
    expect(() => qValues([-0.1])).toThrow(/-0.1/);
    expect(() => qValues([Number.NaN])).toThrow(BindscapeError);
    expect(qValues([])).toHaveLength(0);
  });
});

describe("estimateNullShare", () => {
  it("finds the share of uniform p-values in a mixture", () => {
    const random = new Random("null share");
    for (const share of [0.3, 0.6, 1]) {
      const p = Float64Array.from({ length: 20_000 }, (_, i) =>
        i < share * 20_000 ? random.uniform() : random.uniform() * 1e-4,
      ).sort();
      expect(Math.abs(estimateNullShare(p) - share)).toBeLessThan(0.02);
    }
  });

  it("is the expectation over bootstrap samples, drawn here", () => {
    const random = new Random("bootstrap");
    const p = Float64Array.from({ length: 400 }, (_, i) =>
      i < 300 ? random.uniform() : random.uniform() ** 8,
    ).sort();
    const lambdas = Array.from({ length: 100 }, (_, i) => ((i + 1) / 100) * 0.5);
    const share = (values: ArrayLike<number>, lambda: number) =>
      Array.from(values).filter((value) => value > lambda).length / values.length / (1 - lambda);
    const smallest = Math.min(...lambdas.map((lambda) => share(p, lambda)));
    const errors = lambdas.map(() => 0);
    for (let draw = 0; draw < 1500; draw++) {
      const sample = Array.from(p, () => p[Math.floor(random.uniform() * p.length)]).sort((a, b) => a - b);
      lambdas.forEach((lambda, i) => {
        errors[i] += (share(sample, lambda) - smallest) ** 2;
      });
    }
    const drawn = share(p, lambdas[errors.indexOf(Math.min(...errors))]);
    expect(Math.abs(estimateNullShare(p) - drawn)).toBeLessThan(0.02);
  });

  it("stays within (0, 1] at the edges", () => {
    expect(estimateNullShare([])).toBe(1);
    expect(estimateNullShare([0, 0, 0, 0])).toBe(0.25);
    expect(estimateNullShare([1, 1])).toBe(1);
  });
});

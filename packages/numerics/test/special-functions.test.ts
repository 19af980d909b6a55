import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  digamma,
  errorFunction,
  gammaQuantile,
  gammaQuantileSlope,
  gaussLegendre,
  logGamma,
  regularisedGamma,
  regularisedGammaComplement,
  trigamma,
} from "../src/special-functions.js";

// Written by bench/peers/special_function_facts.py.
const facts: Record<string, number[][]> = JSON.parse(
  readFileSync(new URL("./fixtures/special-functions.json", import.meta.url), "utf8"),
);

function expectNear(found: number, expected: number, tolerance: number, what: string) {
  const error = Math.abs(found - expected) / Math.max(Math.abs(expected), 1e-300);
  expect(error, `${what}: ${found} against ${expected}`).toBeLessThan(tolerance);
}

describe("functions of one number, against mpmath", () => {
  it("ln Gamma, to 1e-14 of max(1, value)", () => {
    for (const [x, y] of facts["logGamma"]) {
      expect(Math.abs(logGamma(x) - y) / Math.max(1, Math.abs(y)), `at ${x}`).toBeLessThan(1e-14);
    }
    expect(logGamma(0)).toBeNaN();
  });
  it("digamma and trigamma, to 1e-14", () => {
    for (const [x, y] of facts["digamma"]) {
      expect(Math.abs(digamma(x) - y) / Math.max(1, Math.abs(y)), `at ${x}`).toBeLessThan(1e-14);
    }
    for (const [x, y] of facts["trigamma"]) expectNear(trigamma(x), y, 1e-13, `trigamma of ${x}`);
    expect(digamma(-1)).toBeNaN();
    expect(trigamma(Number.NaN)).toBeNaN();
  });
  it("the error function", () => {
    for (const [x, y] of facts["errorFunction"])
      expect(Math.abs(errorFunction(x) - y), `at ${x}`).toBeLessThan(1e-14);
  });
});

describe("the Gamma distribution", () => {
  it("has scipy's distribution function and complement", () => {
    expect(facts["regularisedGamma"].length).toBeGreaterThan(80);
    for (const [shape, x, below, above] of facts["regularisedGamma"]) {
      const tolerance = 2e-14 * Math.max(10, shape);
      expectNear(regularisedGamma(shape, x), below, tolerance, `P(${shape}, ${x})`);
      expectNear(regularisedGammaComplement(shape, x), above, tolerance, `1 - P(${shape}, ${x})`);
    }
    expect(regularisedGamma(2, 0)).toBe(0);
    expect(regularisedGamma(-1, 1)).toBeNaN();
    expect(regularisedGammaComplement(3, Number.POSITIVE_INFINITY)).toBe(0);
  });
  it("has scipy's quantiles", () => {
    for (const [shape, probability, x] of facts["quantile"])
      expectNear(gammaQuantile(shape, probability), x, 1e-11, `quantile ${probability} of ${shape}`);
    expect(gammaQuantile(1, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(gammaQuantile(1, 0)).toBe(0);
  });
  it("has mpmath's slopes of quantiles", () => {
    for (const [shape, x, slope] of facts["quantileSlope"])
      expectNear(gammaQuantileSlope(shape, x), slope, 1e-10, `slope at ${shape}, ${x}`);
  });
  it("has the slopes of its own quantiles by differences", () => {
    for (const shape of [0.3, 1, 4.5, 60, 700]) {
      for (const probability of [0.01, 0.3, 0.7, 0.99]) {
        const step = 1e-4 * shape;
        const [after, before] = [step, -step].map((by) => gammaQuantile(shape + by, probability));
        const x = gammaQuantile(shape, probability);
        expectNear(
          gammaQuantileSlope(shape, x),
          (after - before) / (2 * step),
          3e-7,
          `${shape}, ${probability}`,
        );
      }
    }
  });
});

describe("Gauss-Legendre quadrature", () => {
  it.each([1, 2, 5, 16, 40])("of %i nodes is exact for polynomials up to twice their number", (count) => {
    const { nodes, weights } = gaussLegendre(count);
    for (let power = 0; power < 2 * count; power++) {
      const sum = nodes.reduce((total, node, i) => total + weights[i] * node ** power, 0);
      expect(Math.abs(sum - 1 / (power + 1))).toBeLessThan(1e-14);
    }
  });
});

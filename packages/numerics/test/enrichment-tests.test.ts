import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  logBinomialTail,
  logFactorial,
  logFactorialTable,
  logFisherEnrichment,
  logHypergeometric,
} from "../src/enrichment-tests.js";

/** n over k in whole numbers. */
function choose(n: number, k: number): bigint {
  let value = 1n;
  for (let i = 0; i < k; i++) value = (value * BigInt(n - i)) / BigInt(i + 1);
  return k < 0 || k > n ? 0n : value;
}

/** The quotient of two whole numbers to 15 digits or so, also where both are beyond a double. */
function logRatio(a: bigint, b: bigint): number {
  const log = (value: bigint) => {
    const digits = value.toString();
    return Math.log(Number(`${digits[0]}.${digits.slice(1, 18)}`)) + (digits.length - 1) * Math.LN10;
  };
  return log(a) - log(b);
}

const counts = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })).chain(([n, m]) =>
  fc.record({
    total: fc.constant(n),
    controlTotal: fc.constant(m),
    hits: fc.integer({ min: 0, max: n }),
    controlHits: fc.integer({ min: 0, max: m }),
  }),
);

describe("logFisherEnrichment", () => {
  it("equals the tail summed in whole numbers", () => {
    fc.assert(
      fc.property(counts, ({ hits, total, controlHits, controlTotal }) => {
        const marked = hits + controlHits;
        let tail = 0n;
        for (let k = hits; k <= Math.min(total, marked); k++) {
          tail += choose(total, k) * choose(controlTotal, marked - k);
        }
        const expected = logRatio(tail, choose(total + controlTotal, marked));
        const actual = logFisherEnrichment(hits, total, controlHits, controlTotal);
        expect(Math.abs(actual - expected)).toBeLessThan(1e-11 * Math.max(1, Math.abs(expected)));
        expect(logHypergeometric(hits, total, controlHits, controlTotal)).toBeLessThanOrEqual(actual + 1e-12);
      }),
      { numRuns: 500 },
    );
  });

  it("has the published value of the tea-tasting table and holds far out", () => {
    // Fisher 1935: 4 of 4 cups told apart, 1/70; 3 of 4, 17/70.
    expect(Math.exp(logFisherEnrichment(4, 4, 0, 4))).toBeCloseTo(1 / 70, 14);
    expect(Math.exp(logFisherEnrichment(3, 4, 1, 4))).toBeCloseTo(17 / 70, 14);
    const expected = logRatio(choose(9000, 0) * choose(9000, 2000), choose(18_000, 2000));
    expect(logFisherEnrichment(2000, 9000, 0, 9000)).toBeCloseTo(expected, 6);
  });

  it("refuses what are no counts", () => {
    expect(() => logFisherEnrichment(5, 4, 0, 4)).toThrow(/Fisher's test: 5 of 4/);
    expect(() => logFisherEnrichment(1, 4, 0.5, 4)).toThrow(/0.5 of 4/);
  });
});

describe("logBinomialTail", () => {
  it("equals the sum of its terms", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (trials, p, share) => {
          const hits = Math.round(share * trials);
          let tail = 0;
          for (let k = hits; k <= trials; k++) {
            tail += Number(choose(trials, k)) * p ** k * (1 - p) ** (trials - k);
          }
          expect(Math.abs(logBinomialTail(hits, trials, p) - Math.log(tail))).toBeLessThan(
            1e-10 * Math.max(1, Math.abs(Math.log(tail))),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("knows its ends", () => {
    expect(logBinomialTail(0, 10, 0.3)).toBe(0);
    expect(logBinomialTail(3, 10, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect(logBinomialTail(10, 10, 1)).toBe(0);
    expect(() => logBinomialTail(1, 10, 1.5)).toThrow(/probability 1.5/);
  });
});

describe("logFactorial", () => {
  it("equals Stirling's series far out and the product near", () => {
    expect(logFactorial(0)).toBe(0);
    expect(logFactorial(20)).toBeCloseTo(Math.log(2432902008176640000), 12);
    const n = 1_000_000;
    const stirling = (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * n);
    expect(Math.abs(logFactorial(n) / stirling - 1)).toBeLessThan(1e-14);
    expect(logFactorialTable(10).length).toBeGreaterThan(10);
    expect(() => logFactorial(1e9)).toThrow(/logFactorial/);
  });
});

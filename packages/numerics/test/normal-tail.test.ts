import { describe, expect, it } from "vitest";
import { logNormalTail, normalTail, testTwoProportions } from "../src/normal-tail.js";

const near = (found: number, expected: number, tolerance = 1e-13) =>
  expect(Math.abs(found / expected - 1)).toBeLessThan(tolerance);

describe("normalTail", () => {
  it("has the values of tables computed with 50 digits", () => {
    const values: [z: number, tail: number, logTail: number][] = [
      [-8, 0.9999999999999994, -6.220960574271786e-16],
      [-2.6, 0.9953388119762813, -0.004672085236439403],
      [-1, 0.8413447460685429, -0.1727537790234499],
      [0.3, 0.3820885778110474, -0.9621028181688507],
      [1, 0.15865525393145705, -1.8410216450092636],
      [2, 0.02275013194817921, -3.783184333682032],
      [2.4999, 0.00621141837494459, -5.081366007354047],
      [2.5, 0.006209665325776135, -5.081648277278691],
      [2.5001, 0.006207912714815194, -5.0819305563136],
      [3, 0.0013498980316300946, -6.60772622151035],
      [5, 2.866515718791939e-7, -15.064998393988725],
      [10, 7.619853024160525e-24, -53.23128515051247],
      [29.526462784287745, 6.586132982184594e-192, -440.2113714794598],
      [37, 5.725571222524577e-300, -689.0305855768906],
      [100, 0, -5005.524208694205],
      [1000, 0, -500007.8266948122],
    ];
    for (const [z, tail, logTail] of values) {
      if (tail > 0) near(normalTail(z), tail);
      else expect(normalTail(z)).toBe(0);
      near(logNormalTail(z), logTail);
    }
  });

  it("is the integral of the density: differences of the tail are areas under it", () => {
    for (let z = -3.9; z < 8; z += 0.37) {
      // Simpson's rule on 200 strips: error far below the tolerance.
      const [from, to, strips] = [z, z + 0.5, 200];
      let sum = 0;
      for (let i = 0; i <= strips; i++) {
        const x = from + ((to - from) * i) / strips;
        const weight = i === 0 || i === strips ? 1 : i % 2 === 1 ? 4 : 2;
        sum += (weight * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
      }
      const area = (sum * (to - from)) / strips / 3;
      near(normalTail(from) - normalTail(to), area, 1e-9);
    }
  });

  it("goes to the ends", () => {
    expect(normalTail(Number.POSITIVE_INFINITY)).toBe(0);
    expect(normalTail(Number.NEGATIVE_INFINITY)).toBe(1);
    expect(normalTail(0)).toBe(0.5);
    expect(normalTail(Number.NaN)).toBeNaN();
    expect(logNormalTail(Number.NEGATIVE_INFINITY)).toBe(-0);
  });
});

describe("testTwoProportions", () => {
  // Counts and results of Factorbook's pipeline on ENCFF165UME (CTCF), chromosome 19, as its motifs.json has them.
  it.each([
    [437, 500, 99, 1000, 29.526462784287745, 0],
    [437, 500, 3092, 25000, 48.1083961307868, 0],
    [207, 369, 94, 738, 15.28473882587069, 0],
    [207, 369, 2663, 25000, 27.35922393332092, 0],
    [6, 369, 33, 738, -2.4208070612924644, 0.007743047095805755],
    [6, 369, 608, 25000, -1.0001047524854787, 0.15862990822423306],
    [24, 369, 28, 738, 2.0089119706621017, 0.022273235095698896],
    [35, 369, 60, 738, 0.7587640635258042, 0.22399685319016527],
    [23, 369, 44, 738, 0.17825213376488278, 0.42926248421437996],
    [23, 369, 1703, 25000, -0.43842466953275583, 0.3305392332972479],
  ])("%i of %i against %i of %i has Factorbook's z and p", (hits, total, controls, all, z, p) => {
    const { zScore, pValue } = testTwoProportions(hits, total, controls, all);
    near(zScore, z, 1e-12);
    // Factorbook subtracts from 1, so that its p-values have an absolute error, and end at 0.
    expect(Math.abs(pValue - p)).toBeLessThan(1e-9);
  });

  it("is symmetric", () => {
    const one = testTwoProportions(30, 100, 20, 300);
    const other = testTwoProportions(20, 300, 30, 100);
    near(one.zScore, -other.zScore);
    expect(one.pValue).toBe(other.pValue);
  });

  it("says z = 0 where there is no variance, and refuses what are no counts", () => {
    expect(testTwoProportions(0, 5, 0, 7)).toEqual({ zScore: 0, pValue: 0.5 });
    expect(testTwoProportions(5, 5, 7, 7)).toEqual({ zScore: 0, pValue: 0.5 });
    expect(() => testTwoProportions(6, 5, 0, 7)).toThrow("6 of 5");
    expect(() => testTwoProportions(0, 5, 0, 0)).toThrow("0 of 0");
    expect(() => testTwoProportions(0.5, 5, 0, 7)).toThrow("0.5 of 5");
  });
});

import { BindscapeError, Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MotifScanner, scanBestInBins, scanBestScore } from "../src/scan/best-score.js";

/** One strand at a time, base by base, straight from the definition. */
function bruteScore(codes: ArrayLike<number>, position: number, matrix: Float64Array): number {
  const length = matrix.length / 4;
  let forward = 0;
  let reverse = 0;
  for (let k = 0; k < length; k++) {
    const row = Array.from(matrix.subarray(k * 4, k * 4 + 4));
    const onForward = codes[position + k];
    const onReverse = codes[position + length - 1 - k];
    forward += onForward > 3 ? Math.min(...row) : row[onForward];
    reverse += onReverse > 3 ? Math.min(...row) : row[3 - onReverse];
  }
  return Math.max(forward, reverse);
}

function bruteBest(codes: Uint8Array, start: number, end: number, matrix: Float64Array): number {
  const length = matrix.length / 4;
  let best = Number.NEGATIVE_INFINITY;
  for (let position = Math.max(0, start); position + length <= Math.min(end, codes.length); position++) {
    best = Math.max(best, bruteScore(codes, position, matrix));
  }
  return best;
}

function expectSame(actual: number, expected: number, tolerance: number): void {
  if (Number.isFinite(expected)) expect(Math.abs(actual - expected)).toBeLessThan(tolerance);
  else expect(actual).toBe(expected);
}

const codesOf = (text: string) => Uint8Array.from(text, (base) => (base === "N" ? 4 : "ACGT".indexOf(base)));

/** 2 for the base of a consensus, -3 for any other. */
function consensusMatrix(text: string): Float64Array {
  return Float64Array.from(
    [...text].flatMap((base) => [..."ACGT"].map((other) => (base === other ? 2 : -3))),
  );
}

const matrixOf = fc
  .integer({ min: 1, max: 23 })
  .chain((length) =>
    fc.array(fc.double({ min: -12, max: 2, noNaN: true }), { minLength: length * 4, maxLength: length * 4 }),
  )
  .map((values) => Float64Array.from(values));
const sequence = fc.uint8Array({ min: 0, max: 4, maxLength: 400 });

describe("scanBestScore", () => {
  it("finds a site on either strand", () => {
    const matrix = consensusMatrix("TTACCCG");
    expect(scanBestScore(codesOf("AAAATTACCCGAAAA"), 0, 15, matrix, 7)).toBe(14);
    expect(scanBestScore(codesOf("AAAACGGGTAAAAAA"), 0, 15, matrix, 7)).toBe(14);
    expect(scanBestScore(codesOf("AAAATTACCNGAAAA"), 0, 15, matrix, 7)).toBe(9);
  });

  it("counts only sites wholly inside the interval", () => {
    const matrix = consensusMatrix("TTACCCG");
    const codes = codesOf("AAAATTACCCGAAAA");
    expect(scanBestScore(codes, 4, 11, matrix, 7)).toBe(14);
    expect(scanBestScore(codes, 5, 15, matrix, 7)).toBeLessThan(14);
    expect(scanBestScore(codes, 0, 10, matrix, 7)).toBeLessThan(14);
    expect(scanBestScore(codes, -50, 500, matrix, 7)).toBe(14);
    expect(scanBestScore(codes, 4, 10, matrix, 7)).toBe(Number.NEGATIVE_INFINITY);
    expect(scanBestScore(new Uint8Array(0), 0, 10, matrix, 7)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("scores N as the lowest of its column, also where a column is -Infinity", () => {
    const matrix = Float64Array.from([1, 0.5, 0.25, -2, 1, 1, 1, 1]);
    expect(scanBestScore(codesOf("NN"), 0, 2, matrix, 2)).toBe(-1);
    const hard = Float64Array.from([1, Number.NEGATIVE_INFINITY, 0, 0]);
    expect(scanBestScore(codesOf("N"), 0, 1, hard, 1)).toBe(Number.NEGATIVE_INFINITY);
    expect(scanBestScore(codesOf("A"), 0, 1, hard, 1)).toBe(1);
    expect(scanBestScore(Uint8Array.from([255]), 0, 1, matrix.subarray(0, 4), 1)).toBe(-2);
  });

  it("equals brute force on any sequence, motif and interval", () => {
    fc.assert(
      fc.property(
        sequence,
        matrixOf,
        fc.integer({ min: -20, max: 420 }),
        fc.integer({ min: -20, max: 420 }),
        (codes, matrix, start, end) => {
          const expected = bruteBest(codes, start, end, matrix);
          expectSame(scanBestScore(codes, start, end, matrix, matrix.length / 4), expected, 1e-11);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("equals brute force through the tables of a long interval too, and does not see the strand", () => {
    const random = new Random("long");
    const codes = Uint8Array.from({ length: 20_000 }, () =>
      random.integer(50) === 0 ? 4 : random.integer(4),
    );
    const flipped = codes.map((code) => (code < 4 ? 3 - code : 4)).reverse();
    for (const length of [1, 3, 4, 5, 8, 15, 21]) {
      const matrix = Float64Array.from({ length: length * 4 }, () => random.normal() * 3);
      expectSame(
        scanBestScore(codes, 0, codes.length, matrix, length),
        bruteBest(codes, 0, codes.length, matrix),
        1e-11,
      );
      expectSame(
        scanBestScore(flipped, 0, codes.length, matrix, length),
        scanBestScore(codes, 0, codes.length, matrix, length),
        1e-11,
      );
    }
  });
});

describe("MotifScanner.scores", () => {
  it("equals brute force position by position, off both ends too", () => {
    fc.assert(
      fc.property(
        sequence,
        matrixOf,
        fc.integer({ min: -40, max: 410 }),
        fc.integer({ min: 0, max: 100 }),
        (codes, matrix, start, count) => {
          const scores = new MotifScanner(matrix).scores(codes, start, count);
          expect(scores.length).toBe(count);
          for (const [i, score] of scores.entries()) {
            const at = start + i;
            const fits = at >= 0 && at + matrix.length / 4 <= codes.length;
            expectSame(score, fits ? bruteScore(codes, at, matrix) : Number.NEGATIVE_INFINITY, 1e-11);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("scanBestInBins", () => {
  it("equals brute force for any bins: overlapping, apart, out of order, overhanging, repeated", () => {
    const starts = fc.array(fc.integer({ min: -60, max: 420 }), { maxLength: 40 });
    fc.assert(
      fc.property(
        sequence,
        matrixOf,
        starts,
        fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 600 })),
        (codes, matrix, binStarts, binSize) => {
          const best = scanBestInBins(codes, binStarts, binSize, matrix);
          expect(best.length).toBe(binStarts.length);
          for (const [i, start] of binStarts.entries()) {
            expectSame(best[i], bruteBest(codes, start, start + binSize, matrix), 1e-5);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("equals scanBestScore, rounded to single precision, on a grid of overlapping bins", () => {
    const random = new Random("grid");
    const codes = Uint8Array.from({ length: 5_000 }, () => random.integer(5));
    const matrix = Float64Array.from({ length: 60 }, () => random.normal() * 2);
    for (const [binSize, step] of [
      [200, 50],
      [50, 50],
      [15, 1],
      [16, 7],
      [4_000, 10],
      [9_000, 500],
      [20, 300],
    ]) {
      const binStarts = Array.from({ length: Math.floor(5_000 / step) }, (_, i) => i * step);
      const best = scanBestInBins(codes, Int32Array.from(binStarts), binSize, matrix);
      for (const [i, start] of binStarts.entries()) {
        expect(best[i]).toBe(Math.fround(scanBestScore(codes, start, start + binSize, matrix, 15)));
      }
    }
  });

  it("gives -Infinity to bins that hold no site", () => {
    const matrix = consensusMatrix("ACGT");
    expect(Array.from(scanBestInBins(codesOf("ACGTACGT"), [0, 4], 3, matrix))).toEqual([
      -Infinity,
      -Infinity,
    ]);
    expect(Array.from(scanBestInBins(codesOf("ACGTACGT"), [-9, 5, 100], 4, matrix))).toEqual([
      -Infinity,
      -Infinity,
      -Infinity,
    ]);
    expect(Array.from(scanBestInBins(codesOf("ACG"), [0], 1_000_000_000, matrix))).toEqual([-Infinity]);
    expect(scanBestInBins(codesOf("ACGT"), [], 10, matrix).length).toBe(0);
  });

  it("refuses what is no matrix or no bin", () => {
    const codes = codesOf("ACGT");
    const matrix = consensusMatrix("ACGT");
    expect(() => scanBestInBins(codes, [0], 10, new Float64Array(0))).toThrow(BindscapeError);
    expect(() => scanBestInBins(codes, [0], 10, new Float64Array(6))).toThrow(/log-odds matrix: 6 entries/);
    expect(() => scanBestInBins(codes, [0], 10, Float64Array.from([0, 0, 0, Number.NaN]))).toThrow(
      /not numbers/,
    );
    expect(() => scanBestInBins(codes, [0.5], 10, matrix)).toThrow(/binStarts: 0.5 at index 0/);
    expect(() => scanBestInBins(codes, [0], 0, matrix)).toThrow(/binSize: 0/);
    expect(() => scanBestScore(codes, 0, 4, matrix, 5)).toThrow(BindscapeError);
  });
});

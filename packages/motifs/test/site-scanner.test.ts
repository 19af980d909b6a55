import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScoreThreshold } from "../src/scan/deficits.js";
import { highestScore, type ScoreMatrix } from "../src/scan/score-matrix.js";
import { isSimdSupported } from "../src/scan/site-filter.js";
import { SiteScanner } from "../src/scan/site-scanner.js";

/** Every window on both strands, letter by letter. */
function bruteSites(codes: Uint8Array, motifs: readonly ScoreThreshold[]): string[] {
  const sites: string[] = [];
  motifs.forEach(({ matrix: { values, length }, lowest }, motif) => {
    for (let start = 0; start + length <= codes.length; start++) {
      let forward = 0;
      let reverse = 0;
      for (let k = 0; k < length; k++) {
        const code = codes[start + k];
        if (code > 3) forward = Number.NEGATIVE_INFINITY;
        forward += values[4 * k + code];
        reverse += values[4 * (length - 1 - k) + 3 - code];
      }
      if (!(forward >= 0)) continue;
      if (forward >= lowest) sites.push(`${motif} ${start} + ${forward}`);
      if (reverse >= lowest) sites.push(`${motif} ${start} - ${reverse}`);
    }
  });
  return sites.sort();
}

function scannedSites(codes: Uint8Array, motifs: readonly ScoreThreshold[], useSimd: boolean): string[] {
  const sites: string[] = [];
  new SiteScanner(motifs, { useSimd }).scan(codes, (motif, position, isReverse, score) =>
    sites.push(`${motif} ${position} ${isReverse ? "-" : "+"} ${score}`),
  );
  return sites.sort();
}

const matrixOf = (length: number, random: Random, spread = 1000): ScoreMatrix => ({
  length,
  values: Int32Array.from({ length: 4 * length }, () => random.integer(spread + 1)),
  scale: 1,
  offset: 0,
});

const filters = isSimdSupported() ? [true, false] : [false];

describe.each(filters)("SiteScanner, vector instructions %s", (useSimd) => {
  it("finds what brute force finds: any widths, thresholds, unknown letters, short sequences", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ min: 0, max: 4, maxLength: 300 }),
        fc.array(
          fc.record({
            length: fc.integer({ min: 1, max: 40 }),
            spread: fc.constantFrom(0, 1, 7, 1000),
            share: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.string(),
        (codes, shapes, seed) => {
          const random = new Random(seed);
          const motifs = shapes.map(({ length, spread, share }) => {
            const matrix = matrixOf(length, random, spread);
            return { matrix, lowest: Math.round(share * highestScore(matrix)) };
          });
          expect(scannedSites(codes, motifs, useSimd).join()).toBe(bruteSites(codes, motifs).join());
        },
      ),
      { numRuns: useSimd ? 250 : 30 },
    );
  });

  it("finds the same across its blocks, for every width, with sites planted at the ends", () => {
    const random = new Random("blocks");
    const codes = Uint8Array.from({ length: 140_001 }, () =>
      random.integer(400) === 0 ? 4 : random.integer(4),
    );
    codes.fill(4, 30_000, 31_000);
    const motifs = [1, 2, 3, 7, 8, 12, 15, 16, 21, 33, 40, 256, 300].map((length) => {
      const matrix = matrixOf(length, random);
      const best = Array.from({ length }, (_, k) => {
        const row = matrix.values.subarray(4 * k, 4 * k + 4);
        return row.indexOf(Math.max(...row));
      });
      for (const at of [0, 65_536 - (length >> 1), 65_536, codes.length - length]) codes.set(best, at);
      return { matrix, lowest: Math.round(highestScore(matrix) * (length < 8 ? 0.97 : 0.83)) };
    });
    const found = scannedSites(codes, motifs, useSimd);
    expect(found.join()).toBe(bruteSites(codes, motifs).join());
    expect(found.length).toBeGreaterThan(100);
  });

  it("takes sequences of nothing, of N alone, and shorter than a motif", () => {
    const motifs = [{ matrix: matrixOf(9, new Random(1)), lowest: 0 }];
    expect(scannedSites(new Uint8Array(0), motifs, useSimd)).toEqual([]);
    expect(scannedSites(new Uint8Array(100).fill(4), motifs, useSimd)).toEqual([]);
    expect(scannedSites(new Uint8Array(8), motifs, useSimd)).toEqual([]);
    expect(scannedSites(new Uint8Array(9), motifs, useSimd).length).toBe(2);
    expect(scannedSites(new Uint8Array(9), [], useSimd)).toEqual([]);
  });
});

describe("SiteScanner", () => {
  it("does without WebAssembly where compiling is forbidden", () => {
    const motifs = [{ matrix: matrixOf(9, new Random(2)), lowest: 4000 }];
    const codes = Uint8Array.from({ length: 3000 }, (_, i) => (i * i * 7 + (i >> 3)) & 3);
    const expected = scannedSites(codes, motifs, false);
    const { Module } = WebAssembly;
    try {
      WebAssembly.Module = class {
        constructor() {
          throw new WebAssembly.CompileError("refused by the page");
        }
      } as unknown as typeof WebAssembly.Module;
      expect(scannedSites(codes, motifs, true)).toEqual(expected);
    } finally {
      WebAssembly.Module = Module;
    }
    expect(scannedSites(codes, motifs, isSimdSupported())).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
  });

  it("leaves the reverse strand alone where asked", () => {
    const motifs = [{ matrix: matrixOf(3, new Random(1)), lowest: 0 }];
    const strands: boolean[] = [];
    new SiteScanner(motifs, { bothStrands: false }).scan(new Uint8Array(50), (_m, _p, isReverse) =>
      strands.push(isReverse),
    );
    expect(strands).toEqual(Array(48).fill(false));
  });
});

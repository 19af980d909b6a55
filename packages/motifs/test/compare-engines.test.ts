import { readFileSync } from "node:fs";
import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare } from "../src/compare/compare.js";
import { convolveScalar, fastestConvolve } from "../src/compare/convolver.js";
import { MiddleScore } from "../src/compare/middle-score.js";
import { MotifComparer } from "../src/compare/motif-comparer.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import type { Motif } from "../src/motif.js";
import { dataFile } from "./data.js";

function randomMotif(random: Random, id: string, length: number): Motif {
  const probabilities = new Float64Array(length * 4);
  for (let at = 0; at < probabilities.length; at += 4) {
    // Whole counts, so that columns repeat and distances lie on edges between whole scores.
    const row = [0, 1, 2, 3].map(() => random.integer(5) * random.integer(3));
    const sum = row.reduce((total, value) => total + value, 0);
    for (let base = 0; base < 4; base++) probabilities[at + base] = sum > 0 ? row[base] / sum : 0.25;
  }
  return { id, name: id, probabilities, length, sites: [20, 50, 7, 1000][random.integer(4)] };
}

function expectSame(targets: readonly Motif[], queries: readonly Motif[], options: object): void {
  const vectors = new MotifComparer(targets, options);
  const plain = new MotifComparer(targets, { ...options, simd: false });
  for (const query of queries) {
    const [a, b] = [vectors.align(query), plain.align(query)];
    expect(a.pValues).toEqual(b.pValues);
    expect(a.allPValues).toEqual(b.allPValues);
    expect(a.offsets).toEqual(b.offsets);
    expect(a.overlaps).toEqual(b.overlaps);
    expect(a.isReversed).toEqual(b.isReversed);
  }
}

describe("vector and plain comparisons", () => {
  const random = new Random("engines");
  const queries = [1, 2, 7, 8, 9, 16, 17, 31, 40].map((length) => randomMotif(random, `q${length}`, length));

  for (const count of [1, 2, 5, 33, 150]) {
    for (const bothStrands of [true, false]) {
      it(`are the same to the bit: ${count} targets, ${bothStrands ? "both strands" : "one strand"}`, () => {
        const targets = Array.from({ length: count }, (_, i) =>
          randomMotif(random, `t${i}`, 1 + random.integer(24)),
        );
        expectSame(targets, queries, { bothStrands });
        expectSame(targets, queries.slice(2, 5), { bothStrands, minimumOverlap: 5 });
      });
    }
  }

  it("are the same for columns that all are alike, and for queries longer than any target", () => {
    const flat: Motif = { id: "n", name: "n", probabilities: new Float64Array(28).fill(0.25), length: 7 };
    expectSame([flat, flat, flat], [flat, queries[4]], {});
    const long = randomMotif(random, "long", 200);
    expectSame([queries[0], queries[3]], [long], {});
    expectSame([queries[0], queries[3]], [randomMotif(random, "longer", 400)], { bothStrands: false });
  });

  it("are the same for columns of one distance only, and for more of them than are counted at once", () => {
    const pure = (id: string, base: number, length: number): Motif => {
      const probabilities = new Float64Array(4 * length);
      for (let at = base; at < probabilities.length; at += 4) probabilities[at] = 1;
      return { id, name: id, probabilities, length };
    };
    expectSame([pure("a", 0, 5), pure("b", 0, 18)], [pure("q", 0, 6), pure("r", 1, 6)], {
      bothStrands: false,
    });
    const many = Array.from({ length: 3000 }, (_, i) => randomMotif(random, `t${i}`, 20 + random.integer(5)));
    expectSame(many, [queries[3]], {});
  });

  const file = dataFile("motifs/JASPAR2022_CORE_non-redundant.meme");
  it.skipIf(!file)("are the same to the bit on JASPAR CORE", () => {
    const motifs = readMotifs(readFileSync(file!, "utf8"), file!);
    expectSame(
      motifs,
      [0, 400, 900, 1700].map((i) => motifs[i]),
      {},
    );
    expectSame(
      motifs,
      [150, 1500].map((i) => motifs[i]),
      { bothStrands: false },
    );
  });
});

describe("matches", () => {
  it("within a threshold are those of all whose q-value is", () => {
    const random = new Random("matches");
    const targets = Array.from({ length: 300 }, (_, i) =>
      randomMotif(random, `t${i}`, 4 + random.integer(12)),
    );
    const queries = [...targets.slice(0, 3), randomMotif(random, "q", 9)];
    const all = compare(queries, targets, { threshold: 1 });
    for (const threshold of [0, 1e-6, 0.001, 0.02, 0.1, 0.5, 0.9]) {
      const some = compare(queries, targets, { threshold });
      expect(some).toEqual(all.filter(({ qValue }) => qValue <= threshold));
    }
    expect(new Set(all.map(({ query }) => query)).size).toBe(4);
  });
});

describe("convolutions", () => {
  const numbers = (most: number) =>
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: most });

  it("are sums of products, whatever part is asked for", () => {
    const fastest = fastestConvolve();
    fc.assert(
      fc.property(
        numbers(60),
        numbers(25),
        fc.nat(40),
        fc.integer({ min: 1, max: 100 }),
        (long, short, from, count) => {
          const expected = Array.from({ length: count }, (_, k) =>
            short.reduce((sum, weight, i) => sum + weight * (long[from + k - i] ?? 0), 0),
          );
          for (const convolve of [fastest, convolveScalar]) {
            const out = new Float64Array(count).fill(Number.NaN);
            convolve(Float64Array.from(long), Float64Array.from(short), from, out);
            expected.forEach((value, k) => {
              expect(Math.abs(out[k] - value)).toBeLessThanOrEqual(1e-14 * value);
            });
          }
        },
      ),
    );
  });
});

describe("MiddleScore", () => {
  it("is the n/2-th smallest, or the mean of its two neighbours for an odd n", () => {
    const middle = new MiddleScore();
    const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 80 });
    fc.assert(
      fc.property(values, (given) => {
        const sorted = [...given].sort((a, b) => a - b);
        const at = given.length / 2 - 1;
        const expected =
          given.length % 2 === 0
            ? sorted[at]
            : (sorted[Math.max(0, Math.floor(at))] + sorted[Math.floor(at) + 1]) / 2;
        const found = middle.of(Float64Array.from(given), sorted[0], sorted[sorted.length - 1]);
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-12 * Math.abs(expected));
      }),
    );
    expect(middle.of(Float64Array.of(3), 3, 3)).toBe(3);
    expect(middle.of(new Float64Array(9).fill(2), 2, 2)).toBe(2);
  });
});

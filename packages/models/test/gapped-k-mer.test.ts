import { areaUnderRoc, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { CachedRows } from "../src/sequence-baselines/cached-rows.js";
import {
  GappedKMerKernel,
  type GappedKMerKernelOptions,
} from "../src/sequence-baselines/gapped-k-mer-kernel.js";
import { convolveWords, trainGappedKMerSvm } from "../src/sequence-baselines/gapped-k-mer-svm.js";
import { gappedKMerWeights } from "../src/sequence-baselines/gapped-k-mer-weights.js";
import type { CodedSequences } from "../src/sequence-baselines/k-mer-counts.js";

function randomSequences(seed: number, count: number, length: number, withUnknown = false): CodedSequences {
  const random = new Random(seed);
  const codes = Uint8Array.from({ length: count * length }, () =>
    withUnknown && random.integer(15) === 0 ? 4 : random.integer(4),
  );
  return { count, length, codes };
}

function sequenceOf({ codes, length }: CodedSequences, i: number): number[] {
  return Array.from(codes.subarray(i * length, (i + 1) * length));
}

function wordsOf(sequence: readonly number[], l: number, both: boolean): number[][] {
  const reverse = sequence.map((code) => (code < 4 ? 3 - code : 4)).reverse();
  return (both ? [sequence, reverse] : [sequence]).flatMap((strand) =>
    Array.from({ length: strand.length - l + 1 }, (_, at) => strand.slice(at, at + l)).filter(
      (word) => !word.includes(4),
    ),
  );
}

/** All ways to choose k of l places. */
function choices(l: number, k: number): number[][] {
  if (k === 0) return [[]];
  if (l < k) return [];
  return [...choices(l - 1, k), ...choices(l - 1, k - 1).map((chosen) => [...chosen, l - 1])];
}

/** Counts of gapped k-mers, one by one. */
function gappedCounts(sequence: readonly number[], l: number, k: number, both: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of wordsOf(sequence, l, both))
    for (const chosen of choices(l, k)) {
      const name = word.map((code, place) => (chosen.includes(place) ? "ACGT"[code] : "-")).join("");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  return counts;
}

function cosine(a: Map<string, number>, b: Map<string, number>): number {
  const dot = (x: Map<string, number>, y: Map<string, number>) =>
    [...x].reduce((sum, [name, value]) => sum + value * (y.get(name) ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function allWords(l: number): number[][] {
  return Array.from({ length: 4 ** l }, (_, word) =>
    Array.from({ length: l }, (_, place) => Math.floor(word / 4 ** (l - 1 - place)) % 4),
  );
}

function differences(a: readonly number[], b: readonly number[]): number {
  return a.filter((code, place) => code !== b[place]).length;
}

const tiny = { wordLength: 4, informative: 2, mostMismatches: 4 } as const;

describe("GappedKMerKernel", () => {
  it("is the cosine of gapped k-mer counts, enumerated one by one", () => {
    for (const mergesStrands of [true, false]) {
      const sequences = randomSequences(5, 6, 23, true);
      const kernel = new GappedKMerKernel(sequences, { ...tiny, filter: "gapped", mergesStrands });
      const counts = Array.from({ length: 6 }, (_, i) =>
        gappedCounts(sequenceOf(sequences, i), 4, 2, mergesStrands),
      );
      const row = new Float64Array(6);
      for (let i = 0; i < 6; i++) {
        kernel.fillRow(i, row);
        for (let j = 0; j < 6; j++) expect(row[j]).toBeCloseTo(cosine(counts[i], counts[j]), 12);
      }
    }
  });

  it("with at most d mismatches and a weighted centre is the sum over pairs of words", () => {
    const options: GappedKMerKernelOptions = {
      wordLength: 5,
      informative: 3,
      mostMismatches: 2,
      filter: "truncated",
      mergesStrands: true,
      centre: { peak: 50, halving: 4 },
    };
    const sequences = randomSequences(6, 4, 30);
    const weights = gappedKMerWeights(options);
    const placeWeight = (place: number) =>
      Math.min(50, Math.floor(50 * Math.exp((-Math.LN2 * Math.abs(place - 12.5)) / 4) + 1));
    const pairSum = (i: number, j: number) => {
      const [a, b] = [i, j].map((item) => wordsOf(sequenceOf(sequences, item), 5, true));
      let sum = 0;
      a.forEach((u, at) => {
        b.forEach((v, other) => {
          // Words of the other strand follow, from its 5' end: their weights are those of mirrored places.
          sum += (weights[differences(u, v)] ?? 0) * placeWeight(at % 26) * placeWeight(other % 26);
        });
      });
      return sum;
    };
    const kernel = new GappedKMerKernel(sequences, options);
    const row = new Float64Array(4);
    for (let i = 0; i < 4; i++) {
      kernel.fillRow(i, row);
      for (let j = 0; j < 4; j++)
        expect(row[j]).toBeCloseTo(pairSum(i, j) / Math.sqrt(pairSum(i, i) * pairSum(j, j)), 10);
    }
  });

  it("refuses a sequence without a known word", () => {
    const sequences = randomSequences(7, 3, 20);
    sequences.codes.fill(4, 20, 40);
    expect(() => new GappedKMerKernel(sequences, { ...tiny, filter: "gapped", mergesStrands: true })).toThrow(
      /sequence 2 has no stretch of 4 known bases/,
    );
  });
});

describe("gappedKMerWeights", () => {
  it("of estimated counts is the projection that least-norm estimates are, found from the matrix itself", () => {
    // The least-norm estimate of counts x from gapped counts A x is A+ A x, the projection onto the rows of A; powers
    // of B = A'A, scaled, remove what is outside: here by solving with all gapped k-mers of tiny words.
    const l = 3;
    const k = 2;
    const words = allWords(l);
    const gram = words.map((u) =>
      words.map(
        (v) => choices(l, k).filter((chosen) => chosen.every((place) => u[place] === v[place])).length,
      ),
    );
    const projection = projectOntoColumns(gram);
    const weights = gappedKMerWeights({
      wordLength: l,
      informative: k,
      mostMismatches: l,
      filter: "estimated",
    });
    words.forEach((u, i) => {
      words.forEach((v, j) => {
        expect(projection[i][j]).toBeCloseTo(weights[differences(u, v)], 10);
      });
    });
    // The truncated filter: the first row up to its first weight that is not positive, multiplied by itself.
    const filter = Array.from({ length: l + 1 }, (_, m) => weights[m]);
    const end = filter.findIndex((value) => value <= 1e-12);
    const truncated = filter.map((value, m) => (m < end ? value : 0));
    const product = gappedKMerWeights({
      wordLength: l,
      informative: k,
      mostMismatches: l,
      filter: "truncated",
    });
    for (const v of words.slice(0, 20)) {
      const sum = words.reduce(
        (total, t) => total + truncated[differences(words[0], t)] * truncated[differences(t, v)],
        0,
      );
      expect(sum).toBeCloseTo(product[differences(words[0], v)], 12);
    }
  });

  it("refuses parts out of range", () => {
    const words = { wordLength: 10, informative: 6, mostMismatches: 3, filter: "gapped" } as const;
    expect(() => gappedKMerWeights({ ...words, wordLength: 13 })).toThrow(/from 2 to 12/);
    expect(() => gappedKMerWeights({ ...words, informative: 11 })).toThrow(/from 1 to 10/);
    expect(() => gappedKMerWeights({ ...words, mostMismatches: 7 })).toThrow(/from 0 to 6/);
  });
});

/** Projection onto the span of a symmetric matrix's columns, by Gram-Schmidt. */
function projectOntoColumns(matrix: readonly number[][]): number[][] {
  const basis: number[][] = [];
  for (const column of matrix) {
    let rest = [...column];
    for (let pass = 0; pass < 2; pass++)
      for (const direction of basis) {
        const share = direction.reduce((sum, value, i) => sum + value * rest[i], 0);
        rest = rest.map((value, i) => value - share * direction[i]);
      }
    const norm = Math.hypot(...rest);
    if (norm > 1e-8) basis.push(rest.map((value) => value / norm));
  }
  return matrix.map((_, i) =>
    matrix.map((_, j) => basis.reduce((sum, direction) => sum + direction[i] * direction[j], 0)),
  );
}

describe("trainGappedKMerSvm", () => {
  const random = new Random(21);
  const sequences = randomSequences(20, 160, 60);
  const labels = Array.from({ length: 160 }, (_, i) => i % 2);
  for (let i = 1; i < 160; i += 2) {
    const site = [3, 2, 0, 1, 3, 1, 0, 2].map((code) =>
      random.integer(10) === 0 ? random.integer(4) : code,
    );
    sequences.codes.set(site, i * 60 + 5 + random.integer(45));
  }
  const rows = Array.from({ length: 100 }, (_, i) => i);
  const words = { wordLength: 7, informative: 4, mostMismatches: 3 } as const;

  it("finds the sites, and scores by summed word weights what the support vectors say one by one", () => {
    const { model, trainedOn } = trainGappedKMerSvm(sequences, labels, rows, { ...words, tolerance: 1e-4 });
    expect(trainedOn).toBe(100);
    const scores = model.score(sequences);
    expect(areaUnderRoc(scores.slice(100), labels.slice(100))).toBeGreaterThan(0.9);
    const { supportVectors, coefficients, intercept, options } = model;
    const both = {
      count: supportVectors.count + 160,
      length: 60,
      codes: Uint8Array.from([...supportVectors.codes, ...sequences.codes]),
    };
    const kernel = new GappedKMerKernel(both, options);
    const row = new Float64Array(both.count);
    for (let i = 0; i < 160; i += 7) {
      kernel.fillRow(supportVectors.count + i, row);
      const sum = coefficients.reduce((total, value, j) => total + value * row[j], intercept);
      // Rows of the kernel are summed in single precision.
      expect(scores[i]).toBeCloseTo(sum, 6);
    }
  });

  it("is the same with room for two rows of the kernel as with room for all", () => {
    const all = trainGappedKMerSvm(sequences, labels, rows, words);
    const few = trainGappedKMerSvm(sequences, labels, rows, { ...words, cacheBytes: 1 });
    expect([...few.model.coefficients]).toEqual([...all.model.coefficients]);
    expect(all.rowsComputed).toBeLessThanOrEqual(100);
    expect(few.rowsComputed).toBeGreaterThan(all.rowsComputed);
  });

  it("trains on a part of the sequences where told to, with both classes in it", () => {
    const { trainedOn, model } = trainGappedKMerSvm(sequences, labels, rows, {
      ...words,
      mostSequences: 30,
      seed: 4,
    });
    expect(trainedOn).toBe(30);
    expect(model.coefficients.some((value) => value > 0)).toBe(true);
    expect(() => trainGappedKMerSvm(sequences, labels, rows, { ...words, mostSequences: 1 })).toThrow(
      /room for both classes/,
    );
  });
});

describe("convolveWords", () => {
  it("is the sum over all words by their differences", () => {
    const random = new Random(2);
    const words = allWords(4);
    const sums = Float64Array.from(words, () => random.normal());
    const weights = [1, -0.5, 0.25, 2];
    const found = convolveWords(sums.slice(), weights, 4);
    words.forEach((v, i) => {
      const expected = words.reduce((total, u, j) => total + (weights[differences(u, v)] ?? 0) * sums[j], 0);
      expect(found[i]).toBeCloseTo(expected, 10);
    });
  });
});

describe("CachedRows", () => {
  it("drops the row that was not used for longest", () => {
    const filled: number[] = [];
    const rows = new CachedRows(4, (item, into) => filled.push(into.fill(item)[0]), 48);
    for (const item of [0, 1, 2, 0, 3, 0, 1]) expect(rows.row(item)[2]).toBe(item);
    expect(filled).toEqual([0, 1, 2, 3, 1]);
    expect(rows.computed).toBe(5);
  });
});

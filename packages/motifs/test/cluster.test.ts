import { readFileSync } from "node:fs";
import { pairIndex, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { clusterMotifs, pairSimilarities, similarityOfHeight } from "../src/cluster/cluster-motifs.js";
import { kMerSet } from "../src/cluster/k-mer-set.js";
import { writeNewick } from "../src/cluster/newick.js";
import { nonRedundant } from "../src/cluster/non-redundant.js";
import { MotifComparer } from "../src/compare/motif-comparer.js";
import { motifFromConsensus } from "../src/consensus-to-motif.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import { consensus, logOddsMatrix, type Motif, reverseComplementMotif } from "../src/motif.js";
import { dataFile } from "./data.js";

const SEEDS = ["TTACCCGGA", "GTCACTATACGAC", "ACACCCATACATT", "TGACTCATC"];

/** Noisy, shifted, turned copies of four motifs, with how each was made. */
function copies(
  random: Random,
  each: number,
): { motif: Motif; seed: number; shift: number; isReversed: boolean }[] {
  return SEEDS.flatMap((seed, index) =>
    Array.from({ length: each }, (_, copy) => {
      const shift = random.integer(3);
      const isReversed = random.uniform() < 0.5;
      const clean = motifFromConsensus("N".repeat(shift) + seed, { id: `s${index}c${copy}`, sites: 50 });
      const probabilities = clean.probabilities.map((value) => value * 0.8 + 0.05);
      for (let at = 0; at < probabilities.length; at += 4) {
        const noise = [0, 1, 2, 3].map(() => random.uniform() * 0.08);
        const sum = 1 + noise.reduce((total, value) => total + value, 0);
        for (let base = 0; base < 4; base++)
          probabilities[at + base] = (probabilities[at + base] + noise[base]) / sum;
      }
      const motif = { ...clean, probabilities };
      return { motif: isReversed ? reverseComplementMotif(motif) : motif, seed: index, shift, isReversed };
    }),
  );
}

describe("clusterMotifs", () => {
  const made = copies(new Random("families"), 8);
  const motifs = made.map(({ motif }) => motif);
  const { families, merges, familyOf, similarities } = clusterMotifs(motifs);

  it("finds the four families they were made of", () => {
    expect(families).toHaveLength(4);
    for (const { members } of families) {
      expect(members).toHaveLength(8);
      expect(new Set(members.map(({ motif }) => made[motif].seed)).size).toBe(1);
    }
    expect(familyOf).toHaveLength(32);
    for (const { number, members } of families) {
      for (const { motif } of members) expect(familyOf[motif]).toBe(number);
    }
  });

  it("lays every copy where it belongs, and its root motif reads as the seed", () => {
    for (const { members, root, rootOffset } of families) {
      const seed = made[members[0].motif].seed;
      const length = SEEDS[seed].length;
      // Where the seed begins in the alignment, by each member; all must agree.
      const turned = members[0].isReversed !== made[members[0].motif].isReversed;
      const starts = members.map(({ motif, offset, isReversed }) => {
        expect(isReversed !== made[motif].isReversed).toBe(turned);
        return turned ? offset : offset + made[motif].shift;
      });
      expect(new Set(starts).size).toBe(1);
      const forward = consensus(turned ? reverseComplementMotif(root) : root, 0);
      expect(forward).toContain(SEEDS[seed]);
      expect(rootOffset).toBeLessThanOrEqual(starts[0]);
      expect(root.length).toBeGreaterThanOrEqual(length);
      expect(root.sites).toBe(400);
    }
  });

  it("has p-values of both directions in its similarities", () => {
    const comparer = new MotifComparer(motifs);
    const [a, b] = [3, 20];
    const size = (query: number, target: number) =>
      Math.min(10, -Math.log10(comparer.align(motifs[query]).pValues[target]));
    expect(similarities[pairIndex(a, b, 32)]).toBeCloseTo((size(a, b) + size(b, a)) / 2, 5);
    expect(pairSimilarities(motifs)).toEqual(similarities);
  });

  it("joins all at a similarity of 0, and next to none at 10", () => {
    expect(clusterMotifs(motifs, { similarity: 0, similarities }).families).toHaveLength(1);
    expect(clusterMotifs(motifs, { similarity: 10, similarities }).families.length).toBeGreaterThan(20);
    expect(similarityOfHeight(merges[27].height)).toBeGreaterThanOrEqual(3);
    expect(similarityOfHeight(merges[28].height)).toBeLessThan(3);
  });

  it("weights root motifs by sites, or not", () => {
    const pair = [
      { ...motifFromConsensus("TTACCCGG"), sites: 90 },
      { ...motifFromConsensus("TTACCCGC"), sites: 10 },
    ];
    const last = (weights: "sites" | "equal") =>
      Array.from(clusterMotifs(pair, { similarity: 0, weights }).families[0].root.probabilities.slice(-4));
    expect(last("sites")).toEqual([0, 0.1, 0.9, 0]);
    expect(last("equal")).toEqual([0, 0.5, 0.5, 0]);
  });

  it("takes one motif, and refuses none", () => {
    expect(clusterMotifs([motifs[0]]).families).toHaveLength(1);
    expect(() => clusterMotifs([])).toThrow(/no target motifs/);
    expect(() => clusterMotifs(motifs, { similarity: 11 })).toThrow(/similarity of 11/);
  });

  it("is written as a tree", () => {
    expect(
      writeNewick(
        [
          { left: 0, right: 2, height: 0.25, size: 2 },
          { left: 1, right: 3, height: 0.75, size: 3 },
        ],
        ["a", "b (c)", "it's"],
      ),
    ).toBe("('b (c)':0.75,(a:0.25,'it''s':0.25):0.5);\n");
    expect(writeNewick([], ["one"])).toBe("one;\n");
  });
});

describe("nonRedundant", () => {
  const made = copies(new Random("redundant"), 5);

  it("keeps the best of each kind", () => {
    const motifs = made.map(({ motif }, i) => ({ ...motif, eValue: ((i * 7) % 20) + 1 }));
    const standsFor = nonRedundant(motifs, { pValue: 1e-4 });
    const kept = [...new Set(standsFor)];
    expect(kept).toHaveLength(4);
    made.forEach(({ seed }, i) => {
      expect(made[standsFor[i]].seed).toBe(seed);
      expect(motifs[standsFor[i]].eValue).toBeLessThanOrEqual(motifs[i].eValue);
    });
  });

  it("takes them as given where asked, and those without an E-value last", () => {
    const [a, b] = [made[0].motif, made[1].motif];
    expect(Array.from(nonRedundant([a, b], { order: "given", pValue: 1 }))).toEqual([0, 0]);
    expect(Array.from(nonRedundant([a, { ...b, eValue: 3 }], { pValue: 1 }))).toEqual([1, 1]);
    expect(Array.from(nonRedundant([a, b], { pValue: 0 }))).toEqual([0, 1]);
  });
});

describe("kMerSet", () => {
  /** All words, by scoring every one. */
  function slowly(motif: Motif, k: number, share: number): Map<string, number> {
    const matrix = logOddsMatrix(motif);
    const words = Array.from({ length: 4 ** k }, (_, code) =>
      Array.from({ length: k }, (_, i) => (code >> (2 * i)) & 3),
    );
    const scoreOf = (word: number[]) => {
      let best = Number.NEGATIVE_INFINITY;
      for (let start = Math.min(0, motif.length - k); start <= Math.max(0, motif.length - k); start++) {
        let score = 0;
        word.forEach((base, i) => {
          const column = start + i;
          if (column >= 0 && column < motif.length) score += matrix[column * 4 + base];
        });
        best = Math.max(best, score);
      }
      return best;
    };
    const text = (word: number[]) => word.map((base) => "ACGT"[base]).join("");
    const scores = words.map(scoreOf);
    const most = Math.max(...scores);
    const found = new Map<string, number>();
    words.forEach((word, i) => {
      if (scores[i] < most * share - 1e-9) return;
      const [a, b] = [text(word), text(word.map((base) => 3 - base).reverse())];
      const name = a < b ? a : b;
      found.set(name, Math.max(found.get(name) ?? Number.NEGATIVE_INFINITY, scores[i]));
    });
    return found;
  }

  it("is what scoring every word finds, for motifs wider and narrower than the words", () => {
    for (const { motif } of copies(new Random("words"), 1)) {
      for (const [k, share] of [
        [5, 0.7],
        [6, 0.85],
      ] as const) {
        const found = kMerSet(motif, { k, share });
        expect(new Map(found.map(({ word }) => [word, 0])).size).toBe(found.length);
        const expected = slowly(motif, k, share);
        expect(found.map(({ word }) => word).sort()).toEqual([...expected.keys()].sort());
        for (const { word, score } of found) expect(score).toBeCloseTo(expected.get(word)!, 9);
      }
    }
    const narrow = motifFromConsensus("CACGTG");
    expect(
      kMerSet(narrow, { k: 7, share: 1 })
        .map(({ word }) => word)
        .sort(),
    ).toEqual([...slowly(narrow, 7, 1).keys()].sort());
  });

  it("has no word for a motif without preference, and refuses odd wishes", () => {
    expect(kMerSet(motifFromConsensus("NNNN"))).toEqual([]);
    expect(() => kMerSet(motifFromConsensus("ACGT"), { k: 13 })).toThrow(/13 bp/);
    expect(() => kMerSet(motifFromConsensus("ACGT"), { share: 0 })).toThrow(/with 0 of/);
  });
});

describe("families of real motifs", () => {
  const file = dataFile("motifs/JASPAR2022_fungi.pfm");
  it.skipIf(!file)("holds known paralogues together", () => {
    const motifs = readMotifs(readFileSync(file!, "utf8"), file!);
    const { familyOf } = clusterMotifs(motifs);
    const family = (name: string) => familyOf[motifs.findIndex((motif) => motif.name === name)];
    for (const [a, b] of [
      ["MSN2", "MSN4"],
      ["MET31", "MET32"],
      ["FKH1", "FKH2"],
      ["MBP1", "SWI4"],
      ["GLN3", "GAT1"],
    ]) {
      expect(family(a), `${a} and ${b}`).toBe(family(b));
    }
    expect(family("REB1")).not.toBe(family("ABF1"));
  });
});

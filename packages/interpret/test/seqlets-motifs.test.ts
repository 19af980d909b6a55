import { consensus, reverseComplementMotif } from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { findSeqletMotifs } from "../src/seqlets/find-motifs.js";
import { listHits, placeStretch } from "../src/seqlets/seqlet-hits.js";
import { positionOf } from "../src/seqlets/seqlet-pattern.js";
import { formatHitsBed, formatHitsTsv, patternArrays } from "../src/seqlets/seqlet-tables.js";
import { plantWords } from "./seqlet-helpers.js";

const words = [
  { word: "ATGACTCATC", weight: 1, chance: 0.8 },
  { word: "GCCACGTGGA", weight: 0.8, chance: 0.6 },
  { word: "TTTGCATAAT", weight: -0.9, chance: 0.5 },
];

describe("motifs from seqlets", () => {
  // More windows hold a motif here than the usual fifth that may pass.
  const options = { shares: [0.03, 1] } as const;
  const planted = plantWords(words, { count: 260, noise: 0.08 });
  const motifs = findSeqletMotifs(planted, options);
  const hits = listHits(motifs.patterns, planted);

  it("are those planted, with their signs, and nothing else", () => {
    expect(motifs.patterns.map(({ id }) => id)).toEqual(["pos_1", "pos_2", "neg_1"]);
    motifs.patterns.forEach(({ motif }, index) => {
      const both = [consensus(motif), consensus(reverseComplementMotif(motif))];
      expect(both).toContain(words[index].word);
    });
  });

  it("have their sites where they were planted, base for base and strand for strand", () => {
    for (const [index, { id, motif }] of motifs.patterns.entries()) {
      const turned = consensus(motif) !== words[index].word;
      const own = planted.sites.filter((site) => site.motif === index);
      const found = new Set(
        hits
          .filter((hit) => hit.id === id)
          .map(({ sequence, start, end, strand }) => `${sequence}:${start}-${end}${strand}`),
      );
      const expected = own.map(
        ({ sequence, start, end, isReversed }) =>
          `${sequence}:${start}-${end}${isReversed === turned ? "+" : "-"}`,
      );
      // A palindrome fits both strands alike.
      const isPalindrome = words[index].word === "GCCACGTGGA";
      const bare = (text: string) => (isPalindrome ? text.slice(0, -1) : text);
      const foundBare = new Set([...found].map(bare));
      const recovered = expected.filter((site) => foundBare.has(bare(site))).length;
      expect(recovered / own.length).toBeGreaterThan(0.97);
      expect(found.size).toBeLessThan(own.length * 1.03);
    }
  });

  it("have contributions and counts that are means and counts over their members", () => {
    const { pattern } = motifs.patterns[1];
    const { length, codes, scores } = planted;
    const sums = new Float64Array(pattern.width * 4);
    const counts = new Float64Array(pattern.width * 4);
    for (const member of pattern.members) {
      for (let p = 0; p < pattern.width; p++) {
        const k = positionOf(member, p, pattern.width);
        if (k < 0 || k >= length) continue;
        const code = codes[member.sequence * length + k];
        sums[p * 4 + (member.isReversed ? 3 - code : code)] += scores[member.sequence * length + k];
        counts[p * 4 + (member.isReversed ? 3 - code : code)]++;
      }
    }
    expect(pattern.counts).toEqual(counts);
    pattern.contributions.forEach((value, at) => {
      expect(value).toBeCloseTo(sums[at] / pattern.members.length, 10);
    });
  });

  it("are the same for the same seed, and when only some seqlets are clustered", () => {
    const again = findSeqletMotifs(planted, options);
    expect(again.patterns).toEqual(motifs.patterns);
    const sampled = findSeqletMotifs(planted, { ...options, maximumSeqlets: 150 });
    expect(sampled.clustered.positive).toBe(150);
    expect(sampled.patterns.map(({ id }) => id)).toEqual(["pos_1", "pos_2", "neg_1"]);
    sampled.patterns.forEach(({ pattern }, index) => {
      const all = motifs.patterns[index].pattern.members.length;
      expect(Math.abs(pattern.members.length - all)).toBeLessThan(0.1 * all);
    });
  });

  it("are the same motifs on the other strand", () => {
    const { count, length, codes, scores } = planted;
    const turned = { ...planted, codes: codes.slice(), scores: scores.slice() };
    for (let i = 0; i < count; i++) {
      turned.codes.subarray(i * length, (i + 1) * length).reverse();
      turned.scores.subarray(i * length, (i + 1) * length).reverse();
    }
    turned.codes.forEach((code, at) => {
      turned.codes[at] = 3 - code;
    });
    const found = findSeqletMotifs(turned, options);
    expect(found.patterns.length).toBe(3);
    found.patterns.forEach(({ motif }, index) => {
      expect([consensus(motif), consensus(reverseComplementMotif(motif))]).toContain(words[index].word);
    });
  });

  it("carry hypothetical contributions where there are some", () => {
    const { count, length, codes, scores } = planted;
    const hypothetical = new Float32Array(count * 4 * length);
    for (let at = 0; at < codes.length; at++) {
      const [i, k] = [Math.floor(at / length), at % length];
      hypothetical[(i * 4 + codes[at]) * length + k] = scores[at];
    }
    const found = findSeqletMotifs({ ...planted, hypothetical }, options);
    for (const { pattern } of found.patterns) {
      pattern.hypothetical?.forEach((value, at) => {
        expect(value).toBeCloseTo(pattern.contributions[at], 6);
      });
      expect(pattern.hypothetical?.length).toBe(pattern.width * 4);
    }
    expect([...patternArrays(found.patterns).keys()].slice(0, 4)).toEqual([
      "pos_1/contributions",
      "pos_1/hypothetical",
      "pos_1/counts",
      "pos_1/trim",
    ]);
  });

  it("are none in noise", () => {
    for (const seed of [9, 10]) {
      const noise = plantWords([], { count: 300, noise: 1, seed });
      expect(findSeqletMotifs(noise).patterns).toEqual([]);
    }
  });

  it("say how many sequences they need", () => {
    const few = plantWords(words, { count: 30 });
    expect(() => findSeqletMotifs(few)).toThrow(
      /30 sequences.*at least 40, for motifs of at least 20 seqlets/s,
    );
    expect(() => findSeqletMotifs({ ...planted, scores: new Float32Array(planted.scores.length) })).toThrow(
      /0 everywhere/,
    );
    expect(() => findSeqletMotifs(planted, { minimumSeqlets: 1 })).toThrow(/at least 2/);
  });

  it("list sites as tables", () => {
    const places = Array.from({ length: planted.count }, (_, i) => ({
      chromosome: i % 2 ? "chrII" : "chrI",
      start: 1000 * i,
      end: 1000 * i + planted.length,
      strand: i % 3 ? ("+" as const) : ("-" as const),
    }));
    const tsv = formatHitsTsv(hits, { places }).trimEnd().split("\n");
    expect(tsv).toHaveLength(hits.length + 1);
    const fields = tsv[1].split("\t");
    expect(fields.slice(0, 1)).toEqual(["pos_1"]);
    expect(fields).toHaveLength(11);
    const bed = (formatHitsBed(hits, { places }) as string).trimEnd().split("\n");
    const starts = bed.map((line) => line.split("\t")).filter(([chromosome]) => chromosome === "chrI");
    expect(starts.map(([, start]) => Number(start))).toEqual(
      starts.map(([, start]) => Number(start)).sort((a, b) => a - b),
    );
    expect(formatHitsBed(hits, {})).toBeNull();
    const stretch = { start: 10, end: 16, strand: "+" as const };
    const place = { chromosome: "chr1", start: 100, end: 200, strand: "-" as const };
    expect(placeStretch(place, stretch)).toEqual({ chromosome: "chr1", start: 184, end: 190, strand: "-" });
    expect(placeStretch({ ...place, strand: "+" }, stretch)).toMatchObject({
      start: 110,
      end: 116,
      strand: "+",
    });
  });
});

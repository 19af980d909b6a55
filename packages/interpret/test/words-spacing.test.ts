import { MemorySource } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { scorePositions } from "../src/position-scores.js";
import { analyseWords } from "../src/words/analyse-words.js";
import { scanWords } from "../src/words/scan-words.js";
import {
  distancesToStarts,
  proximalDistance,
  readTranscriptionStarts,
} from "../src/words/transcription-starts.js";
import { binomialTwoSided, chiSquaredP, measureSpacing } from "../src/words/word-spacing.js";
import { makeWordFile } from "./words-helpers.js";

const codeOf = (word: string) => [...word].reduce((code, letter) => code * 4 + "ACGT".indexOf(letter), 0);

function spacingOf(file: ReturnType<typeof makeWordFile>, word: string) {
  const { source, count, length, codes, strands } = file;
  const cores = file.cores as Int32Array;
  const sequences = { source, count, length, codes, scores: scorePositions(file), cores, strands };
  return measureSpacing(sequences, scanWords(sequences, { topShare: 0.02 }), [codeOf(word)]);
}

describe("spacing of words", () => {
  it("is found where it was planted: one offset, one orientation, behind the core", () => {
    const { spacings, profile } = spacingOf(makeWordFile({ count: 300, offset: 7, chance: 0.7 }), "GATTA");
    const [one] = spacings;
    expect(one.reverse).toBeLessThan(0.05 * one.forward);
    expect(one.upstream).toBeLessThan(0.1 * one.downstream);
    expect(one.orientationP).toBeLessThan(1e-20);
    expect(one.sideP).toBeLessThan(1e-20);
    expect(one.uniformP).toBeLessThan(1e-20);
    expect(one.phaseP).toBeLessThan(1e-20);
    // From the core's middle: 4 bp to its end, 7 between, 2.5 to the word's middle, rounded up.
    const at = Math.floor((14 - profile.firstOffset) / 10);
    expect(one.forwardCounts[at]).toBeGreaterThan(0.9 * one.forward);
    expect(one.forwardCounts.reduce((sum, count) => sum + count, 0)).toBe(one.forward);
  });

  it("counts words of the other strand as the reverse complement on the core's", () => {
    const file = makeWordFile({ count: 300, chance: 0.7 });
    const { spacings: forward } = spacingOf(file, "GATTA");
    const { spacings: turned } = spacingOf(file, "TAATC");
    expect([turned[0].forward, turned[0].reverse]).toEqual([forward[0].reverse, forward[0].forward]);
    expect(turned[0].uniformP).toBeCloseTo(forward[0].uniformP, 12);
  });

  it("leaves out words of few top windows", () => {
    expect(spacingOf(makeWordFile({ chance: 0 }), "GATTA").spacings).toEqual([]);
  });
});

describe("tests of spacing", () => {
  it("are SciPy's", () => {
    // scipy.stats.chisquare([12, 30, 25, 9, 24], expected in proportion to 1, 2, 2, 1, 1), SciPy 1.17.1.
    const p = chiSquaredP(Float64Array.of(12, 30, 25, 9, 24), Float64Array.of(1, 2, 2, 1, 1));
    expect(p).toBeCloseTo(0.05088972576602905, 12);
    // scipy.stats.binomtest(7, 30, 0.5) and (18, 20, 0.5): symmetric, so that doubling a tail is the same.
    expect(binomialTwoSided(7, 30, 0.5)).toBeCloseTo(0.005222879350185395, 12);
    expect(binomialTwoSided(18, 20, 0.5)).toBeCloseTo(0.0004024505615234375, 12);
  });

  it("join classes that expect too little", () => {
    const joined = chiSquaredP(Float64Array.of(1, 3, 20, 16), Float64Array.of(1, 1, 6, 2));
    // Expected 4, 4, 24, 8: the first two become one of 8.
    const statistic = (4 - 8) ** 2 / 8 + (20 - 24) ** 2 / 24 + (16 - 8) ** 2 / 8;
    expect(joined).toBeCloseTo(Math.exp(-statistic / 2), 12);
    expect(chiSquaredP(Float64Array.of(2, 1), Float64Array.of(1, 1))).toBe(1);
  });

  it("are even where nothing is planted", () => {
    const random = new Random(5);
    let low = 0;
    for (let draw = 0; draw < 200; draw++) {
      const counts = new Float64Array(10);
      for (let i = 0; i < 300; i++) counts[random.integer(10)]++;
      if (chiSquaredP(counts, new Float64Array(10).fill(1)) < 0.1) low++;
    }
    expect(low).toBeGreaterThan(8);
    expect(low).toBeLessThan(35);
  });
});

describe("transcription starts", () => {
  const read = (name: string, text: string) =>
    readTranscriptionStarts(new MemorySource(new TextEncoder().encode(text), name));

  it("come from GTF, GFF3, BED and SGD's table", async () => {
    const gtf = [
      'chr1\tx\tgene\t100\t900\t.\t+\t.\tgene_id "a";',
      'chr1\tx\ttranscript\t151\t900\t.\t+\t.\tgene_id "a";',
      'chr1\tx\ttranscript\t100\t800\t.\t-\t.\tgene_id "b";',
    ].join("\n");
    expect((await read("a.gtf", gtf)).get("chr1")).toEqual(Int32Array.of(150, 799));
    const genes = "chr2\tx\tgene\t11\t90\t.\t-\t.\tID=a\n";
    expect((await read("a.gff3", genes)).get("chr2")).toEqual(Int32Array.of(89));
    const bed = "chr1\t500\t600\ta\t0\t-\nchr1\t20\t30\n";
    expect((await read("a.bed", bed)).get("chr1")).toEqual(Int32Array.of(20, 599));
    const sgd = [
      "S1\tORF\tVerified\tYAL1\t\t\tchromosome 1\t\t4\t335\t649\tW\t\t\t\t",
      "S2\tORF\tDubious\tYAL2\t\t\tchromosome 1\t\t4\t700\t800\tW\t\t\t\t",
      "S3\tORF\tVerified\tYAL3\t\t\tchromosome 1\t\t4\t2169\t1807\tC\t\t\t\t",
      "S4\tCDS\t\tYAL3\t\t\tchromosome 1\t\t4\t2169\t1807\tC\t\t\t\t",
    ].join("\n");
    expect((await read("SGD_features.tab", sgd)).get("4")).toEqual(Int32Array.of(334, 2168));
  });

  it("that are none are refused", async () => {
    await expect(read("a.gtf", "chr1\tx\texon\t1\t9\t.\t+\t.\t\n")).rejects.toThrow(
      /no transcription starts/,
    );
    await expect(read("SGD_features.tab", "S1\tORF\n")).rejects.toThrow(/line 1.*2 columns/);
    await expect(read("SGD_features.tab", "S1\tORF\t\tY\t\t\t\t\t4\tx\t649\tW\t\t\t\t")).rejects.toThrow(
      /the start \(column 10\) "x"/,
    );
  });

  it("are as far from cores as counting says, whatever chromosomes are called", () => {
    const random = new Random(6);
    const starts = new Map([["4", Int32Array.from({ length: 20 }, () => random.integer(2000)).sort()]]);
    const places = Array.from({ length: 50 }, (_, i) => {
      const start = random.integer(1900);
      return {
        chromosome: i % 10 === 9 ? "chrV" : "chrIV",
        start,
        end: start + 100,
        strand: i % 2 ? ("+" as const) : ("-" as const),
      };
    });
    const cores = Int32Array.from({ length: 100 }, (_, i) => (i % 2 ? 40 : 30));
    const distances = distancesToStarts(places, cores, starts, "starts.bed");
    places.forEach(({ chromosome, start, strand }, i) => {
      const [first, last] = strand === "+" ? [start + 30, start + 39] : [start + 60, start + 69];
      const all = [...(starts.get("4") as Int32Array)].map((at) => Math.max(0, first - at, at - last));
      expect(distances[i]).toBe(chromosome === "chrV" ? Number.POSITIVE_INFINITY : Math.min(...all));
    });
    const other = new Map([["chrX", Int32Array.of(1)]]);
    expect(() =>
      distancesToStarts([{ chromosome: "chr2", start: 0, end: 9, strand: "+" }], null, other, "s.bed"),
    ).toThrow(/s.bed: starts on chrX, sequences on chr2/);
    expect([proximalDistance("hg38"), proximalDistance("sacCer3"), proximalDistance(undefined)]).toEqual([
      3000, 500, 3000,
    ]);
  });

  it("divide sequences into proximal and distal ones", () => {
    const file = makeWordFile({ count: 300 });
    const places = Array.from({ length: 300 }, (_, i) => ({
      chromosome: "chrI",
      start: i < 120 ? 1000 : 50_000,
      end: (i < 120 ? 1000 : 50_000) + 100,
      strand: "+" as const,
    }));
    const starts = { positions: new Map([["chrI", Int32Array.of(1200)]]), distance: 500, source: "s.bed" };
    const { runs } = analyseWords({ ...file, places }, { starts });
    expect(runs.map(({ subset, sequences }) => [subset, sequences.count])).toEqual([
      ["all", 300],
      ["proximal", 120],
      ["distal", 180],
    ]);
    const few = analyseWords({ ...file, places }, { starts: { ...starts, distance: 10 } });
    expect(few.runs.map(({ subset }) => subset)).toEqual(["all", "distal"]);
    expect(few.warnings[0]).toMatch(/0 proximal sequences/);
  });
});

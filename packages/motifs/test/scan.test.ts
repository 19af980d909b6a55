import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MemorySource, readFasta } from "@bindscape/genome";
import { BindscapeError, Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backgroundFromSequences, backgroundOfLetters, NRDB_BACKGROUND } from "../src/background.js";
import { readMemeBackground } from "../src/formats/meme/background.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import type { Motif } from "../src/motif.js";
import { formatGeneral } from "../src/scan/format-number.js";
import { parseGenomicPlace } from "../src/scan/genomic-coordinates.js";
import { scan } from "../src/scan/scan.js";
import { averageStrands } from "../src/scan/scan-plan.js";
import { tailProbabilities } from "../src/scan/score-distribution.js";
import { bitsOfScore, makeScoreMatrix, type ScoreMatrix } from "../src/scan/score-matrix.js";
import { dataFile } from "./data.js";

function motifOf(rows: readonly (readonly number[])[], id = "m", sites = 20): Motif {
  return { id, name: id, length: rows.length, sites, probabilities: Float64Array.from(rows.flat()) };
}

const reb1 = motifOf([
  [0.1, 0.1, 0.1, 0.7],
  [0.05, 0.05, 0.05, 0.85],
  [0.94, 0.02, 0.02, 0.02],
  [0, 1, 0, 0],
  [0.01, 0.97, 0.01, 0.01],
  [0, 0.98, 0, 0.02],
  [0.05, 0, 0.95, 0],
]);

const codesOf = (text: string) => Uint8Array.from(text, (base) => ("ACGT".indexOf(base) + 5) % 5);

/** Adds up the probabilities of all words, in the whole numbers of a matrix. */
function bruteTail(
  { values, length }: ScoreMatrix,
  size: number,
  chance: (word: readonly number[]) => number,
): Float64Array {
  const tail = new Float64Array(size);
  for (let word = 0; word < 4 ** length; word++) {
    const letters = Array.from({ length }, (_, k) => (word >> (2 * k)) & 3);
    const score = letters.reduce((sum, letter, k) => sum + values[4 * k + letter], 0);
    const probability = chance(letters);
    for (let s = 0; s <= score; s++) tail[s] += probability;
  }
  return tail;
}

describe("tailProbabilities", () => {
  const matrix: ScoreMatrix = {
    length: 6,
    values: Int32Array.from({ length: 24 }, (_, i) => (i * 7) % 11),
    scale: 1,
    offset: 0,
  };

  it("equals the sum over all words, letters independent", () => {
    const background = backgroundOfLetters([0.1, 0.2, 0.3, 0.4]);
    const tail = tailProbabilities(matrix, background);
    const brute = bruteTail(matrix, tail.length, (word) =>
      word.reduce((product, letter) => product * background.words[0][letter], 1),
    );
    for (const [s, p] of tail.entries()) expect(p).toBeCloseTo(brute[s], 13);
    expect(tail[tail.length - 1]).toBeGreaterThan(0);
  });

  it.each([1, 2, 3])("equals the sum over all words under a Markov model of order %s", (order) => {
    const random = new Random(order);
    const background = backgroundFromSequences(
      [Uint8Array.from({ length: 400 }, () => Math.min(random.integer(4), random.integer(4)))],
      { order },
    );
    const tail = tailProbabilities(matrix, background, order);
    // The chain by its definition: the first letters by the word tables, each further one given those before.
    const code = (word: readonly number[]) => word.reduce((sum, letter) => sum * 4 + letter, 0);
    const chanceOf = (word: readonly number[]) => {
      let product = 1;
      for (let k = 0; k < word.length; k++) {
        const before = word.slice(Math.max(0, k - order), k);
        const table = background.words[before.length];
        let all = 0;
        for (let letter = 0; letter < 4; letter++) all += table[code([...before, letter])];
        product *= table[code([...before, word[k]])] / all;
      }
      return product;
    };
    const brute = bruteTail(matrix, tail.length, chanceOf);
    for (const [s, p] of tail.entries()) expect(p).toBeCloseTo(brute[s], 12);
    const independent = tailProbabilities(matrix, background, 0);
    expect(Math.max(...tail.map((p, s) => Math.abs(p - independent[s])))).toBeGreaterThan(1e-3);
    expect(() => tailProbabilities(matrix, background, order + 1)).toThrow(BindscapeError);
  });
});

describe("scan", () => {
  const sequences = [
    { name: "a", codes: codesOf("AAAATTACCCGAAAANTTACCCGNACCCGTAAA") },
    { name: "b", codes: codesOf("CGGGTAA") },
    { name: "c", codes: codesOf("NNNNNNNNNNNN") },
    { name: "d", codes: codesOf("ACG") },
    { name: "e", codes: new Uint8Array(0) },
  ];

  it("finds sites on both strands, by p-value, and skips those with an unknown letter", () => {
    const { sites, statistics } = scan([reb1], sequences, { threshold: 1e-3 });
    expect(
      sites.map(({ sequence, start, end, strand, matched }) => [sequence, start, end, strand, matched]),
    ).toEqual([
      [0, 4, 11, "+", "TTACCCG"],
      [0, 16, 23, "+", "TTACCCG"],
      [1, 0, 7, "-", "TTACCCG"],
    ]);
    const windows = 15 - 6 + 7 - 6 + 9 - 6 + 1;
    expect(statistics[0].tested).toBe(2 * windows);
    expect(sites[0].pValue).toBeGreaterThan(0);
    expect(sites[0].qValue).toBeCloseTo(
      Math.min(1, (statistics[0].nullShare * sites[0].pValue * 2 * windows) / 3),
      12,
    );
  });

  it("gives scores that are log-odds to the step of its resolution", () => {
    const background = averageStrands(backgroundOfLetters(NRDB_BACKGROUND)).words[0];
    const matrix = makeScoreMatrix(reb1, { background });
    const { sites } = scan([reb1], sequences, { threshold: 1e-3 });
    const exact = [3, 3, 0, 1, 1, 1, 2].reduce((sum, letter, k) => {
      const p = (20 * reb1.probabilities[4 * k + letter] + 0.1 * background[letter]) / 20.1;
      return sum + Math.log2(p / background[letter]);
    }, 0);
    expect(Math.abs(sites[0].score - exact)).toBeLessThan((0.5 * 7) / matrix.scale);
    expect(bitsOfScore(matrix, 0)).toBe(7 * matrix.offset);
  });

  it("keeps the best strand, the best site, the forward strand", () => {
    const palindrome = motifOf([
      [0.91, 0.03, 0.03, 0.03],
      [0.03, 0.91, 0.03, 0.03],
      [0.03, 0.03, 0.91, 0.03],
      [0.03, 0.03, 0.03, 0.91],
    ]);
    const input = [{ name: "a", codes: codesOf("TTACGTTTACGT") }];
    const of = (options: Parameters<typeof scan>[2]) =>
      scan([palindrome], input, { threshold: 0.01, ...options }).sites.map(
        ({ start, strand }) => `${start}${strand}`,
      );
    expect(of({})).toEqual(["2+", "2-", "8+", "8-"]);
    expect(of({ maxStrand: true })).toEqual(["2+", "8+"]);
    expect(of({ bestSite: true })).toEqual(["2+"]);
    expect(of({ bothStrands: false })).toEqual(["2+", "8+"]);
  });

  it("takes thresholds of q-values", () => {
    const random = new Random("q");
    const codes = Uint8Array.from({ length: 60_000 }, () => random.integer(4));
    for (let i = 0; i < 40; i++) codes.set(codesOf("TTACCCG"), 1_000 + i * 700);
    const input = [{ name: "a", codes }];
    const all = scan([reb1], input, { threshold: 1e-3 }).sites;
    const some = scan([reb1], input, { qThreshold: 0.2 }).sites;
    expect(some).toEqual(all.filter(({ qValue }) => qValue! <= 0.2));
    expect(some.length).toBeGreaterThan(39);
    expect(some.length).toBeLessThan(all.length);
    expect(scan([reb1], input, { computeQValues: false }).sites[0].qValue).toBeNull();
  });

  it("does not depend on where sequences are cut", () => {
    const random = new Random("cut");
    const codes = Uint8Array.from({ length: 2_200_000 }, () => random.integer(4));
    codes.set(codesOf("TTACCCG"), (1 << 20) - 3);
    const whole = scan([reb1], [{ name: "a", codes }], { threshold: 1e-4 });
    const halves = scan(
      [reb1],
      [
        { name: "a", codes: codes.subarray(0, 1_100_000) },
        { name: "b", codes: codes.subarray(1_100_000 - 6) },
      ],
      { threshold: 1e-4 },
    );
    const places = halves.sites.map(
      ({ sequence, start, strand }) => `${start + sequence * 1_099_994}${strand}`,
    );
    expect(places.sort()).toEqual(whole.sites.map(({ start, strand }) => `${start}${strand}`).sort());
    expect(whole.sites.some(({ start }) => start === (1 << 20) - 3)).toBe(true);
    expect(whole.statistics[0].tested).toBe(2 * (codes.length - 6));
    expect(halves.statistics[0].tested).toBe(2 * (codes.length - 6));
    const best = scan([reb1], [{ name: "a", codes }], { threshold: 1e-4, bestSite: true }).sites;
    expect(best.length).toBe(1);
    expect(best[0].start).toBe(whole.sites.find(({ score }) => score === whole.sites[0].score)!.start);
  });

  it("refuses options out of range", () => {
    expect(() => scan([reb1], sequences, { threshold: 0 })).toThrow(/threshold: 0/);
    expect(() => scan([reb1], sequences, { threshold: 2 })).toThrow(BindscapeError);
    expect(() => scan([reb1], sequences, { pseudocount: 0 })).toThrow(/pseudocount 0/);
    expect(() => scan([reb1], sequences, { markovOrder: 2 })).toThrow(/order 2 asked of a model of order 0/);
    expect(() => scan([reb1], sequences, { qThreshold: 0.1, computeQValues: false })).toThrow(BindscapeError);
  });
});

describe("parseGenomicPlace", () => {
  it("reads the places that names begin with", () => {
    expect(parseGenomicPlace("chr2:60221038-60221538(-)_Ly75")).toEqual({
      chromosome: "chr2",
      start: 60221038,
    });
    expect(parseGenomicPlace("chr1:5-5")).toEqual({ chromosome: "chr1", start: 5 });
    for (const name of ["chr1", "chr1:5", "chr1:9-3", ":1-2", "chr1:a-b", "x y:1-2"]) {
      expect(parseGenomicPlace(name)).toBeNull();
    }
    fc.assert(fc.property(fc.string(), (name) => void parseGenomicPlace(name)));
  });
});

describe("formatGeneral", () => {
  it("writes numbers as printf's %g", () => {
    const cases: [number, number, string][] = [
      [18.75, 6, "18.75"],
      [18.7105263, 6, "18.7105"],
      [3.36e-9, 3, "3.36e-09"],
      [0.0001, 3, "0.0001"],
      [0.00001, 3, "1e-05"],
      [1, 3, "1"],
      [0.999999, 3, "1"],
      [1234567, 3, "1.23e+06"],
      [-0.25, 6, "-0.25"],
      [9.996e-5, 3, "0.0001"],
      [0, 3, "0"],
    ];
    for (const [value, digits, text] of cases) expect(formatGeneral(value, digits)).toBe(text);
  });
});

describe("readMemeBackground", () => {
  it("reads the line, or says what is there instead", () => {
    const text =
      "MEME version 4\r\nBackground letter frequencies (from x)\r\nA 0.3 C 0.2 G 0.2 T 0.3\r\nMOTIF a\r\n";
    expect(readMemeBackground(text, "x")).toEqual([0.3, 0.2, 0.2, 0.3]);
    expect(() => readMemeBackground("MEME version 4\n", "x")).toThrow(/no background letter frequencies/);
    expect(() => readMemeBackground("Background letter frequencies\nA 0.3 C 0.2\n", "x")).toThrow(
      BindscapeError,
    );
  });
});

const gold = dataFile("gold/meme_suite/fimo/fimo.tsv");
const yeast = dataFile("yeast/sacCer3_nuclear.fa.gz");

interface GoldRow {
  readonly [column: string]: string;
}

function readTable(file: string): GoldRow[] {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const [header, ...lines] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const columns = header.split("\t");
  return lines.map((line) => Object.fromEntries(line.split("\t").map((value, i) => [columns[i], value])));
}

describe.skipIf(gold === undefined)("agreement with FIMO", () => {
  it("finds its sites in mouse promoters: places, scores, p-values, and q-values but for the share of true nulls", async () => {
    const motifFile = dataFile("gold/meme_suite/datasets/some_vertebrates.meme")!;
    const fasta = dataFile("gold/meme_suite/datasets/mm9_tss_500bp_sampled_1000.fna")!;
    const motifs = readMotifs(readFileSync(motifFile, "utf8"), motifFile);
    const sequences = await readFasta(new MemorySource(readFileSync(fasta), fasta));
    const rows = readTable(gold!);
    const { sites, statistics } = scan(motifs, sequences);
    expect(sites.length).toBe(rows.length);
    const byKey = new Map(
      rows.map((row) => [`${row.motif_id} ${row.sequence_name} ${row.start} ${row.stop} ${row.strand}`, row]),
    );
    const ratios = motifs.map((): number[] => []);
    for (const site of sites) {
      const start = site.place!.start + site.start;
      const stop = start + site.end - site.start - 1;
      const row = byKey.get(
        `${motifs[site.motif].id} ${site.place!.chromosome} ${start} ${stop} ${site.strand}`,
      )!;
      expect(row).toBeDefined();
      expect(site.matched).toBe(row.matched_sequence);
      expect(Math.abs(site.score - Number(row.score))).toBeLessThan(1e-4);
      expect(Math.abs(site.pValue / Number(row["p-value"]) - 1)).toBeLessThan(0.005);
      if (Number(row["q-value"]) < 1) ratios[site.motif].push(site.qValue! / Number(row["q-value"]));
    }
    for (const [motif, values] of ratios.entries()) {
      if (values.length === 0) continue;
      // One factor for all sites of a motif: the ratio of the two shares of true nulls.
      expect(Math.max(...values) / Math.min(...values)).toBeLessThan(1.012);
      expect(Math.abs(values[0] - 1)).toBeLessThan(0.04);
      expect(statistics[motif].nullShare).toBeGreaterThan(0.8);
    }
  });

  it.skipIf(yeast === undefined)("finds its sites of 179 motifs in a yeast chromosome", async () => {
    const motifFile = dataFile("gold/meme_5.5.8_yeast/JASPAR2022_fungi.meme")!;
    const motifs = readMotifs(readFileSync(motifFile, "utf8"), motifFile);
    const sequences = await readFasta(new MemorySource(readFileSync(yeast!), yeast!));
    const rows = readTable(dataFile("gold/meme_5.5.8_yeast/fimo_179_chrI_1e-4_text.tsv.gz")!);
    const { sites } = scan(
      motifs,
      sequences.filter(({ name }) => name === "chrI"),
      { computeQValues: false },
    );
    const lineOf = (row: readonly (string | number)[]) => row.join(" ");
    expect(
      sites
        .map(({ motif, start, end, strand, matched }) =>
          lineOf([motifs[motif].id, start + 1, end, strand, matched]),
        )
        .sort(),
    ).toEqual(
      rows.map((row) => lineOf([row.motif_id, row.start, row.stop, row.strand, row.matched_sequence])).sort(),
    );
    const numbers = new Map(rows.map((row) => [lineOf([row.motif_id, row.start, row.strand]), row]));
    for (const { motif, start, strand, score, pValue } of sites) {
      const row = numbers.get(lineOf([motifs[motif].id, start + 1, strand]))!;
      expect(Math.abs(score - Number(row.score))).toBeLessThan(1e-4);
      expect(Math.abs(pValue / Number(row["p-value"]) - 1)).toBeLessThan(0.005);
    }
  });
});

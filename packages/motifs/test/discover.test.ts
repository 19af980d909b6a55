import { readFileSync } from "node:fs";
import { MemorySource } from "@bindscape/genome";
import { BindscapeError, pearson, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { DNA, encodeLetters, METHYLATED_DNA } from "../src/alphabet.js";
import { discover } from "../src/discover/discover.js";
import {
  formatLog10,
  summariseDiscovery,
  writeDiscoveredMeme,
  writeSequencesTsv,
  writeSitesTsv,
} from "../src/discover/discovered-tables.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import { readSequences } from "../src/read-sequences.js";
import { dataFile } from "./data.js";

/** Random sequences; a share of them holds a site of a consensus with some letters changed, on either strand. */
function plant(seed: string, count: number, site: string, share: number, alphabet = DNA) {
  const random = new Random(seed);
  const size = alphabet.letters.length;
  const codes = encodeLetters(site, alphabet);
  return Array.from({ length: count }, (_, index) => {
    const sequence = Uint8Array.from({ length: 80 }, () => random.integer(size));
    if (random.uniform() < share) {
      const changed = codes.map((code) => (random.integer(12) === 0 ? random.integer(size) : code));
      const isReverse = random.integer(2) === 1;
      const placed = isReverse ? changed.map((code) => alphabet.complement[code]).reverse() : changed;
      sequence.set(placed, random.integer(80 - site.length));
    }
    return { name: `s${index}`, codes: sequence };
  });
}

/** Best correlation of a motif with a consensus over offsets and strands. */
function likeness(probabilities: Float64Array, consensus: string): number {
  const wanted = Float64Array.from(
    [...consensus].flatMap((letter) => [..."ACGT"].map((other) => (other === letter ? 1 : 0))),
  );
  let best = -1;
  for (const matrix of [probabilities, probabilities.toReversed()]) {
    for (let offset = -12; offset <= 12; offset += 1) {
      const from = Math.max(0, offset * 4);
      const to = Math.min(matrix.length, wanted.length + offset * 4);
      if (to - from < 24) continue;
      best = Math.max(
        best,
        pearson(matrix.slice(from, to), wanted.slice(from - offset * 4, to - offset * 4)),
      );
    }
  }
  return best;
}

describe("discover, by enrichment", () => {
  it("finds planted motifs in order of their p-values, with hold-out p-values and sites", async () => {
    const site = "TGACGTCATC";
    const sequences = plant("planted", 400, site, 0.4);
    const result = await discover(sequences, { motifs: 2, maximumWidth: 12 });
    const [first, second] = result.motifs;
    expect(likeness(first.probabilities, site)).toBeGreaterThan(0.95);
    expect(first.id).toBe(`1-${first.consensus}`);
    expect(first.name).toBe("STREME-1");
    expect(result.heldOut).toBe(40);
    expect(first.heldOut?.primaries).toBe(40);
    expect(first.log10P).toBe(first.heldOut?.log10P);
    expect(first.log10P!).toBeLessThan(-2);
    expect(first.log10E).toBeCloseTo(first.log10P! + Math.log10(2), 12);
    expect(first.training!.log10P).toBeLessThan(-20);
    expect(second.log10P!).toBeGreaterThan(first.log10P!);
    for (const { sequence, start, end, strand, text } of first.siteList) {
      const codes = sequences[sequence].codes.slice(start, end);
      const read = strand === "+" ? codes : codes.map((code) => 3 - code).reverse();
      expect(encodeLetters(text, DNA)).toEqual(read);
    }
    // Nearly all planted sites are among them, and few others.
    expect(first.siteList.length).toBeGreaterThan(110);
    expect(first.siteList.length).toBeLessThan(190);
  });

  it("gives the same again, and something else for another seed", async () => {
    const sequences = plant("again", 120, "GGGTTACCC", 0.3);
    const [a, b, c] = await Promise.all(
      [1, 1, 2].map((seed) => discover(sequences, { motifs: 1, maximumWidth: 10, seed })),
    );
    expect(summariseDiscovery(a)).toEqual(summariseDiscovery(b));
    expect(summariseDiscovery(a)).not.toEqual(summariseDiscovery(c));
  });

  it("calls nothing significant in sequences without a motif", async () => {
    const pValues: number[] = [];
    for (let round = 0; round < 12; round++) {
      const sequences = plant(`null ${round}`, 100, "A", 0);
      const { motifs, stopped } = await discover(sequences, { maximumWidth: 9, seed: round, patience: 2 });
      pValues.push(...motifs.map(({ log10P }) => 10 ** log10P!));
      if (round === 0) expect(stopped).toMatch(/missed the p-value threshold of 0.05/);
    }
    expect(pValues.length).toBeGreaterThanOrEqual(24);
    // Discrete p-values are a little conservative: a twentieth of them below 0.05, or fewer.
    expect(pValues.filter((p) => p < 0.05).length).toBeLessThanOrEqual(5);
    expect(pValues.filter((p) => p > 0.2).length).toBeGreaterThan(pValues.length / 3);
  });

  it("compares with given controls, of other lengths by the binomial test", async () => {
    const sequences = plant("treated", 150, "TTACCCGG", 0.5);
    // Both sides hold a second motif: it is not enriched, and not found.
    for (const { codes } of sequences) codes.set(encodeLetters("ATTTGCAT", DNA), 0);
    const control = plant("untreated", 200, "A", 0).map(({ name, codes }) => ({
      name: `control ${name}`,
      codes: Uint8Array.from([...encodeLetters("ATTTGCAT", DNA), ...codes]),
    }));
    const result = await discover(sequences, { control, motifs: 2, maximumWidth: 10 });
    expect(result.test).toBe("binomial");
    expect(result.isShuffled).toBe(false);
    expect(likeness(result.motifs[0].probabilities, "TTACCCGG")).toBeGreaterThan(0.9);
    for (const { probabilities } of result.motifs)
      expect(likeness(probabilities, "ATTTGCAT")).toBeLessThan(0.9);
    const rows = writeSequencesTsv(result, sequences, control).trim().split("\n");
    expect(rows[0].split("\t").length).toBe(7);
    const falsePositives = rows.filter((row) => row.split("\t")[5] === "fp");
    expect(falsePositives.every((row) => row.split("\t")[3].startsWith("control s"))).toBe(true);
    expect(rows.length - falsePositives.length).toBeGreaterThan(60);
  });

  it("finds methylated sites and writes their alphabet", async () => {
    const sequences = plant("methylated", 150, "TGAm1TmAG", 0.5, METHYLATED_DNA);
    const result = await discover(sequences, { alphabet: METHYLATED_DNA, motifs: 1, maximumWidth: 10 });
    expect(result.motifs[0].consensus).toMatch(/TGAm1TmA|T1Am1TmA|T1Am1TCA/);
    const text = writeDiscoveredMeme(result);
    expect(text).toContain('ALPHABET "DNA with 5-methylcytosine" DNA-LIKE');
    expect(text).toContain('m "5-Methylcytosine" 8E44AD ~ 1 "Guanine opposite 5-methylcytosine" A0522D');
    expect(text).toMatch(/alength= 6/);
    await expect(discover(sequences, { alphabet: METHYLATED_DNA, method: "meme" })).rejects.toThrow(
      /alphabet DNA with 5-methylcytosine with the method meme/,
    );
  });

  it("reads one strand where told to", async () => {
    const random = new Random("one strand");
    const sequences = plant("one strand", 200, "A", 0);
    for (const { codes } of sequences) {
      if (random.integer(2) === 0) codes.set(encodeLetters("ACTTGGCA", DNA), random.integer(70));
    }
    const { motifs } = await discover(sequences, { motifs: 1, bothStrands: false, maximumWidth: 10 });
    expect(motifs[0].siteList.every(({ strand }) => strand === "+")).toBe(true);
    expect(motifs[0].consensus).toContain("ACTTGGCA");
  });
});

describe("discover, by expectation maximisation", () => {
  it("finds planted motifs under each distribution of sites", async () => {
    const site = "GCTTACGTAGGC";
    for (const [distribution, share] of [
      ["oops", 1],
      ["zoops", 0.6],
      ["anr", 0.8],
    ] as const) {
      const sequences = plant(`em ${distribution}`, 40, site, share);
      const { motifs } = await discover(sequences, {
        method: "meme",
        distribution,
        maximumWidth: 16,
        motifs: 1,
      });
      expect(likeness(motifs[0].probabilities, site)).toBeGreaterThan(0.93);
      expect(motifs[0].log10E).toBeLessThan(-20);
      expect(motifs[0].length).toBeGreaterThanOrEqual(10);
      if (distribution === "oops") expect(motifs[0].siteList.length).toBe(40);
    }
  });

  it("finds nothing significant in sequences without a motif", async () => {
    for (let round = 0; round < 2; round++) {
      const sequences = plant(`em null ${round}`, 30, "A", 0);
      const { motifs } = await discover(sequences, { method: "meme", maximumWidth: 12 });
      expect(motifs[0].log10E).toBeGreaterThan(-1);
    }
  });

  const example = dataFile("gold/meme_suite/datasets/lex0.fna");
  it.skipIf(example === undefined)("agrees with MEME on the LexA sites of its example", async () => {
    const bytes = new Uint8Array(readFileSync(example!));
    const sequences = await readSequences(new MemorySource(bytes, "lex0.fna"));
    const { motifs } = await discover(sequences, { method: "meme", motifs: 1 });
    // MEME 5.4.0: width 18, 14 sites, log-likelihood ratio 241, E-value 3.7e-33.
    expect(motifs[0].consensus).toBe("TACTGTATATAHAHMCAG");
    expect(motifs[0].siteList.length).toBe(14);
    expect(Math.round(motifs[0].logLikelihoodRatio!)).toBe(241);
    expect(Math.abs(motifs[0].log10E - Math.log10(3.7e-33))).toBeLessThan(0.5);
    const top = motifs[0].siteList.map(({ sequence, start, strand }) =>
      [sequences[sequence].name, start + 1, strand].join(),
    );
    for (const site of ["recn,71,+", "cloacin-df13,99,-", "lexA,76,+", "uvrb,73,-"])
      expect(top).toContain(site);
  });
});

describe("what discover refuses and what it copes with", () => {
  const sequences = plant("edges", 20, "GATTACAGAT", 1);

  it("names the option", async () => {
    const cases = [
      [{ minimumWidth: 2 }, /minimum width: 2/],
      [{ minimumWidth: 12, maximumWidth: 9 }, /maximum width: 9/],
      [{ maximumWidth: 31 }, /maximum width: 31/],
      [{ motifs: 0 }, /number of motifs: 0/],
      [{ order: 7 }, /order: 7/],
      [{ holdOut: 0.9 }, /hold-out share: 0.9/],
      [{ method: "meme", maximumSites: 30 }, /number of sites: 2 to 30 among 20 sequences/],
      [{ method: "meme", control: sequences }, /control sequences with the method meme/],
    ] as const;
    for (const [options, message] of cases) {
      await expect(discover(sequences, options)).rejects.toThrow(message);
      await expect(discover(sequences, options)).rejects.toThrow(BindscapeError);
    }
    await expect(discover([])).rejects.toThrow(/sequences: none/);
    const unknown = [{ name: "n", codes: new Uint8Array(50).fill(4) }];
    await expect(discover(unknown)).rejects.toThrow(/no more than 0 known letters in a row/);
  });

  it("takes few sequences, short ones, repeated names, and stops when told to", async () => {
    const odd = [
      ...sequences.slice(0, 8),
      { name: "s1", codes: new Uint8Array(3) },
      { name: "s1", codes: new Uint8Array(0) },
    ];
    for (const method of ["streme", "meme"] as const) {
      const result = await discover(odd, { method, motifs: 1, maximumWidth: 10 });
      expect(likeness(result.motifs[0].probabilities, "GATTACAGAT")).toBeGreaterThan(0.9);
      expect(result.heldOut).toBe(0);
      const again = readMotifs(writeDiscoveredMeme(result), "motifs.meme");
      expect(again[0].probabilities).toEqual(result.motifs[0].probabilities);
      expect(writeSitesTsv(result, odd).split("\n").length).toBe(result.motifs[0].siteList.length + 2);
    }
    const signal = AbortSignal.abort(new Error("stopped"));
    const many = plant("stopped", 2000, "GATTACAGAT", 1);
    await expect(discover(many, { signal })).rejects.toThrow(/stopped/);
  });
});

describe("readSequences", () => {
  const read = (text: string, alphabet = DNA) =>
    readSequences(new MemorySource(new TextEncoder().encode(text), "peaks.fa"), alphabet);

  it("keeps repeated names, soft masks, Windows line ends", async () => {
    const records = await read(">a first\r\nacgT\r\nNN\r\n>a\nAC GT\n>empty\n");
    expect(records.map(({ name, codes }) => `${name}:${codes.join("")}`)).toEqual([
      "a:012344",
      "a:0123",
      "empty:",
    ]);
    expect((await read(">x\nAm1G\n", METHYLATED_DNA))[0].codes.join("")).toBe("0452");
  });

  it("refuses other files with the line", async () => {
    await expect(read("MEME version 4\n")).rejects.toThrow(
      /peaks.fa, line 1: "MEME version 4".*file of motifs/s,
    );
    await expect(read(">a\nACGT\nMKVL*\n")).rejects.toThrow(
      /line 3: the character "L"|line 3: the character "\*"/,
    );
    await expect(read(">motif\n0.1 0.2 0.3 0.4\n")).rejects.toThrow(/Is this a file of motifs/);
    await expect(read("")).rejects.toThrow(/no sequences/);
    await expect(read("> \nACGT\n")).rejects.toThrow(/a header line without a name/);
  });
});

it("formats numbers below what a double holds", () => {
  expect(formatLog10(-512.3)).toBe("5.0e-513");
  expect(formatLog10(Math.log10(0.05))).toBe("0.050");
  expect(formatLog10(-8.63457)).toBe("2.3e-9");
  expect(formatLog10(0)).toBe("1.0");
});

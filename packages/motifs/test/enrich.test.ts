import { readFileSync } from "node:fs";
import { MemorySource, readFasta } from "@bindscape/genome";
import { BindscapeError, logBinomialTail, logFisherEnrichment, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { testCentralEnrichment } from "../src/enrich/central-enrichment.js";
import { enrich } from "../src/enrich/enrich.js";
import { rankByEnrichment } from "../src/enrich/rank-enrichment.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import type { Motif } from "../src/motif.js";
import { dataFile } from "./data.js";

function consensusMotif(text: string, id = text): Motif {
  const probabilities = Float64Array.from(
    [...text].flatMap((base) => [..."ACGT"].map((other) => (base === other ? 0.94 : 0.02))),
  );
  return { id, name: id, length: text.length, sites: 100, probabilities };
}

const codesOf = (text: string) => [...text].map((base) => "ACGT".indexOf(base));
const planted = consensusMotif("TTACCCGC");
const others = ["CACGTGAC", "GGAATTCA", "TGACTCAT"].map((text) => consensusMotif(text));

/** Random sequences, the first `share` of them with a site at an offset from the middle. */
function sequencesWith(count: number, length: number, share: number, seed: string, offset = () => 0) {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const codes = Uint8Array.from({ length }, () => random.integer(4));
    if (i < share * count) codes.set(codesOf("TTACCCGC"), length / 2 - 4 + offset());
    return { name: `s${i}`, codes };
  });
}

describe("testCentralEnrichment", () => {
  it("finds sites in the middle, with the binomial p-value of the best stretch", () => {
    const random = new Random("jitter");
    const sequences = sequencesWith(200, 200, 0.5, "central", () => random.integer(21) - 10);
    const [{ positions, region }, ...rest] = testCentralEnrichment([planted, ...others], sequences);
    expect(positions.counts.length).toBe(193);
    expect(positions.offsets[0]).toBe(-96);
    expect(positions.counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(positions.sites, 9);
    expect(region!.centre).toBe(0);
    expect(region!.width).toBeGreaterThanOrEqual(15);
    expect(region!.width).toBeLessThanOrEqual(25);
    expect(region!.logPValue).toBeCloseTo(
      logBinomialTail(region!.sitesInside, region!.sites, region!.width / region!.places),
      12,
    );
    // All centred stretches of an odd number of places but the whole.
    expect(region!.tests).toBe(96);
    expect(Math.exp(region!.logAdjustedPValue)).toBeLessThan(1e-40);
    expect(region!.eValue).toBeCloseTo(4 * Math.exp(region!.logAdjustedPValue), 12);
    for (const other of rest) expect(other.region === null || other.region.eValue > 1e-3).toBe(true);
  });

  it("finds stretches elsewhere in local mode only", () => {
    const sequences = sequencesWith(150, 121, 0.6, "local", () => -40.5);
    const [{ region }] = testCentralEnrichment([planted], sequences, { isLocal: true });
    expect(Math.abs(region!.centre + 40.5)).toBeLessThan(2);
    expect(region!.tests).toBe((114 * 115) / 2 - 1);
    const [{ region: centred }] = testCentralEnrichment([planted], sequences);
    expect(centred!.logPValue).toBeGreaterThan(region!.logPValue);
  });

  it("splits a sequence between equally good sites, and leaves other lengths out", () => {
    const twice = Uint8Array.from([...codesOf("TTACCCGC"), 0, 0, ...codesOf("TTACCCGC")]);
    const sequences = [twice, twice.slice(), new Uint8Array(5)].map((codes) => ({ codes }));
    const [{ positions }] = testCentralEnrichment([planted], sequences, {
      background: [0.25, 0.25, 0.25, 0.25],
    });
    expect(positions.sequences).toBe(2);
    expect(positions.sites).toBe(2);
    expect(Array.from(positions.counts)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(() => testCentralEnrichment([planted], [])).toThrow(BindscapeError);
  });
});

describe("rankByEnrichment", () => {
  it("ranks a planted motif first, over given and over shuffled controls", () => {
    const sequences = sequencesWith(300, 100, 0.4, "rank");
    const controls = sequencesWith(300, 100, 0, "controls");
    for (const options of [{ controls }, {}]) {
      const ranked = rankByEnrichment([...others, planted], sequences, options);
      const [first, second] = ranked;
      expect(first.motif).toBe(3);
      expect(first.total).toBe(270);
      expect(first.controlTotal).toBe(270);
      expect(first.hits / first.total).toBeGreaterThan(0.35);
      expect(first.logPValue).toBeLessThan(-40);
      expect(first.logPValue).toBe(
        logFisherEnrichment(first.hits, first.total, first.controlHits, first.controlTotal),
      );
      expect(first.eValue).toBeCloseTo(4 * Math.exp(first.logPValue), 12);
      expect(Math.exp(second.logPValue)).toBeGreaterThan(1e-3);
      expect(ranked.map(({ qValue }) => qValue)).toEqual(
        ranked.map(({ qValue }) => qValue).sort((a, b) => a - b),
      );
    }
  });

  it("gives p-values that are uniform where nothing is enriched", () => {
    const random = new Random("null motifs");
    const motifs = Array.from({ length: 120 }, (_, i) =>
      consensusMotif(Array.from({ length: 7 }, () => "ACGT"[random.integer(4)]).join(""), `m${i}`),
    );
    const ranked = rankByEnrichment(motifs, sequencesWith(400, 100, 0, "a"), {
      controls: sequencesWith(400, 100, 0, "b"),
    });
    const below = (p: number) => ranked.filter(({ logPValue }) => Math.exp(logPValue) <= p).length;
    // Exact tests of counts are conservative: at most what is expected, but for chance.
    expect(below(0.05)).toBeLessThan(15);
    expect(below(0.5)).toBeLessThan(75);
    expect(below(0.9)).toBeGreaterThan(40);
  });

  it("uses the binomial test where controls are longer", () => {
    const [first] = rankByEnrichment([planted], sequencesWith(60, 100, 0.5, "x"), {
      controls: sequencesWith(60, 300, 0, "y"),
    });
    const share = (54 * 100) / (54 * 100 + 54 * 300);
    expect(first.logPValue).toBeCloseTo(
      logBinomialTail(first.hits, first.hits + first.controlHits, share),
      9,
    );
  });

  it("refuses what it cannot test", () => {
    expect(() => rankByEnrichment([planted], [])).toThrow(BindscapeError);
    expect(() => rankByEnrichment([planted], sequencesWith(5, 50, 0, "z"), { controls: [] })).toThrow(
      /0 controls/,
    );
    expect(() => rankByEnrichment([planted], sequencesWith(5, 50, 0, "z"), { holdOut: 1 })).toThrow(
      /hold-out 1/,
    );
  });
});

describe("enrich", () => {
  it("flags motifs that are not more frequent than in flanks and in random sequences", () => {
    const sequences = sequencesWith(200, 100, 0.5, "own");
    const results = enrich([...others, planted], sequences, {
      flanks: sequencesWith(400, 100, 0, "flanks"),
      random: sequencesWith(600, 100, 0, "random"),
      around: sequencesWith(200, 400, 0.5, "own"),
    });
    const [first] = results;
    expect(first.motif).toBe(3);
    expect(first.hasPoorCentrality).toBe(false);
    expect(first.hasPoorEnrichment).toBe(false);
    expect(first.flanks!.total).toBe(200);
    expect(first.flanks!.controlTotal).toBe(400);
    expect(first.random!.zScore).toBeGreaterThan(10);
    expect(first.central.positions.counts.length).toBe(393);
    expect(first.central.region!.width).toBeLessThan(10);
    expect(results.slice(1).every((one) => one.hasPoorEnrichment || one.random!.pValue > 1e-4)).toBe(true);
    const [alone] = enrich([planted], sequences);
    expect([alone.flanks, alone.random, alone.hasPoorCentrality, alone.hasPoorEnrichment]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});

const gold = dataFile("gold/meme_suite/centrimo/centrimo.tsv");

describe.skipIf(gold === undefined)("agreement with CentriMo and SEA", () => {
  it("finds CentriMo's best sites and stretches in mouse promoters", async () => {
    const motifFile = dataFile("gold/meme_suite/datasets/some_vertebrates.meme")!;
    const fasta = dataFile("gold/meme_suite/datasets/mm9_tss_500bp_sampled_1000.fna")!;
    const motifs = readMotifs(readFileSync(motifFile, "utf8"), motifFile);
    const sequences = await readFasta(new MemorySource(readFileSync(fasta), fasta));
    const results = testCentralEnrichment(motifs, sequences, { isLocal: true });
    const counts = new Map<string, number[]>();
    for (const line of readFileSync(dataFile("gold/meme_suite/centrimo/site_counts.txt")!, "utf8").split(
      "\n",
    )) {
      const motif = /^DB \d+ MOTIF\s+(\S+)/.exec(line)?.[1];
      if (motif !== undefined) counts.set(motif, []);
      else if (line.trim() !== "") [...counts.values()].at(-1)!.push(Number(line.trim().split(/\s+/)[1]));
    }
    const rows = readFileSync(gold!, "utf8")
      .split("\n")
      .slice(1, 6)
      .map((line) => line.split("\t").map((cell) => cell.trim()));
    for (const row of rows) {
      const index = motifs.findIndex(({ id }) => id === row[1]);
      const { positions, region } = results[index];
      const expected = counts.get(row[1])!;
      expect(positions.counts.length).toBe(expected.length);
      for (const [i, count] of positions.counts.entries()) expect(count).toBeCloseTo(expected[i], 3);
      const { centre, width, places, sitesInside, sites } = region!;
      expect([centre, width, places, sitesInside, sites]).toEqual(
        [7, 8, 9, 10, 11].map((column) => Number(row[column])),
      );
      expect(Math.abs(Math.exp(region!.logPValue) / Number(row[13]) - 1)).toBeLessThan(0.05);
      expect(Math.abs(region!.logAdjustedPValue - Number(row[6]))).toBeLessThan(0.01);
      expect(Math.abs(region!.eValue / Number(row[4]) - 1)).toBeLessThan(0.05);
    }
  });

  it("gives SEA's p-values for SEA's counts", () => {
    const rows = readFileSync(dataFile("gold/meme_suite/sea/sea.tsv")!, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t"))
      .filter((cells) => cells.length > 12);
    expect(rows.length).toBe(93);
    for (const cells of rows) {
      const p = Math.exp(logFisherEnrichment(Number(cells[5]), 450, Number(cells[7]), 450));
      expect(Math.abs(p / Number(cells[11]) - 1)).toBeLessThan(0.006);
    }
  });
});

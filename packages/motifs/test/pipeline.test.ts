import { BlobSource, decodeSequence, encodeSequence, type Interval } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { expectError } from "../../study/test/helpers.js";
import { motifFromConsensus } from "../src/consensus-to-motif.js";
import type { ReadableGenome } from "../src/matched-regions.js";
import { readCalledPeaks } from "../src/pipeline/read-peaks.js";
import { runChipSeqPipeline } from "../src/pipeline/run-pipeline.js";
import { type CalledPeak, describeLosses, selectPeaks } from "../src/pipeline/select-peaks.js";
import { formatMotifsJson, formatOccurrences } from "../src/pipeline/write-results.js";

const sizes = [
  { name: "chr1", size: 10_000 },
  { name: "chr2", size: 5_000 },
];
const peak = (place: string, values: Partial<CalledPeak> = {}): CalledPeak => {
  const [chromosome, start, end] = place.split(/[:-]/);
  return { chromosome, start: Number(start), end: Number(end), ...values };
};
const narrow = (place: string, q: number, p: number, signal: number, summit = -1) =>
  peak(place, { qValue: q, pValue: p, signalValue: signal, peak: summit });

describe("selectPeaks", () => {
  const source = "peaks.bed";

  it("orders by q, then p, then signal, then as given; or as asked", () => {
    const called = [
      narrow("chr1:1000-1100", 3, 5, 1),
      narrow("chr1:2000-2100", 9, 1, 1),
      narrow("chr1:3000-3100", 3, 6, 1),
      narrow("chr1:4000-4100", 3, 5, 8),
      narrow("chr2:1000-1100", 3, 5, 8),
    ];
    const starts = (order?: "q" | "p" | "signal" | "given") =>
      selectPeaks(called, sizes, { source, minimum: 1, order }).peaks.map(({ start }) => start);
    expect(starts()).toEqual([2000, 3000, 4000, 1000, 1000]);
    expect(starts("p")).toEqual([3000, 4000, 1000, 1000, 2000]);
    expect(starts("signal")).toEqual([4000, 1000, 1000, 2000, 3000]);
    expect(starts("given")).toEqual([1000, 2000, 3000, 4000, 1000]);
  });

  it("takes plain BED as given, and the middle as the summit where none is called", async () => {
    const called = [peak("chr1:1000-1001"), peak("chr1:2000-2101")];
    const { peaks, order, withoutSummit } = selectPeaks(called, sizes, { source, minimum: 1 });
    expect(order).toBe("given");
    expect(peaks.map(({ summit }) => summit)).toEqual([1000, 2050]);
    expect(withoutSummit).toBe(2);
    expect(
      selectPeaks([narrow("chr1:500-900", 1, 1, 1, 7)], sizes, { source, minimum: 1 }).peaks[0].summit,
    ).toBe(507);
    await expectError(() => selectPeaks(called, sizes, { source, minimum: 1, order: "q" }), "order by q");
  });

  it("drops what is excluded, off the genome or at ends, and counts it", () => {
    const called = [
      peak("chr1:149-150"), // 149 bp to the left
      peak("chr1:150-151"),
      peak("chr1:9850-9851"),
      peak("chr1:9851-9852"),
      peak("chr1:9000-10001"), // beyond the end
      peak("chr1:5000-5100"), // excluded
      peak("chrUn:1000-1001"),
      peak("chr2:1000-1001"),
    ];
    const exclude = [{ chromosome: "1", start: 5099, end: 6000 }];
    const selection = selectPeaks(called, sizes, { source, minimum: 1, exclude });
    expect(selection).toMatchObject({
      read: 8,
      onUnknownChromosomes: 1,
      onLeftOutChromosomes: 0,
      excluded: 1,
      atEnds: 3,
    });
    expect(selection.peaks.map(({ chromosome, start }) => `${chromosome}:${start}`)).toEqual([
      "chr1:150",
      "chr1:9850",
      "chr2:1000",
    ]);
    expect(describeLosses(selection)).toBe(
      "1 on chromosomes that the genome lacks, 1 in excluded regions, 3 too close to the end of a chromosome",
    );
  });

  it("includes and excludes chromosomes by either name; an empty list is no choice", async () => {
    const called = [peak("1:1000-1001"), peak("2:1000-1001")];
    const select = (chromosomes?: string[], excludedChromosomes?: string[]) =>
      selectPeaks(called, sizes, { source, minimum: 1, chromosomes, excludedChromosomes }).peaks.map(
        ({ chromosome }) => chromosome,
      );
    expect(select()).toEqual(["chr1", "chr2"]);
    expect(select([], [])).toEqual(["chr1", "chr2"]);
    expect(select(["2"])).toEqual(["chr2"]);
    expect(select(undefined, ["chr2"])).toEqual(["chr1"]);
    await expectError(() => select(["chr7"]), 'no chromosome "chr7"');
  });

  it("refuses too few peaks, saying where they went, and peaks of another genome", async () => {
    const called = [peak("chr1:1000-1001"), peak("chr1:1-2")];
    await expectError(
      () => selectPeaks(called, sizes, { source, minimum: 1000 }),
      "peaks.bed: 1 peaks of 2 (1 too close to the end of a chromosome); expected at least 1000",
      "--min-peaks",
    );
    await expectError(() => selectPeaks([], sizes, { source, minimum: 0 }), "0 peaks");
    await expectError(
      () => selectPeaks([peak("NC_1:5-6")], sizes, { source, minimum: 1 }),
      "chromosomes named NC_1",
      "chr1, chr2",
    );
  });
});

describe("readCalledPeaks", () => {
  const read = (text: string) => readCalledPeaks(new BlobSource(new Blob([text]), "p.bed"));

  it("reads narrowPeak by its ten columns, else places alone", async () => {
    const line = "chr1\t10\t30\tp\t5\t.\t7.5\t-1\t3.2\t4";
    expect((await read(`track x\r\n${line}\r\n`))[0]).toMatchObject({
      start: 10,
      signalValue: 7.5,
      qValue: 3.2,
      peak: 4,
    });
    expect(await read("chr1\t10\t30\tp\t5\t+\n")).toEqual([{ chromosome: "chr1", start: 10, end: 30 }]);
    // BED12 has other things in columns 7 to 10.
    expect(await read(`chr1\t10\t30\tp\t5\t+\t10\t30\t0\t1\t20,\t0,\n`)).toEqual([
      { chromosome: "chr1", start: 10, end: 30 },
    ]);
  });

  it("refuses what is no peak, and none", async () => {
    await expectError(() => read(""), "p.bed: no peaks");
    await expectError(() => read("MEME version 4\n"), "p.bed, line 1");
    await expectError(() => read("chr1\t10\t30\tp\t5\t.\t7\t-1\t3\t99\n"), "p.bed, line 1", "summit");
  });
});

/** A genome of random sequence in which a motif is planted near most summits, on both strands. */
function makeGenome(): { genome: ReadableGenome; peaks: Interval[] } {
  const random = new Random("pipeline");
  const peaks: Interval[] = [];
  const chromosomes = ["chrA", "chrB"].map((name) => ({
    name,
    codes: Uint8Array.from({ length: 60_000 }, () => random.integer(4)),
  }));
  for (let i = 0; i < 120; i++) {
    const { name, codes } = chromosomes[i % 2];
    const summit = 400 + Math.floor(i / 2) * 950;
    peaks.push({ chromosome: name, start: summit - (i % 3) * 90, end: summit + (i % 3) * 90 + 1 });
    if (i % 5 === 4) continue;
    const site = encodeSequence(i % 4 < 2 ? "TTACCCGGAT" : "ATCCGGGTAA");
    codes.set(site, summit - 5 + random.integer(21) - 10);
  }
  return {
    genome: {
      chromosomes: chromosomes.map(({ name, codes }) => ({ name, size: codes.length })),
      readCodes: async (name, start, end) =>
        chromosomes.find((one) => one.name === name)!.codes.subarray(start, end),
    },
    peaks,
  };
}

describe("runChipSeqPipeline", async () => {
  const { genome, peaks: called } = makeGenome();
  const planted = motifFromConsensus("TTACCCGGAT", { id: "1", name: "TTACCCGGAT", sites: 40 });
  const absent = motifFromConsensus("GGGGGGGCCC", { id: "2", name: "GGGGGGGCCC" });
  const database = [motifFromConsensus("ATCCGGGTAA", { id: "D1", name: "Reb1" }), absent];
  const selection = selectPeaks(called, genome.chromosomes, { source: "peaks", minimum: 1 });
  let given: string[] = [];
  const run = (seed = 1) =>
    runChipSeqPipeline(selection, genome, {
      findMotifs: async (centres) => {
        given = centres.map(({ codes }) => decodeSequence(codes));
        return [planted, absent];
      },
      database,
      topPeaks: 50,
      randomPerPeak: 20,
      // Exact words alone.
      siteThreshold: 2e-6,
      matchThreshold: 10,
      matchThresholdOn: "E-value",
      seed,
    });
  const result = await run();
  const whole = async (chromosome: string, start: number, end: number) =>
    decodeSequence(await genome.readCodes(chromosome, start, end));
  /** At the threshold, the planted motif has one word only: it and its reverse complement. */
  const holds = (text: string) => /TTACCCGGAT|ATCCGGGTAA/.test(text);
  it("gives the centres of the top peaks to the finder", async () => {
    expect(given).toHaveLength(50);
    const { chromosome, summit } = selection.peaks[7];
    expect(given[7]).toBe(await whole(chromosome, summit - 50, summit + 50));
  });

  it("counts the tested peaks' centres and flanks that hold a site", async () => {
    let centres = 0;
    let flanks = 0;
    for (const { chromosome, summit } of selection.peaks.slice(50, 100)) {
      if (holds(await whole(chromosome, summit - 50, summit + 50))) centres++;
      for (const from of [summit - 150, summit + 50])
        if (holds(await whole(chromosome, from, from + 100))) flanks++;
    }
    expect(centres).toBeGreaterThan(35);
    expect(result.motifs[0].flanks).toMatchObject({
      hits: centres,
      total: 50,
      controlHits: flanks,
      controlTotal: 100,
    });
    expect(result.motifs[0].random).toMatchObject({ hits: centres, total: 50, controlTotal: 1000 });
    expect(result.motifs[0]).toMatchObject({ hasPoorCentrality: false, hasPoorEnrichment: false });
    expect(result.motifs[1]).toMatchObject({ hasPoorCentrality: true, hasPoorEnrichment: true });
    expect(result).toMatchObject({ peaks: 120, topPeaks: 50, testedPeaks: 50 });
  });

  it("finds every site in every peak, and counts its offset from the summit", async () => {
    const expected = new Set<string>();
    let peaksWithSites = 0;
    const offsets = new Map<number, number>();
    for (const { chromosome, start, end, summit } of selection.peaks) {
      const from = Math.min(start, summit - 150);
      const text = await whole(chromosome, from, Math.max(end, summit + 150));
      if (holds(text)) peaksWithSites++;
      for (const [word, strand] of [
        ["TTACCCGGAT", "+"],
        ["ATCCGGGTAA", "-"],
      ]) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
          expected.add(`TTACCCGGAT\t${chromosome}\t${from + at}\t${from + at + 10}\t${strand}`);
      }
      const wide = await whole(chromosome, summit - 400, summit + 400);
      for (const match of wide.matchAll(/(?=TTACCCGGAT)/g)) {
        const offset = match.index - 400 + 4;
        offsets.set(offset, (offsets.get(offset) ?? 0) + 1);
      }
      for (const match of wide.matchAll(/(?=ATCCGGGTAA)/g)) {
        const offset = -(match.index - 400 + 5);
        offsets.set(offset, (offsets.get(offset) ?? 0) + 1);
      }
    }
    const lines = formatOccurrences(result).trimEnd().split("\n");
    expect(lines[0]).toBe("#motif_id\tchromosome\tstart\tend\tstrand\tq_value");
    const found = lines.slice(1).filter((line) => line.startsWith("TTACCCGGAT"));
    expect(new Set(found.map((line) => line.replace(/\t[^\t]*$/, "")))).toEqual(expected);
    expect(found).toHaveLength(expected.size);
    for (const line of found) expect(Number(line.split("\t")[5])).toBeLessThan(1);
    expect(result.motifs[0].peaksWithSites).toBe(peaksWithSites);
    const { counts, sites } = result.motifs[0].centrality;
    for (let offset = -300; offset <= 300; offset++)
      expect(counts[offset + 300]).toBe(offsets.get(offset) ?? 0);
    expect(sites).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  it("names the database's matches", () => {
    const [best] = result.motifs[0].matches;
    expect(best).toMatchObject({ target: 0, isReversed: true, overlap: 10 });
  });

  it("writes Factorbook's keys", () => {
    const { motifs } = JSON.parse(formatMotifsJson(result));
    expect(motifs).toHaveLength(2);
    expect(Object.keys(motifs[0])).toEqual([
      "name",
      "pwm",
      "e_value",
      "sites",
      "original_peaks",
      "original_peaks_occurrences",
      "lesser_peaks_occurrences_ratio",
      "flank_control_data",
      "shuffled_control_data",
      "peak_centrality",
    ]);
    expect(Object.keys(motifs[0].flank_control_data)).toEqual(["occurrences_ratio", "z_score", "p_value"]);
    expect(Object.keys(motifs[0].pwm[0])).toEqual(["A", "C", "G", "T"]);
    const shares = Object.values(motifs[0].peak_centrality) as number[];
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(motifs[1].peak_centrality).toEqual({});
  });

  it("repeats with the seed", async () => {
    expect(formatMotifsJson(await run())).toBe(formatMotifsJson(result));
    const other = await run(2);
    expect(other.motifs[0].flanks).toEqual(result.motifs[0].flanks);
  });

  it("refuses to test on nothing, and goes on without motifs", async () => {
    const options = { findMotifs: async () => [], database };
    await expectError(() => runChipSeqPipeline(selection, genome, options), "120 peaks", "--top");
    const none = await runChipSeqPipeline(selection, genome, { ...options, topPeaks: 60 });
    expect(none.motifs).toEqual([]);
    expect(JSON.parse(formatMotifsJson(none))).toEqual({ motifs: [] });
  });
});

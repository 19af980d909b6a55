import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { gcShare, sampleMatchedRegions } from "../src/matched-regions.js";

const random = new Random("genome");
/** Two chromosomes whose GC share drifts from one end to the other, with a gap of N. */
const chromosomes = [4_000, 12_000].map((size, index) => {
  const codes = Uint8Array.from({ length: size }, (_, i) => {
    const isStrong = random.uniform() < 0.2 + (0.6 * i) / size;
    return isStrong ? 1 + random.integer(2) : random.integer(2) * 3;
  });
  codes.fill(4, 1_000, 1_100);
  return { name: `chr${index + 1}`, size, codes };
});
const genome = {
  chromosomes,
  readCodes: (name: string, start: number, end: number) =>
    chromosomes.find((chromosome) => chromosome.name === name)!.codes.subarray(start, end),
};
const sequences = [0.3, 0.5, 0.7].map((share) =>
  Uint8Array.from({ length: 50 }, (_, i) => (i < share * 50 ? 2 : 0)),
);

describe("sampleMatchedRegions", () => {
  it("matches length and GC share, holds no N, and keeps off what is to be avoided", async () => {
    const avoid = [{ chromosome: "chr2", start: 2_000, end: 9_000 }];
    const regions = await sampleMatchedRegions(genome, {
      sequences,
      perSequence: 40,
      tolerance: 0.05,
      avoid,
      random: new Random(1),
    });
    expect(regions.length).toBe(120);
    for (const { chromosome, start, end, codes, sequence } of regions) {
      expect(end - start).toBe(50);
      expect(codes).toEqual(genome.readCodes(chromosome, start, end));
      expect(codes.includes(4)).toBe(false);
      expect(Math.abs(gcShare(codes) - gcShare(sequences[sequence]))).toBeLessThanOrEqual(0.05 + 1e-9);
      expect(chromosome === "chr2" && end > 2_000 && start < 9_000).toBe(false);
    }
    const again = await sampleMatchedRegions(genome, {
      sequences,
      perSequence: 40,
      tolerance: 0.05,
      avoid,
      random: new Random(1),
    });
    expect(again).toEqual(regions);
  });

  it("draws every place that fits about as often", async () => {
    const regions = await sampleMatchedRegions(genome, {
      sequences: [sequences[1]],
      perSequence: 20_000,
      tolerance: 1,
      random: new Random(2),
    });
    // Places without a base of the gap.
    const onFirst = regions.filter(({ chromosome }) => chromosome === "chr1").length;
    const places = (size: number) => size - 49 - (100 + 49);
    const expected = places(4_000) / (places(4_000) + places(12_000));
    const sd = Math.sqrt((expected * (1 - expected)) / regions.length);
    expect(Math.abs(onFirst / regions.length - expected)).toBeLessThan(5 * sd);
  });

  it("gives fewer where there are no more, and refuses where there are none", async () => {
    const impossible = Uint8Array.from({ length: 50 }, () => 1);
    const options = { sequences: [impossible], tolerance: 0.01, random: new Random(3) };
    await expect(sampleMatchedRegions(genome, options)).rejects.toThrow(/no place in the genome/);
    const some = await sampleMatchedRegions(genome, { ...options, sequences: [impossible, sequences[1]] });
    expect(some.map(({ sequence }) => sequence)).toEqual([1]);
    await expect(sampleMatchedRegions(genome, { ...options, perSequence: 0 })).rejects.toThrow(
      /matched regions/,
    );
  });
});

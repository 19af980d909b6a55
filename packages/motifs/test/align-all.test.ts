import { describe, expect, it } from "vitest";
import { pairSimilarities } from "../src/cluster/cluster-motifs.js";
import { compareInThreads, pairSimilaritiesInThreads } from "../src/compare/align-all.node.js";
import { compare } from "../src/compare/compare.js";
import { motifFromConsensus } from "../src/consensus-to-motif.js";

const motifs = Array.from({ length: 90 }, (_, i) => {
  const word = [3, 5, 7, 11, 13, 17, 19, 23].map((step) => "ACGTRYN"[(i * step + (i >> 2)) % 7]).join("");
  return motifFromConsensus(word, { id: `m${i}` });
});

describe("comparisons in threads", () => {
  it("are those of one thread, with and without somebody who listens", async () => {
    const expected = compare(motifs, motifs, { threshold: 0.2 });
    const seen: number[] = [];
    const options = { threads: 2, threshold: 0.2 };
    expect(await compareInThreads(motifs, motifs, options)).toEqual(expected);
    const onProgress = ({ done }: { done: number }) => {
      seen.push(done);
    };
    expect(await compareInThreads(motifs, motifs, { ...options, onProgress })).toEqual(expected);
    expect(seen).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
    expect(await compareInThreads(motifs, motifs, { ...options, threads: 1 })).toEqual(expected);
  });

  it("add up to the same similarities", async () => {
    const expected = pairSimilarities(motifs);
    for (const threads of [1, 2])
      expect(await pairSimilaritiesInThreads(motifs, { threads })).toEqual(expected);
  });

  it("stop when they are told to, and say what is wrong with options", async () => {
    for (const threads of [1, 2]) {
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(compareInThreads(motifs, motifs, { threads, signal })).rejects.toThrow("enough");
      await expect(compareInThreads(motifs, motifs, { threads, minimumOverlap: 0 })).rejects.toThrow(
        /overlap of 0/,
      );
    }
  });
});

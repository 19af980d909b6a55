import {
  compare,
  consensus,
  type Motif,
  motifFromConsensus,
  reverseComplementMotif,
} from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { matchKernels } from "../src/kernels/match-kernels.js";
import { renderKernelFigures } from "../src/report/kernel-figures.js";
import type { KernelSummary } from "../src/report/report-data.js";

const random = new Random("match kernels");
const words = Array.from({ length: 60 }, () =>
  Array.from({ length: 9 }, () => "ACGTACGTRY"[random.integer(10)]).join(""),
);
const database = ["TTACCCGGATC", ...words].map((text, i) =>
  motifFromConsensus(text, { id: `MA${i}`, name: i === 0 ? "REB1" : `other ${i}`, sites: 100 }),
);

/** A kernel of 20 positions with this word from position `at` on, and next to nothing around it. */
function kernelOf(index: number, word: Motif, at: number): KernelSummary {
  const probabilities = Array.from({ length: 80 }, (_, i) => 0.25 + (i % 4 === 0 ? 0.03 : -0.01));
  word.probabilities.forEach((value, i) => {
    probabilities[at * 4 + i] = 0.88 * value + 0.03;
  });
  return { index, seededFrom: null, sites: 200, largestActivation: 1, probabilities, meanSignal: {} };
}

describe("matchKernels", () => {
  const reb1 = motifFromConsensus("TTACCCGG");
  const forward = kernelOf(0, reb1, 5);
  const reverse = kernelOf(1, reverseComplementMotif(reb1), 7);
  const flat = { ...kernelOf(2, reb1, 5), probabilities: new Array<number>(80).fill(0.25) };
  const strange = kernelOf(3, motifFromConsensus("AN"), 5);
  const matched = matchKernels([forward, reverse, flat, strange], database);

  it("names the motif and says where the whole kernel lies on it", () => {
    const [first, second] = matched;
    expect(first.match).toMatchObject({
      name: "REB1",
      isReversed: false,
      offset: -5,
      overlap: 8,
      databaseSize: 61,
    });
    expect(first.match!.eValue).toBeLessThan(1e-3);
    expect(first.match!.eValue).toBeCloseTo(first.match!.pValue * 61, 15);
    expect(second.match).toMatchObject({ name: "REB1", isReversed: true });
    // GATCCGGGTAA, which the motif is turned to, has CCGGGTAA from column 3 on.
    expect(second.match!.offset).toBe(3 - 7);
    expect(consensus(reverseComplementMotif(database[0]))).toBe("GATCCGGGTAA");
  });

  it("is the comparison of the kernel's informative part", () => {
    const core: Motif = {
      id: "core",
      name: "core",
      probabilities: Float64Array.from(forward.probabilities.slice(20, 52)),
      length: 8,
      sites: 200,
    };
    const [best] = compare([core], database, { threshold: 0.1, thresholdOn: "E-value" });
    expect(matched[0].match!.pValue).toBe(best.pValue);
  });

  it("names none for a kernel without a match or without preference, and without a database", () => {
    expect(matched[2].match).toBeNull();
    expect(matched[3].match).toBeNull();
    expect(matchKernels([forward], [])[0].match).toBeUndefined();
    expect(matchKernels([], database)).toEqual([]);
  });

  it("is shown in reports: name, significance, aligned logos", () => {
    const html = renderKernelFigures({ factor: "Reb1", kernels: matched }, "k", true);
    expect(html).toMatch(/<b>REB1 <span class="muted">MA0<\/span><\/b>/);
    expect(html).toContain("among 61 motifs");
    expect([...html.matchAll(/2 aligned sequence logos/g)]).toHaveLength(2);
    expect([...html.matchAll(/No motif of the study/g)]).toHaveLength(2);
    const without = renderKernelFigures({ factor: "Reb1", kernels: [forward] }, "k", true);
    expect(without).not.toContain('class="match"');
    expect(without).not.toContain("No motif of the study");
  });
});

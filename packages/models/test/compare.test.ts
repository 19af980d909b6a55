import { join } from "node:path";
import { writeBigWigFile } from "@bindscape/genome";
import { areaUnderRoc, averagePrecision, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { compareModels } from "../src/compare/compare-models.node.js";
import { renderComparison } from "../src/compare/compare-page.js";
import { predictWindows } from "../src/network/network.node.js";
import { expectError, makeNetwork, makeStudy, randomCodes, temporaryFolder, tinyOptions } from "./helpers.js";
import { parseStrictXml } from "./strict-xml.js";

const folder = temporaryFolder();
const random = new Random("compare");
const signalFile = join(folder, "chip.bw");
const signal = Float32Array.from({ length: 900 }, () => random.integer(10));
await writeBigWigFile(
  signalFile,
  [{ name: "t", size: 900 }],
  [
    {
      chromosome: "t",
      starts: Array.from(signal, (_, i) => i),
      ends: Array.from(signal, (_, i) => i + 1),
      values: signal,
    },
  ],
);
const peaks = Array.from({ length: 8 }, (_, i) => ({
  chromosome: "t",
  start: 60 + 100 * i,
  end: 95 + 100 * i,
}));
const study = makeStudy({
  chromosomes: { a: randomCodes(300, "a"), t: randomCodes(900, "t") },
  experiments: [
    { factor: "F", peaks, signalFile },
    { factor: "G", peaks: peaks.slice(0, 4) },
  ],
  bins: { size: 20, step: 10, boundOverlap: 11 },
});
const tasks = (...factors: string[]) => ({ tasks: factors.map((factor) => ({ factor, cell: "C" })) });
const single = makeNetwork(tinyOptions(), { binSize: 20 }, tasks("F"), 1);
const multi = makeNetwork(tinyOptions(), { binSize: 20 }, tasks("G", "F"), 2);
const sets = [
  { label: "single", networks: [single] },
  { label: "multi", networks: [multi] },
];

describe("comparison of models", () => {
  it("measures every set, their mean rank and the ChIP signal on the same bins", async () => {
    const [found, ...rest] = await compareModels({ study, sets, threads: 1 });
    expect(rest).toEqual([]);
    expect(found.factor).toBe("F");
    expect(found.models.map(({ label }) => label)).toEqual(["single", "multi", "mean rank of all"]);
    // Bins of the test chromosome whose windows stay clear of nothing: all of them.
    const starts = Array.from({ length: (900 - 20) / 10 + 1 }, (_, i) => i * 10);
    const labels = starts.map((start) =>
      peaks.some((peak) => Math.min(start + 20, peak.end) - Math.max(start, peak.start) >= 11) ? 1 : 0,
    );
    const request = {
      segmentIndices: new Uint32Array(starts.length).fill(1),
      binStarts: Int32Array.from(starts),
    };
    const source = await study.loadCell("C");
    const first = [...(await predictWindows(single, source, request, { threads: 1 }))];
    const second = [...(await predictWindows(multi, source, request, { threads: 1 }))].filter(
      (_, i) => i % 2,
    );
    const rankOf = (values: number[], value: number) =>
      values.filter((other) => other < value).length +
      (values.filter((other) => other === value).length + 1) / 2;
    const joined = first.map((value, i) => rankOf(first, value) + rankOf(second, second[i]));
    const measured = starts.map((start) => signal.slice(start, start + 20).reduce((sum, v) => sum + v, 0));
    expect(found.bins).toEqual({
      bound: labels.filter(Boolean).length,
      unbound: labels.filter((label) => !label).length,
    });
    [first, second, joined, measured].forEach((scores, i) => {
      const method = i < 3 ? found.models[i] : found.ceiling!;
      expect(method.pooled.auprc, method.label).toBeCloseTo(averagePrecision(scores, labels), 6);
      expect(method.pooled.auroc, method.label).toBeCloseTo(areaUnderRoc(scores, labels), 6);
    });
  });

  it("draws curves and the ceiling, and says where there is none", async () => {
    const both = await compareModels({ study, sets: [sets[1]], threads: 1 });
    expect(both.map(({ factor, ceiling }) => [factor, ceiling !== null])).toEqual([
      ["G", false],
      ["F", true],
    ]);
    expect(both[0].models).toHaveLength(1);
    const page = renderComparison(both);
    const pictures = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)];
    expect(pictures).toHaveLength(4);
    for (const [svg] of pictures) parseStrictXml(svg);
    expect(page).not.toMatch(/NaN|undefined/);
    expect(page).toContain("fewer than 3");
    expect(renderComparison(both.slice(0, 1))).toContain("No experiment of the study names its ChIP signal");
  });

  it("refuses sets without a factor or cell in common", async () => {
    const other = { label: "other", networks: [makeNetwork(tinyOptions(), { binSize: 20 }, tasks("H"), 3)] };
    await expectError(
      () => compareModels({ study, sets: [sets[0], other] }),
      "no factor that every set",
      "other: H",
    );
    await expectError(
      () => compareModels({ study, sets, cells: ["D"] }),
      "no experiment of F in D",
      "F in C",
    );
  });
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Interval } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { BinTable } from "../src/bins.js";
import {
  type CompendiumOptions,
  type CompendiumPeaks,
  makeCompendium,
} from "../src/compendium/make-compendium.js";
import { readTrackList, tracksOfList } from "../src/compendium/track-list.node.js";
import type { HoldOuts } from "../src/splits.js";
import { expectError, interval, makeAssembly, NO_HOLD_OUTS, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const assembly = makeAssembly({ r: 30_000, v: 8_050, t: 9_000 });
const source = { segments: assembly.segments, codes: assembly.codes, tracks: [] };
const holdOuts: HoldOuts = {
  ...NO_HOLD_OUTS,
  validation: [{ chromosome: "v", start: 0, end: Infinity }],
  test: [interval("t:2000-9000")],
  blacklist: [interval("r:5000-5700")],
  unlabelled: [interval("r:12000-13000")],
};
const study = { source: "test.yaml", assembly, holdOuts };

function randomPeaks(seed: string, count: number): Interval[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const { chromosome, end } = assembly.segments[random.integer(3)];
    const start = random.integer(end - 400);
    return { chromosome, start, end: start + 40 + random.integer(360) };
  });
}

const given: Record<string, CompendiumPeaks> = {
  A: { peaks: randomPeaks("a", 60) },
  B: { peaks: randomPeaks("b", 50), relaxedPeaks: randomPeaks("b2", 30) },
  C: { peaks: randomPeaks("c", 40), measured: [interval("r:0-10000"), interval("t:0-9000")] },
};
const tracks = Object.entries(given).map(([factor, peaks]) => ({
  factor,
  cell: "k",
  read: async () => peaks,
}));

/** Every bin of the genome, labelled and kept or not by plain loops. */
function brute({
  binSize = 200,
  binStep = 200,
  coverage = 0.5,
  length = 1000,
  leastBound = 1,
  ends = "drop",
}: CompendiumOptions) {
  const touches = (list: readonly Interval[], chromosome: string, start: number, end: number) =>
    list.some((one) => one.chromosome === chromosome && one.start < end && start < one.end);
  const inside = (list: readonly Interval[], chromosome: string, start: number, end: number) =>
    list.some((one) => one.chromosome === chromosome && one.start <= start && end <= one.end);
  const rows: { name: string; labels: number[]; split: string; from: number }[] = [];
  for (const { chromosome, end: size } of assembly.segments) {
    for (let start = 0; start + binSize <= size; start += binStep) {
      const end = start + binSize;
      const labels = Object.values(given).map(({ peaks, relaxedPeaks = [], measured }) => {
        if (measured && !inside(measured, chromosome, start, end)) return Number.NaN;
        const isBound = peaks.some(
          (peak) =>
            peak.chromosome === chromosome &&
            Math.min(end, peak.end) - Math.max(start, peak.start) > coverage * binSize,
        );
        if (isBound) return 1;
        return touches(relaxedPeaks, chromosome, start, end) ? Number.NaN : 0;
      });
      // A peak where the factor was not measured still makes a bin one to look at.
      const bound = Object.values(given).filter(({ peaks }) =>
        peaks.some(
          (peak) =>
            peak.chromosome === chromosome &&
            Math.min(end, peak.end) - Math.max(start, peak.start) > coverage * binSize,
        ),
      ).length;
      if (bound < leastBound) continue;
      if (touches(holdOuts.blacklist, chromosome, start, end)) continue;
      if (touches(holdOuts.unlabelled, chromosome, start, end)) continue;
      const from = start - Math.floor((length - binSize) / 2);
      const [a, b] = [Math.max(0, from), Math.min(size, from + length)];
      if (ends === "drop" && b - a < length) continue;
      const isTest = inside(holdOuts.test, chromosome, a, b);
      if (!isTest && touches(holdOuts.test, chromosome, a, b)) continue;
      const split = isTest ? "test" : chromosome === "v" ? "validation" : "training";
      rows.push({ name: `${chromosome}_${start}`, labels, split, from });
    }
  }
  return rows;
}

describe("a compendium", () => {
  it.each([
    [{}],
    [{ binStep: 50, coverage: 0.8, length: 301 }],
    [{ binSize: 100, binStep: 100, leastBound: 2, ends: "pad" }],
    [{ leastBound: 0, length: 200, coverage: 0 }],
  ] as [CompendiumOptions][])("has the bins and labels that plain loops find: %j", async (options) => {
    const { set, summary } = await makeCompendium(study, source, tracks, options);
    const expected = brute(options);
    expect(expected.length).toBeGreaterThan(10);
    expect(set.names).toEqual(expected.map(({ name }) => name));
    expect(set.splits).toEqual(expected.map(({ split }) => split));
    expect(Array.from(set.labels)).toEqual(expected.flatMap(({ labels }) => labels));
    const { length } = set;
    for (const [row, { from }] of expected.entries()) {
      const { offset, end } = assembly.segmentsOf(set.places![row].chromosome)[0];
      const codes = Array.from({ length }, (_, i) =>
        from + i < 0 || from + i >= end ? 4 : assembly.codes[offset + from + i],
      );
      expect(Array.from(set.codes.subarray(row * length, (row + 1) * length))).toEqual(codes);
    }
    const { bins, ...left } = summary.bins;
    expect(Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(bins);
    expect(summary.boundLabels.reduce((sum, count) => sum + count, 0)).toBe(set.count);
    expect(summary.boundLabels[2]).toBe(
      expected.filter(({ labels }) => labels.filter((label) => label === 1).length === 2).length,
    );
  });

  it("draws as many bins as asked for, the same by the same seed", async () => {
    const all = await makeCompendium(study, source, tracks);
    const draw = (seed: number) => makeCompendium(study, source, tracks, { sample: 20, seed });
    const [a, b, c] = [await draw(1), await draw(1), await draw(2)];
    expect(a.set.count).toBe(20);
    expect(a.summary.bins.notDrawn).toBe(all.set.count - 20);
    expect(a.set.names).toEqual(b.set.names);
    expect(a.set.names).not.toEqual(c.set.names);
    const labelsOf = (set: typeof a.set, name: string) => {
      const row = set.names!.indexOf(name);
      return set.labels.slice(3 * row, 3 * row + 3);
    };
    for (const name of a.set.names!) expect(labelsOf(a.set, name)).toEqual(labelsOf(all.set, name));
  });

  it("takes labels of a study's bins where it has them, and none where they have none", async () => {
    const bins = new BinTable(assembly, { size: 200, step: 50 });
    const random = new Random("labels");
    const labels = Int8Array.from({ length: bins.count }, () => [1, 0, -1, -2][random.integer(4)]);
    const own = [{ factor: "L", cell: "", read: async () => ({ peaks: [], labels }) }];
    const { set } = await makeCompendium({ ...study, bins }, source, own, { length: 200 });
    expect(set.count).toBeGreaterThan(20);
    expect(set.labels.every((label) => label === 1)).toBe(true);
    const everything = await makeCompendium({ ...study, bins }, source, own, { length: 200, leastBound: 0 });
    for (const [row, { chromosome, start }] of everything.set.places!.entries()) {
      const part = bins.partsOf(chromosome)[0];
      const label = labels[part.firstIndex + start / 50];
      expect(everything.set.labels[row]).toEqual(label >= 0 ? label : Number.NaN);
    }
    await expectError(
      () => makeCompendium({ ...study, bins }, source, own, { binSize: 100 }),
      "bins of 100 bp where the study has labels of bins of 200 bp",
    );
  });

  it("warns of parts without bound labels, and refuses what cannot be", async () => {
    const only = [{ factor: "A", cell: "", read: async () => ({ peaks: [interval("r:2000-2400")] }) }];
    const { summary } = await makeCompendium(study, source, only);
    expect(summary.warnings).toEqual([
      "no sequence is in validation: choose other hold-outs",
      "no sequence is in test: choose other hold-outs",
    ]);
    const make =
      (options: CompendiumOptions, own = only) =>
      () =>
        makeCompendium(study, source, own, options);
    await expectError(make({ leastBound: 2 }), "no bin with at least 2 bound labels", "bins");
    await expectError(make({ length: 100 }), "a window length of 100", "at least 200");
    await expectError(make({ coverage: 1 }), "more than 1");
    await expectError(make({ sample: 0 }), "number of sequences of 0");
    await expectError(make({}, []), "0 tracks");
  });
});

describe("a list of tracks", () => {
  let made = 0;
  const write = (files: Record<string, string>) => {
    const own = join(folder, `list${made++}`);
    mkdirSync(own);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
    return join(own, "list.tsv");
  };

  it("names peak files beside it, read when their turn comes", async () => {
    const list = write({
      "list.tsv":
        "name\tcell\tpeaks\n# DNase too\nCTCF\tK562\ta.narrowPeak\r\n\nDNase\t\tb.bed\tmeasured.bed\n",
      "a.narrowPeak": "r\t10\t20\tp\t1\t.\t1\t1\t1\t-1\n",
      "b.bed": "v\t1\t9\nother\t1\t2\n",
      "measured.bed": "v\t0\t100\n",
    });
    const warnings: string[] = [];
    const entries = await readTrackList(list);
    expect(entries.map(({ factor, cell }) => [factor, cell])).toEqual([
      ["CTCF", "K562"],
      ["DNase", ""],
    ]);
    const [first, second] = tracksOfList(entries, assembly, warnings);
    expect((await first.read()).peaks).toMatchObject([interval("r:10-20")]);
    expect(warnings).toEqual([]);
    expect(await second.read()).toMatchObject({
      peaks: [interval("v:1-9")],
      measured: [interval("v:0-100")],
    });
    expect(warnings.join()).toContain("1 chromosomes that the study does not use");
  });

  it("is refused with the line", async () => {
    const b = { "b.bed": "v\t1\t9\n" };
    await expectError(() => readTrackList(write({ "list.tsv": "A\tk\tno.bed\n" })), "line 1", "no.bed");
    await expectError(
      () => readTrackList(write({ "list.tsv": "#\nA k b.bed\n", ...b })),
      "line 2",
      "A k b.bed",
    );
    await expectError(
      () => readTrackList(write({ "list.tsv": "A\tk\tb.bed\na\tk\tb.bed\n", ...b })),
      "line 2",
      "a in k again (first at line 1)",
    );
    await expectError(() => readTrackList(write({ "list.tsv": "# nothing\n" })), "no track");
  });
});

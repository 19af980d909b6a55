import { decodeSequence, type Interval, reverseComplementCodes } from "@bindscape/genome";
import {
  backgroundOfLetters,
  type Motif,
  makeScoreMatrix,
  motifFromConsensus,
  planScan,
} from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import type { Assembly } from "../src/assembly.js";
import { accessCell } from "../src/cell-access.js";
import { callAccessibleRegions } from "../src/motif-sites/accessible-regions.js";
import { countBackground, findMotifSites, measureGcShares } from "../src/motif-sites/find-sites.js";
import { BOUND_RULES, BOUND_SITE, labelSites, TOUCHED } from "../src/motif-sites/label-sites.js";
import { makeMotifSites } from "../src/motif-sites/make-motif-sites.js";
import { binOf, matchControls } from "../src/motif-sites/match-controls.js";
import type { MotifSiteOptions } from "../src/motif-sites/motif-site-options.js";
import { placeWindow, readWindowCodes } from "../src/motif-sites/site-windows.js";
import { formatSitesTable } from "../src/motif-sites/sites-table.js";
import { makeWindowSplitter } from "../src/motif-sites/split-windows.js";
import type { HoldOuts } from "../src/splits.js";
import type { Study } from "../src/study.js";
import type { WindowSource } from "../src/windows.js";
import { expectError, interval, makeAssembly, makeStudy, NO_HOLD_OUTS } from "./helpers.js";

/** RTGACGYAAR: not its own reverse complement; long enough to be found now and then by chance. */
const MOTIF = motifFromConsensus("RTGACGY");

function sourceOf(assembly: Assembly, tracks: Record<string, Float32Array> = {}, log = false): WindowSource {
  return {
    segments: assembly.segments,
    codes: assembly.codes,
    tracks: Object.entries(tracks).map(([name, values]) => ({ name, unit: "reads", values, log })),
  };
}

/** Every place and strand, scored letter by letter. */
function bruteSites(assembly: Assembly, motif: Motif, threshold: number, background: number[]) {
  const matrix = makeScoreMatrix(motif, { background });
  const [{ tail }] = planScan([motif], { background: backgroundOfLetters(background), threshold }).motifs;
  const sites: { chromosome: string; start: number; strand: "+" | "-"; p: number }[] = [];
  for (const { chromosome, start, end, offset } of assembly.segments) {
    for (let at = start; at + motif.length <= end; at++) {
      const forward = assembly.codes.slice(offset + at - start, offset + at - start + motif.length);
      for (const strand of ["+", "-"] as const) {
        const codes = strand === "+" ? forward : reverseComplementCodes(forward);
        if (codes.includes(4)) continue;
        let score = 0;
        for (const [column, code] of codes.entries()) score += matrix.values[4 * column + code];
        if (tail[score] <= threshold) sites.push({ chromosome, start: at, strand, p: tail[score] });
      }
    }
  }
  return sites;
}

const listSites = (found: Awaited<ReturnType<typeof findMotifSites>>, assembly: Assembly) =>
  Array.from({ length: found.count }, (_, i) => ({
    chromosome: assembly.segments[found.segmentIndices[i]].chromosome,
    start: found.starts[i],
    strand: found.isReverse[i] ? ("-" as const) : ("+" as const),
    p: found.pValues[i],
  }));

describe("instances of a motif", () => {
  const assembly = makeAssembly({ "a:100-9100": 9000, "a:20000-26000": 6000, "b:0-4000": 4000 });
  assembly.codes.fill(4, 3000, 3100);
  const background = [0.3, 0.2, 0.2, 0.3];
  const options = { threshold: 0.002, background: backgroundOfLetters(background) };

  it("are those of every place and strand, scored one by one", async () => {
    const access = await accessCell(sourceOf(assembly));
    const expected = bruteSites(assembly, MOTIF, 0.002, background);
    expect(expected.length).toBeGreaterThan(40);
    const all = listSites(await findMotifSites(access, MOTIF, { ...options, maxStrand: false }), assembly);
    expect(all).toEqual(expected);
  });

  it("are one a place, on the better strand, the forward one of equals: a palindrome counts once", async () => {
    const palindrome = motifFromConsensus("TGACGTCA");
    const access = await accessCell(sourceOf(assembly));
    for (const motif of [MOTIF, palindrome]) {
      const brute = bruteSites(assembly, motif, 0.002, background);
      const best = new Map<string, (typeof brute)[number]>();
      for (const site of brute) {
        const key = `${site.chromosome} ${site.start}`;
        const held = best.get(key);
        if (held === undefined || site.p < held.p) best.set(key, site);
      }
      const found = listSites(await findMotifSites(access, motif, options), assembly);
      expect(found).toEqual([...best.values()]);
      if (motif === palindrome) {
        expect(found.every(({ strand }) => strand === "+")).toBe(true);
        expect(brute.length).toBe(2 * found.length);
      }
    }
  });

  it("of those that overlap the best is kept, where asked for", async () => {
    const repeat = motifFromConsensus("AAAAWA");
    const access = await accessCell(sourceOf(assembly));
    const all = listSites(await findMotifSites(access, repeat, options), assembly);
    const found = listSites(
      await findMotifSites(access, repeat, { ...options, dropOverlapping: true }),
      assembly,
    );
    const kept: typeof all = [];
    // Equal scores: the first on the genome, in the order of segments; p-values stand for scores.
    for (const site of all.toSorted((a, b) => a.p - b.p)) {
      const overlaps = kept.some(
        (other) => other.chromosome === site.chromosome && Math.abs(other.start - site.start) < 6,
      );
      if (!overlaps) kept.push(site);
    }
    const order = (a: (typeof all)[number], b: (typeof all)[number]) =>
      a.chromosome < b.chromosome ? -1 : a.chromosome > b.chromosome ? 1 : a.start - b.start;
    expect(found.length).toBeLessThan(all.length);
    expect(found).toEqual(kept.sort(order));
  });

  it("use the genome's own composition where none is given", async () => {
    const access = await accessCell(sourceOf(assembly));
    const { words } = await countBackground(access);
    const known = assembly.codes.filter((code) => code < 4);
    const strong = known.filter((code) => code === 1 || code === 2).length / known.length;
    expect(Array.from(words[0])).toEqual(
      [1 - strong, strong, strong, 1 - strong].map((share) => expect.closeTo(share / 2, 12)),
    );
    await expectError(
      () => findMotifSites(access, motifFromConsensus("AC"), { threshold: 1e-4 }),
      "no sequence of 2 bp reaches p 0.0001",
    );
  });

  it("have the GC share of the known bases of their windows", async () => {
    const access = await accessCell(sourceOf(assembly));
    const random = new Random("gc");
    const starts = Int32Array.from({ length: 60 }, () => 50 + random.integer(9000));
    starts[0] = 0; // reaches before the segment
    starts[1] = 9050; // reaches beyond its end
    starts[2] = 3150; // has unknown bases
    const shares = await measureGcShares(access, new Uint32Array(60), starts, 120);
    for (const [i, start] of starts.entries()) {
      const codes = assembly.codes.slice(Math.max(0, start - 100), Math.max(0, Math.min(9000, start + 20)));
      const known = codes.filter((code) => code < 4);
      const strong = known.filter((code) => code === 1 || code === 2).length;
      expect(shares[i]).toBe(Math.fround(strong / known.length));
    }
  });
});

describe("labels of instances", () => {
  it.each(BOUND_RULES)("are those of the rule %s, peak by peak", (rule) => {
    const random = new Random(rule);
    const peaks = Array.from({ length: 40 }, () => {
      const start = random.integer(400);
      return { chromosome: "a", start, end: start + 1 + random.integer(20) };
    });
    const places = Array.from({ length: 300 }, (_, start) => ({ chromosome: "a", start, end: start + 7 }));
    const labels = labelSites(places, peaks, rule);
    const expected = places.map(({ start, end }) => {
      const holds = (peak: Interval) =>
        rule === "strict"
          ? peak.start < start && end < peak.end
          : rule === "inside"
            ? peak.start <= start && end <= peak.end
            : peak.start < end && start < peak.end;
      if (peaks.some(holds)) return 1;
      return peaks.some((peak) => peak.start < end && start < peak.end) ? 2 : 0;
    });
    expect(Array.from(labels)).toEqual(expected);
    expect(new Set(expected).size).toBe(rule === "overlap" ? 2 : 3);
  });

  it("strict leaves out an instance that shares an end with its peak; a summit of 1 bp binds nothing", () => {
    const core = { chromosome: "a", start: 10, end: 17 };
    const label = (peak: string, rule: "strict" | "inside") => labelSites([core], [interval(peak)], rule)[0];
    expect(label("a:9-18", "strict")).toBe(BOUND_SITE);
    expect(label("a:10-18", "strict")).toBe(TOUCHED);
    expect(label("a:9-17", "strict")).toBe(TOUCHED);
    expect(label("a:10-17", "inside")).toBe(BOUND_SITE);
    expect(label("a:13-14", "inside")).toBe(TOUCHED);
    expect(label("b:9-18", "inside")).toBe(0);
  });
});

describe("windows of instances", () => {
  const assembly = makeAssembly({ "a:50-400": 350 });
  const text = decodeSequence(assembly.codes);
  const core = (start: number, strand: "+" | "-") => ({ chromosome: "a", start, end: start + 7, strand });

  it("have the core at the same base on both strands, in its direction", async () => {
    const access = await accessCell(sourceOf(assembly));
    for (const length of [20, 21, 7]) {
      for (const strand of ["+", "-"] as const) {
        const window = placeWindow(core(200, strand), length);
        expect(window.end - window.start).toBe(length);
        const codes = await readWindowCodes(access, [{ segmentIndex: 0, window }], length, [0, 0], "keep");
        const offset = Math.floor((length - 7) / 2);
        const own = assembly.codes.slice(150, 157);
        expect(codes.slice(offset, offset + 7)).toEqual(strand === "+" ? own : reverseComplementCodes(own));
        const whole = assembly.codes.slice(window.start - 50, window.end - 50);
        expect(codes).toEqual(strand === "+" ? whole : reverseComplementCodes(whole));
      }
    }
    expect(() => placeWindow(core(1, "+"), 6)).toThrow(/windows of 6 bp for a motif of 7 bp/);
  });

  it("are N beyond their segment, and where the core is masked or alone", async () => {
    const access = await accessCell(sourceOf(assembly));
    const read = async (start: number, strand: "+" | "-", rule: "keep" | "mask" | "only") =>
      decodeSequence(
        await readWindowCodes(
          access,
          [{ segmentIndex: 0, window: placeWindow(core(start, strand), 17) }],
          17,
          [5, 12],
          rule,
        ),
      );
    expect(await read(52, "+", "keep")).toBe(`NNN${text.slice(0, 14)}`);
    expect(await read(391, "+", "keep")).toBe(`${text.slice(336, 350)}NNN`);
    const reversed = await read(52, "-", "keep");
    expect(reversed.endsWith("NNN")).toBe(true);
    expect(reversed.slice(0, 14)).toBe(decodeSequence(reverseComplementCodes(assembly.codes.slice(0, 14))));
    const kept = await read(200, "+", "keep");
    expect(await read(200, "+", "mask")).toBe(`${kept.slice(0, 5)}NNNNNNN${kept.slice(12)}`);
    expect(await read(200, "+", "only")).toBe(`NNNNN${kept.slice(5, 12)}NNNNN`);
  });

  it("belong to a hold-out they lie wholly inside, and to none across its border", () => {
    const splitOf = makeWindowSplitter({
      validation: [interval("a:1000-2000")],
      test: [interval("a:3000-4000"), interval("a:4000-4500"), { chromosome: "t", start: 0, end: Infinity }],
    });
    const split = (place: string) => splitOf(interval(place));
    expect(split("a:0-1000")).toBe("training");
    expect(split("a:0-1001")).toBe(null);
    expect(split("a:1000-2000")).toBe("validation");
    expect(split("a:1999-2500")).toBe(null);
    expect(split("a:3900-4100")).toBe("test");
    expect(split("t:0-9")).toBe("test");
    expect(split("b:1000-2000")).toBe("training");
  });
});

describe("matching", () => {
  it.each(["matched", "all"] as const)("keeps of every bin what the rule %s says", (positives) => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const items = 400;
      const keys = Array.from({ length: items }, () => ["", "x", "y", "z"][random.integer(4)]);
      const isBound = Uint8Array.from({ length: items }, (_, i) =>
        Number(random.uniform() < (keys[i] === "y" ? 0.7 : 0.2)),
      );
      for (const ratio of [1, 2]) {
        const { kept, bins } = matchControls(keys, isBound, { ratio, positives, random: new Random(seed) });
        const again = matchControls(keys, isBound, { ratio, positives, random: new Random(seed) });
        expect(kept).toEqual(again.kept);
        expect(new Set(kept).size).toBe(kept.length);
        expect(Array.from(kept)).toEqual(Array.from(kept).sort((a, b) => a - b));
        expect(Array.from(kept).some((i) => keys[i] === "")).toBe(false);
        for (const key of ["x", "y", "z"]) {
          const of = (list: Iterable<number>, bound: number) =>
            [...list].filter((i) => keys[i] === key && isBound[i] === bound).length;
          const [bound, unbound] = [of(isBound.keys(), 1), of(isBound.keys(), 0)];
          const keptBound = positives === "all" ? bound : Math.min(bound, Math.floor(unbound / ratio));
          const keptUnbound = Math.min(unbound, ratio * keptBound);
          expect([of(kept, 1), of(kept, 0)]).toEqual([keptBound, keptUnbound]);
          expect(bins.find((bin) => bin.key === key)).toEqual({
            key,
            bound,
            unbound,
            keptBound,
            keptUnbound,
          });
        }
      }
    }
  });

  it("draws every unbound item equally often", () => {
    const keys = Array<string>(12).fill("k");
    const isBound = Uint8Array.from({ length: 12 }, (_, i) => Number(i < 3));
    const drawn = new Float64Array(12);
    const times = 6000;
    for (let seed = 0; seed < times; seed++) {
      for (const i of matchControls(keys, isBound, { random: new Random(seed) }).kept) drawn[i]++;
    }
    expect(Array.from(drawn.subarray(0, 3))).toEqual([times, times, times]);
    // 3 of 9; a standard deviation is sqrt(6000 * 2 / 9) = 37.
    for (const count of drawn.subarray(3)) expect(Math.abs(count - times / 3)).toBeLessThan(5 * 37);
  });

  it("has limits of bins that rounding does not move, and refuses shares of a site", () => {
    expect([4, 4.1, 4.2, 4.3, 5.6, 5.7].map((value) => binOf(value, 0.1))).toEqual([40, 41, 42, 43, 56, 57]);
    expect(binOf(4.0999, 0.1)).toBe(40);
    expect(() => matchControls([], [], { ratio: 1.5, random: new Random(1) })).toThrow(/1.5 negatives/);
  });
});

describe("accessible regions", () => {
  it.each([1, 4, 7, 50])("are the bases of the highest averages over %i bp", async (width) => {
    const assembly = makeAssembly({ a: 700, b: 300 });
    const random = new Random(width);
    const values = Float32Array.from({ length: 1000 }, () =>
      random.uniform() < 0.3 ? random.integer(20) : 0,
    );
    const access = await accessCell(sourceOf(assembly, { open: values }));
    const share = 0.2;
    const { regions, threshold, share: called } = await callAccessibleRegions(access, 0, { width, share });
    const averages = assembly.segments.flatMap(({ start, end, offset }) =>
      Array.from({ length: end - start }, (_, i) => {
        const from = Math.max(0, i - Math.floor(width / 2));
        const to = Math.min(end - start, i - Math.floor(width / 2) + width);
        return values.slice(offset + from, offset + to).reduce((sum, value) => sum + value, 0) / (to - from);
      }),
    );
    expect(threshold).toBeCloseTo(averages.toSorted((a, b) => b - a)[199], 12);
    const inRegions = averages.map((_, i) =>
      regions.some(({ chromosome, start, end }) => {
        const at = chromosome === "a" ? i : i - 700;
        return (chromosome === "a") === i < 700 && start <= at && at < end;
      }),
    );
    expect(inRegions).toEqual(averages.map((average) => average >= threshold - 1e-12));
    expect(called).toBe(inRegions.filter(Boolean).length / 1000);
    for (const [k, region] of regions.entries()) {
      const next = regions[k + 1];
      if (next?.chromosome === region.chromosome) expect(next.start).toBeGreaterThan(region.end);
    }
  });

  it("undoes a track's logarithm first, calls no base without signal, and needs some", async () => {
    const assembly = makeAssembly({ a: 100 });
    const raw = Float32Array.from({ length: 100 }, (_, i) => (i >= 40 && i < 44 ? 8 : 0));
    const access = await accessCell(sourceOf(assembly, { open: raw.map(Math.log1p) }, true));
    const { regions, threshold } = await callAccessibleRegions(access, 0, { width: 1, share: 0.5 });
    expect(regions).toEqual([interval("a:40-44")]);
    expect(threshold).toBeCloseTo(8, 5);
    const silent = await accessCell(sourceOf(assembly, { open: new Float32Array(100) }));
    await expectError(() => callAccessibleRegions(silent, 0), "open", "no signal above 0");
    await expectError(() => callAccessibleRegions(silent, 0, { share: 1 }), "a share of 1");
  });
});

/** A genome with a motif planted every 400 bp; a third of the instances are bound. */
function plantedStudy(holdOuts: Partial<HoldOuts> = {}, sizes = { r: 160_000, v: 40_000, t: 60_000 }) {
  const assembly = makeAssembly(sizes, 5);
  const random = new Random("planted");
  const forward = Uint8Array.from("ATGACGCAAG", (letter) => "ACGT".indexOf(letter));
  const peaks: Interval[] = [];
  const open = new Float32Array(assembly.size);
  for (const { chromosome, end, offset } of assembly.segments) {
    for (let start = 37; start + 10 < end; start += 400) {
      assembly.codes.set(random.uniform() < 0.5 ? forward : reverseComplementCodes(forward), offset + start);
      const isOpen = random.uniform() < 0.5;
      if (isOpen) open.fill(1 + random.integer(9), offset + Math.max(0, start - 80), offset + start + 90);
      if (isOpen && random.uniform() < 0.7)
        peaks.push({ chromosome, start: Math.max(0, start - 40 + random.integer(50)), end: start + 60 });
    }
  }
  const study = makeStudy(assembly, [{ factor: "F", peaks }], {
    holdOuts: {
      ...NO_HOLD_OUTS,
      validation: [{ chromosome: "v", start: 0, end: Infinity }],
      test: [{ chromosome: "t", start: 0, end: Infinity }],
      ...holdOuts,
    },
  });
  return { ...study, loadCell: async () => sourceOf(assembly, { open }) };
}

const PLANTED = motifFromConsensus("ATGACGCAAG");
const BACKGROUND = [0.25, 0.25, 0.25, 0.25];

/** Eligible instances by the plainest reading of the rules. */
function bruteSelection(study: Study, options: MotifSiteOptions) {
  const { length = 1000, boundRule = "strict", ends = "drop" } = options;
  const { assembly, holdOuts } = study;
  const inside = (list: readonly Interval[], chromosome: string, start: number, end: number) =>
    list.some((one) => one.chromosome === chromosome && one.start <= start && end <= one.end);
  const touches = (list: readonly Interval[], chromosome: string, start: number, end: number) =>
    list.some((one) => one.chromosome === chromosome && one.start < end && start < one.end);
  const best = new Map<string, ReturnType<typeof bruteSites>[number]>();
  for (const site of bruteSites(assembly, PLANTED, 1e-4, BACKGROUND)) {
    const held = best.get(`${site.chromosome} ${site.start}`);
    if (!held || site.p < held.p) best.set(`${site.chromosome} ${site.start}`, site);
  }
  const [{ peaks, relaxedPeaks }] = study.experiments;
  return [...best.values()].flatMap((site) => {
    const { chromosome, start, strand } = site;
    const end = start + PLANTED.length;
    const before = Math.floor((length - PLANTED.length) / 2);
    const from = strand === "+" ? start - before : end + before - length;
    const size = assembly.segmentsOf(chromosome)[0].end;
    const [a, b] = [Math.max(0, from), Math.min(size, from + length)];
    if (touches(holdOuts.blacklist, chromosome, start, end)) return [];
    if (touches(holdOuts.unlabelled, chromosome, start, end)) return [];
    if (ends === "drop" && b - a < length) return [];
    const split = inside(holdOuts.test, chromosome, a, b)
      ? "test"
      : touches(holdOuts.test, chromosome, a, b)
        ? null
        : inside(holdOuts.validation, chromosome, a, b)
          ? "validation"
          : touches(holdOuts.validation, chromosome, a, b)
            ? null
            : "training";
    if (split === null) return [];
    const isBound = peaks.some(
      (peak) =>
        peak.chromosome === chromosome &&
        (boundRule === "strict"
          ? peak.start < start && end < peak.end
          : peak.start <= start && end <= peak.end),
    );
    const isTouched = touches(peaks, chromosome, start, end);
    if (
      !isBound &&
      (touches(relaxedPeaks, chromosome, start, end) || (isTouched && options.touched === "drop"))
    ) {
      return [];
    }
    return [{ ...site, end, from, isBound, split }];
  });
}

describe("a data set of motif sites", () => {
  const background = backgroundOfLetters(BACKGROUND);

  it.each([
    [{}],
    [{ ends: "pad", boundRule: "inside", touched: "drop" }],
    [{ length: 300, positives: "all", matchWithin: "split" }],
    [{ control: "gc", gcBin: 0.05, length: 200, ratio: 2 }],
  ] as [MotifSiteOptions][])("has the sites, labels and parts that plain loops find: %j", async (options) => {
    const study = plantedStudy({
      blacklist: [interval("r:5000-9000"), interval("t:0-300")],
      unlabelled: [interval("r:90000-99000")],
      validation: [interval("v:3000-40000"), interval("r:120000-121000")],
    });
    const { relaxedPeaks: _, ...experiment } = study.experiments[0];
    const relaxed = { ...experiment, relaxedPeaks: [interval("r:20000-24000")] };
    const own = { ...study, experiments: [relaxed] };
    const made = await makeMotifSites(own, relaxed, PLANTED, { ...options, background, minimumSites: 5 });
    const eligible = bruteSelection(own, options);
    const { set, summary, columns } = made;
    expect(summary.sites.bound).toBe(eligible.filter(({ isBound }) => isBound).length);
    expect(summary.sites.unbound).toBe(eligible.filter(({ isBound }) => !isBound).length);
    expect(summary.sites.atBorders).toBeGreaterThan(0);
    expect(summary.sites.blacklisted + summary.sites.unlabelled).toBeGreaterThan(20);
    const byName = new Map(eligible.map((site) => [`${site.chromosome}_${site.start}${site.strand}`, site]));
    const { length } = set;
    const bins = new Map<string, [number, number]>();
    for (const [row, name] of set.names!.entries()) {
      const site = byName.get(name)!;
      expect(set.labels[row]).toBe(Number(site.isBound));
      expect(set.splits![row]).toBe(site.split);
      expect(set.places![row]).toEqual({
        chromosome: site.chromosome,
        start: site.from,
        end: site.from + length,
        strand: site.strand,
      });
      const [coreStart, coreEnd] = set.cores!.subarray(2 * row, 2 * row + 2);
      const core = set.codes.slice(row * length + coreStart, row * length + coreEnd);
      const { offset } = study.assembly.segmentsOf(site.chromosome)[0];
      const there = study.assembly.codes.slice(offset + site.start, offset + site.end);
      expect(core).toEqual(site.strand === "+" ? there : reverseComplementCodes(there));
      expect(columns[0].values[row]).toBeCloseTo(-Math.log10(site.p), 12);
      const own = set.codes.slice(row * length, (row + 1) * length);
      const known = own.filter((code) => code < 4).length;
      const gc = own.filter((code) => code === 1 || code === 2).length / known;
      expect(columns[2].values[row]).toBeCloseTo(gc, 6);
      const key = [
        options.matchWithin === "split" ? site.split : "",
        binOf(-Math.log10(site.p), 0.1),
        options.control === "gc" ? binOf(columns[2].values[row], 0.05) : "",
      ].join(" ");
      const counts = bins.get(key) ?? [0, 0];
      counts[site.isBound ? 1 : 0]++;
      bins.set(key, counts);
    }
    for (const [unbound, bound] of bins.values()) {
      if (options.positives === "all") expect(unbound).toBeLessThanOrEqual(bound);
      else expect(unbound).toBe((options.ratio ?? 1) * bound);
    }
    if (options.positives === "all") expect(summary.sites.keptBound).toBe(summary.sites.bound);
    const again = await makeMotifSites(own, relaxed, PLANTED, { ...options, background, minimumSites: 5 });
    expect(again.set.names).toEqual(set.names);
    const lines = formatSitesTable(set, columns).trim().split("\n");
    expect(lines.length).toBe(set.count + 1);
    expect(lines[0].split("\t").length).toBe(lines[1].split("\t").length);
  });

  it("leaves GC alike where it is controlled for, and accessible cores alone", async () => {
    const study = plantedStudy();
    const [experiment] = study.experiments;
    const make = (options: MotifSiteOptions) =>
      makeMotifSites(study, experiment, PLANTED, { background, minimumSites: 5, length: 200, ...options });
    const gc = await make({ control: "gc", gcBin: 0.02 });
    expect(gc.summary.matching.quality["GC share"].after.gap).toBeLessThan(0.15);
    expect(Math.abs(gc.summary.gcDifference)).toBeLessThan(0.01);
    // Half of the instances are open; open is told by the track alone where it is not controlled for.
    const plain = await make({});
    expect(plain.summary.baselines.open.training.auroc).toBeGreaterThan(0.75);
    const { summary, set } = await make({
      control: "accessibility",
      accessibleShare: 0.2,
      accessibleWidth: 1,
    });
    const values = (await study.loadCell()).tracks[0].values;
    for (const place of set.places!) {
      const { offset } = study.assembly.segmentsOf(place.chromosome)[0];
      const middle = Math.floor((place.start + place.end) / 2);
      expect(values[offset + middle]).toBeGreaterThan(0);
    }
    expect(summary.sites.inaccessible).toBeGreaterThan(100);
    expect(summary.accessible!.track).toBe("open");
    const given = await make({
      control: "accessibility",
      accessible: [interval("r:0-160000"), interval("t:0-60000")],
    });
    expect(new Set(given.set.places!.map(({ chromosome }) => chromosome))).toEqual(new Set(["r", "t"]));
    expect(given.summary.warnings.join()).toContain("no site is in validation");
  });

  it("says how many sites are needed, and where the others went", async () => {
    const study = plantedStudy({ blacklist: [interval("r:0-150000")] });
    const [experiment] = study.experiments;
    const make = (options: MotifSiteOptions) => () =>
      makeMotifSites(study, experiment, PLANTED, { background, ...options });
    await expectError(
      make({}),
      "F in C",
      /\d+ bound and \d+ unbound motif instances for training before matching/,
      /on the blacklist/,
      "at least 50 of each",
      "--thresh",
      "--minimum-sites",
    );
    await expectError(make({ minimumSites: 5, control: "gc", gcBin: 0.0001 }), "after matching", "--gc-bin");
    await expectError(make({ control: "accessibility", track: "DNase" }), 'no track named "DNase"', "open");
    await expectError(make({ control: "accessibility", accessible: [] }), "accessible regions", "none");
    await expectError(make({ pValueBin: 0, minimumSites: 1 }), "a width of 0");
    const bare = { ...study, loadCell: async () => sourceOf(study.assembly) };
    await expectError(
      () => makeMotifSites(bare, experiment, PLANTED, { background, control: "accessibility" }),
      "a cell without tracks",
      "--accessible",
    );
    await expectError(make({ length: 5 }), "windows of 5 bp for a motif of 10 bp");
  });

  it("stops where it is told to", async () => {
    const study = plantedStudy();
    const controller = new AbortController();
    const work = makeMotifSites(study, study.experiments[0], PLANTED, {
      background,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("stopped")),
    });
    await expect(work).rejects.toThrow("stopped");
  });
});

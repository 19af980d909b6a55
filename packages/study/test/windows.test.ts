import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildAssembly } from "../src/assembly.js";
import { WindowMaker } from "../src/window-maker.js";
import {
  allocateBatch,
  type BinFeature,
  type WindowPlan,
  type WindowRequest,
  type WindowSource,
} from "../src/windows.js";
import { expectError, expectSameArray, randomCodes, records } from "./helpers.js";

/** Two ragged pieces and a chromosome, with N, and two tracks, one of them logarithmic. */
function makeSource(seed: number): WindowSource {
  const { segments, codes } = buildAssembly(
    records({
      "chr1:137-900": randomCodes(763, `a${seed}`, 0.05),
      "chr1:950-1400": randomCodes(450, `b${seed}`, 0.3),
      "chr2:0-600": randomCodes(600, `c${seed}`),
    }),
    { name: "test", source: "test.fa", pieces: true },
  );
  const random = new Random(seed);
  const track = (name: string, log: boolean) => ({
    name,
    unit: "cuts",
    log,
    values: Float32Array.from(codes, () => {
      const count = random.integer(4) === 0 ? random.integer(9) : 0;
      return log ? Math.log1p(count) : count;
    }),
  });
  // Disjoint stretches of 1-60 bp with gaps of 1-300 bp on every segment but, at times, the second.
  const segmentFirst = [0];
  const starts: number[] = [];
  const ends: number[] = [];
  segments.forEach((segment, s) => {
    let at = segment.start + random.integer(300);
    while ((s !== 1 || seed % 2 === 0) && at < segment.end) {
      starts.push(at);
      ends.push(Math.min(segment.end, at + 1 + random.integer(60)));
      at = ends[ends.length - 1] + 1 + random.integer(300);
    }
    segmentFirst.push(starts.length);
  });
  return {
    segments,
    codes,
    tracks: [track("plain", false), track("logged", true)],
    annotations: [
      {
        name: "exon",
        segmentFirst: Uint32Array.from(segmentFirst),
        starts: Int32Array.from(starts),
        ends: Int32Array.from(ends),
      },
    ],
    covariates: { PC1: -1.5, PC2: seed },
  };
}

function makeFeatures(seed: number): BinFeature[] {
  const random = new Random(`features ${seed}`);
  const motif = (length: number, sites: "inside" | "middle"): BinFeature => ({
    kind: "motif",
    name: `m${length}`,
    length,
    sites,
    logOdds: Array.from({ length: 4 * length }, () => random.normal()),
  });
  const signal = (track: string, width: number, log: boolean): BinFeature => ({
    kind: "signal",
    name: `${track} ${width}`,
    track,
    width,
    log,
  });
  return [
    motif(6, "inside"),
    motif(6, "middle"),
    motif(11, "inside"),
    motif(11, "middle"),
    signal("plain", 200, false),
    signal("plain", 1000, true),
    signal("logged", 120, false),
    signal("logged", 333, true),
    { kind: "covariate", name: "PC2" },
    { kind: "overlap", name: "exon flag", annotation: "exon" },
  ];
}

/** Base code of a chromosome position as its segment has it: 4 beyond the segment. */
function codeAt(source: WindowSource, segmentIndex: number, position: number): number {
  const { start, end, offset } = source.segments[segmentIndex];
  return position >= start && position < end ? source.codes[offset + position - start] : 4;
}

/** The definition, cell by cell. */
function naiveWindows(source: WindowSource, plan: WindowPlan, request: WindowRequest): Float32Array {
  const channels = 4 + plan.tracks.length;
  const out = new Float32Array(request.binStarts.length * channels * plan.windowLength);
  for (let i = 0; i < request.binStarts.length; i++) {
    const { start, end, offset } = source.segments[request.segmentIndices[i]];
    for (let x = 0; x < plan.windowLength; x++) {
      const position = request.binStarts[i] - Math.floor((plan.windowLength - plan.binSize) / 2) + x;
      for (let channel = 0; channel < channels; channel++) {
        let value = 0;
        if (channel < 4) value = codeAt(source, request.segmentIndices[i], position) === channel ? 1 : 0;
        else if (position >= start && position < end) {
          const track = source.tracks.find(({ name }) => name === plan.tracks[channel - 4])!;
          value = track.values[offset + position - start];
        }
        out[(i * channels + channel) * plan.windowLength + x] = value;
      }
    }
  }
  return out;
}

function naiveFeature(
  source: WindowSource,
  plan: WindowPlan,
  feature: BinFeature,
  segmentIndex: number,
  binStart: number,
): number {
  const { start, end, offset } = source.segments[segmentIndex];
  if (feature.kind === "signal") {
    const track = source.tracks.find(({ name }) => name === feature.track)!;
    const from = binStart - Math.floor((feature.width - plan.binSize) / 2);
    let sum = 0;
    for (let position = from; position < from + feature.width; position++) {
      if (position < start || position >= end) continue;
      const value = track.values[offset + position - start];
      sum += track.log ? Math.expm1(value) : value;
    }
    return feature.log ? Math.log1p(sum) : sum / feature.width;
  }
  if (feature.kind === "covariate") return source.covariates![feature.name];
  if (feature.kind === "overlap") {
    const { segmentFirst, starts, ends } = source.annotations!.find(
      ({ name }) => name === feature.annotation,
    )!;
    for (let position = binStart; position < binStart + plan.binSize; position++) {
      for (let i = segmentFirst[segmentIndex]; i < segmentFirst[segmentIndex + 1]; i++) {
        if (position >= starts[i] && position < ends[i]) return 1;
      }
    }
    return 0;
  }
  const { length, logOdds } = feature;
  const scoreOf = (column: number, code: number) =>
    code < 4 ? logOdds[column * 4 + code] : Math.min(...logOdds.slice(column * 4, column * 4 + 4));
  // Where no site fits, the lowest score the matrix can give.
  let best = Array.from({ length }, (_, column) => scoreOf(column, 4)).reduce((a, b) => a + b);
  for (let site = start; site + length <= end; site++) {
    const isIn =
      feature.sites === "inside"
        ? site >= binStart && site + length <= binStart + plan.binSize
        : site + Math.floor(length / 2) >= binStart &&
          site + Math.floor(length / 2) < binStart + plan.binSize;
    if (!isIn) continue;
    let forward = 0;
    let reverse = 0;
    for (let k = 0; k < length; k++) {
      const code = source.codes[offset + site - start + k];
      forward += scoreOf(k, code);
      reverse += scoreOf(length - 1 - k, code < 4 ? 3 - code : 4);
    }
    best = Math.max(best, forward, reverse);
  }
  return best;
}

describe("windows", () => {
  it("and features are those of a naive twin: edges, N, tracks, odd lengths", () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.constantFrom([200, 200], [300, 200], [401, 200], [101, 200], [1000, 120], [77, 30]),
        fc.subarray(["plain", "logged"]),
        fc.array(fc.tuple(fc.nat(2), fc.nat(1000)), { minLength: 1, maxLength: 12 }),
        (seed, [windowLength, binSize], tracks, places) => {
          const source = makeSource(seed);
          const plan: WindowPlan = { windowLength, binSize, tracks, features: makeFeatures(seed) };
          const request: WindowRequest = {
            segmentIndices: Uint32Array.from(places, ([segment]) => segment),
            binStarts: Int32Array.from(places, ([segment, at]) => {
              const { start, end } = source.segments[segment];
              return start + (at % (end - start - binSize + 1));
            }),
          };
          const batch = new WindowMaker(source, plan).fill(request);
          expect(batch.count).toBe(places.length);
          expectSameArray(batch.windows, naiveWindows(source, plan, request));
          const expected = places.flatMap(([segment], i) =>
            plan.features.map((feature) =>
              naiveFeature(source, plan, feature, segment, request.binStarts[i]),
            ),
          );
          expect(batch.features).toHaveLength(expected.length);
          for (const [i, value] of expected.entries()) {
            if (!(Math.abs(batch.features[i] - value) < 1e-4))
              throw new Error(`feature ${i}: ${batch.features[i]}, not ${value}`);
          }
          expectSameArray(new WindowMaker(source, plan).fillFeatures(request), batch.features);
        },
      ),
      { numRuns: 80, seed: 8 },
    );
  });

  it("leave nothing of what was in the arrays before", () => {
    const source = makeSource(3);
    const plan: WindowPlan = {
      windowLength: 300,
      binSize: 200,
      tracks: ["plain"],
      features: makeFeatures(3),
    };
    const maker = new WindowMaker(source, plan);
    const request = { segmentIndices: Uint32Array.of(0, 2), binStarts: Int32Array.of(140, 390) };
    const used = allocateBatch(plan, 5);
    used.windows.fill(7);
    used.features.fill(7);
    const batch = maker.fill(request, used);
    const fresh = maker.fill(request);
    expect(batch.count).toBe(2);
    expectSameArray(batch.windows.subarray(0, fresh.windows.length), fresh.windows);
    expectSameArray(batch.features.subarray(0, fresh.features.length), fresh.features);
  });

  it("of a stretch of N have no base and the lowest motif score", () => {
    const { segments, codes } = buildAssembly(records({ n: "N".repeat(500) }), { name: "n", source: "n.fa" });
    const features: BinFeature[] = [
      { kind: "motif", name: "m", length: 2, sites: "inside", logOdds: [1, -2, 0, 0.5, -1, 0, 2, 1] },
    ];
    const plan: WindowPlan = { windowLength: 400, binSize: 200, tracks: [], features };
    const batch = new WindowMaker({ segments, codes, tracks: [] }, plan).fill({
      segmentIndices: Uint32Array.of(0),
      binStarts: Int32Array.of(100),
    });
    expect(batch.windows.every((value) => value === 0)).toBe(true);
    expect([...batch.features]).toEqual([-3]);
  });

  it("need the tracks the plan names", async () => {
    const source = makeSource(1);
    const plan: WindowPlan = { windowLength: 200, binSize: 200, tracks: ["DNase"], features: [] };
    await expectError(() => new WindowMaker(source, plan), 'no track named "DNase"', "one of plain, logged");
    const features: BinFeature[] = [{ kind: "signal", name: "s", track: "H3K4me3", width: 9, log: false }];
    await expectError(
      () => new WindowMaker(source, { ...plan, tracks: [], features }),
      'no track named "H3K4me3"',
    );
  });

  it("need the annotations and covariates the plan names", async () => {
    const source = makeSource(1);
    const plan: WindowPlan = { windowLength: 200, binSize: 200, tracks: [], features: [] };
    const make = (feature: BinFeature) => () => new WindowMaker(source, { ...plan, features: [feature] });
    const overlap = make({ kind: "overlap", name: "cds", annotation: "cds" });
    await expectError(overlap, 'no annotation named "cds"', "one of exon");
    await expectError(
      make({ kind: "covariate", name: "toString" }),
      'no covariate named "toString"',
      "one of PC1, PC2",
    );
  });
});

import { Random } from "@bindscape/numerics";
import { afterAll, describe, expect, it } from "vitest";
import { BatchPipeline } from "../src/batch-pipeline.node.js";
import { drawPooledEpoch, drawPooledValidation, ofSource } from "../src/pooled-sampling.js";
import { type LabelledWindows, type SamplingOptions, WindowSampler } from "../src/sampling.js";
import { splitBins } from "../src/splits.js";
import { WindowMaker } from "../src/window-maker.js";
import type { WindowPlan, WindowSource } from "../src/windows.js";
import { expectError, expectSameArray, interval, makeAssembly, makeStudy, NO_HOLD_OUTS } from "./helpers.js";

const assembly = makeAssembly({ train: 20_000, valid: 8000, test: 4000 });
const whole = (chromosome: string) => [{ chromosome, start: 0, end: Number.POSITIVE_INFINITY }];
const holdOuts = { ...NO_HOLD_OUTS, validation: whole("valid"), test: whole("test") };
const study = makeStudy(
  assembly,
  [
    {
      factor: "F",
      cell: "A",
      peaks: ["train:2000-2200", "train:5000-5200", "valid:1000-1200"].map(interval),
    },
    {
      factor: "F",
      cell: "B",
      peaks: ["train:2000-2200", "train:9000-9200", "valid:6000-6200"].map(interval),
    },
    { factor: "F", cell: "X", peaks: ["valid:3000-3200"].map(interval) },
  ],
  { holdOuts },
);
const splits = splitBins(study.bins, holdOuts, 400);
const options: SamplingOptions = {
  positives: "bins",
  minimumOverlap: 76,
  jitter: 10,
  negativesPerPositive: 2,
  negativeMargin: 200,
  negativeWeight: "equal",
  validationNegativesPerPositive: 0,
};
const samplerOf = (experiment: number, change: Partial<SamplingOptions> = {}) =>
  new WindowSampler(study, [study.experiments[experiment]], splits, { ...options, ...change });
const rowsOf = (windows: LabelledWindows, source = 0) =>
  Array.from(windows.binStarts, (start, row) =>
    [
      windows.sourceIndices?.[row] ?? source,
      windows.segmentIndices[row],
      start,
      windows.labels[row],
      windows.weights[row],
    ].join(" "),
  );

describe("windows of several cells", () => {
  const samplers = [samplerOf(0), samplerOf(1)];

  it("are those of each cell, with its own labels, shuffled together", () => {
    const epoch = drawPooledEpoch(samplers, new Random(4));
    // The cells draw one after another from the same generator.
    const random = new Random(4);
    const apart = samplers.flatMap((sampler, index) => rowsOf(sampler.drawEpoch(random), index));
    const found = rowsOf(epoch);
    expect(found).not.toEqual(apart);
    expect([...found].sort()).toEqual([...apart].sort());
    expect(found.filter((row) => row.startsWith("0")).length).toBe(found.length / 2);
    const changes = found.filter((row, i) => i > 0 && row[0] !== found[i - 1][0]);
    expect(changes.length).toBeGreaterThan(found.length / 4);
    // Bound in A alone is unbound in B.
    const labelsNear = (at: number, source: number) =>
      Array.from(epoch.binStarts, (start, row) => ({ start, row }))
        .filter(({ start, row }) => Math.abs(start - at) < 50 && epoch.sourceIndices![row] === source)
        .map(({ row }) => epoch.labels[row]);
    expect(new Set(labelsNear(5000, 0))).toEqual(new Set([1]));
    expect(labelsNear(5000, 1).every((label) => label === 0)).toBe(true);
  });

  it("are those of the one cell, draw for draw, where there is one", () => {
    const one = drawPooledEpoch([samplers[0]], new Random(4));
    expect(one.sourceIndices).toBeUndefined();
    expect(rowsOf(one)).toEqual(rowsOf(samplers[0].drawEpoch(new Random(4))));
    expect(rowsOf(drawPooledValidation([samplers[1]], new Random(4)))).toEqual(
      rowsOf(samplers[1].validationWindows(new Random(4))),
    );
  });

  it("are validated cell by cell, and in a cell that has nothing to train on", async () => {
    const pooled = drawPooledValidation(samplers, new Random(1));
    expect(rowsOf(pooled)).toEqual(
      samplers.flatMap((sampler, index) => rowsOf(sampler.validationWindows(new Random(1)), index)),
    );
    await expectError(() => samplerOf(2), "no bound bin of F to train on");
    const only = new WindowSampler(study, [study.experiments[2]], splits, options, "validation");
    const windows = ofSource(only.validationWindows(new Random(1)), 2);
    expect(new Set(windows.sourceIndices)).toEqual(new Set([2]));
    const bound = [...windows.binStarts].filter((_, row) => windows.labels[row] === 1);
    expect(Math.min(...bound)).toBeGreaterThan(2800);
    expect(Math.max(...bound)).toBeLessThan(3200);
  });
});

describe("windows from several sources", () => {
  const cell = (seed: number): WindowSource => {
    const random = new Random(seed);
    const values = new Float32Array(new SharedArrayBuffer(assembly.size * 4));
    for (let i = 0; i < values.length; i++) values[i] = random.uniform();
    const tracks = [{ name: "t", unit: "u", log: false, values }];
    return { segments: assembly.segments, codes: assembly.codes, tracks, covariates: { PC1: seed / 8 } };
  };
  const sources = [cell(1), cell(2), cell(3)];
  const plan: WindowPlan = {
    windowLength: 300,
    binSize: 200,
    tracks: ["t"],
    features: [
      { kind: "covariate", name: "PC1" },
      { kind: "signal", name: "s", track: "t", width: 200, log: false },
    ],
  };
  const pipelines: BatchPipeline[] = [];
  afterAll(async () => {
    for (const pipeline of pipelines) await pipeline.close();
  });

  it("are each those of its own, in worker threads too", async () => {
    const windows = drawPooledEpoch([samplerOf(0), samplerOf(1), samplerOf(0)], new Random(2));
    const all = new WindowMaker(sources, plan).fill(windows);
    const size = all.windows.length / all.count;
    for (let row = 0; row < all.count; row++) {
      const own = new WindowMaker(sources[windows.sourceIndices![row]], plan).fill({
        segmentIndices: windows.segmentIndices.slice(row, row + 1),
        binStarts: windows.binStarts.slice(row, row + 1),
      });
      expectSameArray(all.windows.subarray(row * size, (row + 1) * size), own.windows);
      expectSameArray(all.features.subarray(2 * row, 2 * row + 2), own.features);
    }
    expectSameArray(new WindowMaker(sources, plan).fillFeatures(windows), all.features);
    const pipeline = new BatchPipeline(sources, plan, { batchSize: all.count });
    pipelines.push(pipeline);
    for await (const batch of pipeline.run([windows])) {
      expectSameArray(batch.windows, all.windows);
      expectSameArray(batch.features, all.features);
      batch.release();
    }
  });

  it("need every cell to have what the plan names", async () => {
    const { covariates: _, ...without } = sources[1];
    await expectError(() => new WindowMaker([sources[0], without], plan), 'no covariate named "PC1"');
  });
});

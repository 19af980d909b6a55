import { Random } from "@bindscape/numerics";
import type { BinFeature, Study, WindowRequest } from "@bindscape/study";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FactorNetOptions, factorNetOptions } from "../src/architectures/factornet/options.js";
import type { Network } from "../src/network/describe-network.js";
import { predictWindows } from "../src/network/network.node.js";
import { planStretches } from "../src/network/stretches.js";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  requestOf,
  tinyOptions,
} from "./helpers.js";

const TRACKS = ["signal", "cuts_rev", "cuts_fwd"];
const SIZES = { b: 700, a: 260, tiny: 45 };

/** Sequence with stretches of N, and tracks that differ everywhere. */
function makeGenome(step: number, binSize: number, seed: number): Study {
  const random = new Random(seed);
  const chromosomes = Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => {
      const codes = randomCodes(size, `${seed}${name}`);
      return [name, codes.fill(4, Math.floor(size / 3), Math.floor(size / 3) + 9)];
    }),
  );
  const size = Object.values(SIZES).reduce((a, b) => a + b);
  const tracks = TRACKS.map((name) => ({
    name,
    values: Float32Array.from({ length: size }, () => random.uniform()),
  }));
  return makeStudy({
    chromosomes,
    tracks,
    bins: { size: binSize, step, boundOverlap: Math.ceil(binSize / 2) },
  });
}

const isShared = (network: Network, request: WindowRequest) => {
  const { windowLength, binSize } = network.file.plan;
  return planStretches(request, windowLength, binSize, { values: 4 }) !== null;
};

async function compare(network: Network, study: Study, request: WindowRequest): Promise<void> {
  const source = await study.loadCell("C");
  const shared = await predictWindows(network, source, request, { threads: 1 });
  const single = await predictWindows(network, source, request, { threads: 1, sharedOverlap: false });
  expectClose(shared, single, 1e-5);
  // Not all alike, or the comparison would say nothing.
  expect(Math.max(...single) - Math.min(...single)).toBeGreaterThan(1e-3);
}

const logOdds = Array.from({ length: 12 }, (_, i) => Math.sin(i));
const FEATURES: BinFeature[] = [
  { kind: "motif", name: "motif", logOdds, length: 3, sites: "inside" },
  { kind: "signal", name: "signal", track: "signal", width: 31, log: true },
];

/** A network with random weights; its bin-level features are random too. */
function networkOf(
  options: Partial<FactorNetOptions>,
  plan: { binSize: number; tracks: string[]; features: BinFeature[]; sequence?: boolean },
  tasks: number,
  seed: number,
): Network {
  return makeNetwork(
    factorNetOptions.parse({ ...tinyOptions(), ...options }),
    plan,
    {
      tasks: Array.from({ length: tasks }, (_, task) => ({ factor: `F${task}`, cell: "C" })),
      featureScaling: { mean: plan.features.map(() => 0.5), scale: plan.features.map(() => 2) },
      boundShare: Array.from({ length: tasks }, () => 0.5),
    },
    seed,
  );
}

describe("prediction that shares what windows have in common", () => {
  it("gives the numbers of window by window, whatever the pool, step, edges, holes, strands and outputs", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          windowLength: fc.integer({ min: 60, max: 120 }),
          kernelWidth: fc.integer({ min: 3, max: 5 }),
          poolWidth: fc.integer({ min: 1, max: 17 }),
          step: fc.integer({ min: 1, max: 20 }),
          // Even and odd; longer than the step or not, but never longer than the window.
          binSize: fc.integer({ min: 1, max: 41 }),
          kernels: fc.integer({ min: 2, max: 6 }),
          recurrent: fc.constantFrom(0, 3),
          globalPool: fc.boolean(),
          withoutSequence: fc.boolean(),
          gates: fc.constantFrom("sigmoid" as const, "hard-sigmoid" as const),
          tracks: fc.shuffledSubarray(TRACKS),
          features: fc.shuffledSubarray(FEATURES),
          linearFeatures: fc.boolean(),
          tasks: fc.integer({ min: 1, max: 3 }),
          holes: fc.constantFrom(0, 0.1, 0.4),
          shuffled: fc.boolean(),
        }),
        async ({
          seed,
          step,
          binSize,
          tracks,
          features,
          tasks,
          holes,
          shuffled,
          withoutSequence,
          ...options
        }) => {
          const study = makeGenome(step, binSize, seed);
          const sequence = !withoutSequence || tracks.length === 0;
          const plan = { binSize, tracks, features, ...(!sequence && { sequence }) };
          const network = networkOf({ ...options, sequence }, plan, tasks, seed);
          const random = new Random(seed);
          const request = requestOf(study, () => random.uniform() >= holes);
          if (shuffled) {
            const rows = random.shuffle(Array.from(request.binStarts, (_, row) => row));
            const { segmentIndices, binStarts } = request;
            await compare(network, study, {
              segmentIndices: Uint32Array.from(rows, (row) => segmentIndices[row]),
              binStarts: Int32Array.from(rows, (row) => binStarts[row]),
            });
          } else await compare(network, study, request);
          // Steps of up to a quarter of the window always share.
          if (holes === 0 && step <= 10) expect(isShared(network, request)).toBe(true);
        },
      ),
      { numRuns: 20, seed: 20261120 },
    );
  });

  it("does so at every pool phase and for pools that leave each remainder", async () => {
    // 60 bp and kernels of 5 bp leave 56 positions; bins at every base meet every phase.
    const study = makeGenome(1, 20, 7);
    for (const poolWidth of [1, 2, 3, 5, 6, 9, 11, 28, 29, 56]) {
      const network = networkOf(
        { poolWidth, recurrent: 2 },
        { binSize: 20, tracks: TRACKS, features: [] },
        1,
        3,
      );
      const request = requestOf(study, (bin) => bin % 3 !== 2 || bin < 100);
      expect(isShared(network, request)).toBe(true);
      await compare(network, study, request);
    }
  });

  it("does so where a window has one maximum, and where it has tracks alone", async () => {
    const study = makeGenome(1, 20, 11);
    const request = requestOf(study, (bin) => bin % 3 !== 2 || bin < 100);
    for (const [options, plan] of [
      [{ globalPool: true }, { features: FEATURES }],
      [
        { sequence: false, poolWidth: 6, recurrent: 2 },
        { features: [], sequence: false },
      ],
      [
        { sequence: false, globalPool: true },
        { features: FEATURES.slice(1), sequence: false },
      ],
    ] as const) {
      const network = networkOf(
        options,
        { binSize: 20, tracks: TRACKS, ...plan, features: [...plan.features] },
        2,
        9,
      );
      expect(isShared(network, request)).toBe(true);
      await compare(network, study, request);
    }
  });

  it("does so at the edges of segments and for bins off the grid, some named twice", async () => {
    const study = makeGenome(10, 20, 8);
    const network = networkOf({ poolWidth: 9 }, { binSize: 20, tracks: TRACKS, features: FEATURES }, 2, 4);
    const random = new Random(5);
    const rows = Array.from({ length: 300 }, () => {
      const segment = random.integer(3);
      const { start, end } = study.assembly.segments[segment];
      return [segment, start + random.integer(end - start - 19)];
    });
    const request = {
      segmentIndices: Uint32Array.from(rows, ([segment]) => segment),
      binStarts: Int32Array.from(rows, ([, start]) => start),
    };
    expect(isShared(network, request)).toBe(true);
    await compare(network, study, request);
    const edges = requestOf(study, (bin) => {
      const { segment } = study.bins.partOf(bin);
      const start = study.bins.startOf(bin);
      return start < segment.start + 30 || start + 50 > segment.end;
    });
    await compare(network, study, edges);
  });

  it("does so for so many windows that the LSTM is written step by step", async () => {
    const study = makeGenome(10, 20, 10);
    const network = networkOf(
      { poolWidth: 9, recurrent: 3, gates: "hard-sigmoid" },
      { binSize: 20, tracks: TRACKS, features: [] },
      1,
      6,
    );
    const random = new Random(6);
    const request = {
      segmentIndices: new Uint32Array(6000),
      binStarts: Int32Array.from({ length: 6000 }, () => random.integer(SIZES.b - 19)),
    };
    expect(isShared(network, request)).toBe(true);
    await compare(network, study, request);
  });

  it("counts its progress and stops when told to", async () => {
    const study = makeGenome(2, 20, 9);
    const network = networkOf({}, { binSize: 20, tracks: [], features: FEATURES.slice(0, 1) }, 1, 4);
    const request = requestOf(study, () => true);
    const source = await study.loadCell("C");
    const done: number[] = [];
    await predictWindows(network, source, request, {
      onProgress: (progress) => done.push(progress.done),
    });
    expect(done.at(-1)).toBe(request.binStarts.length);
    expect(done.length).toBeGreaterThan(2);
    const controller = new AbortController();
    const work = predictWindows(network, source, request, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(work).rejects.toThrow("enough");
  });

  it("names a missing track as window by window does", async () => {
    const study = makeGenome(2, 20, 9);
    const network = networkOf({}, { binSize: 20, tracks: ["elsewhere"], features: [] }, 1, 4);
    const request = requestOf(study, () => true);
    expect(isShared(network, request)).toBe(true);
    const source = await study.loadCell("C");
    await expectError(() => predictWindows(network, source, request), 'no track named "elsewhere"');
  });
});

describe("cutting a request into stretches", () => {
  const at = (starts: readonly number[], segment = 0): WindowRequest => ({
    segmentIndices: new Uint32Array(starts.length).fill(segment),
    binStarts: Int32Array.from(starts),
  });
  const grid = (count: number, step: number) => Array.from({ length: count }, (_, i) => i * step);

  it("covers every window once, each inside its stretch", () => {
    const random = new Random(2);
    const starts = grid(1000, 50).filter(() => random.uniform() < 0.7);
    const request = at(starts);
    const plan = planStretches(request, 1000, 200, { values: 32 })!;
    let next = 0;
    for (const { start, from, to } of plan.stretches) {
      expect(from).toBe(next);
      expect(to - from).toBeLessThanOrEqual(plan.largest);
      for (const row of plan.order.subarray(from, to)) {
        expect(request.binStarts[row] - 400).toBeGreaterThanOrEqual(start);
        expect(request.binStarts[row] - 400 + 1000).toBeLessThanOrEqual(start + plan.length);
      }
      next = to;
    }
    expect(next).toBe(starts.length);
    // FactorNet's own grid: each base some 1.3 times instead of 14 to 20 times.
    expect(plan.stretches.length * plan.length).toBeLessThan(1.6 * 50_000);
  });

  it("says null where windows hardly overlap, where there are few, and for stretches too large to hold", () => {
    expect(planStretches(at(grid(1000, 600)), 1000, 200, { values: 32 })).toBeNull();
    expect(planStretches(at(grid(1000, 5000)), 1000, 200, { values: 32 })).toBeNull();
    expect(planStretches(at([]), 1000, 200, { values: 32 })).toBeNull();
    expect(planStretches(at([5]), 1000, 200, { values: 32 })).toBeNull();
    expect(planStretches(at(grid(1000, 50)), 1000, 200, { values: 32 })).not.toBeNull();
    expect(planStretches(at(grid(1000, 50)), 1000, 200, { values: 10_000 })).toBeNull();
  });

  it("takes shorter stretches for many short segments", () => {
    const segments = Array.from({ length: 200 }, (_, i) => at(grid(16, 50), i));
    const request = {
      segmentIndices: Uint32Array.from(segments.flatMap((one) => [...one.segmentIndices])),
      binStarts: Int32Array.from(segments.flatMap((one) => [...one.binStarts])),
    };
    expect(planStretches(request, 1000, 200, { values: 32 })).toMatchObject({ largest: 16, length: 1750 });
  });
});

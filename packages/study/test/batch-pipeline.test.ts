import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BindscapeError, Random } from "@bindscape/numerics";
import { afterEach, describe, expect, it } from "vitest";
import { BatchPipeline, type PipelineOptions } from "../src/batch-pipeline.node.js";
import { WindowMaker } from "../src/window-maker.js";
import type { WindowBatch, WindowPlan, WindowRequest, WindowSource } from "../src/windows.js";
import { expectSameArray, makeAssembly } from "./helpers.js";

const assembly = makeAssembly({ chr1: 20_000, chr2: 9_000 });
const values = new Float32Array(new SharedArrayBuffer(assembly.size * 4));
const noise = new Random(5);
for (let i = 0; i < values.length; i++) values[i] = noise.normal();
const source: WindowSource = {
  segments: assembly.segments,
  codes: assembly.codes,
  tracks: [{ name: "t", unit: "u", log: false, values }],
};
const plan: WindowPlan = {
  windowLength: 250,
  binSize: 200,
  tracks: ["t"],
  features: [
    { kind: "signal", name: "s", track: "t", width: 500, log: false },
    {
      kind: "motif",
      name: "m",
      length: 3,
      sites: "middle",
      logOdds: [1, 0, -1, 0, 0, 2, 0, -2, 1, 1, -1, -1],
    },
  ],
};

function makeRequests(sizes: readonly number[], seed = 1): WindowRequest[] {
  const random = new Random(seed);
  return sizes.map((size) => {
    const segmentIndices = Uint32Array.from({ length: size }, () => random.integer(2));
    return {
      segmentIndices,
      binStarts: Int32Array.from(segmentIndices, (segment) =>
        random.integer(assembly.segments[segment].end - 200),
      ),
    };
  });
}

const open: BatchPipeline[] = [];
function makePipeline(options: Partial<PipelineOptions> = {}, wanted = plan): BatchPipeline {
  const pipeline = new BatchPipeline(source, wanted, { batchSize: 16, ...options });
  open.push(pipeline);
  return pipeline;
}
afterEach(async () => {
  for (const pipeline of open.splice(0)) await pipeline.close();
});

/** What the batches of a run hold, copied, with each batch given back. */
async function collect(pipeline: BatchPipeline, requests: Iterable<WindowRequest>) {
  const all: { index: number; count: number; windows: Float32Array; features: Float32Array }[] = [];
  for await (const { index, count, windows, features, release } of pipeline.run(requests)) {
    all.push({ index, count, windows: windows.slice(), features: features.slice() });
    release();
    release();
  }
  return all;
}

/** Asserts that batches are those a WindowMaker makes of the requests, in their order. */
function expectMade(batches: readonly WindowBatch[], requests: readonly WindowRequest[]): void {
  const maker = new WindowMaker(source, plan);
  expect(batches).toHaveLength(requests.length);
  for (const [i, request] of requests.entries()) {
    const made = maker.fill(request);
    expect(batches[i].count).toBe(made.count);
    expectSameArray(batches[i].windows, made.windows);
    expectSameArray(batches[i].features, made.features);
  }
}

it("the worker is built (run `tsc -b packages/study` first)", () => {
  expect(existsSync(fileURLToPath(new URL("../dist/batch-worker.node.js", import.meta.url)))).toBe(true);
});

describe("batches from worker threads", () => {
  const sizes = Array.from({ length: 40 }, (_, i) => [16, 1, 7, 0, 16][i % 5]);

  it.each([{ workers: 1 }, { workers: 2, ahead: 5 }, { workers: 3, ahead: 1 }])(
    "are exactly those of a WindowMaker, in order (%o)",
    async (options) => {
      const requests = makeRequests(sizes);
      const pipeline = makePipeline(options);
      expectMade(await collect(pipeline, requests), requests);
      // And again with the arrays used before.
      const others = makeRequests(sizes, 2);
      expectMade(await collect(pipeline, others), others);
      expect(pipeline.waitedMilliseconds).toBeGreaterThan(0);
    },
  );

  it("stay as they are until they are given back", async () => {
    const requests = makeRequests([16, 16, 16, 16, 16, 16, 16, 16]);
    const held: WindowBatch[] = [];
    for await (const batch of makePipeline({ workers: 2 }).run(requests)) {
      expect(batch.index).toBe(held.length);
      held.push(batch);
    }
    expectMade(held, requests);
  });

  it("read requests only a few ahead of the batch in use", async () => {
    let taken = 0;
    function* requests() {
      for (const request of makeRequests(Array(50).fill(2))) {
        taken++;
        yield request;
      }
    }
    let used = 0;
    for await (const batch of makePipeline({ ahead: 4 }).run(requests())) {
      used++;
      expect(taken - used).toBeLessThanOrEqual(4);
      batch.release();
    }
    expect(used).toBe(50);
  });

  it("can be left early, and the pipeline used again", async () => {
    const requests = makeRequests(Array(20).fill(9));
    const pipeline = makePipeline({ workers: 2 });
    for await (const batch of pipeline.run(requests)) if (batch.index === 3) break;
    expectMade(await collect(pipeline, requests), requests);
  });
});

describe("what goes wrong", () => {
  it("in a worker comes out where batches are read", async () => {
    const [good] = makeRequests([4]);
    const bad: WindowRequest = { segmentIndices: Uint32Array.of(99), binStarts: Int32Array.of(0) };
    const seen: number[] = [];
    const run = async () => {
      for await (const { index, release } of makePipeline().run([good, good, bad, good])) {
        seen.push(index);
        release();
      }
    };
    await expect(run()).rejects.toThrow(/TypeError|undefined/);
    expect(seen).toEqual([0, 1]);
  });

  it("with the plan is said before a thread is started, as the error it is", () => {
    expect(() => makePipeline({}, { ...plan, tracks: ["absent"] })).toThrow(BindscapeError);
  });

  it("with a request larger than its arrays is said", async () => {
    await expect(collect(makePipeline(), makeRequests([17]))).rejects.toThrow(
      "a request of 17 windows in a pipeline for 16",
    );
  });

  it("when the pipeline is closed does not leave the reader waiting", async () => {
    const pipeline = makePipeline();
    const run = collect(pipeline, makeRequests(Array(2000).fill(16)));
    await Promise.all([expect(run).rejects.toThrow("the batch pipeline was closed"), pipeline.close()]);
    await expect(collect(pipeline, makeRequests([1]))).rejects.toThrow("the batch pipeline was closed");
  });
});

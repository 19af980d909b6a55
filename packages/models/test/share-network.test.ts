import * as g from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { BatchPipeline, type Study, type WindowPlan, type WindowRequest } from "@bindscape/study";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildFactorNet, shareFactorNetOverlap } from "../src/architectures/factornet/build.js";
import { runPredictor } from "../src/network/network.node.js";
import { predictShared } from "../src/network/predict-shared.node.js";
import { chooseSharedPath, shareNetwork } from "../src/network/share-network.js";
import { keepStretches } from "../src/network/stretches.js";
import {
  expectClose,
  makeContext,
  makeStudy,
  randomCodes,
  randomParameters,
  requestOf,
  tinyOptions,
} from "./helpers.js";

const WINDOW = 100;
const PLAN: WindowPlan = { windowLength: WINDOW, binSize: 20, tracks: [], features: [] };
const SIZES = { b: 900, a: 300, tiny: 45 };

function makeGenome(step: number, binSize = 20): Study {
  const chromosomes = Object.fromEntries(
    Object.entries(SIZES).map(([name, size]) => [
      name,
      randomCodes(size, name).fill(4, Math.floor(size / 3), Math.floor(size / 3) + 9),
    ]),
  );
  const values = Float32Array.from({ length: 1245 }, (_, i) => Math.abs(Math.sin(i)));
  const tracks = [{ name: "signal", values }];
  return makeStudy({
    chromosomes,
    tracks,
    bins: { size: binSize, step, boundOverlap: Math.ceil(binSize / 2) },
  });
}

/** Both paths' probabilities are equal; says how many windows a stretch had, or null where none were shared. */
async function compare(
  build: g.Build,
  study: Study,
  request: WindowRequest,
  { plan = PLAN, tasks = 2, seed = 3 } = {},
): Promise<number | null> {
  const path = shareNetwork(build, plan, request);
  if (path === null) return null;
  const source = await study.loadCell("C");
  const parameters = randomParameters(build, seed);
  const shared = await predictShared({ ...path, plan, parameters, tasks }, source, request, path.stretches, {
    threads: 1,
  });
  const single = new Float32Array(request.binStarts.length * tasks);
  const pipeline = new BatchPipeline(source, plan, { batchSize: 64 });
  const predictor = await g.Predictor.create(g.nodeRuntime(), {
    build,
    parameters,
    threads: 1,
    outputs: ["probability"],
  });
  try {
    await runPredictor(predictor, pipeline, request, "probability", {}, (values, first) =>
      single.set(values, first * tasks),
    );
  } finally {
    await pipeline.close();
    await predictor.release();
  }
  expectClose(shared, single, 1e-5);
  expect(Math.max(...single) - Math.min(...single)).toBeGreaterThan(1e-3);
  return path.stretches.largest;
}

function parameter(x: g.Tensor, name: string, shape: readonly number[]): g.Tensor {
  return x.graph.parameter(name, shape, g.glorotUniform());
}

function convolve(
  x: g.Tensor,
  name: string,
  filters: number,
  width: number,
  options: g.Convolution1dOptions = {},
) {
  const kernel = parameter(x, `${name}.kernel`, [filters, x.shape[1] as number, width]);
  return g.relu(g.convolution1d(x, kernel, parameter(x, `${name}.bias`, [filters]), options));
}

const probabilities = (x: g.Tensor) => {
  const flat = g.flatten(x);
  return g.sigmoid(g.dense(flat, parameter(x, "output.kernel", [flat.shape[1] as number, 2])));
};

const onWindows =
  (body: (windows: g.Tensor) => g.Tensor): g.Build =>
  (graph) => ({ outputs: { probability: body(graph.input("windows", [graph.batch, 4, WINDOW])) } });

/** As Zhou and Troyanskaya 2015 have it, smaller. */
const deepSea = onWindows((windows) => {
  const first = g.maxPool1d(convolve(windows, "first", 8, 8), { size: 4 });
  const second = g.maxPool1d(convolve(first, "second", 10, 4), { size: 4 });
  return probabilities(convolve(second, "third", 12, 3));
});

/** As Quang and Xie 2016 have it, on both strands, smaller. */
const danQ = onWindows((windows) => {
  const kernel = parameter(windows, "strand.kernel", [12, 4, 10]);
  const convolved = g.strandConvolution1d(windows, kernel, null, [3, 2, 1, 0]);
  const pooled = g.alignStrands(g.maxPool1d(g.relu(convolved), { size: 13 }));
  const lstm = g.lstmParameters(windows.graph, "recurrent", { inputs: 12, units: 3 });
  return g.meanOverStrands(probabilities(g.bidirectionalLstm(g.transpose(pooled, [0, 2, 1]), lstm)));
});

/** Same-padded dilated convolutions with shortcuts. */
const residual = onWindows((windows) => {
  let x = convolve(windows, "first", 8, 7, { padding: "same" });
  for (const dilation of [1, 2]) {
    x = g.add(x, convolve(x, `dilated${dilation}`, 8, 3, { padding: "same", dilation }));
  }
  return probabilities(g.globalAveragePool1d(x));
});

const architectures = { deepSea, danQ, residual };

describe("what windows share of networks without a part of their own for it", () => {
  it.each(Object.entries(architectures))(
    "gives the numbers of window by window: %s",
    async (_name, build) => {
      for (const step of [1, 10, 13]) {
        const study = makeGenome(step);
        expect(
          await compare(
            build,
            study,
            requestOf(study, () => true),
          ),
        ).toBeGreaterThanOrEqual(8);
      }
      const study = makeGenome(3);
      const random = new Random(4);
      const sparse = requestOf(study, (bin) => bin % 17 < 13 && random.uniform() < 0.8);
      expect(await compare(build, study, sparse)).toBeGreaterThanOrEqual(8);
    },
  );

  it.each(Object.entries(architectures))(
    "also off the grid, at edges, and named twice: %s",
    async (_name, build) => {
      const study = makeGenome(10);
      const random = new Random(5);
      const rows = Array.from({ length: 250 }, () => {
        const segment = random.integer(3);
        const { start, end } = study.assembly.segments[segment];
        return [segment, start + random.integer(end - start - 19)];
      });
      const request = {
        segmentIndices: Uint32Array.from(rows, ([segment]) => segment),
        binStarts: Int32Array.from(rows, ([, start]) => start),
      };
      expect(await compare(build, study, request)).toBeGreaterThanOrEqual(8);
    },
  );

  it("gives FactorNet's, whose own two parts are another way to the same numbers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          windowLength: fc.integer({ min: 60, max: 120 }),
          kernelWidth: fc.integer({ min: 3, max: 5 }),
          poolWidth: fc.integer({ min: 1, max: 17 }),
          recurrent: fc.constantFrom(0, 3),
          gates: fc.constantFrom("sigmoid" as const, "hard-sigmoid" as const),
        }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (options, step, withFeatures) => {
          const study = makeGenome(step);
          const plan: WindowPlan = {
            windowLength: options.windowLength,
            binSize: 20,
            tracks: ["signal"],
            features: withFeatures
              ? [{ kind: "signal", name: "signal", track: "signal", width: 31, log: true }]
              : [],
          };
          const context = makeContext(plan, { tasks: 2 });
          const build = buildFactorNet(tinyOptions(options), context);
          const largest = await compare(
            build,
            study,
            requestOf(study, () => true),
            { plan },
          );
          expect(largest).toBeGreaterThanOrEqual(8);
        },
      ),
      { numRuns: 8, seed: 20261120 },
    );
  });
});

describe("stretches of a part of the rows", () => {
  it("have the bits that they have in the whole", async () => {
    const study = makeGenome(5);
    const source = await study.loadCell("C");
    const request = requestOf(study, () => true);
    const path = shareNetwork(residual, PLAN, request)!;
    const network = { ...path, plan: PLAN, parameters: randomParameters(residual, 2), tasks: 2 };
    const whole = await predictShared(network, source, request, path.stretches, { threads: 1 });
    const rows = { from: 70, to: 75 };
    const part = keepStretches(path.stretches, rows);
    expect(part.stretches.length).toBeLessThan(path.stretches.stretches.length);
    const some = await predictShared(network, source, request, part, { threads: 1 });
    expect(some.slice(2 * rows.from, 2 * rows.to)).toEqual(whole.slice(2 * rows.from, 2 * rows.to));
  });
});

describe("choosing what to share", () => {
  const grid = (count: number, step: number): WindowRequest => ({
    segmentIndices: new Uint32Array(count),
    binStarts: Int32Array.from({ length: count }, (_, i) => i * step),
  });

  it("leaves windows by themselves that overlap little, that are few, or whose first layer sees all of them", () => {
    expect(shareNetwork(deepSea, PLAN, grid(500, 10))).not.toBeNull();
    expect(shareNetwork(deepSea, PLAN, grid(500, 90))).toBeNull();
    expect(shareNetwork(deepSea, PLAN, grid(500, 200))).toBeNull();
    expect(shareNetwork(deepSea, PLAN, grid(1, 10))).toBeNull();
    expect(shareNetwork(deepSea, PLAN, grid(0, 10))).toBeNull();
    expect(shareNetwork(onWindows(probabilities), PLAN, grid(500, 10))).toBeNull();
    const attention = onWindows((windows) => probabilities(g.softmax(windows, 2)));
    expect(shareNetwork(attention, PLAN, grid(500, 10))).toBeNull();
  });

  it("says null of layers too large to hold, before any memory is taken", () => {
    const huge = onWindows((windows) => probabilities(convolve(windows, "first", 2 ** 30, 8)));
    expect(shareNetwork(huge, PLAN, grid(500, 10))).toBeNull();
  });

  it("counts starts in the distance of windows, and takes every base where they have none in common", () => {
    const path = shareNetwork(deepSea, PLAN, grid(500, 10))!;
    expect(path.startUnit).toBe(10);
    const { binStarts, segmentIndices } = grid(500, 10);
    binStarts[77]++;
    expect(shareNetwork(deepSea, PLAN, { binStarts, segmentIndices })!.startUnit).toBe(1);
  });

  it("shares no more layers than pays", () => {
    // A narrow layer, then one whose kernels see most of a window at few positions: shared at every base it costs more.
    const narrow = onWindows((windows) => {
      const pooled = g.maxPool1d(convolve(windows, "first", 4, 8), { size: 30, stride: 9 });
      return probabilities(convolve(pooled, "second", 400, 6, { stride: 2 }));
    });
    const request = grid(400, 11);
    const path = shareNetwork(narrow, PLAN, request)!;
    expect(path.depth).toBe(1);
    const { length, phase } = path.stretches;
    expect(g.shareOverlap(narrow, { length, phase })!.depth).toBe(2);
    const all = g.shareOverlap(narrow, { length, phase })!.work;
    const one = g.shareOverlap(narrow, { length, phase, depth: 1 })!.work;
    const cost = ({ fixed, perSample }: g.Work) => path.stretches.stretches.length * fixed + 400 * perSample;
    expect(cost(one)).toBeLessThan(cost(all));
  });

  it("takes an architecture's own two parts where it has them", () => {
    const plan = { ...PLAN, windowLength: 60 };
    const context = makeContext(plan);
    const options = tinyOptions();
    const definition = {
      build: () => {
        throw new Error("not this one");
      },
      sharedOverlap: shareFactorNetOverlap as never,
    };
    const path = chooseSharedPath(definition, options, context, grid(300, 5))!;
    const graph = new g.Graph({ batch: "free", phase: "inference" });
    expect(path.build(graph).outputs.probability.shape).toEqual([graph.batch, 1]);
    expect(path).toMatchObject({ startUnit: 1, depth: null });
  });
});

import {
  type Build,
  evaluateReference,
  exportOnnx,
  Graph,
  gradients,
  nodeRuntime,
  Predictor,
  type Tensor,
} from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import * as onnx from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { danQ } from "../src/architectures/danq/danq.js";
import { danQOptions } from "../src/architectures/danq/options.js";
import { danQSeededBiases, danQSeededKernels, danQSeeds } from "../src/architectures/danq/seeding.js";
import { deepSea } from "../src/architectures/deepsea/deepsea.js";
import { deepSeaOptions } from "../src/architectures/deepsea/options.js";
import { truncatedNormal } from "../src/architectures/sequence-network/initial-values.js";
import type { ModelDefinition } from "../src/model-definition.js";
import { findModel } from "../src/model-table.js";
import {
  expectClose,
  expectError,
  makeContext,
  makeMotif,
  parameterShapes,
  randomParameters,
} from "./helpers.js";
import { turn } from "./naive-factornet.js";
import { naiveDanQ, naiveDeepSea, sigmoid } from "./naive-sequence-networks.js";

const tinyDeepSea = {
  windowLength: 50,
  kernels: 5,
  secondKernels: 4,
  thirdKernels: 3,
  kernelWidth: 6,
  deepKernelWidth: 4,
  poolWidth: 2,
  dense: 6,
};
const tinyDanQ = { windowLength: 50, kernels: 5, kernelWidth: 8, poolWidth: 6, recurrent: 3, dense: 6 };

const CASES = [
  { model: "deepsea", name: "AgentBind's variant", options: tinyDeepSea },
  { model: "deepsea", name: "both strands averaged", options: { ...tinyDeepSea, strands: "mean" } },
  {
    model: "deepsea",
    name: "the original",
    options: { ...deepSea.presets.original.options, ...tinyDeepSea, padding: "valid" },
  },
  { model: "danq", name: "AgentBind's variant", options: tinyDanQ },
  {
    model: "danq",
    name: "padded, AgentBind's base order, both strands",
    options: { ...tinyDanQ, padding: "same", baseOrder: "ATCG", strands: "mean" },
  },
  {
    model: "danq",
    name: "without LSTM, published base order",
    options: { ...tinyDanQ, recurrent: 0, baseOrder: "AGCT" },
  },
] as const;

/** Random windows, some bases unknown, in rows of channels. */
function drawWindows(
  count: number,
  length: number,
  unknown: number,
): { windows: Float32Array; rows: number[][][] } {
  const random = new Random("windows");
  const windows = new Float32Array(count * 4 * length);
  const rows = Array.from({ length: count }, (_, n) => {
    const own = Array.from({ length: 4 }, () => new Array<number>(length).fill(0));
    for (let p = 0; p < length; p++) {
      const base = random.integer(21);
      if (base === 20) for (const row of own) row[p] = unknown;
      else own[base % 4][p] = 1;
    }
    own.forEach((row, c) => {
      windows.set(row, (n * 4 + c) * length);
    });
    return own;
  });
  return { windows, rows };
}

function positiveVariances(parameters: Map<string, Float32Array>): Map<string, Float32Array> {
  for (const [name, values] of parameters)
    if (name.endsWith("runningVariance"))
      for (let i = 0; i < values.length; i++) values[i] = 0.2 + values[i] ** 2;
  return parameters;
}

function buildCase(
  model: string,
  given: object,
  tasks = 2,
): { definition: ModelDefinition; options: Record<string, unknown>; build: Build } {
  const definition = findModel(model);
  const options = definition.options.parse(given) as Record<string, unknown>;
  const windowLength = definition.windowLength(options);
  return { definition, options, build: definition.build(options, makeContext({ windowLength }, { tasks })) };
}

describe.each(CASES)("$model: $name", ({ model, options: given }) => {
  const { options, build } = buildCase(model, given);
  const parameters = positiveVariances(randomParameters(build, "weights"));
  const { windows, rows } = drawWindows(7, 50, 0.25);
  const logitsOf = (window: number[][]): number[] =>
    model === "deepsea"
      ? naiveDeepSea(options as never, 2, parameters, window)
      : naiveDanQ(options as never, 2, parameters, window);
  const expected = rows.map((window) => {
    const strands = [window, ...(options.strands === "mean" ? [turn(window, [])] : [])].map(logitsOf);
    const mean = (of: (logit: number) => number) =>
      [0, 1].map((task) => strands.reduce((sum, logits) => sum + of(logits[task]), 0) / strands.length);
    return { logit: mean((x) => x), probability: mean(sigmoid) };
  });

  it("gives the logits and probabilities of a plain forward pass", async () => {
    const predictor = await Predictor.create(nodeRuntime(), {
      build,
      parameters,
      outputs: ["logit", "probability"],
    });
    const outputs = await predictor.run({ windows }, 7);
    await predictor.release();
    expectClose(
      outputs.get("logit")!,
      expected.flatMap(({ logit }) => logit),
      2e-5,
    );
    expectClose(
      outputs.get("probability")!,
      expected.flatMap(({ probability }) => probability),
      1e-5,
    );
    // Windows that all score alike would agree with anything.
    expect(new Set(expected.map(({ logit }) => logit[0].toFixed(3))).size).toBeGreaterThan(4);
  });

  it("is exported as ONNX in inference form, batch normalisation included", async () => {
    const bytes = exportOnnx({ build, parameters, outputs: ["probability"] });
    const session = await onnx.InferenceSession.create(bytes);
    const result = await session.run({ windows: new onnx.Tensor("float32", windows, [7, 4, 50]) });
    expectClose(
      result.probability.data as Float32Array,
      expected.flatMap(({ probability }) => probability),
      1e-5,
    );
  });

  it("has the gradients of its loss, in training form with both strands, by finite differences in float64", () => {
    // Dropout would make the loss another function at each draw; its gradient is tested where it is made.
    const still = {
      ...options,
      convolutionDropout: 0,
      dropout: 0,
      ...(model === "danq" && { denseDropout: 0 }),
    };
    const { build: training } = buildCase(model, still);
    const graph = new Graph({ batch: 3, phase: "training" });
    const { loss } = training(graph);
    const trained = [...graph.parameters].filter(
      ([, tensor]) => (tensor.source as { trainable: boolean }).trainable,
    );
    const found = gradients(
      loss!,
      trained.map(([, tensor]) => tensor),
    );
    const random = new Random("gradient");
    const feeds = new Map<Tensor, ArrayLike<number>>([
      [graph.inputs.get("windows")!, windows.slice(0, 3 * 200)],
      [graph.inputs.get("labels")!, [1, 0, 0, 1, 1, 0]],
      [graph.inputs.get("weights")!, [1, 1, 0, 1, 1, 0.5]],
    ]);
    for (const [name, tensor] of graph.parameters)
      feeds.set(tensor, Float64Array.from(parameters.get(name)!));
    const values = evaluateReference(
      found.map((tensor) => tensor!),
      feeds,
    );
    const lossAt = () => evaluateReference([loss!], feeds)[0][0];
    for (const [at, [name, tensor]] of trained.entries()) {
      const own = feeds.get(tensor) as Float64Array;
      for (let draw = 0; draw < 3; draw++) {
        const i = random.integer(own.length);
        const before = own[i];
        const step = 1e-5;
        own[i] = before + step;
        const above = lossAt();
        own[i] = before - step;
        const below = lossAt();
        own[i] = before;
        const slope = (above - below) / (2 * step);
        expect(Math.abs(slope - values[at][i]), `${name}[${i}]`).toBeLessThan(1e-6 + 1e-4 * Math.abs(slope));
      }
    }
  });
});

describe("sizes", () => {
  const count = (model: string, preset: string, tasks: number) => {
    const definition = findModel(model);
    const { build } = buildCase(model, definition.presets[preset].options as object, tasks);
    return [...parameterShapes(build).values()].reduce(
      (sum, shape) => sum + shape.reduce((a, b) => a * b, 1),
      0,
    );
  };

  it("are those that the DanQ paper counts for 919 outputs", () => {
    // Quang and Xie 2016, "Results": 46 926 479 and 52 843 119 weights; DanQ-JASPAR 67 892 175.
    expect(count("danq", "original", 919)).toBe(46_926_479);
    expect(count("deepsea", "original", 919)).toBe(52_843_119);
    expect(count("danq", "jaspar", 919)).toBe(67_892_175);
  });

  it("are AgentBind's in its variants", () => {
    // 320 x 4 x 26, LSTM 320 in two directions, 75 x 640 to 925, 925 to 1, and biases.
    expect(count("danq", "agentbind", 1)).toBe(33_600 + 1_640_960 + 44_400_925 + 926);
    // Padded: 62 positions; four numbers a channel of batch normalisation.
    const convolutions = 10_560 + 1_229_280 + 3_687_360;
    expect(count("deepsea", "agentbind", 1)).toBe(
      convolutions + 62 * 960 * 925 + 925 + 926 + 4 * (320 + 480 + 960 + 925),
    );
  });

  it("are refused for windows that the layers are too long for, with the least length", async () => {
    const original = deepSea.presets.original.options;
    await expectError(
      () => buildCase("deepsea", { ...original, windowLength: 162 }),
      "DeepSEA",
      "windows of 162 bp",
      "at least 163 bp",
      "short",
    );
    expect(() => buildCase("deepsea", { ...original, windowLength: 163 })).not.toThrow();
    const short = { ...deepSea.presets.short.options, padding: "valid" } as const;
    await expectError(
      () => buildCase("deepsea", short),
      "windows of 101 bp",
      "at least 110 bp",
      "at least 163 bp for those of the preset `original`",
    );
    expect(() => buildCase("deepsea", { ...short, windowLength: 110 })).not.toThrow();
    await expectError(() => buildCase("danq", { windowLength: 37 }), "at least 38 bp");
    expect(() => buildCase("danq", { windowLength: 38 })).not.toThrow();
    await expectError(() => buildCase("danq", { windowLength: 20, padding: "same" }), "at least 26 bp");
  });
});

describe("layers for attributions", () => {
  it("say which bases each position sees, in valid and padded networks", async () => {
    for (const padding of ["valid", "same"] as const) {
      const { definition, options, build } = buildCase("deepsea", {
        ...tinyDeepSea,
        padding,
        batchNormalisation: false,
      });
      const layers = definition.layers!(options);
      expect(layers.map(({ output }) => output)).toEqual(["convolution1", "convolution2", "convolution3"]);
      const parameters = randomParameters(build, "layers");
      const predictor = await Predictor.create(nodeRuntime(), {
        build,
        parameters,
        outputs: layers.map(({ output }) => output),
      });
      const { windows } = drawWindows(1, 50, 0);
      const before = await predictor.run({ windows }, 1);
      const reach = new Map<string, { first: number; last: number }>();
      const shapes = new Map(
        layers.map(({ output, kernels }) => [output, before.get(output)!.length / kernels]),
      );
      for (let base = 0; base < 50; base++) {
        const changed = windows.slice();
        for (let c = 0; c < 4; c++) changed[c * 50 + base] += [3, -2, 4, -5][c];
        const after = await predictor.run({ windows: changed }, 1);
        for (const { output, kernels } of layers) {
          const positions = shapes.get(output)!;
          for (let p = 0; p < positions; p++) {
            const differs = Array.from({ length: kernels }, (_, k) => k * positions + p).some(
              (i) => after.get(output)![i] !== before.get(output)![i],
            );
            if (!differs) continue;
            const key = `${output} ${p}`;
            const seen = reach.get(key) ?? { first: base, last: base };
            reach.set(key, { first: Math.min(seen.first, base), last: Math.max(seen.last, base) });
          }
        }
      }
      await predictor.release();
      let tight = 0;
      for (const { output, start, step, width } of layers) {
        for (let p = 0; p < shapes.get(output)!; p++) {
          const seen = reach.get(`${output} ${p}`);
          if (!seen) continue;
          const first = start + p * step;
          expect(seen.first, `${padding} ${output} ${p}`).toBeGreaterThanOrEqual(Math.max(0, first));
          expect(seen.last, `${padding} ${output} ${p}`).toBeLessThanOrEqual(Math.min(49, first + width - 1));
          if (seen.first === Math.max(0, first) && seen.last === Math.min(49, first + width - 1)) tight++;
        }
      }
      // ReLU and pooling hide some of it; elsewhere the bounds are met exactly.
      expect(tight).toBeGreaterThan(20);
    }
  });
});

describe("DanQ-JASPAR's kernels", () => {
  const options = danQOptions.parse({ ...danQ.presets.jaspar.options, kernels: 6, kernelWidth: 10 });
  const motifs = [
    makeMotif("a", "ACGT"),
    makeMotif("b", "GGGATTTACCCAAA"),
    null,
    makeMotif("c", "TT"),
    makeMotif("d", "CC"),
  ];

  it("are probabilities less a quarter at a place within, for at most half of the kernels", () => {
    expect(danQSeeds(options, motifs).map(({ motif }) => motif)).toEqual(["a", "b", "c"]);
    const values = danQSeededKernels(options, motifs, () => new Float32Array(240).fill(7))(
      [6, 4, 10],
      new Random(1),
    );
    const column = (kernel: number, p: number) => [0, 1, 2, 3].map((c) => values[(kernel * 4 + c) * 10 + p]);
    const filled = Array.from({ length: 10 }, (_, p) => p).filter((p) =>
      column(0, p).some((value) => value !== 0),
    );
    expect(filled).toHaveLength(4);
    expect(filled[3] - filled[0]).toBe(3);
    // Channels stand in the order A, G, C, T.
    const [high, low] = [0.9 - 0.25, 0.1 / 3 - 0.25];
    expectClose(column(0, filled[0]), [high, low, low, low], 1e-6);
    expectClose(column(0, filled[1]), [low, low, high, low], 1e-6);
    expectClose(column(0, filled[2]), [low, high, low, low], 1e-6);
    expect([...values.slice(3 * 40)].every((value) => value === 7)).toBe(true);
  });

  it("stand at other places with other seeds, and start with biases of -1 to 0", () => {
    const draw = (seed: number) =>
      danQSeededKernels(options, motifs, () => new Float32Array(240))([6, 4, 10], new Random(seed));
    expect([1, 2, 3, 4].some((seed) => !draw(seed).every((value, i) => value === draw(0)[i]))).toBe(true);
    const biases = danQSeededBiases(options, motifs, () => new Float32Array(6))([6], new Random(2));
    expect([...biases.slice(0, 3)].every((value) => value < 0 && value > -1)).toBe(true);
    expect([...biases.slice(3)]).toEqual([0, 0, 0]);
  });
});

it("truncated normal values have the closed form's spread and no tails", () => {
  const values = truncatedNormal(0.01)([100, 400], new Random(3));
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  // Standard deviation of a normal cut at two: sqrt(1 - 2 * 2 phi(2) / (Phi(2) - Phi(-2))) = 0.87962566.
  expect(Math.abs(mean)).toBeLessThan((4 * 0.0088) / Math.sqrt(values.length));
  expect(Math.abs(deviation / 0.0087962566 - 1)).toBeLessThan(0.015);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.02);
});

it("options say what they change", () => {
  expect(deepSea.departures(deepSeaOptions.parse({}))).toHaveLength(2);
  expect(danQ.departures(danQOptions.parse({ kernels: 48 })).at(-1)).toContain("kernels 48 (there 320)");
});

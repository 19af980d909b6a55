import {
  adam,
  bothStrands,
  convolution1d,
  dense,
  exportOnnx,
  flatten,
  type Graph,
  maxPool1d,
  meanOverStrands,
  nodeRuntime,
  Predictor,
  perPositionDense,
  relu,
  sigmoid,
  TrainingStep,
  transpose,
  zeros,
} from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { type BinFeature, countChannels } from "@bindscape/study";
import * as onnx from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { buildFactorNet } from "../src/architectures/factornet/build.js";
import { factorNet } from "../src/architectures/factornet/factornet.js";
import { type FactorNetOptions, factorNetOptions } from "../src/architectures/factornet/options.js";
import { reverseComplementChannels } from "../src/strand-tracks.js";
import {
  expectClose,
  expectError,
  makeContext,
  parameterShapes,
  randomParameters,
  tinyOptions,
} from "./helpers.js";
import { naiveFactorNet, turn } from "./naive-factornet.js";

const TRACKS = ["plain", "cuts_fwd", "cuts_rev"];
const FEATURES: BinFeature[] = ["a", "b"].map((name) => ({
  kind: "signal",
  name,
  track: "plain",
  width: 20,
  log: true,
}));

interface Case {
  readonly name: string;
  readonly options: FactorNetOptions;
  readonly tracks: readonly string[];
  readonly features: readonly BinFeature[];
  readonly tasks: number;
}

// 60 - 5 + 1 = 56 positions: pools of 7 divide them, pools of 6 leave 2 over.
const CASES: Case[] = [
  { name: "pool divides", options: tinyOptions(), tracks: TRACKS, features: [], tasks: 1 },
  {
    name: "pool leaves a remainder",
    options: tinyOptions({ poolWidth: 6 }),
    tracks: TRACKS,
    features: [],
    tasks: 3,
  },
  {
    name: "LSTM with hard gates, features",
    options: tinyOptions({ recurrent: 3, binFeatures: "signal" }),
    tracks: TRACKS,
    features: FEATURES,
    tasks: 2,
  },
  {
    name: "LSTM with soft gates, remainder, linear part",
    options: tinyOptions({ recurrent: 3, gates: "sigmoid", poolWidth: 6, linearFeatures: true }),
    tracks: ["cuts_rev", "cuts_fwd"],
    features: FEATURES,
    tasks: 2,
  },
  {
    name: "another width behind the features",
    options: tinyOptions({ recurrent: 2, mergeDense: 3, denseDropout: 0 }),
    tracks: [],
    features: FEATURES,
    tasks: 2,
  },
  {
    name: "sequence alone, default pool",
    options: tinyOptions({ poolWidth: undefined }),
    tracks: [],
    features: [],
    tasks: 1,
  },
  {
    name: "tracks alone",
    options: tinyOptions({ sequence: false }),
    tracks: TRACKS,
    features: [],
    tasks: 2,
  },
  {
    name: "tracks alone, LSTM, remainder, features",
    options: tinyOptions({ sequence: false, recurrent: 2, poolWidth: 6, binFeatures: "signal" }),
    tracks: ["cuts_rev", "cuts_fwd"],
    features: FEATURES,
    tasks: 1,
  },
  {
    name: "one maximum over the window, where an LSTM is asked for too",
    options: tinyOptions({ globalPool: true, recurrent: 3 }),
    tracks: TRACKS,
    features: [],
    tasks: 2,
  },
  {
    name: "one maximum over the window, features",
    options: tinyOptions({ globalPool: true, mergeDense: 3 }),
    tracks: ["plain"],
    features: FEATURES,
    tasks: 1,
  },
];

function makeCase({ options, tracks, features, tasks }: Case, seed: number) {
  const { windowLength, sequence } = options;
  const context = makeContext({ windowLength, tracks, features, sequence }, { tasks });
  const build = buildFactorNet(options, context);
  const random = new Random(seed);
  const count = 3;
  const channels = countChannels(context.plan);
  const bases = channels - tracks.length;
  const windows = new Float32Array(count * channels * options.windowLength);
  const reverse = new Float32Array(windows.length);
  for (let window = 0; window < count; window++) {
    const rows = Array.from({ length: channels }, () => new Array<number>(options.windowLength).fill(0));
    for (let p = 0; p < options.windowLength; p++) {
      // A base in twelve is N: all four channels are 0.
      if (bases > 0 && random.integer(12) > 0) rows[random.integer(4)][p] = 1;
      for (let c = bases; c < channels; c++) rows[c][p] = random.integer(3);
    }
    windows.set(rows.flat(), window * channels * options.windowLength);
    reverse.set(turn(rows, tracks).flat(), window * channels * options.windowLength);
  }
  const values = Float32Array.from({ length: count * features.length }, () => random.normal());
  return { build, parameters: randomParameters(build, seed), windows, reverse, values, count };
}

async function predict(
  { build, parameters, values, count }: ReturnType<typeof makeCase>,
  windows: Float32Array,
): Promise<Float32Array> {
  const predictor = await Predictor.create(nodeRuntime(), { build, parameters, outputs: ["probability"] });
  try {
    return (await predictor.run({ windows, features: values }, count)).get("probability")!;
  } finally {
    await predictor.release();
  }
}

describe.each(CASES)("FactorNet, $name", (kind) => {
  const made = makeCase(kind, 7);

  it("agrees with the same network in loops and float64 to 1e-5", async () => {
    const found = await predict(made, made.windows);
    const expected = naiveFactorNet(
      kind.options,
      kind.tracks,
      kind.tasks,
      made.parameters,
      made.windows,
      kind.features.length > 0 ? made.values : null,
    );
    expectClose(found, expected, 1e-5);
    // Outputs that are all alike would agree with anything.
    expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan(0.02);
  });

  it("says the same of a window and of its reverse complement to 1e-6", async () => {
    expect(made.reverse).not.toEqual(made.windows);
    expectClose(await predict(made, made.reverse), await predict(made, made.windows), 1e-6);
  });

  it("gives the same probabilities as ONNX, for any number of windows", async () => {
    const expected = await predict(made, made.windows);
    const bytes = exportOnnx({ build: made.build, parameters: made.parameters, outputs: ["probability"] });
    const session = await onnx.InferenceSession.create(bytes);
    const channels = (kind.options.sequence ? 4 : 0) + kind.tracks.length;
    const size = channels * kind.options.windowLength;
    for (const [from, to] of [
      [0, 3],
      [1, 2],
      [1, 3],
    ]) {
      const count = to - from;
      const feeds: Record<string, onnx.Tensor> = {
        windows: new onnx.Tensor("float32", made.windows.slice(from * size, to * size), [
          count,
          channels,
          kind.options.windowLength,
        ]),
      };
      const width = kind.features.length;
      if (width > 0) {
        feeds.features = new onnx.Tensor("float32", made.values.slice(from * width, to * width), [
          count,
          width,
        ]);
      }
      const { probability } = await session.run(feeds);
      expect(probability.dims).toEqual([count, kind.tasks]);
      expectClose(probability.data as Float32Array, expected.slice(from * kind.tasks, to * kind.tasks), 1e-6);
    }
    await session.release();
  });
});

describe("FactorNet's two ways through the convolution", () => {
  it("gives the same numbers turning windows round as turning pooled positions round", async () => {
    const kind = CASES[0];
    const made = makeCase(kind, 11);
    const { kernels, kernelWidth, poolWidth, windowLength, dense: units } = kind.options;
    const permutation = reverseComplementChannels(makeContext({ tracks: kind.tracks }).plan);
    const channels = 4 + kind.tracks.length;
    const steps = (windowLength - kernelWidth + 1) / poolWidth!;
    const plainBuild = (graph: Graph) => {
      const get = (name: string, shape: number[]) => graph.parameter(name, shape, zeros());
      const windows = graph.input("windows", [graph.batch, channels, windowLength]);
      const convolved = relu(
        convolution1d(
          bothStrands(windows, permutation),
          get("convolution.kernel", [kernels, channels, kernelWidth]),
          get("convolution.bias", [kernels]),
        ),
      );
      const mixed = relu(
        perPositionDense(
          convolved,
          get("position.kernel", [kernels, kernels]),
          get("position.bias", [kernels]),
        ),
      );
      const top = flatten(transpose(maxPool1d(mixed, { size: poolWidth! }), [0, 2, 1]));
      const hidden = relu(
        dense(top, get("dense.kernel", [steps * kernels, units]), get("dense.bias", [units])),
      );
      const logits = dense(hidden, get("output.kernel", [units, 1]), get("output.bias", [1]));
      return { outputs: { probability: meanOverStrands(sigmoid(logits)) } };
    };
    expectClose(
      await predict(made, made.windows),
      await predict({ ...made, build: plainBuild }, made.windows),
      1e-6,
    );
  });
});

describe("FactorNet's shape", () => {
  const count = (build: ReturnType<typeof buildFactorNet>) =>
    [...parameterShapes(build).values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);

  it("has as many parameters as the paper's tables make it", () => {
    const options = factorNetOptions.parse(factorNet.presets.paper.options);
    const context = makeContext({ windowLength: 1000, tracks: ["DNase", "uniqueness"] });
    // 975 positions in pools of 13: 75 steps.
    const convolution = 32 * 6 * 26 + 32;
    const perPosition = 32 * 32 + 32;
    const recurrent = 2 * 4 * (32 * 32 + 32 * 32 + 32);
    const denseLayer = 75 * 64 * 128 + 128;
    const output = 128 + 1;
    expect(count(buildFactorNet(options, context))).toBe(
      convolution + perPosition + recurrent + denseLayer + output,
    );
  });

  it("is the published one with the published models' options", () => {
    // 22 released models: length 1002, kernel 34, pool 17; 969 positions make 57 steps.
    const options = factorNetOptions.parse({ windowLength: 1002, kernelWidth: 34, dense: 64 });
    const context = makeContext({ windowLength: 1002, tracks: ["a", "b"] }, { tasks: 19 });
    expect(parameterShapes(buildFactorNet(options, context)).get("dense.kernel")).toEqual([57 * 64, 64]);
    expect(parameterShapes(buildFactorNet(options, context)).get("output.kernel")).toEqual([64, 19]);
  });

  it("has one step where pooling is global, and no LSTM", () => {
    const options = factorNetOptions.parse({ globalPool: true });
    const shapes = parameterShapes(buildFactorNet(options, makeContext({ windowLength: 1000 })));
    expect(shapes.get("dense.kernel")).toEqual([32, 128]);
    expect([...shapes.keys()].filter((name) => name.startsWith("recurrent"))).toEqual([]);
  });

  it("refuses motifs in a network without sequence, naming the option", () => {
    const parse = (options: object) => factorNetOptions.safeParse({ sequence: false, ...options });
    expect(parse({}).success).toBe(true);
    expect(parse({ binFeatures: "signal" }).success).toBe(true);
    expect(parse({ seedKernels: true }).error?.issues).toMatchObject([{ path: ["seedKernels"] }]);
    expect(parse({ binFeatures: "motif" }).error?.issues).toMatchObject([{ path: ["binFeatures"] }]);
    expect(parse({ binFeatures: "motif-and-signal" }).success).toBe(false);
  });

  it("refuses windows without one pooled position", async () => {
    const options = tinyOptions({ poolWidth: 57 });
    await expectError(() => buildFactorNet(options, makeContext({})), "60 bp", "57 bp", "pooled position");
  });

  it("starts the output bias at the log-odds of the share of bound windows", async () => {
    const build = buildFactorNet(tinyOptions(), makeContext({}, { tasks: 2, boundShare: [0.02, 0.3] }));
    const training = await TrainingStep.create(nodeRuntime(), {
      build,
      batchSize: 2,
      optimizer: adam(),
      seed: 1,
    });
    const bias = (await training.parameters()).get("output.bias")!;
    await training.release();
    expectClose(bias, [Math.log(0.02 / 0.98), Math.log(0.3 / 0.7)], 1e-6);
  });
});

describe("channels of the other strand", () => {
  it("swaps A with T, C with G and _fwd with _rev, and leaves tracks without a partner", () => {
    const plan = makeContext({ tracks: ["x_rev", "alone_fwd", "y", "x_fwd"] }).plan;
    expect(reverseComplementChannels(plan)).toEqual([3, 2, 1, 0, 7, 5, 6, 4]);
    expect(reverseComplementChannels({ ...plan, sequence: false })).toEqual([3, 1, 2, 0]);
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { WindowMaker } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import type { KerasWeight } from "../src/keras/factornet-from-keras.js";
import { importKeras } from "../src/keras/import-keras.node.js";
import { writeKerasWeights } from "../src/keras/write-keras-weights.node.js";
import { predictWindows } from "../src/network/network.node.js";
import { expectClose, expectError, makeStudy, randomCodes, temporaryFolder } from "./helpers.js";

// A network as FactorNet's script makes it with -r below 0 and -m, written down by hand as Keras 1 does: one maximum
// a kernel over the whole window, dropout behind it, and no Flatten.
const folder = temporaryFolder();
const [length, width, kernels, dense, metadata, tasks] = [61, 6, 3, 4, 2, 2];
const tracks = ["DGF_fwd", "DGF_rev"];
const channels = 4 + tracks.length;
const random = new Random("global pool");

const array = (name: string, ...shape: number[]): KerasWeight => ({
  name,
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.6 * random.normal()),
});
const weights = new Map<string, KerasWeight[]>([
  ["input_1", []],
  ["input_2", []],
  ["convolution1d_1", [array("convolution1d_1_W", width, 1, channels, kernels), array("c_b", kernels)]],
  ["dropout_1", []],
  ["timedistributed_1", [array("dense_1_W", kernels, kernels), array("dense_1_b", kernels)]],
  ["globalmaxpooling1d_1", []],
  ["dropout_2", []],
  ["dense_2", [array("dense_2_W", kernels, dense), array("dense_2_b", dense)]],
  ["input_3", []],
  ["merge_1", []],
  ["merge_2", []],
  ["dropout_3", []],
  ["dense_3", [array("dense_3_W", dense + metadata, dense), array("dense_3_b", dense)]],
  ["dropout_4", []],
  ["dense_4", [array("dense_4_W", dense, tasks), array("dense_4_b", tasks)]],
  ["merge_3", []],
]);

type Node = [string, number, number];
const input = (name: string, ...shape: number[]) => ({
  class_name: "InputLayer",
  name,
  config: { batch_input_shape: [null, ...shape], input_dtype: "float32", sparse: false, name },
  inbound_nodes: [] as Node[][],
});
const shared = (
  class_name: string,
  name: string,
  config: Record<string, unknown>,
  below: string | [string, string],
) => ({
  class_name,
  name,
  config: { ...config, name, trainable: true },
  inbound_nodes: (typeof below === "string"
    ? [[[below, 0, 0]], [[below, 1, 0]]]
    : below.map((one) => [[one, 0, 0]])) as Node[][],
});
const merge = (name: string, mode: string, ...inputs: Node[]) => ({
  class_name: "Merge",
  name,
  config: { name, mode, concat_axis: -1, dot_axes: -1, mode_type: "raw" },
  inbound_nodes: [inputs],
});
const full = (output_dim: number, activation: string) => ({ output_dim, activation, bias: true });
const convolution = {
  nb_filter: kernels,
  filter_length: width,
  subsample_length: 1,
  border_mode: "valid",
  activation: "relu",
  bias: true,
};
const inner = { class_name: "Dense", config: { name: "dense_1", ...full(kernels, "relu") } };
const layers = [
  input("input_1", length, channels),
  input("input_2", length, channels),
  shared("Convolution1D", "convolution1d_1", convolution, ["input_1", "input_2"]),
  shared("Dropout", "dropout_1", { p: 0.1 }, "convolution1d_1"),
  shared("TimeDistributed", "timedistributed_1", { layer: inner }, "dropout_1"),
  shared("GlobalMaxPooling1D", "globalmaxpooling1d_1", {}, "timedistributed_1"),
  shared("Dropout", "dropout_2", { p: 0.5 }, "globalmaxpooling1d_1"),
  shared("Dense", "dense_2", full(dense, "relu"), "dropout_2"),
  input("input_3", metadata),
  merge("merge_1", "concat", ["dense_2", 0, 0], ["input_3", 0, 0]),
  merge("merge_2", "concat", ["dense_2", 1, 0], ["input_3", 0, 0]),
  shared("Dropout", "dropout_3", { p: 0.1 }, ["merge_1", "merge_2"]),
  shared("Dense", "dense_3", full(dense, "relu"), "dropout_3"),
  shared("Dropout", "dropout_4", { p: 0.5 }, "dense_3"),
  shared("Dense", "dense_4", full(tasks, "sigmoid"), "dropout_4"),
  merge("merge_3", "ave", ["dense_4", 0, 0], ["dense_4", 1, 0]),
];

async function writeFixture(name: string, change: (all: typeof layers) => typeof layers = (all) => all) {
  const path = join(folder, name);
  await mkdir(path);
  const model = {
    class_name: "Model",
    keras_version: "1.2.2",
    config: {
      name: "model_1",
      layers: change(structuredClone(layers)),
      input_layers: ["input_1", "input_2", "input_3"].map((one) => [one, 0, 0]),
      output_layers: [["merge_3", 0, 0]],
    },
  };
  await writeFile(join(path, "model.json"), JSON.stringify(model));
  await writeKerasWeights(join(path, "best_model.hdf5"), weights, "1.2.2");
  await writeFile(join(path, "bigwig.txt"), tracks.map((track) => `${track}\n`).join(""));
  await writeFile(join(path, "chip.txt"), "F\nG\n");
  await writeFile(join(path, "meta.txt"), "PC1\nPC2\n");
  await writeFile(join(path, "feature.txt"), "bigwig\nmeta\n");
  return path;
}

const at = (layer: string, which: number, index: number) => weights.get(layer)![which].data[index];
const layer = (name: string, values: readonly number[], outputs: number) =>
  Array.from({ length: outputs }, (_, o) =>
    values.reduce((sum, value, i) => sum + value * at(name, 0, i * outputs + o), at(name, 1, o)),
  );
const relu = (values: readonly number[]) => values.map((value) => Math.max(0, value));

/**
 * One strand as Keras has it, in float64. Theano's convolution is one: the kernel runs against the window.
 * @param window [length][channels]
 */
function strand(window: readonly (readonly number[])[], meta: readonly number[]): number[] {
  const pooled = new Array<number>(kernels).fill(Number.NEGATIVE_INFINITY);
  for (let p = 0; p + width <= length; p++) {
    const found = Array.from({ length: kernels }, (_, k) => {
      let sum = at("convolution1d_1", 1, k);
      for (let w = 0; w < width; w++)
        for (let c = 0; c < channels; c++)
          sum += window[p + width - 1 - w][c] * at("convolution1d_1", 0, (w * channels + c) * kernels + k);
      return sum;
    });
    relu(layer("timedistributed_1", relu(found), kernels)).forEach((value, k) => {
      pooled[k] = Math.max(pooled[k], value);
    });
  }
  const joined = [...relu(layer("dense_2", pooled, dense)), ...meta];
  const logits = layer("dense_4", relu(layer("dense_3", joined, dense)), tasks);
  return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
}

describe("a Keras network with global max pooling", () => {
  let good: string;
  beforeAll(async () => {
    good = await writeFixture("good");
  });

  it("says what Keras's layers say in float64, to 1e-6", async () => {
    const { network } = await importKeras(good, { cell: "C" });
    expect(network.file.options).toMatchObject({ globalPool: true, recurrent: 0, dropout: 0.5 });
    expect(network.file.departures).toEqual([]);
    const codes = randomCodes(2000, "global pool");
    const study = makeStudy({
      chromosomes: { c: codes },
      tracks: tracks.map((name) => ({
        name,
        values: Float32Array.from({ length: codes.length }, () => random.integer(4)),
      })),
    });
    const meta = [0.3, -0.8];
    const source = { ...(await study.loadCell("C")), covariates: { PC1: meta[0], PC2: meta[1] } };
    const starts = Int32Array.from({ length: 30 }, (_, i) => 100 + 53 * i);
    const request = { segmentIndices: new Uint32Array(starts.length), binStarts: starts };
    const found = await predictWindows(network, source, request, { threads: 1 });
    const { windows } = new WindowMaker(source, network.file.plan).fill(request);
    const expected = Array.from(starts, (_, row) => {
      const forward = Array.from({ length }, (_, p) =>
        Array.from({ length: channels }, (_, c) => windows[(row * channels + c) * length + p]),
      );
      // FactorNet's script turns a window round by both axes, and swaps the tracks of the two strands.
      const reverse = forward
        .map(([a, c, g, t, onForward, onReverse]) => [t, g, c, a, onReverse, onForward])
        .reverse();
      const [one, other] = [strand(forward, meta), strand(reverse, meta)];
      return one.map((value, task) => (value + other[task]) / 2);
    }).flat();
    expectClose(found, expected, 1e-6);
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.05);
  });

  it("has what stands in the wrong place named", async () => {
    const refused = async (name: string, change: (all: typeof layers) => typeof layers, part: string) => {
      const path = await writeFixture(name, change);
      await expectError(() => importKeras(path), "model.json", part);
    };
    // Flatten has nothing to flatten behind one value a kernel.
    await refused(
      "flat",
      (all) => {
        const flat = shared("Flatten", "flatten_1", {}, "globalmaxpooling1d_1");
        all.find(({ name }) => name === "dropout_2")!.inbound_nodes = shared(
          "",
          "",
          {},
          "flatten_1",
        ).inbound_nodes;
        return [...all, flat];
      },
      "flatten_1",
    );
    await refused(
      "unknown",
      (all) => {
        all.find(({ name }) => name === "globalmaxpooling1d_1")!.class_name = "GlobalAveragePooling1D";
        return all;
      },
      'GlobalAveragePooling1D "globalmaxpooling1d_1"',
    );
  });
});

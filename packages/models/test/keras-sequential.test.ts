import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { nodeRuntime, Predictor } from "@bindscape/gradient";
import { areaUnderRoc, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { readBundle, writeBundle } from "../src/bundle/bundle.node.js";
import type { KerasWeight } from "../src/keras/factornet-from-keras.js";
import { type ImportOptions, importKeras } from "../src/keras/import-keras.node.js";
import { writeKerasWeights } from "../src/keras/write-keras-weights.node.js";
import { describeNetwork, type Network } from "../src/network/describe-network.js";
import { expectError, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const data = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const published = join(data, "gold/interpretation");
if (!existsSync(published))
  console.warn(`SKIPPED: tests of the TAL1/GATA1 Keras model, which need ${published}`);

/** One-hot windows [count, 4, length] of sequences. */
function encode(sequences: readonly string[]): Float32Array {
  const length = sequences[0].length;
  const windows = new Float32Array(sequences.length * 4 * length);
  sequences.forEach((sequence, n) => {
    for (let at = 0; at < length; at++) windows[(n * 4 + "ACGT".indexOf(sequence[at])) * length + at] = 1;
  });
  return windows;
}

async function runNetwork(network: Network, windows: Float32Array, count: number) {
  const { definition, options, context } = describeNetwork(network);
  const predictor = await Predictor.create(nodeRuntime(), {
    build: definition.build(options, context),
    parameters: new Map(network.parameters),
    outputs: ["probability", "logit"],
    threads: 1,
  });
  const found = await predictor.run({ windows }, count);
  await predictor.release();
  return found;
}

describe.skipIf(!existsSync(published))("the published TAL1/GATA1 model", () => {
  it("gives the logits of an independent float64 pass, and tells the simulated sequences apart", async () => {
    const tasks = ["GATA1_TAL1", "GATA1", "TAL1"];
    const { network, files, notes } = await importKeras(published, { tasks });
    expect(files.map((file) => file.split("/").at(-1))).toEqual([
      "record_5_model_PQzyq_modelJson.json",
      "record_5_model_PQzyq_modelWeights.h5",
    ]);
    expect(notes).toEqual([expect.stringContaining("--kernels as-is")]);
    expect(network.file.tasks.map(({ factor }) => factor)).toEqual(tasks);
    const path = join(folder, "tal-gata");
    await writeBundle(path, { network, history: [], metrics: {}, run: {} });
    const bundle = await readBundle(path);

    const lines = gunzipSync(await readFile(join(published, "sequences.simdata.gz")))
      .toString()
      .trim()
      .split("\n");
    const held = new Set(
      gunzipSync(await readFile(join(published, "test.txt.gz")))
        .toString()
        .trim()
        .split("\n"),
    );
    const rows = lines.map((line) => line.split("\t")).filter(([name]) => held.has(name));
    expect(rows.length).toBe(800);
    const windows = encode(rows.map(([, sequence]) => sequence));
    const logits = (await runNetwork(bundle.network, windows, rows.length)).get("logit")!;
    for (const [task, least] of [0.989, 0.988, 0.997].entries()) {
      const area = areaUnderRoc(
        Float32Array.from(rows, (_, n) => logits[n * 3 + task]),
        rows.map((row) => Number(row[3 + task])),
      );
      expect(area).toBeGreaterThan(least);
    }
    // By NumPy in float64 from the HDF5 weights: kernels reversed in both axes, cross-correlated (2026-11-20).
    for (const [name, expected] of [
      ["gata_tal1_1902", [1.838820368, 2.848794802, 7.352935581]],
      ["gata_only_1904", [-7.155408205, 10.97596053, -7.632807664]],
      ["tal1_only_1168", [-5.103367278, -5.662781321, 15.91414292]],
      ["empty_1658", [-11.17852846, -4.882011162, -6.364874998]],
    ] as const) {
      const n = rows.findIndex((row) => row[0] === name);
      for (const [task, value] of expected.entries())
        expect(Math.abs(logits[n * 3 + task] - value)).toBeLessThan(2e-5);
    }

    // Left as stored, the kernels tell nothing.
    const { network: unturned } = await importKeras(published, { kernels: "as-is" });
    const other = (await runNetwork(unturned, windows, rows.length)).get("logit")!;
    const area = areaUnderRoc(
      Float32Array.from(rows, (_, n) => other[n * 3 + 1]),
      rows.map((row) => Number(row[4])),
    );
    expect(area).toBeLessThan(0.65);
  });
});

interface Written {
  readonly class_name: string;
  readonly config: Record<string, unknown>;
}

/** Writes a model as Keras does, with random weights of the given shapes. */
async function writeModel(
  name: string,
  description: { version: string; backend?: string; layers: Written[]; shapes: Record<string, number[][]> },
): Promise<{ path: string; weights: Map<string, KerasWeight[]> }> {
  const { version, backend, layers, shapes } = description;
  const path = join(folder, name);
  await mkdir(path);
  const config = version.startsWith("1") ? layers : { name: "sequential_1", layers };
  const model = { class_name: "Sequential", keras_version: version, ...(backend && { backend }), config };
  await writeFile(join(path, "architecture.json"), JSON.stringify(model));
  const weights = new Map(
    layers.map(({ config: own }) => {
      const layer = String(own.name);
      const arrays = (shapes[layer] ?? []).map((shape, i) => {
        const random = new Random(`${name} ${layer} ${i}`);
        const size = shape.reduce((a, b) => a * b, 1);
        const draw = () => 0.5 * random.normal() + (shapes[layer].length === 4 && i === 3 ? 2 : 0);
        return {
          name: `${layer}/w${i}:0`,
          shape,
          data: Float32Array.from({ length: size }, () => Math.fround(draw())),
        };
      });
      return [layer, arrays];
    }),
  );
  await writeKerasWeights(join(path, "weights.h5"), weights, version);
  return { path, weights };
}

const layer = (class_name: string, name: string, config: Record<string, unknown> = {}): Written => ({
  class_name,
  config: { name, ...config },
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const draw = (count: number, length: number) => {
  const random = new Random(`${count} of ${length}`);
  return Array.from({ length: count }, () =>
    Array.from({ length }, () => "ACGT"[random.integer(4)]).join(""),
  );
};

async function expectProbabilities(
  path: string,
  options: ImportOptions,
  sequences: readonly string[],
  expected: readonly (readonly number[])[],
): Promise<Network> {
  const { network } = await importKeras(path, options);
  const { length } = sequences;
  const found = (await runNetwork(network, encode(sequences), length)).get("probability")!;
  expect(found.length).toBe(expected.flat().length);
  for (const [i, value] of expected.flat().entries()) expect(Math.abs(found[i] - value)).toBeLessThan(2e-6);
  return network;
}

describe("Sequential models of Keras", () => {
  it("Keras 2, Conv1D: as written down position by position, whatever Flatten turns into", async () => {
    const length = 21;
    const { path, weights } = await writeModel("two", {
      version: "2.2.4",
      backend: "tensorflow",
      layers: [
        layer("Conv1D", "c1", {
          batch_input_shape: [null, length, 4],
          filters: 5,
          kernel_size: [4],
          strides: [1],
          padding: "same",
          dilation_rate: [1],
          activation: "linear",
          use_bias: true,
        }),
        layer("BatchNormalization", "b1", { axis: -1, epsilon: 0.002, center: true, scale: true }),
        layer("Activation", "a1", { activation: "elu" }),
        layer("MaxPooling1D", "p1", { pool_size: [3], strides: [2], padding: "valid" }),
        layer("Conv1D", "c2", {
          filters: 3,
          kernel_size: [3],
          strides: [2],
          padding: "valid",
          activation: "tanh",
          use_bias: false,
        }),
        layer("Flatten", "f"),
        layer("BatchNormalization", "b2", { axis: -1, epsilon: 0.001, center: true, scale: false }),
        layer("Dense", "d1", { units: 6, activation: "relu", use_bias: true }),
        layer("Dropout", "o", { rate: 0.4 }),
        layer("Dense", "d2", { units: 2, activation: "sigmoid", use_bias: true }),
      ],
      shapes: {
        c1: [[4, 4, 5], [5]],
        b1: [[5], [5], [5], [5]],
        c2: [[3, 5, 3]],
        b2: [[12], [12], [12]],
        d1: [[12, 6], [6]],
        d2: [[6, 2], [2]],
      },
    });
    // The variances of the second normalisation are drawn around 0: they are made positive before use here and there.
    const b2 = weights.get("b2")!;
    b2[2].data.forEach((value, i) => {
      b2[2].data[i] = 1 + Math.abs(value);
    });
    await writeKerasWeights(join(path, "weights.h5"), weights, "2.2.4");
    const w = (name: string, i: number) => weights.get(name)![i].data;
    const forward = (sequence: string) => {
      // Rows are positions, columns channels, as Keras has them.
      let x = [...sequence].map((base) => [..."ACGT"].map((letter) => Number(letter === base)));
      const slide = (rows: number[][], name: string, width: number, outputs: number, bias: boolean) =>
        Array.from({ length: rows.length - width + 1 }, (_, p) =>
          Array.from({ length: outputs }, (_, k) => {
            let sum = bias ? w(name, 1)[k] : 0;
            for (let t = 0; t < width; t++)
              for (let c = 0; c < rows[0].length; c++)
                sum += rows[p + t][c] * w(name, 0)[(t * rows[0].length + c) * outputs + k];
            return sum;
          }),
        );
      const none = [0, 0, 0, 0];
      x = slide([none, ...x, none, none], "c1", 4, 5, true);
      x = x.map((row) =>
        row.map((value, c) => {
          const z =
            ((value - w("b1", 2)[c]) / Math.sqrt(w("b1", 3)[c] + 0.002)) * w("b1", 0)[c] + w("b1", 1)[c];
          return z > 0 ? z : Math.expm1(z);
        }),
      );
      x = Array.from({ length: 10 }, (_, p) =>
        x[0].map((_, c) => Math.max(x[2 * p][c], x[2 * p + 1][c], x[2 * p + 2][c])),
      );
      const flat = slide(x, "c2", 3, 3, false)
        .filter((_, p) => p % 2 === 0)
        .flat()
        .map(Math.tanh)
        .map((value, i) => (value - w("b2", 1)[i]) / Math.sqrt(w("b2", 2)[i] + 0.001) + w("b2", 0)[i]);
      expect(flat.length).toBe(12);
      const dense = (values: number[], name: string, units: number) =>
        Array.from({ length: units }, (_, u) =>
          values.reduce((sum, value, i) => sum + value * w(name, 0)[i * units + u], w(name, 1)[u]),
        );
      return dense(
        dense(flat, "d1", 6).map((value) => Math.max(0, value)),
        "d2",
        2,
      ).map(sigmoid);
    };
    const sequences = draw(7, length);
    const network = await expectProbabilities(path, {}, sequences, sequences.map(forward));
    expect(network.file.imported?.format).toBe("Keras 2.2.4, kernels as they are stored");
    const { definition, options } = describeNetwork(network);
    expect(definition.layers!(options)).toEqual([
      { output: "convolution1", kernels: 5, start: -1, step: 1, width: 4, strands: 1 },
      { output: "convolution2", kernels: 3, start: -1, step: 4, width: 10, strands: 1 },
    ]);
  });

  it("Theano's images: kernels turned in both axes, even kernels padded as Theano pads, another base order", async () => {
    const length = 12;
    const { path, weights } = await writeModel("theano", {
      version: "1.2.2",
      layers: [
        layer("Convolution2D", "c1", {
          batch_input_shape: [null, 1, 4, length],
          dim_ordering: "th",
          nb_filter: 3,
          nb_row: 4,
          nb_col: 3,
          subsample: [1, 1],
          border_mode: "valid",
          activation: "relu",
          bias: true,
        }),
        layer("Convolution2D", "c2", {
          dim_ordering: "th",
          nb_filter: 2,
          nb_row: 1,
          nb_col: 4,
          subsample: [1, 1],
          border_mode: "same",
          activation: "linear",
          bias: true,
        }),
        layer("AveragePooling2D", "p", {
          dim_ordering: "th",
          pool_size: [1, 4],
          strides: [1, 3],
          border_mode: "valid",
        }),
        layer("Flatten", "f"),
        layer("Dense", "d", { output_dim: 3, activation: "linear", bias: true }),
        layer("Activation", "a", { activation: "softmax" }),
      ],
      shapes: { c1: [[3, 1, 4, 3], [3]], c2: [[2, 3, 1, 4], [2]], d: [[6, 3], [3]] },
    });
    const w = (name: string, i: number) => weights.get(name)![i].data;
    const order = "TGAC";
    const forward = (sequence: string) => {
      const image = [...order].map((letter) => [...sequence].map((base) => Number(base === letter)));
      // Convolution as mathematics has it: out[p] = sum kernel[r, t] x[R - r, p + T - t].
      const first = Array.from({ length: 3 }, (_, k) =>
        Array.from({ length: length - 2 }, (_, p) => {
          let sum = w("c1", 1)[k];
          for (let r = 0; r < 4; r++)
            for (let t = 0; t < 3; t++) sum += w("c1", 0)[(k * 4 + r) * 3 + t] * image[3 - r][p + 2 - t];
          return Math.max(0, sum);
        }),
      );
      // Theano's "half": 2 zeros on both sides of a kernel of 4, 11 results, of which Keras keeps the first 10.
      const second = Array.from({ length: 2 }, (_, k) =>
        Array.from({ length: length - 2 }, (_, p) => {
          let sum = w("c2", 1)[k];
          for (let c = 0; c < 3; c++)
            for (let t = 0; t < 4; t++)
              sum += w("c2", 0)[(k * 3 + c) * 4 + t] * (first[c][p - 2 + 3 - t] ?? 0);
          return sum;
        }),
      );
      const flat = second.flatMap((row) =>
        [0, 3, 6].map((from) => row.slice(from, from + 4).reduce((a, b) => a + b) / 4),
      );
      const z = [0, 1, 2].map((u) =>
        flat.reduce((sum, x, i) => sum + x * w("d", 0)[i * 3 + u], w("d", 1)[u]),
      );
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      return z.map((value) => Math.exp(value) / total);
    };
    const sequences = draw(5, length);
    await expectProbabilities(path, { baseOrder: order }, sequences, sequences.map(forward));
  });

  it("images in TensorFlow's order, bases along columns, global pooling", async () => {
    const length = 15;
    const { path, weights } = await writeModel("columns", {
      version: "2.1.0",
      backend: "tensorflow",
      layers: [
        layer("InputLayer", "i", { batch_input_shape: [null, length, 4, 1] }),
        layer("Conv2D", "c1", {
          filters: 4,
          kernel_size: [5, 4],
          strides: [2, 1],
          padding: "valid",
          data_format: "channels_last",
          activation: "relu",
        }),
        layer("GlobalMaxPooling2D", "g"),
        layer("Dense", "d", { units: 1, activation: "sigmoid" }),
      ],
      shapes: { c1: [[5, 4, 1, 4], [4]], d: [[4, 1], [1]] },
    });
    const w = (name: string, i: number) => weights.get(name)![i].data;
    const forward = (sequence: string) => {
      let z = w("d", 1)[0];
      for (let k = 0; k < 4; k++) {
        let best = 0;
        for (let p = 0; p + 5 <= length; p += 2) {
          let sum = w("c1", 1)[k];
          for (let t = 0; t < 5; t++) sum += w("c1", 0)[(t * 4 + "ACGT".indexOf(sequence[p + t])) * 4 + k];
          best = Math.max(best, sum);
        }
        z += best * w("d", 0)[k];
      }
      return [sigmoid(z)];
    };
    const sequences = draw(6, length);
    await expectProbabilities(path, {}, sequences, sequences.map(forward));
  });

  it("says which layer does not fit, and which file is wanted", async () => {
    const base = {
      version: "2.2.4",
      backend: "tensorflow",
      shapes: { c: [[3, 4, 2], [2]], d: [[2, 1], [1]] },
    };
    const convolution = layer("Conv1D", "c", {
      batch_input_shape: [null, 9, 4],
      filters: 2,
      kernel_size: [3],
      padding: "valid",
    });
    const pool = layer("GlobalMaxPooling1D", "g");
    const dense = layer("Dense", "d", { units: 1, activation: "sigmoid" });
    const write = async (name: string, layers: Written[]) =>
      (await writeModel(name, { ...base, layers })).path;
    const good = await write("good", [convolution, pool, dense]);
    await importKeras(good);
    const unknown = await write("unknown", [convolution, layer("LSTM", "l"), dense]);
    await expectError(() => importKeras(unknown), 'LSTM "l"', "architecture.json");
    const flatless = await write("flatless", [convolution, dense]);
    await expectError(() => importKeras(flatless), 'Dense "d" with positions before it');
    const linear = await write("linear", [convolution, pool, layer("Dense", "d", { units: 1 })]);
    await expectError(() => importKeras(linear), "no probability", "sigmoid or a softmax");
    const wide = await write("wide", [
      layer("Conv1D", "c", { ...convolution.config, filters: 3 }),
      pool,
      dense,
    ]);
    await expectError(() => importKeras(wide), "weights.h5", "[3, 4, 2]", "[3, 1, 4, 3]");
    const bases = await write("bases", [
      layer("Conv1D", "c", { ...convolution.config, batch_input_shape: [null, 9, 5] }),
      pool,
      dense,
    ]);
    await expectError(() => importKeras(bases), "the input shape [9, 5]", "[length, 4]");
    await writeFile(join(good, "other.h5"), "");
    await expectError(() => importKeras(good), "2 HDF5 files: other.h5, weights.h5", "--weights");
    await expectError(
      () => importKeras(good, { weights: "weights.h5", tasks: ["A", "B"] }),
      "1 outputs",
      "A, B",
    );
    await writeFile(join(good, "copy.json"), await readFile(join(good, "architecture.json")));
    await expectError(() => importKeras(good, { weights: "weights.h5" }), "2 descriptions", "--model");
    await expectError(() => importKeras(join(folder, "none")), "no such folder");
  });
});

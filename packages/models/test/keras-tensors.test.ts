import { join } from "node:path";
import {
  convolution1d,
  dense,
  flatten,
  type Graph,
  nodeRuntime,
  Predictor,
  transferParameters,
  zeros,
} from "@bindscape/gradient";
import { describe, expect, it } from "vitest";
import { readKerasTensors } from "../src/keras/keras-tensors.node.js";
import { writeKerasWeights } from "../src/keras/write-keras-weights.node.js";
import { expectError, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();

describe("readKerasTensors", () => {
  it("feeds transferParameters: Keras 2's convolution [width, channels, filters] and dense layers by a name map", async () => {
    const path = join(folder, "weights.h5");
    const kernel = Float32Array.from({ length: 2 * 1 * 2 }, (_, i) => i + 1);
    await writeKerasWeights(
      path,
      new Map([
        ["conv1d_1", [{ name: "conv1d_1/kernel:0", shape: [2, 1, 2], data: kernel }]],
        ["flatten_1", []],
        [
          "dense_1",
          [
            { name: "dense_1/kernel:0", shape: [4, 1], data: Float32Array.of(1, 10, 100, 1000) },
            { name: "dense_1/bias:0", shape: [1], data: Float32Array.of(0.5) },
          ],
        ],
      ]),
      "2.3.1",
    );
    const build = (graph: Graph) => {
      const x = graph.input("x", [graph.batch, 1, 3]);
      const convolved = convolution1d(x, graph.parameter("convolution.kernel", [2, 1, 2], zeros()), null);
      const weights = graph.parameter("dense.kernel", [4, 1], zeros());
      return {
        outputs: { y: dense(flatten(convolved), weights, graph.parameter("dense.bias", [1], zeros())) },
      };
    };
    const { parameters, unused } = transferParameters({
      build,
      source: await readKerasTensors(path),
      names: {
        "convolution.kernel": { name: "conv1d_1/kernel:0", transpose: [2, 1, 0] },
        "dense.kernel": "dense_1/kernel:0",
        "dense.bias": "dense_1/bias:0",
      },
    });
    expect(unused).toEqual([]);
    const predictor = await Predictor.create(nodeRuntime(), { build, parameters, threads: 1 });
    const { y } = Object.fromEntries(await predictor.run({ x: Float32Array.of(1, 2, 3) }, 1));
    await predictor.release();
    // Filter 0 is (1, 3), filter 1 is (2, 4): 1 + 6, 2 + 9; 2 + 8, 4 + 12.
    expect(y).toEqual(Float32Array.of(7 + 110 + 1000 + 16000 + 0.5));
  });

  it("refuses a name that occurs twice", async () => {
    const path = join(folder, "twice.h5");
    const weight = { name: "W", shape: [1], data: Float32Array.of(1) };
    await writeKerasWeights(
      path,
      new Map([
        ["a", [weight]],
        ["b", [weight]],
      ]),
      "1.0",
    );
    await expectError(() => readKerasTensors(path), "twice.h5", 'two weights named "W"', 'layer "b"');
  });
});

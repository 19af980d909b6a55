import {
  classActivationMap,
  multiply,
  nodeRuntime,
  reduceMean,
  reduceSum,
  relu,
  sumPositions,
} from "@bindscape/gradient";
import type { ConvolutionLayer } from "@bindscape/models";
import { describe, expect, it } from "vitest";
import type { AttributionOptions } from "../src/attributions.js";
import { spreadToBases } from "../src/class-activation.js";
import type { ExplainedModel, ExplainedWindows } from "../src/explained-model.js";
import { mapClassActivation } from "../src/grad-cam.js";
import { mergeGradCamWithSaliency } from "../src/grad-cam-saliency.js";
import { multiplyGradientByInput } from "../src/gradient-input.js";
import { findSaliencyOfWindows } from "../src/saliency.js";
import { observedBase } from "../src/substitutions.js";
import { ReferenceModel, randomWindows, tinyModel } from "./tiny-models.js";

const options = (rest: Partial<AttributionOptions> = {}): AttributionOptions => ({
  runtime: nodeRuntime(),
  threads: 1,
  task: 1,
  ...rest,
});

/** Grad-CAM of three windows from its definition, in float64, and the gradient with respect to the windows. */
function defineMaps(
  reference: ReferenceModel,
  windows: ExplainedWindows,
  layer: ConvolutionLayer,
  task: number,
): { maps: Float64Array[]; saliency: Float64Array; largest: number } {
  const { length } = reference.model;
  const activations = reference.outputs[layer.output];
  const input = reference.graph.inputs.get("windows")!;
  const gradients = reference.gradientsOf("logit", task, [activations, input]);
  const [a, g, saliency] = reference.evaluate([activations, ...gradients], windows);
  const rows = 3 * layer.strands;
  const positions = a.length / (rows * layer.kernels);
  expect(positions).toBe(activations.shape[2]);
  const maps = Array.from({ length: 3 }, () => new Float64Array(length));
  for (let n = 0; n < rows; n++) {
    const weights = Array.from({ length: layer.kernels }, (_, k) => {
      let sum = 0;
      for (let p = 0; p < positions; p++) sum += g[(n * layer.kernels + k) * positions + p];
      return sum / positions;
    });
    const cam = Array.from({ length: positions }, (_, p) =>
      Math.max(
        0,
        weights.reduce((sum, w, k) => sum + w * a[(n * layer.kernels + k) * positions + p], 0),
      ),
    );
    for (let base = 0; base < length; base++) {
      // Of the strand's own bases: position p sees those from start + p step, `width` of them.
      const covering = cam.filter((_, p) => {
        const from = layer.start + p * layer.step;
        return from <= base && base < from + layer.width;
      });
      if (covering.length === 0) continue;
      const mean = covering.reduce((x, y) => x + y) / covering.length;
      const isReverse = layer.strands === 2 && n % 2 === 1;
      maps[Math.floor(n / layer.strands)][isReverse ? length - 1 - base : base] += mean;
    }
  }
  return { maps, saliency, largest: Math.max(...maps.flatMap((map) => [...map])) };
}

const factorNet = { windowLength: 52, kernels: 3, kernelWidth: 5, recurrent: 2, dense: 4 };
const danQ = { windowLength: 40, kernels: 4, kernelWidth: 6, poolWidth: 5, recurrent: 3, dense: 5 };
const deepSea = {
  windowLength: 48,
  kernels: 4,
  secondKernels: 5,
  thirdKernels: 3,
  kernelWidth: 5,
  poolWidth: 3,
  dense: 4,
};
const models: Record<string, () => ExplainedModel> = {
  "FactorNet, strands shared, a pool that divides": () =>
    tinyModel("factornet", { ...factorNet, poolWidth: 4 }),
  "FactorNet with a track and a feature, a pool that leaves a remainder": () =>
    tinyModel(
      "factornet",
      { ...factorNet, poolWidth: 5, binFeatures: "signal" },
      {
        tracks: ["DNase"],
        features: [{ kind: "signal", name: "DNase", track: "DNase", width: 20, log: false }],
      },
    ),
  "DanQ on one strand": () => tinyModel("danq", danQ),
  "DanQ, the mean of both strands, padded": () =>
    tinyModel("danq", { ...danQ, strands: "mean", padding: "same" }),
  DeepSEA: () => tinyModel("deepsea", deepSea),
  "DeepSEA, padded and normalised": () =>
    tinyModel("deepsea", { ...deepSea, padding: "same", batchNormalisation: true }),
  "convolutions with steps, classes": () =>
    tinyModel(
      "convolution-dense",
      {
        windowLength: 35,
        output: "softmax",
        unknownBase: 0.25,
        layers: [
          { kind: "convolution", kernels: 4, width: 6, stride: 3, padding: [4, 1] },
          { kind: "batch-normalisation" },
          { kind: "activation", function: "relu" },
          { kind: "max-pool", size: 3, stride: 2 },
          { kind: "convolution", kernels: 3, width: 2 },
          { kind: "activation", function: "softplus" },
          { kind: "flatten" },
          { kind: "dense", units: 4 },
          { kind: "activation", function: "elu" },
        ],
      },
      {},
      4,
    ),
};

describe.each(Object.entries(models))("%s", (_, make) => {
  const model = make();
  const windows = randomWindows(model, 3, "gradient methods");
  const { length, channels } = model;
  const at = (row: number, channel: number, position: number) =>
    (row * channels + channel) * length + position;

  it.each(["logit", "probability"] as const)(
    "saliency of the %s: central differences in float64",
    async (of) => {
      const found = await findSaliencyOfWindows(model, windows, options({ of, batchSize: 2 }));
      const reference = new ReferenceModel(model);
      const score = (changed: Float64Array) =>
        reference.evaluate([reference.outputs[of]], windows, { windows: changed })[0];
      const step = 1e-6;
      let largest = 0;
      let worst = 0;
      for (let base = 0; base < 4; base++) {
        for (let position = 0; position < length; position++) {
          const [up, down] = [step, -step].map((by) => {
            const changed = Float64Array.from(windows.windows);
            for (let row = 0; row < 3; row++) changed[at(row, base, position)] += by;
            return score(changed);
          });
          for (let row = 0; row < 3; row++) {
            const expected = (up[row * model.tasks + 1] - down[row * model.tasks + 1]) / (2 * step);
            const value = found.values[(row * 4 + base) * length + position];
            worst = Math.max(worst, Math.abs(value - expected));
            largest = Math.max(largest, Math.abs(expected));
          }
        }
      }
      expect(largest).toBeGreaterThan(1e-5);
      expect(worst).toBeLessThan(3e-5 * largest);
      const [probabilities] = reference.evaluate([reference.outputs.probability], windows);
      for (const [i, value] of probabilities.entries())
        expect(Math.abs(found.predictions[i] - value)).toBeLessThan(1e-5);
    },
  );

  it("gradient x input: the gradient at the base that is there, nothing at unknown ones", async () => {
    const found = await multiplyGradientByInput(model, windows, options());
    const { values: gradient } = await findSaliencyOfWindows(model, windows, options());
    expect(found.hypothetical).toEqual(gradient);
    let unknown = 0;
    for (let row = 0; row < 3; row++) {
      for (let position = 0; position < length; position++) {
        const observed = observedBase(model, windows, row, position);
        if (observed < 0) unknown++;
        for (let base = 0; base < 4; base++) {
          const i = (row * 4 + base) * length + position;
          expect(found.values[i]).toBe(base === observed ? gradient[i] : 0);
        }
      }
    }
    expect(unknown).toBeGreaterThan(0);
  });

  it("class-activation maps in the graph: those of the plain gradients, in float64", () => {
    const reference = new ReferenceModel(model);
    for (const { output } of model.layers) {
      const activations = reference.outputs[output];
      const [gradient] = reference.gradientsOf("logit", 1, [activations]);
      const map = classActivationMap(activations, gradient);
      const weights = reduceMean(gradient, [2]);
      const plain = relu(reduceSum(multiply(weights, activations), [1]));
      const [sums, plainSums] = [sumPositions(gradient), reduceSum(gradient, [2])];
      const [found, expected, foundSums, expectedSums] = reference.evaluate(
        [map, plain, sums, plainSums],
        windows,
      );
      // With random weights a map may be 0 everywhere; what weighs kernels is not.
      expect(Math.max(...expectedSums.map(Math.abs))).toBeGreaterThan(1e-5);
      for (const [one, other] of [
        [found, expected],
        [foundSums, expectedSums],
      ]) {
        const largest = Math.max(...other.map(Math.abs));
        expect(one.length).toBe(other.length);
        for (const [i, value] of other.entries())
          expect(Math.abs(one[i] - value)).toBeLessThanOrEqual(1e-9 * largest);
      }
    }
  });

  it("Grad-CAM and its product with saliency: from their definitions, in float64, every layer", async () => {
    const reference = new ReferenceModel(model);
    expect(model.layers.length).toBeGreaterThan(0);
    for (const layer of model.layers) {
      // With random weights some of the tasks may have no map above 0.
      const all = Array.from({ length: model.tasks }, (_, task) =>
        defineMaps(reference, windows, layer, task),
      );
      const task = all.findIndex((one) => one.largest === Math.max(...all.map((other) => other.largest)));
      const { maps, saliency, largest } = all[task];
      expect(largest).toBeGreaterThan(1e-5);
      const rest = { ...options({ task }), layer: layer.output };
      const found = await mapClassActivation(model, windows, { ...rest, batchSize: 2 });
      const merged = await mergeGradCamWithSaliency(model, windows, rest);
      const plain = await mergeGradCamWithSaliency(model, windows, { ...rest, normalise: false });
      let seen = 0;
      for (let row = 0; row < 3; row++) {
        const bases = Array.from({ length }, (_, position) => observedBase(model, windows, row, position));
        const products = bases.map((base, position) =>
          base < 0 ? 0 : maps[row][position] * saliency[at(row, base, position)],
        );
        const most = Math.max(...products.map(Math.abs));
        seen = Math.max(seen, most);
        const total = products.reduce((sum, value) => sum + Math.abs(value), 0);
        for (let position = 0; position < length; position++) {
          for (let base = 0; base < 4; base++) {
            const i = (row * 4 + base) * length + position;
            const here = base === bases[position];
            expect(Math.abs(found.values[i] - (here ? maps[row][position] : 0))).toBeLessThan(1e-5 * largest);
            expect(Math.abs(plain.values[i] - (here ? products[position] : 0))).toBeLessThanOrEqual(
              1e-4 * most,
            );
            expect(
              Math.abs(merged.values[i] - (here && total > 0 ? products[position] / total : 0)),
            ).toBeLessThan(1e-4);
          }
        }
      }
      expect(seen).toBeGreaterThan(0);
    }
  });
});

describe("Grad-CAM", () => {
  it("weighs kernels by the gradient of the layer itself: where all are active, that of their biases", async () => {
    const model = tinyModel("factornet", { ...factorNet, poolWidth: 4, recurrent: 0 });
    const parameters = new Map(model.parameters);
    // High enough that no activation is cut off, so that a bias moves all positions of both strands alike.
    parameters.set("convolution.bias", Float32Array.of(40, 41, 42));
    const active = { ...model, parameters };
    const windows = randomWindows(active, 1, "active");
    const reference = new ReferenceModel(active);
    const [a, g] = reference.evaluate(
      [reference.outputs.convolution, ...reference.gradientsOf("logit", 1, [reference.outputs.convolution])],
      windows,
    );
    expect(Math.min(...a)).toBeGreaterThan(0);
    const positions = a.length / 6;
    let largest = 0;
    for (let kernel = 0; kernel < 3; kernel++) {
      const [up, down] = [1e-4, -1e-4].map((by) => {
        const bias = Float64Array.from(parameters.get("convolution.bias")!);
        bias[kernel] += by;
        const changed = new Map<string, ArrayLike<number>>([["convolution.bias", bias]]);
        return reference.evaluate([reference.outputs.logit], windows, { parameters: changed })[0][1];
      });
      const slope = (up - down) / 2e-4;
      let sum = 0;
      for (const strand of [0, 1])
        for (let p = 0; p < positions; p++) sum += g[(strand * 3 + kernel) * positions + p];
      expect(Math.abs(sum - slope)).toBeLessThan(1e-6);
      largest = Math.max(largest, Math.abs(slope));
    }
    expect(largest).toBeGreaterThan(1e-2);
  });

  it("spreads positions to the bases that they see, fewer at the ends, none between far ones", () => {
    const into = new Float64Array(9);
    spreadToBases([6, 3, 12], { start: -1, step: 2, width: 3 }, into);
    expect([...into]).toEqual([6, 4.5, 3, 7.5, 12, 12, 0, 0, 0]);
    spreadToBases([1, 5], { start: 1, step: 5, width: 2 }, into);
    expect([...into]).toEqual([0, 1, 1, 0, 0, 0, 5, 5, 0]);
  });

  it("names layers and tasks that are not there, and models that see no bases", async () => {
    const model = tinyModel("danq", danQ);
    const windows: ExplainedWindows = randomWindows(model, 1, "errors");
    await expect(mapClassActivation(model, windows, { ...options(), layer: "pool" })).rejects.toThrow(
      'no layer "pool"; expected one of convolution1',
    );
    await expect(mapClassActivation({ ...model, layers: [] }, windows, options())).rejects.toThrow(
      "a model without convolutions",
    );
    await expect(findSaliencyOfWindows(model, windows, options({ task: 2 }))).rejects.toThrow(
      "output 2; expected a whole number from 0 to 1",
    );
    await expect(findSaliencyOfWindows({ ...model, baseChannels: 0 }, windows, options())).rejects.toThrow(
      "sees no bases",
    );
  });
});

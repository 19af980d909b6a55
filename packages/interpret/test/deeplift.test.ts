import {
  type Build,
  convolution1d,
  type DeepLiftRule,
  dense,
  flatten,
  maxPool1d,
  relu,
  sigmoid,
  zeros,
} from "@bindscape/gradient";
import { describe, expect, it } from "vitest";
import { explainByDeepLift } from "../src/deeplift.js";
import type { ExplainedModel } from "../src/explained-model.js";
import { explainByIntegratedGradients } from "../src/integrated-gradients.js";
import { makeReferences, type References } from "../src/references.js";
import { drawModel, drawParameters, drawWindows, nodeRuntime } from "./drawn-models.js";
import { explainNaively, type NaiveNetwork } from "./naive-deeplift.js";

const runtime = nodeRuntime();
const common = { runtime, threads: 1 };

const sizes = { length: 40, filters: 6, width: 5, pool: 4, hidden: 9 };

/** The network that `naive-deeplift.ts` has by hand. */
const smallBuild: Build = (graph) => {
  const windows = graph.input("windows", [graph.batch, 4, sizes.length]);
  const parameter = (name: string, shape: number[]) => graph.parameter(name, shape, zeros());
  const kernel = parameter("kernel", [sizes.filters, 4, sizes.width]);
  const pooled = maxPool1d(relu(convolution1d(windows, kernel, parameter("bias", [sizes.filters]))), {
    size: sizes.pool,
  });
  const inputs = sizes.filters * Math.floor((sizes.length - sizes.width + 1) / sizes.pool);
  const hidden = dense(
    flatten(pooled),
    parameter("dense", [inputs, sizes.hidden]),
    parameter("denseBias", [sizes.hidden]),
  );
  const logit = dense(relu(hidden), parameter("output", [sizes.hidden, 1]));
  return { outputs: { logit, probability: sigmoid(logit) } };
};

function smallModel(seed: number): { model: ExplainedModel; naive: NaiveNetwork } {
  const parameters = drawParameters(smallBuild, seed);
  const naive = { ...sizes, ...Object.fromEntries(parameters) } as unknown as NaiveNetwork;
  const model: ExplainedModel = {
    build: smallBuild,
    parameters,
    length: sizes.length,
    channels: 4,
    baseChannels: 4,
    features: 0,
    tasks: 1,
    unknownBase: 0.25,
    layers: [],
  };
  return { model, naive };
}

const someReferences: References[] = [
  { kind: "zeros" },
  { kind: "uniform" },
  { kind: "uniform", frequencies: [0.3, 0.2, 0.2, 0.3] },
  { kind: "shuffled", count: 3, seed: 4 },
  {
    kind: "given",
    source: "drawn",
    values: drawWindows(smallModel(1).model, 2, "given").windows,
    count: 2,
    length: sizes.length,
  },
];

describe.each(["rescale", "reveal-cancel-dense"] satisfies DeepLiftRule[])("DeepLIFT, %s", (rule) => {
  it.each(someReferences)("is the definition written out, references $kind", async (references) => {
    for (const seed of [1, 2, 3]) {
      const { model, naive } = smallModel(seed);
      const windows = drawWindows(model, 5, seed);
      const found = await explainByDeepLift(model, windows, { ...common, rule, references, batchSize: 4 });
      const made = makeReferences(model, windows, references);
      const size = 4 * sizes.length;
      let largest = 0;
      for (let window = 0; window < windows.count; window++) {
        const x = windows.windows.subarray(window * size, (window + 1) * size);
        const filled = made.fill(window, window + 1);
        const expected = new Float64Array(size);
        let referenceScore = 0;
        for (let k = 0; k < made.count; k++) {
          const reference = filled.subarray(k * size, (k + 1) * size);
          const one = explainNaively(naive, x, reference, rule !== "rescale");
          referenceScore += one.referenceScore / made.count;
          expect(found.scores[window]).toBeCloseTo(one.score, 5);
          for (let position = 0; position < sizes.length; position++) {
            const sum = (of: ArrayLike<number>) =>
              [0, 1, 2, 3].reduce((all, base) => {
                const at = base * sizes.length + position;
                return all + one.multipliers[at] * of[at];
              }, 0);
            const ofReference = sum(reference);
            for (let base = 0; base < 4; base++) {
              const at = base * sizes.length + position;
              expected[at] += (one.multipliers[at] - ofReference) / made.count;
            }
          }
        }
        expect(found.referenceScores[window]).toBeCloseTo(referenceScore, 5);
        expected.forEach((value, i) => {
          expect(found.hypothetical[window * size + i]).toBeCloseTo(value, 5);
          expect(found.values[window * size + i]).toBeCloseTo(x[i] === 1 ? value : 0, 5);
          largest = Math.max(largest, Math.abs(value));
        });
      }
      expect(largest).toBeGreaterThan(0.05);
      expect(Math.max(...found.deltas)).toBeLessThan(1e-5);
      expect(found.warnings).toEqual([]);
    }
  });
});

const features = [{ kind: "motif", name: "m", logOdds: [1, 0, 0, 0], length: 1, sites: "inside" }] as const;

const models: Record<string, () => ExplainedModel> = {
  FactorNet: () =>
    drawModel(
      "factornet",
      { windowLength: 60, kernels: 5, kernelWidth: 7, poolWidth: 6, dense: 6 },
      { windowLength: 60, tracks: ["dnase"], features: [...features] },
    ),
  "FactorNet with Keras 1's gates": () =>
    drawModel(
      "factornet",
      { windowLength: 61, kernels: 5, kernelWidth: 7, poolWidth: 6, dense: 6, gates: "hard-sigmoid" },
      { windowLength: 61 },
    ),
  DanQ: () =>
    drawModel(
      "danq",
      { windowLength: 80, kernels: 8, kernelWidth: 8, poolWidth: 6, recurrent: 5, dense: 10 },
      { windowLength: 80 },
    ),
  "DanQ on both strands": () =>
    drawModel(
      "danq",
      {
        windowLength: 80,
        kernels: 8,
        kernelWidth: 8,
        poolWidth: 6,
        recurrent: 5,
        dense: 10,
        strands: "mean",
      },
      { windowLength: 80 },
    ),
  DeepSEA: () =>
    drawModel(
      "deepsea",
      {
        windowLength: 60,
        kernels: 8,
        secondKernels: 7,
        thirdKernels: 6,
        kernelWidth: 6,
        deepKernelWidth: 4,
        poolWidth: 2,
        dense: 16,
      },
      { windowLength: 60 },
    ),
};

describe.each(Object.entries(models))("%s", (_name, make) => {
  it.each(["rescale", "reveal-cancel", "reveal-cancel-dense"] satisfies DeepLiftRule[])(
    "has contributions that add up, %s",
    async (rule) => {
      const model = make();
      const windows = drawWindows(model, 7, "windows");
      for (const references of [someReferences[0], someReferences[3]]) {
        for (const of of references.kind === "zeros" ? (["logit"] as const) : (["probability"] as const)) {
          const found = await explainByDeepLift(model, windows, { ...common, rule, references, of, task: 1 });
          const range = Math.max(
            ...found.scores.map((score, i) => Math.abs(score - found.referenceScores[i])),
          );
          expect(range).toBeGreaterThan(1e-4);
          expect(Math.max(...found.deltas)).toBeLessThan(3e-6 + 1e-5 * range);
          expect(found.predictions).toHaveLength(7 * model.tasks);
        }
      }
    },
  );

  it("has integrated gradients that add up the better the more steps are taken", async () => {
    const model = make();
    const windows = drawWindows(model, 3, "windows");
    const miss = async (steps: number) => {
      const options = { ...common, steps, references: someReferences[1] };
      const { deltas } = await explainByIntegratedGradients(model, windows, options);
      return Math.max(...deltas);
    };
    const [few, many] = [await miss(4), await miss(400)];
    expect(many).toBeLessThan(Math.max(few / 4, 2e-3));
    expect(many).toBeLessThan(0.01);
  });
});

describe("what both return", () => {
  it("does not depend on the batch, nor on the other windows", async () => {
    const { model } = smallModel(1);
    const windows = drawWindows(model, 5, "batch");
    const references = someReferences[3];
    const whole = await explainByDeepLift(model, windows, { ...common, references });
    const parts = await explainByDeepLift(model, windows, { ...common, references, batchSize: 1 });
    whole.hypothetical.forEach((value, i) => {
      expect(parts.hypothetical[i]).toBeCloseTo(value, 6);
    });
  });

  it("does not depend on how many references are taken at once", async () => {
    const { model } = smallModel(3);
    const windows = drawWindows(model, 3, "turns");
    const values = drawWindows(model, 7, "references").windows;
    const given = { kind: "given", source: "drawn", values, count: 7, length: sizes.length } as const;
    for (const references of [given, { kind: "shuffled", count: 7 } as const]) {
      const whole = await explainByDeepLift(model, windows, { ...common, references });
      // Turns of 3, 3 and 1.
      const parts = await explainByDeepLift(model, windows, { ...common, references, batchSize: 3 });
      whole.hypothetical.forEach((value, i) => {
        expect(parts.hypothetical[i]).toBeCloseTo(value, 6);
      });
      whole.referenceScores.forEach((score, i) => {
        expect(parts.referenceScores[i]).toBeCloseTo(score, 6);
      });
      expect(Math.max(...parts.deltas)).toBeLessThan(1e-5);
    }
  });

  it("agrees for a network that is linear between window and reference", async () => {
    const { model } = smallModel(1);
    const linear: ExplainedModel = {
      ...model,
      build: (graph) => {
        const windows = graph.input("windows", [graph.batch, 4, sizes.length]);
        const logit = dense(flatten(windows), graph.parameter("w", [4 * sizes.length, 1], zeros()));
        return { outputs: { logit, probability: sigmoid(logit) } };
      },
      parameters: new Map([["w", Float32Array.from({ length: 4 * sizes.length }, (_, i) => Math.sin(i))]]),
    };
    const windows = drawWindows(linear, 2, "linear");
    const references = { kind: "zeros" } as const;
    const found = [
      await explainByDeepLift(linear, windows, { ...common, references }),
      await explainByIntegratedGradients(linear, windows, { ...common, references, steps: 1 }),
    ];
    for (const { values } of found) {
      values.forEach((value, i) => {
        const expected = windows.windows[i] === 1 ? Math.sin(i % (4 * sizes.length)) : 0;
        expect(value).toBeCloseTo(expected, 6);
      });
    }
  });

  it("warns where contributions do not add up", async () => {
    const { model } = smallModel(2);
    const windows = drawWindows(model, 4, "warned");
    const options = { ...common, references: someReferences[0], steps: 2 };
    const { warnings } = await explainByIntegratedGradients(model, windows, { ...options, tolerance: 1e-6 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/Contributions of 4 windows of 4 miss .* take more than 2 steps/);
  });

  it("stops when told", async () => {
    const { model } = smallModel(1);
    const windows = drawWindows(model, 2, "stopped");
    const signal = AbortSignal.abort();
    await expect(explainByDeepLift(model, windows, { ...common, signal })).rejects.toThrow(/abort/i);
    await expect(explainByIntegratedGradients(model, windows, { ...common, signal })).rejects.toThrow(
      /abort/i,
    );
  });
});

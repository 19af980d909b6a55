import { nodeRuntime } from "@bindscape/gradient";
import { describe, expect, it } from "vitest";
import type { ExplainedModel, ExplainedWindows } from "../src/explained-model.js";
import { mutateInSilico } from "../src/in-silico-mutagenesis.js";
import { listSubstitutions } from "../src/substitutions.js";
import { drawModel, drawWindows } from "./drawn-models.js";

const runtime = nodeRuntime();

const convolution = (kernels: number) => [
  { kind: "convolution", kernels, width: 7 },
  { kind: "activation", function: "relu" },
];

const architectures: [name: string, model: ExplainedModel][] = [
  [
    "DeepSEA, valid",
    drawModel(
      "deepsea",
      {
        windowLength: 190,
        padding: "valid",
        kernels: 8,
        secondKernels: 10,
        thirdKernels: 12,
        dense: 64,
        batchNormalisation: true,
      },
      { windowLength: 190, unknownBase: 0.25 },
    ),
  ],
  [
    "DeepSEA, same, both strands",
    drawModel(
      "deepsea",
      {
        windowLength: 101,
        strands: "mean",
        kernels: 8,
        secondKernels: 10,
        thirdKernels: 12,
        dense: 64,
        batchNormalisation: true,
      },
      { windowLength: 101, unknownBase: 0.25 },
    ),
  ],
  [
    "DanQ",
    drawModel(
      "danq",
      { windowLength: 150, kernels: 8, recurrent: 6, dense: 9 },
      { windowLength: 150, unknownBase: 0.25 },
    ),
  ],
  [
    "DanQ, same, both strands, other order of bases",
    drawModel(
      "danq",
      {
        windowLength: 101,
        padding: "same",
        strands: "mean",
        baseOrder: "ATCG",
        kernels: 8,
        recurrent: 6,
        dense: 9,
      },
      { windowLength: 101, unknownBase: 0.25 },
    ),
  ],
  ...[13, 12].map((poolWidth): [string, ExplainedModel] => [
    `FactorNet with a track and features, pool of ${poolWidth}`,
    drawModel(
      "factornet",
      { windowLength: 142, kernels: 6, recurrent: 4, poolWidth, dense: 7, binFeatures: "signal" },
      {
        windowLength: 142,
        tracks: ["accessibility"],
        features: [{ kind: "signal", name: "s", track: "accessibility", width: 20, log: false }],
      },
    ),
  ]),
  [
    "convolution and dense layers, averages",
    drawModel(
      "convolution-dense",
      {
        windowLength: 120,
        layers: [
          ...convolution(8),
          ...convolution(6),
          { kind: "average-pool", size: 30, stride: 1 },
          { kind: "flatten" },
          { kind: "dense", units: 5 },
          { kind: "activation", function: "relu" },
        ],
      },
      { windowLength: 120 },
    ),
  ],
  [
    "convolution and dense layers, largest values",
    drawModel(
      "convolution-dense",
      {
        windowLength: 120,
        layers: [
          ...convolution(8),
          { kind: "batch-normalisation" },
          { kind: "global-max-pool" },
          { kind: "dense", units: 5 },
          { kind: "activation", function: "tanh" },
        ],
      },
      { windowLength: 120 },
    ),
  ],
];

async function mutate(
  model: ExplainedModel,
  windows: ExplainedWindows,
  naive: boolean,
  positions?: number[],
) {
  return mutateInSilico(model, windows, { runtime, threads: 1, task: 1, naive, positions });
}

describe("mutations followed through a network", () => {
  it.each(architectures)("give the numbers of whole passes: %s", async (_, model) => {
    const windows = drawWindows(model, 2, "followed");
    const [followed, naive] = [await mutate(model, windows, false), await mutate(model, windows, true)];
    expect(followed.warnings).toEqual([]);
    const largest = naive.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(5e-4);
    // Scores are of the size of 1 and have float32's rounding.
    const tolerance = 1e-6 + 2e-5 * largest;
    naive.values.forEach((value, i) => {
      if (!(Math.abs(followed.values[i] - value) <= tolerance))
        throw new Error(`entry ${i} is ${followed.values[i]}, by a whole pass ${value}`);
    });
    expect(followed.predictions).toEqual(naive.predictions);
  });

  it("leave the observed bases at 0 and fill all four at unknown ones", async () => {
    const [, model] = architectures[0];
    const windows = drawWindows(model, 3, "unknown");
    const { values } = await mutate(model, windows, false);
    for (let window = 0; window < windows.count; window++) {
      const everywhere = Array.from({ length: model.length }, (_, position) => position);
      const made = new Set(
        listSubstitutions(model, windows, window, everywhere).map(
          ({ base, position }) => 4 * position + base,
        ),
      );
      for (let position = 0; position < model.length; position++)
        for (let base = 0; base < 4; base++)
          if (!made.has(4 * position + base))
            expect(values[(window * 4 + base) * model.length + position]).toBe(0);
      expect(made.size).toBeGreaterThan(3 * model.length);
    }
  });

  it("take as many runs as a window of unknown bases alone needs", async () => {
    const [, model] = architectures[2];
    const windows = { count: 1, windows: new Float32Array(4 * model.length).fill(0.25) };
    const [followed, naive] = [await mutate(model, windows, false), await mutate(model, windows, true)];
    naive.values.forEach((value, i) => {
      expect(Math.abs(followed.values[i] - value)).toBeLessThan(2e-5);
    });
    expect(followed.values.filter((value) => value !== 0).length).toBeGreaterThan(3.9 * model.length);
  });

  it("report mutants as they go, and stop when told", async () => {
    const [, model] = architectures[0];
    const windows = drawWindows(model, 2, "progress");
    const seen: number[] = [];
    await mutateInSilico(model, windows, {
      runtime,
      threads: 1,
      positions: [3, 50, 51],
      onProgress: ({ done, total, unit }) => {
        expect([total, unit]).toEqual([18, "mutants"]);
        seen.push(done);
      },
    });
    expect(seen.at(-1)).toBe(18);
    for (const naive of [true, false]) {
      const stopped = mutateInSilico(model, windows, { runtime, naive, signal: AbortSignal.abort() });
      await expect(stopped).rejects.toThrow(/abort/i);
    }
  });
});

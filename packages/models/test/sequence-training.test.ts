import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeRuntime } from "@bindscape/gradient";
import { areaUnderRoc, Random } from "@bindscape/numerics";
import type { SequenceSet, SplitName } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { readBundle } from "../src/bundle/bundle.node.js";
import {
  type TrainSequenceBundleOptions,
  trainSequenceBundle,
} from "../src/jobs/train-sequence-bundle.node.js";
import { findModel } from "../src/model-table.js";
import { evaluateSequences, takeSequences } from "../src/sequences/evaluate-sequences.js";
import { predictSequences } from "../src/sequences/predict-sequences.js";
import { splitRows } from "../src/sequences/sequence-splits.js";
import { sequenceTrainingSettings } from "../src/sequences/settings.js";
import { type SequenceTrainingOptions, trainOnSequences } from "../src/sequences/train-sequences.js";
import { fillBatches, LossSum, type SavedTraining } from "../src/train/epoch-loop.js";
import { expectClose, expectError, reverseComplement, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const LENGTH = 40;
const tiny = {
  danq: {
    padding: "same",
    kernels: 8,
    kernelWidth: 8,
    poolWidth: 5,
    recurrent: 4,
    dense: 8,
    dropout: 0.1,
    initialisation: "glorot",
  },
  deepsea: {
    kernels: 8,
    secondKernels: 6,
    thirdKernels: 4,
    kernelWidth: 8,
    deepKernelWidth: 3,
    poolWidth: 3,
    dense: 8,
    dropout: 0.1,
    initialisation: "glorot",
    normalisationMomentum: 0.9,
  },
} as const;

/** Sequences that hold a word on either strand where they are bound; of two factors, with words of their own. */
function drawSet(count: number, seed: number, tasks = 1, missing = 0): SequenceSet {
  const random = new Random(seed);
  const codes = Uint8Array.from({ length: count * LENGTH }, () => random.integer(4));
  const labels = new Float32Array(count * tasks);
  const words = [
    [2, 0, 3, 0, 0, 2, 1],
    [1, 1, 1, 0, 2, 2, 3],
  ];
  for (let row = 0; row < count; row++) {
    for (let task = 0; task < tasks; task++) {
      const bound = random.uniform() < 0.5;
      labels[row * tasks + task] = random.uniform() < missing ? Number.NaN : Number(bound);
      if (!bound) continue;
      const word =
        random.uniform() < 0.5 ? words[task] : [...reverseComplement(Uint8Array.from(words[task]))];
      codes.set(word, row * LENGTH + task * 20 + random.integer(13));
    }
  }
  const names = ["A", "B"].slice(0, tasks).map((factor) => ({ factor, cell: "" }));
  return { source: "drawn", count, length: LENGTH, tasks: names, codes, labels };
}

function settings(given: object = {}) {
  return sequenceTrainingSettings.parse({ epochs: 4, batchSize: 32, learningRate: 0.01, seed: 3, ...given });
}

function train(set: SequenceSet, model: keyof typeof tiny, given: Partial<SequenceTrainingOptions> = {}) {
  const modelOptions = findModel(model).options.parse({ ...tiny[model], windowLength: LENGTH }) as Record<
    string,
    unknown
  >;
  return trainOnSequences(set, {
    runtime: nodeRuntime(),
    model,
    modelOptions,
    settings: settings(),
    threads: 1,
    ...given,
  });
}

const runtime = nodeRuntime();

describe.each(["danq", "deepsea"] as const)("%s on sequences", (model) => {
  it("learns words on both strands, and its bundle predicts the same", async () => {
    const result = await train(drawSet(1500, 1), model, {
      settings: settings({ epochs: 10, weightAverage: 0.9 }),
    });
    const test = drawSet(400, 2);
    const { mean, tasks, sequences } = await evaluateSequences(result.network, test, { runtime });
    expect(mean.auroc).toBeGreaterThan(0.85);
    expect(tasks[0].bound + tasks[0].unbound).toBe(400);
    expect(sequences).toBe(400);
    const scores = await predictSequences(result.network, test, { runtime, output: "logit" });
    expect(areaUnderRoc(scores, test.labels)).toBe(mean.auroc);
  });

  it("gives the same weights bit for bit after a stop between epochs, averages and schedule included", async () => {
    const set = drawSet(300, 3);
    const given = { settings: settings({ epochs: 4, weightAverage: 0.99, plateau: 1, weightDecay: 1e-4 }) };
    const saved: SavedTraining[] = [];
    const keep = async (state: SavedTraining) => {
      saved.push(structuredClone({ ...state, bestParameters: new Map(state.bestParameters) }));
    };
    const whole = await train(set, model, { ...given, save: keep });
    for (const at of [0, 2]) {
      const resumed = await train(set, model, { ...given, saved: saved[at] });
      expect(resumed.history.map(({ validationLoss }) => validationLoss)).toEqual(
        whole.history.map(({ validationLoss }) => validationLoss),
      );
      for (const [name, values] of whole.network.parameters)
        expect(
          Buffer.from(resumed.network.parameters.get(name)!.buffer).equals(Buffer.from(values.buffer)),
          name,
        ).toBe(true);
    }
    const other = await train(set, model, { settings: { ...given.settings, seed: 4 } });
    expect([...other.network.parameters.get("output.kernel")!]).not.toEqual([
      ...whole.network.parameters.get("output.kernel")!,
    ]);
  });

  it("takes over the body of another network and draws its dense layers anew", async () => {
    const from = (await train(drawSet(300, 4, 2), model, { settings: settings({ epochs: 1 }) })).network;
    const body = findModel(model).body!.map((pattern) => pattern.replace("*", ""));
    const isBody = (name: string) => body.some((start) => name.startsWith(start));
    // With a rate too small to move anything, what is there at the end is what it began with.
    const still = settings({ epochs: 1, learningRate: 1e-30 });
    const tuned = await train(drawSet(300, 5), model, { from, settings: still });
    const expected = [...from.parameters.keys()].filter(isBody);
    expect([...tuned.transferred].sort()).toEqual(expected.sort());
    expect(expected.length).toBeGreaterThan(3);
    for (const [name, values] of tuned.network.parameters) {
      // Running statistics move without gradients.
      if (name.includes("running")) continue;
      const same = from.parameters.get(name)?.every((value, i) => value === values[i]) ?? false;
      const isConstant = values.every((value) => value === values[0]);
      if (isBody(name)) expect(same, name).toBe(true);
      else if (!isConstant) expect(same, name).toBe(false);
    }
    expect(tuned.network.file.training.transferredFrom).toBe("drawn");
    const frozen = await train(drawSet(300, 5), model, {
      from,
      freeze: true,
      settings: settings({ epochs: 2 }),
    });
    for (const name of expected)
      expect([...frozen.network.parameters.get(name)!], name).toEqual([...from.parameters.get(name)!]);
    expect([...frozen.network.parameters.get("dense.kernel")!]).not.toEqual([
      ...tuned.network.parameters.get("dense.kernel")!,
    ]);
  });
});

describe("labels", () => {
  it("that are missing have no part in training: other values in their place change nothing", async () => {
    const set = drawSet(200, 6, 2, 0.4);
    expect(set.labels.filter(Number.isNaN).length).toBeGreaterThan(100);
    const a = await train(set, "danq", { settings: settings({ epochs: 2 }) });
    expect(
      a.history.every(({ trainingLoss, validationLoss }) => Number.isFinite(trainingLoss + validationLoss)),
    ).toBe(true);
    // A task with weight 0 is as good as missing: its labels may be anything.
    const full = drawSet(200, 6, 2);
    const flipped = { ...full, labels: full.labels.map((label, at) => (at % 2 === 1 ? 1 - label : label)) };
    const [b, c] = await Promise.all(
      [full, flipped].map((one) =>
        train(one, "danq", { settings: settings({ epochs: 2 }), taskWeights: [1, 0] }),
      ),
    );
    expect(c.history.map(({ validationLoss }) => validationLoss)).toEqual(
      b.history.map(({ validationLoss }) => validationLoss),
    );
    expect([...c.network.parameters.get("convolution.kernel")!]).toEqual([
      ...b.network.parameters.get("convolution.kernel")!,
    ]);
  });

  it("go with the outputs of their names, and missing ones are left out of the metrics", async () => {
    const set = drawSet(200, 7, 2, 0.3);
    const { network } = await train(set, "danq", { settings: settings({ epochs: 1 }) });
    const { tasks } = await evaluateSequences(network, set, { runtime });
    const logits = await predictSequences(network, set, { runtime, output: "logit" });
    for (const t of [0, 1]) {
      const rows = Array.from({ length: 200 }, (_, row) => row).filter(
        (row) => !Number.isNaN(set.labels[2 * row + t]),
      );
      expect(tasks[t].auroc).toBe(
        areaUnderRoc(
          rows.map((row) => logits[2 * row + t]),
          rows.map((row) => set.labels[2 * row + t]),
        ),
      );
      expect(tasks[t].missing).toBe(200 - rows.length);
    }
    const single = { ...set, tasks: [set.tasks[1]], labels: set.labels.filter((_, at) => at % 2 === 1) };
    expect((await evaluateSequences(network, single, { runtime })).tasks[0].auroc).toBe(tasks[1].auroc);
    await expectError(
      () =>
        evaluateSequences(
          network,
          {
            ...set,
            tasks: [
              { factor: "X", cell: "" },
              { factor: "Y", cell: "" },
            ],
          },
          { runtime },
        ),
      "labels of X, Y",
      "outputs: A, B",
    );
  });

  it("of one kind alone are refused with the task", async () => {
    const set = drawSet(100, 8, 2);
    const bound = { ...set, labels: set.labels.map((label, at) => (at % 2 === 1 ? 1 : label)) };
    await expectError(() => train(bound, "danq"), "90 bound and 0 unbound sequences of B");
  });
});

describe("strands", () => {
  it("are averaged, or samples of their own, when predicting", async () => {
    const set = drawSet(30, 9);
    const { network } = await train(set, "deepsea", { settings: settings({ epochs: 1 }) });
    const at = (strands?: "forward" | "separate" | "mean") =>
      predictSequences(network, set, { runtime, strands, output: "logit" });
    const [own, forward, separate, mean] = [
      await at(),
      await at("forward"),
      await at("separate"),
      await at("mean"),
    ];
    expect([...own]).toEqual([...forward]);
    expect(separate).toHaveLength(60);
    expectClose(
      separate.filter((_, i) => i % 2 === 0),
      forward,
      1e-6,
    );
    expectClose(
      mean,
      forward.map((value, i) => (value + separate[2 * i + 1]) / 2),
      1e-5,
    );
    const turned = {
      ...set,
      codes: Uint8Array.from(
        [...Array(30).keys()].flatMap((row) => [
          ...reverseComplement(set.codes.slice(row * LENGTH, (row + 1) * LENGTH)),
        ]),
      ),
    };
    expectClose(
      await predictSequences(network, turned, { runtime, output: "logit" }),
      separate.filter((_, i) => i % 2 === 1),
      1e-6,
    );
    const evaluation = await evaluateSequences(network, set, { runtime, strands: "separate" });
    expect(evaluation.sequences).toBe(60);
  });
});

describe("rows", () => {
  it("are split as the set says, or by the seed", async () => {
    const set = drawSet(100, 10);
    const a = splitRows(set, 0.1, 0);
    expect(a.validation).toHaveLength(10);
    expect([...a.training, ...a.validation].sort((x, y) => x - y)).toEqual([...Array(100).keys()]);
    expect([...splitRows(set, 0.1, 0).validation]).toEqual([...a.validation]);
    expect([...splitRows(set, 0.1, 1).validation]).not.toEqual([...a.validation]);
    const splits: SplitName[] = Array.from({ length: 100 }, (_, row) =>
      row < 50 ? "training" : row < 60 ? "validation" : "test",
    );
    const own = splitRows({ ...set, splits }, 0.1, 0);
    expect([own.training.length, own.validation.length, own.validation[0]]).toEqual([50, 10, 50]);
    await expectError(() => splitRows(takeSequences(set, [1]), 0.1, 0), "1 sequences to train on and 0");
  });

  it("fill the last batch with the first again", () => {
    expect([...fillBatches(5, 3)]).toEqual([0, 1, 2, 3, 4, 0]);
    expect([...fillBatches(2, 5)]).toEqual([0, 1, 0, 1, 0]);
  });

  it("have the weighted mean cross-entropy of their probabilities", () => {
    const loss = new LossSum();
    loss.add(Float32Array.of(0.5, 0.9), [0, 1, Number.NaN], [9, 2, 0], 1);
    loss.add(Float32Array.of(0.25), [0], [1], 0);
    expect(loss.mean).toBeCloseTo((2 * -Math.log(0.5) - Math.log(0.75)) / 3, 7);
  });
});

describe("bundles of sequence sets", () => {
  const set = drawSet(200, 11);
  const input = join(import.meta.dirname, "helpers.ts");
  const job = (out: string, given: Partial<TrainSequenceBundleOptions> = {}): TrainSequenceBundleOptions => ({
    set,
    inputs: [input],
    model: "deepsea",
    modelOptions: findModel("deepsea").options.parse({ ...tiny.deepsea, windowLength: LENGTH }) as Record<
      string,
      unknown
    >,
    settings: settings({ epochs: 3, weightAverage: 0.9 }),
    out: join(folder, out),
    threads: 1,
    command: "test",
    ...given,
  });

  it("go on after Ctrl-C as if there had been none, and are read back", async () => {
    const whole = await trainSequenceBundle(job("whole"));
    const stop = new AbortController();
    const stopped = trainSequenceBundle(
      job("stopped", {
        signal: stop.signal,
        onEpoch: ({ epoch }) => {
          if (epoch === 1) stop.abort(new Error("stopped"));
        },
      }),
    );
    await expect(stopped).rejects.toThrow("stopped");
    expect(existsSync(join(folder, "stopped"))).toBe(false);
    await expectError(
      () => trainSequenceBundle(job("stopped", { resume: true, settings: settings({ epochs: 3 }) })),
      "other settings",
    );
    const resumed = await trainSequenceBundle(job("stopped", { resume: true }));
    expect(existsSync(join(folder, "stopped.training"))).toBe(false);
    for (const name of ["weights.safetensors", "model.onnx", "model.json"])
      expect(
        readFileSync(join(folder, "stopped", name)).equals(readFileSync(join(folder, "whole", name))),
        name,
      ).toBe(true);
    expect(resumed.bestEpoch).toBe(whole.bestEpoch);
    const { network } = await readBundle(join(folder, "whole"));
    const [a, b] = await Promise.all(
      [network, whole.network].map((one) => predictSequences(one, set, { runtime })),
    );
    expect([...a]).toEqual([...b]);
    expect(network.file.training.study).toBe("drawn");
  });

  it("are refused before anything is made", async () => {
    await expectError(() => trainSequenceBundle(job("none", { resume: true })), "no checkpoint");
    const { network } = await readBundle(join(folder, "whole"));
    await expectError(() => train(set, "danq", { from: network }), "architecture deepsea", "one of danq");
    const wide = findModel("deepsea").options.parse({
      ...tiny.deepsea,
      kernels: 9,
      windowLength: LENGTH,
    }) as Record<string, unknown>;
    await expectError(
      () => train(set, "deepsea", { from: network, modelOptions: wide }),
      "convolution1.kernel",
      "--preset",
    );
    await expectError(() => train(set, "deepsea", { freeze: true }), "--freeze with --from");
    const factornet = findModel("factornet").options.parse({
      binFeatures: "signal",
      windowLength: 60,
    }) as Record<string, unknown>;
    await expectError(
      () =>
        trainOnSequences(set, { runtime, model: "factornet", modelOptions: factornet, settings: settings() }),
      "sequence alone",
    );
    await expectError(
      () => predictSequences(network, { ...set, length: 20, count: 400 }, { runtime }),
      "sequences of 20 bp",
      "40 bp",
      "--length 40",
    );
  });
});

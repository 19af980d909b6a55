import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { areaUnderRoc, type Progress, Random } from "@bindscape/numerics";
import { loadStudy, type Study, TEST, writeSimulatedStudy } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { readBundle, writeBundle } from "../src/bundle/bundle.node.js";
import type { RunRecord } from "../src/bundle/run-record.node.js";
import { scoreBins } from "../src/evaluate/score-bins.node.js";
import { selectBins } from "../src/evaluate/select-bins.js";
import { findModel } from "../src/model-table.js";
import { predictWindows } from "../src/network/network.node.js";
import { prepareTraining } from "../src/train/prepare.js";
import {
  learningRateOf,
  reasonToStop,
  type TrainingSettings,
  trainingSettings,
} from "../src/train/settings.js";
import {
  padToBatches,
  permuteLabels,
  type TrainOptions,
  type TrainResult,
  trainNetwork,
} from "../src/train/train.node.js";
import { expectClose, expectError, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
let study: Study;

const modelOptions = tinyOptions({
  windowLength: 200,
  kernels: 8,
  kernelWidth: 11,
  poolWidth: 19,
  recurrent: 2,
  dense: 8,
  dropout: 0.2,
});
const settings = (change: Partial<TrainingSettings> = {}) =>
  trainingSettings.parse({
    epochs: 4,
    patience: 3,
    learningRate: 0.01,
    batchSize: 32,
    positives: "bins",
    negativesPerPositive: 1,
    seed: 1,
    ...change,
  });

function train(
  change: Partial<TrainingSettings> = {},
  options: Partial<TrainOptions> = {},
  of: Study = study,
): Promise<TrainResult> {
  return trainNetwork(of, of.experiments, {
    model: "factornet",
    modelOptions,
    settings: settings(change),
    threads: 1,
    ...options,
  });
}

async function testAuroc({ network }: TrainResult): Promise<number> {
  const { splits } = await prepare();
  const { bins, labels } = selectBins(study, study.experiments[0], splits, TEST);
  const some = bins.filter((_, i) => i % 3 === 0);
  const [{ scores }] = await scoreBins([network], study, "SimCell", some, { threads: 1 });
  return areaUnderRoc(
    scores,
    labels.filter((_, i) => i % 3 === 0),
  );
}

async function prepare(change: Partial<TrainingSettings> = {}) {
  const source = await study.loadCell("SimCell");
  return prepareTraining(
    study,
    study.experiments,
    source,
    findModel("factornet"),
    modelOptions,
    settings(change),
  );
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

const withoutTimes = ({ history }: TrainResult) => history.map(({ seconds: _, ...entry }) => entry);

function expectSameWeights(a: TrainResult, b: TrainResult): void {
  expect([...a.network.parameters.keys()]).toEqual([...b.network.parameters.keys()]);
  for (const [name, values] of a.network.parameters) {
    expectClose(values, b.network.parameters.get(name)!, 0, name);
  }
}

const run: RunRecord = {
  command: "test",
  seed: 1,
  versions: { bindscape: "0", node: "20" },
  inputs: [],
  finished: "2020-01-01T00:00:00.000Z",
  seconds: 1,
};

let whole: TrainResult;
beforeAll(async () => {
  const written = await writeSimulatedStudy(join(folder, "study"), {
    genomeSize: 500_000,
    chromosomes: 3,
    factors: 1,
    seed: 4,
  });
  study = await loadStudy(written.studyFile);
  whole = await train();
});

describe("training", () => {
  it("learns: the loss falls, and test bins are ranked well above chance", async () => {
    const { history } = whole;
    expect(history).toHaveLength(4);
    expect(history.at(-1)!.trainingLoss).toBeLessThan(history[0].trainingLoss - 0.05);
    expect(Math.min(...history.map((entry) => entry.validationLoss))).toBeLessThan(Math.LN2 - 0.1);
    expect(await testAuroc(whole)).toBeGreaterThan(0.85);
  });

  it("says how it went", () => {
    expect(whole.network.file).toMatchObject({
      model: "factornet",
      tasks: [{ factor: "SimA", cell: "SimCell" }],
      plan: { windowLength: 200, binSize: 200, tracks: ["accessibility"], features: [] },
      training: { study: "simulated", seed: 1, epochs: 4, bestEpoch: whole.bestEpoch },
    });
    expect(whole.trainingPeaks).toBeGreaterThan(20);
    expect(whole.waitShare).toBeGreaterThanOrEqual(0);
    expect(whole.waitShare).toBeLessThanOrEqual(1);
  });

  it.each([{ sequence: false, binFeatures: "signal" }, { globalPool: true }] as const)(
    "learns with %j, and its bundle is read back to the same predictions",
    async (change) => {
      const options = tinyOptions({ ...modelOptions, dropout: 0, ...change });
      const result = await train({}, { modelOptions: options });
      const { plan } = result.network.file;
      const isBlind = "sequence" in change;
      expect(plan.sequence).toBe(isBlind ? false : undefined);
      expect(result.network.parameters.get("convolution.kernel")).toHaveLength(8 * (isBlind ? 1 : 5) * 11);
      expect(Math.min(...result.history.map((entry) => entry.validationLoss))).toBeLessThan(Math.LN2 - 0.03);
      expect(await testAuroc(result)).toBeGreaterThan(0.7);
      const path = join(folder, `bundle-${Object.keys(change)[0]}`);
      await writeBundle(path, { network: result.network, history: result.history, metrics: {}, run });
      const { network } = await readBundle(path);
      expect(network.file).toEqual(result.network.file);
      const { validation } = await prepare();
      const source = await study.loadCell("SimCell");
      const before = await predictWindows(result.network, source, validation, { threads: 1 });
      expectClose(await predictWindows(network, source, validation, { threads: 1 }), before, 0);
    },
  );

  it("is refused without sequence where the cell has no tracks", async () => {
    const source = { ...(await study.loadCell("SimCell")), tracks: [] };
    await expectError(
      () =>
        prepareTraining(
          study,
          study.experiments,
          source,
          findModel("factornet"),
          tinyOptions({ ...modelOptions, sequence: false }),
          settings(),
        ),
      "without sequence, for SimCell, which has no tracks",
    );
  });

  it("gives the same weights, bit for bit, from the same seed and others from another", async () => {
    const again = await train();
    expectSameWeights(whole, again);
    expect(withoutTimes(again)).toEqual(withoutTimes(whole));
    const other = await train({ seed: 2, epochs: 1 });
    const same = whole.network.parameters.get("dense.kernel")!;
    expect(other.network.parameters.get("dense.kernel")!.some((value, i) => value === same[i])).toBe(false);
  });

  it("keeps the weights of the epoch with the lowest validation loss", async () => {
    // A rate this high makes the validation loss go up and down.
    const result = await train({ epochs: 12, patience: 2, learningRate: 0.08 });
    const losses = result.history.map((entry) => entry.validationLoss);
    expect(result.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(result.history.length).toBe(Math.min(12, result.bestEpoch + 2));
    expect(result.bestEpoch).toBeLessThan(result.history.length);
    const { validation } = await prepare();
    const source = await study.loadCell("SimCell");
    const probabilities = await predictWindows(result.network, source, validation, { threads: 1 });
    const loss = probabilities.reduce(
      (sum, p, i) => sum - Math.log(validation.labels[i] === 1 ? p : 1 - p) / probabilities.length,
      0,
    );
    expect(Math.abs(loss - losses[result.bestEpoch - 1])).toBeLessThan(1e-6);
    expect(result.network.file.training.validationLoss).toBe(losses[result.bestEpoch - 1]);
  });

  it("falls to chance when labels are shuffled", async () => {
    // A network taught nothing still ranks by some smooth function of the signal, so single ones scatter widely
    // about 0.5 (as likely above as below: flipped labels flip the last layer). Their mean over seeds must lie within
    // 3.29 standard errors of it (99.9 % of a normal distribution), and the standard error must be small enough for
    // that to mean something: true labels reach over 0.75 on average here.
    const plain = tinyOptions({ ...modelOptions, recurrent: 0, dense: 24, dropout: 0 });
    const aurocs = async (count: number, change: Partial<TrainingSettings>) => {
      const found: number[] = [];
      for (let seed = 1; seed <= count; seed++) {
        found.push(
          await testAuroc(
            await train({ seed, epochs: 2, learningRate: 0.005, ...change }, { modelOptions: plain }),
          ),
        );
      }
      return found;
    };
    expect(meanOf(await aurocs(6, {}))).toBeGreaterThan(0.75);
    const control = await aurocs(16, { shuffleLabels: true });
    const mean = meanOf(control);
    const variance = control.reduce((a, b) => a + (b - mean) ** 2, 0) / (control.length - 1);
    const standardError = Math.sqrt(variance / control.length);
    expect(standardError).toBeLessThan(0.06);
    expect(Math.abs(mean - 0.5)).toBeLessThan(3.29 * standardError);
  });
});

describe("stopping and going on", () => {
  it("leaves the last whole epoch, and ends with the same weights as if never stopped", async () => {
    const checkpointFolder = join(folder, "resumed");
    const controller = new AbortController();
    const reason = new Error("Ctrl-C");
    const stopped = train(
      {},
      {
        checkpointFolder,
        fingerprint: "f",
        signal: controller.signal,
        onProgress: ({ task, done }: Progress) => {
          if (task === "epoch 3" && done === 2) controller.abort(reason);
        },
      },
    );
    await expect(stopped).rejects.toBe(reason);
    const header = JSON.parse(await readFile(join(checkpointFolder, "checkpoint.json"), "utf8"));
    expect(header.history).toHaveLength(2);
    expect(await readdir(checkpointFolder)).toHaveLength(2);

    const epochs: number[] = [];
    const resumed = await train(
      {},
      { checkpointFolder, fingerprint: "f", resume: true, onEpoch: ({ epoch }) => epochs.push(epoch) },
    );
    expect(epochs).toEqual([3, 4]);
    expectSameWeights(resumed, whole);
    expect(withoutTimes(resumed)).toEqual(withoutTimes(whole));
    expect(resumed.bestEpoch).toBe(whole.bestEpoch);

    // Finished already: nothing is left to do, and the result is the same.
    expectSameWeights(await train({}, { checkpointFolder, fingerprint: "f", resume: true }), whole);
  });

  it("starts from the beginning where there is no checkpoint yet", async () => {
    const checkpointFolder = join(folder, "fresh");
    const result = await train({ epochs: 1 }, { checkpointFolder, resume: true });
    expect(withoutTimes(result)).toEqual(withoutTimes(whole).slice(0, 1));
  });

  describe("with a checkpoint that is not its own", () => {
    const good = join(folder, "checkpoint");
    const resume = (checkpointFolder: string, fingerprint = "f") =>
      train({ epochs: 2 }, { checkpointFolder, fingerprint, resume: true });
    beforeAll(() => train({ epochs: 1 }, { checkpointFolder: good, fingerprint: "f" }));

    it("refuses other settings", async () => {
      await expectError(() => resume(good, "g"), "checkpoint.json", "other settings", "without --resume");
    });

    it("refuses damaged tensors, and missing ones", async () => {
      const path = join(folder, "flipped");
      await cp(good, path, { recursive: true });
      const name = (await readdir(path)).find((file) => file.endsWith(".safetensors"))!;
      const bytes = await readFile(join(path, name));
      bytes[bytes.length - 5] ^= 1;
      await writeFile(join(path, name), bytes);
      await expectError(() => resume(path), name, "do not match their hash", "without --resume");
      await writeFile(join(path, name), bytes.subarray(0, 50));
      await expectError(() => resume(path), name, "do not match their hash");
      const missing = join(folder, "missing");
      await cp(join(good, "checkpoint.json"), join(missing, "checkpoint.json"));
      await expectError(() => resume(missing), name, "no such file");
    });

    it.each([
      "",
      "null",
      "[]",
      "{}",
      '{"fingerprint":"f"}',
      '{"fingerprint":"f","history":[],"bestEpoch":1,"step":1,"seed":1,"file":"a.checkpoint.safetensors","sha256":"b"}',
      '{"fingerprint":"f","history":[{"epoch":1,"trainingLoss":1,"validationLoss":1,"learningRate":1,"seconds":1}],"bestEpoch":2,"step":1,"seed":1,"file":"a.checkpoint.safetensors","sha256":"b"}',
      '{"fingerprint":"f","history":[{"epoch":1,"trainingLoss":1,"validationLoss":1,"learningRate":1,"seconds":1}],"bestEpoch":1,"step":1,"seed":1,"file":"","sha256":"b"}',
    ])("refuses the header %j", async (text) => {
      const path = join(folder, `header-${text.length}`);
      await cp(good, path, { recursive: true });
      await writeFile(join(path, "checkpoint.json"), text);
      await expectError(() => resume(path), "checkpoint.json", "without --resume");
    });
  });
});

describe("a loss that is no number", () => {
  it("stops training, names the batch and its first window, and keeps the epoch before", async () => {
    const checkpointFolder = join(folder, "not-a-number");
    await train({ epochs: 1 }, { checkpointFolder, fingerprint: "f" });
    const before = await readFile(join(checkpointFolder, "checkpoint.json"), "utf8");
    const error = await expectError(
      () => train({ epochs: 3, learningRate: 1e30 }, { checkpointFolder, fingerprint: "f", resume: true }),
      /a loss of (NaN|-?Infinity) in epoch 2, batch 2 /,
      /its first window is the bin at chr1:\d+\)/,
      `The checkpoint of epoch 1 is kept in ${checkpointFolder}`,
      "--learning-rate",
    );
    // That window is indeed the first one of the second batch.
    const start = Number(/chr1:(\d+)/.exec(error.message)![1]);
    const [sampler] = (await prepare()).samplers;
    expect(sampler.drawEpoch(Random.forPart(1, "epoch", 2)).binStarts[32]).toBe(start);
    expect(await readFile(join(checkpointFolder, "checkpoint.json"), "utf8")).toBe(before);
    const resumed = await train({}, { checkpointFolder, fingerprint: "f", resume: true });
    expectSameWeights(resumed, whole);
  });

  it("does not promise a checkpoint where there is none", async () => {
    const error = await expectError(
      () => train({ learningRate: 1e30 }, { checkpointFolder: join(folder, "none") }),
      "in epoch 1",
    );
    expect(error.message).not.toContain("checkpoint");
  });

  it("is noticed after the last step of an epoch too", async () => {
    const error = await expectError(
      () => train({ learningRate: 1e38, batchSize: 4096, epochs: 1 }),
      /validation loss of (NaN|Infinity) after epoch 1/,
    );
    expect(error.source).toBe(study.source);
  });

  it("comes of tracks with values beyond measure", async () => {
    const source = await study.loadCell("SimCell");
    const values = source.tracks[0].values.slice().fill(3e38);
    const huge: Study = {
      ...study,
      loadCell: async () => ({ ...source, tracks: [{ ...source.tracks[0], values }] }),
    };
    const plain = tinyOptions({ ...modelOptions, recurrent: 0 });
    await expectError(
      () => train({}, { modelOptions: plain }, huge),
      "in epoch 1, batch 1 ",
      "transform.cap",
    );
  });
});

describe("parts of training", () => {
  it("fills the last batch with windows that count nothing", () => {
    const windows = {
      tasks: 2,
      segmentIndices: Uint32Array.of(0, 1, 2),
      binStarts: Int32Array.of(10, 20, 30),
      labels: Float32Array.of(1, 0, 0, 1, 1, 1),
      weights: Float32Array.of(1, 1, 0, 1, 2, 2),
    };
    const padded = padToBatches(windows, 2);
    expect([...padded.binStarts]).toEqual([10, 20, 30, 10]);
    expect([...padded.segmentIndices]).toEqual([0, 1, 2, 0]);
    expect([...padded.labels]).toEqual([1, 0, 0, 1, 1, 1, 0, 0]);
    expect([...padded.weights]).toEqual([1, 1, 0, 1, 2, 2, 0, 0]);
    // Twice as many rows as windows still has windows to fill with.
    expect([...padToBatches(windows, 8).binStarts]).toEqual([10, 20, 30, 10, 20, 30, 10, 20]);
  });

  it("permutes labels with their weights, whole rows at a time", () => {
    const count = 200;
    const windows = {
      tasks: 2,
      segmentIndices: new Uint32Array(count),
      binStarts: Int32Array.from({ length: count }, (_, i) => i),
      labels: Float32Array.from({ length: 2 * count }, (_, i) => i),
      weights: Float32Array.from({ length: 2 * count }, (_, i) => 1000 + i),
    };
    const { labels, weights, binStarts } = permuteLabels(windows, new Random(1));
    expect(binStarts).toEqual(windows.binStarts);
    expect([...labels].sort((a, b) => a - b)).toEqual([...windows.labels]);
    for (let row = 0; row < count; row++) {
      expect(labels[2 * row + 1]).toBe(labels[2 * row] + 1);
      expect(weights[2 * row]).toBe(labels[2 * row] + 1000);
    }
    expect(labels.filter((label, i) => label === i).length).toBeLessThan(10);
  });

  it("lowers the learning rate along half a cosine, from the first epoch to the last", () => {
    const falling = settings({ epochs: 5, learningRate: 1, finalLearningRate: 0.2 });
    const rates = [1, 2, 3, 4, 5].map((epoch) => learningRateOf(falling, epoch, []));
    const h = 0.4 * Math.SQRT1_2;
    expectClose(rates, [1, 0.6 + h, 0.6, 0.6 - h, 0.2], 1e-12);
    expect(learningRateOf(settings({ epochs: 1, finalLearningRate: 0.2 }), 1, [])).toBe(0.01);
    expect(learningRateOf(settings(), 3, [])).toBe(0.01);
  });

  it("divides the learning rate at plateaus and ends at the lowest, as AgentBind trains", () => {
    const plan = settings({
      learningRate: 0.01,
      plateau: 3,
      lowestLearningRate: 0.0001,
      patience: 99,
      epochs: 99,
    });
    // Epochs 3, 5 and 6 are no better than the best before: the third of them divides, whatever lay between.
    const losses = [5, 4, 4.5, 3, 3.5, 3.2, 2, 2.5, 2.6, 2.7, 1];
    const rates = losses.map((_, i) => learningRateOf(plan, i + 1, losses));
    const expected = [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001, 0.001, 0.0001];
    expectClose(rates, expected, 1e-12);
    const reasons = losses.map((_, i) => reasonToStop(plan, i + 1, 1, losses.slice(0, i)));
    expect(reasons).toEqual([...new Array(10).fill(null), "learning-rate"]);
    expect(reasonToStop({ ...plan, patience: 4 }, 6, 1, losses)).toBe("patience");
    expect(reasonToStop({ ...plan, epochs: 5 }, 6, 5, losses)).toBe("epochs");
    expect(reasonToStop(plan, 1, 0, [])).toBeNull();
  });

  it("refuses two cells that do not have the same factors", async () => {
    const [experiment] = study.experiments;
    const twice = [experiment, { ...experiment, factor: "Xyz2", cell: "Other" }];
    await expectError(
      () => trainNetwork(study, twice, { model: "factornet", modelOptions, settings: settings() }),
      "in SimCell and of xyz2 in Other",
      "--cell",
    );
  });
});

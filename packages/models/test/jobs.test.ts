import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadStudy, type Study, writeSimulatedStudy } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../src/bundle/bundle.node.js";
import { evaluateBundles, modelLabel } from "../src/jobs/evaluate-bundles.node.js";
import { type TrainBundleOptions, trainBundle } from "../src/jobs/train-bundle.node.js";
import { trainingFolderOf } from "../src/jobs/training-folder.node.js";
import { type TrainingSettings, trainingSettings } from "../src/train/settings.js";
import { expectClose, expectError, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
let study: Study;
let studyFile: string;

function train(
  out: string,
  change: Partial<TrainingSettings> = {},
  options: Partial<TrainBundleOptions> = {},
) {
  return trainBundle({
    study,
    factors: ["sima", "SimB"],
    model: "factornet",
    modelOptions: tinyOptions({ windowLength: 200, kernels: 4, kernelWidth: 11, poolWidth: 19 }),
    settings: trainingSettings.parse({ epochs: 2, batchSize: 64, learningRate: 0.01, seed: 3, ...change }),
    out: join(folder, out),
    threads: 1,
    command: "bindscape train",
    ...options,
  });
}

beforeAll(async () => {
  const written = await writeSimulatedStudy(join(folder, "study"), {
    genomeSize: 400_000,
    chromosomes: 3,
    factors: 2,
    seed: 2,
  });
  studyFile = written.studyFile;
  study = await loadStudy(studyFile);
  await train("bundle");
});

describe("training a bundle", () => {
  it("writes a bundle of one network for all factors, and takes its checkpoints away", async () => {
    const { network, history } = await readBundle(join(folder, "bundle"));
    expect(network.file.tasks.map(({ factor }) => factor)).toEqual(["SimA", "SimB"]);
    expect(history).toHaveLength(2);
    expect(existsSync(trainingFolderOf(join(folder, "bundle")))).toBe(false);
    const metrics = JSON.parse(await readFile(join(folder, "bundle", "metrics.json"), "utf8"));
    expect(metrics.validationLoss).toBe(history[metrics.bestEpoch - 1].validationLoss);
    expect(metrics.trainingPeaks).toBeGreaterThan(20);
    const run = JSON.parse(await readFile(join(folder, "bundle", "run.json"), "utf8"));
    expect(run.inputs.map(({ file }: { file: string }) => file).sort()).toEqual([...study.inputs].sort());
  });

  it("refuses a taken name before any work", async () => {
    const epochs: number[] = [];
    await expectError(
      () => train("bundle", {}, { onEpoch: ({ epoch }) => epochs.push(epoch) }),
      "something stands there",
    );
    expect(epochs).toEqual([]);
  });

  it("leaves no empty folder where it fails before its first checkpoint", async () => {
    const failing = { ...study, loadCell: () => Promise.reject(new Error("a track that cannot be read")) };
    await expect(train("failing", {}, { study: failing })).rejects.toThrow("a track that cannot be read");
    expect((await readdir(folder)).filter((name) => name.startsWith("failing"))).toEqual([]);
  });

  it("refuses to go on where nothing was begun", async () => {
    await expectError(() => train("new", {}, { resume: true }), "new.training", "no checkpoint");
    expect(existsSync(join(folder, "new.training"))).toBe(false);
  });

  it("goes on after a stop as if there had been none, also with more epochs; not with other settings or inputs", async () => {
    const controller = new AbortController();
    const stop = new Error("Ctrl-C");
    const stopped = train(
      "resumed/",
      {},
      {
        signal: controller.signal,
        onProgress: ({ task, done }) => {
          if (task === "epoch 2" && done === 1) controller.abort(stop);
        },
      },
    );
    await expect(stopped).rejects.toBe(stop);
    expect(existsSync(join(folder, "resumed"))).toBe(false);
    expect(await readdir(join(folder, "resumed.training"))).toContain("checkpoint.json");
    await expectError(() => train("resumed", { seed: 4 }, { resume: true }), "other settings");
    await expectError(() => train("resumed", {}, { resume: true, factors: ["SimA"] }), "other settings");

    const peaks = join(folder, "study", "SimB.bed");
    const text = await readFile(peaks, "utf8");
    await writeFile(peaks, text.split("\n").slice(1).join("\n"));
    await expectError(
      async () => train("resumed", {}, { resume: true, study: await loadStudy(studyFile) }),
      "other input files",
    );
    await writeFile(peaks, text);

    const epochs: number[] = [];
    await train("resumed", { epochs: 3 }, { resume: true, onEpoch: ({ epoch }) => epochs.push(epoch) });
    expect(epochs).toEqual([2, 3]);
    const resumed = await readBundle(join(folder, "resumed"));
    const whole = await readBundle(join(folder, "bundle"));
    expect(resumed.history[1]).toMatchObject({
      trainingLoss: whole.history[1].trainingLoss,
      validationLoss: whole.history[1].validationLoss,
    });
    expect(existsSync(join(folder, "resumed.training"))).toBe(false);
  });

  it("starts anew over what a stopped run left, without --resume", async () => {
    const left = trainingFolderOf(join(folder, "anew"));
    await mkdir(left);
    await writeFile(join(left, "checkpoint.json"), "rubbish");
    await train("anew");
    const [a, b] = await Promise.all(["anew", "bundle"].map((name) => readBundle(join(folder, name))));
    for (const [name, values] of a.network.parameters)
      expectClose(values, b.network.parameters.get(name)!, 0, name);
  });
});

describe("evaluating bundles", () => {
  it("measures every factor, or those asked for, on the test or validation chromosomes", async () => {
    const bundles = [await readBundle(join(folder, "bundle"))];
    const all = await evaluateBundles({ study, bundles, threads: 1 });
    expect(all.map(({ experiment }) => experiment.factor)).toEqual(["SimA", "SimB"]);
    expect(Object.keys(all[0].methods[0].perChromosome)).toEqual(["chr2"]);
    expect(all[0].methods[0].label).toBe("FactorNet");
    const [second] = await evaluateBundles({
      study,
      bundles,
      factors: ["simb"],
      split: "validation",
      threads: 1,
    });
    expect(second.experiment.factor).toBe("SimB");
    expect(Object.keys(second.methods[0].perChromosome)).toEqual(["chr3"]);
  });

  it("joins several networks by ranks, which two copies of one do not change", async () => {
    const [bundle] = [await readBundle(join(folder, "bundle"))];
    const [one, two] = await Promise.all(
      [[bundle], [bundle, bundle]].map((bundles) =>
        evaluateBundles({ study, bundles, factors: ["SimA"], threads: 1 }),
      ),
    );
    expect(two[0].methods[0].label).toBe("FactorNet, 2 networks");
    expect(two[0].methods[0].pooled.auroc).toBeCloseTo(one[0].methods[0].pooled.auroc, 9);
    expect(modelLabel("factornet", 1)).toBe("FactorNet");
  });

  it("names factors and cells the study does not have", async () => {
    const bundles = [await readBundle(join(folder, "bundle"))];
    await expectError(() => evaluateBundles({ study, bundles, cell: "HeLa" }), "HeLa", "SimA in SimCell");
  });
});

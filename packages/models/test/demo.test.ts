import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BigWigReader, openFile } from "@bindscape/genome";
import { readMotifs } from "@bindscape/motifs";
import { hashFile, loadStudy, parseStudyFile } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../src/bundle/bundle.node.js";
import type { RunRecord } from "../src/bundle/run-record.node.js";
import { type DemoResult, runDemo } from "../src/demo/demo.node.js";
import { yeastStudyText } from "../src/demo/yeast-study.js";
import { temporaryFolder } from "./helpers.js";

const out = join(temporaryFolder(), "demo");
const messages: string[] = [];
const tasks = new Set<string>();
let result: DemoResult;

beforeAll(async () => {
  result = await runDemo({
    out,
    factors: "four",
    small: true,
    simulated: true,
    seed: 5,
    command: "bindscape demo --small --simulated",
    onMessage: (line) => messages.push(line),
    onProgress: ({ task, done, total }) => {
      tasks.add(task.replace(/\d+/g, "N"));
      expect(done).toBeLessThanOrEqual(total ?? Number.POSITIVE_INFINITY);
    },
    signal: new AbortController().signal,
  });
});

describe("the demo", () => {
  it("says in its first line that the data is simulated", () => {
    expect(messages[0]).toMatch(/^simulated data/);
    expect(messages.filter((line) => /validation loss/.test(line)).length).toBeGreaterThanOrEqual(2);
    expect([...tasks].some((task) => /predicting/.test(task))).toBe(true);
  });

  it("ends with JSON of the documented shape", () => {
    const json = JSON.parse(JSON.stringify(result.json));
    expect(Object.keys(json).sort()).toEqual(["data", "factors", "predictions", "report", "seconds"]);
    expect(json.data).toBe("simulated");
    expect(json.seconds).toBeGreaterThan(0);
    expect(json.report).toBe(join(out, "report.html"));
    expect(json.predictions).toEqual([join(out, "SimA.bw")]);
    expect(Object.keys(json.factors)).toEqual(["SimA"]);
    expect(Object.keys(json.factors.SimA)).toEqual(["model", "pwm", "signal", "regression"]);
    for (const metrics of Object.values<Record<string, unknown>>(json.factors.SimA)) {
      expect(Object.keys(metrics)).toEqual(["auroc", "auprc", "recallAtFdr"]);
      const recalls = metrics.recallAtFdr as Record<string, number>;
      expect(Object.keys(recalls).sort()).toEqual(["0.01", "0.05", "0.1", "0.25", "0.5"]);
      for (const value of [metrics.auroc, metrics.auprc, ...Object.values(recalls)]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }
  });

  it("ranks simulated binding better than the motif and the signal alone", () => {
    const { model, pwm, signal } = (result.json.factors as Record<string, Record<string, { auroc: number }>>)
      .SimA;
    expect(model.auroc).toBeGreaterThan(0.85);
    expect(model.auroc).toBeGreaterThan(pwm.auroc);
    expect(model.auroc).toBeGreaterThan(signal.auroc);
  });

  it("leaves its files and nothing half-written", async () => {
    expect((await readdir(out)).sort()).toEqual([
      "SimA.bw",
      "model",
      "motifs.meme",
      "report.html",
      "run.json",
      "simulated",
    ]);
    expect((await stat(result.report)).size).toBeGreaterThan(10_000);
    expect(await readFile(result.report, "utf8")).toContain("Simulated data");
    const { network, history } = await readBundle(join(out, "model"));
    expect(network.file.tasks).toEqual([{ factor: "SimA", cell: "SimCell" }]);
    expect(history).toHaveLength(network.file.training.epochs);
  });

  it("finds the planted motif in the peaks, names it and draws it", async () => {
    expect(messages.some((line) => /^motif de novo, SimA: [A-Z]+, like SimA /.test(line))).toBe(true);
    const [motif] = readMotifs(await readFile(join(out, "motifs.meme"), "utf8"), "motifs.meme");
    expect(motif.id).toBe("SimA");
    expect(motif.sites).toBeGreaterThan(100);
    const report = await readFile(result.report, "utf8");
    expect(report).toContain("Motifs de novo");
    expect(report).toMatch(/in \d+ of \d+ peaks/);
  });

  it("predicts every bin of the test chromosomes, and only those", async () => {
    const study = await loadStudy(join(out, "simulated", "study.yaml"), { factors: ["SimA"] });
    const test = study.file.holdOut.test.chromosomes!;
    const source = await openFile(result.predictions[0]);
    const reader = await BigWigReader.open(source);
    expect(reader.chromosomes).toEqual(study.assembly.chromosomes);
    for (const { name, size } of reader.chromosomes) {
      const { starts, ends, values } = await reader.readIntervals(name, 0, size);
      const bins = test.includes(name) ? study.bins.onChromosomes([name]) : new Uint32Array(0);
      expect([...starts]).toEqual(Array.from(bins, (bin) => study.bins.startOf(bin) + 75));
      expect(ends.every((end, i) => end === starts[i] + 50)).toBe(true);
      expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
      if (test.includes(name)) expect(new Set(values).size).toBeGreaterThan(1000);
    }
    await source.close();
  });

  it("records how it was made", async () => {
    for (const file of [join(out, "run.json"), join(out, "model", "run.json")]) {
      const run = JSON.parse(await readFile(file, "utf8")) as RunRecord;
      expect(run).toMatchObject({ command: "bindscape demo --small --simulated", seed: 5 });
      expect(run.versions.bindscape).toMatch(/^\d+\.\d+\.\d+/);
      const names = run.inputs.map((input) => input.file.split(/[/\\]/).at(-1)).sort();
      expect(names).toEqual([
        "SimA.bed",
        "accessibility.bw",
        "blacklist.bed",
        "genome.fa",
        "motifs.meme",
        "study.yaml",
      ]);
      for (const input of run.inputs) {
        expect(input.sha256).toBe(await hashFile(input.file));
        expect(input.bytes).toBe((await stat(input.file)).size);
      }
    }
  });
});

describe("the study of the demo", () => {
  it("is a valid study file, with and without a data folder", () => {
    for (const folder of [null, 'odd "folder": #1']) {
      const study = parseStudyFile(yeastStudyText(["Reb1", "Abf1"], folder), "study.yaml");
      expect(study.data).toBe(folder ?? undefined);
      expect(study.experiments.map(({ factor }) => factor)).toEqual(["Reb1", "Abf1"]);
      expect(study.holdOut).toEqual({
        validation: { chromosomes: ["chrII"] },
        test: { chromosomes: ["chrIV", "chrVII", "chrXIV"] },
      });
      expect(study.assembly.chromosomes).toHaveLength(16);
    }
  });
});

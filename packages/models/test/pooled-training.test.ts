import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { allocateShared, type Study, type WindowSource } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../src/bundle/bundle.node.js";
import { formatSignificant } from "../src/charts/number-format.js";
import { evaluateBundles } from "../src/jobs/evaluate-bundles.node.js";
import { trainBundle } from "../src/jobs/train-bundle.node.js";
import { findModel } from "../src/model-table.js";
import { chooseCell } from "../src/network/choose-cell.js";
import { predictWindows } from "../src/network/network.node.js";
import { renderLearningFigure } from "../src/report/learning-figure.js";
import { prepareTraining } from "../src/train/prepare.js";
import { trainingSettings } from "../src/train/settings.js";
import { expectError, makeStudy, randomCodes, temporaryFolder, tinyOptions } from "./helpers.js";
import { makeReportData } from "./report-fixture.js";

const folder = temporaryFolder();
const cells = ["A", "B", "X"];

/** Peaks of a factor that binds where a cell's track is high: elsewhere in every cell. */
function peaksOf(cell: string) {
  const random = new Random(`peaks ${cell}`);
  return ["train", "v", "t"].flatMap((chromosome) =>
    Array.from({ length: chromosome === "train" ? 14 : 7 }, (_, i) => {
      const start = 1000 * i + 300 + random.integer(400);
      return { chromosome, start, end: start + 200 };
    }),
  );
}

function makeCells(): Study {
  const study = makeStudy({
    chromosomes: { train: randomCodes(15_000, 1), v: randomCodes(8000, 2), t: randomCodes(8000, 3) },
    experiments: cells.map((cell) => ({ factor: "F", cell, peaks: peaksOf(cell) })),
  });
  const { assembly } = study;
  const sources = new Map(
    cells.map((cell, index): [string, WindowSource] => {
      const values = new Float32Array(allocateShared(assembly.size * 4));
      const random = new Random(cell);
      for (let i = 0; i < values.length; i++) values[i] = 0.2 * random.uniform();
      for (const { chromosome, start, end } of peaksOf(cell)) {
        const { offset } = assembly.segmentsOf(chromosome)[0];
        for (let i = start; i < end; i++) values[offset + i] += 1;
      }
      const annotation = (name: string) => ({
        name,
        segmentFirst: Uint32Array.of(0, 1, 1, 2),
        starts: Int32Array.of(400, 700),
        ends: Int32Array.of(3000, 750),
      });
      return [
        cell,
        {
          segments: assembly.segments,
          codes: assembly.codes,
          tracks: [{ name: "DNase", unit: "cuts", values, log: false }],
          annotations: ["lamina", "utr3", "promoter", "intron", "cpg", "enhancer", "cds"].map(annotation),
          covariates: { PC1: index - 0.5, PC2: 2 ** -index },
        },
      ];
    }),
  );
  return { ...study, loadCell: async (cell) => sources.get(cell)! };
}

const study = makeCells();
const modelOptions = tinyOptions({ windowLength: 200, kernelWidth: 9, covariates: true, annotations: true });
const settings = trainingSettings.parse({
  epochs: 3,
  batchSize: 32,
  learningRate: 0.01,
  seed: 5,
  positives: "bins",
  validationNegativesPerPositive: 2,
});
const train = (out: string, options: { cells?: string[]; validationCell?: string }) =>
  trainBundle({
    study,
    factors: ["F"],
    model: "factornet",
    modelOptions,
    settings,
    out: join(folder, out),
    threads: 1,
    command: "bindscape train",
    ...options,
  });

const prepare = async (change: (source: WindowSource) => WindowSource = (source) => source) =>
  prepareTraining(
    study,
    study.experiments.slice(0, 2),
    [await study.loadCell("A"), change(await study.loadCell("B"))],
    findModel("factornet"),
    modelOptions,
    settings,
    { experiments: [study.experiments[2]], source: await study.loadCell("X") },
  );

beforeAll(async () => {
  await train("pooled", { cells: ["A", "B"], validationCell: "X" });
});

describe("a network of several cells", () => {
  it("says in which it was trained, and by which its epoch was chosen", async () => {
    const { network, history } = await readBundle(join(folder, "pooled"));
    const { tasks, training, plan } = network.file;
    expect(tasks).toEqual([{ factor: "F", cell: "A", cells: ["A", "B"] }]);
    expect(training.validationCell).toBe("X");
    expect(plan.features.map(({ name }) => name)).toEqual([
      ...["PC1", "PC2", "cpg", "cds", "intron", "promoter", "utr3", "lamina", "enhancer"],
    ]);
    expect(history).toHaveLength(3);
    const metrics = JSON.parse(await readFile(join(folder, "pooled", "metrics.json"), "utf8"));
    const inSplit = (cell: string) => peaksOf(cell).filter(({ chromosome }) => chromosome === "train").length;
    expect(metrics.trainingPeaks).toBe(inSplit("A") + inSplit("B"));
  });

  it("is validated in the other cell, and beside that in its own: the losses are those of predictions", async () => {
    const { network, history } = await readBundle(join(folder, "pooled"));
    const { validation, withinCells, sources } = await prepare();
    const best = history[network.file.training.bestEpoch - 1];
    expect(best.validationLoss).toBe(Math.min(...history.map((entry) => entry.validationLoss)));
    for (const [windows, loss, wanted] of [
      [validation, best.validationLoss, [2]],
      [withinCells!, best.withinCellLoss!, [0, 1]],
    ] as const) {
      expect([...new Set(windows.sourceIndices)]).toEqual(wanted);
      let sum = 0;
      for (const index of wanted) {
        const rows = [...windows.binStarts.keys()].filter((row) => windows.sourceIndices![row] === index);
        const request = {
          segmentIndices: Uint32Array.from(rows, (row) => windows.segmentIndices[row]),
          binStarts: Int32Array.from(rows, (row) => windows.binStarts[row]),
        };
        const probabilities = await predictWindows(network, sources[index], request, { threads: 1 });
        rows.forEach((row, i) => {
          sum -= Math.log(windows.labels[row] === 1 ? probabilities[i] : 1 - probabilities[i]);
        });
      }
      expect(sum / windows.binStarts.length).toBeCloseTo(loss, 4);
    }
  });

  it("has no loss within cells where it is validated in them, and is a network of one cell where it has one", async () => {
    await train("one", { cells: ["B", "B"] });
    const { network, history } = await readBundle(join(folder, "one"));
    expect(network.file.tasks).toEqual([{ factor: "F", cell: "B" }]);
    expect(network.file.training).not.toHaveProperty("validationCell");
    expect(history.every((entry) => entry.withinCellLoss === undefined)).toBe(true);
  });

  it("is used in the cell that is asked for", async () => {
    const bundle = await readBundle(join(folder, "pooled"));
    const [task] = bundle.network.file.tasks;
    expect([chooseCell(task, "X"), chooseCell({ factor: "F", cell: "A" })]).toEqual(["X", "A"]);
    const evaluate = (cell?: string) => evaluateBundles({ study, bundles: [bundle], cell, threads: 1 });
    await expectError(() => evaluate(), "trained in 2 cells (A, B)", "--cell");
    const [{ experiment }] = await evaluate("X");
    expect(experiment.cell).toBe("X");
  });

  it("needs cells it can see alike, with covariates and annotations where it is to see them", async () => {
    await expectError(
      () => prepare((source) => ({ ...source, tracks: [] })),
      'the cell B has no track named "DNase", but A has one',
    );
    await expectError(
      () => prepare((source) => ({ ...source, covariates: { ...source.covariates, age: 3 } })),
      'the cell A has no covariate named "age", but B has one',
    );
    const source = await study.loadCell("A");
    for (const [lacking, message] of [
      [{ ...source, covariates: {} }, "no covariates of the cell A"],
      [{ ...source, annotations: [] }, "no annotations in the study"],
    ] as const) {
      await expectError(
        () =>
          prepareTraining(
            study,
            [study.experiments[0]],
            lacking,
            findModel("factornet"),
            modelOptions,
            settings,
          ),
        message,
        "leave --",
      );
    }
  });

  it("has learning curves of both losses", async () => {
    const { history } = await readBundle(join(folder, "pooled"));
    const [factor] = makeReportData().factors;
    const html = renderLearningFigure(
      { ...factor, histories: [{ label: "network", bestEpoch: 1, entries: history }] },
      "f",
      true,
    );
    expect(html).toContain("validation, cells trained in");
    const within = Math.min(...history.map(({ withinCellLoss }) => withinCellLoss!));
    const across = Math.min(...history.map(({ validationLoss }) => validationLoss));
    expect(html).toContain(`smallest within: ${formatSignificant(across - within)}`);
    expect(html).toContain(`>${formatSignificant(within)}<`);
    const before = renderLearningFigure(factor, "f", true);
    expect(before).not.toContain("cells trained in");
  });
});

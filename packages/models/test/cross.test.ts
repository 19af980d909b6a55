import { Random, testCorrelation } from "@bindscape/numerics";
import type { SequenceSet } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { drawBoxPlot, summariseBox } from "../src/charts/box-plot.js";
import { drawMatrixChart } from "../src/charts/matrix-chart.js";
import { drawPointChart } from "../src/charts/point-chart.js";
import { renderCrossPage } from "../src/cross/cross-page.js";
import { type CrossMatrix, formatCrossTable, nameTasks, summariseCross } from "../src/cross/cross-summary.js";
import { splitRandomly } from "../src/repeat/random-splits.js";
import { formatTrialsTable, renderRepeatPage, summariseTrials } from "../src/repeat/repeat-page.js";
import { parseStrictXml } from "./strict-xml.js";

const identity = { id: "x", title: "A title", description: "A description" };

function makeMatrix(auroc: (number | null)[][], rows: string[], columns: string[]): CrossMatrix {
  const task = (name: string) => {
    const [factor, cell = ""] = name.split("|");
    return { factor, cell, name };
  };
  return {
    split: "test",
    rows: rows.map(task),
    columns: columns.map((name, i) => ({
      ...task(name),
      gcDifference: i / 10,
      baselines: { ATAC: 0.7 + i / 100, "GC share": null },
    })),
    cells: auroc.map((row) =>
      row.map((value) => ({
        bound: 5,
        unbound: 6,
        auroc: value,
        auprc: value,
        partialAuroc: value,
        partialArea: value === null ? null : value / 10,
      })),
    ),
  };
}

describe("models on each other's sites", () => {
  const matrix = makeMatrix(
    [
      [0.9, 0.6, 0.7, 0.8],
      [0.7, 0.8, 0.75, null],
      [0.5, 0.85, 0.7, 0.6],
    ],
    ["A", "B", "C"],
    ["A", "B", "C", "D"],
  );

  it("compares each data set's own model with the best other one", () => {
    const summary = summariseCross(matrix, "auroc");
    expect(summary.compared).toEqual([
      { column: 0, own: 0, value: 0.9, other: 1, otherValue: 0.7 },
      { column: 1, own: 1, value: 0.8, other: 2, otherValue: 0.85 },
      { column: 2, own: 2, value: 0.7, other: 1, otherValue: 0.75 },
    ]);
    expect(summary.ownBest).toBe(1);
    expect(summary.medianGain).toBeCloseTo(0.2, 12);
    expect(summary.medianLoss).toBeCloseTo(0.05, 12);
    expect(summary.gcCorrelation).toEqual(testCorrelation([0, 0.1, 0.2], [0.9, 0.8, 0.7]));
  });

  it("takes the model of the same cell for a data set's own; of the factor where no cell is named", () => {
    const cells = makeMatrix([[0.6, 0.9], [0.8, 0.7]], ["S|x", "S|y"], ["S|y", "S|x"]); // biome-ignore format: a matrix
    expect(summariseCross(cells, "auprc").compared.map(({ own }) => own)).toEqual([1, 0]);
    const loose = makeMatrix([[0.6], [0.8]], ["S", "T|x"], ["S|y"]);
    expect(summariseCross(loose, "auroc").compared).toMatchObject([{ own: 0, other: 1 }]);
    const none = makeMatrix([[0.6]], ["S|x"], ["S|y"]);
    expect(summariseCross(none, "auroc")).toMatchObject({
      compared: [],
      medianGain: null,
      gcCorrelation: null,
    });
  });

  it("names tasks apart, without a cell that all have", () => {
    const task = (factor: string, cell: string, from: string) => ({ factor, cell, from });
    expect(nameTasks([task("A", "k", "a"), task("B", "k", "b")])).toEqual(["A", "B"]);
    expect(nameTasks([task("A", "k", "a"), task("A", "h", "b")])).toEqual(["A in k", "A in h"]);
    expect(nameTasks([task("A", "k", "a"), task("A", "k", "b"), task("A", "k", "b")])).toEqual([
      "A (a)",
      "A (b)",
      "A (b) 2",
    ]);
  });

  it("has a line a pair, and a page that names the best", () => {
    const table = formatCrossTable(matrix).trim().split("\n");
    expect(table.length).toBe(13);
    expect(table[1]).toBe("A\tA\t5\t6\t0.900000\t0.900000\t0.900000\t0.090000");
    expect(table[8].split("\t")[4]).toBe("NA");
    const page = renderCrossPage(matrix, "bindscape cross <a>");
    expect(page).toContain("1 of 3 are ranked best by their own model");
    expect(page).toContain("ATAC");
    expect(page).not.toMatch(/NaN|undefined|<a>/);
  });
});

describe("charts of trials and matrices", () => {
  it("boxes are Tukey's", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 30];
    expect(summariseBox(values)).toEqual({
      count: 9,
      lowerQuartile: 3,
      median: 5,
      upperQuartile: 7,
      lowerWhisker: 1,
      upperWhisker: 8,
      outliers: [30],
    });
    expect(summariseBox([2])).toMatchObject({ lowerWhisker: 2, upperWhisker: 2, outliers: [] });
    expect(summariseBox([Number.NaN])).toBe(null);
    // Whiskers never end inside the box, where interpolation puts a quartile beyond the last value within reach.
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const drawn = Array.from({ length: 1 + random.integer(7) }, () => random.normal() ** 3);
      const box = summariseBox(drawn)!;
      const reach = 1.5 * (box.upperQuartile - box.lowerQuartile);
      expect(box.lowerWhisker).toBeLessThanOrEqual(box.lowerQuartile);
      expect(box.upperWhisker).toBeGreaterThanOrEqual(box.upperQuartile);
      expect(box.upperWhisker).toBeLessThanOrEqual(box.upperQuartile + reach);
      expect(box.outliers.every((v) => v > box.upperWhisker || v < box.lowerWhisker)).toBe(true);
    }
  });

  it("draw every value, whatever the numbers", () => {
    const boxes = [
      { label: "one", values: [0.5] },
      { label: "a long name indeed", values: [0.1, 0.2, Number.NaN, 0.9] },
      { label: "none", values: [] },
    ];
    const svg = drawBoxPlot({
      ...identity,
      boxes,
      yTitle: "auROC",
      reference: { value: 0.5, label: "chance" },
    });
    parseStrictXml(svg);
    expect(svg.match(/<circle/g)?.length).toBe(4);
    expect(svg).toContain("n/a");
    parseStrictXml(drawBoxPlot({ ...identity, boxes: [], yTitle: "y" }));
    parseStrictXml(drawPointChart({ ...identity, xTitle: "x", yTitle: "y", points: [] }));
    const points = [
      { label: "<a>", x: 1, y: 2 },
      { label: "b", x: 1, y: Number.NaN },
    ];
    const plot = drawPointChart({ ...identity, xTitle: "x", yTitle: "y", points, notes: ["r"] });
    parseStrictXml(plot);
    expect(plot.match(/<circle/g)?.length).toBe(1);
  });

  it("frame the best of each column, of several equal ones all", () => {
    const values = [
      [0.5, 0.9, null],
      [0.5, 0.2, null],
    ];
    const chart = (marksBest: boolean, rows = values) =>
      drawMatrixChart({
        ...identity,
        values: rows,
        rowNames: ["r1", "r2"],
        columnNames: ["c1", "c2", "c3"],
        rowTitle: "Model of",
        columnTitle: "Sites of",
        valueTitle: "auROC",
        marksBest,
      });
    parseStrictXml(chart(true));
    const frames = /stroke-width="2"/;
    expect(chart(false)).not.toMatch(frames);
    const [, d] = /<path class="line" d="([^"]*)" stroke-width="2"/.exec(chart(true))!;
    expect(d.match(/M/g)?.length).toBe(3);
    parseStrictXml(chart(true, [[null, null, null], [null, null, null]])); // biome-ignore format: a matrix
  });
});

describe("repeated random splits", () => {
  const count = 400;
  const random = new Random("trials");
  const set: SequenceSet = {
    source: "test",
    count,
    length: 1,
    tasks: [{ factor: "F", cell: "" }],
    codes: new Uint8Array(count),
    labels: Float32Array.from({ length: count }, () => [0, 0, 1, Number.NaN][random.integer(4)]),
    places: Array.from({ length: count }, () => {
      const start = random.integer(1000);
      return { chromosome: `c${random.integer(12)}`, start, end: start + 1, strand: "+" as const };
    }),
  };

  it("have their shares of bound and unbound sequences, anew in each trial", () => {
    const first = splitRandomly(set, { seed: 1, trial: 1 });
    for (const label of [0, 1]) {
      const rows = Array.from(set.labels.keys()).filter((row) => set.labels[row] === label);
      const share = (part: string) => rows.filter((row) => first.splits![row] === part).length / rows.length;
      expect(Math.abs(share("test") - 0.2) * rows.length).toBeLessThanOrEqual(0.5 + 1e-9);
      expect(Math.abs(share("validation") - 0.08) * rows.length).toBeLessThanOrEqual(1);
    }
    expect(splitRandomly(set, { seed: 1, trial: 1 }).splits).toEqual(first.splits);
    expect(splitRandomly(set, { seed: 1, trial: 2 }).splits).not.toEqual(first.splits);
    const tested = new Float64Array(count);
    for (let trial = 0; trial < 300; trial++) {
      const { splits } = splitRandomly(set, { seed: 2, trial });
      for (const [row, part] of splits!.entries()) if (part === "test") tested[row]++;
    }
    // 300 draws of 0.2: standard deviation 7.
    for (const times of tested) expect(Math.abs(times - 60)).toBeLessThan(5.5 * 7);
  });

  it("by chromosome keep each whole", () => {
    const { splits } = splitRandomly(set, { seed: 3, trial: 1, unit: "chromosome", testShare: 0.3 });
    for (let c = 0; c < 12; c++) {
      const parts = new Set(splits!.filter((_, row) => set.places![row].chromosome === `c${c}`));
      expect(parts.size).toBe(1);
    }
    const tested = splits!.filter((part) => part === "test").length / count;
    expect(Math.abs(tested - 0.3)).toBeLessThan(0.08);
  });

  it("refuse what cannot be split", () => {
    const { places: _, ...without } = set;
    expect(() => splitRandomly(without, { seed: 1, trial: 1, unit: "chromosome" })).toThrow(/without places/);
    expect(() => splitRandomly(set, { seed: 1, trial: 1, testShare: 1 })).toThrow(/a share of 1/);
    const small = { ...set, count: 2, labels: set.labels.subarray(0, 2) };
    expect(() => splitRandomly(small, { seed: 1, trial: 1 })).toThrow(/no sequence for/);
  });

  it("are told by a table and a page", () => {
    const trial = (dataset: string, number: number, auroc: number | null) => ({
      ...{ dataset, trial: number, auroc, auprc: auroc, partialAuroc: auroc },
      ...{ tested: 10, trained: 30, epochs: 2, seconds: 1.25 },
    });
    const trials = [trial("a", 1, 0.8), trial("a", 2, 0.6), trial("b", 1, null)];
    expect(summariseTrials(trials, "a", "auroc")).toMatchObject({ median: 0.7, mean: 0.7 });
    expect(summariseTrials(trials, "b", "auroc")).toBe(null);
    expect(formatTrialsTable(trials).split("\n")[3]).toBe("b\t1\tNA\tNA\tNA\t30\t10\t2\t1.3");
    const page = renderRepeatPage({
      architecture: "DanQ",
      datasets: ["a", "b"],
      trials,
      testShare: 0.2,
      unit: "sequence",
      command: "bindscape sequences repeat",
    });
    expect(page).toContain("DanQ trained 2 times on each of 2 data sets");
    expect(page).not.toMatch(/NaN|undefined/);
  });
});

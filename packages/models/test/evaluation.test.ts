import { join } from "node:path";
import { writeBigWigFile } from "@bindscape/genome";
import { areaUnderRoc, averagePrecision, Random, recallAtFdr } from "@bindscape/numerics";
import { splitStudy, TEST, TRAINING } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { describeEvaluation, evaluateFactor } from "../src/evaluate/evaluate-factor.node.js";
import { distributeScores, evaluateMethod, measureScores } from "../src/evaluate/metrics.js";
import { requestBins, selectBins } from "../src/evaluate/select-bins.js";
import { expectClose, expectError, makeStudy, randomCodes, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();

function randomScores(count: number, seed: number) {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: count }, () => (random.uniform() < 0.2 ? 1 : 0));
  // Rounded, so that there are ties.
  const scores = Float32Array.from(labels, (label) => Math.round(40 * (random.uniform() + 0.4 * label)) / 56);
  return { labels, scores };
}

describe("metrics of a method", () => {
  const { labels, scores } = randomScores(5000, 1);
  const chromosomes = [
    { name: "x", from: 0, to: 3000 },
    { name: "y", from: 3000, to: 5000 },
  ];
  const found = evaluateMethod("model", "Model", scores, {
    bins: new Uint32Array(5000),
    labels,
    chromosomes,
  });

  it("are the pooled ones and those of each chromosome's own bins", () => {
    expect(found.pooled).toEqual({
      auroc: areaUnderRoc(scores, labels),
      auprc: averagePrecision(scores, labels),
      recallAtFdr: Object.fromEntries(
        ["0.01", "0.05", "0.1", "0.25", "0.5"].map((fdr) => [fdr, recallAtFdr(scores, labels, Number(fdr))]),
      ),
    });
    expect(found.perChromosome).toEqual({
      x: measureScores(scores.slice(0, 3000), labels.slice(0, 3000)),
      y: measureScores(scores.slice(3000), labels.slice(3000)),
    });
    expect(found.perChromosome.x.auroc).not.toBe(found.perChromosome.y.auroc);
  });

  it("have thinned curves that end where curves end and keep their areas", () => {
    const { x, y } = found.roc;
    expect(x.length).toBe(y.length);
    expect([x[0], y[0], x.at(-1), y.at(-1)]).toEqual([0, 0, 1, 1]);
    let area = 0;
    for (let i = 1; i < x.length; i++) {
      expect(x[i]).toBeGreaterThanOrEqual(x[i - 1]);
      area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
    }
    expect(Math.abs(area - found.pooled.auroc)).toBeLessThan(2e-3);
    // Points lie on the grid of 5 decimals.
    expect(y.every((value) => Math.abs(value * 1e5 - Math.round(value * 1e5)) < 1e-6)).toBe(true);
  });

  it("have thinned curves of at most 400 points, whatever the number of scores", () => {
    const random = new Random(2);
    const many = Float32Array.from({ length: 20_000 }, () => random.uniform());
    const manyLabels = Uint8Array.from(many, (score) => (random.uniform() < score / 2 ? 1 : 0));
    const curves = evaluateMethod("m", "M", many, {
      bins: new Uint32Array(many.length),
      labels: manyLabels,
      chromosomes: [],
    });
    for (const { x, y } of [curves.roc, curves.precisionRecall]) {
      expect(x.length).toBe(y.length);
      expect(x.length).toBeLessThanOrEqual(400);
      expect(x.length).toBeGreaterThan(200);
      for (let i = 1; i < x.length; i++) expect(x[i]).toBeGreaterThanOrEqual(x[i - 1]);
    }
    const { x, y } = curves.precisionRecall;
    let area = 0;
    for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
    expect(Math.abs(area - curves.pooled.auprc)).toBeLessThan(5e-3);
  });

  it("are no numbers where a chromosome has no bound bin, and the rest is measured all the same", () => {
    const method = evaluateMethod("m", "M", Float64Array.of(0.1, 0.9, 0.3, 0.2), {
      bins: new Uint32Array(4),
      labels: Uint8Array.of(0, 1, 0, 0),
      chromosomes: [
        { name: "x", from: 0, to: 2 },
        { name: "y", from: 2, to: 4 },
      ],
    });
    expect(method.perChromosome.x.auroc).toBe(1);
    expect(method.perChromosome.y.auroc).toBeNaN();
    expect(method.pooled.auroc).toBe(1);
  });
});

describe("score distributions", () => {
  it("count every bin once, at the edges too", () => {
    const found = distributeScores([0, 0.0999, 0.1, 0.95, 1, 1], [0, 1, 0, 1, 1, 0], 10);
    expect(found.bound).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(found.unbound).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expectClose(found.edges, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1], 1e-12);
  });
});

const study = makeStudy({
  chromosomes: {
    a: randomCodes(6_000, 1),
    t: randomCodes(4_000, 2),
    t2: randomCodes(3_000, 3),
    v: randomCodes(3_000, 4),
  },
  test: ["t", "t2"],
  experiments: [
    {
      factor: "F",
      peaks: [
        { chromosome: "a", start: 1_000, end: 1_200 },
        { chromosome: "t", start: 1_000, end: 1_150 },
        { chromosome: "t2", start: 990, end: 1_190 },
        { chromosome: "v", start: 500, end: 700 },
      ],
      relaxedPeaks: [
        { chromosome: "t", start: 940, end: 1_200 },
        { chromosome: "t", start: 2_000, end: 2_001 },
      ],
      signalFile: join(folder, "chip.bw"),
    },
  ],
  tracks: [{ name: "cuts", values: Float32Array.from({ length: 16_000 }, (_, i) => (i % 7) % 3) }],
});
const [experiment] = study.experiments;
const splits = splitStudy(study, 400);

describe("bins of an evaluation", () => {
  const selected = selectBins(study, experiment, splits, TEST);

  it("are those of the split, bound at 101 bp of one peak, without the ambiguous ones", () => {
    const expected: { chromosome: string; start: number; label: number }[] = [];
    let ambiguous = 0;
    for (const [chromosome, size] of [
      ["t", 4_000],
      ["t2", 3_000],
    ] as const) {
      for (let start = 0; start + 200 <= size; start += 50) {
        const overlap = (peak: { chromosome: string; start: number; end: number }) =>
          peak.chromosome === chromosome ? Math.min(peak.end, start + 200) - Math.max(peak.start, start) : -1;
        if (experiment.peaks.some((peak) => overlap(peak) >= 101))
          expected.push({ chromosome, start, label: 1 });
        else if (experiment.relaxedPeaks.some((peak) => overlap(peak) > 0)) ambiguous++;
        else expected.push({ chromosome, start, label: 0 });
      }
    }
    const found = [...selected.bins].map((bin, i) => ({
      chromosome: study.bins.partOf(bin).segment.chromosome,
      start: study.bins.startOf(bin),
      label: selected.labels[i],
    }));
    expect(found).toEqual(expected);
    expect(selected.ambiguous).toBe(ambiguous);
    expect(ambiguous).toBeGreaterThan(8);
    expect(expected.filter(({ label }) => label === 1).length).toBeGreaterThan(5);
  });

  it("are parted by chromosome", () => {
    const { chromosomes, bins } = selected;
    expect(chromosomes.map(({ name }) => name)).toEqual(["t", "t2"]);
    expect([chromosomes[0].from, chromosomes[1].to]).toEqual([0, bins.length]);
    expect(chromosomes[0].to).toBe(chromosomes[1].from);
    const { bins: table } = study;
    bins.forEach((bin, i) => {
      expect(table.partOf(bin).segment.chromosome).toBe(i < chromosomes[0].to ? "t" : "t2");
    });
  });

  it("become requests of their own segment and start", () => {
    const request = requestBins(study, selected.bins.subarray(0, 3));
    expect([...request.segmentIndices]).toEqual([1, 1, 1]);
    expect([...request.binStarts]).toEqual([0, 50, 100]);
  });

  it("are refused where there is none", async () => {
    await expectError(
      () => selectBins(study, experiment, { ...splits, use: new Uint8Array(study.bins.count) }, TEST),
      "no labelled bin of F",
    );
  });
});

describe("evaluation of a factor", async () => {
  const sizes: Record<string, number> = { a: 6_000, t: 4_000, t2: 3_000, v: 3_000 };
  const random = new Random("chip");
  const starts = (size: number) => Array.from({ length: size / 10 - 1 }, (_, i) => i * 10 + 3);
  // The ChIP file has no chromosome t2; between its intervals of 6 bp it has no values.
  const names = ["a", "t", "v"];
  const runs = names.map((chromosome) => {
    const at = starts(sizes[chromosome]);
    return {
      chromosome,
      starts: at,
      ends: at.map((start) => start + 6),
      values: at.map(() => Math.fround(random.uniform())),
    };
  });
  await writeBigWigFile(
    join(folder, "chip.bw"),
    names.map((name) => ({ name, size: sizes[name] })),
    runs,
  );
  let asked: Uint32Array | undefined;
  const evaluation = await evaluateFactor(study, experiment, splits, "Model", async (bins) => {
    asked = bins;
    return Float32Array.from(bins, (bin) => (bin * 37) % 101);
  });

  it("scores exactly the selected bins and lists model, baselines and ceiling", () => {
    expect(asked).toEqual(evaluation.selected.bins);
    expect(evaluation.methods.map(({ method }) => method)).toEqual([
      "model",
      "signal",
      "regression",
      "ceiling",
    ]);
    expect(evaluation.methods[0].label).toBe("Model");
    expect(evaluation.methods[0].pooled.auroc).toBe(
      areaUnderRoc(evaluation.scores, evaluation.selected.labels),
    );
  });

  it("has the mean ChIP signal as its ceiling, 0 where the file has nothing", () => {
    const { bins, labels } = evaluation.selected;
    const { starts: at, values } = runs[1];
    const expected = Float64Array.from(bins, (bin) => {
      if (study.bins.partOf(bin).segment.chromosome === "t2") return 0;
      const start = study.bins.startOf(bin);
      let sum = 0;
      at.forEach((from, i) => {
        sum += values[i] * Math.max(0, Math.min(from + 6, start + 200) - Math.max(from, start));
      });
      return sum / 200;
    });
    const ceiling = evaluation.methods[3];
    expect(ceiling.pooled.auroc).toBeCloseTo(areaUnderRoc(expected, labels), 9);
    expect(ceiling.pooled.auprc).toBeCloseTo(averagePrecision(expected, labels), 9);
    expect(ceiling.perChromosome.t2.auroc).toBe(0.5);
  });

  it("counts bins and peaks of each split for reports", () => {
    const described = describeEvaluation(study, splits, evaluation);
    const bound = evaluation.selected.labels.reduce((a, b) => a + b, 0);
    expect(described.bins).toEqual({
      bound,
      unbound: evaluation.selected.labels.length - bound,
      ambiguous: evaluation.selected.ambiguous,
    });
    expect(described.peaks).toEqual({ training: 1, validation: 1, test: 2 });
    expect(described.scores.bound.reduce((a, b) => a + b, 0)).toBe(bound);
  });

  it("takes training bins for training where it is asked for them", async () => {
    const other = await evaluateFactor(
      study,
      { ...experiment, signalFile: null },
      splits,
      "Model",
      async (bins) => Float32Array.from(bins),
      TRAINING,
    );
    expect(other.methods[0].perChromosome).toHaveProperty("a");
    expect(Object.keys(other.methods[0].perChromosome)).toEqual(["a"]);
  });
});

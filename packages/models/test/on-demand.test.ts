import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildFastaIndex, formatFastaIndex, openBigWig, openFile } from "@bindscape/genome";
import { loadStudy, type Study, splitStudy, TRAINING, writeSimulatedStudy } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { findSaliency } from "../../interpret/src/regions/region-saliency.node.js";
import { writeSaliency } from "../../interpret/src/regions/write-saliency.node.js";
import { measureReach } from "../src/bin-features.js";
import { measureSignalInPeaks } from "../src/compare/signal-in-peaks.js";
import { evaluateFactor, scoreCeiling } from "../src/evaluate/evaluate-factor.node.js";
import { scoreBins } from "../src/evaluate/score-bins.node.js";
import { selectBins } from "../src/evaluate/select-bins.js";
import { selectTrainingBins } from "../src/evaluate/select-training-bins.js";
import { interpretKernels } from "../src/interpret/interpret-kernels.node.js";
import type { Network } from "../src/network/describe-network.js";
import { writeDreamSubmission } from "../src/predict/dream-submission.node.js";
import { buildFactorReport } from "../src/report/build-report.node.js";
import { trainingSettings } from "../src/train/settings.js";
import { trainNetwork } from "../src/train/train.node.js";
import { expectClose, temporaryFolder, tinyOptions } from "./helpers.js";

const folder = temporaryFolder();
/** The same study with its cell in memory, and in files. */
const studies: Study[] = [];
const networks: Network[] = [];

beforeAll(async () => {
  const { studyFile } = await writeSimulatedStudy(join(folder, "study"), {
    genomeSize: 300_000,
    chromosomes: 3,
    factors: 1,
    seed: 4,
  });
  const genome = await openFile(join(folder, "study/genome.fa"));
  await writeFile(join(folder, "study/genome.fa.fai"), formatFastaIndex(await buildFastaIndex(genome)));
  await genome.close();
  for (const tracks of ["memory", "on-demand"] as const) studies.push(await loadStudy(studyFile, { tracks }));
  for (const study of studies) {
    const { network } = await trainNetwork(study, study.experiments, {
      model: "factornet",
      // What looks at the sequence and the tracks outside of windows too: motifs, signal, the regression, negatives.
      modelOptions: tinyOptions({
        windowLength: 200,
        binFeatures: "motif-and-signal",
        linearFeatures: true,
        seedKernels: true,
        recurrent: 2,
        dropout: 0.2,
      }),
      settings: trainingSettings.parse({
        epochs: 2,
        batchSize: 50,
        negatives: "hard",
        negativeWeight: "prior",
      }),
      threads: 1,
    });
    networks.push(network);
  }
});

/** What is made of both studies: the same. */
async function expectSame<T>(make: (study: Study, network: Network) => Promise<T>): Promise<T> {
  const [held, placed] = [await make(studies[0], networks[0]), await make(studies[1], networks[0])];
  expect(placed).toEqual(held);
  return placed;
}

describe("a cell that stays in its files", () => {
  it("is one, with the sequence too", async () => {
    const [held, placed] = await Promise.all(studies.map((study) => study.loadCell("SimCell")));
    expect(held.files).toBeUndefined();
    expect(held.codes.length).toBe(studies[0].assembly.size);
    expect(placed.files!.sequence).not.toBeNull();
    expect(placed.codes.length).toBe(0);
    expect(() => studies[1].assembly.codes).toThrow("not in memory");
  });

  it("trains the same network, bit for bit", () => {
    const [held, placed] = networks;
    expect(placed.file).toEqual(held.file);
    expect([...placed.parameters.keys()]).toEqual([...held.parameters.keys()]);
    for (const [name, values] of held.parameters) expect(placed.parameters.get(name)).toEqual(values);
    expect(held.file.featureScaling.scale).not.toContain(1);
  });

  it("is evaluated alike, baselines, report and its pictures too", async () => {
    const { evaluation, report } = await expectSame(async (study, network) => {
      const [experiment] = study.experiments;
      const splits = splitStudy(study, measureReach(network.file.plan));
      const evaluation = await evaluateFactor(study, experiment, splits, "network", async (bins) => {
        const [{ scores }] = await scoreBins([network], study, experiment.cell, bins, { threads: 1 });
        return scores;
      });
      const trained = [{ label: "network", network, history: [] }];
      return {
        evaluation,
        report: await buildFactorReport(study, splits, evaluation, trained, { threads: 1 }),
      };
    });
    expect(evaluation.methods.map(({ method }) => method)).toEqual(["model", "pwm", "signal", "regression"]);
    expect(report.loci.length).toBe(3);
    expect(report.loci.some(({ sites }) => sites.length > 0)).toBe(true);
    expect(report.kernels.length).toBeGreaterThan(0);
  });

  it("is interpreted alike: kernels, and saliency of short and long regions", async () => {
    await expectSame((study, network) => interpretKernels({ study, network, windows: 300, threads: 1 }));
    const regions = await expectSame((study, network) => {
      const [{ name, size }] = study.assembly.chromosomes;
      const wanted = [
        [5_000, 5_080],
        [0, 900],
        [size - 333, size],
      ].map(([start, end]) => ({ chromosome: name, start, end }));
      return findSaliency(network, study, "SimCell", wanted, 0, { threads: 1 });
    });
    expect(regions.map(({ codes }) => codes.length)).toEqual([80, 900, 333]);
    const pages = [];
    for (const [i, study] of studies.entries()) {
      const { factor, cell } = study.experiments[0];
      const out = join(folder, `saliency-${i}`);
      await writeSaliency(regions, out, { study, factor, cell, network: networks[0], positiveOnly: false });
      pages.push(await readFile(join(out, "saliency.html"), "utf8"));
    }
    expect(pages[1]).toBe(pages[0]);
  });

  it("has the same signal in peaks and the same DREAM submission", async () => {
    const [found] = await expectSame(async (study) =>
      measureSignalInPeaks(await study.loadCell("SimCell"), study.experiments[0].peaks),
    );
    expect(found.fraction).toBeGreaterThan(0);
    const [{ name }] = studies[0].assembly.chromosomes;
    const bed = join(folder, "regions.bed");
    await writeFile(
      bed,
      [900, 0, 950, 40_000].map((start) => `${name}\t${start}\t${start + 200}\n`).join(""),
    );
    await expectSame(async (study, network) => {
      const out = join(folder, "submission.tab");
      await writeDreamSubmission(
        { network, study, cell: "SimCell", task: 0, regions: bed, out },
        { threads: 1 },
      );
      return readFile(out, "utf8");
    });
  });
});

describe("the ceiling of a ChIP signal", () => {
  it("is the mean signal of every bin, however much is read at a time", async () => {
    const [study] = studies;
    const file = join(folder, "study/accessibility.bw");
    const { reader, close } = await openBigWig(file);
    const bins = Uint32Array.from({ length: study.bins.count }, (_, bin) => bin).filter((bin) => bin % 7 < 3);
    const expected: number[] = [];
    for (const bin of bins) {
      const start = study.bins.startOf(bin);
      const values = await reader.readValues(study.bins.partOf(bin).segment.chromosome, start, start + 200);
      expected.push(values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : value), 0) / 200);
    }
    close();
    for (const partBases of [1, 333, 10_000, 1 << 22]) {
      const { scores } = await scoreCeiling(study, file, bins, partBases);
      expectClose(scores, expected, 1e-9);
    }
    expect(Math.max(...expected)).toBeGreaterThan(0.1);
  });
});

describe("training bins for regressions", () => {
  it("are all of them, or all bound ones and evenly spaced others that stand for the rest", () => {
    const [study] = studies;
    const [experiment] = study.experiments;
    const splits = splitStudy(study, 200);
    const all = selectBins(study, experiment, splits, TRAINING);
    const bound = all.labels.reduce((sum, label) => sum + label, 0);
    const unbound = all.labels.length - bound;
    expect(selectTrainingBins(study, experiment, splits)).toEqual({ bins: all.bins, labels: all.labels });
    expect(selectTrainingBins(study, experiment, splits, all.bins.length)).toEqual({
      bins: all.bins,
      labels: all.labels,
    });
    const { bins, labels, weights } = selectTrainingBins(study, experiment, splits, bound + 500);
    expect(bins.length).toBe(bound + 500);
    expect([...bins]).toEqual([...new Set(bins)].sort((a, b) => a - b));
    const labelOf = new Map(Array.from(all.bins, (bin, row) => [bin, all.labels[row]]));
    expect([...labels]).toEqual(Array.from(bins, (bin) => labelOf.get(bin)));
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(bound);
    expect(weights!.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(all.bins.length, 6);
    // Every k-th of the unbound bins, to within rounding.
    const unboundBins = all.bins.filter((_, row) => all.labels[row] === 0);
    const rows = Array.from(
      bins.filter((_, i) => labels[i] === 0),
      (bin) => unboundBins.indexOf(bin),
    );
    const gaps = rows.slice(1).map((row, i) => row - rows[i]);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
    expect(Math.abs(unbound / 500 - gaps.reduce((a, b) => a + b, 0) / gaps.length)).toBeLessThan(0.1);
  });
});

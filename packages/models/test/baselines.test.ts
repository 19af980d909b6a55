import { adam, nodeRuntime, Predictor, TrainingStep } from "@bindscape/gradient";
import { fitLogisticRegression, Random } from "@bindscape/numerics";
import { splitStudy, TEST, TRAINING, WindowMaker } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { buildFactorNet } from "../src/architectures/factornet/build.js";
import { genomeBackground, motifFeature, signalFeatures } from "../src/bin-features.js";
import { scoreBaselines } from "../src/evaluate/baselines.js";
import { requestBins, selectBins } from "../src/evaluate/select-bins.js";
import { findModel } from "../src/model-table.js";
import { prepareTraining } from "../src/train/prepare.js";
import { trainingSettings } from "../src/train/settings.js";
import {
  expectClose,
  expectError,
  makeMotif,
  makeStudy,
  randomCodes,
  reverseComplement,
  tinyOptions,
} from "./helpers.js";

const MOTIF = makeMotif("M", "GATTACAG");
const OTHER = makeMotif("O", "CCGCGG");
const LENGTHS = { a: 30_000, v: 10_000, t: 12_000 };

/** Random sequence with sites; peaks stand where a site meets signal. */
function makeData() {
  const random = new Random("baselines");
  const chromosomes: Record<string, Uint8Array> = {};
  const signal: number[] = [];
  const peaks: { chromosome: string; start: number; end: number }[] = [];
  const otherPeaks: typeof peaks = [];
  for (const [name, length] of Object.entries(LENGTHS)) {
    const codes = randomCodes(length, name);
    const values = Array.from({ length }, () => (random.uniform() < 0.02 ? 1 : 0));
    for (let at = 500; at < length - 500; at += 700) {
      const hasSite = random.uniform() < 0.6;
      const isOpen = random.uniform() < 0.6;
      if (hasSite) {
        const site = Uint8Array.from("GATTACAG", (base) => "ACGT".indexOf(base));
        codes.set(random.integer(2) === 0 ? site : reverseComplement(site), at);
      }
      if (isOpen) for (let p = at - 150; p < at + 150; p++) if (random.uniform() < 0.2) values[p] += 2;
      // A fifth of the labels is noise, so that no regression separates the classes.
      const looksBound = hasSite && isOpen;
      if (random.uniform() < 0.2 ? !looksBound && random.uniform() < 0.3 : looksBound) {
        peaks.push({ chromosome: name, start: at - 96, end: at + 104 });
      }
      if (isOpen && random.uniform() < 0.4)
        otherPeaks.push({ chromosome: name, start: at - 96, end: at + 104 });
    }
    codes.fill(4, 2_000, 2_300);
    chromosomes[name] = codes;
    signal.push(...values);
  }
  return { chromosomes, signal, peaks, otherPeaks };
}

const data = makeData();
const logSignal = data.signal.map((value) => Math.fround(Math.log1p(value)));
const study = makeStudy({
  chromosomes: data.chromosomes,
  experiments: [
    { factor: "F", peaks: data.peaks, motif: MOTIF },
    { factor: "G", peaks: data.otherPeaks, motif: OTHER },
  ],
  tracks: [{ name: "cuts", values: logSignal, log: true }],
});
const [experiment, second] = study.experiments;
const source = await study.loadCell("C");
const splits = splitStudy(study, 60);

/** Best log-odds of the sites on both strands that start in [from, to), N counting as the column's lowest. */
function bruteMotif(logOdds: readonly number[], codes: Uint8Array, from: number, to: number): number {
  const length = logOdds.length / 4;
  const lowest = (row: number) => Math.min(...logOdds.slice(row * 4, row * 4 + 4));
  let best = Array.from({ length }, (_, row) => lowest(row)).reduce((a, b) => a + b, 0);
  for (let start = Math.max(0, from); start < Math.min(to, codes.length - length + 1); start++) {
    const site = codes.slice(start, start + length);
    for (const strand of [site, reverseComplement(site)]) {
      let score = 0;
      strand.forEach((code, row) => {
        score += code === 4 ? lowest(row) : logOdds[row * 4 + code];
      });
      best = Math.max(best, score);
    }
  }
  return best;
}

/** Log of 1 + the cuts in `width` bp around a bin's middle, inside the chromosome. */
function bruteSignal(chromosome: string, binStart: number, width: number): number {
  const names = Object.keys(LENGTHS) as (keyof typeof LENGTHS)[];
  const offset = names
    .slice(0, names.indexOf(chromosome as "a"))
    .reduce((sum, name) => sum + LENGTHS[name], 0);
  const length = LENGTHS[chromosome as "a"];
  let sum = 0;
  for (let p = binStart + 100 - width / 2; p < binStart + 100 + width / 2; p++) {
    if (p >= 0 && p < length) sum += Math.expm1(logSignal[offset + p]);
  }
  return Math.log1p(sum);
}

/** A spread of bins: the first and last of chromosomes, some beside N, some anywhere. */
const someBins = Uint32Array.from(
  study.bins.parts.flatMap(({ firstIndex, count }) => [
    firstIndex,
    firstIndex + 1,
    firstIndex + 34,
    firstIndex + 38,
    firstIndex + 42,
    firstIndex + 97,
    firstIndex + count - 1,
  ]),
);

describe("bin features", () => {
  it("weigh motifs against the composition of both strands", () => {
    const codes = Uint8Array.from([0, 0, 0, 1, 1, 2, 3, 4, 4]);
    // A + T are 4 of 7, C + G 3 of 7.
    expectClose(genomeBackground({ codes }), [2 / 7, 3 / 14, 3 / 14, 2 / 7], 1e-12);
    expect(genomeBackground({ codes: new Uint8Array(3).fill(4) }).every(Number.isFinite)).toBe(true);
  });

  it.each(["inside", "middle"] as const)("score the best site %s the bin as brute force", (sites) => {
    const feature = motifFeature(MOTIF, source, sites);
    if (feature.kind !== "motif") throw new Error("no motif feature");
    const background = genomeBackground(source);
    feature.logOdds.forEach((value, i) => {
      const expected = background[i % 4];
      expect(value).toBeCloseTo(Math.log2((MOTIF.probabilities[i] + 0.001 * expected) / 1.001 / expected), 9);
    });
    const maker = new WindowMaker(source, {
      windowLength: 200,
      binSize: 200,
      tracks: [],
      features: [feature],
    });
    const found = maker.fillFeatures(requestBins(study, someBins));
    const expected = Array.from(someBins, (bin) => {
      const codes = data.chromosomes[study.bins.partOf(bin).segment.chromosome];
      const start = study.bins.startOf(bin);
      return sites === "inside"
        ? bruteMotif(feature.logOdds, codes, start, start + 200 - 8 + 1)
        : bruteMotif(feature.logOdds, codes, start - 4, start + 200 - 4);
    });
    expectClose(found, expected, 1e-4);
  });

  it("count cuts in the bin and in 1 kb around it, the track's own logarithm undone", () => {
    const features = signalFeatures(source);
    expect(features.map(({ name }) => name)).toEqual(["log cuts in 200 bp", "log cuts in 1000 bp"]);
    const maker = new WindowMaker(source, { windowLength: 200, binSize: 200, tracks: [], features });
    const found = maker.fillFeatures(requestBins(study, someBins));
    const expected = Array.from(someBins, (bin) => {
      const { chromosome } = study.bins.partOf(bin).segment;
      return [200, 1000].map((width) => bruteSignal(chromosome, study.bins.startOf(bin), width));
    }).flat();
    expectClose(found, expected, 1e-4);
    expect(Math.max(...found)).toBeGreaterThan(2);
  });
});

const testBins = selectBins(study, experiment, splits, TEST).bins;
const baselines = await scoreBaselines(study, experiment, source, splits, testBins);

describe("baselines", () => {
  const bins = testBins;

  it("are the motif's and the signal's features themselves", () => {
    expect(baselines.map(({ method }) => method)).toEqual(["pwm", "signal", "regression"]);
    const motif = motifFeature(MOTIF, source, "inside");
    if (motif.kind !== "motif") throw new Error("no motif feature");
    for (let i = 0; i < bins.length; i += 17) {
      const start = study.bins.startOf(bins[i]);
      expect(baselines[0].scores[i]).toBeCloseTo(
        bruteMotif(motif.logOdds, data.chromosomes.t, start, start + 193),
        4,
      );
      expect(baselines[1].scores[i]).toBeCloseTo(bruteSignal("t", start, 200), 4);
    }
  });

  it("fit the regression on all training bins and on nothing else", () => {
    const motif = motifFeature(MOTIF, source, "inside");
    if (motif.kind !== "motif") throw new Error("no motif feature");
    const rowsOf = (chromosome: string, wanted: ArrayLike<number>) =>
      Array.from(wanted, (bin) => {
        const start = study.bins.startOf(bin);
        const row = [
          bruteMotif(motif.logOdds, data.chromosomes[chromosome], start, start + 193),
          bruteSignal(chromosome, start, 200),
          bruteSignal(chromosome, start, 1000),
        ].map(Math.fround);
        return [...row, ...row.map((value) => value * value)];
      });
    const training = study.bins.onChromosomes(["a"]);
    const labels = Array.from(training, (bin) => {
      const start = study.bins.startOf(bin);
      const overlaps = data.peaks
        .filter(({ chromosome }) => chromosome === "a")
        .map((peak) => Math.min(peak.end, start + 200) - Math.max(peak.start, start));
      return Math.max(0, ...overlaps) >= 101 ? 1 : 0;
    });
    const model = fitLogisticRegression({
      features: Float64Array.from(rowsOf("a", training).flat()),
      rows: training.length,
      columns: 6,
      labels,
    });
    const expected = model.predict(Float64Array.from(rowsOf("t", bins).flat()), bins.length);
    expectClose(baselines[2].scores, expected, 1e-4);
  });

  it("leave out what the study has no inputs for", async () => {
    const without = makeStudy({
      chromosomes: data.chromosomes,
      experiments: [
        { factor: "F", peaks: data.peaks },
        { factor: "G", peaks: data.peaks, motif: MOTIF },
      ],
    });
    const bare = await without.loadCell("C");
    expect(await scoreBaselines(without, without.experiments[0], bare, splits, bins)).toEqual([]);
    const found = await scoreBaselines(without, without.experiments[1], bare, splits, bins);
    expect(found.map(({ method }) => method)).toEqual(["pwm", "regression"]);
  });
});

describe("baselines of a factor without training data", () => {
  it("are those that need none", async () => {
    const { bins } = selectBins(study, experiment, splits, TEST);
    const onlyTest = {
      ...experiment,
      peaks: experiment.peaks.filter(({ chromosome }) => chromosome === "t"),
    };
    const methods = async (of: typeof experiment, parts: typeof splits) =>
      (await scoreBaselines(study, of, source, parts, bins)).map(({ method }) => method);
    expect(await methods(onlyTest, splits)).toEqual(["pwm", "signal"]);
    const noTraining = { ...splits, use: splits.use.map((use) => (use === TRAINING ? 0 : use)) };
    expect(await methods(experiment, noTraining)).toEqual(["pwm", "signal"]);
  });
});

describe("a network that starts from the regression", () => {
  const options = tinyOptions({ binFeatures: "motif-and-signal", linearFeatures: true, seedKernels: true });
  const settings = trainingSettings.parse({ positives: "bins", negativesPerPositive: 3, seed: 9 });
  const prepare = (change = {}) =>
    prepareTraining(study, [experiment, second], source, findModel("factornet"), options, {
      ...settings,
      ...change,
    });

  it("says of every bin what the regressions say while its last layer is zero", async () => {
    const { context } = await prepare();
    expect(context.plan.features.map(({ name }) => name)).toEqual([
      "M",
      "O",
      "log cuts in 200 bp",
      "log cuts in 1000 bp",
    ]);
    const build = buildFactorNet(options, context);
    const parameters = await startOf(build);
    const { bins } = selectBins(study, experiment, splits, TEST);
    const chosen = bins.filter((_, i) => i % 9 === 0);
    const batch = new WindowMaker(source, context.plan).fill(requestBins(study, chosen));
    const predictor = await Predictor.create(nodeRuntime(), { build, parameters, outputs: ["probability"] });
    const outputs = await predictor.run({ windows: batch.windows, features: batch.features }, chosen.length);
    await predictor.release();
    const found = outputs.get("probability")!;

    // The regressions again, each on the signal, on its own motif, and on their squares.
    const expected = [0, 1].map((task) => {
      const columns = [task, 2, 3];
      const maker = new WindowMaker(source, context.plan);
      const rowsOf = (wanted: Uint32Array) => {
        const values = maker.fillFeatures(requestBins(study, wanted));
        return Float64Array.from(
          Array.from(wanted, (_, row) => {
            const { mean, scale } = context.featureScaling;
            const picked = columns.map((c) => (values[row * 4 + c] - mean[c]) / scale[c]);
            return [...picked, ...picked.map((value) => value * value)];
          }).flat(),
        );
      };
      const training = selectBins(study, study.experiments[task], splits, TRAINING);
      const model = fitLogisticRegression({
        features: rowsOf(training.bins),
        rows: training.bins.length,
        columns: 6,
        labels: training.labels,
      });
      return model.predict(rowsOf(chosen), chosen.length);
    });
    for (let i = 0; i < chosen.length; i++) {
      for (const task of [0, 1]) {
        expect(Math.abs(found[i * 2 + task] - expected[task][i])).toBeLessThan(1e-5);
      }
    }
    expect(Math.max(...expected[0]) - Math.min(...expected[0])).toBeGreaterThan(0.3);
  });

  /** What training starts from, weights of the last layer alone set to zero. */
  async function startOf(build: ReturnType<typeof buildFactorNet>) {
    const training = await TrainingStep.create(nodeRuntime(), {
      build,
      batchSize: 2,
      optimizer: adam(),
      seed: 1,
    });
    const parameters = await training.parameters();
    await training.release();
    parameters.get("output.kernel")!.fill(0);
    return parameters;
  }

  it("refuses hard negatives where there is nothing to tell them by", async () => {
    const plain = tinyOptions();
    await expectError(
      () =>
        prepareTraining(study, [experiment], source, findModel("factornet"), plain, {
          ...settings,
          negatives: "hard",
        }),
      "hard negatives",
      "bin-level features",
    );
  });

  it("scales features to mean 0 and spread 1 over the windows of an epoch", async () => {
    const { context, samplers } = await prepare();
    const windows = samplers[0].drawEpoch(Random.forPart(9, "scaling"));
    const values = new WindowMaker(source, context.plan).fillFeatures(windows);
    const rows = values.length / 4;
    for (let f = 0; f < 4; f++) {
      const column = Array.from({ length: rows }, (_, row) => values[row * 4 + f]);
      const mean = column.reduce((a, b) => a + b, 0) / rows;
      const scale = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / rows);
      expect(context.featureScaling.mean[f]).toBeCloseTo(mean, 6);
      expect(context.featureScaling.scale[f]).toBeCloseTo(scale, 6);
    }
  });
});

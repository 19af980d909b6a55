import { Random } from "@bindscape/numerics";
import { splitStudy, WindowSampler } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { findModel } from "../src/model-table.js";
import { prepareTraining } from "../src/train/prepare.js";
import { trainingSettings } from "../src/train/settings.js";
import { expectError, makeMotif, makeStudy, randomCodes, tinyOptions } from "./helpers.js";

const MOTIF = makeMotif("M", "GATTACAG");

/** Sites every 600 bp, two of three of them under a peak. */
function makeData() {
  const chromosomes: Record<string, Uint8Array> = {};
  const peaks: { chromosome: string; start: number; end: number }[] = [];
  for (const [name, length] of Object.entries({ a: 24_000, v: 6_000, t: 6_000 })) {
    const codes = randomCodes(length, `n ${name}`);
    for (let at = 400, i = 0; at < length - 400; at += 600, i++) {
      codes.set(
        Uint8Array.from("GATTACAG", (base) => "ACGT".indexOf(base)),
        at,
      );
      if (i % 3 !== 1) peaks.push({ chromosome: name, start: at - 96, end: at + 104 });
    }
    chromosomes[name] = codes;
  }
  return { chromosomes, peaks };
}

const data = makeData();
const study = makeStudy({
  chromosomes: data.chromosomes,
  experiments: [{ factor: "F", peaks: data.peaks, motif: MOTIF }],
});
const source = await study.loadCell("C");

async function prepare(change: Record<string, unknown>) {
  const { samplers } = await prepareTraining(
    study,
    study.experiments,
    source,
    findModel("factornet"),
    tinyOptions({ binFeatures: "motif" }),
    trainingSettings.parse({
      positives: "bins",
      jitter: 0,
      negativesPerPositive: 1,
      negativeMargin: 0,
      validationNegativesPerPositive: 0,
      seed: 3,
      ...change,
    }),
  );
  return samplers[0];
}

/** Negatives of an epoch: bin starts and weights. */
function drawNegatives(sampler: WindowSampler, epoch: number) {
  const { binStarts, labels, weights } = sampler.drawEpoch(Random.forPart(1, "epoch", epoch));
  const rows = [...binStarts].map((start, row) => ({ start, label: labels[row], weight: weights[row] }));
  return {
    negatives: rows.filter(({ label }) => label === 0),
    positives: rows.filter(({ label }) => label === 1),
  };
}

const EPOCHS = 400;

const hardSampler = await prepare({ negatives: "hard", negativeWeight: "prior" });

describe("hard negatives with prior weights", () => {
  const sampler = hardSampler;
  const candidates = sampler.negativeCandidates.length;
  const epochs = Array.from({ length: EPOCHS }, (_, epoch) => drawNegatives(sampler, epoch));
  const drawn = new Map<number, { times: number; weight: number }>();
  for (const { negatives } of epochs) {
    for (const { start, weight } of negatives) {
      const entry = drawn.get(start) ?? { times: 0, weight };
      // A candidate weighs the same in every epoch.
      expect(weight).toBe(entry.weight);
      drawn.set(start, { times: entry.times + 1, weight });
    }
  }

  it("have chances that add up to the wanted number", () => {
    // Every candidate is seen in 400 epochs at a chance of at least about 1 in 25, so 1 / weight is its chance.
    expect(drawn.size).toBe(candidates);
    let chances = 0;
    for (const { weight } of drawn.values()) chances += 1 / weight;
    expect(chances / sampler.negativesPerEpoch).toBeCloseTo(1, 5);
    expect(sampler.negativesPerEpoch).toBe(epochs[0].positives.length);
  });

  it("are drawn as often as their weight says: one in `weight` epochs", () => {
    // Binomial: the standardised squares of all candidates average 1, with a spread of about sqrt(2 / candidates).
    let squares = 0;
    let counted = 0;
    for (const { times, weight } of drawn.values()) {
      const chance = 1 / weight;
      if (chance >= 1) {
        expect(times).toBe(EPOCHS);
        continue;
      }
      squares += (times - EPOCHS * chance) ** 2 / (EPOCHS * chance * (1 - chance));
      counted++;
    }
    expect(Math.abs(squares / counted - 1)).toBeLessThan(4 * Math.sqrt(2 / counted));
  });

  it("stand for all candidates: their weights add up to that number in expectation", () => {
    const totals = epochs.map(({ negatives }) => negatives.reduce((sum, { weight }) => sum + weight, 0));
    const mean = totals.reduce((a, b) => a + b, 0) / EPOCHS;
    let variance = 0;
    for (const { weight } of drawn.values()) variance += weight - 1;
    // The sum of independent draws with weight w has variance w - 1 each; the mean of 400 within 4 standard errors.
    const standardError = Math.sqrt(variance / EPOCHS);
    expect(standardError).toBeLessThan(0.02 * candidates);
    expect(Math.abs(mean - candidates)).toBeLessThan(4 * standardError);
    const spread = Math.sqrt(totals.reduce((sum, total) => sum + (total - candidates) ** 2, 0) / EPOCHS);
    expect(spread / Math.sqrt(variance)).toBeGreaterThan(0.85);
    expect(spread / Math.sqrt(variance)).toBeLessThan(1.15);
  });

  it("prefer bins that look bound: those over a site without a peak", () => {
    const holdsSite = (start: number) => {
      for (let at = 400; at < 23_600; at += 600) if (start <= at && at + 8 <= start + 200) return true;
      return false;
    };
    const meanChance = (wanted: boolean) => {
      const chances = [...drawn]
        .filter(([start]) => holdsSite(start) === wanted)
        .map(([, { weight }]) => 1 / weight);
      return chances.reduce((a, b) => a + b, 0) / chances.length;
    };
    expect(meanChance(true)).toBeGreaterThan(5 * meanChance(false));
  });

  it("leave positives at weight 1, each once an epoch", () => {
    const starts = epochs[0].positives.map(({ start }) => start).sort((a, b) => a - b);
    for (const { positives } of epochs.slice(1, 20)) {
      expect(positives.map(({ start }) => start).sort((a, b) => a - b)).toEqual(starts);
      expect(positives.every(({ weight }) => weight === 1)).toBe(true);
    }
  });
});

describe("negatives drawn alike", () => {
  it("weigh as many candidates as there are with prior weights, exactly", async () => {
    const sampler = await prepare({ negatives: "uniform", negativeWeight: "prior" });
    const { negatives } = drawNegatives(sampler, 1);
    expect(negatives).toHaveLength(sampler.negativesPerEpoch);
    const total = negatives.reduce((sum, { weight }) => sum + weight, 0);
    expect(Math.abs(total / sampler.negativeCandidates.length - 1)).toBeLessThan(1e-6);
  });

  it("weigh 1 with equal weights", async () => {
    const { negatives } = drawNegatives(await prepare({}), 1);
    expect(negatives.every(({ weight }) => weight === 1)).toBe(true);
  });
});

describe("chances in proportion to difficulty", () => {
  it("are capped at 1 and still add up", () => {
    const splits = splitStudy(study, 60);
    const sampler = new WindowSampler(study, study.experiments, splits, {
      positives: "bins",
      minimumOverlap: 76,
      jitter: 0,
      negativesPerPositive: 1,
      negativeMargin: 0,
      negativeWeight: "prior",
      validationNegativesPerPositive: 0,
    });
    const candidates = sampler.negativeCandidates;
    // A third is so hard that it is in every epoch; the rest share what is left.
    const wanted = sampler.negativesPerEpoch;
    const hard = Math.floor(wanted / 3);
    sampler.preferNegatives(Float64Array.from(candidates, (_, i) => (i < hard ? 1e6 : 1)));
    const rest = (wanted - hard) / (candidates.length - hard);
    const always = new Set(Array.from(candidates.subarray(0, hard), (bin) => study.bins.startOf(bin)));
    const { negatives } = drawNegatives(sampler, 1);
    const heavy = negatives.filter(({ start }) => !always.has(start));
    expect(negatives.length - heavy.length).toBe(hard);
    for (const { start, weight } of negatives) {
      expect(weight).toBeCloseTo(always.has(start) ? 1 : 1 / rest, 4);
    }
  });

  it("are refused a model without features to measure difficulty by", async () => {
    await expectError(
      () =>
        prepareTraining(
          study,
          study.experiments,
          source,
          findModel("factornet"),
          tinyOptions({ binFeatures: "signal" }),
          trainingSettings.parse({ negatives: "hard" }),
        ),
      "hard negatives",
    );
  });
});

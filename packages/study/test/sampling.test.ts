import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AMBIGUOUS, BOUND, UNBOUND } from "../src/labels.js";
import { type LabelledWindows, type SamplingOptions, WindowSampler } from "../src/sampling.js";
import { splitBins, TEST, TRAINING, VALIDATION } from "../src/splits.js";
import { labelExperiment } from "../src/study.js";
import { expectError, interval, makeAssembly, makeStudy, NO_HOLD_OUTS } from "./helpers.js";

const defaults: SamplingOptions = {
  positives: "peaks",
  minimumOverlap: 76,
  jitter: 20,
  negativesPerPositive: 1,
  negativeMargin: 200,
  negativeWeight: "equal",
  validationNegativesPerPositive: 0,
};

/** Peaks of different lengths on the training chromosome and on the held-out ones. */
function randomPeaks(count: number, seed: number, lengthOf: (random: Random) => number) {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const chromosome = ["train", "train", "train", "valid", "test"][random.integer(5)];
    const start = random.integer(chromosome === "train" ? 58_000 : 18_000) + 500;
    return { chromosome, start, end: start + lengthOf(random) };
  });
}

const assembly = makeAssembly({ train: 60_000, valid: 20_000, test: 20_000 });
const holdOuts = {
  ...NO_HOLD_OUTS,
  validation: [{ chromosome: "valid", start: 0, end: Number.POSITIVE_INFINITY }],
  test: [{ chromosome: "test", start: 0, end: Number.POSITIVE_INFINITY }],
};
const peaks = randomPeaks(40, 1, (random) => 60 + random.integer(300));
const study = makeStudy(assembly, [{ factor: "F", peaks }], { holdOuts });
const splits = splitBins(study.bins, holdOuts, 1000);
const makeSampler = (options: Partial<SamplingOptions> = {}) =>
  new WindowSampler(study, study.experiments, splits, { ...defaults, ...options });

const rows = ({ segmentIndices, binStarts, labels, weights, tasks }: LabelledWindows) =>
  Array.from(binStarts, (start, row) => ({
    chromosome: assembly.segments[segmentIndices[row]].chromosome,
    start,
    labels: [...labels.subarray(row * tasks, row * tasks + tasks)],
    weights: [...weights.subarray(row * tasks, row * tasks + tasks)],
  }));
const overlap = (start: number, peak: { start: number; end: number }) =>
  Math.max(0, Math.min(start + 200, peak.end) - Math.max(start, peak.start));
const draw = (sampler: WindowSampler, epoch: number) =>
  rows(sampler.drawEpoch(Random.forPart(9, "epoch", epoch)));

describe("one bin a peak", () => {
  const sampler = makeSampler({ negativesPerPositive: 2 });
  const trainingPeaks = peaks.filter(({ chromosome }) => chromosome === "train");

  it("has every training peak in every epoch, once", () => {
    expect(sampler.trainingPeaks).toBe(trainingPeaks.length);
    for (let epoch = 0; epoch < 20; epoch++) {
      const positives = draw(sampler, epoch).filter(({ labels }) => labels[0] === 1);
      expect(positives).toHaveLength(trainingPeaks.length);
      // Each peak has a window of its own: match them greedily by nearest middle, in order.
      const starts = positives.map(({ start }) => start + 100).sort((a, b) => a - b);
      const middles = trainingPeaks.map(({ start, end }) => (start + end) / 2).sort((a, b) => a - b);
      for (const [i, middle] of middles.entries()) expect(Math.abs(starts[i] - middle)).toBeLessThan(300);
    }
  });

  it("keeps the overlap asked for under jitter, and uses all of the room", () => {
    const single = makeStudy(assembly, [{ factor: "F", peaks: [interval("train:30001-30102")] }], {
      holdOuts,
    });
    const one = new WindowSampler(single, single.experiments, splits, defaults);
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 3000; epoch++) {
      const [positive] = draw(one, epoch).filter(({ labels }) => labels[0] === 1);
      seen.add(positive.start);
      expect(overlap(positive.start, { start: 30001, end: 30102 })).toBeGreaterThanOrEqual(76);
    }
    // 101-bp peak: the centred bin starts at 29951, and 74 bp to either side leave at least 76.
    expect(Math.min(...seen)).toBe(29951 - 74);
    expect(Math.max(...seen)).toBe(29951 + 74);
    expect(seen.size).toBe(149);
  });

  it("keeps the overlap for any peak length and bin size, and the whole of shorter peaks", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 20_000, max: 20_003 }),
        fc.constantFrom(200, 150, 201),
        fc.nat(1000),
        (length, start, size, epoch) => {
          const peak = { chromosome: "train", start, end: start + length };
          const own = makeStudy(assembly, [{ factor: "F", peaks: [peak] }], {
            holdOuts,
            size,
            boundOverlap: 1,
          });
          const one = new WindowSampler(own, own.experiments, splitBins(own.bins, holdOuts, 1000), defaults);
          const epochRows = rows(one.drawEpoch(new Random(epoch)));
          const positive = epochRows.find(({ labels }) => labels[0] === 1)!;
          const shared = Math.min(positive.start + size, peak.end) - Math.max(positive.start, peak.start);
          expect(shared).toBeGreaterThanOrEqual(Math.min(76, length));
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });

  it("draws as many negatives as asked for, anew each epoch, a margin away from every peak", () => {
    const epochs = [draw(sampler, 1), draw(sampler, 2)].map((all) =>
      all.filter(({ labels }) => labels[0] === 0),
    );
    for (const negatives of epochs) {
      expect(negatives).toHaveLength(2 * trainingPeaks.length);
      expect(new Set(negatives.map(({ start }) => start)).size).toBe(negatives.length);
      for (const { chromosome, start } of negatives) {
        expect(chromosome).toBe("train");
        expect(start % 50).toBe(0);
        for (const peak of trainingPeaks) {
          expect(start + 200 <= peak.start - 200 || start >= peak.end + 200).toBe(true);
        }
      }
    }
    const first = new Set(epochs[0].map(({ start }) => start));
    expect(epochs[1].filter(({ start }) => first.has(start)).length).toBeLessThan(first.size / 2);
  });

  it("comes close to the peaks without a margin, and never onto them", () => {
    const all = draw(makeSampler({ negativesPerPositive: 1e6, negativeMargin: 0 }), 1);
    const labels = labelExperiment(study, study.experiments[0]);
    const unbound = [...labels].filter(
      (label, bin) => label === UNBOUND && splits.use[bin] === TRAINING,
    ).length;
    expect(all.filter((row) => row.labels[0] === 0)).toHaveLength(unbound);
  });

  it("is the same epoch for the same seed, and in another order for another", () => {
    expect(draw(sampler, 3)).toEqual(draw(sampler, 3));
    expect(draw(sampler, 3)).not.toEqual(draw(sampler, 4));
    const order = draw(sampler, 3).map(({ labels }) => labels[0]);
    expect(order.slice(0, trainingPeaks.length)).not.toEqual(Array(trainingPeaks.length).fill(1));
  });
});

describe("every bound bin", () => {
  const sampler = makeSampler({ positives: "bins" });

  it("is in every epoch once, shifted by at most the jitter", () => {
    const labels = labelExperiment(study, study.experiments[0]);
    const bound = [...labels].flatMap((label, bin) =>
      label === BOUND && splits.use[bin] === TRAINING ? [study.bins.startOf(bin)] : [],
    );
    expect(bound.length).toBeGreaterThan(50);
    const shifts = new Set<number>();
    for (let epoch = 0; epoch < 30; epoch++) {
      const starts = draw(sampler, epoch)
        .filter((row) => row.labels[0] === 1)
        .map(({ start }) => start);
      expect(starts).toHaveLength(bound.length);
      starts.sort((a, b) => a - b);
      for (const [i, start] of starts.entries()) shifts.add(start - bound[i]);
    }
    expect(Math.min(...shifts)).toBe(-20);
    expect(Math.max(...shifts)).toBe(20);
  });
});

describe("several factors", () => {
  const both = makeStudy(
    assembly,
    [
      { factor: "A", peaks: [interval("train:10000-10200"), interval("train:20000-20200")] },
      { factor: "B", peaks: [interval("train:10000-10200")], relaxedPeaks: [interval("train:20000-20200")] },
    ],
    { holdOuts },
  );

  it.each(["peaks", "bins"] as const)("each has its own label and weight (%s)", (positives) => {
    const sampler = new WindowSampler(both, both.experiments, splits, {
      ...defaults,
      positives,
      minimumOverlap: 180,
    });
    for (let epoch = 0; epoch < 5; epoch++) {
      const all = draw(sampler, epoch);
      const near = (at: number) => all.filter(({ start }) => Math.abs(start - at) < 200);
      expect(near(10_000).length).toBeGreaterThan(0);
      expect(near(20_000).length).toBeGreaterThan(0);
      for (const { labels, weights } of near(10_000))
        expect([labels, weights]).toEqual([
          [1, 1],
          [1, 1],
        ]);
      // Ambiguous for B, never bound by it: a peak of A says nothing about B.
      for (const { labels, weights } of near(20_000))
        expect([labels, weights]).toEqual([
          [1, 0],
          [1, 0],
        ]);
      for (const { start, labels, weights } of all) {
        if (Math.abs(start - 10_000) < 200 || Math.abs(start - 20_000) < 200) continue;
        expect([labels, weights]).toEqual([
          [0, 0],
          [1, 1],
        ]);
      }
    }
  });
});

describe("negatives that stand for others", () => {
  const negativesOf = (sampler: WindowSampler, epoch: number) =>
    draw(sampler, epoch).filter(({ labels }) => labels[0] === 0);
  const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

  it("count as much as all unbound bins together, where asked for", () => {
    const sampler = makeSampler({ negativesPerPositive: 3, negativeWeight: "prior" });
    const negatives = negativesOf(sampler, 1);
    expect(negatives).toHaveLength(sampler.negativesPerEpoch);
    const sum = total(negatives.map(({ weights }) => weights[0]));
    expect(Math.abs(sum / sampler.negativeCandidates.length - 1)).toBeLessThan(1e-6);
    const positives = draw(sampler, 1).filter(({ labels }) => labels[0] === 1);
    expect(positives.every(({ weights }) => weights[0] === 1)).toBe(true);
  });

  it("are drawn by difficulty: as many on average, the difficult more often, the sum of weights unbiased", () => {
    const sampler = makeSampler({ negativesPerPositive: 3, negativeWeight: "prior" });
    const { negativeCandidates: candidates, negativesPerEpoch: wanted } = sampler;
    // One candidate in eight is nine times as difficult.
    const isDifficult = (index: number) => index % 8 === 0;
    sampler.preferNegatives(Float64Array.from(candidates, (_, index) => (isDifficult(index) ? 9 : 1)));
    const indexOf = new Map(Array.from(candidates, (bin, index) => [study.bins.startOf(bin), index]));
    const epochs = Array.from({ length: 400 }, (_, epoch) => negativesOf(sampler, epoch));
    const counts = epochs.map(({ length }) => length);
    expect(Math.abs(total(counts) / 400 - wanted)).toBeLessThan(5 * Math.sqrt(wanted / 400));
    expect(new Set(counts).size).toBeGreaterThan(5);
    const difficult = total(
      epochs.map((all) => all.filter(({ start }) => isDifficult(indexOf.get(start)!)).length),
    );
    // 9/8 against 7/8 of the chances: 9 in 16.
    expect(difficult / total(counts)).toBeCloseTo(9 / 16, 1);
    const weights = total(epochs.flatMap((all) => all.map((row) => row.weights[0]))) / 400;
    expect(Math.abs(weights / candidates.length - 1)).toBeLessThan(0.02);
  });

  it("are drawn by difficulty with certainty where there are few of them", () => {
    const sampler = makeSampler({ negativesPerPositive: 2 });
    const difficulty = new Float64Array(sampler.negativeCandidates.length).fill(1e-9);
    difficulty.fill(1e9, 10, 20);
    sampler.preferNegatives(difficulty);
    const sure = [...sampler.negativeCandidates.subarray(10, 20)].map((bin) => study.bins.startOf(bin));
    for (let epoch = 0; epoch < 5; epoch++) {
      const negatives = negativesOf(sampler, epoch);
      const starts = negatives.map(({ start }) => start);
      expect(sure.every((start) => starts.includes(start))).toBe(true);
      expect(negatives.every(({ weights }) => weights[0] === 1)).toBe(true);
      // The rest of the epoch is shared out among the others.
      expect(Math.abs(starts.length - sampler.negativesPerEpoch)).toBeLessThan(40);
    }
  });
});

describe("validation", () => {
  it("is every labelled bin of the hold-out, in order", () => {
    const labels = labelExperiment(study, study.experiments[0]);
    const expected = [...labels].flatMap((label, bin) =>
      splits.use[bin] === VALIDATION && label !== AMBIGUOUS
        ? [{ chromosome: "valid", start: study.bins.startOf(bin), labels: [label], weights: [1] }]
        : [],
    );
    expect(rows(makeSampler().validationWindows(new Random(1)))).toEqual(expected);
  });

  it("is a sample of the unbound bins where asked for, the same for one seed", () => {
    const sampler = makeSampler({ validationNegativesPerPositive: 3 });
    const all = rows(sampler.validationWindows(new Random(1)));
    const bound = all.filter(({ labels }) => labels[0] === 1).length;
    expect(all).toHaveLength(4 * bound);
    expect(rows(sampler.validationWindows(new Random(1)))).toEqual(all);
    expect(rows(sampler.validationWindows(new Random(2)))).not.toEqual(all);
  });
});

describe("no leak by jitter or by peaks off the grid", () => {
  it("over all pairs of drawn windows and held-out windows", () => {
    const windowLength = 600;
    let shifted = 0;
    for (let trial = 0; trial < 12; trial++) {
      const random = new Random(`leak ${trial}`);
      const region = () => {
        const start = random.integer(15_000);
        return { chromosome: "one", start, end: start + 300 + random.integer(1500) };
      };
      const small = makeAssembly({ one: 20_000 });
      const own = {
        ...NO_HOLD_OUTS,
        validation: [region()],
        test: [region(), region()],
        blacklist: [region()],
      };
      const anyPeaks = Array.from({ length: 200 }, () => {
        const start = random.integer(19_700);
        return { chromosome: "one", start, end: start + 1 + random.integer(300) };
      });
      const leaky = makeStudy(small, [{ factor: "F", peaks: anyPeaks }], { holdOuts: own });
      const use = splitBins(leaky.bins, own, windowLength);
      for (const positives of ["peaks", "bins"] as const) {
        const sampler = new WindowSampler(leaky, leaky.experiments, use, {
          ...defaults,
          positives,
          negativeMargin: 0,
        });
        const { binStarts } = sampler.drawEpoch(random);
        for (let bin = 0; bin < leaky.bins.count; bin++) {
          if (use.use[bin] !== TEST && use.use[bin] !== VALIDATION) continue;
          const heldOut = leaky.bins.startOf(bin);
          for (const start of binStarts) {
            if (start % 50 !== 0) shifted++;
            if (Math.abs(start - heldOut) < windowLength) {
              throw new Error(
                `trial ${trial}: the window of ${start} overlaps the held-out one of ${heldOut}`,
              );
            }
          }
        }
      }
    }
    expect(shifted).toBeGreaterThan(1000);
  });
});

describe("nothing to train on", () => {
  it("is said for bound bins", async () => {
    const none = makeStudy(assembly, [{ factor: "F", peaks: [interval("test:5000-5200")] }], { holdOuts });
    for (const positives of ["peaks", "bins"] as const) {
      await expectError(
        () => new WindowSampler(none, none.experiments, splits, { ...defaults, positives }),
        "test.yaml",
        "no bound bin of F to train on",
        "at least one outside the hold-outs",
      );
    }
  });

  it("is said for unbound bins", async () => {
    const all = makeStudy(assembly, [{ factor: "F", peaks: [interval("train:0-60000")] }], { holdOuts });
    await expectError(() => new WindowSampler(all, all.experiments, splits, defaults), "no unbound bin of F");
  });

  it("is said for validation", async () => {
    const none = makeStudy(assembly, [{ factor: "F", peaks: [interval("train:5000-5200")] }], { holdOuts });
    const sampler = new WindowSampler(none, none.experiments, splits, defaults);
    await expectError(
      () => sampler.validationWindows(new Random(1)),
      "no bound bin of F in the validation hold-out",
    );
  });
});

import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import {
  type InterpreterMetricOptions,
  interpreterRoc,
  type MotifPlace,
  measureInterpreter,
  type ScoredBases,
} from "../src/interpreter-metrics.js";

describe("the metrics of interpretation methods", () => {
  // Two sequences of 10 bases. First: motif at 2-6 (a core at 8-10 is ignored); second: motif at 0-4.
  const scored: ScoredBases = {
    count: 2,
    length: 10,
    // biome-ignore format: a sequence a line
    scores: [
      0.1, 0, -9, 7, 0.2, 0.3, 6, 0.4, 99, 99,
      5, 0, 0, 0, 8, 0.5, 0, 0, 0, 0,
    ],
    motifs: [
      { sequence: 0, start: 2, end: 6 },
      { sequence: 1, start: 0, end: 4 },
    ],
    ignored: [
      { sequence: 0, start: 8, end: 10 },
      { sequence: 1, start: 8, end: 10 },
    ],
  };

  it("are those worked out by hand", () => {
    // The top quarter of 8 bases is 2: {2, 3} and {4, 0}. Three of four top bases lie in motifs; the first motif has 2
    // of its 4 bases in the top (found), the second 1 (missed).
    const metrics = measureInterpreter(scored, { topShare: 0.25 });
    expect(metrics.accuracy).toBe(3 / 4);
    expect(metrics.recall).toBe(1 / 2);
    expect(metrics.bestAccuracy).toBe(1);
    // Motif: 9 + 7 + .2 + .3 and 5; background: .1 + 0 + 6 + .4 and 8 + .5 + 0 + 0; 8 bases each.
    expect(metrics.signalToNoise).toBeCloseTo(21.5 / 15, 12);
    expect(measureInterpreter(scored, { signalToNoise: "sequence" }).signalToNoise).toBeCloseTo(
      (16.5 / 6.5 + 5 / 8.5) / 2,
      12,
    );
    // The first motif enters at 2/8, the second with the zeros at 8/8. Background of the first enters at 7/8 (0.1), 8/8
    // (0), 3/8 (6), 4/8 (0.4), of the second at 1/8 (8), 3/8 (0.5), 8/8, 8/8. Motif 1 comes before 7 of 8; motif 2 ties
    // with 3 of 8: (7 + 1.5) / 16.
    expect(metrics.auroc).toBeCloseTo(8.5 / 16, 12);
    // With a sign, the -9 is last: only base 3 of the first motif stays at the top, and 6 takes the free place.
    const signed = measureInterpreter(scored, { topShare: 0.25, score: "signed" });
    expect(signed.accuracy).toBe(2 / 4);
    expect(signed.recall).toBe(0);
    expect(signed.signalToNoise).toBeCloseTo(3.5 / 15, 12);
  });

  it("lets bases of one score into the top together or not at all", () => {
    const flat = measureInterpreter({ ...scored, scores: new Float64Array(20).fill(1) });
    expect(flat).toMatchObject({ accuracy: 0, recall: 0, auroc: 0.5, baseAuroc: 0.5, signalToNoise: 1 });
    const perfect = measureInterpreter(
      {
        ...scored,
        scores: scored.scores && new Float64Array(20).map((_, i) => (i < 4 ? 1 : 0)),
        motifs: [{ sequence: 0, start: 0, end: 4 }],
      },
      { topShare: 0.5 },
    );
    expect(perfect).toMatchObject({ accuracy: 1, recall: 1, auroc: 1, baseAuroc: 1 });
  });

  it("agree with a sweep over all thresholds", () => {
    const random = new Random(11);
    for (let round = 0; round < 60; round++) {
      const drawn = drawScored(random);
      const options: InterpreterMetricOptions = {
        score: round % 2 === 0 ? "absolute" : "signed",
        ranking: round % 3 === 0 ? "pooled" : "sequence",
        falsePositives: round % 4 < 2 ? "bases" : "stretches",
        topShare: [0.05, 0.1, 0.3][round % 3],
        foundShare: [0.5, 0.7][round % 2],
      };
      const expected = sweep(drawn, options);
      const metrics = measureInterpreter(drawn, options);
      expect(metrics.accuracy).toBeCloseTo(expected.accuracy, 12);
      expect(metrics.recall).toBeCloseTo(expected.recall, 12);
      expect(metrics.auroc).toBeCloseTo(expected.auroc, 10);
      expect(metrics.baseAuroc).toBeCloseTo(expected.baseAuroc, 10);
      const roc = interpreterRoc(drawn, options);
      let area = 0;
      for (let i = 1; i < roc.recall.length; i++)
        area +=
          ((roc.recall[i] + roc.recall[i - 1]) / 2) *
          (roc.falsePositiveRate[i] - roc.falsePositiveRate[i - 1]);
      expect(area).toBeCloseTo(expected.auroc, 10);
    }
  });

  it("refuse what does not fit", () => {
    expect(() => measureInterpreter({ ...scored, scores: [1] })).toThrow("1 scores; expected 2 x 10");
    expect(() => measureInterpreter({ ...scored, motifs: [] })).toThrow("no embedded motif");
    expect(() => measureInterpreter({ ...scored, motifs: [{ sequence: 0, start: 7, end: 11 }] })).toThrow(
      "bases 7 to 11 of sequence 0",
    );
    expect(() => measureInterpreter({ ...scored, motifs: [{ sequence: 0, start: 7, end: 9 }] })).toThrow(
      "overlap",
    );
    expect(() => measureInterpreter({ ...scored, scores: new Float64Array(20).fill(Number.NaN) })).toThrow(
      "base 0 of sequence 0",
    );
    expect(() => measureInterpreter(scored, { topShare: 0 })).toThrow("topShare");
  });
});

function drawScored(random: Random): ScoredBases {
  const count = 1 + random.integer(3);
  const length = 36 + random.integer(20);
  const motifs: MotifPlace[] = [];
  const ignored: MotifPlace[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    motifs.push({ sequence, start: 2, end: 8 }, { sequence, start: 20, end: 25 + random.integer(3) });
    ignored.push({ sequence, start: 10, end: 14 });
  }
  // Few distinct values, so that there are ties.
  const scores = Float64Array.from({ length: count * length }, () => random.integer(60) - 25);
  return { count, length, scores, motifs, ignored };
}

/** The definitions, word for word: for every size of the top, which bases are in it, which motifs are found. */
function sweep(scored: ScoredBases, options: InterpreterMetricOptions) {
  const { count, length, motifs, ignored = [] } = scored;
  const inside = (places: readonly MotifPlace[], i: number) =>
    places.some(
      ({ sequence, start, end }) =>
        sequence === Math.floor(i / length) && i % length >= start && i % length < end,
    );
  const all = Array.from({ length: count * length }, (_, i) => i).filter((i) => !inside(ignored, i));
  const value = (i: number) => (options.score === "signed" ? scored.scores[i] : Math.abs(scored.scores[i]));
  const isTop = (i: number, share: number) => {
    const rivals =
      options.ranking === "pooled"
        ? all
        : all.filter((j) => Math.floor(j / length) === Math.floor(i / length));
    return rivals.filter((j) => value(j) >= value(i)).length <= share * rivals.length + 1e-9;
  };
  const isFound = ({ sequence, start, end }: MotifPlace, share: number) => {
    let top = 0;
    for (let k = start; k < end; k++) if (isTop(sequence * length + k, share)) top++;
    return top >= options.foundShare! * (end - start);
  };
  const background = all.filter((i) => !inside(motifs, i));
  const width = Math.round(motifs.reduce((sum, { start, end }) => sum + end - start, 0) / motifs.length);
  const stretches: MotifPlace[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    for (let start = 0; start + width <= length; ) {
      const bases = Array.from({ length: width }, (_, k) => sequence * length + start + k);
      const wrong = bases.findLastIndex((i) => !background.includes(i));
      if (wrong < 0) stretches.push({ sequence, start, end: start + width });
      start += wrong < 0 ? width : wrong + 1;
    }
  }
  const shares = [
    0,
    ...new Set(
      all.flatMap((_, i) =>
        options.ranking === "pooled" ? [(i + 1) / all.length] : [(i + 1) / (all.length / count)],
      ),
    ),
  ].filter((share) => share <= 1 + 1e-9);
  const rate = (items: readonly unknown[], isIn: (item: never) => boolean) =>
    items.filter(isIn as (item: unknown) => boolean).length / items.length;
  const area = (points: [number, number][]) => {
    let sum = 0;
    for (let i = 1; i < points.length; i++)
      sum += ((points[i][1] + points[i - 1][1]) / 2) * (points[i][0] - points[i - 1][0]);
    return sum;
  };
  const top = all.filter((i) => isTop(i, options.topShare!));
  return {
    accuracy: top.length === 0 ? 0 : rate(top, (i: never) => inside(motifs, i)),
    recall: rate(motifs, (motif: never) => isFound(motif, options.topShare!)),
    auroc: area(
      shares.map((share) => [
        options.falsePositives === "stretches"
          ? rate(stretches, (place: never) => isFound(place, share))
          : rate(background, (i: never) => isTop(i, share)),
        rate(motifs, (motif: never) => isFound(motif, share)),
      ]),
    ),
    baseAuroc: area(
      shares.map((share) => [
        rate(background, (i: never) => isTop(i, share)),
        rate(
          all.filter((i) => inside(motifs, i)),
          (i: never) => isTop(i, share),
        ),
      ]),
    ),
  };
}

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { BindscapeError, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { MOTIF_DISTANCES, type MotifDistance } from "../src/compare/column-scores.js";
import { compare } from "../src/compare/compare.js";
import { type ComparerOptions, MotifComparer } from "../src/compare/motif-comparer.js";
import { writeTomtomTsv } from "../src/compare/tomtom-tsv.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import { type Motif, reverseComplementMotif } from "../src/motif.js";
import { dataFile } from "./data.js";

function randomMotif(random: Random, id: string, length: number): Motif {
  const probabilities = new Float64Array(length * 4);
  for (let at = 0; at < probabilities.length; at += 4) {
    const row = [0, 1, 2, 3].map(() => random.uniform() ** 3 + 0.001);
    const sum = row.reduce((total, value) => total + value, 0);
    row.forEach((value, base) => {
      probabilities[at + base] = value / sum;
    });
  }
  return { id, name: id, probabilities, length, sites: 5 + random.integer(40) };
}

/** Columns with pseudocounts, and the scores of column pairs, straight from their definitions. */
type Column = { p: number[]; n: number };

function columnsOf({ probabilities, length, sites = 20 }: Motif, background: readonly number[]): Column[] {
  return Array.from({ length }, (_, i) => ({
    p: [0, 1, 2, 3].map(
      (base) => (probabilities[i * 4 + base] * sites + 0.1 * background[base]) / (sites + 0.1),
    ),
    n: sites,
  }));
}

const sum = (term: (base: number) => number) => term(0) + term(1) + term(2) + term(3);

function logGamma(x: number): number {
  // Stirling's series after a shift: good to 1e-12 and nothing like the products the library uses.
  let shift = 0;
  let z = x;
  while (z < 30) shift += Math.log(z++);
  return (
    (z - 0.5) * Math.log(z) -
    z +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * z) -
    1 / (360 * z ** 3) +
    1 / (1260 * z ** 5) -
    shift
  );
}

function sourceOf(counts: readonly number[], priors: readonly (readonly number[])[]): number[] {
  const total = sum((b) => counts[b]);
  const logs = priors.map((alpha) => {
    const mass = sum((b) => alpha[b]);
    return (
      logGamma(mass) -
      logGamma(mass + total) +
      sum((b) => logGamma(alpha[b] + counts[b]) - logGamma(alpha[b]) - logGamma(counts[b] + 1))
    );
  });
  const highest = Math.max(...logs);
  const weights = logs.map((value) => Math.exp(value - highest));
  const all = weights.reduce((a, b) => a + b, 0);
  return [0, 1, 2, 3].map((b) =>
    priors.reduce(
      (mean, alpha, k) =>
        mean + ((weights[k] / all) * (counts[b] + alpha[b])) / (total + sum((base) => alpha[base])),
      0,
    ),
  );
}

const ONE = [[1, 1, 1, 1]];
const FIVE = [
  [5, 1, 1, 1],
  [1, 5, 1, 1],
  [1, 1, 5, 1],
  [1, 1, 1, 5],
  [2, 2, 2, 2],
];

function columnScore(distance: MotifDistance, q: Column, t: Column, b: readonly number[]): number {
  const squared = sum((k) => (q.p[k] - t.p[k]) ** 2);
  switch (distance) {
    case "ed":
      return -Math.sqrt(squared);
    case "sandelin":
      return 2 - squared;
    case "pearson": {
      const length = (p: number[]) => Math.sqrt(sum((k) => (p[k] - 0.25) ** 2));
      return sum((k) => (q.p[k] - 0.25) * (t.p[k] - 0.25)) / length(q.p) / length(t.p);
    }
    case "kullback":
      return -0.5 * sum((k) => q.p[k] * Math.log(q.p[k] / t.p[k]) + t.p[k] * Math.log(t.p[k] / q.p[k]));
    case "allr":
      return (
        sum((k) => q.n * q.p[k] * Math.log(t.p[k] / b[k]) + t.n * t.p[k] * Math.log(q.p[k] / b[k])) /
        (q.n + t.n)
      );
    default: {
      const priors = distance.endsWith("5") ? FIVE : ONE;
      const [nq, nt] = [q.p.map((p) => p * q.n), t.p.map((p) => p * t.n)];
      const both = nq.map((value, k) => value + nt[k]);
      const of = (n: number[], source: number[]) => sum((k) => n[k] * Math.log(source[k]));
      const common = of(both, sourceOf(both, priors));
      const ratio = common - of(nq, sourceOf(nq, priors)) - of(nt, sourceOf(nt, priors));
      return distance.startsWith("llr") ? ratio : ratio + common - of(both, [...b]);
    }
  }
}

interface Slow {
  pValue: number;
  offset: number;
  isReversed: boolean;
}

/** Everything by definition: every tuple of target columns is looked at for the null distribution of a span. */
function alignSlowly(query: Motif, targets: readonly Motif[], options: ComparerOptions): Slow[] {
  const { distance = "ed", bothStrands = true, minimumOverlap = 1, completeScores = true } = options;
  const background = Array.from(options.background ?? [0.25, 0.25, 0.25, 0.25]);
  const q = columnsOf(query, background);
  const turned = (columns: Column[]) => columns.map(({ p, n }) => ({ p: p.toReversed(), n })).reverse();
  const oriented = targets.map((motif) => {
    const columns = columnsOf(motif, background);
    return bothStrands ? [columns, turned(columns)] : [columns];
  });
  const all = oriented.flat(2);
  const raw = q.map((column) => all.map((other) => columnScore(distance, column, other, background)));
  const middle = raw.map((row) => {
    if (!completeScores) return 0;
    const sorted = [...row].sort((a, b) => a - b);
    const at = sorted.length / 2 - 1;
    return (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
  });
  const shifted = raw.map((row, i) => row.map((value) => value - middle[i]));
  const lowest = Math.floor(Math.min(...shifted.flat()));
  const steps = 100 / (Math.max(...shifted.flat()) - lowest);
  const scale = steps >= 1 ? Math.floor(steps) : steps;
  const whole = (i: number, column: Column) =>
    Math.floor((columnScore(distance, q[i], column, background) - middle[i] - lowest) * scale + 0.5);
  const zero = completeScores ? Math.round(-lowest * scale) : 0;
  const table = q.map((_, i) => all.map((column) => whole(i, column)));
  /** Chance that the columns from..to score at least this, by enumeration. */
  const chance = (from: number, to: number, least: number): number => {
    const count = (i: number, rest: number): number =>
      i > to ? (rest <= 0 ? 1 : 0) : table[i].reduce((total, value) => total + count(i + 1, rest - value), 0);
    return count(from, least) / all.length ** (to - from + 1);
  };
  return targets.map((motif, index) => {
    const tries = oriented[index].map((columns, strand) => {
      const placements: { offset: number; start: number; end: number; score: number }[] = [];
      const least = Math.min(minimumOverlap, q.length, motif.length);
      for (let offset = 1 - q.length; offset < motif.length; offset++) {
        const start = Math.max(0, -offset);
        const end = Math.min(q.length, motif.length - offset) - 1;
        if (end - start + 1 < least) continue;
        let score = zero * (q.length - (end - start + 1));
        for (let i = start; i <= end; i++) score += whole(i, columns[i + offset]);
        placements.push({ offset, start, end, score });
      }
      const unaligned = ({ start, end }: { start: number; end: number }) =>
        zero * (q.length - (end - start + 1));
      let best = placements[0];
      let pValue: number;
      if (completeScores) {
        for (const placement of placements) if (placement.score > best.score) best = placement;
        pValue =
          1 -
          placements.reduce((none, p) => none * (1 - chance(p.start, p.end, best.score - unaligned(p))), 1);
      } else {
        const chances = placements.map((p) => chance(p.start, p.end, p.score));
        best = placements[chances.indexOf(Math.min(...chances))];
        pValue = 1 - (1 - Math.min(...chances)) ** placements.length;
      }
      if (bothStrands) pValue = 1 - (1 - pValue) ** 2;
      return { pValue, offset: best.offset, isReversed: strand === 1 };
    });
    return tries.length > 1 && tries[1].pValue < tries[0].pValue ? tries[1] : tries[0];
  });
}

describe("MotifComparer", () => {
  const random = new Random("compare");
  const targets = [1, 2, 3, 4, 5].map((length) => randomMotif(random, `t${length}`, length));
  const variants: ComparerOptions[] = [
    ...MOTIF_DISTANCES.map((distance) => ({ distance })),
    { bothStrands: false },
    { minimumOverlap: 2 },
    { minimumOverlap: 4, bothStrands: false },
    { completeScores: false },
    { completeScores: false, distance: "pearson", minimumOverlap: 3, bothStrands: false },
    { background: [0.3, 0.2, 0.15, 0.35], distance: "allr" },
  ];
  for (const options of variants) {
    it(`is the definition, every tuple of columns enumerated: ${JSON.stringify(options)}`, () => {
      for (const length of [1, 3, 4]) {
        const query = randomMotif(random, "q", length);
        const expected = alignSlowly(query, targets, options);
        const found = new MotifComparer(targets, options).align(query);
        expected.forEach(({ pValue, offset, isReversed }, i) => {
          expect(found.pValues[i]).toBeCloseTo(pValue, 11);
          expect(found.offsets[i]).toBe(offset);
          expect(found.isReversed[i]).toBe(isReversed ? 1 : 0);
        });
      }
    });
  }

  it("keeps the digits of small chances", () => {
    // The chance of a perfect match is that of each column once: (1 / columns) ^ width, over all offsets.
    const many = Array.from({ length: 40 }, (_, i) => randomMotif(random, `m${i}`, 10));
    const { pValues } = new MotifComparer(many, { bothStrands: false }).align(many[7]);
    expect(pValues[7]).toBeLessThan(1e-20);
    expect(pValues[7]).toBeGreaterThan(400 ** -10 * 0.99);
  });

  it("does not mind which strand both motifs are read from", () => {
    const motifs = Array.from({ length: 12 }, (_, i) => randomMotif(random, `m${i}`, 4 + (i % 5)));
    const forward = new MotifComparer(motifs, { bothStrands: false }).align(motifs[3]);
    const reverse = new MotifComparer(motifs.map(reverseComplementMotif), { bothStrands: false }).align(
      reverseComplementMotif(motifs[3]),
    );
    forward.pValues.forEach((pValue, i) => {
      expect(reverse.pValues[i]).toBeCloseTo(pValue, 12);
      expect(reverse.overlaps[i] > 0).toBe(true);
    });
  });

  it("finds a motif on the other strand where it is", () => {
    const motifs = Array.from({ length: 30 }, (_, i) => randomMotif(random, `m${i}`, 9));
    const comparer = new MotifComparer(motifs);
    const turned = comparer.align(reverseComplementMotif(motifs[5]));
    expect(turned.isReversed[5]).toBe(1);
    expect(turned.offsets[5]).toBe(0);
    expect(turned.overlaps[5]).toBe(9);
    expect(turned.pValues.indexOf(Math.min(...turned.pValues))).toBe(5);
    expect(turned.pValues[5]).toBeCloseTo(comparer.align(motifs[5]).pValues[5], 12);
  });

  it("takes motifs without any preference", () => {
    const flat: Motif = { id: "n", name: "n", probabilities: new Float64Array(12).fill(0.25), length: 3 };
    for (const distance of MOTIF_DISTANCES) {
      const { pValues } = new MotifComparer([flat, flat], { distance }).align(flat);
      expect(Array.from(pValues)).toEqual([1, 1]);
    }
  });

  it("refuses options that mean nothing", () => {
    expect(() => new MotifComparer([])).toThrow(/no target motifs/);
    expect(() => new MotifComparer(targets, { minimumOverlap: 0 })).toThrow(/minimum overlap of 0/);
    expect(() => new MotifComparer(targets, { pseudocount: 0 })).toThrow(BindscapeError);
    expect(() => new MotifComparer(targets, { distance: "cosine" as MotifDistance })).toThrow(
      /one of allr, ed/,
    );
    expect(() => new MotifComparer(targets, { background: [1, 0, 0, 0] })).toThrow(BindscapeError);
  });
});

describe("compare", () => {
  const random = new Random("compare sets");
  const targets = Array.from({ length: 60 }, (_, i) => randomMotif(random, `t${i}`, 6 + (i % 4)));

  it("gives all targets at an E-value threshold as large as their number, best first", () => {
    const matches = compare([targets[0], targets[9]], targets, { threshold: 60, thresholdOn: "E-value" });
    expect(matches).toHaveLength(120);
    const first = matches.filter(({ query }) => query === 0);
    expect(first[0].target).toBe(0);
    first.forEach((match, i) => {
      expect(match.eValue).toBeCloseTo(match.pValue * 60, 12);
      if (i > 0) expect(match.pValue).toBeGreaterThanOrEqual(first[i - 1].pValue);
      if (i > 0) expect(match.qValue).toBeGreaterThanOrEqual(first[i - 1].qValue);
    });
    const least = compare([targets[0]], targets, { threshold: 0.2 });
    expect(least).toEqual(first.filter(({ qValue }) => qValue <= 0.2));
  });

  it("refuses a threshold that is none, and no queries", () => {
    expect(() => compare([], targets)).toThrow(/no query motifs/);
    expect(() => compare(targets, targets, { threshold: 2 })).toThrow(/threshold of 2 on the q-value/);
    expect(() => compare(targets, targets, { threshold: Number.NaN, thresholdOn: "E-value" })).toThrow();
  });

  it("is written as Tomtom writes it", () => {
    const text = writeTomtomTsv(
      [
        {
          query: 0,
          target: 1,
          offset: -2,
          overlap: 4,
          isReversed: true,
          pValue: 0.000105047,
          eValue: 14.3,
          qValue: 1.484663e-16,
        },
      ],
      readMotifs(">q\n9 0 0 0\n0 9 0 0\n0 0 9 0\n0 0 0 9\n0 9 0 0\n", "q"),
      readMotifs(">a\n9 0 0 0\n>b\n9 0 0 0\n0 9 0 0\n0 0 9 0\n0 1 0 9\n0 9 0 0\n", "t", "pfm"),
      ["bindscape motifs compare"],
    );
    expect(text).toBe(
      "Query_ID\tTarget_ID\tOptimal_offset\tp-value\tE-value\tq-value\tOverlap\tQuery_consensus\tTarget_consensus\tOrientation\n" +
        "q\tb\t-2\t0.000105047\t14.3\t1.48466e-16\t4\tACGTC\tGACGT\t-\n\n# bindscape motifs compare\n",
    );
  });
});

describe("agreement with Tomtom 5.5.8", () => {
  const gold = dataFile("gold/meme_5.5.8_yeast/tomtom_20fungi_vs_JASPAR2022_ed_norc_0.1.tsv.gz");
  const queriesFile = dataFile("gold/meme_5.5.8_yeast/JASPAR2022_fungi.meme");
  const targetsFile = dataFile("motifs/JASPAR2022_CORE_non-redundant.meme");
  it.skipIf(!gold || !queriesFile || !targetsFile)(
    "20 fungal motifs against JASPAR CORE: every match",
    () => {
      const queries = readMotifs(readFileSync(queriesFile!, "utf8"), queriesFile!).slice(0, 20);
      const targets = readMotifs(readFileSync(targetsFile!, "utf8"), targetsFile!);
      const rows = gunzipSync(readFileSync(gold!))
        .toString()
        .split("\n")
        .slice(1)
        .map((line) => line.split("\t"))
        .filter((fields) => fields.length === 10);
      expect(rows).toHaveLength(563);
      // A little beyond 0.1: Tomtom draws its share of true nulls at random, so that its q-values waver by a hundredth.
      const matches = compare(queries, targets, { bothStrands: false, threshold: 0.101 });
      const found = new Map(
        matches.map((match) => [`${queries[match.query].id} ${targets[match.target].id}`, match]),
      );
      for (const [query, target, offset, p, , q, overlap] of rows) {
        const match = found.get(`${query} ${target}`)!;
        expect(match).toMatchObject({ offset: Number(offset), overlap: Number(overlap), isReversed: false });
        // It writes 0 where single precision has nothing smaller.
        if (Number(p) === 0) expect(match.pValue).toBeLessThan(1e-45);
        else {
          expect(Math.abs(match.pValue / Number(p) - 1)).toBeLessThan(1e-4);
          expect(Math.abs(match.qValue / Number(q) - 1)).toBeLessThan(0.01);
        }
      }
      const written = rows.map(([query, target]) => `${query} ${target}`);
      const ours = [...found.keys()].filter((key) => written.includes(key));
      expect(ours).toEqual(written);
      const surplus = matches.filter(
        (match) => !written.includes(`${queries[match.query].id} ${targets[match.target].id}`),
      );
      for (const { qValue } of surplus) expect(qValue).toBeGreaterThan(0.099);
    },
  );
});

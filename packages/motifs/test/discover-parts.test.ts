import { logFisherEnrichment, Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DNA, METHYLATED_DNA } from "../src/alphabet.js";
import { backgroundOfLetters } from "../src/background.js";
import { ColumnSignificance, logProductTail } from "../src/discover/column-significance.js";
import { findBestThreshold, makeEnrichmentTest } from "../src/discover/enrichment.js";
import { SequenceSet } from "../src/discover/sequence-set.js";
import { SiteLikelihood } from "../src/discover/site-likelihood.js";
import { makeBestSites, NO_SCORE, SiteScorer } from "../src/discover/site-scorer.js";
import { WordIndex } from "../src/discover/word-index.js";

const UNIFORM = backgroundOfLetters([0.25, 0.25, 0.25, 0.25]);

function randomSequences(random: Random, count: number, unknownEvery = 25): Uint8Array[] {
  return Array.from({ length: count }, () =>
    Uint8Array.from({ length: 20 + random.integer(40) }, () =>
      random.integer(unknownEvery) === 0 ? 4 : random.integer(4),
    ),
  );
}

describe("WordIndex", () => {
  it("counts every word of every width as brute force does, also after erasing", () => {
    const random = new Random("words");
    const primary = randomSequences(random, 12);
    const control = randomSequences(random, 9);
    for (const bothStrands of [true, false]) {
      const set = new SequenceSet(primary, control, DNA);
      const index = new WordIndex(set, 3, 12, bothStrands);
      for (const isErased of [false, true]) {
        if (isErased) {
          set.erase([set.starts[2] + 4, set.starts[15] + 1], 7);
          index.update();
        }
        for (const width of [3, 4, 8, 9, 12]) {
          const counted = new Map<string, string>();
          index.countWords(width, 1, (place, primaries, controls) => {
            counted.set(index.wordAt(place, width).join(""), `${primaries}/${controls}`);
          });
          expect(counted).toEqual(bruteCounts(set, width, bothStrands));
        }
      }
    }
  });
});

function bruteCounts(set: SequenceSet, width: number, bothStrands: boolean): Map<string, string> {
  const holders = new Map<string, Set<number>>();
  for (let i = 0; i < set.count; i++) {
    const own = set.codes.subarray(set.starts[i], set.starts[i + 1] - 1);
    const other = own.map((code) => (code < 4 ? 3 - code : 4)).reverse();
    for (const codes of bothStrands ? [own, other] : [own]) {
      for (let at = 0; at + width <= codes.length; at++) {
        const word = codes.subarray(at, at + width);
        if (word.includes(4)) continue;
        const key = word.join("");
        holders.set(key, (holders.get(key) ?? new Set()).add(i));
      }
    }
  }
  const counts = new Map<string, string>();
  for (const [word, sequences] of holders) {
    const primaries = [...sequences].filter((i) => i < set.primaries).length;
    if (primaries > 0) counts.set(word, `${primaries}/${sequences.size - primaries}`);
  }
  return counts;
}

describe("SiteScorer", () => {
  it("finds the best site of each sequence as brute force does, at any width and alphabet", () => {
    const random = new Random("sites");
    for (const [alphabet, widths] of [
      [DNA, [3, 8, 9, 15, 16, 17, 30]],
      [METHYLATED_DNA, [5, 6, 11, 14]],
    ] as const) {
      const size = alphabet.letters.length;
      const sequences = Array.from({ length: 30 }, () =>
        Uint8Array.from({ length: 10 + random.integer(60) }, () =>
          random.integer(30) === 0 ? size : random.integer(size),
        ),
      );
      const set = new SequenceSet(sequences, [], alphabet);
      const letters = new Array(size).fill(1 / size);
      for (const bothStrands of [true, false]) {
        const scorer = new SiteScorer(set, bothStrands, backgroundOfLetters(letters, alphabet));
        for (const width of widths) {
          const matrix = Int32Array.from({ length: width * size }, () => random.integer(400) - 200);
          const best = makeBestSites(set.count);
          scorer.findBest(matrix, best, -50);
          const sites: string[] = [];
          scorer.visitSites(matrix, 0, (sequence, place, isReverse, score) =>
            sites.push([sequence, place - set.starts[sequence], isReverse, score].join()),
          );
          const expectedSites: string[] = [];
          for (const [i, codes] of sequences.entries()) {
            let expected = NO_SCORE;
            for (let at = 0; at + width <= codes.length; at++) {
              const site = codes.subarray(at, at + width);
              if (site.some((code) => code >= size)) continue;
              let forward = 0;
              let reverse = 0;
              for (let k = 0; k < width; k++) {
                forward += matrix[k * size + site[k]];
                reverse += matrix[k * size + alphabet.complement[site[width - 1 - k]]];
              }
              const isReverse = bothStrands && reverse > forward;
              const score = isReverse ? reverse : forward;
              if (score > expected && score >= -50) expected = score;
              if (score >= 0) expectedSites.push([i, at, isReverse, score].join());
            }
            expect(best.scores[i]).toBe(expected);
          }
          expect(sites).toEqual(expectedSites);
        }
      }
    }
  });

  it("scores against a Markov background by the letters before each letter", () => {
    // A always follows C in the background, and nothing else does: CA costs, its halves alone do not.
    const rows = [
      0.25, 0.25, 0.25, 0.25, 0.97, 0.01, 0.01, 0.01, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25,
    ];
    const background = {
      alphabet: DNA,
      order: 1,
      words: [Float64Array.from([0.25, 0.25, 0.25, 0.25]), Float64Array.from(rows, (p) => p / 4)],
    };
    const set = new SequenceSet([Uint8Array.from([2, 1, 0, 2])], [], DNA);
    const best = makeBestSites(1);
    new SiteScorer(set, false, background).findBest(new Int32Array(16), best, -1000);
    expect(best.scores[0]).toBe(-Math.round(100 * Math.log2(0.97 / 0.25)));
  });
});

describe("findBestThreshold", () => {
  it("finds the smallest p-value of all thresholds", () => {
    const random = new Random("thresholds");
    const sequences = Array.from({ length: 80 }, () => new Uint8Array(50));
    const set = new SequenceSet(sequences.slice(0, 40), sequences.slice(40), DNA);
    const test = makeEnrichmentTest(set);
    expect(test.name).toBe("fisher");
    for (let round = 0; round < 50; round++) {
      const best = makeBestSites(80);
      for (let i = 0; i < 80; i++) best.scores[i] = random.integer(40) - 10 + (i < 40 ? 6 : 0);
      let expected = Number.POSITIVE_INFINITY;
      for (let threshold = 1; threshold < 60; threshold++) {
        const hits = best.scores.subarray(0, 40).filter((score) => score >= threshold).length;
        const controlHits = best.scores.subarray(40).filter((score) => score >= threshold).length;
        if (hits === 0 || controlHits > test.mostControlHits) continue;
        expected = Math.min(expected, logFisherEnrichment(hits, 40, controlHits, 40));
      }
      expect(findBestThreshold(best, 40, 1, test)?.logP).toBeCloseTo(expected, 10);
    }
  });

  it("takes the binomial test where lengths differ", () => {
    const set = new SequenceSet([new Uint8Array(50)], [new Uint8Array(60)], DNA);
    expect(makeEnrichmentTest(set).name).toBe("binomial");
  });
});

describe("SiteLikelihood", () => {
  it("adds up log-ratios on both strands", () => {
    const random = new Random("likelihood");
    const sequences = randomSequences(random, 10);
    const set = new SequenceSet(sequences, [], DNA);
    const likelihood = new SiteLikelihood(set);
    for (const width of [4, 7, 18, 50]) {
      const ratios = Float64Array.from({ length: width * 4 }, () => random.normal());
      likelihood.score(ratios, true);
      for (const [i, codes] of sequences.entries()) {
        for (let at = 0; at + width <= codes.length; at++) {
          const site = codes.subarray(at, at + width);
          if (site.includes(4)) continue;
          let forward = 0;
          let reverse = 0;
          for (let k = 0; k < width; k++) {
            forward += ratios[k * 4 + site[k]];
            reverse += ratios[k * 4 + 3 - site[width - 1 - k]];
          }
          expect(likelihood.forward[set.starts[i] + at]).toBeCloseTo(forward, 9);
          expect(likelihood.reverse[set.starts[i] + at]).toBeCloseTo(reverse, 9);
        }
      }
    }
  });
});

describe("ColumnSignificance", () => {
  const frequencies = [0.3, 0.2, 0.2, 0.3];
  const significance = new ColumnSignificance(frequencies);

  it("equals the sum over all sequences of letters", () => {
    const n = 6;
    const outcomes: { ratio: number; p: number }[] = [];
    for (let word = 0; word < 4 ** n; word++) {
      const counts = [0, 0, 0, 0];
      let p = 1;
      for (let i = 0, rest = word; i < n; i++, rest >>= 2) {
        counts[rest & 3]++;
        p *= frequencies[rest & 3];
      }
      outcomes.push({ ratio: significance.ratio(counts, n), p });
    }
    for (const { ratio } of outcomes.slice(0, 300)) {
      const tail = outcomes
        .filter((outcome) => outcome.ratio >= ratio - 1e-9)
        .reduce((sum, { p }) => sum + p, 0);
      // Ratios are counted in bins of a thousandth or so.
      expect(Math.abs(Math.exp(significance.logP(ratio, n)) / tail - 1)).toBeLessThan(1e-6);
    }
  });

  it("goes on smoothly where enumeration ends", () => {
    for (const perLetter of [0.02, 0.1, 0.4, 1, 1.5]) {
      const at100 = significance.logP(perLetter * 100, 100);
      const at101 = significance.logP(perLetter * 101, 101);
      // One letter more adds the ratio per letter, nearly.
      expect(Math.abs(at101 - at100 + perLetter)).toBeLessThan(0.05);
    }
    // A column of one letter, C or G: twice f^n. At this end of the range the tail given is larger by root 4.
    const sure = significance.ratio([0, 400, 0, 0], 400);
    const exact = Math.log(2) + 400 * Math.log(0.2);
    expect(Math.abs(significance.logP(sure, 400) - exact - Math.log(2))).toBeLessThan(0.05);
  });

  it("combines columns as the product of uniform numbers is distributed", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (p) => {
        expect(logProductTail(Math.log(p), 1)).toBeCloseTo(Math.log(p), 10);
        // P(U V <= p) = p (1 - ln p)
        expect(logProductTail(Math.log(p), 2)).toBeCloseTo(Math.log(p * (1 - Math.log(p))), 10);
      }),
    );
  });
});

it("sets of one strand score one strand", () => {
  const set = new SequenceSet([Uint8Array.from([0, 0, 3, 3])], [], DNA);
  const best = makeBestSites(1);
  const matrix = Int32Array.from([-100, -100, -100, 100, -100, -100, -100, 100]);
  new SiteScorer(set, false, UNIFORM).findBest(matrix, best, 1);
  expect([best.places[0], best.isReverse[0]]).toEqual([2, 0]);
  new SiteScorer(set, true, UNIFORM).findBest(matrix, best, 1);
  expect([best.places[0], best.isReverse[0]]).toEqual([0, 1]);
});

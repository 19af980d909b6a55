import { Random } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeLetters, encodeLetters, METHYLATED_DNA } from "../src/alphabet.js";
import { SequenceShuffler, shuffleSequence } from "../src/shuffle.js";

function countWords(codes: Uint8Array, k: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + k <= codes.length; i++) {
    const word = codes.subarray(i, i + k).join(",");
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

const sorted = (counts: Map<string, number>) => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));

describe("shuffleSequence", () => {
  it("keeps the count of every word of k letters, the ends, and every unknown letter", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ min: 0, max: 4, maxLength: 120 }),
        fc.integer({ min: 1, max: 14 }),
        fc.integer(),
        (codes, k, seed) => {
          const before = codes.slice();
          const shuffled = shuffleSequence(codes, k, new Random(seed));
          expect(codes).toEqual(before);
          expect(shuffled.length).toBe(codes.length);
          for (const [i, code] of codes.entries()) if (code === 4) expect(shuffled[i]).toBe(4);
          // Words that hold an unknown letter keep to their place in full only for k = 1.
          const known = (counts: Map<string, number>) =>
            sorted(counts).filter(([word]) => !word.includes("4"));
          for (let j = 1; j <= k; j++) {
            expect(known(countWords(shuffled, j))).toEqual(known(countWords(codes, j)));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("counts long words by map as by table", () => {
    const random = new Random("repeats");
    const unit = Uint8Array.from({ length: 14 }, () => random.integer(4));
    const codes = Uint8Array.from({ length: 400 }, (_, i) =>
      i % 31 < 14 ? unit[i % 31] : random.integer(4),
    );
    const shuffled = shuffleSequence(codes, 13, random);
    expect(sorted(countWords(shuffled, 13))).toEqual(sorted(countWords(codes, 13)));
    expect(shuffled).not.toEqual(codes);
  });

  it("draws every sequence with the same dinucleotides equally often", () => {
    const codes = encodeLetters("ACAGATACGAT", { ...METHYLATED_DNA });
    // All sequences with these dinucleotides, by trying all orders of the letters.
    const wanted = JSON.stringify(sorted(countWords(codes, 2)));
    const all = new Set<string>();
    const extend = (prefix: number[], left: number[]) => {
      if (left.every((count) => count === 0)) {
        const word = Uint8Array.from(prefix);
        if (JSON.stringify(sorted(countWords(word, 2))) === wanted)
          all.add(decodeLetters(word, METHYLATED_DNA));
      }
      for (let letter = 0; letter < 4; letter++) {
        if (left[letter] === 0) continue;
        left[letter]--;
        extend([...prefix, letter], left);
        left[letter]++;
      }
    };
    const counts = [0, 0, 0, 0];
    for (const code of codes) counts[code]++;
    extend([], counts);
    expect(all.size).toBeGreaterThan(10);
    const draws = 500 * all.size;
    const seen = new Map<string, number>();
    const random = new Random("uniform");
    const shuffler = new SequenceShuffler(2);
    for (let i = 0; i < draws; i++) {
      const text = decodeLetters(shuffler.shuffle(codes, random), METHYLATED_DNA);
      seen.set(text, (seen.get(text) ?? 0) + 1);
    }
    expect(new Set(seen.keys())).toEqual(all);
    let chiSquare = 0;
    for (const count of seen.values()) chiSquare += (count - 500) ** 2 / 500;
    // Within five standard deviations of a chi-square with as many degrees of freedom.
    const freedom = all.size - 1;
    expect(Math.abs(chiSquare - freedom)).toBeLessThan(5 * Math.sqrt(2 * freedom));
  });

  it("gives the same for the same seed, and knows other alphabets", () => {
    const codes = encodeLetters("ACm1GTTAm1CAGGTm1AACm1TTGACA", METHYLATED_DNA);
    const shuffled = shuffleSequence(codes, 2, new Random(5), METHYLATED_DNA);
    expect(shuffled).toEqual(shuffleSequence(codes, 2, new Random(5), METHYLATED_DNA));
    expect(sorted(countWords(shuffled, 2))).toEqual(sorted(countWords(codes, 2)));
    expect(shuffled).not.toEqual(codes);
    expect(() => shuffleSequence(codes, 0, new Random(1))).toThrow(/k: 0; expected a whole number/);
  });

  it("leaves what has one arrangement only, and copes with nothing", () => {
    for (const text of ["", "A", "AC", "NNN", "AAAAAAAA"]) {
      const codes = encodeLetters(text, METHYLATED_DNA);
      expect(shuffleSequence(codes, 2, new Random(1), METHYLATED_DNA)).toEqual(codes);
    }
  });
});

import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { encodeLetters, METHYLATED_DNA, reverseComplementLetters } from "../src/alphabet.js";
import {
  backgroundFromSequences,
  conditionalProbabilities,
  readBackground,
  writeBackground,
} from "../src/background.js";

const random = new Random("background");
const sequences = Array.from({ length: 20 }, () => Uint8Array.from({ length: 80 }, () => random.integer(5)));

describe("backgroundFromSequences", () => {
  it("counts words of known letters on both strands as brute force does", () => {
    const model = backgroundFromSequences(sequences, { order: 3, pseudocount: 0 });
    expect(model.words.length).toBe(4);
    for (const [k, table] of model.words.entries()) {
      const counts = new Float64Array(4 ** (k + 1));
      for (const codes of sequences) {
        const other = codes.map((code) => (code < 4 ? 3 - code : 4)).reverse();
        for (const strand of [codes, other]) {
          for (let i = 0; i + k < strand.length; i++) {
            const word = strand.subarray(i, i + k + 1);
            if (!word.includes(4)) counts[word.reduce((sum, code) => sum * 4 + code, 0)]++;
          }
        }
      }
      const total = counts.reduce((sum, count) => sum + count, 0);
      for (const [word, count] of counts.entries()) expect(table[word]).toBeCloseTo(count / total, 14);
    }
  });

  it("spreads the pseudocount and sums to 1 at every length, one strand too", () => {
    const model = backgroundFromSequences([Uint8Array.from([0, 0, 0, 1])], { order: 2, bothStrands: false });
    for (const table of model.words) {
      expect(table.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
      expect(table.every((value) => value > 0)).toBe(true);
    }
    // (3 + 1/4) / (4 + 1)
    expect(model.words[0][0]).toBeCloseTo(0.65, 12);
    const rows = conditionalProbabilities(model);
    for (let at = 0; at < rows.length; at += 4) {
      expect(rows[at] + rows[at + 1] + rows[at + 2] + rows[at + 3]).toBeCloseTo(1, 12);
    }
  });

  it("knows methylated letters", () => {
    const codes = encodeLetters("ACm1GN", METHYLATED_DNA);
    expect(reverseComplementLetters(codes, METHYLATED_DNA)).toEqual(encodeLetters("NCm1GT", METHYLATED_DNA));
    const model = backgroundFromSequences([codes], { alphabet: METHYLATED_DNA, pseudocount: 0 });
    expect(Array.from(model.words[0])).toEqual([0.1, 0.2, 0.2, 0.1, 0.2, 0.2]);
  });

  it("refuses orders out of range and sequences of N alone", () => {
    expect(() => backgroundFromSequences(sequences, { order: 6 })).toThrow(/background order: 6/);
    expect(() => backgroundFromSequences([Uint8Array.from([4, 4])])).toThrow(/without a known letter/);
  });
});

describe("background files", () => {
  it("come back as they were written, to the digits written", () => {
    const model = backgroundFromSequences(sequences, { order: 2 });
    const again = readBackground(writeBackground(model), "model.bfile");
    expect(again.order).toBe(2);
    for (const [k, table] of model.words.entries()) {
      for (const [word, value] of table.entries()) {
        expect(Math.abs(again.words[k][word] / value - 1)).toBeLessThan(2e-3);
      }
    }
  });

  it("are refused with the line and the word", () => {
    const good = "# order 0\nA 0.3\nC 0.2\nG 0.2\nT 0.3\n";
    expect(Array.from(readBackground(good.toLowerCase(), "b").words[0])).toEqual([0.3, 0.2, 0.2, 0.3]);
    expect(() => readBackground("A 0.3\r\nX 0.2\r\n", "b")).toThrow(/b, line 2: "X 0.2"/);
    expect(() => readBackground("A 0.3\nC 0.2\nG 0.2\n", "b")).toThrow(/3 words of 1 letter/);
    expect(() => readBackground(good.replace("T 0.3", "T 0.5"), "b")).toThrow(/sum to 1.2/);
    expect(() => readBackground(`${good}A 0.3\n`, "b")).toThrow(/line 6: the word "A" a second time/);
    expect(() => readBackground("", "b")).toThrow(/no probabilities/);
    expect(() => readBackground(`${good}AA 1\n`, "b")).toThrow(/1 words of 2 letters/);
  });
});

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { encodeSequence } from "@bindscape/genome";
import { areaUnderRoc, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { findData } from "../../study/test/helpers.js";
import { countKMers } from "../src/sequence-baselines/k-mer-counts.js";
import { trainKMerLogistic } from "../src/sequence-baselines/k-mer-logistic.js";

function encodeAll(texts: readonly string[]) {
  const length = texts[0].length;
  const codes = new Uint8Array(texts.length * length);
  texts.forEach((text, i) => {
    codes.set(encodeSequence(text), i * length);
  });
  return { count: texts.length, length, codes };
}

describe("countKMers", () => {
  it("counts what a search through the text counts, words with N left out", () => {
    const random = new Random(3);
    const texts = Array.from({ length: 20 }, () =>
      Array.from({ length: 40 }, () => "ACGTACGTN"[random.integer(9)]).join(""),
    );
    const complement = (word: string) =>
      [...word]
        .reverse()
        .map((letter) => "TGCA"["ACGT".indexOf(letter)])
        .join("");
    for (const mergesStrands of [false, true]) {
      const counts = countKMers(encodeAll(texts), { k: 3, mergesStrands, hasUnitNorm: false });
      texts.forEach((text, row) => {
        const expected = new Map<number, number>();
        for (let i = 0; i + 3 <= 40; i++) {
          const word = text.slice(i, i + 3);
          if (word.includes("N")) continue;
          const named = mergesStrands && complement(word) < word ? complement(word) : word;
          const column = [...named].reduce((sum, letter) => sum * 4 + "ACGT".indexOf(letter), 0);
          expected.set(column, (expected.get(column) ?? 0) + 1);
        }
        const found = new Map<number, number>();
        for (let at = counts.starts[row]; at < counts.starts[row + 1]; at++)
          found.set(counts.indices[at], counts.values[at]);
        expect([...found].sort()).toEqual([...expected].sort());
      });
    }
  });

  it("refuses words longer than the sequences", () => {
    expect(() => countKMers(encodeAll(["ACGT"]), { k: 5, mergesStrands: true, hasUnitNorm: false })).toThrow(
      /5 letters in sequences of 4 bp/,
    );
  });
});

describe("trainKMerLogistic", () => {
  it("scores both strands alike, and finds a word that stands in the bound ones", () => {
    const random = new Random(11);
    const texts = Array.from({ length: 400 }, (_, i) => {
      const bases = Array.from({ length: 60 }, () => "ACGT"[random.integer(4)]);
      if (i % 2 === 0) bases.splice(5 + random.integer(40), 6, ..."TGACTC");
      return bases.join("");
    });
    const sequences = encodeAll(texts);
    const labels = texts.map((_, i) => (i % 2 === 0 ? 1 : 0));
    const rows = Array.from({ length: 300 }, (_, i) => i);
    const { model, tried, strength } = trainKMerLogistic(sequences, labels, rows);
    expect(tried.map((one) => one.strength)).toEqual([0.001, 0.01, 0.1, 1]);
    expect(tried.find((one) => one.strength === strength)?.auroc).toBe(
      Math.max(...tried.map(({ auroc }) => auroc)),
    );
    const scores = model.score(sequences);
    expect(areaUnderRoc(scores.slice(300), labels.slice(300))).toBeGreaterThan(0.95);
    const reversed = sequences.codes.slice();
    for (let i = 0; i < 400; i++)
      for (let j = 0; j < 60; j++) reversed[i * 60 + j] = 3 - sequences.codes[i * 60 + 59 - j];
    const other = model.score({ ...sequences, codes: reversed });
    for (let i = 0; i < 400; i++) expect(other[i]).toBeCloseTo(scores[i], 10);
  });

  const file = findData("human_sequences/gue/tf2.train.csv.gz");
  it.skipIf(file === null)("gives the decision values of scikit-learn on real sequences", () => {
    // scikit-learn 1.9: counts of 6-mers, reverse complements together, rows 0 to 1999,
    // LogisticRegression(C=0.01, solver="newton-cg", tol=1e-12).
    const lines = gunzipSync(readFileSync(file ?? ""))
      .toString()
      .trim()
      .split("\n")
      .slice(1, 4001)
      .map((line) => line.split(","));
    const sequences = encodeAll(lines.map(([text]) => text));
    const labels = lines.map(([, label]) => Number(label));
    const rows = Array.from({ length: 2000 }, (_, i) => i);
    const { model } = trainKMerLogistic(sequences, labels, rows, { strengths: [0.01] });
    const scores = model.score(sequences);
    const expected = [
      [0, 0.3452652],
      [1, -0.81905018],
      [2, -2.74731953],
      [2000, 0.78313348],
      [2001, -2.57344419],
      [2005, 2.28593661],
    ];
    for (const [row, score] of expected) expect(scores[row]).toBeCloseTo(score, 4);
    expect(areaUnderRoc(scores.slice(2000), labels.slice(2000))).toBeCloseTo(0.8238447, 6);
  });
});

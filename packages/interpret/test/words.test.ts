import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { scorePositions } from "../src/position-scores.js";
import { selectSequences } from "../src/select-sequences.js";
import { analyseWords } from "../src/words/analyse-words.js";
import { enrichWords } from "../src/words/enrich-words.js";
import { runWords } from "../src/words/run-words.js";
import { reverseComplementWord, scanWords, type WordSequences, wordText } from "../src/words/scan-words.js";
import { selectLargest } from "../src/words/select-largest.js";
import { extendOrder, listTopWords, orderByClustering, orderOf } from "../src/words/word-matrix.js";
import { wordMotifs } from "../src/words/word-motifs.js";
import { formatPower, formatWordRecord, formatWordsTsv, parseWordRecord } from "../src/words/word-records.js";
import { makeWordFile } from "./words-helpers.js";

function sequencesOf(file: ReturnType<typeof makeWordFile>): WordSequences {
  const { source, count, length, codes, cores = null, strands } = file;
  return { source, count, length, codes, scores: scorePositions(file), cores, strands };
}

/** All windows with their words as text, straight from the definition. */
function listWindows({ count, length, codes, scores, cores, strands }: WordSequences, k: number) {
  const windows: { word: string; score: number }[] = [];
  for (let i = 0; i < count; i++) {
    for (let start = 0; start + k <= length; start++) {
      const own = [...codes.slice(i * length + start, i * length + start + k)];
      if (own.some((code) => code > 3)) continue;
      const touches =
        cores !== null &&
        Array.from({ length: k }, (_, p) => start + p).some((p) => p >= cores[2 * i] && p < cores[2 * i + 1]);
      if (touches) continue;
      let word = own.map((code) => "ACGT"[code]).join("");
      if (strands && strands[i] < 0)
        word = [...word]
          .reverse()
          .map((letter) => "TGCA"["ACGT".indexOf(letter)])
          .join("");
      let sum = 0;
      for (let p = 0; p < k; p++) sum += scores[i * length + start + p];
      windows.push({ word, score: Math.fround(sum / k) });
    }
  }
  return windows;
}

describe("words of windows", () => {
  it("are counted as their definition says", () => {
    for (let seed = 0; seed < 8; seed++) {
      const random = new Random(`scan ${seed}`);
      const k = 1 + random.integer(6);
      const sequences = sequencesOf(makeWordFile({ seed, count: 40, length: 100, unknown: 0.02 }));
      if (seed === 7) Object.assign(sequences, { cores: null });
      const topShare = 0.005 + 0.05 * random.uniform();
      const found = scanWords(sequences, { wordLength: k, topShare });
      const windows = listWindows(sequences, k);
      expect(found.windows).toBe(windows.length);
      const marked = windows
        .map((window, index) => ({ ...window, index }))
        .sort((a, b) => b.score - a.score || a.index - b.index)
        .slice(0, Math.max(1, Math.round(topShare * windows.length)));
      expect(found.top).toBe(marked.length);
      const countIn = (list: readonly { word: string }[], word: string) =>
        list.filter((window) => window.word === word).length;
      for (let code = 0; code < Math.min(4 ** k, 200); code++) {
        expect(found.occurrences[code]).toBe(countIn(windows, wordText(code, k)));
        expect(found.tops[code]).toBe(countIn(marked, wordText(code, k)));
      }
      expect(found.topWindows).toHaveLength(marked.length);
    }
  });

  it("mark exactly the share of windows where scores are alike", () => {
    const file = makeWordFile({ count: 20 });
    const sequences = { ...sequencesOf(file), scores: new Float32Array(file.count * file.length) };
    const found = scanWords(sequences, { topShare: 0.1 });
    expect(found.top).toBe(Math.round(0.1 * found.windows));
    expect(found.tops.reduce((sum, count) => sum + count, 0)).toBe(found.top);
  });

  it("have texts and reverse complements", () => {
    expect(wordText(0b00011011, 4)).toBe("ACGT");
    expect(wordText(reverseComplementWord(0b0000001101, 5), 5)).toBe("GATTT");
    for (let code = 0; code < 256; code++)
      expect(reverseComplementWord(reverseComplementWord(code, 4), 4)).toBe(code);
  });

  it("are chosen by the n-th largest score", () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = new Random(seed);
      const values = Float32Array.from({ length: 1 + random.integer(200) }, () =>
        seed % 3 === 0 ? random.integer(5) : random.normal(),
      );
      const sorted = [...values].sort((a, b) => b - a);
      for (const n of [1, Math.ceil(values.length / 2), values.length])
        expect(selectLargest(values, n)).toBe(sorted[n - 1]);
    }
  });
});

describe("enrichment of words", () => {
  /** Counts of one word against the rest. */
  const countsOf = (a: number, b: number, c: number, d: number) => {
    const [occurrences, tops] = [new Uint32Array(4), new Uint32Array(4)];
    occurrences.set([a + b, c + d]);
    tops.set([a, c]);
    const windows = a + b + c + d;
    return { wordLength: 1, windows, top: a + c, threshold: 0, occurrences, tops, topWindows: [] };
  };

  it("is Fisher's exact test, one-sided, as SciPy has it", () => {
    // scipy.stats.fisher_exact(table, alternative="greater"), SciPy 1.17.1: odds ratio and p-value.
    const facts: [number[], number, number][] = [
      [[12, 88, 38, 4862], 17.44736842105263, 1.357115906661067e-10],
      [[3, 200, 47, 4750], 1.5159574468085106, 0.33155806686115635],
      [[40, 10, 10, 4940], 1976.0, 1.0852983896478262e-80],
      [[0, 30, 50, 4920], 0.0, 1.0],
      [[250, 3000, 250, 46500], 15.5, 3.5885220289419873e-159],
      [[5, 0, 45, 4950], Number.POSITIVE_INFINITY, 8.152331653302911e-11],
    ];
    for (const [[a, b, c, d], ratio, p] of facts) {
      const entry = enrichWords(countsOf(a, b, c, d)).find(({ word }) => word === "A");
      expect(entry).toMatchObject({ top: a, occurrences: a + b });
      if (Number.isFinite(ratio)) expect(entry?.oddsRatio).toBeCloseTo(ratio, 10);
      else expect(entry?.oddsRatio).toBe(ratio);
      expect(Math.abs((entry?.log10P as number) - Math.log10(p))).toBeLessThan(1e-8);
      // Two words occur.
      expect(entry?.log10AdjustedP).toBeCloseTo(Math.min(0, Math.log10(2 * p)), 8);
    }
  });

  it("finds the word that was planted, on the core's strand alone", () => {
    const { runs } = analyseWords(makeWordFile({ word: "GATTA" }));
    const [run] = runs;
    expect(run).toMatchObject({ factor: "Made", subset: "all" });
    expect(run.words[0].word).toBe("GATTA");
    expect(run.words[0].log10AdjustedP).toBeLessThan(-20);
    const turned = run.words.find(({ word }) => word === "TAATC");
    expect(turned?.log10AdjustedP).toBeGreaterThan(-3);
  });

  it("is not misled by the core, which scores highest of all", () => {
    const file = makeWordFile({ chance: 0 });
    const { runs } = analyseWords(file);
    expect(runs[0].words[0].log10AdjustedP).toBeGreaterThan(-4);
    // Without cores, whatever is in them is enriched.
    const without = analyseWords(file, { core: "none" }).runs[0];
    expect(without.counts.windows).toBe(120 * 96);
    expect(without.counts.threshold).toBeGreaterThan(2.5);
  });

  it("takes the largest part of scores where a method gives changes", () => {
    const file = makeWordFile({ count: 60 });
    const changes = new Float32Array(file.attributions.length);
    const scores = scorePositions(file);
    for (let i = 0; i < file.count; i++)
      for (let k = 0; k < file.length; k++)
        for (let base = 0; base < 4; base++)
          if (base !== file.codes[i * file.length + k])
            changes[(i * 4 + base) * file.length + k] = -scores[i * file.length + k];
    const ism = scorePositions({ ...file, method: "ism", attributions: changes });
    ism.forEach((score, at) => {
      expect(score).toBeCloseTo(scores[at], 6);
    });
  });

  it("says what is missing and how many sequences are needed", () => {
    const file = makeWordFile();
    expect(() => analyseWords({ ...file, cores: undefined })).toThrow(/no core motifs.*--core START-END/s);
    expect(() => analyseWords(makeWordFile({ count: 20 }))).toThrow(
      /20 sequences.*at least 60, for 50 top windows/s,
    );
    expect(() => analyseWords(file, { core: [90, 120] })).toThrow(/a core from 90 to 120/);
    expect(() => analyseWords(file, { wordLength: 11 })).toThrow(/words of 11 letters/);
    expect(() => analyseWords(file, { topShare: 0 })).toThrow();
    const starts = { positions: new Map([["chrI", Int32Array.of(5)]]), distance: 10, source: "starts.bed" };
    expect(() => analyseWords(file, { starts })).toThrow(/no places/);
    expect(analyseWords({ ...file, strands: undefined }).warnings[0]).toMatch(/which strand/);
    expect(() => selectSequences({ ...file, labels: undefined }, "bound")).toThrow(/no labels/);
    expect(() => selectSequences({ ...file, labels: new Float32Array(file.count) }, "bound")).toThrow(
      /none of 120 sequences/,
    );
    const unknown = { ...sequencesOf(file), codes: new Uint8Array(file.codes.length).fill(4) };
    expect(() => scanWords(unknown)).toThrow(/no window of 5 bp outside the core/);
  });

  it("of labelled sequences takes the bound ones, with all that belongs to them", () => {
    const file = makeWordFile({ count: 60 });
    const labels = file.codes.slice(0, 60).map((_, i) => (i % 3 === 0 ? 1 : 0));
    const bound = selectSequences({ ...file, labels: Float32Array.from(labels) }, "bound");
    expect(bound.count).toBe(20);
    expect(bound.cores).toEqual(
      Int32Array.from({ length: 40 }, (_, i) => file.cores![6 * (i >> 1) + (i % 2)]),
    );
    expect(bound.codes.subarray(100, 200)).toEqual(file.codes.subarray(300, 400));
    expect(bound.attributions.subarray(400, 800)).toEqual(file.attributions.subarray(1200, 1600));
    expect(bound.strands?.[1]).toBe(file.strands?.[3]);
  });
});

describe("lists and orders of words", () => {
  const entry = (word: string, oddsRatio: number, log10P: number) => ({
    word,
    code: 0,
    occurrences: 100,
    top: 10,
    oddsRatio,
    log10P,
    log10AdjustedP: Math.min(0, log10P + 3),
  });
  const rows = [
    { name: "a", words: [entry("AAAAA", 5, -10), entry("CCCCC", 30, -1.9), entry("GGGGG", 2, -3)] },
    { name: "b", words: [entry("AAAAA", 9, -2.5), entry("TTTTT", Number.POSITIVE_INFINITY, -4)] },
  ];

  it("merge the largest significant odds ratios over factors", () => {
    expect(listTopWords(rows, 10)).toEqual(["TTTTT", "AAAAA", "GGGGG"]);
    expect(listTopWords(rows, 1)).toEqual(["TTTTT"]);
  });

  it("put like vectors side by side", () => {
    const vectors = [
      [0, 0, 9],
      [8, 9, 0],
      [0, 1, 9],
      [9, 9, 0],
    ];
    const order = orderOf(vectors);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(order.slice(0, 2).sort()).toEqual([1, 3]);
    expect(orderOf([[1]])).toEqual([0]);
    const found = orderByClustering(rows, ["AAAAA", "GGGGG", "TTTTT"]);
    expect([...found.words].sort()).toEqual(["AAAAA", "GGGGG", "TTTTT"]);
    expect([...found.rows].sort()).toEqual(["a", "b"]);
  });

  it("keep an earlier order, with what is new behind it", () => {
    const order = { rows: ["b", "z", "a"], words: ["GGGGG", "AAAAA"] };
    expect(extendOrder(order, [...rows, { name: "c", words: [] }], ["AAAAA", "TTTTT"])).toEqual({
      rows: ["b", "a", "c"],
      words: ["GGGGG", "AAAAA", "TTTTT"],
    });
  });

  it("survive being written and read", async () => {
    const files = [makeWordFile({ seed: 1 }), makeWordFile({ seed: 2, word: "CCGAA" })];
    const analysis = await runWords(
      files.map((file) => async () => file),
      { listed: 12 },
    );
    // The second file names the same factor: it is told apart by its file.
    expect(analysis.runs.map(({ factor }) => factor)).toEqual(["Made", "Made (made)"]);
    expect(analysis.order.words).toContain("GATTA");
    expect(analysis.order.words).toContain("CCGAA");
    const text = formatWordRecord(analysis.runs, analysis.order, { wordLength: 5, topShare: 0.01 }, {});
    const record = parseWordRecord(text, "words.json");
    expect(record.order).toEqual(analysis.order);
    expect(record.runs[1].words).toEqual(analysis.runs[1].words);
    const [header, first] = formatWordsTsv(analysis.runs).split("\n");
    expect(header.split("\t")).toHaveLength(9);
    expect(first.split("\t").slice(0, 3)).toEqual(["Made", "all", "GATTA"]);
    expect(() => parseWordRecord("{}", "words.json")).toThrow(/words.json.*no record of enriched words/);
    const again = await runWords(
      files.slice(1).map((file) => async () => file),
      { listed: 12, order: record.order, others: [record] },
    );
    expect(again.order.words.slice(0, record.order.words.length)).toEqual(record.order.words);
  });

  it("write powers of ten that a double cannot hold", () => {
    expect(formatPower(0)).toBe("1");
    expect(formatPower(Math.log10(0.0123))).toBe("0.0123");
    expect(formatPower(-400.5)).toBe("3.162e-401");
    expect(formatPower(-10 - 1e-9)).toBe("1.000e-10");
  });
});

describe("motifs around words", () => {
  it("hold what stands beside the top windows, read on the core's strand", () => {
    const file = makeWordFile({ word: "CCGATTACC", chance: 1 });
    const sequences = sequencesOf(file);
    const counts = scanWords(sequences);
    const word = [..."GATTA"].reduce((code, letter) => code * 4 + "ACGT".indexOf(letter), 0);
    const [motif] = wordMotifs(sequences, counts, [word], 3);
    expect(motif).toMatchObject({ id: "GATTA", length: 11 });
    expect(motif.sites).toBe(counts.tops[word]);
    const best = Array.from({ length: 11 }, (_, p) => {
      const row = motif.probabilities.subarray(p * 4, p * 4 + 4);
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
      return "ACGT"[row.indexOf(Math.max(...row))];
    }).join("");
    expect(best.slice(1, 10)).toBe("CCGATTACC");
  });
});

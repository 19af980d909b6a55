import { readFileSync } from "node:fs";
import { BindscapeError } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { findMotif } from "../src/find.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import {
  consensus,
  informationContent,
  logOddsMatrix,
  type Motif,
  reverseComplementMotif,
  totalInformation,
} from "../src/motif.js";
import { dataFile } from "./data.js";

function motifOf(...rows: number[][]): Motif {
  return { id: "m", name: "m", probabilities: Float64Array.from(rows.flat()), length: rows.length };
}

describe("informationContent", () => {
  it("is 2 bits for a certain base, 1 for two, 0 for any", () => {
    const motif = motifOf([1, 0, 0, 0], [0.5, 0, 0, 0.5], [0.25, 0.25, 0.25, 0.25]);
    expect(Array.from(informationContent(motif))).toEqual([2, 1, 0]);
    expect(totalInformation(motif)).toBe(3);
  });

  it("is relative to the background, and 0 where the row is the background", () => {
    const background = [0.4, 0.1, 0.1, 0.4];
    const bits = informationContent(motifOf([0.4, 0.1, 0.1, 0.4], [0, 1, 0, 0]), background);
    expect(bits[0]).toBe(0);
    expect(bits[1]).toBeCloseTo(Math.log2(10), 14);
  });
});

describe("logOddsMatrix", () => {
  it("is log2 of probability over background, softened by the pseudocount", () => {
    const matrix = logOddsMatrix(motifOf([1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]));
    expect(matrix[0]).toBeCloseTo(Math.log2((1.00025 / 1.001) * 4), 14);
    expect(matrix[1]).toBeCloseTo(Math.log2(0.001 / 1.001), 14);
    expect(Math.max(...matrix.subarray(4).map(Math.abs))).toBeLessThan(1e-15);
  });

  it("honours background and pseudocount", () => {
    const background = [0.3, 0.2, 0.2, 0.3];
    const matrix = logOddsMatrix(motifOf([0.6, 0.2, 0.2, 0]), { background, pseudocount: 0 });
    expect(matrix[0]).toBeCloseTo(1, 14);
    expect(matrix[1]).toBe(0);
    expect(matrix[3]).toBe(Number.NEGATIVE_INFINITY);
    expect(logOddsMatrix(motifOf([0.6, 0.2, 0.2, 0]), { background, pseudocount: 1 })[3]).toBeCloseTo(-1, 14);
  });

  it("refuses a background that is none", () => {
    const motif = motifOf([1, 0, 0, 0]);
    for (const background of [
      [0.5, 0.5, 0, 0],
      [0.25, 0.25, 0.25],
      [0.3, 0.3, 0.3, 0.3],
      [Number.NaN, 0.3, 0.3, 0.4],
    ]) {
      expect(() => logOddsMatrix(motif, { background })).toThrow(BindscapeError);
    }
    expect(() => logOddsMatrix(motif, { pseudocount: -1 })).toThrow(/pseudocount -1/);
  });
});

describe("reverseComplementMotif", () => {
  it("reads the other strand, and twice is where it began", () => {
    const motif = motifOf([1, 0, 0, 0], [0, 1, 0, 0], [0.1, 0.2, 0.3, 0.4]);
    const reversed = reverseComplementMotif(motif);
    expect(Array.from(reversed.probabilities)).toEqual([0.4, 0.3, 0.2, 0.1, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(consensus(reversed)).toBe("NGT");
    expect(reverseComplementMotif(reversed)).toEqual(motif);
  });
});

describe("findMotif", () => {
  const named = (id: string, name = id): Motif => ({ ...motifOf([1, 0, 0, 0]), id, name });
  const motifs = [
    named("MA1.1", "Ahr::Arnt"),
    named("MA2.1", "Arnt"),
    named("MA0363.2_MA0363.2.REB1"),
    named("SEQ_AP-1(bZIP)/x/Homer"),
    named("GATA1.H12CORE.0.P.B"),
    named("GATA1.H12CORE.1.P.B"),
  ];

  it("prefers a whole id or name to a part, and ignores case", () => {
    expect(findMotif(motifs, "arnt").id).toBe("MA2.1");
    expect(findMotif(motifs, "ma1.1").id).toBe("MA1.1");
    expect(findMotif(motifs, "Ahr").id).toBe("MA1.1");
    expect(findMotif(motifs, "Reb1").id).toBe("MA0363.2_MA0363.2.REB1");
    expect(findMotif(motifs, "AP-1").id).toBe("SEQ_AP-1(bZIP)/x/Homer");
    expect(findMotif(motifs, "gata1").id).toBe("GATA1.H12CORE.0.P.B");
  });

  it("lists similar names when there is none, and does not match by accident", () => {
    expect(() => findMotif(motifs, "Reb2")).toThrow(/no motif for "Reb2" among 6\. Similar names: .*REB1/);
    for (const bad of ["", " ", "b1", "zzzzzz"]) expect(() => findMotif(motifs, bad)).toThrow(BindscapeError);
    expect(() => findMotif([], "x")).toThrow(/among 0\.$/);
  });

  const path = dataFile("yeast/original/JASPAR2022_fungi.pfm");
  it.skipIf(path === undefined)("finds the yeast factors in JASPAR's fungi, each with its known site", () => {
    const fungi = readMotifs(readFileSync(path as string, "utf8"), "JASPAR2022_fungi.pfm");
    const sites: Record<string, string> = {
      Reb1: "TTACCCG",
      Abf1: "CGT",
      Cin5: "TTAC",
      Mbp1: "ACGCG",
      Fkh1: "AAACA",
      Rap1: "CACCC",
    };
    for (const [factor, site] of Object.entries(sites)) {
      const motif = findMotif(fungi, factor);
      expect(motif.name.toUpperCase()).toBe(factor.toUpperCase());
      expect(`${consensus(motif)} ${consensus(reverseComplementMotif(motif))}`, factor).toContain(site);
    }
  });
});

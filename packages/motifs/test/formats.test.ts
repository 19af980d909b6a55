import { readFileSync } from "node:fs";
import { decodeNpy, encodeNpy } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  probabilitiesFromCounts,
  probabilitiesFromLogOdds,
  requireCounts,
  withPseudocount,
} from "../src/conversions.js";
import { kernelsFromMotifs, rowsOfKernels } from "../src/formats/kernels-npz/kernels.js";
import { MOTIF_FORMATS, type MotifFormat } from "../src/formats/motif-format.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import { writeMotifs } from "../src/formats/write-motifs.js";
import { basesOf, iupacOf } from "../src/iupac.js";
import { logOddsMatrix, type Motif, reverseComplementMotif } from "../src/motif.js";
import { dataFile } from "./data.js";

function motifOfCounts(rows: readonly (readonly number[])[], fields: Partial<Motif> = {}): Motif {
  const counts = Float64Array.from(rows.flat());
  return {
    id: "MA0001.1",
    name: "AGL3",
    length: rows.length,
    sites: rows[0].reduce((sum, count) => sum + count, 0),
    counts,
    probabilities: probabilitiesFromCounts(counts),
    ...fields,
  };
}

const EXAMPLE = motifOfCounts([
  [0, 94, 1, 2],
  [75, 3, 0, 19],
  [4, 0, 90, 3],
]);

/** Motifs of whole counts with as many sites at every position. */
const anyMotif = fc
  .record({
    id: fc.stringMatching(/^[A-Za-z0-9_.:()/-]{1,12}$/u).filter((id) => !id.startsWith("//")),
    name: fc.stringMatching(/^[A-Za-z\u00c0-\u024f][A-Za-z0-9:\u03b1-\u03c9/()-]{0,11}$/u),
    sites: fc.integer({ min: 2, max: 60 }),
    cuts: fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { minLength: 1, maxLength: 12 },
    ),
  })
  .map(({ id, name, sites, cuts }) => {
    const rows = cuts.map((cut) => {
      const [a, b, c] = cut.map((share) => Math.round(share * sites)).sort((x, y) => x - y);
      return [a, b - a, c - b, sites - c];
    });
    return motifOfCounts(rows, { id, name });
  });

const KEEPS_COUNTS: readonly MotifFormat[] = ["jaspar", "jaspar-raw", "jaspar-sites", "transfac", "pcm"];
const KEEPS_NAMES: readonly MotifFormat[] = MOTIF_FORMATS.filter(
  (format) => format !== "homer" && format !== "uniprobe",
);

describe.each(MOTIF_FORMATS)("%s", (format) => {
  it("reads back what it wrote, number for number, and writes it again the same", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyMotif, { minLength: 1, maxLength: 4, selector: ({ id }) => id }),
        (motifs) => {
          const text = writeMotifs(motifs, format);
          const again = readMotifs(text, `written.${format}`, format);
          expect(again.map(({ id }) => id)).toEqual(motifs.map(({ id }) => id));
          if (KEEPS_NAMES.includes(format))
            expect(again.map(({ name }) => name)).toEqual(motifs.map(({ name }) => name));
          again.forEach((motif, i) => {
            expect(motif.probabilities).toEqual(motifs[i].probabilities);
            if (KEEPS_COUNTS.includes(format)) {
              expect(motif.counts).toEqual(motifs[i].counts);
              expect(motif.sites).toBe(motifs[i].sites);
            }
          });
          expect(writeMotifs(again, format)).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is found without being named", () => {
    const text = writeMotifs([EXAMPLE, { ...EXAMPLE, id: "MA0002.1", name: "RUNX1" }], format);
    // Sites without lower-case flanks look like any FASTA, so they are not guessed.
    const known = format === "jaspar-sites" ? text.replace(/^([ACGT]+)$/gm, "cg$1ta") : text;
    expect(readMotifs(known, "guessed").map(({ id }) => id)).toEqual(["MA0001.1", "MA0002.1"]);
  });

  it("survives damage: a motif or a BindscapeError", () => {
    const text = writeMotifs([EXAMPLE], format);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 }), (at, cut, put) => {
        const damaged = text.slice(0, at) + put + text.slice(at + cut);
        for (const forced of [undefined, format]) {
          try {
            for (const motif of readMotifs(damaged, "damaged", forced)) {
              for (let i = 0; i < motif.probabilities.length; i += 4) {
                const sum = motif.probabilities.subarray(i, i + 4).reduce((total, value) => total + value, 0);
                expect(Math.abs(sum - 1)).toBeLessThan(1e-9);
              }
            }
          } catch (error) {
            expect(error).toBeInstanceOf(BindscapeError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("readMotifs", () => {
  it("reads TRANSFAC as JASPAR and TRANSFAC write it", () => {
    const text = `VV  TRANSFAC MATRIX TABLE\nXX\n//\nAC  M00001\nXX\nID  V$MYOD_01\nXX\nNA  MyoD\nXX\nDE  myoblast determination gene product\nBF  T00526; MyoD; Species: mouse\nBF  T09177; MyoD; Species: mouse\nXX\nP0      A      C      G      T\n01      1      2      2      0      S\n02      2      1      2      0      R\nXX\n//\nAC MA0004.1\nXX\nID Arnt\nXX\nPO\tT\tG\tC\tA\n01\t0\t0\t16\t4\nXX\n`;
    const motifs = readMotifs(text, "matrix.dat");
    expect(motifs.map(({ id, name }) => [id, name])).toEqual([
      ["M00001", "MyoD"],
      ["MA0004.1", "Arnt"],
    ]);
    expect(motifs[0].annotations).toEqual({
      ID: "V$MYOD_01",
      NA: "MyoD",
      DE: "myoblast determination gene product",
      BF: "T00526; MyoD; Species: mouse\nT09177; MyoD; Species: mouse",
    });
    expect(Array.from(motifs[0].counts!)).toEqual([1, 2, 2, 0, 2, 1, 2, 0]);
    expect(Array.from(motifs[1].counts!)).toEqual([4, 16, 0, 0]);
    const again = readMotifs(writeMotifs(motifs, "transfac"), "again");
    expect(again).toEqual(motifs);
  });

  it("reads HOMER's headers and writes them back", () => {
    const text =
      ">ATGACTCATC\tAP-1(bZIP)/ThioMac-PU.1-ChIP-Seq(GSE21512)/Homer\t6.049537\t-1.782996e+03\t0\tT:9805.3(44.01%),B:5.1(0.2%)\n0.419\t0.275\t0.277\t0.029\n0.001\t0.001\t0.001\t0.997\n";
    const [motif] = readMotifs(text, "ap1.motif");
    expect(motif).toMatchObject({
      id: "AP-1(bZIP)/ThioMac-PU.1-ChIP-Seq(GSE21512)/Homer",
      name: "AP-1",
      annotations: {
        consensus: "ATGACTCATC",
        "log-odds threshold": "6.049537",
        "log p-value": "-1.782996e+03",
      },
    });
    expect(writeMotifs([motif], "homer")).toBe(text);
  });

  it("reads UniPROBE with its pairs", () => {
    const text =
      "Protein: Alx3\tSeed k-mer: TAATTA\tEnrichment Score: 0.4986\nA:\t0.2\t0.9\nC:\t0.3\t0.05\nG:\t0.3\t0.05\nT:\t0.2\t0\n";
    const [motif] = readMotifs(text, "alx3.pwm");
    expect(motif).toMatchObject({
      id: "Alx3",
      length: 2,
      annotations: { "Seed k-mer": "TAATTA", "Enrichment Score": "0.4986" },
    });
    expect(writeMotifs([motif], "uniprobe")).toBe(`${text}\n`);
  });

  it("reads CIS-BP: single files named by the file, bulk files by their keys, empty matrices passed over", () => {
    const single = readMotifs(
      "Pos\tA\tC\tG\tT\n1\t0.1\t0.2\t0.3\t0.4\n2\t1\t0\t0\t0\n",
      "pwms/M00008_2.00.txt",
    );
    expect(single[0]).toMatchObject({ id: "M00008_2.00", length: 2 });
    const bulk =
      "TF\tENSG1\nTF Name\tTFAP2A\nMotif\tM0001_2.00\nSpecies\tHomo sapiens\nPos\tA\tC\tG\tT\n1\t0.5\t0.5\t0\t0\n\nTF\tENSG2\nMotif\tM0002_2.00\nPos\tA\tC\tG\tT\n\nTF\tENSG3\nMotif\tM0003_2.00\nPos\tA\tC\tG\tT\n1\t0\t0\t0\t1\n";
    const motifs = readMotifs(bulk, "PWM.txt");
    expect(motifs.map(({ id, name }) => [id, name])).toEqual([
      ["M0001_2.00", "TFAP2A"],
      ["M0003_2.00", "M0003_2.00"],
    ]);
    expect(motifs[0].annotations).toEqual({ TF: "ENSG1", Species: "Homo sapiens" });
    expect(() => readMotifs("Pos\tA\tC\tG\tT\n2\t1\t0\t0\t0\n", "a")).toThrow(
      /line 2: position 2; expected position 1/,
    );
  });

  it("reads JASPAR's raw matrix without a header, and its sites", () => {
    expect(readMotifs("0 3 79\n94 75 4\n1 0 3\n2 19 11\n", "data/MA0001.1.pfm")[0]).toMatchObject({
      id: "MA0001.1",
      length: 3,
      sites: 97,
    });
    const sites = ">MA0003 AP2 1\ncgcCCTa\n>MA0003 AP2 2\ntGCTgg\n>MA0003 AP2 3\nACTc\n";
    const [motif] = readMotifs(sites, "sites.fa");
    expect(motif).toMatchObject({ id: "MA0003", name: "AP2", sites: 3 });
    expect(Array.from(motif.counts!)).toEqual([1, 1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 3]);
  });

  it("says that FASTA is no motif file, and where a TRANSFAC row is short", () => {
    expect(() => readMotifs(">chr1\nACGTACGT\n>chr2\nACGT\n", "genome.fa")).toThrow(
      /genome.fa, line 1: sequences \(FASTA\)/,
    );
    expect(() => readMotifs("AC  M1\nP0 A C G T\n01 1 2 3\n//\n", "a.dat")).toThrow(/a.dat, line 3/);
    expect(() => readMotifs("AC  M1\nP0 A C G U\n", "a.dat", "transfac")).toThrow(
      /line 2: the columns "A C G U"/,
    );
    expect(() => readMotifs("Protein: X\nA:\t1\t0\nC:\t0\t1\n", "x.pwm")).toThrow(/line 1: 2 rows in motif/);
  });
});

describe("writeMotifs refuses what a format cannot hold", () => {
  it.each<[MotifFormat, Partial<Motif>, RegExp]>([
    ["meme", { id: "two words" }, /the id "two words"; expected one without white space and =/],
    ["meme", { id: "a=b" }, /the id "a=b"/],
    ["meme", { name: "NR2F2 (var. 2)" }, /the name "NR2F2 \(var. 2\)"/],
    ["pfm", { id: "" }, /an empty id/],
    ["homer", { id: "a\tb" }, /the id "a.b"/],
    ["transfac", { name: "a\nb" }, /the name/],
    ["cis-bp", { id: "nul\u0000" }, /the id/],
  ])("%s %o", (format, fields, message) => {
    expect(() => writeMotifs([{ ...EXAMPLE, ...fields }], format)).toThrow(message);
  });

  it("puts underscores where asked", () => {
    expect(
      writeMotifs([{ ...EXAMPLE, id: "two words", name: "a = b" }], "meme", { replaceSpaces: true }),
    ).toContain("MOTIF two_words a_b\n");
  });

  it("asks for a number of sites where a format has counts", () => {
    const { counts, sites, ...probabilities } = EXAMPLE;
    expect(counts && sites).toBe(97);
    expect(() => writeMotifs([probabilities], "jaspar")).toThrow(/probabilities without a number of sites/);
    expect(() => writeMotifs([{ ...probabilities, sites: 1.5 }], "jaspar-sites")).toThrow(/whole numbers/);
  });

  it("keeps ids that occur twice, unicode and slashes", () => {
    const twice = [EXAMPLE, { ...EXAMPLE, id: "\u03b2/x" }, EXAMPLE];
    for (const format of MOTIF_FORMATS.filter((name) => name !== "jaspar-sites"))
      expect(readMotifs(writeMotifs(twice, format), "twice", format).map(({ id }) => id)).toEqual(
        twice.map(({ id }) => id),
      );
  });
});

describe("conversions", () => {
  it("counts and pseudocounts", () => {
    expect(Array.from(probabilitiesFromCounts([1, 3, 0, 0], { pseudocount: 4 }))).toEqual([
      0.25, 0.5, 0.125, 0.125,
    ]);
    expect(
      Array.from(probabilitiesFromCounts([0, 0, 0, 0], { pseudocount: 1, background: [0.4, 0.1, 0.1, 0.4] })),
    ).toEqual([0.4, 0.1, 0.1, 0.4]);
    expect(() => probabilitiesFromCounts([1, 0, 0, 0, 0, 0, 0, 0])).toThrow(/position 2/);
    expect(Array.from(requireCounts({ ...EXAMPLE, counts: undefined }, "a test"))).toEqual(
      Array.from(EXAMPLE.probabilities, (probability) => probability * 97),
    );
    expect(withPseudocount(EXAMPLE, { pseudocount: 1 }).probabilities[0]).toBeCloseTo(0.25 / 98, 15);
  });

  it("log-odds and back, with the same background", () => {
    const background = [0.3, 0.2, 0.2, 0.3];
    const scores = logOddsMatrix(EXAMPLE, { background, pseudocount: 0.01 });
    const expected = EXAMPLE.probabilities.map((p, i) => (p + 0.01 * background[i % 4]) / 1.01);
    probabilitiesFromLogOdds(scores, background).forEach((p, i) => {
      expect(Math.abs(p - expected[i])).toBeLessThan(1e-14);
    });
  });

  it("turns counts with the motif", () => {
    expect(Array.from(reverseComplementMotif(EXAMPLE).counts!)).toEqual([
      3, 90, 0, 4, 19, 0, 3, 75, 2, 1, 94, 0,
    ]);
  });

  it("IUPAC letters, both ways", () => {
    expect([..."ACGTRYSWKMBDHVN"].map(basesOf)).toEqual(
      "A C G T AG CT CG AT GT AC CGT AGT ACT ACG ACGT".split(" "),
    );
    expect([basesOf("u"), basesOf("-"), basesOf("X"), basesOf("AC")]).toEqual(["T", null, null, null]);
    expect(
      [
        [0.6, 0.2, 0.1, 0.1],
        [0.45, 0.05, 0.4, 0.1],
        [0.4, 0.3, 0.3, 0],
        [0.25, 0.25, 0.25, 0.25],
      ].map(iupacOf),
    ).toEqual(["A", "R", "V", "N"]);
  });
});

describe("kernels", () => {
  it.each(["N4L", "NL4"] as const)("%s: the shortest stand in the middle, and come back", (layout) => {
    const short = motifOfCounts([[5, 1, 1, 1]], { id: "short" });
    const array = kernelsFromMotifs([EXAMPLE, short], { layout, values: "probabilities", width: 5 });
    expect(array.shape).toEqual(layout === "N4L" ? [2, 4, 5] : [2, 5, 4]);
    const at = (kernel: number, base: number, position: number) =>
      array.data[layout === "N4L" ? (kernel * 4 + base) * 5 + position : (kernel * 5 + position) * 4 + base];
    expect([at(1, 0, 2), at(1, 3, 2), at(1, 0, 1), at(0, 1, 1)]).toEqual(
      [5, 1, 0, 94].map((v, i) => Math.fround(i < 3 ? v / 8 : v / 97)),
    );
    const back = rowsOfKernels(decodeNpy(encodeNpy(array)), layout);
    expect(back[1]).toEqual(Float64Array.from([5, 1, 1, 1], (v) => v / 8));
    expect(back[0].length).toBe(12);
  });

  it("refuses a width below the longest motif, and arrays of another shape", () => {
    expect(() => kernelsFromMotifs([EXAMPLE], { width: 2 })).toThrow(
      /a width of 2; expected a whole number of at least 3/,
    );
    expect(() => rowsOfKernels({ shape: [1, 3, 5], data: new Float32Array(15) })).toThrow(/\(1, 3, 5\)/);
  });
});

const jaspar = dataFile("motifs/JASPAR2022_CORE_non-redundant.meme");
it.skipIf(jaspar === undefined)("all of JASPAR through every format of probabilities", () => {
  const motifs = readMotifs(readFileSync(jaspar as string, "utf8"), "JASPAR");
  for (const format of MOTIF_FORMATS.filter((name) => name !== "jaspar-sites")) {
    const again = readMotifs(writeMotifs(motifs, format), format, format);
    expect(again.map(({ id }) => id)).toEqual(motifs.map(({ id }) => id));
    let worst = 0;
    for (const [i, { probabilities }] of again.entries())
      for (const [j, value] of probabilities.entries())
        worst = Math.max(worst, Math.abs(value - motifs[i].probabilities[j]));
    expect(worst).toBeLessThan(1e-12);
  }
});

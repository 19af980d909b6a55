import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeMeme } from "../src/formats/meme/write.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import { consensus, type Motif, totalInformation } from "../src/motif.js";
import { dataFile } from "./data.js";

const PFM = ">MA0363.2_MA0363.2.REB1\n10 20 30 40\n0\t0\t0\t100\n1 1 1 1\n25 25 50 0\n100 0 0 0\n";

function rows(motif: Motif): number[][] {
  return Array.from({ length: motif.length }, (_, i) =>
    Array.from(motif.probabilities.subarray(i * 4, i * 4 + 4)),
  );
}

describe("readMotifs", () => {
  it("reads GimmeMotifs counts: comments, tabs, factor name from JASPAR's id", () => {
    const [motif] = readMotifs(`# database\n# date\n${PFM}`, "a.pfm");
    expect(motif).toMatchObject({ id: "MA0363.2_MA0363.2.REB1", name: "REB1", length: 5, sites: 100 });
    expect(rows(motif)).toEqual([
      [0.1, 0.2, 0.3, 0.4],
      [0, 0, 0, 1],
      [0.25, 0.25, 0.25, 0.25],
      [0.25, 0.25, 0.5, 0],
      [1, 0, 0, 0],
    ]);
  });

  it("reads rows of probabilities without inventing a number of sites", () => {
    const [motif] = readMotifs(">x the factor\n.5 .5 0 0\n0 0 1e0 0\n", "x.pfm");
    expect(motif).toMatchObject({ id: "x", name: "the factor", length: 2 });
    expect(motif.sites).toBeUndefined();
    expect(rows(motif)).toEqual([
      [0.5, 0.5, 0, 0],
      [0, 0, 1, 0],
    ]);
  });

  const jaspar = [
    [0.75, 0, 0.25],
    [0.25, 1, 0.25],
    [0, 0, 0.25],
    [0, 0, 0.25],
  ];
  const expected = [0, 1, 2].map((position) => jaspar.map((row) => row[position]));
  it.each([
    ["bracketed", ">MA1 X\nA  [ 3 0 1 ]\nC  [ 1 4 1 ]\nG  [ 0 0 1 ]\nT  [ 0 0 1 ]\n"],
    ["tight brackets", ">MA1 X\nA [3 0 1]\nC [1 4 1]\nG [0 0 1]\nT [0 0 1]\n"],
    ["lettered", ">MA1 X\nA 3 0 1\nC 1 4 1\nG 0 0 1\nT 0 0 1\n"],
    ["raw", ">MA1\tX\n3.0\t0\t1\n1\t4\t1\n0\t0\t1\n0\t0\t1\n"],
    ["with Windows line ends and a byte order mark", "\ufeff>MA1 X\r\n3 0 1\r\n1 4 1\r\n0 0 1\r\n0 0 1\r\n"],
  ])("reads JASPAR, %s", (_, text) => {
    const [motif] = readMotifs(text, "a.jaspar");
    expect(motif).toMatchObject({ id: "MA1", name: "X", length: 3, sites: 4 });
    expect(rows(motif)).toEqual(expected);
  });

  it("reads rows led by a consensus letter as positions, also when there are four", () => {
    const text = ">SIX5_disc1 SIX5\nG 0 0 1 0\nA 1 0 0 0\nR .5 0 .5 0\nW .5 0 0 .5\n";
    expect(consensus(readMotifs(text, "encode.txt")[0])).toBe("GAAA");
  });

  it("tells 4 x 4 matrices apart by what sums to the same, and refuses those that could be either", () => {
    const byPosition = ">a\n9 1 0 0\n9 1 0 0\n9 0 1 0\n0 0 0 10\n";
    expect(consensus(readMotifs(byPosition, "a")[0])).toBe("AAAT");
    const byBase = ">a\n9 9 9 0\n1 1 0 0\n0 0 1 0\n0 0 0 10\n";
    expect(consensus(readMotifs(byBase, "a")[0])).toBe("AAAT");
    const either = ">a\n1 0 0 0\n0 0 1 0\n0 0 0 1\n0 1 0 0\n";
    expect(() => readMotifs(either, "either.txt")).toThrow(/either.txt, line 1: 4 x 4 matrices/);
    expect(consensus(readMotifs(either, "either.txt", "pfm")[0])).toBe("AGTC");
    expect(consensus(readMotifs(either, "either.txt", "jaspar")[0])).toBe("ATCG");
    // Another motif of the same file settles it.
    expect(consensus(readMotifs(`${either}>b\n1 0 0 0\n`, "two.txt")[0])).toBe("AGTC");
  });

  it("reads MEME's minimal format, with and without attributes, names and URLs", () => {
    const text = [
      "MEME version 4",
      "",
      "ALPHABET= ACGT",
      "strands: + -",
      "Background letter frequencies",
      "A 0.3 C 0.2 G 0.2 T 0.3",
      "",
      "MOTIF MA0004.1 Arnt",
      "letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1e-3",
      " 0.2 0.8 0 0",
      " 0 0 0 1",
      "URL http://example.org",
      "MOTIF only-id",
      "letter-probability matrix:",
      "1 0 0 0",
      "",
      "0.5 0.5 0 0",
    ].join("\n");
    const motifs = readMotifs(text, "a.meme");
    expect(motifs.map(({ id, name, length, sites }) => ({ id, name, length, sites }))).toEqual([
      { id: "MA0004.1", name: "Arnt", length: 2, sites: 20 },
      { id: "only-id", name: "only-id", length: 1, sites: undefined },
    ]);
    expect(rows(motifs[0])[0]).toEqual([0.2, 0.8, 0, 0]);
  });

  it("reads MEME's own text output past its other sections", () => {
    const text = `MEME - Motif discovery tool
MEME version 5.5.0
ALPHABET= ACGT
MOTIF TTACCC MEME-1	width =  2  sites =  9  llr = 120  E-value = 1e-9
	Motif TTACCC MEME-1 position-specific scoring matrix
log-odds matrix: alength= 4 w= 2 n= 90 bayes= 6 E= 1e-9
  -100  -20  30  40
  -1    -2   3   4
	Motif TTACCC MEME-1 position-specific probability matrix
letter-probability matrix: alength= 4 w= 2 nsites= 9 E= 1e-9
 0.000000  0.000000  0.000000  1.000000
 0.111111  0.222222  0.333333  0.333334
--------------------------------
`;
    const [motif] = readMotifs(text, "meme.txt");
    expect(motif).toMatchObject({ id: "TTACCC", name: "MEME-1", length: 2, sites: 9 });
    expect(rows(motif)[0]).toEqual([0, 0, 0, 1]);
  });
});

describe("readMotifs names the file and the line", () => {
  const meme = "MEME version 4\nALPHABET= ACGT\n";
  it.each([
    ["nothing", "", /bad: no motif; expected a MEME file/],
    ["only comments", "# a\n# b\n", /no motif/],
    ["text that is no motif", "chr1\t1\t2\n", /bad, line 1: "chr1.*header that begins with ">"/],
    ["a word for a number", ">a\n1 2 3 4\n1 2 x 4\n", /bad, line 3: "x"; expected a count or probability/],
    ["a negative count", ">a\n1 2 3 -4\n", /line 2: "-4"/],
    ["not a number", ">a\n1 2 3 NaN\n", /line 2: "NaN"/],
    ["infinity", ">a\n1 2 3 1e999\n", /line 2: "1e999"/],
    ["a row of zeros", ">a\n1 0 0 0\n0 0 0 0\n1 1 1 1\n", /line 3: a row that sums to 0 in motif "a"/],
    ["a header without matrix", ">a\n>b\n1 2 3 4\n", /line 1: motif "a" without a matrix/],
    ["a header without name", ">\n1 2 3 4\n", /line 1: a header without a name/],
    ["five numbers in one row", ">a\n1 2 3 4\n1 2 3 4 5\n", /line 1: 2 rows in motif "a"; expected 4 rows/],
    ["ragged JASPAR", ">a\n1 2 3\n1 2 3\n1 2\n1 2 3\n", /line 4: 2 numbers in motif "a"; expected 3/],
    ["JASPAR rows out of order", ">a\nC [1 2]\nA [1 2]\nG [1 2]\nT [1 2]\n", /\(CAGT\)/],
    ["a protein alphabet", "MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\n", /line 2: alphabet "ACDEF/],
    ["20 letters", `${meme}MOTIF a\nletter-probability matrix: alength= 20 w= 1\n`, /line 4: alength= 20/],
    [
      "a MOTIF without a matrix",
      `${meme}MOTIF a\nMOTIF b\n`,
      /line 3: motif "a" without a "letter-probability/,
    ],
    ["a nameless MOTIF", `${meme}MOTIF\n`, /line 3: MOTIF without a name/],
    [
      "a matrix without MOTIF",
      `${meme}letter-probability matrix: w= 1\n1 0 0 0\n`,
      /line 3: a matrix with no MOTIF/,
    ],
    [
      "a matrix cut short",
      `${meme}MOTIF a\nletter-probability matrix: alength= 4 w= 3\n1 0 0 0\n0 1 0 0`,
      /line 6: a matrix of 2 rows where line 4 says w= 3.*cut short/,
    ],
    [
      "a MEME row that sums to 2",
      `${meme}MOTIF a\nletter-probability matrix: w= 1\n1 1 0 0\n`,
      /line 5: a row that sums to 2/,
    ],
    [
      "three numbers in MEME",
      `${meme}MOTIF a\nletter-probability matrix: w= 1\n.5 .5 0\n`,
      /line 5: 3 numbers/,
    ],
  ])("for %s", (_, text, message) => {
    expect(() => readMotifs(text, "bad")).toThrow(BindscapeError);
    expect(() => readMotifs(text, "bad")).toThrow(message);
  });

  it("whatever the text: a motif or a BindscapeError, nothing else", () => {
    const token = fc.constantFrom(
      ">a",
      "A",
      "[",
      "]",
      "1",
      "0",
      "0.5",
      "-1",
      "\n",
      "\n",
      " ",
      "MOTIF x",
      "w= 2",
      "#",
      "\u0000",
      "1e400",
      "MEME version 4\n",
      "letter-probability matrix:",
      "alength= 4",
      "ALPHABET= ACGT\n",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(" ")),
          fc.string(),
        ),
        (text) => {
          try {
            for (const motif of readMotifs(text, "fuzz")) {
              for (const row of rows(motif))
                expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(BindscapeError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("writeMeme", () => {
  it("comes back through readMotifs, number for number to rounding", () => {
    const row = fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })
      .filter((r) => r.some((v) => v > 1e-3));
    const motif = fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9_.:()-]+$/),
      name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9:-]*$/),
      sites: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
      rows: fc.array(row, { minLength: 1, maxLength: 30 }),
    });
    fc.assert(
      fc.property(fc.array(motif, { minLength: 1, maxLength: 5 }), (given) => {
        const motifs: Motif[] = given.map(({ rows: matrix, ...rest }) => ({
          ...rest,
          length: matrix.length,
          probabilities: Float64Array.from(
            matrix.flatMap((r) => {
              const sum = r.reduce((a, b) => a + b, 0);
              return r.map((v) => v / sum);
            }),
          ),
        }));
        const again = readMotifs(writeMeme(motifs), "written.meme");
        expect(again.map(({ id, name, length, sites }) => [id, name, length, sites])).toEqual(
          motifs.map(({ id, name, length, sites }) => [id, name, length, sites ?? 20]),
        );
        for (const [i, { probabilities }] of again.entries()) {
          for (const [j, value] of probabilities.entries())
            expect(Math.abs(value - motifs[i].probabilities[j])).toBeLessThan(1e-15);
        }
      }),
    );
  });

  it("makes one word of an id with spaces", () => {
    const [motif] = readMotifs(PFM, "a");
    expect(writeMeme([{ ...motif, id: "two words" }])).toContain("MOTIF two_words REB1\n");
  });
});

describe("real motif files", () => {
  const files: [string, number, string, string][] = [
    ["JASPAR2022_fungi.pfm", 179, "MA0266.1_MA0266.1.ABF2", "NTCTAGA"],
    ["HOMER.pfm", 436, "ATGACTCATC_AP-1(bZIP)/ThioMac-PU.1-ChIP-Seq(GSE21512)/Homer", "NTGACTCANN"],
    ["JASPAR2022_CORE_non-redundant.meme", 1956, "MA0004.1", "CACGTG"],
    ["HOCOMOCO_v12_CORE.meme.gz", 1443, "AHR.H12CORE.0.P.B", "NNNTGCGTGC"],
    ["complete-factorbook-catalog.meme.gz", 6921, "ENCSR437GBJ_AAAGAGGAASTGAAA", "ANAGAGGAANTGAAA"],
    ["encode_motifs.txt.gz", 2067, "SIX5_disc1", "GANTTGTAGT"],
  ];
  for (const [name, count, id, first] of files) {
    const path = dataFile(`motifs/${name}`);
    it.skipIf(path === undefined)(`${name}: ${count} motifs, each position summing to 1`, () => {
      const bytes = readFileSync(path as string);
      const motifs = readMotifs((name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString(), name);
      expect(motifs.length).toBe(count);
      expect(motifs[0].id).toBe(id);
      expect(consensus(motifs[0])).toBe(first);
      let worst = 0;
      for (const { probabilities } of motifs) {
        for (let at = 0; at < probabilities.length; at += 4) {
          const sum =
            probabilities[at] + probabilities[at + 1] + probabilities[at + 2] + probabilities[at + 3];
          worst = Math.max(worst, Math.abs(sum - 1));
        }
      }
      expect(worst).toBeLessThan(1e-15 * 4);
      expect(motifs.every((motif) => totalInformation(motif) <= 2 * motif.length + 1e-9)).toBe(true);
    });
  }
});

import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isConsensus, motifFromConsensus } from "../src/consensus-to-motif.js";
import { basesOf } from "../src/iupac.js";

const rows = (text: string) => {
  const { probabilities, length } = motifFromConsensus(text);
  return Array.from({ length }, (_, i) => Array.from(probabilities.subarray(i * 4, i * 4 + 4)));
};

describe("motifFromConsensus", () => {
  it("reads IUPAC letters in either case, U as T", () => {
    expect(rows("AcRuN")).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0.5, 0, 0.5, 0],
      [0, 0, 0, 1],
      [0.25, 0.25, 0.25, 0.25],
    ]);
  });

  it("counts an A inside brackets, alone, first and last", () => {
    expect(rows("[A]")).toEqual([[1, 0, 0, 0]]);
    expect(rows("[AG]")).toEqual([[0.5, 0, 0.5, 0]]);
    expect(rows("[CA]")).toEqual([[0.5, 0.5, 0, 0]]);
    expect(rows("[^A]")).toEqual([[0, 1 / 3, 1 / 3, 1 / 3]]);
  });

  it("reads classes of IUPAC letters, repeats, dots and anchors", () => {
    expect(rows("[RT]")).toEqual([[1 / 3, 0, 1 / 3, 1 / 3]]);
    expect(rows("^TT[AC]{2}.$")).toEqual([...rows("TT"), ...rows("MM"), ...rows("N")]);
    expect(rows("CGGN{11}CCG")).toHaveLength(17);
  });

  it("gives each letter of a class the same share, whatever the class", () => {
    const letters = fc.constantFrom(..."ACGTRYSWKMBDHVN");
    fc.assert(
      fc.property(
        fc.array(fc.array(letters, { minLength: 1, maxLength: 4 }), { minLength: 1 }),
        (classes) => {
          const text = classes.map((members) => `[${members.join("")}]`).join("");
          rows(text).forEach((row, i) => {
            const allowed = new Set(classes[i].flatMap((letter) => [...basesOf(letter)!]));
            [..."ACGT"].forEach((base, at) => {
              expect(row[at]).toBeCloseTo(allowed.has(base) ? 1 / allowed.size : 0, 12);
            });
          });
          expect(isConsensus(text)).toBe(true);
        },
      ),
    );
  });

  it("keeps names and sites", () => {
    expect(motifFromConsensus("TTACCCG")).toMatchObject({
      id: "TTACCCG",
      name: "TTACCCG",
      length: 7,
      sites: 20,
    });
    expect(motifFromConsensus("TTACCCG", { id: "reb1", sites: 5 })).toMatchObject({ name: "reb1", sites: 5 });
  });

  it("says where it cannot read on", () => {
    for (const [text, message] of [
      ["", /no position/],
      ["ACX", /offset 2.*"X"/],
      ["A[CG", /"\[" without "\]"/],
      ["A[]C", /allows no base/],
      ["A[^N]", /allows no base/],
      ["AC*", /fixed width/],
      ["(AC|GT)", /fixed width/],
      ["AC{2,4}", /fixed width, such as \{3\}/],
      ["AC{0}", /such as/],
      ["{2}", /fixed width/],
      ["A{9999}", /more than 1000/],
      ["A\u{1F600}", /IUPAC letter/],
    ] as const) {
      expect(() => motifFromConsensus(text), text).toThrow(message);
    }
  });

  it("never fails but with a message of its own", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ACGTN[]^{}.12,*+$ x") }), (text) => {
        try {
          const { probabilities, length } = motifFromConsensus(text);
          expect(probabilities).toHaveLength(length * 4);
        } catch (error) {
          expect(error).toBeInstanceOf(BindscapeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

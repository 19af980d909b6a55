import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildAssembly } from "../src/assembly.js";
import { expectError, records } from "./helpers.js";

const options = { name: "test", source: "genome.fa" };

describe("an assembly of whole chromosomes", () => {
  it("holds every base once, chromosomes behind one another", () => {
    const assembly = buildAssembly(records({ chr1: "ACGT", chr2: "NNA", chr3: "GG" }), options);
    expect([...assembly.codes]).toEqual([0, 1, 2, 3, 4, 4, 0, 2, 2]);
    expect(assembly.codes.byteLength).toBe(9);
    expect(assembly.chromosomes).toEqual([
      { name: "chr1", size: 4 },
      { name: "chr2", size: 3 },
      { name: "chr3", size: 2 },
    ]);
    expect(assembly.segments.map(({ offset }) => offset)).toEqual([0, 4, 7]);
    expect(assembly.isWhole).toBe(true);
    expect(assembly.size).toBe(9);
  });

  it("lies in memory that threads share", () => {
    expect(buildAssembly(records({ a: "A" }), options).codes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it("takes the chromosomes wanted, in the order wanted, renamed", () => {
    const assembly = buildAssembly(records({ I: "AC", II: "GT", Mito: "TT" }), {
      ...options,
      chromosomes: ["chrII", "chrI"],
      rename: (name) => `chr${name}`,
    });
    expect(assembly.segments).toEqual([
      { chromosome: "chrII", start: 0, end: 2, offset: 0 },
      { chromosome: "chrI", start: 0, end: 2, offset: 2 },
    ]);
    expect([...assembly.codes]).toEqual([2, 3, 0, 1]);
    expect(assembly.hasChromosome("chrMito")).toBe(false);
    expect(assembly.segmentsOf("chrMito")).toEqual([]);
  });

  it("finds the segment that holds an interval", () => {
    const assembly = buildAssembly(records({ a: "ACGT" }), options);
    expect(assembly.findSegment("a", 0, 4)).toBe(assembly.segments[0]);
    expect(assembly.findSegment("a", 3, 5)).toBeUndefined();
    expect(assembly.findSegment("b", 0, 1)).toBeUndefined();
  });

  it("refuses what is missing or there twice", async () => {
    await expectError(
      () => buildAssembly(records({ chr1: "A" }), { ...options, chromosomes: ["chr1", "chr9"] }),
      "genome.fa",
      'no record for the chromosome "chr9"',
      "records such as chr1",
      "assembly.chromosomes",
    );
    await expectError(() => buildAssembly([], options), "no sequence");
    await expectError(
      () =>
        buildAssembly([...records({ I: "AC" }), ...records({ 1: "AC" })], {
          ...options,
          rename: () => "chrI",
        }),
      'two records for the chromosome "chrI"',
      "every base once",
    );
  });
});

describe("an assembly of pieces", () => {
  const pieces = { ...options, pieces: true };

  it("puts pieces where their names say, sorted by start", () => {
    const assembly = buildAssembly(
      records({ "chr2:100-103": "AAA", "chr1:50-52": "CC", "chr2:10-14": "GGGG" }),
      pieces,
    );
    expect(assembly.segments).toEqual([
      { chromosome: "chr2", start: 10, end: 14, offset: 0 },
      { chromosome: "chr2", start: 100, end: 103, offset: 4 },
      { chromosome: "chr1", start: 50, end: 52, offset: 7 },
    ]);
    expect([...assembly.codes]).toEqual([2, 2, 2, 2, 0, 0, 0, 1, 1]);
    expect(assembly.chromosomes).toEqual([
      { name: "chr2", size: 103 },
      { name: "chr1", size: 52 },
    ]);
    expect(assembly.isWhole).toBe(false);
  });

  it("refuses other names, other lengths and overlaps", async () => {
    await expectError(
      () => buildAssembly(records({ chr1: "A" }), pieces),
      'a record named "chr1"',
      "chromosome:start-end",
    );
    await expectError(
      () => buildAssembly(records({ "chr1:10-14": "AAA" }), pieces),
      "record chr1:10-14 has 3 bases",
      "4 bases",
    );
    await expectError(
      () => buildAssembly(records({ "chr1:12-14": "AA", "chr1:10-13": "AAA" }), pieces),
      "pieces chr1:10-13 and chr1:12-14 overlap",
    );
  });

  it("refuses exactly the sets of pieces of which two overlap", () => {
    const piece = fc.record({ start: fc.nat(60), length: fc.integer({ min: 1, max: 12 }) });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (chosen) => {
        const made = chosen.map(({ start, length }) => ({
          name: `c:${start}-${start + length}`,
          description: "",
          codes: new Uint8Array(length),
        }));
        const overlap = chosen.some((a, i) =>
          chosen.some((b, j) => i < j && a.start < b.start + b.length && b.start < a.start + a.length),
        );
        const build = () => buildAssembly(made, pieces);
        if (overlap) expect(build).toThrow(/overlap/);
        else expect(build().size).toBe(chosen.reduce((sum, { length }) => sum + length, 0));
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStudyFile, studyJsonSchema } from "../src/study-file.js";
import { expectError } from "./helpers.js";

const lines = [
  "name: small", // 1
  "assembly:", // 2
  "  name: sacCer3", // 3
  "  genome: genome.2bit", // 4
  "cells:", // 5
  "  BY4741:", // 6
  "    tracks:", // 7
  "      - { name: ATAC, file: atac.bw }", // 8
  "experiments:", // 9
  "  - { factor: Reb1, cell: BY4741, peaks: Reb1.bed }", // 10
  "holdOut:", // 11
  "  validation: { chromosomes: [chrII] }", // 12
  "  test: { chromosomes: [chrIV] }", // 13
];

/** The study with lines replaced (by 1-based number; undefined leaves one out) or added behind the last. */
function study(changes: Record<number, string | undefined> = {}): string {
  const all = lines.map((line, i) => (i + 1 in changes ? changes[i + 1] : line));
  for (const [number, line] of Object.entries(changes)) if (Number(number) > lines.length) all.push(line);
  return all.filter((line) => line !== undefined).join("\n");
}

describe("a valid study file", () => {
  it("gets its defaults", () => {
    const file = parseStudyFile(study(), "study.yaml");
    expect(file.bins).toEqual({ size: 200, step: 50, boundOverlap: 101 });
    expect(file.assembly.pieces).toBe(false);
    expect(file.cells.BY4741.tracks[0]).toEqual({
      name: "ATAC",
      file: "atac.bw",
      unit: "signal",
      transform: { mask: [], log: false },
    });
    expect(file.holdOut.test).toEqual({ chromosomes: ["chrIV"] });
  });

  it("holds out by chromosome or by region", () => {
    const file = parseStudyFile(
      study({ 12: "  validation: { regions: validation.bed }", 14: "unlabelled: { regions: x.bed }" }),
      "study.yaml",
    );
    expect(file.holdOut.validation).toEqual({ regions: "validation.bed" });
    expect(file.unlabelled).toEqual({ regions: "x.bed" });
  });

  it("lets cells be without tracks", () => {
    const file = parseStudyFile(study({ 6: "  BY4741: {}", 7: undefined, 8: undefined }), "study.yaml");
    expect(file.cells.BY4741.tracks).toEqual([]);
  });

  it("is what the yeast example is", () => {
    const path = resolve(import.meta.dirname, "../../../examples/yeast/study.yaml");
    const file = parseStudyFile(readFileSync(path, "utf8"), path);
    expect(file.experiments.map(({ factor }) => factor)).toEqual([
      "Reb1",
      "Abf1",
      "Rap1",
      "Mcm1",
      "Fkh1",
      "Cin5",
      "Phd1",
      "Mbp1",
    ]);
    expect(file.assembly.chromosomes).toHaveLength(16);
    expect(file.cells.BY4741.tracks[0].transform).toEqual({ mask: ["chrXII:450000-492000"], log: true });
  });
});

describe("what does not fit is named with its line", () => {
  const cases: [
    what: string,
    changes: Record<number, string | undefined>,
    line: number | undefined,
    parts: string[],
  ][] = [
    [
      "unknown key at the top",
      { 14: "holdout: 3" },
      14,
      ['unknown key "holdout"', "one of name, data, assembly"],
    ],
    [
      "a misspelt key, which is a missing one too",
      { 4: "  genom: genome.2bit" },
      4,
      ['unknown key "genom" in assembly', "one of name, genome, pieces"],
    ],
    [
      "unknown key beside the right ones",
      { 14: "bins: { sizes: 3 }" },
      14,
      ['unknown key "sizes" in bins', "one of size, step, boundOverlap"],
    ],
    [
      "unknown key in a list",
      { 10: "  - { factor: Reb1, cell: BY4741, peaks: p, peak: q }" },
      10,
      ['unknown key "peak" in experiments.0', "summitFlank"],
    ],
    [
      "unknown key of a track",
      { 8: "      - { name: ATAC, file: atac.bw, scale: 3 }" },
      8,
      ['unknown key "scale" in cells.BY4741.tracks.0', "transform"],
    ],
    ["wrong type", { 1: "name: [1]" }, 1, ["name: "]],
    ["a missing part", { 9: undefined, 10: undefined }, 1, ["experiments"]],
    ["no experiments", { 9: "experiments: []", 10: undefined }, 9, ["experiments"]],
    [
      "both hold-out kinds",
      { 13: "  test: { chromosomes: [chrIV], regions: t.bed }" },
      13,
      ["either chromosomes or regions"],
    ],
    ["neither hold-out kind", { 12: "  validation: {}" }, 12, ["either chromosomes or regions"]],
    ["a bin size of 0", { 14: "bins: { size: 0 }" }, 14, ["bins.size"]],
    ["a fractional step", { 14: "bins: { step: 12.5 }" }, 14, ["bins.step"]],
    [
      "a region the wrong way round",
      { 8: "      - { name: A, file: a.bw, transform: { mask: ['chrI:9-3'] } }" },
      8,
      ["start of a region"],
    ],
    [
      "a region without an end",
      { 8: "      - { name: A, file: a.bw, transform: { mask: ['chrI:9'] } }" },
      8,
      ["chromosome:start-end"],
    ],
    [
      "a cell nobody knows",
      { 10: "  - { factor: Reb1, cell: W303, peaks: p }" },
      10,
      ['names the cell "W303"', "one of BY4741"],
    ],
    [
      "a cell with the name of a property of all objects",
      { 10: "  - { factor: Reb1, cell: constructor, peaks: p }" },
      10,
      ['names the cell "constructor"'],
    ],
    [
      "an experiment twice",
      { 11: "  - { factor: REB1, cell: BY4741, peaks: q }\nholdOut:" },
      11,
      ["two experiments for REB1 in BY4741"],
    ],
    [
      "a track twice",
      { 8: "      - { name: A, file: a.bw }\n      - { name: A, file: b.bw }" },
      9,
      ['two tracks named "A"'],
    ],
    [
      "a bound overlap above the bin size",
      { 14: "bins: { size: 100 }" },
      14,
      ["boundOverlap is 101", "at most the bin size, 100"],
    ],
    [
      "overlapping hold-outs",
      { 13: "  test: { chromosomes: [chrIV, chrII] }" },
      13,
      ["chrII is held out for validation and for test"],
    ],
    ["broken YAML", { 6: "  BY4741: [" }, undefined, ["not valid YAML"]],
    ["a key twice", { 14: "name: again" }, 14, ["not valid YAML"]],
    ["an alias without an anchor", { 1: "name: *nobody" }, undefined, ["YAML"]],
  ];
  it.each(cases)("%s", async (_, changes, line, parts) => {
    const error = await expectError(() => parseStudyFile(study(changes), "study.yaml"), ...parts);
    expect(error.source).toBe("study.yaml");
    if (line !== undefined) expect(error.line).toBe(line);
  });

  it("an empty file, a list, a number", async () => {
    for (const text of ["", "# nothing", "- 1\n- 2", "42", "null"]) {
      await expectError(() => parseStudyFile(text, "study.yaml"), "study.yaml", "the study: ");
    }
  });

  it("many aliases do not fill the memory", async () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) =>
        `  - &a${i} [${Array(9)
          .fill(i ? `*a${i - 1}` : "x")
          .join(", ")}]`,
    );
    await expectError(() => parseStudyFile(`name:\n${levels.join("\n")}`, "study.yaml"), "YAML");
  });

  it("whatever is done to the text, the error is about the study", () => {
    const text = study();
    const characters = fc.constantFrom(..."{}[]:,-&*!|>'\"#%@ \n\tax0");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(text.length), fc.nat(6), fc.string({ unit: characters, maxLength: 5 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (edits) => {
          let changed = text;
          for (const [at, removed, added] of edits) {
            changed = changed.slice(0, at) + added + changed.slice(at + removed);
          }
          try {
            parseStudyFile(changed, "study.yaml");
          } catch (error) {
            if (!(error instanceof BindscapeError)) throw error;
            expect(error.message).toMatch(/^study\.yaml(, line \d+)?: \S/);
          }
        },
      ),
      { numRuns: 400, seed: 1 },
    );
  });
});

describe("the JSON Schema", () => {
  const schema = studyJsonSchema();

  it("knows every key, in words", () => {
    expect(schema.title).toBe("Bindscape study");
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(["name", "assembly", "cells", "experiments", "holdOut"]);
    const properties = schema.properties as Record<string, { description?: string; properties?: object }>;
    expect(Object.keys(properties)).toEqual([
      "name",
      "data",
      "assembly",
      "blacklist",
      "motifs",
      "bins",
      "annotations",
      "expression",
      "cells",
      "experiments",
      "holdOut",
      "unlabelled",
    ]);
    expect(properties.assembly.description).toBe("The genome");
    expect(Object.keys(properties.bins.properties!)).toEqual(["size", "step", "boundOverlap"]);
  });

  it("is plain JSON", () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});

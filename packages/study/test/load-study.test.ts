import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStudy } from "../src/load-study.node.js";
import { findExperiment, labelExperiment, splitStudy } from "../src/study.js";
import { expectError, randomCodes, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
let count = 0;

const fasta = (sizes: Record<string, number>) =>
  Object.entries(sizes)
    .map(([name, size]) => `>${name}\n${[...randomCodes(size, name)].map((c) => "ACGTN"[c]).join("")}\n`)
    .join("");

const files = {
  "study.yaml": `name: small
assembly: { name: small, genome: genome.fa, chromosomes: [chrI, chrII, chrIII] }
blacklist: blacklist.bed
motifs: motifs.meme
cells:
  C: { tracks: [{ name: T, file: t.bedGraph }] }
experiments:
  - { factor: Abc1, cell: C, peaks: peaks.bed, summitFlank: 100 }
  - { factor: Xyz2, cell: C, peaks: x.narrowPeak, relaxedPeaks: relaxed.bed, motif: second, topPeaks: 1 }
holdOut:
  validation: { chromosomes: [chrII] }
  test: { regions: test.bed }
`,
  "genome.fa": fasta({ I: 4000, II: 3000, III: 5000, Mito: 900 }),
  "blacklist.bed": "chr1\t100\t200\n",
  "motifs.meme": `MEME version 4

ALPHABET= ACGT

MOTIF first Abc1
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0
1 0 0 0
0 1 0 0

MOTIF second other
letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0
0 0 1 0
0 0 0 1
`,
  "t.bedGraph": "chrI\t10\t20\t3\nchrII\t5\t6\t1\nchrIII\t5\t6\t2\n",
  "peaks.bed": "1\t50\t51\n2\t1500\t1501\n3\t400\t411\n3\t4999\t5000\n",
  "x.narrowPeak": "III\t2000\t2300\tp\t10\t.\t9\t5\t5\t37\nI\t3000\t3300\tq\t9\t.\t8\t5\t5\t-1\n",
  "relaxed.bed": "III\t1900\t2500\nIII\t3000\t3100\n",
  "test.bed": "chrIII\t3000\t5000\n",
};

/** Writes the study with some files changed; null leaves one out. */
function makeStudyFolder(changes: Record<string, string | null> = {}): string {
  const own = join(folder, `study${count++}`);
  mkdirSync(own);
  for (const [name, content] of Object.entries({ ...files, ...changes })) {
    if (content !== null) writeFileSync(join(own, name), content);
  }
  return join(own, "study.yaml");
}

const yaml = (from: string | RegExp, to: string) => {
  const changed = files["study.yaml"].replace(from, to);
  if (changed === files["study.yaml"]) throw new Error("nothing changed");
  return { "study.yaml": changed };
};

describe("a study", () => {
  it("is loaded onto its own chromosome names", async () => {
    const path = makeStudyFolder();
    const study = await loadStudy(path);
    expect(study.assembly.chromosomes).toEqual([
      { name: "chrI", size: 4000 },
      { name: "chrII", size: 3000 },
      { name: "chrIII", size: 5000 },
    ]);
    const [abc, xyz] = study.experiments;
    expect(abc.peaks).toEqual([
      { chromosome: "chrI", start: 0, end: 150 },
      { chromosome: "chrII", start: 1400, end: 1600 },
      { chromosome: "chrIII", start: 305, end: 505 },
      { chromosome: "chrIII", start: 4899, end: 5099 },
    ]);
    expect(abc.motif?.id).toBe("first");
    expect(xyz.motif?.id).toBe("second");
    expect(xyz.peaks).toHaveLength(1);
    expect(xyz.peaks[0]).toMatchObject({ chromosome: "chrIII", start: 2000, end: 2300 });
    expect(xyz.relaxedPeaks).toHaveLength(2);
    expect(study.holdOuts).toEqual({
      validation: [{ chromosome: "chrII", start: 0, end: Number.POSITIVE_INFINITY }],
      test: [{ chromosome: "chrIII", start: 3000, end: 5000 }],
      unlabelled: [],
      blacklist: [{ chromosome: "chrI", start: 100, end: 200 }],
    });
    expect(study.warnings).toEqual([]);
    expect(study.inputs.map((file) => file.slice(path.length - "study.yaml".length))).toEqual([
      "study.yaml",
      "genome.fa",
      "test.bed",
      "blacklist.bed",
      "motifs.meme",
      "peaks.bed",
      "x.narrowPeak",
      "relaxed.bed",
      "t.bedGraph",
    ]);
  });

  it("gives tracks in the layout of the sequence, once", async () => {
    const study = await loadStudy(makeStudyFolder());
    const source = await study.loadCell("C");
    expect(source.codes).toBe(study.assembly.codes);
    const set = [...source.tracks[0].values].flatMap((value, i) => (value === 0 ? [] : [[i, value]]));
    expect(set).toEqual([...Array.from({ length: 10 }, (_, i) => [10 + i, 3]), [4005, 1], [7005, 2]]);
    expect(await study.loadCell("C")).toBe(source);
    await expectError(() => study.loadCell("D"), 'no cell named "D"', "one of C");
    await expectError(() => study.loadCell("constructor"), 'no cell named "constructor"');
  });

  it("labels and splits its bins", async () => {
    const study = await loadStudy(makeStudyFolder());
    const labels = labelExperiment(study, findExperiment(study, "xyz2"));
    const { use, counts } = splitStudy(study, 400);
    expect(counts.training + counts.validation + counts.test + counts.blacklisted + counts.atBorders).toBe(
      use.length,
    );
    const at = (start: number) => labels[study.bins.partsOf("chrIII")[0].firstIndex + start / 50];
    expect([
      at(1650),
      at(1750),
      at(1900),
      at(1950),
      at(2150),
      at(2200),
      at(2250),
      at(2500),
      at(3050),
      at(3100),
    ]).toEqual([0, -1, -1, 1, 1, -1, -1, 0, -1, 0]);
  });

  it("uses narrowPeak summits, or the middle where none was called", async () => {
    const changes = yaml("motif: second, topPeaks: 1", "motif: second, summitFlank: 10");
    const { experiments } = await loadStudy(makeStudyFolder(changes));
    expect(experiments[1].peaks).toEqual([
      { chromosome: "chrIII", start: 2027, end: 2047 },
      { chromosome: "chrI", start: 3140, end: 3160 },
    ]);
  });

  it("may have its files elsewhere", async () => {
    const path = makeStudyFolder(yaml("name: small\n", "name: small\ndata: ../elsewhere\n"));
    await expectError(() => loadStudy(path), "elsewhere");
    const here = join(path, "..");
    expect((await loadStudy(path, { dataFolder: here })).bins.count).toBeGreaterThan(0);
  });

  it("maps names explicitly, in every file", async () => {
    const renamed =
      "assembly: { name: small, genome: genome.fa, chromosomes: [chrI, chrII, chrIII], names: { alpha: chrI, beta: chrII } }";
    const study = await loadStudy(
      makeStudyFolder({
        ...yaml(/assembly: .*/, renamed),
        "genome.fa": fasta({ alpha: 4000, beta: 3000, III: 5000 }),
        "peaks.bed": "alpha\t50\t51\nbeta\t1500\t1501\n3\t400\t411\n",
        "t.bedGraph": "alpha\t10\t11\t3\nchrII\t5\t6\t1\n",
      }),
    );
    expect(study.experiments[0].peaks.map(({ chromosome }) => chromosome)).toEqual([
      "chrI",
      "chrII",
      "chrIII",
    ]);
    const { values } = (await study.loadCell("C")).tracks[0];
    expect([values[10], values[4005]]).toEqual([3, 1]);
    expect(study.warnings).toEqual([]);
  });

  it("may be of pieces of chromosomes", async () => {
    const study = await loadStudy(
      makeStudyFolder({
        ...yaml("chromosomes: [chrI, chrII, chrIII]", "pieces: true"),
        "genome.fa": fasta({
          "chrI:1000-3000": 2000,
          "chrII:0-3000": 3000,
          "chrIII:2000-5000": 3000,
          "chrI:5000-5300": 300,
        }),
        "peaks.bed": "chrI\t1500\t1501\nchrI\t9999999\t9999999\nchrII\t50\t60\nchrIII\t9\t10\n",
      }),
    );
    expect(study.bins.count).toBe(37 + 3 + 57 + 57);
    expect(study.experiments[0].peaks).toHaveLength(4);
    const labels = labelExperiment(study, study.experiments[0]);
    const bound = [...labels].flatMap((label, bin) => (label === 1 ? [study.bins.startOf(bin)] : []));
    expect(bound).toEqual([1350, 1400, 1450, 0, 50]);
  });

  it("reads only the factors asked for", async () => {
    const path = makeStudyFolder({ "peaks.bed": null });
    const study = await loadStudy(path, { factors: ["xyz2"] });
    expect(study.experiments.map(({ factor }) => factor)).toEqual(["Xyz2"]);
    await expectError(() => loadStudy(path), "peaks.bed");
    await expectError(
      () => loadStudy(path, { factors: ["Abd1"] }),
      'no experiment for the factor "Abd1"',
      "one of Abc1, Xyz2",
    );
    await expectError(() => findExperiment(study, "Abc1"), 'the factor "Abc1"', "one of Xyz2 in C");
  });

  it("asks for a cell where a factor was measured in two", async () => {
    const two = files["study.yaml"]
      .replace("cells:\n", "cells:\n  D: {}\n")
      .replace("holdOut:", "  - { factor: Abc1, cell: D, peaks: peaks.bed }\nholdOut:");
    const study = await loadStudy(makeStudyFolder({ "study.yaml": two }));
    await expectError(
      () => findExperiment(study, "Abc1"),
      "experiments for Abc1 in C, D",
      "Choose a cell with --cell",
    );
    expect(findExperiment(study, "abc1", "D").cell).toBe("D");
  });
});

describe("a study that does not fit", () => {
  const cases: [what: string, changes: Record<string, string | null>, parts: (string | RegExp)[]][] = [
    ["no study file", { "study.yaml": null }, ["study.yaml", "no such file", "no such file or folder"]],
    [
      "an unknown key",
      yaml("blacklist:", "blacklst:"),
      [/study\.yaml, line 3: unknown key "blacklst"; expected one of name, /],
    ],
    [
      "a missing genome",
      { "genome.fa": null },
      ["assembly.genome names the file genome.fa, which does not exist", "--data"],
    ],
    ["missing peaks", { "peaks.bed": null }, ["the experiment Abc1 in C names the file peaks.bed"]],
    ["a missing track", { "t.bedGraph": null }, ["the track T of the cell C names the file t.bedGraph"]],
    ["a missing motif file", { "motifs.meme": null }, ["motifs names the file motifs.meme"]],
    ["a missing hold-out file", { "test.bed": null }, ["holdOut.test names the file test.bed"]],
    [
      "a chromosome the genome lacks",
      yaml("chrIII]", "chrIX]"),
      ["genome.fa", 'no record for the chromosome "chrIX"'],
    ],
    [
      "a hold-out the genome lacks",
      yaml("validation: { chromosomes: [chrII]", "validation: { chromosomes: [chrV]"),
      ['holdOut.validation names the chromosome "chrV"', "one of chrI, chrII, chrIII"],
    ],
    [
      "differing chromosome names in peaks",
      { "peaks.bed": "NC_001133\t50\t51\nNC_001134\t1\t2\n" },
      ["peaks.bed: chromosomes named NC_001133, NC_001134", "such as chrI, chrII, chrIII", "assembly.names"],
    ],
    [
      "differing chromosome names in the blacklist",
      { "blacklist.bed": "scaffold_7\t5\t6\n" },
      ["blacklist.bed: chromosomes named scaffold_7"],
    ],
    [
      "a peak beyond a chromosome's end",
      { "peaks.bed": "1\t50\t51\n2\t2990\t3001\n" },
      [
        /peaks\.bed, line 2: 2:2990-3001 ends beyond the chromosome; expected an end of at most 3000 on chrII/,
        "of the study's assembly",
      ],
    ],
    [
      "a relaxed peak beyond a chromosome's end",
      { "relaxed.bed": "III\t1900\t2500000\n" },
      [/relaxed\.bed, line 1: III:1900-2500000/],
    ],
    ["a region beyond a chromosome's end", { "test.bed": "chrIII\t3000\t5001\n" }, [/test\.bed, line 1/]],
    [
      "a malformed peak",
      { "peaks.bed": "1\t50\t51\n2\tx\t3001\n" },
      [/peaks\.bed, line 2: the start \(column 2\) is "x"/],
    ],
    ["a malformed narrowPeak", { "x.narrowPeak": "III\t2000\t2300\n" }, ["x.narrowPeak, line 1"]],
    [
      "peaks on no chromosome of the study",
      { "peaks.bed": "# none\n" },
      ["peaks.bed: no peak on the study's chromosomes", "the experiment Abc1 in C"],
    ],
    [
      "no hold-out region",
      { "test.bed": "# none\n" },
      ["test.bed: no region on the study's chromosomes", "holdOut.test"],
    ],
    [
      "overlapping hold-outs",
      { "test.bed": "chrIII\t3000\t5000\nchrII\t10\t20\n" },
      ["validation (all of chrII) and test (chrII:10-20) hold out the same sequence"],
    ],
    ["a motif the file lacks", yaml("motif: second", "motif: third"), ["third"]],
    [
      "a damaged motif file",
      {
        "motifs.meme":
          "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF a\nletter-probability matrix: alength= 4 w= 2\n1 0 0\n",
      },
      ["motifs.meme"],
    ],
    ["a genome of another kind", { "genome.fa": "hello\n" }, ["genome.fa"]],
  ];
  it.each(cases)("%s", async (_, changes, parts) => {
    const path = makeStudyFolder(changes);
    await expectError(() => loadStudy(path), ...parts);
  });

  it("passes over peaks on chromosomes it does not use, and says so", async () => {
    const study = await loadStudy(makeStudyFolder({ "peaks.bed": "1\t50\t51\nMito\t5\t6\n2micron\t5\t6\n" }));
    expect(study.experiments[0].peaks).toHaveLength(1);
    expect(study.warnings).toHaveLength(1);
    expect(study.warnings[0]).toMatch(
      /peaks\.bed: 2 records on 2 chromosomes that the study does not use \(Mito, 2micron\)/,
    );
  });
});

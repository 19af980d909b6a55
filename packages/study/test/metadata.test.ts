import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MemorySource, openFile, readBed } from "@bindscape/genome";
import { describe, expect, it } from "vitest";
import { BinTable } from "../src/bins.js";
import { measureExpressionComponents, readExpressionTable } from "../src/expression.js";
import { loadStudy } from "../src/load-study.node.js";
import { parseStudyFile } from "../src/study-file.js";
import { WindowMaker } from "../src/window-maker.js";
import type { BinFeature, WindowSource } from "../src/windows.js";
import { expectError, findData, randomCodes, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
let count = 0;

const sequence = (length: number) => [...randomCodes(length, length)].map((code) => "ACGT"[code]).join("");

/** Thirty genes in six columns: two replicates of A, B, and others that no cell of the study has. */
const columns = ["A_rep1", "A_rep2", "elsewhere", "B", "B2", "other"];
const expressionOf = (gene: number, column: number) =>
  ((13 * gene * gene + 7 * column * column * gene + 11 * column + 3) % 29) * (0.5 + (gene % 4));
const table = `gene\t${columns.join("\t")}\n${Array.from(
  { length: 30 },
  (_, gene) => `g${gene}\t${columns.map((_, column) => expressionOf(gene, column)).join("\t")}\n`,
).join("")}`;

const files = {
  "study.yaml": `name: small
assembly: { name: small, genome: genome.fa }
annotations:
  - { name: cpg, file: cpg.bed }
  - { file: genes.gtf, parts: [promoter, cds], promoter: { upstream: 100 } }
expression: { file: fpkm.tsv, components: 2 }
cells:
  A: { covariates: { age: 3.5 } }
  B: {}
  C: {}
experiments:
  - { factor: Abc1, cell: A, peaks: peaks.bed }
holdOut:
  validation: { chromosomes: [chrII] }
  test: { chromosomes: [chrIII] }
`,
  "genome.fa": `>chrI\n${sequence(4000)}\n>chrII\n${sequence(3000)}\n>chrIII\n${sequence(2000)}\n`,
  "peaks.bed": "chrI\t500\t700\n",
  "cpg.bed": "I\t100\t200\nII\t5\t10\nI\t150\t260\nI\t900\t900\nIV\t3\t9\n",
  "genes.gtf": [
    ["exon", 2000, 2100, "+", 1],
    ["exon", 2201, 2300, "+", 1],
    ["CDS", 2201, 2260, "+", 1],
    ["exon", 3501, 3980, "-", 2],
  ]
    .map(
      ([type, start, end, strand, id]) =>
        `chr1\tx\t${type}\t${start}\t${end}\t.\t${strand}\t.\ttranscript_id "${id}";\n`,
    )
    .join(""),
  "fpkm.tsv": table,
};

function writeStudy(changes: Partial<Record<keyof typeof files, string>> = {}): string {
  const place = join(folder, `study ${++count}`);
  mkdirSync(place);
  for (const [name, text] of Object.entries({ ...files, ...changes })) writeFileSync(join(place, name), text);
  return join(place, "study.yaml");
}

const intervalsOf = ({ annotations }: WindowSource) =>
  Object.fromEntries(
    annotations!.map(({ name, segmentFirst, starts, ends }) => [
      name,
      [...segmentFirst.subarray(1)].map((end, s) =>
        [...starts.subarray(segmentFirst[s], end)]
          .map((start, i) => `${start}-${ends[segmentFirst[s] + i]}`)
          .join(" "),
      ),
    ]),
  );

describe("annotations and covariates of a study", () => {
  it("are read onto the study's chromosomes and shared by its cells", async () => {
    const study = await loadStudy(writeStudy());
    const source = await study.loadCell("A");
    expect(intervalsOf(source)).toEqual({
      cpg: ["100-260", "5-10", ""],
      cds: ["2200-2260", "", ""],
      // 100 bp before and the default 100 behind: 1999 forward, 3979 on the reverse strand, cut at the end.
      promoter: ["1899-2100 3879-4000", "", ""],
    });
    expect(study.warnings).toHaveLength(2);
    expect(study.warnings[0]).toContain("1 records on 1 chromosomes that the study does not use (IV)");
    expect(study.warnings[1]).toContain("no column of C");
    const other = await study.loadCell("B");
    expect(other.annotations).toBe(source.annotations);
    expect(Object.keys(source.covariates!)).toEqual(["age", "PC1", "PC2"]);
    expect(source.covariates!.age).toBe(3.5);
    expect(Object.keys(other.covariates!)).toEqual(["PC1", "PC2"]);
    expect((await study.loadCell("C")).covariates).toEqual({});
    for (const name of ["cpg.bed", "genes.gtf", "fpkm.tsv"])
      expect(study.inputs.some((file) => file.endsWith(name))).toBe(true);
  });

  it("have errors that name file, line and cell", async () => {
    const withCells = (cells: string) => files["study.yaml"].replace("  B: {}\n", cells);
    const load = async (changes: Parameters<typeof writeStudy>[0]) =>
      (await loadStudy(writeStudy(changes))).loadCell("A");
    for (const [changes, ...parts] of [
      [{ "cpg.bed": "scaffold_7\t1\t5\n" }, "cpg.bed", "chromosomes named scaffold_7", "chrI, chrII"],
      [{ "cpg.bed": "chrI\t3990\t4001\n" }, "cpg.bed", "chrI:3990-4001 ends beyond the chromosome"],
      [{ "genes.gtf": "chr1\tx\texon\t1\t2\n" }, "genes.gtf, line 1", "5 columns"],
      [{ "fpkm.tsv": table.replace("g3\t", "g3\tNA\t") }, "fpkm.tsv, line 5", "8 columns"],
      [
        { "fpkm.tsv": table.replace(/g3\t\S+/, "g3\t-1") },
        "fpkm.tsv, line 5",
        'the value "-1" in the column A_rep1',
      ],
      [{ "fpkm.tsv": "gene\tA\n" }, "column names, but no gene"],
      [{ "fpkm.tsv": "gene\tA\ng\t1\n" }, "1 genes in 1 columns", "at least 2 of both"],
      [
        { "study.yaml": files["study.yaml"].replace("components: 2", "columns: { K562: [B] }") },
        "line 6",
        'expression columns of the unknown cell "K562"',
        "one of A, B, C",
      ],
      [
        { "study.yaml": files["study.yaml"].replace("components: 2", "components: 2, columns: { C: [D] }") },
        'no column "D", which the study names for C',
      ],
      [{ "study.yaml": withCells("  B: { covariates: { PC2: 1 } }\n") }, "line 9", "the covariate PC2 of B"],
      [{ "study.yaml": withCells("  B: { covariates: { PC: x } }\n") }, "line 9", "cells.B.covariates.PC"],
      [
        { "study.yaml": files["study.yaml"].replace("name: cpg", "name: cds") },
        "line 5",
        'two annotations named "cds"',
      ],
      [{ "study.yaml": files["study.yaml"].replace("name: cpg, ", "") }, "line 4", "a BED file needs a name"],
      [
        { "study.yaml": files["study.yaml"].replace("file: cpg.bed", "file: x.bed") },
        "the annotation cpg names the file x.bed",
      ],
    ] as const) {
      await expectError(() => load(changes), ...parts);
    }
  });

  it("are told by the ending of a path or an address", () => {
    const entries = (file: string) =>
      parseStudyFile(files["study.yaml"].replace("genes.gtf", `"${file}"`), "s").annotations;
    expect(entries("https://example.org/v38/genes.GFF3.gz?download=1")[1].parts).toEqual(["promoter", "cds"]);
    expect(() => entries("genes.gtf.bed")).toThrow("a BED file needs a name");
  });

  it("need no file where there are none", async () => {
    const text = files["study.yaml"].replace(/annotations:[\s\S]*components: 2 }\n/, "");
    expect(parseStudyFile(text, "s").annotations).toEqual([]);
    const study = await loadStudy(writeStudy({ "study.yaml": text }));
    const source = await study.loadCell("B");
    expect([source.annotations, source.covariates]).toEqual([[], {}]);
    await expectError(() => study.loadCell("D"), 'no cell named "D"');
  });

  const hg19 = "human_hg19_regions";
  const genome = findData(`${hg19}/sequences_hg19.fa.gz`);
  it.skipIf(!genome)("of GENCODE on pieces of hg19 are those of its files, bin by bin", async () => {
    const parts = ["cds", "intron", "promoter", "utr5", "utr3"].map((part) => [
      part,
      findData(`${hg19}/wgEncodeGencodeBasicV19.${part}.merged.bed.gz`)!,
    ]);
    const entries = [["cpg", findData(`${hg19}/cpgisland.bed.gz`)!], ...parts];
    const study = await loadStudy(
      writeStudy({
        "study.yaml": `name: hg19
assembly: { name: hg19, genome: ${genome}, pieces: true }
annotations:
${entries.map(([name, file]) => `  - { name: ${name}, file: ${file} }\n`).join("")}cells: { A: {} }
experiments: [{ factor: Abc1, cell: A, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [chr12] }, test: { chromosomes: [chr22] } }
`,
        "peaks.bed": "chr12\t44000500\t44000700\n",
      }),
    );
    const source = await study.loadCell("A");
    const features: BinFeature[] = entries.map(([name]) => ({ kind: "overlap", name, annotation: name }));
    const maker = new WindowMaker(source, { windowLength: 200, binSize: 200, tracks: [], features });
    const bins = new BinTable(study.assembly, { size: 200, step: 50 });
    const records = await Promise.all(
      entries.map(async ([, path]) => {
        const file = await openFile(path);
        return readBed(file).finally(() => file.close());
      }),
    );
    let set = 0;
    for (const part of bins.parts) {
      const { chromosome, start: from, end: to } = part.segment;
      const expected = records.map((intervals) => {
        const bases = new Uint8Array(to - from);
        for (const { chromosome: on, start, end } of intervals) {
          if (on === chromosome && start < to && end > from)
            bases.fill(1, Math.max(0, start - from), Math.min(to, end) - from);
        }
        return bases;
      });
      const starts = Int32Array.from({ length: part.count }, (_, i) => part.firstStart + 50 * i);
      const segmentIndices = new Uint32Array(part.count).fill(part.segmentIndex);
      const found = maker.fillFeatures({ segmentIndices, binStarts: starts });
      for (let i = 0; i < part.count; i++) {
        for (let f = 0; f < entries.length; f++) {
          const at = starts[i] - from;
          const flag = expected[f].subarray(at, at + 200).includes(1) ? 1 : 0;
          if (found[i * entries.length + f] !== flag) throw new Error(`${entries[f][0]} at ${starts[i]}`);
          set += flag;
        }
      }
    }
    expect(set).toBeGreaterThan(10_000);
  });
});

describe("components of expression", () => {
  const read = (text: string) =>
    readExpressionTable(new MemorySource(new TextEncoder().encode(text), "t.tsv"));

  it("are those of NumPy (asinh, numpy.linalg.svd, right vectors), replicates averaged", async () => {
    const expression = await read(table);
    expect([expression.genes, expression.columns]).toEqual([30, columns]);
    const entry = { components: 2, columns: { C: ["other", "elsewhere"] } };
    const found = measureExpressionComponents(expression, entry, ["A", "B", "C", "D"], "t.tsv");
    const expected = {
      A: [0.4178891179249227, -0.11317335640714897],
      B: [0.41464797331140535, -0.09739617183620122],
      C: [0.3921810943581952, 0.07460893712759015],
    };
    expect([...found.keys()]).toEqual(["A", "B", "C"]);
    for (const [cell, values] of Object.entries(expected)) {
      expect(found.get(cell)!.PC1).toBeCloseTo(values[0], 12);
      expect(found.get(cell)!.PC2).toBeCloseTo(values[1], 12);
    }
  });

  it("are the same of a table as R writes it, and take a cell's own column before another's replicate", async () => {
    const inR = await read(table.replace("gene\t", "").replaceAll("\n", "\r\n"));
    expect(inR.columns).toEqual(columns);
    const named = { ...inR, columns: ["A", "A_1", "A_2", "Ab", "A.biorep3", "x"] };
    const both = measureExpressionComponents(named, { components: 1 }, ["A", "A_1"], "t.tsv");
    const one = measureExpressionComponents(
      named,
      { components: 1, columns: { A: ["A", "A_2", "A.biorep3"], A_1: ["A_1"] } },
      ["A", "A_1"],
      "t.tsv",
    );
    expect(both).toEqual(one);
  });
});

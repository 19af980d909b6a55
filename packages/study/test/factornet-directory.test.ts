import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomically, writeTwoBit } from "@bindscape/genome";
import { beforeEach, describe, expect, it } from "vitest";
import { findFactornetResources } from "../src/factornet/find-resources.node.js";
import { readFactornetDirectory } from "../src/factornet/read-directory.node.js";
import { makeFactornetStudy } from "../src/factornet/write-study.node.js";
import { loadStudy } from "../src/load-study.node.js";
import { parseStudyFile } from "../src/study-file.js";
import { expectError, temporaryFolder } from "./helpers.js";

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const chromosomes = ["chr1", "chr2", "chr8", "chr11", "chr21"];

function write(name: string, text: string): void {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
}

const peaksEverywhere = chromosomes.map((name) => `${name}\t1000\t1300\n`).join("");

/** Two cells and resources, laid out as the published implementation has them. */
beforeEach(() => {
  for (const folder of ["data", "resources", "studies"]) rmSync(at(folder), { recursive: true, force: true });
  write("resources/hg19.fa", chromosomes.map((name) => `>${name}\n${"ACGT".repeat(1000)}\n`).join(""));
  write("resources/hg19.autoX.chrom.sizes", chromosomes.map((name) => `${name}\t4000\n`).join(""));
  write("resources/blacklist.bed", "chr2\t0\t100\n");
  write(
    "resources/HOCOMOCOv9.meme",
    "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF M1 CTCF\nletter-probability matrix: alength= 4 w= 2\n1 0 0 0\n0 1 0 0\n",
  );
  write("resources/cpgisland.bed", "chr2\t50\t90\n");
  for (const part of ["utr3", "cds", "promoter"]) {
    write(`resources/wgEncodeGencodeBasicV19.${part}.merged.bed`, "chr2\t50\t90\n");
  }
  write("resources/unique.bedGraph", "chr2\t0\t100\t1\n");
  for (const cell of ["GM12878", "K562"]) {
    write(`data/${cell}/bigwig.txt`, "../../resources/unique.bedGraph\tUnique35\ndgf.bedGraph\tDGF\n");
    write(`data/${cell}/dgf.bedGraph`, "chr2\t0\t100\t2\n");
    write(`data/${cell}/meta.txt`, "-0.19145\tGEPC1\n0.22302925\tGEPC2\n");
    write(`data/${cell}/ctcf.narrowPeak`, peaksEverywhere.replaceAll("\n", "\t.\t0\t.\t5\t-1\t-1\t100\n"));
    write(`data/${cell}/relaxed.bed`, peaksEverywhere);
  }
  write("data/GM12878/chip.txt", "ctcf.narrowPeak\tCTCF\trelaxed.bed\nrelaxed.bed\tMAX\n");
  write("data/K562/chip.txt", "ctcf.narrowPeak\tCTCF\trelaxed.bed\n");
});

const make = (options: object = {}, cells = ["GM12878", "K562"]) =>
  makeFactornetStudy(
    cells.map((cell) => at(`data/${cell}`)),
    { out: at("studies/study.yaml"), ...options },
  );

describe("a study of FactorNet's folders", () => {
  it("is one that loads, with the paper's hold-outs and the files where they are", async () => {
    const made = await make();
    expect(made.warnings).toEqual([]);
    expect(made).toMatchObject({ cells: ["GM12878", "K562"], factors: ["CTCF", "MAX"] });
    write("studies/study.yaml", made.text);
    const study = await loadStudy(at("studies/study.yaml"));
    expect(study.warnings).toEqual([]);
    expect(study.assembly.chromosomes.map(({ name }) => name)).toEqual(chromosomes);
    expect(study.experiments.map(({ factor, cell }) => `${factor} in ${cell}`)).toEqual([
      "CTCF in GM12878",
      "MAX in GM12878",
      "CTCF in K562",
    ]);
    expect(study.experiments[0].motif?.id).toBe("M1");
    expect(study.experiments.map(({ relaxedPeaks }) => relaxedPeaks.length)).toEqual([5, 0, 5]);
    expect(study.holdOuts.validation.map(({ chromosome }) => chromosome)).toEqual(["chr11"]);
    expect(study.holdOuts.test.map(({ chromosome }) => chromosome)).toEqual(["chr1", "chr8", "chr21"]);
    expect(study.holdOuts.blacklist).toHaveLength(1);
    const { tracks, annotations, covariates } = await study.loadCell("K562");
    expect(annotations?.map(({ name }) => name)).toEqual(["cpg", "cds", "promoter", "utr3"]);
    expect(Object.entries(covariates ?? {})).toEqual([
      ["GEPC1", -0.19145],
      ["GEPC2", 0.22302925],
    ]);
    expect(tracks.map(({ name, values }) => [name, values[4000 + 50]])).toEqual([
      ["Unique35", 1],
      ["DGF", 2],
    ]);
    const file = parseStudyFile(made.text, "study.yaml");
    expect(file.bins).toEqual({ size: 200, step: 50, boundOverlap: 101 });
    expect(file.annotations).toMatchObject([
      { name: "cpg" },
      { name: "cds" },
      { name: "promoter" },
      { name: "utr3" },
    ]);
    expect(file.cells.K562).toMatchObject({ covariates: { GEPC1: -0.19145, GEPC2: 0.22302925 } });
  });

  it("takes genome, resources and hold-outs from options, and a cell without chip.txt", async () => {
    write("elsewhere/other.fa", ">chr2\nACGT\n");
    rmSync(at("data/K562/chip.txt"));
    const made = await make({
      genome: at("elsewhere/other.fa"),
      resources: at("elsewhere"),
      validationChromosomes: ["chr2"],
      testChromosomes: ["chr8"],
    });
    const file = parseStudyFile(made.text, "study.yaml");
    expect(file.assembly).toMatchObject({ name: "other", genome: "../elsewhere/other.fa" });
    expect(file.holdOut).toEqual({ validation: { chromosomes: ["chr2"] }, test: { chromosomes: ["chr8"] } });
    expect(file.experiments.map(({ cell }) => cell)).toEqual(["GM12878", "GM12878"]);
    expect(made.warnings).toEqual([
      expect.stringMatching(/^no blacklist/),
      expect.stringMatching(/^no chrom.sizes/),
    ]);
  });

  it("warns of peaks of the training chromosomes alone, which leave the test without a bound bin", async () => {
    write("data/GM12878/relaxed.bed", "chr2\t1000\t1300\nchr11\t1000\t1300\n");
    const { warnings } = await make();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("GM12878: no peak of MAX on the test chromosomes (chr1, chr8, chr21)");
  });

  it("finds annotations in the order networks take them, never one as another", async () => {
    write("resources/utr3-of-nothing.txt", "");
    const { annotations, genome } = await findFactornetResources(at("resources"));
    expect(annotations.map(({ name, file }) => [name, file.slice(root.length + 11)])).toEqual([
      ["cpg", "cpgisland.bed"],
      ["cds", "wgEncodeGencodeBasicV19.cds.merged.bed"],
      ["promoter", "wgEncodeGencodeBasicV19.promoter.merged.bed"],
      ["utr3", "wgEncodeGencodeBasicV19.utr3.merged.bed"],
    ]);
    expect(genome).toBe(at("resources/hg19.fa"));
  });

  it("leaves addresses as they are", async () => {
    const address = "https://example.org/tracks/dgf.bw";
    write("data/K562/bigwig.txt", `${address}\tDGF\n`);
    const { text } = await make({}, ["K562"]);
    expect(parseStudyFile(text, "study.yaml").cells.K562.tracks[0].file).toBe(address);
  });

  it("reads lists with spaces, CRLF and comments", async () => {
    write("data/K562/bigwig.txt", "# tracks\r\ndgf.bedGraph DGF\r\n\r\n");
    const { tracks, covariates } = await readFactornetDirectory(at("data/K562"));
    expect(tracks).toEqual([{ name: "DGF", file: at("data/K562/dgf.bedGraph") }]);
    expect(covariates?.[1]).toEqual({ name: "GEPC2", value: 0.22302925 });
  });
});

describe("refused are", () => {
  const list = "data/K562/";
  it.each<[string, string, string, string[]]>([
    [
      "channels in another order",
      "bigwig.txt",
      "dgf.bedGraph\tDGF\n../../resources/unique.bedGraph\tUnique35\n",
      ["K562/bigwig.txt: the order DGF, Unique35; expected Unique35, DGF, as in", "must agree between cells"],
    ],
    ["other channels", "bigwig.txt", "dgf.bedGraph\tDGF\n", ["K562/bigwig.txt: DGF; expected Unique35, DGF"]],
    ["other covariates", "meta.txt", "1\tGEPC1\n", ["K562/meta.txt: GEPC1; expected GEPC1, GEPC2"]],
    [
      "names before values",
      "meta.txt",
      "GEPC1\t1\n",
      ["K562/meta.txt, line 1", 'the value "GEPC1"', "column 1"],
    ],
    ["names before files", "chip.txt", "CTCF\tctcf.narrowPeak\n", ["line 1: the file CTCF", "peaks, factor"]],
    ["a missing file", "bigwig.txt", "gone.bw\tDGF\n", ["K562/bigwig.txt, line 1: the file gone.bw"]],
    ["a factor twice", "chip.txt", "relaxed.bed\tMAX\nrelaxed.bed\tMax\n", ["line 2: a second line for max"]],
    [
      "a single column",
      "chip.txt",
      "relaxed.bed\n",
      ["line 1: the line has only 1 column; expected a peak file"],
    ],
  ])("%s", async (_, name, text, parts) => {
    write(list + name, text);
    await expectError(() => make(), ...parts);
  });

  it("a genome of another build than the chromosome sizes, or none", async () => {
    // A .fai index says how long the chromosomes are.
    write("elsewhere/hg38.fa", ">chr1\nACGT\n");
    write("elsewhere/hg38.fa.fai", "chr1\t248956422\t6\t50\t51\n");
    write("resources/hg19.autoX.chrom.sizes", "chr1\t249250621\nchr2\t243199373\n");
    const genome = { genome: at("elsewhere/hg38.fa") };
    await expectError(
      () => make(genome),
      "hg19.autoX.chrom.sizes: chr1 has 249250621 bp, which is hg19; expected 248956422 bp, as in",
      "hg38.fa, which is hg38. Give genome",
    );
    write("resources/hg19.autoX.chrom.sizes", "chr1\t248956422\nchr2\t5\n");
    await expectError(() => make(genome), "chr2 has 5 bp; expected a chromosome in");
    await expectError(() => make({ genome: at("elsewhere/gone.fa") }), "gone.fa");
    const records = chromosomes.map((name) => ({ name, description: "", codes: new Uint8Array(4000) }));
    await writeFileAtomically(at("elsewhere/right.2bit"), (sink) => writeTwoBit(sink, records));
    write("resources/hg19.autoX.chrom.sizes", chromosomes.map((name) => `${name}\t4000\n`).join(""));
    const made = await make({ genome: at("elsewhere/right.2bit") });
    expect(parseStudyFile(made.text, "study.yaml").assembly.name).toBe("right");
    write("resources/hg19.autoX.chrom.sizes", chromosomes.map((name) => `${name}\t4001\n`).join(""));
    await expectError(
      () => make({ genome: at("elsewhere/right.2bit") }),
      "chr1 has 4001 bp; expected 4000 bp",
    );
  });

  it("covariates in one cell alone, folders of one name, and hold-outs that are no chromosome", async () => {
    rmSync(at("data/K562/meta.txt"));
    await expectError(() => make(), "K562/meta.txt: no such file; expected GEPC1, GEPC2");
    await expectError(() => make({}, ["GM12878", "GM12878"]), "a second folder named GM12878");
    await expectError(
      () => make({ testChromosomes: ["chr9"] }, ["GM12878"]),
      'no chromosome "chr9"',
      "chr21",
    );
    await expectError(() => make({}, ["HeLa"]), "data/HeLa: no such folder");
    rmSync(at("resources"), { recursive: true });
    write("data/GM12878/bigwig.txt", "dgf.bedGraph\tDGF\n");
    await expectError(() => make({}, ["GM12878"]), "no folder of resources", "--genome");
  });
});

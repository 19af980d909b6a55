import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { BigWigReader, MemorySink, MemorySource, writeBigWigFile, writeTwoBit } from "@bindscape/genome";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, run, runHere, temporaryFolder } from "./run.js";

const at = temporaryFolder();

beforeAll(async () => {
  const write = (name: string, content: string | Uint8Array) => writeFile(at(name), content);
  await write("signal.bedGraph", "chr1\t0\t100\t1.5\nchr1\t150\t200\t3\nchr2\t10\t20\t-2\n");
  await write("chrom.sizes", "chr1\t1000\nchr2\t500\n");
  await write("peaks.bed", "chr1\t10\t30\ta\t5\t+\nchr1\t20\t60\tb\t6\t-\nchr2\t0\t10\tc\t7\t+\n");
  await write(
    "peaks.narrowPeak",
    "chr1\t10\t30\t.\t0\t.\t5.5\t-1\t-1\t7\nchr2\t0\t9\t.\t0\t.\t8\t-1\t-1\t-1\n",
  );
  await write(
    "cells.fragments.tsv.gz",
    gzipSync("chr1\t5\t105\tAAACCCGGGTTT-1\t2\nchr1\t9\t59\tAAACCCGGGTTA-1\t1\n"),
  );
  await write("genome.fa", ">chr1 one\nACGTNN\nacgt\n>chr2\nGG\n");
  await write("motifs.pfm", ">M1 Reb1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0.5 0 0 0.5\n0 0 0 1\n");
  await writeBigWigFile(
    at("signal.bw"),
    [{ name: "chr1", size: 1000 }],
    [{ chromosome: "chr1", starts: [0, 50], ends: [50, 60], values: [1, 4] }],
  );
  const twoBit = new MemorySink();
  await writeTwoBit(twoBit, [{ name: "chr1", description: "", codes: Uint8Array.of(0, 1, 2, 3, 4) }]);
  await write("genome.2bit", twoBit.toBytes());
});

describe("convert", () => {
  it("converts as a user does it, with progress nowhere in the way", async () => {
    const done = await run(
      ["convert", "signal.bedGraph", "new/signal.bw", "--chrom-sizes", "chrom.sizes", "--json"],
      at(""),
    );
    expect(done.stderr).toBe("wrote new/signal.bw: 3 intervals on 2 chromosomes, 160 bp\n");
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toEqual({
      out: "new/signal.bw",
      from: "bedGraph",
      to: "bigWig",
      chromosomes: 2,
      intervals: 3,
      basesCovered: 160,
    });
    const reader = await BigWigReader.open(new MemorySource(await readFile(at("new/signal.bw"))));
    expect([...(await reader.readValues("chr1", 98, 102))]).toEqual([1.5, 1.5, Number.NaN, Number.NaN]);
  });
});

/** Command lines on files that cannot be used: what the one line on standard error begins with. */
const wrong: [args: string[], message: string][] = [
  [
    ["convert", "none.bedGraph", "OUT.npz"],
    "none.bedGraph: the file could not be read: there is no such file",
  ],
  [
    ["convert", "signal.bedGraph", "OUT.bw"],
    "signal.bedGraph: the file does not say how long its chromosomes are",
  ],
  [["convert", "genome.fa", "OUT.bw"], "genome.fa: the file's ending says no kind of track"],
  [["convert", "bad.bedGraph", "OUT.npz"], "bad.bedGraph, line 2: the line has only 3 columns"],
  [["convert", "cut.bedGraph.gz", "OUT.npz"], "cut.bedGraph.gz, offset "],
  [["convert", "cut.bw", "OUT.npz"], "cut.bw, offset "],
  [["info", "none"], "none: the file could not be read: there is no such file"],
  [
    ["info", "unknown.txt"],
    'unknown.txt: nothing known (the first line is "hello world"); expected a study file (.yaml)',
  ],
  [["info", "empty.txt"], "empty.txt: the file is empty; expected a study file (.yaml)"],
  [["info", "folder"], "folder: a folder without model.json"],
  [["info"], "no file is named"],
  [["info", "wrong.yaml"], 'wrong.yaml, line 2: unknown key "bin"; expected one of name, '],
  [
    ["train", "none.yaml", "--factor", "F", "--out", "OUT"],
    "none.yaml: the file could not be read: there is no such file",
  ],
  [["train", "none.yaml", "--factor", "F", "--out", "OUT", "--kernels", "x"], "--kernels x: "],
  [["predict", "none", "--study", "none.yaml", "--out", "OUT.bw"], "none: no such folder"],
  [["evaluate", "none", "--study", "none.yaml"], "none: no such folder"],
  [["report", "none", "--study", "none.yaml", "--out", "OUT.html"], "none: no such folder"],
  [["ensemble", "signal.bw", "--out", "OUT.bw"], "1 input file; expected at least two"],
  [["ensemble", "signal.bw", "other.bw", "--out", "OUT.bw"], "other.bw: "],
];

describe("input that cannot be used", () => {
  beforeAll(async () => {
    await writeFile(at("bad.bedGraph"), "chr1\t0\t100\t1.5\nchr1\t150\t200\n");
    const text = Array.from({ length: 5000 }, (_, i) => `chr1\t${i}\t${i + 1}\t${(i * 7919) % 1000}\n`).join(
      "",
    );
    await writeFile(at("cut.bedGraph.gz"), gzipSync(text).subarray(0, 2000));
    await writeFile(at("cut.bw"), (await readFile(at("signal.bw"))).subarray(0, 500));
    await writeFile(at("unknown.txt"), "hello world\n");
    await writeFile(at("empty.txt"), "");
    await writeFile(
      at("wrong.yaml"),
      `name: x
bin: { size: 100 }
assembly: { name: tiny, genome: genome.fa }
cells: { cell: {} }
experiments: [{ factor: F, cell: cell, peaks: peaks.bed }]
holdOut: { validation: { chromosomes: [chr1] }, test: { chromosomes: [chr2] } }
`,
    );
    await mkdir(at("folder"));
    await writeBigWigFile(
      at("other.bw"),
      [{ name: "chr1", size: 1000 }],
      [{ chromosome: "chr1", starts: [0], ends: [50], values: [1] }],
    );
  });

  it.each(wrong)("%j", async (args, message) => {
    const before = process.cwd();
    process.chdir(at(""));
    try {
      const files = (await readdir(".")).sort();
      const { code, stdout, stderr } = await runHere(args);
      expect(stderr.startsWith(`bindscape: ${message}`), stderr).toBe(true);
      expect(stderr.trimEnd().split("\n")).toHaveLength(1);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect((await readdir(".")).sort()).toEqual(files);
    } finally {
      process.chdir(before);
    }
  });

  it("ends the built program the same way", async () => {
    const { code, stdout, stderr } = await run(["convert", "cut.bedGraph.gz", "OUT.npz"], at(""));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^bindscape: cut\.bedGraph\.gz, offset \d+: the gzip file is cut off.*\n$/);
    expect(existsSync(at("OUT.npz"))).toBe(false);
  });
});

describe("info", () => {
  const info = async (name: string) => {
    const { code, stdout, stderr } = await runHere(["info", at(name), "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const facts = lastJson(stdout);
    const plain = await runHere(["info", at(name)]);
    expect(plain.stdout.split("\n")[0]).toBe(`${at(name)}: ${facts.kind}`);
    return facts;
  };

  it("bigWig", async () => {
    expect(await info("signal.bw")).toMatchObject({
      kind: "bigWig track",
      chromosomes: [{ name: "chr1", size: 1000 }],
      bases: 1000,
      summary: { basesCovered: 60, min: 1, max: 4, sum: 90, mean: 1.5 },
      zoomLevels: expect.any(Array),
    });
  });

  it("bedGraph", async () => {
    expect(await info("signal.bedGraph")).toMatchObject({
      kind: "bedGraph track",
      intervals: 3,
      bases: 160,
      mean: (150 + 150 - 20) / 160,
      min: -2,
      max: 3,
      chromosomes: { chr1: 2, chr2: 1 },
    });
  });

  it("BED and narrowPeak", async () => {
    expect(await info("peaks.bed")).toMatchObject({
      kind: "BED regions",
      regions: 3,
      medianWidth: 20,
      basesCovered: 60,
      columns: 6,
      chromosomes: { chr1: 2, chr2: 1 },
    });
    expect(await info("peaks.narrowPeak")).toMatchObject({
      kind: "narrowPeak peaks",
      regions: 2,
      medianWidth: 14.5,
      withSummit: 1,
      medianSignalValue: 6.75,
    });
  });

  it("fragments", async () => {
    expect(await info("cells.fragments.tsv.gz")).toMatchObject({
      kind: "ATAC-seq fragments",
      fragments: 2,
      readPairs: 3,
      barcodes: 2,
      medianLength: 50,
    });
  });

  it("FASTA, 2bit and chromosome lengths", async () => {
    expect(await info("genome.fa")).toMatchObject({
      kind: "FASTA sequences",
      sequences: [
        { name: "chr1", size: 10 },
        { name: "chr2", size: 2 },
      ],
      bases: 12,
      gcShare: 0.6,
      unknownBases: 2,
    });
    expect(await info("genome.2bit")).toMatchObject({
      kind: "2bit genome",
      sequences: [{ name: "chr1", size: 5 }],
    });
    expect(await info("chrom.sizes")).toMatchObject({ kind: "chromosome lengths", bases: 1500 });
  });

  it("motifs", async () => {
    expect(await info("motifs.pfm")).toMatchObject({
      kind: "motifs",
      count: 1,
      motifs: [{ id: "M1", name: "Reb1", width: 5, bits: 9 }],
    });
  });

  it("npz of a track", async () => {
    await runHere(["convert", at("signal.bedGraph"), at("info.npz")]);
    expect(await info("info.npz")).toMatchObject({ kind: "npz track", intervals: 3, hasSizes: false });
  });

  it("knows files without an ending by their content", async () => {
    for (const [name, kind] of [
      ["signal.bedGraph", "bedGraph track"],
      ["peaks.bed", "BED regions"],
      ["peaks.narrowPeak", "narrowPeak peaks"],
      ["cells.fragments.tsv.gz", "ATAC-seq fragments"],
      ["genome.fa", "FASTA sequences"],
      ["motifs.pfm", "motifs"],
      ["chrom.sizes", "chromosome lengths"],
      ["signal.bw", "bigWig track"],
    ]) {
      await writeFile(at("plain"), await readFile(at(name)));
      expect((await info("plain")).kind, name).toBe(kind);
    }
  });

  it("--schema prints the JSON Schema of studies", async () => {
    const { code, stdout } = await runHere(["info", "--schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      title: "Bindscape study",
      required: expect.arrayContaining(["name"]),
    });
  });
});

describe("doctor", () => {
  it("checks everything and ends with 0 where the CPU path works", async () => {
    const { code, stdout } = await runHere(["doctor", "--json"]);
    const report = lastJson(stdout) as {
      works: boolean;
      checks: { name: string; status: string; next?: string }[];
    };
    expect(report.checks.map(({ name }) => name)).toEqual([
      "Node",
      "machine",
      "ONNX Runtime, cpu",
      "ONNX Runtime, webgpu",
      "ONNX Runtime, cuda",
      "cache folder",
      "demo data",
    ]);
    expect({ code, works: report.works }).toEqual({ code: 0, works: true });
    for (const { status, next } of report.checks) if (status !== "ok") expect(next).toMatch(/\w/);
    expect(report.checks[2].status).toBe("ok");
  });

  it("leaves nothing in the home folder: ONNX Runtime reports nothing to its makers", async () => {
    const home = at("home");
    await mkdir(home);
    // ONNX Runtime keeps quiet in CI by itself; here it must keep quiet for our reason.
    const { CI: _ci, XDG_CACHE_HOME: _cache, ORT_DISABLE_TELEMETRY: _telemetry, ...env } = process.env;
    const { code } = await run(["doctor"], at(""), { ...env, HOME: home });
    expect(code).toBe(0);
    const left = (await readdir(home, { recursive: true })).filter((name) => /microsoft|onnx/i.test(name));
    expect(left).toEqual([]);
  });
});

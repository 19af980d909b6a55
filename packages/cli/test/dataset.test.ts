import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSequenceSetFolder } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { site, writeTinyStudy } from "./tiny-study.js";

const file = temporaryFolder();
let study = "";
beforeAll(async () => {
  study = await writeTinyStudy(file("tiny"));
  // Only every second peak stays, so that half of the planted sites are unbound.
  const peaks = readFileSync(file("tiny/F.bed"), "utf8").trim().split("\n");
  writeFileSync(file("tiny/F.bed"), `${peaks.filter((_, i) => i % 2 === 0).join("\n")}\n`);
});

const make = (out: string, ...flags: string[]) =>
  runHere(["dataset", "motif-sites", "--out", file(out), "--length", "200", "--json", ...flags]);

describe("dataset motif-sites", () => {
  it("writes a folder that reads back, with its record and page", async () => {
    const { code, stdout, stderr } = await make("f", "--study", study, "--factor", "F");
    expect(stderr).toContain("bound and");
    expect(code).toBe(0);
    const said = lastJson(stdout) as { sequences: number; counts: unknown; matching: { quality: object } };
    const set = await readSequenceSetFolder(file("f"));
    expect(set.count).toBe(said.sequences);
    expect(set.tasks).toEqual([{ factor: "F", cell: "cell" }]);
    expect(set.length).toBe(200);
    // Nearly all sites are the planted ones: the core of most windows is the motif itself.
    const cores = Array.from({ length: set.count }, (_, row) =>
      Array.from(
        set.codes.slice(row * 200 + set.cores![0], row * 200 + set.cores![1]),
        (code) => "ACGTN"[code],
      ).join(""),
    );
    expect(cores.filter((core) => core === site).length).toBeGreaterThan(set.count * 0.8);
    expect(readdirSync(file("f")).sort()).toEqual([
      "dataset.json",
      "labels.tsv",
      "report.html",
      "run.json",
      "sequences.fa",
      "sites.bed",
      "sites.tsv",
    ]);
    const page = readFileSync(join(file("f"), "report.html"), "utf8");
    expect(page).toContain("Motif sites of F in cell");
    expect(page).not.toMatch(/NaN|undefined/);
    const description = JSON.parse(readFileSync(join(file("f"), "dataset.json"), "utf8"));
    expect(description).toMatchObject({ kind: "motif sites", control: "baseline", counts: { "F|cell": {} } });
    expect(said.counts).toEqual(description.counts["F|cell"]);
    const record = JSON.parse(readFileSync(join(file("f"), "run.json"), "utf8"));
    expect(record.inputs.map(({ file: name }: { file: string }) => name.split("/").at(-1))).toContain(
      "genome.fa",
    );
  });

  it("makes the same of single files as of a study", async () => {
    const { code, stderr } = await make(
      "files",
      ...["--genome", file("tiny/genome.fa"), "--peaks", file("tiny/F.bed")],
      ...["--motif", `${file("tiny/motifs.pfm")}:F`, "--track", file("tiny/open.bw")],
      ...["--validation", "chrB", "--test", "chrC"],
    );
    expect([code, stderr.includes("of F (")]).toEqual([0, true]);
    const [a, b] = [await readSequenceSetFolder(file("f")), await readSequenceSetFolder(file("files"))];
    expect(b.tasks).toEqual([{ factor: "F", cell: "" }]);
    expect(b.names).toEqual(a.names);
    expect(b.splits).toEqual(a.splits);
    expect(b.labels).toEqual(a.labels);
    expect(b.codes).toEqual(a.codes);
  });

  it("masks the core, pads ends, and moves hold-outs", async () => {
    const { code } = await make(
      "masked",
      ...[
        "--study",
        study,
        "--factor",
        "f",
        "--core",
        "mask",
        "--ends",
        "pad",
        "--control",
        "gc",
        "--gc-bin",
        ".1",
      ],
      ...["--validation", "chrC", "--test", "chrB", "--minimum-sites", "20", "--positives", "all"],
    );
    expect(code).toBe(0);
    const set = await readSequenceSetFolder(file("masked"));
    const core = set.codes.subarray(set.cores![0], set.cores![1]);
    expect([...core]).toEqual(Array(site.length).fill(4));
    for (const [row, { chromosome }] of set.places!.entries()) {
      expect(set.splits![row]).toBe({ chrA: "training", chrB: "test", chrC: "validation" }[chromosome]);
    }
  });

  it.each([
    [["--factor", "F"], /neither --study nor --genome/],
    [["--study", "STUDY"], /no --factor/],
    [["--study", "STUDY", "--factor", "G"], /no experiment for the factor "G"/],
    [["--study", "STUDY", "--factor", "F", "--length", "8"], /windows of 8 bp for a motif of 9 bp/],
    [["--study", "STUDY", "--factor", "F", "--minimum-sites", "5000"], /at least 5000 of each/],
    [["--study", "STUDY", "--factor", "F", "--test", "chrZ"], /the chromosome "chrZ"/],
    [["--study", "STUDY", "--factor", "F", "--test", "chrB"], /validation .* and test .* hold out the same/],
    [
      ["--study", "STUDY", "--factor", "F", "--track", "T", "--control", "accessibility"],
      /no track named "T"/,
    ],
    [
      ["--study", "STUDY", "--factor", "F", "--accessible", "a.bed"],
      /accessible regions with --control baseline/,
    ],
    [["--study", "STUDY", "--factor", "F", "--bfile", "--motif--"], /expected --genome--/],
    [["--study", "STUDY", "--factor", "F", "--bound-rule", "near"], /Allowed choices are strict/],
    [["--genome", "GENOME", "--motif", "MOTIF"], /--genome without --peaks/],
    [
      ["--genome", "GENOME", "--motif", "MOTIF", "--peaks", "PEAKS"],
      /no chromosome chr8 to hold out for validation/,
    ],
    [["--genome", "GENOME", "--motif", "no.meme", "--peaks", "PEAKS"], /no such file/],
  ])("refuses %j, and writes nothing", async (flags, message) => {
    const names: Record<string, string> = {
      STUDY: study,
      GENOME: file("tiny/genome.fa"),
      MOTIF: file("tiny/motifs.pfm"),
      PEAKS: file("tiny/F.bed"),
    };
    const { code, stderr } = await make("refused", ...flags.map((flag) => names[flag] ?? flag));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(file("refused"))).toBe(false);
  });

  it("keeps off a folder that is there, and replaces a data set where told to", async () => {
    const before = readFileSync(file("f/labels.tsv"), "utf8");
    const again = await make("f", "--study", study, "--factor", "F", "--seed", "1");
    expect([again.code, again.stderr.includes("something stands there already")]).toEqual([2, true]);
    expect(readFileSync(file("f/labels.tsv"), "utf8")).toBe(before);
    expect((await make("f", "--study", study, "--factor", "F", "--seed", "1", "--overwrite")).code).toBe(0);
    expect(readFileSync(file("f/labels.tsv"), "utf8")).not.toBe(before);
  });
});

/** A network that trains in a second. */
const small = [
  ...[
    "--architecture",
    "deepsea",
    "--preset",
    "short",
    "--epochs",
    "1",
    "--threads",
    "1",
    "--kernels",
    "8",
    "--second-kernels",
    "8",
    "--third-kernels",
    "8",
    "--dense",
    "8",
  ],
];

describe("cross and sequences repeat", () => {
  it("measure models on each other's sites, and say what is wrong", async () => {
    expect((await make("g", "--study", study, "--factor", "F", "--seed", "3")).code).toBe(0);
    for (const name of ["f", "g"]) {
      const trained = await runHere([
        "sequences",
        "train",
        file(name),
        "--out",
        file(`model-${name}`),
        ...small,
      ]);
      expect(trained.stderr).toContain("wrote");
    }
    const cross = (...flags: string[]) =>
      runHere([
        "cross",
        file("model-f"),
        file("model-g"),
        "--out",
        file("cross"),
        "--threads",
        "1",
        ...flags,
      ]);
    const data = ["--datasets", file("f"), file("g")];
    const { code, stdout, stderr } = await cross(...data, "--json");
    expect([code, stderr.includes("2 models on 2 sets of sites")]).toEqual([0, true]);
    const said = lastJson(stdout) as {
      rows: { name: string }[];
      cells: { auroc: number; bound: number }[][];
      columns: { baselines: object }[];
    };
    expect(said.rows.map(({ name }) => name)).toEqual(["F (model-f)", "F (model-g)"]);
    expect(Object.keys(said.columns[0].baselines)).toContain("open");
    // The same number as `sequences evaluate` gives.
    const evaluated = await runHere([
      "sequences",
      "evaluate",
      file("model-g"),
      file("f"),
      "--json",
      "--threads",
      "1",
    ]);
    expect(said.cells[1][0].auroc).toBe((lastJson(evaluated.stdout) as { auroc: number }).auroc);
    expect(readdirSync(file("cross")).sort()).toEqual(["cross.json", "cross.tsv", "report.html", "run.json"]);
    const again = await cross(...data);
    expect([again.code, again.stderr.includes("something stands there already")]).toEqual([2, true]);
    expect((await cross(...data, "--overwrite", "--split", "all")).code).toBe(0);
    const none = await cross("--datasets", file("nothing"), "--overwrite");
    expect([none.code, none.stderr.includes("nothing")]).toEqual([2, true]);
    expect(existsSync(file("cross/cross.json"))).toBe(true);
  });

  it("train and test on random splits, and go on where they were stopped", async () => {
    const repeat = (...flags: string[]) =>
      runHere(["sequences", "repeat", file("f"), "--out", file("trials"), "--json", ...small, ...flags]);
    const { code, stdout } = await repeat("--trials", "2");
    expect(code).toBe(0);
    const { trials } = lastJson(stdout) as { trials: { trial: number; auroc: number; tested: number }[] };
    expect(trials.map(({ trial }) => trial)).toEqual([1, 2]);
    expect(readdirSync(file("trials")).sort()).toEqual([
      "repeat.json",
      "report.html",
      "run.json",
      "trials.tsv",
    ]);
    expect(existsSync(file("trials.trials.jsonl"))).toBe(false);
    const other = await repeat("--trials", "1", "--by", "chromosome", "--test-share", "0.3", "--overwrite");
    expect([other.code, (lastJson(other.stdout) as { by: string }).by]).toEqual([0, "chromosome"]);
    writeFileSync(file("trials.trials.jsonl"), `${JSON.stringify({ mark: "another", trial: 1 })}\n`);
    const foreign = await repeat("--resume", "--overwrite");
    expect([foreign.code, foreign.stderr.includes("trials of other data or options")]).toEqual([2, true]);
  });
});

describe("dataset compendium and deepsea", () => {
  const compendium = (out: string, ...flags: string[]) =>
    runHere(["dataset", "compendium", "--out", file(out), "--length", "400", "--json", ...flags]);

  it("makes the same of a list of tracks as of a study", async () => {
    expect((await compendium("many", "--study", study)).code).toBe(0);
    writeFileSync(file("list.tsv"), "name\tcell\tpeaks\nF\tcell\ttiny/F.bed\n");
    const { code, stdout } = await compendium(
      "listed",
      ...["--tracks", file("list.tsv"), "--genome", file("tiny/genome.fa")],
      ...["--validation", "chrB", "--test", "chrC"],
    );
    expect(code).toBe(0);
    const [a, b] = [await readSequenceSetFolder(file("many")), await readSequenceSetFolder(file("listed"))];
    expect({ ...b, source: "", codes: [...b.codes] }).toEqual({ ...a, source: "", codes: [...a.codes] });
    expect(lastJson(stdout)).toMatchObject({ sequences: a.count, tracks: { "F|cell": {} } });
    const page = readFileSync(file("listed/report.html"), "utf8");
    expect(page).toContain("Compendium of 1 tracks");
    expect(page).not.toMatch(/NaN|undefined/);
  });

  it.each([
    [[], /no input/],
    [["--study", "STUDY", "--genome", "GENOME"], /--genome and --study/],
    [["--study", "STUDY", "--test", "chrB"], /a hold-out beside a study/],
    [["--study", "STUDY", "--bin", "300", "--least-bound", "2"], /no bin with at least 2 bound labels/],
    [["--study", "STUDY", "--coverage", "1"], /Expected a number from 0/],
    [["--tracks", "LIST", "--genome", "GENOME"], /no chromosome chr8 to hold out/],
    [["--tracks", "GENOME", "--genome", "GENOME"], /between tabs/],
  ])("compendium refuses %j, and writes nothing", async (flags, message) => {
    const names: Record<string, string> = {
      STUDY: study,
      GENOME: file("tiny/genome.fa"),
      LIST: file("list.tsv"),
    };
    const { code, stderr } = await compendium("refused", ...flags.map((flag) => names[flag] ?? flag));
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(file("refused"))).toBe(false);
  });

  it("reads DeepSEA's files", async () => {
    const fixtures = join(import.meta.dirname, "../../models/test/fixtures/deepsea");
    const files = ["train", "valid", "test"].map((part) => join(fixtures, `${part}.mat`));
    writeFileSync(file("names.txt"), "CTCF|K562\nDNase|K562\nPU1|GM12878\n");
    const deepsea = (out: string, ...flags: string[]) =>
      runHere(["dataset", "deepsea", ...flags, "--out", file(out), "--json"]);
    const { code, stdout } = await deepsea("deepsea", ...files, "--names", file("names.txt"));
    expect(code).toBe(0);
    expect(lastJson(stdout)).toMatchObject({ sequences: 13, length: 6, tasks: 3 });
    const set = await readSequenceSetFolder(file("deepsea"));
    expect(set.tasks[1]).toEqual({ factor: "DNase", cell: "K562" });
    const refused = await deepsea("refused", study);
    expect([refused.code, /neither a MATLAB nor an HDF5 file/.test(refused.stderr)]).toEqual([2, true]);
    expect(existsSync(file("refused"))).toBe(false);
  });
});

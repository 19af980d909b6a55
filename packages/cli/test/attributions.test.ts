import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { openBigWig } from "@bindscape/genome";
import { loadAttributionFile, methodNames, scorePositions } from "@bindscape/interpret";
import { findModel, makeRunRecord, type Network, writeBundle } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { makeNetwork, randomCodes } from "../../models/test/helpers.js";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
const length = 60;
let study: string;

/** A network on sequence alone with two outputs. */
function sequenceNetwork(): Network {
  const definition = findModel("convolution-dense");
  const options = definition.options.parse({
    windowLength: length,
    layers: [
      { kind: "convolution", kernels: 4, width: 7 },
      { kind: "activation", function: "relu" },
      { kind: "max-pool", size: 9 },
      { kind: "flatten" },
      { kind: "dense", units: 5 },
      { kind: "activation", function: "relu" },
    ],
  });
  const tasks = ["GATA1", "TAL1"].map((factor) => ({ factor, cell: "K562" }));
  return makeNetwork(options as never, { windowLength: length }, { model: "convolution-dense", tasks }, 3);
}

const letters = (codes: Uint8Array) => Array.from(codes, (code) => "ACGTN"[code]).join("");

beforeAll(async () => {
  const run = await makeRunRecord("test", null, [], 0);
  await writeBundle(at("model"), { network: sequenceNetwork(), history: [], metrics: {}, run });
  const records = Array.from(
    { length: 5 },
    (_, i) => `>s${i}\n${letters(randomCodes(length, `sequence ${i}`))}\n`,
  );
  await writeFile(at("five.fa"), records.join(""));
  await writeFile(at("odd.fa"), `>right\n${"A".repeat(length)}\n>wrong\n${"C".repeat(length + 13)}\n`);
  study = await writeTinyStudy(at("study"));
  const { code, stderr } = await runHere([
    ...["train", study, "--factor", "F", "--out", at("tracks"), "--seed", "1", "--epochs", "1"],
    ...tinyNetwork,
  ]);
  expect(code, stderr).toBe(0);
});

const interpret = (method: string, out: string, ...flags: string[]) =>
  runHere(["interpret", at("model"), "--method", method, "--threads", "1", "--out", at(out), ...flags]);

describe("interpret BUNDLE --method", () => {
  it.each(methodNames)(
    "%s: attributions [N, 4, L] in float32 and predictions [N, targets]",
    async (method) => {
      const out = `${method}.npz`;
      const { code, stdout, stderr } = await interpret(
        method,
        out,
        "--fasta",
        at("five.fa"),
        "--target",
        "TAL1",
        "--json",
      );
      expect(code, stderr).toBe(0);
      expect(lastJson(stdout)).toMatchObject({ method, target: 1, sequences: 5, length });
      const file = await loadAttributionFile(at(out));
      expect(file).toMatchObject({ method, count: 5, length, target: 1, of: "logit" });
      expect(file.attributions).toBeInstanceOf(Float32Array);
      expect(file.attributions.length).toBe(5 * 4 * length);
      expect(file.attributions.some((value) => value !== 0)).toBe(true);
      expect(file.predictions?.length).toBe(10);
      expect(file.names).toEqual(["s0", "s1", "s2", "s3", "s4"]);
      expect(letters(file.codes.subarray(0, length))).toBe(letters(randomCodes(length, "sequence 0")));
      const run = JSON.parse(await readFile(at(`${out}.run.json`), "utf8"));
      expect(run.inputs.map(({ file: name }: { file: string }) => name)).toContain(at("five.fa"));
    },
  );

  it("the target by number, the probability, a seed that decides the shuffles", async () => {
    const read = async (name: string, ...flags: string[]) => {
      const { code, stderr } = await interpret("deeplift", name, "--fasta", at("five.fa"), ...flags);
      expect(code, stderr).toBe(0);
      return loadAttributionFile(at(name));
    };
    const first = await read("first.npz", "--references", "2");
    const again = await read("again.npz", "--references", "2", "--seed", "0", "--target", "0");
    expect(again.attributions).toEqual(first.attributions);
    const other = await read("other.npz", "--references", "2", "--seed", "5", "--target", "gata1");
    expect(other.attributions).not.toEqual(first.attributions);
    const zeros = await read("zeros.npz", "--reference", "zeros", "--rule", "rescale", "--of", "probability");
    expect(zeros.of).toBe("probability");
    // A reference of its own, given as a file.
    await writeFile(at("reference.fa"), `>r\n${"N".repeat(length)}\n`);
    const file = await read(
      "file.npz",
      "--reference",
      at("reference.fa"),
      "--rule",
      "rescale",
      "--of",
      "probability",
    );
    expect(file.attributions).toEqual(zeros.attributions);
  });

  it("brings sequences to the model's length with --centre", async () => {
    const { code, stderr } = await interpret("saliency", "centre.npz", "--fasta", at("odd.fa"), "--centre");
    expect(code, stderr).toBe(0);
    const { codes } = await loadAttributionFile(at("centre.npz"));
    expect(letters(codes)).toBe("A".repeat(length) + "C".repeat(length));
  });

  it("regions of a study, with its tracks: track, pictures and arrays say the same", async () => {
    await writeFile(
      at("regions.bed"),
      "chrC\t1000\t1009\ta\t0\t+\nchrC\t1030\t1039\tb\t0\t-\nchrA\t5\t14\tc\t0\t+\n",
    );
    const { code, stdout, stderr } = await runHere([
      ...[
        "interpret",
        at("tracks"),
        "--method",
        "gradient-input",
        "--study",
        study,
        "--regions",
        at("regions.bed"),
      ],
      ...[
        "--out",
        at("regions.npz"),
        "--bigwig",
        at("regions.bw"),
        "--logos",
        at("logos.html"),
        "--logo-count",
        "2",
      ],
      ...["--profile", at("profile.tsv"), "--modisco", at("modisco"), "--threads", "1", "--json"],
    ]);
    expect(code, stderr).toBe(0);
    for (const file of (lastJson(stdout) as { files: string[] }).files)
      expect(existsSync(file), file).toBe(true);
    const file = await loadAttributionFile(at("regions.npz"));
    expect(file.places?.map(({ chromosome }) => chromosome)).toEqual(["chrC", "chrC", "chrA"]);
    expect([...file.strands!]).toEqual([1, -1, 1]);
    file.places!.forEach(({ start }, row) => {
      expect(start + file.cores![row * 2]).toBe([1000, 1030, 5][row]);
      expect(file.cores![row * 2 + 1] - file.cores![row * 2]).toBe(9);
    });
    // What lies before the chromosome is unknown.
    expect(file.places![2].start).toBeLessThan(0);
    expect(file.codes[2 * file.length]).toBe(4);
    const scores = scorePositions(file);
    const { reader, close } = await openBigWig(at("regions.bw"));
    const [first, second] = file.places!;
    const values = await reader.readValues("chrC", first.start, second.end);
    close();
    expect(values.length).toBe(30 + file.length);
    values.forEach((value, i) => {
      const own = [i, i - 30].flatMap((k, row) =>
        k >= 0 && k < file.length ? [scores[row * file.length + k]] : [],
      );
      expect(Math.abs(value - own.reduce((x, y) => x + y) / own.length)).toBeLessThan(1e-6);
    });
    expect((await readFile(at("profile.tsv"), "utf8")).split("\n")[0]).toBe(
      "distance\tmean_absolute_score_all",
    );
  });

  it("a labelled data set: one split, one label, its cores and labels; factors beside each other", async () => {
    const made = await runHere([
      ...["simulate", "gata-tal", at("sites"), "--sequences", "20,10,30", "--length", "60", "--maximum", "1"],
    ]);
    expect(made.code, made.stderr).toBe(0);
    for (const target of ["GATA1", "TAL1"]) {
      const { code, stderr } = await interpret(
        "grad-cam",
        `${target}.npz`,
        "--dataset",
        at("sites"),
        "--split",
        "test",
        "--target",
        target,
        "--profile",
        at(`${target}.html`),
      );
      expect(code, stderr).toBe(0);
    }
    const file = await loadAttributionFile(at("TAL1.npz"));
    expect(file.count).toBe(30);
    expect(file.labels?.length).toBe(30);
    expect(file.cores?.length).toBe(60);
    const bound = await interpret(
      "saliency",
      "bound.npz",
      "--dataset",
      at("sites"),
      "--bound",
      "--most",
      "7",
    );
    expect(bound.code, bound.stderr).toBe(0);
    expect([...(await loadAttributionFile(at("bound.npz"))).labels!]).toEqual(new Array(7).fill(1));
    const profiles = await runHere([
      ...["interpret", "profiles", at("GATA1.npz"), at("TAL1.npz"), "--out", at("profiles.html"), "--json"],
    ]);
    expect(profiles.code, profiles.stderr).toBe(0);
    expect((lastJson(profiles.stdout) as { factors: string[] }).factors.length).toBe(2);
    expect((await readFile(at("profiles.tsv"), "utf8")).trimEnd().split("\n").length).toBe(5);
  });

  it("kernels as motifs on sequences, in place of a study", async () => {
    const kernels = (...flags: string[]) =>
      runHere(["interpret", "kernels", at("model"), "--threads", "1", "--out", at("kernels"), ...flags]);
    const found = await kernels("--dataset", at("sites"), "--split", "test", "--factor", "TAL1", "--json");
    expect(found.code, found.stderr).toBe(0);
    expect(lastJson(found.stdout)).toMatchObject({ factor: "TAL1", windows: { bound: 15, unbound: 15 } });
    expect(existsSync(at("kernels/motifs.meme"))).toBe(true);
    for (const [flags, message] of [
      [[], /nothing to read kernels on/],
      [["--fasta", at("five.fa"), "--dataset", at("sites")], /more than one of/],
      [["--fasta", at("odd.fa")], /"wrong" \(record 2\)/],
    ] as const) {
      const { code, stderr } = await kernels(...flags);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    }
  });

  const random = new Random("wrong");
  it.each<[string, string[], RegExp]>([
    [
      "a sequence of another length",
      ["--fasta", "odd.fa"],
      /odd\.fa.*"wrong" \(record 2\) of 73 bp.*60 bp.*--centre/s,
    ],
    ["no input", [], /nothing to look at.*--fasta/s],
    ["two inputs", ["--fasta", "five.fa", "--dataset", "sites"], /--fasta, --dataset together/],
    ["a study without regions", ["--study", "study/study.yaml"], /--study without --regions/],
    ["another target", ["--fasta", "five.fa", "--target", "2"], /--target 2.*0 GATA1\|K562, 1 TAL1\|K562/s],
    ["another layer", ["--fasta", "five.fa", "--layer", "conv9"], /"conv9".*convolution1/s],
    ["a missing file", ["--fasta", "none.fa"], /none\.fa/],
    ["an option of another method", ["--fasta", "five.fa", "--steps", "9"], /--steps with --method grad-cam/],
    ["a track without a genome", ["--fasta", "five.fa", "--bigwig", "x.bw"], /no places on a genome/],
    ["what is not DNA", ["--fasta", "protein.fa"], /protein\.fa, line 2.*"E"/s],
    [
      "arrays that the method cannot give",
      ["--fasta", "five.fa", "--modisco", "m"],
      /by grad-cam.*TF-MoDISco/s,
    ],
  ])("refuses %s, and writes nothing", async (_, flags, message) => {
    await writeFile(at("protein.fa"), ">p\nMEEPQSDPSV\n");
    const out = `wrong-${random.integer(1e9)}.npz`;
    const own = flags.map((flag) => (/\.|^(sites|m)$/.test(flag) ? at(flag) : flag));
    const { code, stderr } = await interpret("grad-cam", out, ...own);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bindscape: /);
    expect(stderr).toMatch(message);
    for (const name of [out, `${out}.run.json`, "x.bw", "m"]) expect(existsSync(at(name)), name).toBe(false);
  });

  it("refuses sequences for a model that sees tracks, other methods, and files of other names", async () => {
    const tracks = await runHere([
      ...[
        "interpret",
        at("tracks"),
        "--method",
        "saliency",
        "--fasta",
        at("five.fa"),
        "--centre",
        "--out",
        at("t.npz"),
      ],
    ]);
    expect(tracks.code).toBe(2);
    expect(tracks.stderr).toMatch(/sees 1 tracks too.*--study and --regions/s);
    expect(await interpret("magic", "x.npz", "--fasta", at("five.fa"))).toMatchObject({ code: 2 });
    expect((await interpret("ism", "x.csv", "--fasta", at("five.fa"))).stderr).toMatch(/\.npz/);
    const none = await runHere(["interpret", at("model"), "--fasta", at("five.fa"), "--out", at("x.npz")]);
    expect(none.stderr).toMatch(/no --method.*grad-cam/s);
    expect(existsSync(at("x.npz"))).toBe(false);
  });
});

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, run, runHere, start, temporaryFolder } from "./run.js";
import { writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();

/** A table of 60-bp sequences; those with the label 1 hold GATAAGCA. */
function table(count: number, seed: number, header = "sequence,label"): string {
  const random = new Random(seed);
  const lines = [header];
  for (let row = 0; row < count; row++) {
    const letters = Array.from({ length: 60 }, () => "ACGT"[random.integer(4)]);
    const bound = random.uniform() < 0.5;
    if (bound) letters.splice(random.integer(52), 8, ..."GATAAGCA");
    lines.push(`${letters.join("")},${Number(bound)}`);
  }
  return `${lines.join("\n")}\n`;
}

const tiny = [
  ...["--kernels", "24", "--second-kernels", "16", "--third-kernels", "16", "--kernel-width", "9"],
  ...["--dense", "16", "--dropout", "0.1", "--convolution-dropout", "0"],
];
const trainArguments = (out: string, ...more: string[]) => [
  ...["sequences", "train", at("train.csv.gz"), "--architecture", "deepsea", "--out", at(out)],
  ...tiny,
  ...["--epochs", "6", "--seed", "5", "--threads", "1", "--weight-average", "0.9", "--plateau", "0"],
  ...more,
];

beforeAll(async () => {
  writeFileSync(at("train.csv.gz"), gzipSync(table(1500, 1)));
  writeFileSync(at("test.csv"), table(300, 2));
  const { code, stdout, stderr } = await run(trainArguments("whole", "--json"));
  expect(code, stderr).toBe(0);
  expect(lastJson(stdout)).toMatchObject({
    bundle: at("whole"),
    sequences: { training: 1350, validation: 150 },
    length: 60,
    tasks: [{ factor: "label", cell: "" }],
    transferred: [],
  });
  expect(stderr.match(/^epoch \d+: training loss .*$/gm)).toHaveLength(6);
});

describe("bindscape sequences", () => {
  it("evaluate ranks other sequences, with counts, as a table and as JSON", async () => {
    const { code, stdout } = await runHere(["sequences", "evaluate", at("whole"), at("test.csv"), "--json"]);
    expect(code).toBe(0);
    const found = lastJson(stdout) as {
      auroc: number;
      auprc: number;
      tasks: { bound: number; unbound: number; auroc: number }[];
    };
    expect(found.auroc).toBeGreaterThan(0.8);
    expect(found.tasks[0].auroc).toBe(found.auroc);
    expect(found.tasks[0].bound + found.tasks[0].unbound).toBe(300);
    const both = await runHere([
      "sequences",
      "evaluate",
      at("whole"),
      at("test.csv"),
      "--strands",
      "separate",
    ]);
    expect(both.stdout).toMatch(
      /^label +bound +unbound +missing +auROC +auPR +pAUC\nlabel +\d+ +\d+ +0 +0\.\d{4} /,
    );
  });

  it("predict writes a row a sequence, or a strand", async () => {
    writeFileSync(at("two.fa"), `>one\n${"ACGTTGCA".repeat(8).slice(0, 60)}\n>two\n${"GATA".repeat(15)}\n`);
    const predict = (...more: string[]) =>
      runHere(["sequences", "predict", at("whole"), at("two.fa"), "--out", at("scores.tsv"), ...more]);
    expect((await predict()).code).toBe(0);
    const rows = () =>
      readFileSync(at("scores.tsv"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t"));
    const plain = rows();
    expect(plain[0]).toEqual(["name", "label"]);
    expect(plain.slice(1).map(([name]) => name)).toEqual(["one", "two"]);
    expect((await predict("--strands", "separate", "--values", "logit")).code).toBe(0);
    const logits = rows();
    expect(logits.slice(1).map(([name, strand]) => name + strand)).toEqual(["one+", "one-", "two+", "two-"]);
    for (const row of [0, 1]) {
      const probability = 1 / (1 + Math.exp(-Number(logits[1 + 2 * row][2])));
      expect(probability).toBeCloseTo(Number(plain[1 + row][1]), 5);
    }
  });

  it("train goes on after Ctrl-C to the same weights bit for bit", async () => {
    const training = start(trainArguments("stopped"));
    await training.saw(/^epoch 1: /m);
    training.process.kill("SIGINT");
    expect((await training.finished).code).toBe(130);
    expect([existsSync(at("stopped")), existsSync(at("stopped.training/checkpoint.json"))]).toEqual([
      false,
      true,
    ]);
    const resumed = await run(trainArguments("stopped", "--resume"));
    expect(resumed.code, resumed.stderr).toBe(0);
    const weights = (name: string) => readFileSync(at(`${name}/weights.safetensors`));
    expect(weights("stopped").equals(weights("whole"))).toBe(true);
  });

  it("train --from takes over the other network's shape and convolutions", async () => {
    writeFileSync(at("two.csv"), table(200, 3, "sequence,other"));
    const { code, stdout, stderr } = await run([
      ...["sequences", "train", at("two.csv"), "--architecture", "deepsea", "--from", at("whole")],
      ...["--epochs", "1", "--out", at("tuned"), "--json"],
    ]);
    expect(code, stderr).toBe(0);
    const { transferred } = lastJson(stdout) as { transferred: string[] };
    expect(transferred).toContain("convolution3.kernel");
    expect(transferred).not.toContain("dense.kernel");
    const model = JSON.parse(readFileSync(at("tuned/model.json"), "utf8"));
    expect(model.options).toMatchObject({ kernels: 24, dense: 16, windowLength: 60 });
    expect(model.training.transferredFrom).toBe(at("whole"));
    expect(model.tasks).toEqual([{ factor: "other", cell: "" }]);
  });

  it.each([
    ["sequences too short for the layers", ["--preset", "original"], "windows of 60 bp; expected at least"],
    [
      "another window length",
      ["--window-length", "50"],
      "sequences of 60 bp; expected 50 bp, as --window-length says",
    ],
    ["an unknown column", ["--tasks", "CTCF"], "no column of labels named CTCF; expected some of label"],
    ["a bundle that is not there", ["--from", "@nowhere"], "no such folder"],
    ["layers to freeze and none to take over", ["--freeze"], "--freeze with --from"],
    ["a name that is taken", ["--out", "@whole"], "--overwrite"],
    ["an option out of range", ["--validation-share", "2"], "--validation-share 2"],
    ["another architecture's option", ["--recurrent", "8"], "unknown option '--recurrent'"],
  ])("train refuses %s, with exit code 2 and nothing left", async (_, more, message) => {
    const base = [
      ...["sequences", "train", at("train.csv.gz"), "--architecture", "deepsea", "--out", at("refused")],
      "--epochs",
      "1",
    ];
    const { code, stderr } = await runHere([
      ...base,
      // The folder is made after this table is.
      ...more.map((word) => (word.startsWith("@") ? at(word.slice(1)) : word)),
    ]);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toContain(message);
    expect([existsSync(at("refused")), existsSync(at("refused.training"))]).toEqual([false, false]);
  });

  it("say what is wrong with a table, by file and line", async () => {
    writeFileSync(at("bad.csv"), "sequence,label\nACGT,1\nACG,0\n");
    for (const words of [
      ["train", at("bad.csv"), "--out", at("bad")],
      ["evaluate", at("whole"), at("bad.csv")],
    ]) {
      const { code, stderr } = await runHere(["sequences", ...words]);
      expect(code).toBe(2);
      expect(stderr).toContain("bad.csv, line 3: a sequence of 3 bp");
    }
    const { code, stderr } = await runHere([
      "sequences",
      "predict",
      at("whole"),
      at("test.csv"),
      "--length",
      "40",
      "--out",
      at("x.tsv"),
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("60 bp, as the network was trained on");
    expect(existsSync(at("x.tsv"))).toBe(false);
  });

  it.each(["danq", "deepsea", "factornet"])(
    "train --architecture %s --help lists its own options",
    async (name) => {
      const { stdout } = await runHere(["sequences", "train", "--architecture", name, "--help"]);
      expect(stdout).toContain({ danq: "DanQ:", deepsea: "DeepSEA:", factornet: "FactorNet:" }[name]!);
      expect(stdout).toMatch(/^ {2}bindscape sequences train /m);
    },
  );
});

it("bindscape train --model danq trains on a study, and predicts and evaluates with it", async () => {
  const study = await writeTinyStudy(at("study"));
  const { code, stderr } = await run([
    ...["train", study, "--factor", "F", "--model", "danq", "--preset", "compact", "--out", at("danq")],
    ...[
      "--window-length",
      "120",
      "--kernels",
      "8",
      "--recurrent",
      "4",
      "--dense",
      "8",
      "--epochs",
      "1",
      "--threads",
      "1",
    ],
  ]);
  expect(code, stderr).toBe(0);
  const model = JSON.parse(readFileSync(at("danq/model.json"), "utf8"));
  expect(model).toMatchObject({ model: "danq", plan: { tracks: [], unknownBase: 0.25, windowLength: 120 } });
  const evaluated = await run(["evaluate", at("danq"), "--study", study, "--json"]);
  expect(evaluated.code, evaluated.stderr).toBe(0);
  const kernels = await run(["interpret", "kernels", at("danq"), "--study", study, "--out", at("kernels")]);
  expect([0, 2]).toContain(kernels.code);
});

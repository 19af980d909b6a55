import { existsSync } from "node:fs";
import { copyFile, cp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

async function runWell(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runHere(args);
  expect(code, stderr).toBe(0);
  return { stdout, stderr };
}

const onStudy = () => ["--study", study, "--threads", "1"];
const predict = (out: string) => [
  ...["predict", at("seed1"), ...onStudy(), "--chromosomes", "chrC,chrB", "--out", at(out)],
];
const evaluate = (out: string) => [...["evaluate", at("seed1"), at("seed2"), ...onStudy(), "--out", at(out)]];

async function runShards(command: readonly string[], count: number): Promise<void> {
  // Any order will do.
  for (let index = count; index >= 1; index--) await runWell([...command, "--shard", `${index}/${count}`]);
}

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  for (const seed of ["1", "2"]) {
    await runWell([
      ...["train", study, "--factor", "F", "--out", at(`seed${seed}`), "--seed", seed, "--epochs", "2"],
      ...tinyNetwork,
      ...["--seed-kernels", "--learning-rate", "0.01"],
    ]);
  }
  await runWell(predict("whole.bw"));
  await runWell(predict("whole.bed"));
  await runWell(evaluate("whole.json"));
  // A network that says the same of every bin would hide bins that change places.
  const scores = (await readFile(at("whole.bed"), "utf8")).match(/[\d.e-]+(?=\t\.\n)/g) ?? [];
  expect(new Set(scores).size).toBeGreaterThan(2000);
}, 60_000);

describe("shards put together", () => {
  it.each([1, 2, 3, 7])(
    "equal the whole prediction byte for byte: %i",
    async (count) => {
      const out = `of-${count}.bw`;
      await runShards(predict(out), count);
      expect(existsSync(at(out))).toBe(false);
      const { stdout } = await runWell(["merge", at(out), "--shards", String(count), "--json"]);
      expect(lastJson(stdout)).toMatchObject({ out: at(out), factor: "F", cell: "cell", shards: count });
      expect((await readFile(at(out))).equals(await readFile(at("whole.bw")))).toBe(true);
      // The same shards make a BED of whole bins.
      await cp(at(`${out}.shards`), at(`of-${count}.bed.shards`), { recursive: true });
      await runWell(["merge", `${at(`of-${count}.bed.shards`)}/`]);
      expect(await readFile(at(`of-${count}.bed`), "utf8")).toBe(await readFile(at("whole.bed"), "utf8"));
    },
    30_000,
  );

  it.each([1, 2, 3, 7])(
    "equal the whole evaluation digit for digit: %i",
    async (count) => {
      const out = `of-${count}.json`;
      await runShards(evaluate(out), count);
      await runWell(["merge", at(out)]);
      expect(await readFile(at(out), "utf8")).toBe(await readFile(at("whole.json"), "utf8"));
    },
    30_000,
  );

  it("print what the whole prints, intervals and chromosomes too", async () => {
    const flags = ["--per-chromosome", "--bootstrap", "20"];
    const whole = await runWell([...evaluate("printed.json"), ...flags]);
    const merged = await runWell(["merge", at("of-3.json"), ...flags]);
    expect(merged.stdout).toBe(whole.stdout);
    expect(merged.stdout).toContain("95 % intervals");
    expect(await readFile(at("of-3.json"), "utf8")).toBe(await readFile(at("printed.json"), "utf8"));
  });

  it("may be more than there are batches, and more than there are bins", async () => {
    const short = ["predict", at("seed1"), ...onStudy(), "--chromosomes", "chrB"];
    await runWell([...short, "--shard", "2000/2000", "--out", at("many.bw")]);
    const manifest = JSON.parse(await readFile(at("many.bw.shards/2000-of-2000.json"), "utf8"));
    expect(manifest.content.bins).toEqual({ from: 1196, to: 1197, total: 1197 });
    await runWell([...short, "--shard", "1/2000", "--out", at("many.bw")]);
    const first = JSON.parse(await readFile(at("many.bw.shards/1-of-2000.json"), "utf8"));
    expect(first.content).toMatchObject({ bins: { from: 0, to: 0 }, pieces: [] });
  });
});

describe("finished shards", () => {
  it("are skipped, and made anew where the options or the data changed", async () => {
    const out = at("again.bw");
    const shard = [...predict("again.bw"), "--shard", "1/2", "--json"];
    const file = `${out}.shards/1-of-2.npz`;
    expect(lastJson((await runWell(shard)).stdout)).toEqual({ out, shard: 1, shards: 2, skipped: false });
    const before = (await stat(file)).mtimeMs;
    const again = await runWell(shard);
    expect(lastJson(again.stdout)).toMatchObject({ skipped: true });
    expect(again.stderr).toContain("there already, with the same inputs and options: nothing to do");
    expect((await stat(file)).mtimeMs).toBe(before);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(file, bytes);
    expect(lastJson((await runWell(shard)).stdout)).toMatchObject({ skipped: false });
    const other = shard.map((word) => (word === "chrC,chrB" ? "chrC" : word));
    expect(lastJson((await runWell(other)).stdout)).toMatchObject({ skipped: false });
    // The order in which chromosomes are named says nothing.
    await runWell(shard);
    const turned = shard.map((word) => (word === "chrC,chrB" ? "chrB,chrC" : word));
    expect(lastJson((await runWell(turned)).stdout)).toMatchObject({ skipped: true });
  });
});

describe("merge refuses", () => {
  const folder = (name: string) => at(`${name}.bw.shards`);

  async function expectRefusal(name: string, args: readonly string[], message: string | RegExp) {
    const { code, stderr } = await runHere(["merge", at(`${name}.bw`), ...args]);
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(/^bindscape: [^\n]*\n$/);
    if (typeof message === "string") expect(stderr).toContain(message);
    else expect(stderr).toMatch(message);
    expect(existsSync(at(`${name}.bw`))).toBe(false);
  }

  const copyShards = (name: string) => cp(at("of-3.bw.shards"), folder(name), { recursive: true });

  it("no shards, and shards of several splittings", async () => {
    await expectRefusal("none", [], "no such folder; expected the shards of an output");
    await copyShards("two");
    await copyFile(at("of-7.bw.shards/5-of-7.json"), `${folder("two")}/5-of-7.json`);
    await expectRefusal("two", [], "shards of 3 and of 7; expected the shards of one splitting");
    await expectRefusal("two", ["--shards", "7"], "shard 1 of 7 is missing");
  });

  it("a missing shard", async () => {
    await copyShards("missing");
    await rm(`${folder("missing")}/2-of-3.json`);
    await expectRefusal("missing", [], /shard 2 of 3 is missing; .* the same command with --shard 2\/3\.$/m);
  });

  it("a shard of other options, other data or another command", async () => {
    await copyShards("foreign");
    const foreign = predict("foreign.bw").map((word) => (word === "chrC,chrB" ? "chrC" : word));
    await runWell([...foreign, "--shard", "2/3"]);
    await expectRefusal(
      "foreign",
      [],
      "2-of-3.json: chromosomes is chrC in shard 2 of 3; expected chrB, chrC, as in shard 1 of 3.",
    );
    await runWell(
      predict("foreign.bw")
        .map((word) => (word === at("seed1") ? at("seed2") : word))
        .concat("--shard", "2/3"),
    );
    await expectRefusal("foreign", [], /model\.json of bundle 1 is [0-9a-f]{64} in shard 2 of 3; expected/);
    for (const ending of ["json", "npz"]) {
      await copyFile(at(`of-3.json.shards/2-of-3.${ending}`), `${folder("foreign")}/2-of-3.${ending}`);
    }
    await expectRefusal("foreign", [], "command is evaluate in shard 2 of 3; expected predict");
  });

  it("a damaged shard, a renamed one and an edited one", async () => {
    await copyShards("damaged");
    const data = `${folder("damaged")}/3-of-3.npz`;
    const bytes = await readFile(data);
    bytes[bytes.length - 400] ^= 4;
    await writeFile(data, bytes);
    await expectRefusal("damaged", [], "3-of-3.npz: its bytes are not those that were written (SHA-256)");
    await rm(data);
    await expectRefusal("damaged", [], "3-of-3.npz: no such file; expected the numbers of shard 3 of 3");
    const manifest = `${folder("damaged")}/2-of-3.json`;
    const text = await readFile(manifest, "utf8");
    await writeFile(manifest, text.slice(0, 500));
    await expectRefusal("damaged", [], "2-of-3.json: not valid JSON");
    await copyFile(at("of-3.bw.shards/1-of-3.json"), manifest);
    await expectRefusal(
      "damaged",
      [],
      "it says that it is shard 1 of 3; expected the description of shard 2",
    );
    await writeFile(manifest, text.replace('"cell": "cell"', '"cell": "cell2"'));
    await expectRefusal("damaged", [], "its settings do not have its fingerprint");
  });

  it("what only evaluations have", async () => {
    const { code, stderr } = await runHere(["merge", at("of-2.bw"), "--bootstrap", "5"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--bootstrap; expected shards of an evaluation");
  });

  it.each([
    [["predict", "SEED", "--shard", "0/3", "--out", "OUT.bw"], "Expected a part and the number of parts"],
    [["predict", "SEED", "--shard", "4/3", "--out", "OUT.bw"], "Expected a part and the number of parts"],
    [["predict", "SEED", "--shard", "1/2", "--out", "OUT.txt"], "an output of unknown kind"],
    [
      ["predict", "SEED", "--shard", "1/2", "--regions", "r.bed", "--out", "OUT.tsv"],
      "--shard with --regions",
    ],
    [["evaluate", "SEED", "--shard", "1/2"], "--shard without --out"],
    [
      ["evaluate", "SEED", "--shard", "1/2", "--out", "OUT.json", "--bootstrap", "9"],
      "--shard with --bootstrap",
    ],
  ])("%j", async (args, message) => {
    const placed = args.map((word) =>
      word === "SEED" ? at("seed1") : word.startsWith("OUT") ? at(word) : word,
    );
    const { code, stderr } = await runHere([...placed, ...onStudy()]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

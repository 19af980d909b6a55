import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, run, start, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;
let whole: Buffer;

const epochs = 8;
const trainArguments = (out: string, ...more: string[]) => [
  ...["train", study, "--factor", "F", "--out", at(out), "--seed", "7", "--epochs", String(epochs)],
  ...tinyNetwork,
  ...["--negatives-per-positive", "8", "--validation-negatives-per-positive", "8"],
  ...["--learning-rate", "0.003", "--dropout", "0.1"],
  ...more,
];
const weights = (out: string) => readFile(at(`${out}/weights.safetensors`));

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  const { code, stdout, stderr } = await run(trainArguments("whole", "--json"));
  expect(code, stderr).toBe(0);
  whole = await weights("whole");
  // The best weights are the last epoch's, so they hang on everything that came before.
  expect(lastJson(stdout)).toMatchObject({ bundle: at("whole"), epochs, bestEpoch: epochs });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(stderr.match(/^epoch \d+: training loss .*$/gm)).toHaveLength(epochs);
});

async function expectResumed(out: string): Promise<void> {
  const resumed = await run(trainArguments(out, "--resume"));
  expect(resumed.code, resumed.stderr).toBe(0);
  expect((await weights(out)).equals(whole)).toBe(true);
  // Only the times differ between the histories of the two runs.
  const historyOf = async (bundle: string) =>
    (await readFile(at(`${bundle}/history.jsonl`), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => ({ ...JSON.parse(line), seconds: 0 }));
  expect(await historyOf(out)).toEqual(await historyOf("whole"));
  expect(existsSync(at(`${out}.training`))).toBe(false);
}

describe("a run that is stopped", () => {
  it("by Ctrl-C ends with 130, leaves a checkpoint, and resumes to the same weights bit for bit", async () => {
    const training = start(trainArguments("stopped"));
    await training.saw(/^epoch 2: /m);
    training.process.kill("SIGINT");
    const { code, stdout, stderr } = await training.finished;
    expect({ code, stdout }, stderr).toEqual({ code: 130, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `bindscape: stopped. Go on with the same command and --resume (checkpoints are in ${at("stopped.training")})`,
    );
    expect(existsSync(at("stopped"))).toBe(false);
    expect(await readdir(at("stopped.training"))).toContain("checkpoint.json");
    const other = await run(trainArguments("stopped", "--resume", "--seed", "8"));
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("a checkpoint of other settings or other input files");
    await expectResumed("stopped");
  });

  it("by kill -9 at 25 random moments resumes to the same weights", async () => {
    // From before the first line to after the last: starting up, stepping, validating, writing checkpoints and bundles.
    // Without the recurrent layer a run is short, so that kills hit all of these.
    const plain = (out: string, ...more: string[]) => trainArguments(out, "--recurrent", "0", ...more);
    const started = performance.now();
    const { code: first, stderr: said } = await run(plain("unbroken"));
    expect(first, said).toBe(0);
    const wholeMilliseconds = performance.now() - started;
    const whole = await weights("unbroken");
    const kills: string[] = [];
    let out = "";
    let runs = 0;
    while (kills.length < 25) {
      if (out === "" || existsSync(at(out))) out = `killed-${runs++}`;
      const hasCheckpoint = existsSync(at(`${out}.training/checkpoint.json`));
      const training = start(plain(out, ...(hasCheckpoint ? ["--resume"] : [])));
      const moment = Math.random() * 1.1 * wholeMilliseconds;
      const killing = sleep(moment).then(() => training.process.kill("SIGKILL"));
      const { signal, code, stderr } = await training.finished;
      await killing;
      if (signal === "SIGKILL") {
        kills.push(`${moment.toFixed(0)} ms${hasCheckpoint ? ", resumed" : ""}`);
        // A bundle is there whole or not at all.
        if (existsSync(at(out))) expect((await weights(out)).equals(whole), kills.join("; ")).toBe(true);
      } else {
        expect(code, stderr).toBe(0);
        expect((await weights(out)).equals(whole), kills.join("; ")).toBe(true);
      }
    }
    if (existsSync(at(out))) return;
    const canResume = existsSync(at(`${out}.training/checkpoint.json`));
    const last = await run(plain(out, ...(canResume ? ["--resume"] : [])));
    expect(last.code, last.stderr).toBe(0);
    expect((await weights(out)).equals(whole), kills.join("; ")).toBe(true);
  }, 300_000);
});

describe("a run that cannot begin", () => {
  it("keeps a bundle that is there, and asks for --overwrite", async () => {
    const { code, stderr } = await run(trainArguments("whole"));
    expect(code).toBe(2);
    expect(stderr).toBe(
      `bindscape: ${at("whole")}: something stands there already; expected a name that is free. Choose another --out, or give --overwrite.\n`,
    );
    expect((await weights("whole")).equals(whole)).toBe(true);
  });

  it("has nothing to resume", async () => {
    const { code, stderr } = await run(trainArguments("new", "--resume"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bindscape: .*new\.training: no checkpoint to go on from.*\n$/);
    expect(existsSync(at("new"))).toBe(false);
  });

  it("says where it cannot write", async () => {
    const { code, stderr } = await run(trainArguments("study/study.yaml/model"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bindscape: .*model\.training: the file could not be written: .*\n$/);
  });

  it("stops at a loss that is no number, and names the batch", async () => {
    const { code, stderr } = await run(trainArguments("diverged", "--learning-rate", "1e38"));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^bindscape: .*study\.yaml: a loss of \S+ in epoch 1, batch \d+ \(its first window is the bin at chrA:\d+\); expected a finite loss\. [^\n]*--learning-rate[^\n]*\n$/,
    );
    expect(stderr).toContain("--check-numerics names the layer");
    expect(existsSync(at("diverged"))).toBe(false);
    const checked = await run(trainArguments("diverged", "--learning-rate", "1e38", "--check-numerics"));
    expect(checked.code).toBe(2);
    expect(checked.stderr).toMatch(
      /^bindscape: numerics check: a value that is no finite number in the layer .*, in epoch 1, batch \d+ \(its first window is/m,
    );
  });
});

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

beforeAll(async () => {
  study = await writeTinyStudy(at("tiny"));
  const flags = ["--factor", "F", "--epochs", "1", "--bin-features", "motif-and-signal", "--linear-features"];
  const trained = await runHere(["train", study, ...flags, ...tinyNetwork, "--out", at("bundle")]);
  expect(trained.code, trained.stderr).toBe(0);
}, 60_000);

describe("bundles of other programs", () => {
  it("go out to Keras and come back to the same predictions", async () => {
    const out = await runHere(["export", "keras", at("bundle"), "--out", at("keras"), "--json"]);
    expect(out.code, out.stderr).toBe(0);
    expect(lastJson(out.stdout)).toEqual({ out: at("keras"), factors: ["F"] });
    const renames = ["--rename", "open=DNase", "--cell", "K562"];
    const back = await runHere(["import", "keras", at("keras"), "--out", at("back"), ...renames, "--json"]);
    expect(back.code, back.stderr).toBe(0);
    expect(lastJson(back.stdout)).toMatchObject({ factors: ["F"], windowLength: 200 });
    expect(lastJson(back.stdout).inputs).toContain("DNase");

    const info = await runHere(["info", at("back")]);
    expect(info.stdout).toMatch(/imported from +keras\/best_model\.hdf5 \(Keras 1\.2\.2\)/);
    expect(info.stdout).toContain("F in K562");
    expect(info.stdout).not.toContain("best epoch");

    await writeFile(at("sites.bed"), "chrA\t1000\t1200\nchrB\t5000\t5200\nchrC\t1300\t1500\n");
    const predict = async (bundle: string, file: string, ...more: string[]) => {
      const regions = ["--regions", at("sites.bed"), "--threads", "1"];
      const done = await runHere([
        "predict",
        bundle,
        "--study",
        file,
        "--out",
        at("p.tsv"),
        ...regions,
        ...more,
      ]);
      expect(done.code, done.stderr).toBe(0);
      return (await readFile(at("p.tsv"), "utf8")).trim().split("\n").map(Number);
    };
    const wanted = await predict(at("bundle"), study);
    const renamed = join(at("tiny"), "renamed.yaml");
    await writeFile(renamed, (await readFile(study, "utf8")).replace("name: open,", "name: DNase,"));
    const found = await predict(at("back"), renamed, "--cell", "cell");
    expect(found.length).toBe(3);
    found.forEach((value, i) => {
      expect(Math.abs(value - wanted[i]), `window ${i}`).toBeLessThan(1e-5);
    });

    const lacking = await runHere(
      ["predict", at("back"), "--study", study, "--cell", "cell"].concat([
        "--regions",
        at("sites.bed"),
        "--out",
        at("q.tsv"),
      ]),
    );
    expect(lacking.code).toBe(2);
    expect(lacking.stderr).toContain("DNase");
    expect(lacking.stderr).toContain("open");
  });

  it("go out to Kipoi", async () => {
    const flags = ["--authors", "A. Author,B. Author", "--license", "MIT", "--url", "https://example.org/f/"];
    const out = await runHere(["export", "kipoi", at("bundle"), "--out", at("kipoi"), ...flags]);
    expect(out.code, out.stderr).toBe(0);
    const yaml = await readFile(join(at("kipoi"), "model.yaml"), "utf8");
    expect(yaml).toContain('url: "https://example.org/f/model.onnx"');
    expect(yaml).toContain('- name: "B. Author"');
    const again = await runHere(["export", "kipoi", at("bundle"), "--out", at("kipoi")]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("--overwrite");
    expect((await runHere(["export", "kipoi", at("bundle"), "--out", at("kipoi"), "--overwrite"])).code).toBe(
      0,
    );
  });

  it.each(["import keras", "export keras", "export kipoi"])("%s --help has an example", async (words) => {
    const { code, stdout, stderr } = await runHere([...words.split(" "), "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: bindscape ${words} `));
    expect(stdout).toMatch(/^Examples?:$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}bindscape ${words} `, "m"));
  });

  it("refuse what they cannot use, in one line", async () => {
    const cases: [string[], ...string[]][] = [
      [["import", "keras", at("nowhere"), "--out", at("x")], "no such folder"],
      [["import", "keras", at("bundle"), "--out", at("x")], "model.json", "Keras 1"],
      [["import", "keras", at("keras"), "--out", at("x"), "--rename", "DGF"], "OLD=NEW"],
      [["import", "keras", at("keras"), "--out", at("x"), "--rename", "DGF=y"], 'no input "DGF"', "open"],
      [["import", "keras", at("keras"), "--out", at("bundle")], "--overwrite"],
      [["export", "keras", at("keras"), "--out", at("x")], "model.json"],
      [["export", "kipoi", at("bundle"), "--out", at("x"), "--url", "ftp://a"], "--url ftp://a"],
    ];
    for (const [words, ...parts] of cases) {
      const { code, stderr } = await runHere(words);
      expect(code, words.join(" ")).toBe(2);
      for (const part of parts) expect(stderr, words.join(" ")).toContain(part);
    }
  });
});

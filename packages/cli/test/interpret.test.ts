import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { openBigWig } from "@bindscape/genome";
import { readMotifs } from "@bindscape/motifs";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  const { code, stderr } = await runHere([
    ...["train", study, "--factor", "F", "--out", at("model"), "--seed", "1", "--epochs", "2"],
    ...tinyNetwork,
    ...["--seed-kernels", "--learning-rate", "0.01"],
  ]);
  expect(code, stderr).toBe(0);
});

const interpret = (what: string, out: string, ...flags: string[]) =>
  runHere(["interpret", what, at("model"), "--study", study, "--threads", "1", "--out", at(out), ...flags]);

describe("interpret kernels", () => {
  it.each([
    ["best-site", "1"],
    ["half-maximum", "2"],
  ])("writes the files of the rule %s, layer %s", async (rule, layer) => {
    const out = `kernels-${rule}`;
    const { code, stdout, stderr } = await interpret(
      "kernels",
      out,
      ...["--rule", rule, "--layer", layer, "--windows", "200", "--json"],
    );
    expect(code, stderr).toBe(0);
    const said = lastJson(stdout) as { files: string[]; kernels: { index: number; sites: number }[] };
    for (const file of said.files) expect(existsSync(file), file).toBe(true);
    const motifs = readMotifs(await readFile(at(`${out}/motifs.meme`), "utf8"), "motifs.meme");
    expect(motifs.map(({ sites }) => sites)).toEqual(said.kernels.map(({ sites }) => sites));
    expect(JSON.parse(await readFile(at(`${out}/run.json`), "utf8"))).toMatchObject({ seed: 1 });
  });

  it("refuses other rules and factors", async () => {
    expect(await interpret("kernels", "x", "--rule", "all")).toMatchObject({ code: 2 });
    const { code, stderr } = await interpret("kernels", "x", "--factor", "G");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bindscape: .*G/);
    expect(existsSync(at("x"))).toBe(false);
  });
});

describe("interpret saliency", () => {
  it("writes a track along a region, and of a BED file's regions", async () => {
    const one = await interpret("saliency", "one", "--region", "chrC:1,000-1,150", "--json");
    expect(one.code, one.stderr).toBe(0);
    expect(lastJson(one.stdout)).toMatchObject({
      factor: "F",
      cell: "cell",
      regions: [{ chromosome: "chrC", start: 1000, end: 1150, windows: 1 }],
    });
    const { reader, close } = await openBigWig(at("one/saliency.bw"));
    expect((await reader.readIntervals("chrC", 0, 80_000)).starts.length).toBe(150);
    close();
    await writeFile(at("r.bed"), "chrC\t1000\t1150\nchrC\t2000\t2500\n");
    const two = await interpret("saliency", "two", "--regions", at("r.bed"), "--positive", "--json");
    expect(two.code, two.stderr).toBe(0);
    expect(lastJson(two.stdout)).toMatchObject({ regions: [{ windows: 1 }, { windows: 3 }] });
    expect(await readFile(at("two/saliency.html"), "utf8")).toContain("chrC:2000-2500");
  });

  it("says what is wrong with regions in one line", async () => {
    for (const [flags, ...parts] of [
      [[], "no regions to look at"],
      [["--region", "chrC:5-1"], 'the region "chrC:5-1"'],
      [["--region", "chrC:79990-80010"], "the region chrC:79990-80010", "where the chromosome ends"],
      [["--region", "chrX:1-10"], "Name one of chrA, chrB, chrC"],
    ] as const) {
      const { code, stderr } = await interpret("saliency", "bad", ...flags);
      expect(code).toBe(2);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      for (const part of parts) expect(stderr).toContain(part);
      expect(existsSync(at("bad"))).toBe(false);
    }
  });
});

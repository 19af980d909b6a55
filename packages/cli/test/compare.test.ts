import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  for (const seed of ["1", "2"]) {
    const { code, stderr } = await runHere([
      ...["train", study, "--factor", "F", "--out", at(`seed${seed}`), "--seed", seed, "--epochs", "1"],
      ...tinyNetwork,
    ]);
    expect(code, stderr).toBe(0);
  }
});

describe("compare", () => {
  it("measures sets as evaluate does, and all of them together", async () => {
    const both = `${at("seed1")},${at("seed2")}`;
    const run = await runHere([
      ...["compare", `one=${at("seed1")}`, `two=${both}`, "--study", study, "--threads", "1"],
      ...["--out", at("compare.html"), "--json"],
    ]);
    expect(run.code, run.stderr).toBe(0);
    const { experiments } = lastJson(run.stdout) as {
      experiments: { factor: string; models: { label: string; auprc: number }[]; ceiling: unknown }[];
    };
    expect(experiments).toHaveLength(1);
    const { models, ceiling } = experiments[0];
    expect(models.map(({ label }) => label)).toEqual(["one", "two", "mean rank of all"]);
    expect(ceiling).toBeNull();
    for (const [index, bundles] of [[at("seed1")], [at("seed1"), at("seed2")]].entries()) {
      const own = await runHere(["evaluate", ...bundles, "--study", study, "--threads", "1", "--json"]);
      const { factors } = lastJson(own.stdout) as { factors: Record<string, { model: { auprc: number } }> };
      expect(models[index].auprc).toBeCloseTo(factors.F.model.auprc, 9);
    }
    expect(await readFile(at("compare.html"), "utf8")).toContain("mean rank of all");
  });

  it("refuses sets it cannot read", async () => {
    for (const sets of [["=x"], ["a="], [`a=${at("seed1")}`, `a=${at("seed2")}`], ["a=nowhere"]]) {
      const { code, stderr } = await runHere(["compare", ...sets, "--study", study, "--out", at("x.html")]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^bindscape: /);
    }
  });
});

describe("frip", () => {
  it("gives the share of a track in the peaks of the study, or of a file", async () => {
    const own = lastJson((await runHere(["frip", study, "--json"])).stdout) as {
      rows: { cell: string; track: string; fraction: number }[];
    };
    // The track lies 50 bp to either side of each site's start, the peaks 100 bp around its middle.
    expect(own.rows).toMatchObject([{ cell: "cell", peaks: "F", track: "open", fraction: 1 }]);
    await writeFile(at("all.bed"), "chrA\t0\t160000\n");
    const { code, stdout } = await runHere(["frip", study, "--peaks", at("all.bed")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/cell {2}open +\S+all\.bed +0\.5\d{3}/);
  });
});

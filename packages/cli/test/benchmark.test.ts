import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";

const inFolder = temporaryFolder();

describe("bindscape benchmark interpreters", () => {
  it("trains, explains by every method, writes table and page, and goes on where it stood", async () => {
    const out = inFolder("interpreters");
    const args = ["benchmark", "interpreters", "--out", out, "--architectures", "deepsea", "--seeds", "1"];
    const small = [
      "--sequences",
      "80,20,20",
      "--length",
      "200",
      "--explained",
      "3",
      "--naive-sequences",
      "1",
    ];
    const run = await runHere([...args, ...small, "--epochs", "1", "--threads", "1", "--json"]);
    expect(run.stderr).toContain("DeepLIFT");
    expect(run.code).toBe(0);
    const json = lastJson(run.stdout);
    const rows = json.rows as { method: string; metrics: Record<string, { mean: number | null }> }[];
    expect(rows.map(({ method }) => method)).toEqual([
      "ism",
      "ism-naive",
      "gradient-input",
      "saliency",
      "grad-cam-saliency",
      "grad-cam",
      "deeplift",
      "deeplift-rescale",
      "integrated-gradients",
    ]);
    for (const { method, metrics } of rows) {
      expect(metrics.secondsPerSequence.mean).toBeGreaterThan(0);
      if (method === "ism-naive") expect(metrics.accuracy.mean).toBeNull();
      else {
        expect(metrics.auroc.mean).toBeGreaterThan(0);
        expect(metrics.auroc.mean).toBeLessThanOrEqual(1);
      }
    }
    expect((await readFile(join(out, "table.tsv"), "utf8")).trimEnd().split("\n")).toHaveLength(10);
    expect(await readFile(join(out, "report.html"), "utf8")).toContain("DeepSEA, seed 1");
    const bundle = join(out, "models", "deepsea-seed1", "model.json");
    const { mtimeMs } = await stat(bundle);
    const again = await runHere([...args, ...small, "--epochs", "1", "--json"]);
    expect(again.stderr).toContain("done before");
    expect((await stat(bundle)).mtimeMs).toBe(mtimeMs);
    expect(lastJson(again.stdout).rows).toEqual(json.rows);
    const other = await runHere([...args, ...small, "--epochs", "2", "--json"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("another plan");
  }, 120_000);

  it("refuses what makes no benchmark", async () => {
    for (const [option, value, message] of [
      ["--architectures", "danq,resnet", "danq or deepsea"],
      ["--seeds", "0", "at least 1"],
      ["--explained", "1", "from 2"],
      ["--sequences", "10,10", "three numbers"],
      ["--length", "50", "50 bp"],
      ["--reference", "mean", "zeros"],
    ]) {
      const { code, stderr } = await runHere([
        "benchmark",
        "interpreters",
        "--out",
        inFolder("none"),
        option,
        value,
      ]);
      expect(stderr).toContain(message);
      expect(code).toBe(2);
    }
  });
});

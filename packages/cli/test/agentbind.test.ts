import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeSimulatedStudy } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";

const inFolder = temporaryFolder();
let study = "";

beforeAll(async () => {
  study = (await writeSimulatedStudy(inFolder("study"), { seed: 7 })).studyFile;
});

describe("bindscape agentbind", () => {
  it("lists its commands in an order in which each finds what it needs", async () => {
    const out = inFolder("planned");
    const args = ["agentbind", study, "--factor", "SimA,SimC", "--out", out, "--length", "200", "--dry-run"];
    const { code, stdout } = await runHere([...args, "--train-options", "--epochs 3 --patience 2"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    const made = new Set<string>();
    for (const line of lines) {
      const words = line.split(" ");
      expect(words[0]).toBe("bindscape");
      const target = words[words.indexOf("--out") + 1];
      for (const word of words.slice(1))
        if (word.startsWith(out) && word !== target)
          expect(made.has(word), `${word} before ${line}`).toBe(true);
      made.add(target);
    }
    for (const name of [
      "compendium",
      "pretrained",
      "words",
      "cross",
      "profiles.html",
      "SimC/motifs",
      "SimA/scores-gc-masked.npz",
    ])
      expect(made.has(join(out, name)), name).toBe(true);
    expect(lines.filter((line) => line.includes("--epochs 3 --patience 2"))).toHaveLength(2 * 7);
    expect(existsSync(out)).toBe(false);
  });

  it("goes from a study to a report, makes nothing twice, and keeps plans apart", async () => {
    const out = inFolder("made");
    const args = [
      ...[
        "agentbind",
        study,
        "--factor",
        "SimC",
        "--out",
        out,
        "--length",
        "120",
        "--architecture",
        "deepsea",
      ],
      ...["--no-pretraining", "--no-masked", "--no-baselines", "--controls", "baseline,accessibility"],
      ...["--explain", "baseline", "--explained", "60", "--threads", "1", "--json"],
      ...["--train-options", "--preset short --epochs 1"],
    ];
    const { code, stdout, stderr } = await runHere(args);
    expect(code, stderr).toBe(0);
    const json = lastJson(stdout);
    const [factor] = json.factors as { factor: string; evaluations: { key: string; auroc: number }[] }[];
    expect(factor.factor).toBe("SimC");
    const network = factor.evaluations.find(({ key }) => key === "baseline-keep-scratch")!;
    expect(network.auroc).toBeGreaterThan(0);
    expect(network.auroc).toBeLessThan(1);
    // Too few sites of this small genome are accessible: left out, and said.
    expect(Object.keys(json.leftOut as object)).toContain("SimC/sites-accessibility");
    const page = await readFile(join(out, "SimC", "report.html"), "utf8");
    expect(page).toContain("expected at least 50 of each");
    expect(page).toContain("profile-bound");
    expect(await readFile(join(out, "index.html"), "utf8")).toContain("SimC/report.html");
    const bundle = join(out, "SimC", "model-baseline-scratch", "model.json");
    const { mtimeMs } = await stat(bundle);
    const again = await runHere(args);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("SimC/model-baseline-scratch: done before");
    expect((await stat(bundle)).mtimeMs).toBe(mtimeMs);
    const other = await runHere([...args, "--seed", "2"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("another plan");
  }, 300_000);

  it("refuses what cannot be planned", async () => {
    const base = ["agentbind", study, "--out", inFolder("none")];
    for (const [words, message] of [
      [["--factor", "Nobody"], "Nobody"],
      [["--controls", "baseline,none"], "baseline, gc, accessibility"],
      [["--controls", "baseline"], "--explain gc"],
      [["--motifs", "absent.meme"], "no such file"],
      [["--method", "guess"], "grad-cam"],
    ] as const) {
      const { code, stderr } = await runHere([...base, ...words]);
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(existsSync(inFolder("none"))).toBe(false);
  });
});

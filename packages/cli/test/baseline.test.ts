import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const random = new Random("baseline");

/** Half of the sequences hold TGACTCA; task B is only known for every third. */
function writeTable(name: string, count: number): void {
  const lines = ["sequence,A,B"];
  for (let i = 0; i < count; i++) {
    const letters = Array.from({ length: 70 }, () => "ACGT"[random.integer(4)]);
    if (i % 2 === 0) letters.splice(random.integer(60), 7, ..."TGACTCA");
    lines.push(`${letters.slice(0, 70).join("")},${1 - (i % 2)},${i % 3 === 0 ? i % 2 : ""}`);
  }
  writeFileSync(file(name), `${lines.join("\n")}\n`);
}
writeTable("table.csv", 500);

function columns(name: string): string[][] {
  return readFileSync(file(name), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split("\t"));
}

describe("bindscape sequences baseline", () => {
  for (const [method, ...options] of [
    ["kmer-logistic"],
    ["gkm-svm", "--word", "7", "--informative", "5", "--mismatches", "2", "--most-sequences", "150"],
  ]) {
    it(`${method}: finds the motif, and its folder scores the same sequences the same`, async () => {
      const { code, stdout, stderr } = await runHere([
        ...["sequences", "baseline", file("table.csv"), "--method", method, ...options],
        ...["--out", file(method), "--json"],
      ]);
      expect(stderr).toContain(`wrote ${file(method)}`);
      expect(code).toBe(0);
      const { tasks, sequences } = JSON.parse(stdout.trim().split("\n").at(-1)!);
      expect(sequences).toBe(500);
      expect(tasks.map((task: { factor: string }) => task.factor)).toEqual(["A", "B"]);
      const [training, validation] = tasks[0].metrics;
      expect([training.split, validation.split]).toEqual(["training", "validation"]);
      expect(training.bound + training.unbound).toBe(450);
      expect(validation.auroc).toBeGreaterThan(0.9);
      expect(tasks[1].metrics[0].missing).toBeGreaterThan(200);

      const predicted = await runHere([
        ...["sequences", "baseline-predict", file(method), file("table.csv")],
        ...["--out", file(`${method}.tsv`)],
      ]);
      expect(predicted.code).toBe(0);
      const scores = columns(`${method}/scores.tsv`);
      expect(scores[0]).toEqual(["name", "split", "label A", "label B", "score A", "score B"]);
      expect(columns(`${method}.tsv`).slice(1)).toEqual(
        scores.slice(1).map((row) => [row[0], ...row.slice(4)]),
      );
      for (const name of ["baseline.json", "model.npz", "report.html", "run.json"])
        expect(existsSync(join(file(method), name))).toBe(true);
    });
  }

  it("scores NA where there is no word, and trains without such sequences", async () => {
    const lines = readFileSync(file("table.csv"), "utf8").trim().split("\n").slice(0, 81);
    lines[3] = lines[3].replace(/^[ACGT]+/, "N".repeat(70));
    writeFileSync(file("unknown.csv"), lines.map((line) => line.replace(/,[^,]*$/, "")).join("\n"));
    const out = ["--out", file("unknown"), "--method", "gkm-svm", "--word", "6", "--informative", "4"];
    const { code, stderr } = await runHere(["sequences", "baseline", file("unknown.csv"), ...out]);
    expect(code).toBe(0);
    expect(stderr).toContain("left out, without a stretch of known bases: 1 training sequence");
    expect(columns("unknown/scores.tsv")[3].at(-1)).toBe("NA");
  });

  it("refuses what cannot be trained on, and leaves nothing behind", async () => {
    writeFileSync(file("one.csv"), `sequence,label\n${"ACGTACGTAC,1\n".repeat(30)}`);
    for (const [said, ...args] of [
      ["0 unbound", file("one.csv")],
      ["from 1 to 10", file("table.csv"), "--k", "11"],
      [
        "informative letters k: 9",
        file("table.csv"),
        "--method",
        "gkm-svm",
        "--word",
        "8",
        "--informative",
        "9",
      ],
      ["2 values", file("table.csv"), "--method", "gkm-svm", "--c", "1,2"],
      ["such file", file("missing.csv")],
    ]) {
      const { code, stderr } = await runHere(["sequences", "baseline", ...args, "--out", file("refused")]);
      expect(stderr).toContain(said);
      expect(code).toBe(2);
      expect(existsSync(file("refused"))).toBe(false);
    }
    const { code, stderr } = await runHere([
      ...["sequences", "baseline-predict", folder, file("table.csv"), "--out", file("none.tsv")],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain("baseline.json");
  });
});

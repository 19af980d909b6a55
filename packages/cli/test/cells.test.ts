import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { run, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();
let study: string;

const train = (out: string, ...more: string[]) =>
  run([
    ...["train", study, "--factor", "F", "--out", at(out), "--seed", "7", "--epochs", "2"],
    ...tinyNetwork,
    ...more,
  ]);

beforeAll(async () => {
  study = await writeTinyStudy(at("study"));
  const text = await readFile(study, "utf8");
  const cell = (name: string, age: number) =>
    `${name}: { covariates: { age: ${age} }, tracks: [{ name: open, file: open.bw, unit: reads }] }`;
  await writeFile(
    study,
    text
      .replace(/cells: .*\n/, `cells: { ${cell("A", 1)}, ${cell("B", 2)}, ${cell("X", 4)} }\n`)
      .replace(
        /experiments: .*\n/,
        `experiments:\n${["A", "B", "X"].map((name) => `  - { factor: F, cell: ${name}, peaks: F.bed }\n`).join("")}annotations: [{ file: genes.gff3 }]\n`,
      ),
  );
  await writeFile(
    at("study/genes.gff3"),
    "chrA\tx\texon\t1001\t5000\t.\t+\t.\tParent=t1\nchrA\tx\texon\t7001\t9000\t.\t+\t.\tParent=t1\n",
  );
}, 60_000);

it("pools cells, is validated in another, and asks which cell to predict in", async () => {
  const metadata = ["--covariates", "--annotations", "--validation-cell", "X"];
  const { code, stderr } = await train("pooled", "--cell", "A,B", ...metadata);
  expect(code, stderr).toBe(0);
  expect(
    stderr.match(/validation loss \d\.\d{4}, in the cells trained in \d\.\d{4}( \(best\))?, /g),
  ).toHaveLength(2);
  const info = await run(["info", at("pooled")]);
  expect(info.stdout).toMatch(/predicts +F in A and B\n/);
  expect(info.stdout).toMatch(/inputs +sequence, open, age, cds, intron, promoter, utr5, utr3\n/);
  const predict = (...more: string[]) =>
    run(["predict", at("pooled"), "--study", study, "--out", at("o.bed"), "--chromosomes", "chrC", ...more]);
  const refused = await predict();
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("a model of F that was trained in 2 cells (A, B)");
  expect(existsSync(at("o.bed"))).toBe(false);
  const predicted = await predict("--cell", "X");
  expect(predicted.code, predicted.stderr).toBe(0);
  expect(predicted.stderr).toContain("bins of F in X");
}, 60_000);

it("refuses cells the study does not have, and leaves nothing behind", async () => {
  for (const flags of [
    ["--cell", "A,Nowhere"],
    ["--cell", "A", "--validation-cell", "Nowhere"],
  ]) {
    const { code, stderr } = await train("none", ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain('no experiment for the factor "F" in the cell "Nowhere"');
    expect([existsSync(at("none")), existsSync(at("none.training"))]).toEqual([false, false]);
  }
}, 60_000);

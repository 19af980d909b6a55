import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { writeDreamLabels, writeFileAtomically, writeGzip } from "@bindscape/genome";
import { BOUND, labelExperiment, loadStudy } from "@bindscape/study";
import { expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";
import { tinyNetwork, writeTinyStudy } from "./tiny-study.js";

const at = temporaryFolder();

async function runWell(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await runHere(args);
  expect(code, stderr).toBe(0);
  return { stdout, stderr };
}

it("label files are trained on, a submission is written, and it scores as the study's evaluation does", async () => {
  const file = await writeTinyStudy(at("study"));
  const study = await loadStudy(file);
  const labels = labelExperiment(study, study.experiments[0]);
  const bins = Array.from(labels, (label, bin) => {
    const start = study.bins.startOf(bin);
    const { chromosome } = study.bins.partOf(bin).segment;
    return { chromosome, start, end: start + 200, labels: [label === BOUND ? "B" : "U"] as const };
  });
  await writeFileAtomically(at("study/F.labels.tsv.gz"), (sink) =>
    writeGzip(sink, (compressed) => writeDreamLabels(compressed, ["cell"], bins)),
  );
  const text = await readFile(file, "utf8");
  await writeFile(at("study/dream.yaml"), text.replace("peaks: F.bed", "labels: F.labels.tsv.gz"));
  const onStudy = ["--study", at("study/dream.yaml"), "--threads", "1"];
  const training = ["train", at("study/dream.yaml"), "--factor", "F", "--out", at("model"), "--epochs", "3"];
  await runWell([...training, ...tinyNetwork, "--seed-kernels", "--learning-rate", "0.01"]);

  const inTest = bins.filter(({ chromosome }) => chromosome === "chrC");
  await writeFile(at("ladder.bed"), inTest.map((b) => `${b.chromosome}\t${b.start}\t${b.end}\n`).join(""));
  const submission = at("L.F.cell.tab.gz");
  await runWell([
    "predict",
    at("model"),
    ...onStudy,
    "--dream-regions",
    at("ladder.bed"),
    "--out",
    submission,
  ]);
  const score = ["dream", "score", submission, "--labels", at("study/F.labels.tsv.gz"), "--cell", "cell"];
  const { stdout, stderr } = await runWell([...score, "--json"]);
  const scored = lastJson(stdout) as { auroc: number; auprc: number; bound: number; missing: number };
  expect(stderr).toContain("has no line for");
  const evaluated = lastJson((await runWell(["evaluate", at("model"), ...onStudy, "--json"])).stdout) as {
    factors: { F: { model: { auroc: number; auprc: number }; bins: number; bound: number } };
  };
  const { F } = evaluated.factors;
  expect(scored.bound).toBe(F.bound);
  expect(inTest).toHaveLength(F.bins);
  expect(scored.missing).toBe(bins.length - inTest.length);
  // Four digits of a probability may make a tie.
  expect(scored.auroc).toBeCloseTo(F.model.auroc, 3);
  expect(scored.auprc).toBeCloseTo(F.model.auprc, 2);
  expect(F.model.auroc).toBeGreaterThan(0.8);
  const { stdout: table } = await runWell(score);
  expect(table).toMatch(/cell +submission/);
  expect(table).toContain(`${F.bound} bound`);
});

it("FactorNet's folders become a study that `info` reads; what does not fit leaves no file", async () => {
  await writeTinyStudy(at("cells"));
  await mkdir(at("cells/K562"));
  for (const name of ["open.bw", "F.bed"]) await rename(at(`cells/${name}`), at(`cells/K562/${name}`));
  await writeFile(at("cells/K562/bigwig.txt"), "open.bw\tDGF\n");
  await writeFile(at("cells/K562/chip.txt"), "F.bed\tF\n");
  await writeFile(at("cells/K562/meta.txt"), "0.5\tPC1\n");
  const command = ["study", "from-factornet", at("cells/K562"), "--genome", at("cells/genome.fa")];
  const out = at("made/study.yaml");
  const refused = await runHere([...command, "--resources", at("nowhere"), "--out", out]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("nowhere");
  expect(existsSync(out)).toBe(false);
  const holdOut = ["--validation-chromosomes", "chrB", "--test-chromosomes", "chrC"];
  const { stdout, stderr } = await runWell([...command, ...holdOut, "--out", out, "--json"]);
  expect(lastJson(stdout)).toMatchObject({ out, cells: ["K562"], factors: ["F"] });
  expect(stderr).toContain("warning: no blacklist");
  const described = (await runWell(["info", out])).stdout;
  expect(described).toContain("DGF");
  expect(described).toMatch(/F in K562 +peaks 160 \/ 60 \/ 80/);
});

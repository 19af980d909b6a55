import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { openBigWig } from "@bindscape/genome";
import { expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";

const at = temporaryFolder();

it("writes the uniqueness of every base and a record of the run", async () => {
  await writeFile(at("genome.fa"), ">one\nAACGAACN\n>two\nGTTC\n");
  const args = ["mappability", at("genome.fa"), "--k", "3", "--threads", "1", "--json"];
  const forward = await runHere([...args, "--out", at("forward.bw")]);
  expect(forward.code, forward.stderr).toBe(0);
  expect(lastJson(forward.stdout)).toMatchObject({
    k: 3,
    chromosomes: 2,
    bases: 12,
    occurrences: { 1: 5, 2: 2, 3: 0, 4: 0, more: 0 },
    without: 5,
  });
  const both = await runHere([...args, "--both-strands", "--out", at("both.bw")]);
  // GTT is the reverse complement of AAC, TTC of GAA.
  expect(lastJson(both.stdout)).toMatchObject({ occurrences: { 1: 2, 2: 2, 3: 3 } });
  const { reader, close } = await openBigWig(at("both.bw"));
  const third = Math.fround(1 / 3);
  expect([...(await reader.readValues("two", 0, 4))]).toEqual([third, 0.5, 0, 0]);
  close();
  const record = JSON.parse(await readFile(at("both.bw.run.json"), "utf8"));
  expect(record.inputs).toMatchObject([{ file: at("genome.fa"), bytes: 24 }]);
});

it.each([
  [["--out", "x.bed"], "an output of unknown kind; expected a name ending in .bw or .bigWig."],
  [["--out", "x.bw", "--k", "0"], "Expected at least 1."],
  [
    ["--out", "x.bw", "--chromosomes", "three"],
    'no sequence named "three"; expected names such as one, two.',
  ],
])("refuses %j", async (words, message) => {
  await writeFile(at("genome.fa"), ">one\nAACGAACN\n>two\nGTTC\n");
  const args = words.map((word) => (word.startsWith("x.") ? at(word) : word));
  const { code, stderr } = await runHere(["mappability", at("genome.fa"), "--threads", "1", ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(existsSync(at("x.bw"))).toBe(false);
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSequenceSetFolder, simulateGataTal } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { lastJson, runHere, temporaryFolder } from "./run.js";

const inFolder = temporaryFolder();

describe("bindscape simulate", () => {
  it("gata-tal writes a data set and where its motifs stand", async () => {
    const out = inFolder("gata-tal");
    const args = ["simulate", "gata-tal", out, "--sequences", "30,6,6", "--length", "300", "--minimum", "0"];
    const { code, stdout } = await runHere([...args, "--seed", "5", "--json"]);
    expect(code).toBe(0);
    const expected = simulateGataTal({ sequences: [30, 6, 6], length: 300, minimum: 0, seed: 5 });
    const set = await readSequenceSetFolder(out);
    expect(set.codes).toEqual(expected.set.codes);
    expect(set.labels).toEqual(expected.set.labels);
    expect(set.cores).toEqual(expected.set.cores);
    expect(set.splits).toEqual(expected.set.splits);
    const bed = (await readFile(join(out, "motifs.bed"), "utf8")).trimEnd().split("\n");
    expect(bed).toHaveLength(expected.motifs.length);
    const { sequence, start, end, motif } = expected.motifs.at(-1)!;
    expect(bed.at(-1)).toBe(`${set.names![sequence]}\t${start}\t${end}\t${motif}\t0\t+`);
    expect(lastJson(stdout)).toEqual({
      folder: out,
      sequences: 42,
      length: 300,
      embedded: expected.motifs.filter((one) => one.motif === "TAL1").length,
    });
    const again = await runHere(args);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("--overwrite");
  });

  it("refuses numbers that make no simulation, and writes nothing", async () => {
    const out = inFolder("none");
    for (const [option, value, message] of [
      ["--sequences", "5,5", "three numbers"],
      ["--sequences", "5,x,5", "whole number"],
      ["--minimum", "9", "9 to 3 motifs"],
      ["--length", "50", "50 bp"],
      ["--mean", "two", "Expected a number"],
    ]) {
      const { code, stderr } = await runHere(["simulate", "gata-tal", out, option, value]);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
    await expect(readFile(join(out, "dataset.json"))).rejects.toThrow("ENOENT");
  });
});

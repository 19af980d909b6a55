import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BindscapeError } from "@bindscape/numerics";
import { afterAll, describe, expect, it } from "vitest";
import { type BigWigRun, type WriteBigWigOptions, writeBigWig } from "../src/bigwig/write.js";
import { writeBigWigFile } from "../src/bigwig/write.node.js";
import { MemorySink } from "../src/byte-sink.js";
import type { ChromosomeSize } from "../src/chromosome-sizes/read.js";

const folder = mkdtempSync(join(tmpdir(), "bindscape-bigwig-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("writeBigWig refuses", () => {
  const chromosomes = [
    { name: "chr1", size: 1000 },
    { name: "chr2", size: 500 },
  ];
  const run = (
    chromosome: string,
    starts: number[],
    ends: number[],
    values = starts.map(() => 1),
  ): BigWigRun => ({
    chromosome,
    starts,
    ends,
    values,
  });
  it.each<[string, BigWigRun[], RegExp]>([
    [
      "unsorted intervals",
      [run("chr1", [5, 2], [6, 3])],
      /chr1:2-3 starts before the end of the interval before it \(6\)/,
    ],
    [
      "overlap between runs",
      [run("chr1", [5], [9]), run("chr1", [8], [10])],
      /chr1:8-10 starts before .*\(9\)/,
    ],
    ["a chromosome out of order", [run("chr2", [5], [9]), run("chr1", [8], [10])], /chr1:8 comes after chr2/],
    ["an unknown chromosome", [run("chrM", [5], [9])], /intervals on chromosome "chrM"/],
    ["an end past the chromosome", [run("chr2", [499], [501])], /chr2:499-501; expected .* <= 500/],
    ["an empty interval", [run("chr2", [4], [4])], /chr2:4-4/],
    ["a fraction", [run("chr2", [4.5], [6])], /chr2:4.5-6/],
    ["NaN for a position", [run("chr2", [Number.NaN], [6])], /chr2:NaN-6/],
    ["a negative start", [run("chr2", [-1], [6])], /chr2:-1-6/],
    ["infinity", [run("chr1", [4], [6], [Number.POSITIVE_INFINITY])], /the value Infinity at chr1:4-6/],
    ["what float32 cannot hold", [run("chr1", [4], [6], [1e39])], /the value 1e\+39 at chr1:4-6/],
    ["lists of unequal length", [run("chr1", [4, 5], [6], [1])], /2 starts, 1 ends and 1 values on chr1/],
  ])("%s", async (_, runs, message) => {
    const failed = writeBigWig(new MemorySink(), chromosomes, runs);
    await expect(failed).rejects.toThrow(BindscapeError);
    await expect(failed).rejects.toThrow(message);
  });

  it.each<[string, ChromosomeSize[], WriteBigWigOptions]>([
    ["no chromosomes", [], {}],
    ["a name twice", [chromosomes[0], chromosomes[0]], {}],
    ["an empty name", [{ name: "", size: 5 }], {}],
    ["a length of 0", [{ name: "c", size: 0 }], {}],
    ["a length of 2^32", [{ name: "c", size: 2 ** 32 }], {}],
    ["0 items a slot", chromosomes, { itemsPerSlot: 0 }],
    ["65,536 items a slot", chromosomes, { itemsPerSlot: 65536 }],
    ["11 zoom levels", chromosomes, { zoomLevels: 11 }],
  ])("%s", async (_, list, options) => {
    await expect(writeBigWig(new MemorySink(), list, [], options)).rejects.toThrow(BindscapeError);
  });

  it("and leaves the file that was there as it was", async () => {
    const path = join(folder, "kept.bw");
    writeFileSync(path, "before");
    await expect(writeBigWigFile(path, chromosomes, [run("chr1", [5, 2], [6, 3])])).rejects.toThrow(
      /chr1:2-3/,
    );
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(folder).filter((name) => name.includes("kept"))).toEqual(["kept.bw"]);
  });
});

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { checkInstallation, checkNode } from "../src/info/check-installation.node.js";
import { describeFile } from "../src/info/describe-file.node.js";
import { formatNames, formatShare, formatValue } from "../src/info/description.js";
import { type FileKind, guessFromLines } from "../src/info/file-kind.node.js";

describe("what a text file is, by its first lines", () => {
  it.each<[FileKind | undefined, string, string]>([
    ["motifs", "MEME version 4", ""],
    ["motifs", ">MA0001.1 X", "0.1 0.2 0.3 0.4"],
    ["motifs", ">MA0001.1 X", "A [ 1 2 3 ]"],
    ["FASTA", ">chr1", "ACGTNN"],
    ["FASTA", ">chr1", ""],
    ["chromosome sizes", "chr1\t248956422", ""],
    ["narrowPeak", "chr1\t1\t9\t.\t0\t.\t5.5\t-1\t3e2\t4", ""],
    ["BED", "chr1\t1\t9\t.\t0\t.\t5.5\t-1\tx\t4", ""],
    ["bedGraph", "chr1 1 9 -0.5", ""],
    ["BED", "chr1\t1\t9\tpeak1", ""],
    ["BED", "chr1\t1\t9", ""],
    ["fragments", "chr1\t1\t90\tAAACGGTT-1\t2", ""],
    ["BED", "chr1\t1\t90\tpeak\t2", ""],
    [undefined, "chr1\tone\t9", ""],
    [undefined, "hello", "world"],
    [undefined, "", ""],
  ])("%s: %j", (kind, first, second) => {
    expect(guessFromLines([first, second])).toBe(kind);
  });
});

describe("numbers in words", () => {
  it("keeps them short", () => {
    expect([formatShare(1, 3), formatShare(0, 0), formatShare(5, 5)]).toEqual(["33.3 %", "0 %", "100 %"]);
    expect([formatValue(Number.NaN), formatValue(1 / 3), formatValue(12345.6)]).toEqual([
      "none",
      "0.3333",
      "12350",
    ]);
    expect(formatNames(["a", "b", "c"], 2)).toBe("a, b and 1 more");
    expect(formatNames([])).toBe("none");
  });
});

describe("the installation", () => {
  it("asks for a Node that is recent enough", () => {
    for (const version of ["20.19.0", "20.20.1", "22.0.0", "24.1.0"]) {
      expect(checkNode(version)).toMatchObject({ status: "ok", found: version });
    }
    for (const version of ["18.20.0", "20.18.9", "8.0.0"]) {
      const { status, next } = checkNode(version);
      expect(status).toBe("broken");
      expect(next).toContain("20.19");
    }
  });

  it("says that demo data is missing where BINDSCAPE_DATA is wrong, which is no obstacle", async () => {
    const before = process.env.BINDSCAPE_DATA;
    process.env.BINDSCAPE_DATA = resolve(import.meta.dirname, "nowhere");
    try {
      const { works, checks } = await checkInstallation();
      const data = checks.find(({ name }) => name === "demo data")!;
      expect(data.status).toBe("missing");
      expect(data.found).toContain("BINDSCAPE_DATA");
      expect(data.next).toContain("BINDSCAPE_DATA");
      expect(works).toBe(true);
    } finally {
      if (before === undefined) delete process.env.BINDSCAPE_DATA;
      else process.env.BINDSCAPE_DATA = before;
    }
  });
});

const root = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const bigBed = resolve(root, "gold/bigwig/igv/bb/GCF_000009045.1_ASM904v1.ncbiGene.bb");
const hasBigBed = existsSync(bigBed);
if (!hasBigBed) console.warn(`SKIPPED: description of a bigBed; ${bigBed} is not there (set BINDSCAPE_DATA)`);

it.skipIf(!hasBigBed)("describes a bigBed by its own header", async () => {
  const { kind, facts } = await describeFile(bigBed);
  expect(kind).toBe("bigBed features");
  expect(facts).toMatchObject({
    features: 4537,
    columns: 20,
    chromosomes: [{ name: "NC_000964.3", size: 4_215_606 }],
    summary: { basesCovered: 3_790_094, min: 1, max: 2 },
    zoomLevels: [3348, 13392, 53568, 214272, 857088, 3428352, 13713408],
  });
});

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeBigWigFile } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { type Assembly, buildAssembly } from "../src/assembly.js";
import type { TrackEntry } from "../src/study-file.js";
import { loadTrack, parseRegion } from "../src/tracks.node.js";
import { expectError, makeAssembly, randomCodes, records, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const whole = makeAssembly({ chrI: 60, chrII: 40 });
const pieces = makeAssembly({ "chrI:10-30": 20, "chrI:35-60": 25, "chrII:5-20": 15 });
type Item = [chromosome: string, start: number, end: number, value: number];

const entry = (file: string, transform: Partial<TrackEntry["transform"]> = {}): TrackEntry => ({
  name: "T",
  file,
  unit: "cuts",
  transform: { mask: [], log: false, ...transform },
});
const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const load = (file: string, assembly: Assembly, transform: Partial<TrackEntry["transform"]> = {}) =>
  loadTrack(entry(file, transform), file, assembly);

/** Values of the assembly's bases from items, the definition. */
function valuesOf(assembly: Assembly, items: readonly Item[]): Float32Array {
  const values = new Float32Array(assembly.size);
  for (const { chromosome, start, end, offset } of assembly.segments) {
    for (let position = start; position < end; position++) {
      for (const item of items) {
        if (item[0] === chromosome && item[1] <= position && position < item[2])
          values[offset + position - start] = item[3];
      }
    }
  }
  return values;
}

const items: Item[] = [
  ["chrI", 0, 12, 1.5],
  ["chrI", 20, 21, 7],
  ["chrI", 28, 40, -2.25],
  ["chrI", 59, 60, 3],
  ["chrII", 3, 9, 0.5],
  ["chrII", 39, 40, 1e5],
];

async function writeBigWig(name: string, sizes: Record<string, number>, wanted = items): Promise<string> {
  const path = join(folder, name);
  const chromosomes = Object.entries(sizes).map(([chromosome, size]) => ({ name: chromosome, size }));
  const runs = chromosomes.map(({ name: chromosome }) => {
    const own = wanted.filter(([c]) => c === chromosome);
    return {
      chromosome,
      starts: own.map((i) => i[1]),
      ends: own.map((i) => i[2]),
      values: own.map((i) => i[3]),
    };
  });
  await writeBigWigFile(path, chromosomes, runs);
  return path;
}

describe.each([
  ["whole chromosomes", whole],
  ["pieces", pieces],
])("a track on %s", (_, assembly) => {
  it("from bigWig", async () => {
    const { track, warnings } = await load(await writeBigWig("plain.bw", { chrI: 60, chrII: 40 }), assembly);
    expect(track.values).toEqual(valuesOf(assembly, items));
    expect(track.values.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([track.name, track.unit, track.log]).toEqual(["T", "cuts", false]);
    expect(warnings).toEqual([]);
  });

  it("from bedGraph, plain and gzip, in any order, names matched", async () => {
    const text = `track type=bedGraph\n${items
      .toReversed()
      .map(([c, s, e, v]) => `${c.slice(3)}\t${s}\t${e}\t${v}`)
      .join("\n")}\n`;
    for (const file of [write("a.bedGraph", text), write("a.bdg.gz", gzipSync(text))]) {
      const { track, warnings } = await load(file, assembly);
      expect(track.values).toEqual(valuesOf(assembly, items));
      expect(warnings).toEqual([]);
    }
  });

  it("from fragments: both ends count, times the count", async () => {
    const random = new Random(3);
    const expected = new Float32Array(assembly.size);
    const count = (chromosome: string, position: number, times: number) => {
      const segment = assembly.findSegment(chromosome, position, position + 1);
      if (segment) expected[segment.offset + position - segment.start] += times;
    };
    const lines = Array.from({ length: 300 }, () => {
      const chromosome = ["chrI", "chrII"][random.integer(2)];
      const start = random.integer(39);
      const end = start + 1 + random.integer(40 - start);
      const times = 1 + random.integer(3);
      count(chromosome, start, times);
      count(chromosome, end - 1, times);
      return `${chromosome}\t${start}\t${end}\tcell\t${times}`;
    });
    const text = `# made by a test\n${lines.join("\n")}\n`;
    for (const name of ["x.frag.gz", "fragments.tsv.gz", "y.fragments.tsv", "z.frag"]) {
      const file = write(name, name.endsWith(".gz") ? gzipSync(text) : text);
      expect((await load(file, assembly)).track.values).toEqual(expected);
    }
    expect(expected.reduce((a, b) => a + b)).toBeGreaterThan(100);
  });
});

describe("transforms", () => {
  const positive = items.map(([c, s, e, v]): Item => [c, s, e, Math.abs(v)]);

  it("mask, then cap, then log", async () => {
    const file = await writeBigWig("positive.bw", { chrI: 60, chrII: 40 }, positive);
    const plain = valuesOf(whole, positive);
    const { track } = await load(file, whole, { mask: ["chrI:5-21", "chrII:39-4,000"], cap: 2, log: true });
    const expected = plain.map((value, i) => {
      const masked = (i >= 5 && i < 21) || i >= 60 + 39;
      return Math.log1p(Math.min(2, masked ? 0 : value));
    });
    expect(track.values).toEqual(expected);
    expect(track.log).toBe(true);
    expect((await load(file, pieces, { mask: ["chrI:0-100"] })).track.values).toEqual(
      valuesOf(
        pieces,
        positive.filter(([c]) => c === "chrII"),
      ),
    );
  });

  it("refuse negative values before a logarithm, and say where", async () => {
    const file = await writeBigWig("negative.bw", { chrI: 60, chrII: 40 });
    await expectError(
      () => load(file, whole, { log: true }),
      file,
      "the value -2.25 at chrI:28",
      "at least 0",
      "Take `log` out",
    );
  });

  it("refuse a mask on an unknown chromosome", async () => {
    const file = await writeBigWig("mask.bw", { chrI: 60, chrII: 40 });
    await expectError(
      () => load(file, whole, { mask: ["chrXII:1-2"] }),
      "the mask chrXII:1-2",
      "such as chrI",
      "the track T",
    );
  });

  it("refuse values that 32 bits cannot hold, but for a cap", async () => {
    const file = write("huge.bedGraph", "chrI\t3\t4\t1e300\n");
    await expectError(() => load(file, whole), "the value Infinity at chrI:3", "cap the track T");
    expect((await load(file, whole, { cap: 9 })).track.values[3]).toBe(9);
  });
});

describe("files that do not fit", () => {
  it("other chromosome names are one clear error, for every format", async () => {
    const files = [
      await writeBigWig("other.bw", { NC_001133: 60, NC_001134: 40 }, [["NC_001133", 1, 2, 1]]),
      write("other.bedGraph", "NC_001133\t1\t2\t3\nNC_001134\t1\t2\t3\n"),
      write("other.frag", "NC_001133\t1\t2\tc\t1\nNC_001134\t1\t2\tc\t1\n"),
    ];
    for (const file of files) {
      await expectError(
        () => load(file, whole),
        file,
        "chromosomes named NC_001133, NC_001134",
        "such as chrI, chrII",
        "assembly.names",
      );
    }
  });

  it("which `assembly.names` puts right", async () => {
    const aliases = new Map([
      ["NC_001133", "chrI"],
      ["NC_001134", "chrII"],
    ]);
    const mapped = buildAssembly(records({ chrI: randomCodes(60, 1), chrII: randomCodes(40, 2) }), {
      name: "t",
      source: "t.fa",
      aliases,
    });
    const own: Item[] = [
      ["chrI", 1, 5, 3],
      ["chrII", 7, 9, 4],
    ];
    const renamed = own.map(([c, s, e, v]): Item => [c === "chrI" ? "NC_001133" : "NC_001134", s, e, v]);
    const text = renamed.map((item) => item.join("\t")).join("\n");
    for (const file of [
      await writeBigWig("mapped.bw", { NC_001133: 60, NC_001134: 40 }, renamed),
      write("mapped.bedGraph", `${text}\n`),
    ]) {
      const { track, warnings } = await load(file, mapped);
      expect(track.values).toEqual(valuesOf(mapped, own));
      expect(warnings).toEqual([]);
    }
  });

  it("chromosomes that are only in one of the two are warned of", async () => {
    const file = write("extra.bedGraph", "chrI\t1\t2\t3\nchrMito\t1\t2\t3\nchrMito\t5\t6\t3\n");
    expect((await load(file, whole)).warnings).toEqual([
      `${file}: 2 records on 1 chromosomes that the study does not use (chrMito) were passed over`,
    ]);
    const bigWig = await writeBigWig("half.bw", { chrI: 60 });
    expect((await load(bigWig, whole)).warnings).toEqual([
      `${bigWig} has no data on chrII: its signal there is 0`,
    ]);
  });

  it("files of another assembly are warned of", async () => {
    const bigWig = await writeBigWig("longer.bw", { chrI: 61, chrII: 40 });
    expect((await load(bigWig, whole)).warnings).toEqual([
      `${bigWig}: chrI has 61 bp, but chrI 60: is it of the same assembly?`,
    ]);
    expect((await load(bigWig, pieces)).warnings).toEqual([]);
    const beyond = write("beyond.bedGraph", "chrI\t50\t70\t3\nchrII\t1\t2\t3\n");
    const { track, warnings } = await load(beyond, whole);
    expect(warnings).toEqual([
      `${beyond}: 1 records end beyond their chromosome: is it of the same assembly?`,
    ]);
    expect(track.values).toEqual(
      valuesOf(whole, [
        ["chrI", 50, 60, 3],
        ["chrII", 1, 2, 3],
      ]),
    );
  });

  it("an empty file is warned of", async () => {
    const file = write("empty.bedGraph", "# nothing\n");
    const { track, warnings } = await load(file, whole);
    expect(track.values.every((value) => value === 0)).toBe(true);
    expect(warnings).toEqual([`${file} has no records: its signal is 0 everywhere`]);
  });

  it("unknown kinds, missing and damaged files are errors", async () => {
    await expectError(
      () => load(write("a.wig", "x"), whole),
      "a track file of unknown kind",
      ".bigWig, .bedGraph",
    );
    await expectError(() => load(join(folder, "nowhere.bw"), whole), "nowhere.bw", "no such file");
    await expectError(
      () => load(write("text.bw", "not a bigWig at all, but long enough to be read as one"), whole),
      "text.bw",
    );
    await expectError(
      () => load(write("bad.bedGraph", "chrI\t1\t2\t3\nchrI\t5\tx\t3\n"), whole),
      "bad.bedGraph, line 2",
    );
    const cut = gzipSync("chrI\t1\t2\t3\n".repeat(1000)).subarray(0, 60);
    await expectError(() => load(write("cut.bedGraph.gz", cut), whole), "cut.bedGraph.gz");
  });
});

describe("regions", () => {
  it("are parsed with or without commas, and names with colons", () => {
    expect(parseRegion("chrXII:450,000-492000")).toEqual({
      chromosome: "chrXII",
      start: 450_000,
      end: 492_000,
    });
    expect(parseRegion("HLA:A*01:5-6")).toEqual({ chromosome: "HLA:A*01", start: 5, end: 6 });
  });

  it("are refused otherwise", async () => {
    for (const text of ["chr1", "chr1:5", "chr1:9-9", "chr1:9-3", "chr1:-5-9", ":1-2x"]) {
      await expectError(() => parseRegion(text), `the region "${text}"`);
    }
  });
});

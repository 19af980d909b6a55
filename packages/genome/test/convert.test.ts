import { execFileSync } from "node:child_process";
import { link, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBigWig } from "../src/bigwig/open.node.js";
import { openFile } from "../src/byte-source.node.js";
import { convertTrack } from "../src/convert/convert-track.node.js";
import { formatFloat32 } from "../src/convert/float32-text.js";
import { openTextTrack } from "../src/convert/text-track.js";
import { runLength } from "../src/convert/track.js";
import { readNpz } from "../src/npz/read.js";
import { encodeNpz } from "../src/npz/write.js";
import { collect, expectError, textSource } from "./helpers.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bindscape-convert-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

async function write(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

interface Line {
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

/** Sorted intervals with gaps or none, on two chromosomes of 5,000 bp. */
const chromosomeLines = (chromosome: string) =>
  fc
    .array(
      fc.record({
        gap: fc.nat(5),
        length: fc.integer({ min: 1, max: 40 }),
        value: fc.float({ noNaN: true, noDefaultInfinity: true }),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((parts) => {
      let position = 0;
      return parts.map(({ gap, length, value }): Line => {
        const start = position + gap;
        position = start + length;
        return { chromosome, start, end: position, value };
      });
    });
const trackLines = fc.tuple(chromosomeLines("chr2"), chromosomeLines("chr10")).map((both) => both.flat());
const toText = (lines: readonly Line[]) =>
  lines
    .map(
      ({ chromosome, start, end, value }) =>
        `${chromosome}\t${start}\t${end}\t${Object.is(value, -0) ? "-0" : value}\n`,
    )
    .join("");
const parse = (text: string): Line[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([chromosome, start, end, value]) => ({
      chromosome,
      start: Number(start),
      end: Number(end),
      value: Math.fround(Number(value)),
    }));
const sizesText = "chr1\t900\nchr2\t5000\nchr10\t5000\n";

describe("there and back", () => {
  it("keeps every interval and float32 value through bigWig, npz and gzip", async () => {
    const chromosomeSizes = await write("property.sizes", sizesText);
    await fc.assert(
      fc.asyncProperty(trackLines, async (lines) => {
        const input = await write("property.bedGraph", toText(lines));
        await convertTrack(input, at("property.bw"), { chromosomeSizes });
        await convertTrack(at("property.bw"), at("property.npz"));
        await convertTrack(at("property.npz"), at("again.bw"));
        await convertTrack(at("again.bw"), at("again.bedGraph.gz"));
        const text = gunzipSync(await readFile(at("again.bedGraph.gz"))).toString();
        expect(parse(text)).toEqual(lines);
        // The npz knows the chromosomes, so the two bigWig files are the same byte for byte.
        expect(await readFile(at("again.bw"))).toEqual(await readFile(at("property.bw")));
      }),
      { numRuns: 25 },
    );
  });

  it("sorts what is not sorted", async () => {
    const chromosomeSizes = await write("property.sizes", sizesText);
    await fc.assert(
      fc.asyncProperty(
        trackLines.chain((lines) =>
          fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length })),
        ),
        async ([lines, shuffled]) => {
          await convertTrack(await write("shuffled.bg", toText(shuffled)), at("shuffled.bw"), {
            chromosomeSizes,
          });
          await convertTrack(at("shuffled.bw"), at("shuffled-back.bg"));
          const back = parse(await readFile(at("shuffled-back.bg"), "utf8"));
          // Where only whole chromosomes changed places, the file's own order of them is kept.
          if (shuffled[0].chromosome === "chr10") {
            back.sort((a, b) => b.chromosome.localeCompare(a.chromosome));
          }
          expect(back).toEqual(lines);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("streams more intervals than one run and one bigWig stretch hold", async () => {
    const count = 2 * runLength + 7;
    const text = Array.from({ length: count }, (_, i) => `chr1\t${i * 20}\t${i * 20 + 20}\t${i % 11}\n`).join(
      "",
    );
    const chromosomeSizes = await write("long.sizes", `chr1\t${count * 20}\n`);
    const done = await convertTrack(await write("long.bedGraph", text), at("long.bw"), { chromosomeSizes });
    expect(done).toEqual({
      from: "bedGraph",
      to: "bigWig",
      chromosomes: 1,
      intervals: count,
      basesCovered: count * 20,
    });
    const back = await convertTrack(at("long.bw"), at("long-back.bedGraph"));
    expect(back.intervals).toBe(count);
    expect(await readFile(at("long-back.bedGraph"), "utf8")).toBe(text);
  });

  it("takes a BED file's score, or another column, as the value", async () => {
    const bed = await write(
      "peaks.bed",
      "track name=x\nchr1\t5\t9\ta\t2.5\t+\t7\nchr1\t20\t30\tb\t4\t-\t8\n",
    );
    await convertTrack(bed, at("score.bedGraph"));
    expect(await readFile(at("score.bedGraph"), "utf8")).toBe("chr1\t5\t9\t2.5\nchr1\t20\t30\t4\n");
    await convertTrack(bed, at("column.bedGraph"), { valueColumn: 7 });
    expect(await readFile(at("column.bedGraph"), "utf8")).toBe("chr1\t5\t9\t7\nchr1\t20\t30\t8\n");
    await convertTrack(at("score.bedGraph"), at("back.bed"));
    expect(await readFile(at("back.bed"), "utf8")).toBe("chr1\t5\t9\t.\t2.5\nchr1\t20\t30\t.\t4\n");
  });

  it("lays npz out as documented", async () => {
    const chromosomeSizes = await write("two.sizes", "chr1\t900\nchr2\t3000000000\n");
    const input = await write("two.bedGraph", "chr2\t2147483640\t2147483650\t0.1\n");
    await convertTrack(input, at("two.npz"), { chromosomeSizes });
    const source = await openFile(at("two.npz"));
    const arrays = await readNpz(source).finally(() => source.close());
    const names = ["starts", "ends", "values"];
    expect([...arrays.keys()]).toEqual([
      "sizes",
      ...names.map((name) => `chr1/${name}`),
      ...names.map((name) => `chr2/${name}`),
    ]);
    expect(arrays.get("sizes")!.data).toEqual(BigInt64Array.of(900n, 3000000000n));
    expect(arrays.get("chr2/starts")!.data).toEqual(Int32Array.of(2147483640));
    expect(arrays.get("chr2/ends")!.data).toEqual(BigInt64Array.of(2147483650n));
    expect(arrays.get("chr2/values")!.data).toEqual(Float32Array.of(0.1));
    expect(arrays.get("chr1/starts")!.data.length).toBe(0);
  });

  it("takes wider numbers from npz, and leaves NaN out", async () => {
    const column = (data: Float64Array | BigInt64Array) => ({ shape: [data.length], data });
    await write(
      "wide.npz",
      await encodeNpz(
        new Map([
          ["c/starts", column(BigInt64Array.of(0n, 5n, 9n))],
          ["c/ends", column(BigInt64Array.of(5n, 9n, 10n))],
          ["c/values", column(Float64Array.of(1.5, Number.NaN, -2))],
        ]),
      ),
    );
    await convertTrack(at("wide.npz"), at("wide.bedGraph"));
    expect(await readFile(at("wide.bedGraph"), "utf8")).toBe("c\t0\t5\t1.5\nc\t9\t10\t-2\n");
    await expectError(
      () => convertTrack(at("wide.npz"), at("wide.bw")),
      `${at("wide.npz")}: the file does not say how long its chromosomes are; expected chromosome lengths to write a bigWig: --chrom-sizes FILE, with a name and a length in bp on each line. \`samtools faidx genome.fa\` makes such a file (genome.fa.fai), and UCSC has one for every assembly, such as hg38.chrom.sizes.`,
    );
    const chromosomeSizes = await write("wide.sizes", "b\t5\nc\t10\n");
    await convertTrack(at("wide.npz"), at("wide.bw"), { chromosomeSizes });
    const { reader, close } = await openBigWig(at("wide.bw"));
    expect(reader.chromosomes.map(({ name }) => name).sort()).toEqual(["b", "c"]);
    expect(await reader.readValues("c", 3, 10)).toEqual(Float32Array.of(1.5, 1.5, NaN, NaN, NaN, NaN, -2));
    close();
  });

  it("follows the file's order of chromosomes where the list has another", async () => {
    const chromosomeSizes = await write("order.sizes", "b\t50\na\t50\nc\t50\n");
    const input = await write("order.bedGraph", "a\t0\t5\t1\nb\t0\t5\t2\n");
    await convertTrack(input, at("order.bw"), { chromosomeSizes });
    await convertTrack(at("order.bw"), at("order-back.bedGraph"));
    expect(await readFile(at("order-back.bedGraph"), "utf8")).toBe("a\t0\t5\t1\nb\t0\t5\t2\n");
  });
});

describe("numbers as text", () => {
  it("reads back as the same float32", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Math.fround(Number(formatFloat32(value))), value)).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(formatFloat32(Math.fround(0.1))).toBe("0.1");
    expect(formatFloat32(16777216)).toBe("16777216");
    expect(formatFloat32(Math.fround(1 / 3))).toBe("0.33333334");
  });
});

describe("bad input", () => {
  const cases: [name: string, content: string, to: string, sizes: string | null, message: string][] = [
    [
      "few.bedGraph",
      "chr1\t0\t5\t1\nchr1\t5\t9\n",
      "few.bw",
      "chr1\t10\n",
      "line 2: the line has only 3 columns; expected chromosome, start, end and value (bedGraph).",
    ],
    [
      "word.bedGraph",
      "chr1\t0\t5\tabc\n",
      "word.npz",
      null,
      'line 1: the value (column 4) is "abc"; expected a number.',
    ],
    [
      "nan.bedGraph",
      "chr1\t0\t5\t1\nchr1\t5\t9\tNaN\n",
      "nan.npz",
      null,
      'line 2: the value (column 4) is "NaN"; expected a number.',
    ],
    [
      "huge.bedGraph",
      "chr1\t0\t5\t1e39\n",
      "huge.npz",
      null,
      "line 1: the value 1e+39; expected a number that float32 can hold (up to 3.4e38).",
    ],
    [
      "end.bedGraph",
      "chr1\t0\t5\t1\nchr1\t5\t11\t1\n",
      "end.bw",
      "chr1\t10\n",
      "line 2: chr1:5-11 ends beyond the chromosome; expected an end of at most 10 on chr1. Do the intervals and the chromosome lengths belong to the same assembly?",
    ],
    [
      "name.bedGraph",
      "1\t0\t5\t1\n",
      "name.bw",
      "chr1\t10\nchr2\t5\n",
      'line 1: the chromosome "1", which the list of chromosome lengths does not have; expected one of chr1, chr2. The list calls it chr1: rename it in one of the files.',
    ],
    [
      "over.bedGraph",
      "chr1\t0\t5\t1\nchr1\t4\t9\t1\n",
      "over.bw",
      "chr1\t10\n",
      "line 2: chr1:4-9 overlaps 0-5 of line 1; expected intervals that do not overlap: a track has one value a base. Merge or average them first, for instance with bedtools merge.",
    ],
    [
      "unsorted.bedGraph",
      "chr1\t6\t9\t1\nchr2\t0\t1\t1\nchr1\t0\t7\t1\n",
      "unsorted.npz",
      null,
      "line 3: chr1:0-7 overlaps 6-9 of line 1; expected intervals that do not overlap: a track has one value a base. Merge or average them first, for instance with bedtools merge.",
    ],
    [
      "score.bed",
      "chr1\t0\t5\tname\n",
      "score.npz",
      null,
      "line 1: the line has only 4 columns; expected BED with a score (column 5) to take as the value.",
    ],
    [
      "point.bed",
      "chr1\t5\t5\tname\t1\n",
      "point.npz",
      null,
      "line 1: an empty interval at 5; expected start < end (0-based, half-open).",
    ],
    ["empty.bedGraph", "# nothing\n", "empty.npz", null, "no intervals; expected lines of bedGraph."],
  ];
  it.each(cases)("%s", async (name, content, to, sizes, message) => {
    const input = await write(name, content);
    const chromosomeSizes = sizes === null ? undefined : await write(`${name}.sizes`, sizes);
    const place = message.startsWith("line") ? ", " : ": ";
    await expectError(() => convertTrack(input, at(to), { chromosomeSizes }), `${input}${place}${message}`);
    const left = (await readdir(folder)).filter((file) => file.includes(to));
    expect(left).toEqual([]);
  });

  it("missing files, unknown endings and one file for both", async () => {
    await expectError(
      () => convertTrack(at("none.bedGraph"), at("none.npz")),
      `${at("none.bedGraph")}: the file could not be read: there is no such file or folder (ENOENT). Check the path.`,
    );
    const input = await write("same.bedGraph", "chr1\t0\t5\t1\n");
    await expectError(
      () => convertTrack(input, at("same.txt")),
      `${at("same.txt")}: the file's ending says no kind of track; expected a name that ends in .bedGraph, .bdg or .bg (also .gz), .bw or .bigWig, .bed (also .gz), .npz.`,
    );
    await link(input, at("link.bdg"));
    for (const output of [input, at("link.bdg")]) {
      await expectError(
        () => convertTrack(input, output),
        `${output}: the input and the output are the same file; expected two different files.`,
      );
    }
    expect(await readFile(input, "utf8")).toBe("chr1\t0\t5\t1\n");
  });

  it("asks for chromosome lengths before it reads the file", async () => {
    const input = await write("lengths.bedGraph", "not a bedGraph line\n");
    await expect(convertTrack(input, at("lengths.bw"))).rejects.toThrow(/--chrom-sizes FILE/);
  });

  it("refuses lengths that contradict the file's own", async () => {
    const chromosomeSizes = await write("own.sizes", "chr1\t10\n");
    await convertTrack(await write("own.bedGraph", "chr1\t0\t5\t1\n"), at("own.bw"), { chromosomeSizes });
    const other = await write("other.sizes", "chr1\t11\n");
    await expect(convertTrack(at("own.bw"), at("own.npz"), { chromosomeSizes: other })).rejects.toThrow(
      "chr1 has 10 bp in the file; expected 11",
    );
  });

  it("refuses cut-off gzip and bigWig files, and leaves an older output alone", async () => {
    const text = Array.from(
      { length: 20_000 },
      (_, i) => `chr1\t${i * 5}\t${i * 5 + 5}\t${(i * 7919) % 1000}\n`,
    ).join("");
    const packed = gzipSync(text);
    const gzip = await write("cut.bedGraph.gz", packed.subarray(0, packed.length / 2));
    const output = await write("cut.npz", "an older file");
    await expect(convertTrack(gzip, output)).rejects.toThrow("the gzip file is cut off");
    const chromosomeSizes = await write("cut.sizes", "chr1\t100000\n");
    await convertTrack(await write("whole.bedGraph", text), at("whole.bw"), { chromosomeSizes });
    const bytes = await readFile(at("whole.bw"));
    for (const share of [0.001, 0.1, 0.5, 0.9]) {
      const cut = await write("cut.bw", bytes.subarray(0, Math.floor(bytes.length * share)));
      await expect(convertTrack(cut, output)).rejects.toMatchObject({ name: "BindscapeError", source: cut });
    }
    expect(await readFile(output, "utf8")).toBe("an older file");
    expect((await readdir(folder)).filter((file) => file.endsWith(".partial"))).toEqual([]);
  });

  it("refuses npz files that are no track", async () => {
    const int = (...values: number[]) => ({ shape: [values.length], data: Int32Array.from(values) });
    const cases: [Map<string, ReturnType<typeof int>>, string][] = [
      [new Map([["x", int(1)]]), 'an array "x"'],
      [new Map(), "no chromosome"],
      [
        new Map([
          ["c/starts", int(0)],
          ["c/ends", int(5)],
        ]),
        'no array "c/values"',
      ],
      [
        new Map([
          ["c/starts", int(0)],
          ["c/ends", int(5, 6)],
          ["c/values", int(1)],
        ]),
        "1 starts, 2 ends and 1 values of c",
      ],
      [
        new Map([
          ["c/starts", int(0, 4)],
          ["c/ends", int(5, 6)],
          ["c/values", int(1, 1)],
        ]),
        "interval 1 of c is 4-6, behind one that ends at 5",
      ],
      [
        new Map([
          ["sizes", int(5)],
          ["c/starts", int(0)],
          ["c/ends", int(6)],
          ["c/values", int(1)],
        ]),
        "interval 0 of c is 0-6",
      ],
      [
        new Map([
          ["sizes", int(5, 6)],
          ["c/starts", int(0)],
          ["c/ends", int(5)],
          ["c/values", int(1)],
        ]),
        "2 sizes for 1 chromosomes",
      ],
    ];
    for (const [arrays, found] of cases) {
      await write("bad.npz", await encodeNpz(arrays));
      await expect(convertTrack(at("bad.npz"), at("bad.bedGraph"))).rejects.toThrow(found);
    }
  });

  it("sorts in memory only up to a limit", async () => {
    const source = textSource("c\t5\t6\t1\nc\t0\t1\t1\n", "x.bedGraph");
    await expectError(
      () => openTextTrack(source, "bedGraph", { mostSorted: 1 }),
      "x.bedGraph: 2 records that are not sorted; expected at most 1, which are sorted in memory, or a sorted file of any length. Sort it first: sort -k1,1 -k2,2n.",
    );
    const track = await openTextTrack(source, "bedGraph", { mostSorted: 2 });
    expect((await collect(track.runs))[0].starts).toEqual(Uint32Array.of(0, 5));
  });

  it("stops when told to, without an output", async () => {
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    const input = await write("stop.bedGraph", "chr1\t0\t5\t1\n");
    await expect(convertTrack(input, at("stop.npz"), { signal: controller.signal })).rejects.toThrow(
      "stopped",
    );
    expect(await readdir(folder)).not.toContain("stop.npz");
  });
});

const hasNumpy = (() => {
  try {
    execFileSync("python3", ["-c", "import numpy"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIPPED: NumPy reading our npz tracks; python3 with numpy is not installed");
    return false;
  }
})();

it.skipIf(!hasNumpy)("NumPy reads our npz", async () => {
  const input = await write("numpy.bedGraph", "chr1\t0\t5\t0.25\nchr1\t7\t9\t-3\n");
  await convertTrack(input, at("numpy.npz"));
  const program =
    "import sys, numpy; a = numpy.load(sys.argv[1]); print(sorted(a.files), a['chr1/ends'].tolist(), a['chr1/values'].tolist(), a['chr1/values'].dtype)";
  const printed = execFileSync("python3", ["-c", program, at("numpy.npz")], { encoding: "utf8" });
  expect(printed.trim()).toBe("['chr1/ends', 'chr1/starts', 'chr1/values'] [5, 9] [0.25, -3.0] float32");
});

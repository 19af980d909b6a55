import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBed } from "../src/bed/read.js";
import { formatBedRecord, writeBed } from "../src/bed/write.js";
import { readBedGraph } from "../src/bed-graph/read.js";
import { formatBedGraphRecord, writeBedGraph } from "../src/bed-graph/write.js";
import { MemorySink } from "../src/byte-sink.js";
import { MemorySource } from "../src/byte-source.js";
import { readChromosomeSizes } from "../src/chromosome-sizes/read.js";
import { formatChromosomeSizes } from "../src/chromosome-sizes/write.js";
import { readFragments } from "../src/fragments/read.js";
import { readNarrowPeak } from "../src/narrow-peak/read.js";
import { writeNarrowPeak } from "../src/narrow-peak/write.js";
import { collect, expectError, findData, openTestFile, textSource } from "./helpers.js";

const columnText = fc.stringMatching(/^[\w.:-]{1,12}$/);
const place = fc
  .tuple(columnText, fc.nat(4294967295), fc.nat(4294967295))
  .map(([chromosome, a, b]) => ({ chromosome, start: Math.min(a, b), end: Math.max(a, b) }))
  // Names that are read as a comment or a browser's line are not chromosome names.
  .filter(({ chromosome }) => !/^(track|browser)$/.test(chromosome));
const strand = fc.constantFrom("+" as const, "-" as const, "." as const);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

describe("chromosome sizes", () => {
  it("round-trips", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ name: columnText, size: fc.integer({ min: 1, max: 4294967295 }) }), {
          minLength: 1,
          selector: ({ name }) => name,
        }),
        async (sizes) => {
          const kept = sizes.filter(({ name }) => !/^(track|browser)$/.test(name));
          fc.pre(kept.length > 0);
          expect(await readChromosomeSizes(textSource(formatChromosomeSizes(kept)))).toEqual(kept);
        },
      ),
    ));

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => readChromosomeSizes(textSource(text, "c.sizes"));
    await expectError(
      read("chr1\t10\nchr2\tten\n"),
      'c.sizes, line 2: the length (column 2) is "ten"; expected a whole number from 0 to 4294967295.',
    );
    await expectError(
      read("chr1\t10\nchr1\t10\n"),
      'c.sizes, line 2: a second line for "chr1" (the first is line 1); expected one line a chromosome: its name and its length in bp, at least 1.',
    );
    await expectError(
      read("chr1\t0\n"),
      'c.sizes, line 1: the length of "chr1" is 0; expected one line a chromosome: its name and its length in bp, at least 1.',
    );
    await expectError(
      read("chr1\n"),
      "c.sizes, line 1: the line has only 1 column; expected a name and a length in bp.",
    );
    await expectError(
      read("# none\n"),
      "c.sizes: the file has no chromosomes; expected lines with a name and a length in bp.",
    );
  });

  const yeast = findData("yeast/chrom.sizes");
  it.skipIf(!yeast)("reads the yeast's", async () => {
    const sizes = await readChromosomeSizes(await openTestFile(yeast!));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBe(12_071_326);
    expect(sizes[0]).toEqual({ name: "chrI", size: 230218 });
  });
});

describe("BED", () => {
  it("round-trips 3 to 6 columns, plain and gzip", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(place, fc.option(columnText), fc.option(finite), fc.option(strand), fc.nat(3)), {
          maxLength: 20,
        }),
        fc.boolean(),
        async (rows, zip) => {
          const records = rows.map(([where, name, score, side, columns]) => ({
            ...where,
            name: columns > 0 ? (name ?? "n") : undefined,
            score: columns > 1 ? (score ?? 0) : undefined,
            strand: columns > 2 ? (side ?? "+") : undefined,
          }));
          const sink = new MemorySink();
          await writeBed(sink, records);
          const bytes = zip ? gzipSync(sink.toBytes()) : sink.toBytes();
          const found = await readBed(new MemorySource(bytes));
          expect(found.map(({ line, fields, ...rest }) => rest)).toEqual(records);
          expect(found.map(({ line }) => line)).toEqual(records.map((_, i) => i + 1));
        },
      ),
    ));

  it("skips headers, takes white space, CRLF and 12 columns, and leaves odd columns as text", async () => {
    const twelve = "chr2\t5\t9\tgene\t960\t-\t5\t9\t0\t2\t1,1,\t0,3,";
    const text = `browser position chr1:1-100\r\ntrack name="a b"\r\n#comment\r\n\r\n chr1   0 5\r\n${twelve}\r\ntracker\t1\t1\tcell\thigh\tx`;
    const found = await readBed(textSource(text));
    expect(found).toHaveLength(3);
    expect(found[0]).toEqual({
      chromosome: "chr1",
      start: 0,
      end: 5,
      name: undefined,
      score: undefined,
      strand: undefined,
      line: 5,
      fields: ["chr1", "0", "5"],
    });
    expect(found[1]).toMatchObject({ name: "gene", score: 960, strand: "-", line: 6 });
    expect(found[1].fields).toEqual(twelve.split("\t"));
    expect(found[2]).toMatchObject({ chromosome: "tracker", start: 1, end: 1, name: "cell", line: 7 });
    expect([found[2].score, found[2].strand]).toEqual([undefined, undefined]);
  });

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => readBed(textSource(text, "p.bed"));
    const whole = "expected a whole number from 0 to 4294967295";
    await expectError(
      read("chrom\tstart\tend\nchr1\t1\t2\n"),
      `p.bed, line 1: the start (column 2) is "start"; ${whole}. If this is a line of column names, put a # before it.`,
    );
    await expectError(
      read("chr1\t1\t2\nchr1\t-1\t2\n"),
      `p.bed, line 2: the start (column 2) is "-1"; ${whole}.`,
    );
    await expectError(read("#\nchr1\t1\t2.5\n"), `p.bed, line 2: the end (column 3) is "2.5"; ${whole}.`);
    await expectError(read("#\nchr1\t1\t1e3\n"), `p.bed, line 2: the end (column 3) is "1e3"; ${whole}.`);
    await expectError(
      read("chr1\t1\t4294967296\n"),
      `p.bed, line 1: the end (column 3) is "4294967296"; ${whole}.`,
    );
    await expectError(read("chr1\t\t4\n"), `p.bed, line 1: the start (column 2) is ""; ${whole}.`);
    await expectError(
      read("chr1\t9\t5\n"),
      "p.bed, line 1: the start 9 is after the end 5; expected start <= end (0-based, half-open).",
    );
    await expectError(
      read("\t9\t15\n"),
      "p.bed, line 1: the chromosome is empty; expected a name in column 1.",
    );
    await expectError(
      read("chr1:1-2\n"),
      "p.bed, line 1: the line has only 1 column; expected at least chromosome, start and end (BED).",
    );
    await expectError(
      () => formatBedRecord({ chromosome: "chr1", start: 3, end: 2 }),
      "the interval to be written is chr1:3-2; expected whole numbers, 0 <= start <= end.",
    );
    await expectError(
      () => formatBedRecord({ chromosome: "a\tb", start: 1, end: 2 }),
      'the chromosome to be written is "a\\tb"; expected text without tabs and line ends, not empty.',
    );
  });

  it("refuses more records than it may keep", () =>
    expectError(
      () => readBed(textSource("a\t1\t2\n#\na\t2\t3\na\t3\t4\n", "p.bed"), { maximumRecords: 2 }),
      "p.bed, line 4: more than 2 records. Split the file, or raise maximumRecords if the memory suffices.",
    ));

  it("fills the columns before the last one that is given", () => {
    expect(formatBedRecord({ chromosome: "c", start: 1, end: 2, strand: "-" })).toBe("c\t1\t2\t.\t0\t-");
  });

  const reb1 = findData("yeast/original/Reb1_CX.bed");
  it.skipIf(!reb1)("reads published peaks", async () => {
    const found = await readBed(await openTestFile(reb1!));
    expect(found[0]).toMatchObject({
      chromosome: "chr14",
      start: 412603,
      end: 412604,
      score: 1000,
      strand: ".",
    });
    expect(found.every(({ start, end }) => end - start === 1)).toBe(true);
  });
});

describe("narrowPeak", () => {
  it("round-trips", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            place,
            columnText,
            fc.nat(1000),
            strand,
            finite,
            finite,
            finite,
            fc.double({ min: 0, max: 0.999, noNaN: true }),
          ),
        ),
        async (rows) => {
          const peaks = rows.map(([where, name, score, side, signalValue, pValue, qValue, at]) => ({
            ...where,
            name,
            score,
            strand: side,
            signalValue,
            pValue,
            qValue,
            peak: Math.floor(at * (where.end - where.start)),
          }));
          const sink = new MemorySink();
          await writeNarrowPeak(sink, peaks);
          const found = await readNarrowPeak(new MemorySource(sink.toBytes()));
          expect(found.map(({ line, fields, ...rest }) => rest)).toEqual(peaks);
        },
      ),
    ));

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => readNarrowPeak(textSource(text, "p.narrowPeak"));
    const start = "chr1\t100\t200\tp\t0\t.";
    await expectError(
      read(`${start}\n`),
      "p.narrowPeak, line 1: the line has only 6 columns; expected the 10 of narrowPeak; read it as BED if it is not one.",
    );
    await expectError(
      read(`${start}\t5\tNA\t-1\t50\n`),
      'p.narrowPeak, line 1: the pValue (column 8) is "NA"; expected a number.',
    );
    for (const summit of ["100", "-2", "1.5"]) {
      await expectError(
        read(`${start}\t5\t-1\t-1\t${summit}\n`),
        `p.narrowPeak, line 1: the summit (column 10) is "${summit}" in a peak of 100 bp; expected an offset from the start inside the peak, or -1.`,
      );
    }
    expect((await read(`${start}\t5\t-1\t-1\t-1\n`)())[0].peak).toBe(-1);
  });
});

describe("fragments", () => {
  it("reads counts, or 1 without them, and skips comments", async () => {
    const found = await collect(
      readFragments(textSource("# id=x\nchr1\t0\t57\tAAA-1\t3\nchr1\t10\t20\tCCC-1\n")),
    );
    expect(found).toEqual([
      { chromosome: "chr1", start: 0, end: 57, barcode: "AAA-1", count: 3, line: 2 },
      { chromosome: "chr1", start: 10, end: 20, barcode: "CCC-1", count: 1, line: 3 },
    ]);
  });

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => collect(readFragments(textSource(text, "f.tsv")));
    await expectError(
      read("chr1\t5\t9\n"),
      "f.tsv, line 1: the line has only 3 columns; expected chromosome, start, end, barcode and count.",
    );
    await expectError(
      read("chr1\t5\t5\tA\t1\n"),
      "f.tsv, line 1: an empty fragment at 5; expected start < end and a count of at least 1.",
    );
    await expectError(
      read("#\nchr1\t5\t6\tA\t0\n"),
      "f.tsv, line 2: a count of 0; expected start < end and a count of at least 1.",
    );
  });

  const yeast = findData("yeast/original/yeast_500k_SRR1822137.frag.gz");
  it.skipIf(!yeast)("has the published number of fragment ends on the nuclear chromosomes", async () => {
    let nuclear = 0;
    let mitochondrial = 0;
    for await (const { chromosome, count } of readFragments(await openTestFile(yeast!))) {
      if (chromosome === "chrM") mitochondrial += 2 * count;
      else nuclear += 2 * count;
    }
    expect({ nuclear, mitochondrial }).toEqual({ nuclear: 902_064, mitochondrial: 33_752 });
  });
});

describe("bedGraph", () => {
  it("round-trips", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(place, finite)), async (rows) => {
        const records = rows
          .map(([where, value]) => ({ ...where, value }))
          .filter(({ start, end }) => start < end);
        const sink = new MemorySink();
        await writeBedGraph(sink, records);
        const found = await collect(readBedGraph(new MemorySource(sink.toBytes())));
        expect(found).toEqual(records.map((record, i) => ({ ...record, line: i + 1 })));
      }),
    ));

  it("says what is wrong, and where", async () => {
    const read = (text: string) => () => collect(readBedGraph(textSource(text, "s.bedgraph")));
    await expectError(
      read("track type=bedGraph\nchr1 0 5 x\n"),
      's.bedgraph, line 2: the value (column 4) is "x"; expected a number.',
    );
    await expectError(
      read("fixedStep chrom=chr1 start=1 step=1\n1\n"),
      "s.bedgraph, line 1: this is a wig file; expected bedGraph: chromosome, start, end and value. Convert it with wigToBigWig and give the bigWig.",
    );
    await expectError(
      read("chr1\t0\t0\t1\n"),
      "s.bedgraph, line 1: an empty interval at 0; expected start < end (0-based, half-open).",
    );
  });

  it("writes the shortest digits", () => {
    expect(formatBedGraphRecord({ chromosome: "c", start: 0, end: 1, value: Math.fround(0.1) })).toBe(
      "c\t0\t1\t0.10000000149011612",
    );
  });

  const gold = findData("gold/bigwig/igv/wig/bedgraph-example-uscs.bedgraph");
  it.skipIf(!gold)("reads UCSC's example", async () => {
    const found = await collect(readBedGraph(await openTestFile(gold!)));
    expect(found.map(({ start, value }) => [start, value])).toEqual(
      Array.from({ length: 9 }, (_, i) => [49302000 + 300 * i, -1 + 0.25 * i]),
    );
  });
});

import { deflateSync } from "node:zlib";
import { BindscapeError } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { inflateAnywhere } from "../src/bigwig/codec.js";
import { inflateInNode } from "../src/bigwig/codec.node.js";
import { BigWigReader } from "../src/bigwig/read.js";
import { writeBigWig } from "../src/bigwig/write.js";
import { MemorySink } from "../src/byte-sink.js";
import { MemorySource } from "../src/byte-source.js";
import { type Fixture, makeBigWig, type Section } from "./bigwig-fixture.js";

const open = (bytes: Uint8Array, options = {}) => BigWigReader.open(new MemorySource(bytes, "x.bw"), options);

const sections: Section[] = [
  {
    kind: 1,
    chromosomeId: 0,
    start: 10,
    end: 40,
    rows: [
      [10, 20, 1.5],
      [20, 21, -2],
      [30, 40, 4],
    ],
  },
  {
    kind: 2,
    chromosomeId: 0,
    start: 100,
    end: 125,
    span: 5,
    rows: [
      [100, 7],
      [120, 8],
    ],
  },
  { kind: 3, chromosomeId: 1, start: 0, end: 22, step: 10, span: 2, rows: [[1], [2], [3]] },
];

describe("BigWigReader", () => {
  const ways = [true, false].flatMap((littleEndian) =>
    [1, 2, 3, 4].flatMap((version) => [true, false].map((compress) => ({ littleEndian, version, compress }))),
  );
  it.each(ways)("reads all section kinds, zoom records and the summary: %o", async (way) => {
    const reader = await open(makeBigWig(sections, way).bytes);
    expect(reader.chromosomes).toEqual([
      { name: "chr1", size: 5000 },
      { name: "chr2", size: 1000 },
    ]);
    const summary = { basesCovered: 123, min: -1, max: 7, sum: 88.5, sumSquares: 99.25 };
    expect(reader.summary).toEqual(way.version === 1 ? null : summary);
    expect(reader.zoomLevels).toEqual([{ reduction: 30 }]);
    expect(await reader.readIntervals("chr1", 0, 5000)).toEqual({
      starts: Uint32Array.of(10, 20, 30, 100, 120),
      ends: Uint32Array.of(20, 21, 40, 105, 125),
      values: Float32Array.of(1.5, -2, 4, 7, 8),
    });
    expect(await reader.readIntervals("chr2", 11, 21)).toEqual({
      starts: Uint32Array.of(10, 20),
      ends: Uint32Array.of(12, 22),
      values: Float32Array.of(2, 3),
    });
    const no = Number.NaN;
    expect(await reader.readValues("chr1", 18, 32)).toEqual(
      Float32Array.of(1.5, 1.5, -2, no, no, no, no, no, no, no, no, no, 4, 4),
    );
    expect(await reader.readZoom(0, "chr1", 39, 40)).toEqual({
      starts: Uint32Array.of(10),
      ends: Uint32Array.of(40),
      count: Uint32Array.of(30),
      min: Float32Array.of(1),
      max: Float32Array.of(4),
      sum: Float32Array.of(75),
      sumSquares: Float32Array.of(225),
    });
    expect((await reader.readZoom(0, "chr1", 40, 50)).count.length).toBe(0);
    expect((await reader.readZoom(0, "chr2", 0, 50)).count.length).toBe(0);
  });

  it("has no summary where the file has none", async () => {
    expect((await open(makeBigWig(sections, { hasSummary: false }).bytes)).summary).toBeNull();
  });

  it("means over bins: from zoom records where they are fine enough, else exact", async () => {
    const reader = await open(makeBigWig(sections).bytes);
    // Bins of 100 bp: the record of reduction 30, mean 75 / 30. Bins of 10 bp: values.
    expect(Array.from(await reader.mean("chr1", 0, 200, 2))).toEqual([2.5, Number.NaN]);
    expect((await reader.mean("chr1", 0, 200, 2, { exact: true }))[1]).toBe(7.5);
    expect(Array.from(await reader.mean("chr1", 10, 40, 3))).toEqual([1.5, -2, 4]);
    await expect(reader.mean("chr1", 0, 200, 0)).rejects.toThrow(BindscapeError);
  });

  it("sorts a section that its writer did not sort, and lets the later of two overlapping intervals stand", async () => {
    const rows = [
      [50, 60, 2],
      [10, 30, 1],
      [20, 25, 9],
    ];
    const reader = await open(makeBigWig([{ kind: 1, chromosomeId: 0, start: 10, end: 60, rows }]).bytes);
    expect(Array.from((await reader.readIntervals("chr1", 0, 100)).starts)).toEqual([10, 20, 50]);
    expect(Array.from((await reader.readIntervals("chr1", 26, 28)).values)).toEqual([1]);
    expect(Array.from(await reader.readValues("chr1", 19, 27))).toEqual([1, 9, 9, 9, 9, 9, 1, 1]);
  });

  it("fills the array it is given, and only its beginning", async () => {
    const reader = await open(makeBigWig(sections).bytes);
    const into = new Float32Array(5).fill(77);
    const values = await reader.readValues("chr1", 19, 22, into);
    expect(values.buffer).toBe(into.buffer);
    expect(Array.from(into)).toEqual([1.5, -2, Number.NaN, 77, 77]);
    await expect(reader.readValues("chr1", 0, 6, into)).rejects.toThrow(
      /expected at most 5, the room there is/,
    );
  });

  it.each<[string, number, number]>([
    ["chr3", 0, 1],
    ["chr1", -1, 5],
    ["chr1", 4999, 5001],
    ["chr1", 5, 4],
    ["chr1", 0.5, 4],
    ["chr1", Number.NaN, 4],
  ])("refuses %s:%d-%d", async (chromosome, start, end) => {
    const reader = await open(makeBigWig(sections).bytes);
    for (const failed of [
      reader.readValues(chromosome, start, end),
      reader.readManyValues([{ chromosome, start, end }]),
      reader.readIntervals(chromosome, start, end),
      reader.readZoom(0, chromosome, start, end),
    ]) {
      await expect(failed).rejects.toThrow(BindscapeError);
    }
  });

  it("reads neighbouring blocks with one read and each block once", async () => {
    const sink = new MemorySink();
    const starts = Array.from({ length: 5000 }, (_, i) => 2 * i);
    const run = { chromosome: "c", starts, ends: starts.map((s) => s + 1), values: starts };
    await writeBigWig(sink, [{ name: "c", size: 10_000 }], [run], { itemsPerSlot: 100 });
    const bytes = sink.toBytes();
    let reads = 0;
    const source = new MemorySource(bytes, "x.bw");
    const counting = {
      name: "x.bw",
      size: () => source.size(),
      read: (offset: number, length: number) => {
        reads++;
        return source.read(offset, length);
      },
    };
    const reader = await BigWigReader.open(counting);
    await reader.readValues("c", 0, 10);
    reads = 0;
    await reader.readValues("c", 0, 10_000);
    expect(reads).toBe(1);
    await reader.readManyValues([{ chromosome: "c", start: 5, end: 9000 }]);
    expect(reads).toBe(1);
    const cold = await BigWigReader.open(counting, { cacheSize: 0 });
    await cold.readValues("c", 0, 10);
    reads = 0;
    // Both ends of the file, in turn: two runs of blocks, so two reads although nothing is kept.
    const far = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 20 : 9900));
    const values = await cold.readManyValues(
      far.map((start) => ({ chromosome: "c", start, end: start + 2 })),
    );
    expect(Array.from(values.filter((value) => !Number.isNaN(value)))).toEqual(far);
    expect(reads).toBeLessThanOrEqual(2);
  });
});

describe("a hostile or damaged file", () => {
  /** A copy with some bytes overwritten by a little-endian number. */
  function patch({ bytes }: Fixture, at: number, value: number, length: 1 | 2 | 4 | 8): Uint8Array {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    if (length === 1) view.setUint8(at, value);
    else if (length === 2) view.setUint16(at, value, true);
    else if (length === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    return copy;
  }

  async function readAll(bytes: Uint8Array, options = {}): Promise<void> {
    const reader = await open(bytes, options);
    for (const { name, size } of reader.chromosomes) {
      await reader.readValues(name, 0, Math.min(size, 5000));
      await reader.readIntervals(name, 0, size);
      for (let level = 0; level < reader.zoomLevels.length; level++)
        await reader.readZoom(level, name, 0, size);
    }
  }

  const sound = makeBigWig(sections);
  const plain = makeBigWig(sections, { compress: false });
  const big = 2 ** 40;

  it.each<[string, Uint8Array, RegExp, number]>([
    ["no bytes", new Uint8Array(0), /the file ends after 0 bytes/, 0],
    ["a header cut short", sound.bytes.slice(0, 50), /the file ends after 50 bytes/, 50],
    ["text", Buffer.from("chr1\t0\t10\t1.5\n".repeat(9)), /starts with the bytes 63687231/, 0],
    ["gzip", Uint8Array.from({ length: 99 }, (_, i) => [0x1f, 0x8b, 8, 0][i] ?? 1), /gzip-compressed/, 0],
    ["a bigBed", patch(sound, 0, 0x8789f2eb, 4), /this is a bigBed file/, 0],
    ["version 9", patch(sound, 4, 9, 2), /format version 9; expected 1 to 4/, 4],
    ["65,535 zoom levels", patch(sound, 6, 65535, 2), /list of 65535 zoom levels .* past the end/, 6],
    [
      "a chromosome tree past the end",
      patch(sound, 8, big, 8),
      /chromosome tree is said to be at byte 1099511627776/,
      8,
    ],
    ["data past the end", patch(sound, 16, big, 8), /the data is said/, 16],
    ["an index past the end", patch(sound, 24, big, 8), /the index of the data/, 24],
    ["a summary past the end", patch(sound, 44, big, 8), /the total summary/, 44],
    ["zoom data past the end", patch(sound, 72, big, 8), /the data of zoom level 0/, 72],
    ["a zoom index past the end", patch(sound, 80, big, 8), /the index of zoom level 0/, 80],
    ["a reduction of 0", patch(sound, 64, 0, 4), /zoom level 0 has reduction 0/, 64],
    [
      "no chromosome tree",
      patch(sound, sound.chromosomeTree, 1, 4),
      /expected 0x78ca8c91/,
      sound.chromosomeTree,
    ],
    [
      "names of 4 GB",
      patch(sound, sound.chromosomeTree + 8, 2 ** 32 - 1, 4),
      /2 chromosomes with names of/,
      sound.chromosomeTree + 8,
    ],
    [
      "2^40 chromosomes",
      patch(sound, sound.chromosomeTree + 16, big, 8),
      /1099511627776 chromosomes/,
      sound.chromosomeTree + 8,
    ],
    [
      "a chromosome id of 2^31",
      patch(sound, sound.chromosomeTree + 40, 2 ** 31, 4),
      /chromosome id 2147483648/,
      sound.chromosomeTree,
    ],
    [
      "a chromosome id twice",
      patch(sound, sound.chromosomeTree + 52, 0, 4),
      /listed twice/,
      sound.chromosomeTree,
    ],
    [
      "65,535 names in a node",
      patch(sound, sound.chromosomeTree + 34, 65535, 2),
      /overlap|ends past the end/,
      sound.chromosomeTree + 32,
    ],
    ["no index", patch(sound, sound.index, 1, 4), /0x1 at an index; expected 0x2468ace0/, sound.index],
    [
      "65,535 blocks in a node",
      patch(sound, sound.index + 50, 65535, 2),
      /ends past the end of the file/,
      sound.index + 52,
    ],
    [
      "an index node of kind 7",
      patch(sound, sound.index + 48, 7, 1),
      /an index node of kind 7/,
      sound.index + 48,
    ],
    [
      "a block past the end",
      patch(sound, sound.index + 68, big, 8),
      /a block of \d+ bytes at byte 1099511627776/,
      sound.index + 52,
    ],
    [
      "a block of 2^40 bytes",
      patch(sound, sound.index + 76, big, 8),
      /a block of 1099511627776 bytes/,
      sound.index + 52,
    ],
    [
      "blocks that together pass the file",
      patch(
        { ...sound, bytes: patch(sound, sound.index + 76, sound.bytes.length - sound.blocks[0], 8) },
        sound.index + 108,
        sound.bytes.length - sound.blocks[1],
        8,
      ),
      /blocks take \d+ bytes together/,
      sound.index,
    ],
    ["garbage in a block", patch(sound, sound.blocks[1], 0, 4), /cannot be inflated/, sound.blocks[1]],
    [
      "a section of kind 0",
      patch(plain, plain.blocks[0] + 20, 0, 1),
      /a data section of kind 0/,
      plain.blocks[0],
    ],
    [
      "a section of 65,535 items",
      patch(plain, plain.blocks[0] + 22, 65535, 2),
      /60 bytes with 65535 items/,
      plain.blocks[0],
    ],
    [
      "an interval that ends before it starts",
      patch(plain, plain.blocks[0] + 24, 21, 4),
      /interval 0 .* from 21 to 20/,
      plain.blocks[0],
    ],
    [
      "a fixed step past 2^32",
      patch(plain, plain.blocks[2] + 12, 2 ** 32 - 1, 4),
      /interval 1 of a data section/,
      plain.blocks[2],
    ],
  ])("%s: says so, and where", async (_, bytes, message, offset) => {
    for (const options of [{}, { inflate: inflateInNode, indexLimit: 0, cacheSize: 0 }]) {
      const error = await readAll(bytes, options).then(
        () => null,
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(BindscapeError);
      expect(error.message).toMatch(message);
      expect(error.offset).toBe(offset);
      expect(error.source).toBe("x.bw");
    }
  });

  it("cut short anywhere is an error or, past the last block, no loss", async () => {
    const end = sound.bytes.length - 4;
    for (let length = 0; length < end; length++) {
      await expect(readAll(sound.bytes.slice(0, length))).rejects.toThrow(/truncated or corrupt/);
    }
    await readAll(sound.bytes.slice(0, end));
  });

  /** The fixture with its index replaced by nodes of the caller's, at the end of the file. */
  function withTree(makeNodes: (offset: number) => Uint8Array, count = 1): Uint8Array {
    const base = sound.bytes.length;
    const header = sound.bytes.slice(sound.index, sound.index + 48);
    new DataView(header.buffer).setBigUint64(8, BigInt(count), true);
    const nodes = makeNodes(base + 48);
    const bytes = new Uint8Array(base + 48 + nodes.length);
    bytes.set(sound.bytes);
    bytes.set(header, base);
    bytes.set(nodes, base + 48);
    new DataView(bytes.buffer).setBigUint64(24, BigInt(base), true);
    return bytes;
  }

  function branch(children: readonly number[]): Uint8Array {
    const bytes = new Uint8Array(4 + 24 * children.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(2, children.length, true);
    children.forEach((child, i) => {
      view.setUint32(4 + 24 * i + 12, 5000, true);
      view.setBigUint64(4 + 24 * i + 16, BigInt(child), true);
    });
    return bytes;
  }

  it.each([
    ["that is its own child", (offset: number) => branch([offset])],
    [
      "whose child is listed twice",
      (offset: number) => Buffer.concat([branch([offset + 52, offset + 52]), branch([9])]),
    ],
    [
      "in which every level doubles",
      (offset: number) =>
        Buffer.concat(
          Array.from({ length: 60 }, (_, i) => branch([offset + 52 * (i + 1), offset + 52 * (i + 1)])),
        ),
    ],
  ])("with an index node %s", async (_, makeNodes) => {
    for (const indexLimit of [0, 1 << 20]) {
      await expect(readAll(withTree(makeNodes), { indexLimit })).rejects.toThrow(BindscapeError);
    }
  });

  it("with a chromosome tree that points back to itself", async () => {
    const at = sound.chromosomeTree + 32;
    const bytes = patch(sound, at, 0, 1);
    // The first child is the node itself (key of 4 bytes, then its offset).
    new DataView(bytes.buffer).setBigUint64(at + 8, BigInt(at), true);
    await expect(open(bytes)).rejects.toThrow(/point back to each other or overlap/);
  });

  it("with a block that inflates to gigabytes", async () => {
    const bomb = deflateSync(new Uint8Array(64 << 20));
    expect(bomb.length).toBeLessThan(70_000);
    for (const inflate of [inflateAnywhere, inflateInNode]) {
      expect(() => inflate(bomb, 32768, 786_444)).toThrow();
      expect(inflate(deflateSync(new Uint8Array(786_444)), 100, 786_444).length).toBe(786_444);
      expect(() => inflate(deflateSync(new Uint8Array(786_445)), 100, 786_444)).toThrow();
      expect(inflate(deflateSync(new Uint8Array(5)), 32768, 786_444).length).toBe(5);
      expect(inflate(deflateSync(new Uint8Array(32768)), 32768, 786_444).length).toBe(32768);
    }
  });

  it("with intervals that cover the same bases over and over", async () => {
    const rows = Array.from({ length: 60_000 }, () => [0, 5000, 1]);
    const { bytes } = makeBigWig([{ kind: 1, chromosomeId: 0, start: 0, end: 5000, rows }]);
    const reader = await open(bytes);
    await expect(reader.readValues("chr1", 0, 5000)).rejects.toThrow(/cover the same bases over and over/);
    await expect(reader.mean("chr1", 0, 5000, 100)).rejects.toThrow(/cover the same bases over and over/);
  });
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "@bindscape/numerics";
import { BigWig } from "@gmod/bbi";
import fc from "fast-check";
import { LocalFile } from "generic-filehandle2";
import { afterAll, describe, expect, it } from "vitest";
import { openBigWig } from "../src/bigwig/open.node.js";
import { BigWigReader } from "../src/bigwig/read.js";
import { type WriteBigWigOptions, writeBigWig } from "../src/bigwig/write.js";
import { writeBigWigFile } from "../src/bigwig/write.node.js";
import { MemorySink } from "../src/byte-sink.js";
import { MemorySource } from "../src/byte-source.js";
import type { ChromosomeSize } from "../src/chromosome-sizes/read.js";

const folder = mkdtempSync(join(tmpdir(), "bindscape-bigwig-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Track {
  readonly chromosomes: ChromosomeSize[];
  readonly runs: { chromosome: string; starts: number[]; ends: number[]; values: number[] }[];
}

let files = 0;

async function write(track: Track, options: WriteBigWigOptions = {}): Promise<string> {
  const path = join(folder, `track${files++ % 50}.bw`);
  await writeBigWigFile(path, track.chromosomes, track.runs, options);
  return path;
}

function join32(track: Track): Map<string, { starts: number[]; ends: number[]; values: number[] }> {
  const joined = new Map(
    track.chromosomes.map(({ name }) => [name, { starts: [], ends: [], values: [] } as BigWigLists]),
  );
  for (const run of track.runs) {
    const list = joined.get(run.chromosome)!;
    run.values.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      list.starts.push(run.starts[i]);
      list.ends.push(run.ends[i]);
      list.values.push(Math.fround(value));
    });
  }
  return joined;
}
type BigWigLists = { starts: number[]; ends: number[]; values: number[] };

/** Reads the file back with our reader and with bbi and compares both with what was written. */
async function checkFile(path: string, track: Track): Promise<BigWigReader> {
  const { reader, close } = await openBigWig(path);
  const bbi = new BigWig({ filehandle: new LocalFile(path) });
  const { refsByNumber } = await bbi.getHeader();
  expect(reader.chromosomes).toEqual(track.chromosomes);
  expect(Object.values(refsByNumber).map(({ id, name, length }) => [id, name, length >>> 0])).toEqual(
    track.chromosomes.map(({ name, size }, id) => [id, name, size]),
  );
  let basesCovered = 0;
  let sum = 0;
  let sumSquares = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const [name, wanted] of join32(track)) {
    const { size } = track.chromosomes.find((chromosome) => chromosome.name === name)!;
    const ours = await reader.readIntervals(name, 0, size);
    expect({
      starts: Array.from(ours.starts),
      ends: Array.from(ours.ends),
      values: Array.from(ours.values),
    }).toEqual(wanted);
    // bbi's coordinates are signed: it cannot look beyond 2^31.
    if (size < 2 ** 31) {
      const theirs = await bbi.getFeaturesAsArrays(name, 0, size, { basesPerSpan: 1e-6 });
      // bbi hands on groups of blocks as they arrive, in any order.
      const order = Array.from(theirs.starts.keys()).sort((a, b) => theirs.starts[a] - theirs.starts[b]);
      expect({
        starts: order.map((i) => theirs.starts[i]),
        ends: order.map((i) => theirs.ends[i]),
        values: order.map((i) => theirs.scores[i]),
      }).toEqual(wanted);
    }
    wanted.values.forEach((value, i) => {
      const length = wanted.ends[i] - wanted.starts[i];
      basesCovered += length;
      sum += length * value;
      sumSquares += length * value * value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    });
  }
  expect(reader.summary).toEqual(
    basesCovered === 0
      ? { basesCovered: 0, min: 0, max: 0, sum: 0, sumSquares: 0 }
      : { basesCovered, min, max, sum, sumSquares },
  );
  await checkZooms(reader, bbi, track);
  close();
  return reader;
}

interface ZoomRecord {
  start: number;
  end: number;
  count: number;
  min: number;
  max: number;
  sum: number;
  sumSquares: number;
}

/** The records of one zoom level the slow way: for each interval, each of the grid's bins that it touches. */
function bruteForceZoom(list: BigWigLists, reduction: number): ZoomRecord[] {
  const byBin = new Map<number, ZoomRecord>();
  list.values.forEach((value, i) => {
    for (let bin = Math.floor(list.starts[i] / reduction); bin * reduction < list.ends[i]; bin++) {
      const start = Math.max(list.starts[i], bin * reduction);
      const end = Math.min(list.ends[i], (bin + 1) * reduction);
      const record = byBin.get(bin) ?? {
        start,
        end,
        count: 0,
        min: Number.POSITIVE_INFINITY,
        max: Number.NEGATIVE_INFINITY,
        sum: 0,
        sumSquares: 0,
      };
      record.end = end;
      record.count += end - start;
      record.min = Math.min(record.min, value);
      record.max = Math.max(record.max, value);
      record.sum += value * (end - start);
      record.sumSquares += value * value * (end - start);
      byBin.set(bin, record);
    }
  });
  return [...byBin.values()];
}

async function checkZooms(reader: BigWigReader, bbi: BigWig, track: Track): Promise<void> {
  const lists = join32(track);
  for (let level = 0; level < reader.zoomLevels.length; level++) {
    const { reduction } = reader.zoomLevels[level];
    for (const { name, size } of track.chromosomes) {
      const wanted = bruteForceZoom(lists.get(name)!, reduction);
      const found = await reader.readZoom(level, name, 0, size);
      expect(Array.from(found.starts)).toEqual(wanted.map(({ start }) => start));
      expect(Array.from(found.ends)).toEqual(wanted.map(({ end }) => end));
      expect(Array.from(found.count)).toEqual(wanted.map(({ count }) => count));
      expect(Array.from(found.min)).toEqual(wanted.map(({ min }) => min));
      expect(Array.from(found.max)).toEqual(wanted.map(({ max }) => max));
      // Levels are summed from the level before: another order of adding, so the last float32 bit may differ,
      // and more where values of both signs cancel. The scale is that of the values added.
      wanted.forEach((record, i) => {
        const scale = Math.sqrt(record.sumSquares * record.count) + 1e-30;
        expect(Math.abs(found.sum[i] - record.sum) / scale).toBeLessThan(1.2e-7);
        const squares = Math.fround(record.sumSquares);
        if (Number.isFinite(squares)) {
          expect(Math.abs(found.sumSquares[i] - squares)).toBeLessThanOrEqual(1.2e-7 * squares);
        } else expect(found.sumSquares[i]).toBe(squares);
      });
      if (size < 2 ** 31) {
        const theirs = await bbi.getFeaturesAsArrays(name, 0, size, { basesPerSpan: reduction * 0.51 });
        // bbi says false of every empty answer, whichever level it read; the records below are compared all the same.
        if (wanted.length > 0) expect(theirs.isSummary).toBe(true);
        expect(Array.from(theirs.starts).sort((a, b) => a - b)).toEqual(wanted.map(({ start }) => start));
        expect(Array.from(theirs.ends).sort((a, b) => a - b)).toEqual(wanted.map(({ end }) => end));
      }
    }
  }
}

/** Tracks of a few chromosomes; gaps and lengths in three styles, so that all kinds of section are made. */
const anyTrack: fc.Arbitrary<Track> = fc
  .record({
    seed: fc.nat(),
    chromosomeCount: fc.integer({ min: 1, max: 4 }),
    runCount: fc.integer({ min: 0, max: 3 }),
    itemCount: fc.integer({ min: 0, max: 80 }),
    longest: fc.constantFrom(1, 7, 300),
    gap: fc.constantFrom(0, 3, 50_000),
    nan: fc.boolean(),
  })
  .map(({ seed, chromosomeCount, runCount, itemCount, longest, gap, nan }) => {
    const random = new Random(seed);
    const runs: Track["runs"] = [];
    const chromosomes: ChromosomeSize[] = [];
    for (let c = 0; c < chromosomeCount; c++) {
      // Not in the order of their names, as chr2 before chr10.
      const name = `chr${(c * 7) % 11}${"x".repeat(c % 3)}`;
      let at = random.integer(gap + 1);
      for (let r = 0; r < runCount; r++) {
        const run = {
          chromosome: name,
          starts: [] as number[],
          ends: [] as number[],
          values: [] as number[],
        };
        const same = random.uniform() < 0.5;
        for (let i = 0; i < itemCount; i++) {
          at += same ? gap : random.integer(gap + 1);
          run.starts.push(at);
          at += same ? longest : 1 + random.integer(longest);
          run.ends.push(at);
          const value =
            random.uniform() < 0.3 ? random.integer(5) : random.normal() * 10 ** random.integer(6);
          run.values.push(nan && random.uniform() < 0.2 ? Number.NaN : value);
        }
        runs.push(run);
      }
      chromosomes.push({ name, size: at + 1 + random.integer(1000) });
    }
    return { chromosomes, runs };
  });

describe("writeBigWig", () => {
  it("is read back by our reader and by @gmod/bbi with the same values, totals and zoom records", async () => {
    const anyOptions = fc.record({
      compress: fc.boolean(),
      itemsPerSlot: fc.constantFrom(1, 3, 64, 1024),
      blockSize: fc.constantFrom(2, 3, 256),
      zoomReduction: fc.constantFrom(undefined, 2, 17),
      zoomMemory: fc.constantFrom(undefined, 0, 500),
    });
    await fc.assert(
      fc.asyncProperty(anyTrack, anyOptions, async (track, options) => {
        await checkFile(await write(track, options), track);
      }),
      { numRuns: 60 },
    );
  });

  it("writes a chromosome of NaN alone, before one with values, as one without data", async () => {
    const runs = [
      { chromosome: "chr0", starts: [0, 1], ends: [1, 2], values: [Number.NaN, Number.NaN] },
      { chromosome: "chr7", starts: [0, 1], ends: [1, 2], values: [-51.5, 1047] },
    ];
    const chromosomes = [
      { name: "chr0", size: 806 },
      { name: "chr7", size: 466 },
    ];
    const options = { compress: false, itemsPerSlot: 1, blockSize: 2 };
    const reader = await checkFile(await write({ chromosomes, runs }, options), { chromosomes, runs });
    expect(reader.zoomLevels.length).toBeGreaterThan(0);
  });

  it("gives readValues, readManyValues and mean that a per-base array gives", async () => {
    await fc.assert(
      fc.asyncProperty(anyTrack, fc.nat(), async (track, seed) => {
        const random = new Random(seed);
        const path = await write(track, { itemsPerSlot: 50 });
        const { reader, close } = await openBigWig(path);
        const memory = await BigWigReader.open(new MemorySource(readFileSync(path)), {
          indexLimit: 0,
          cacheSize: 5000,
        });
        const lists = join32(track);
        const regions = Array.from({ length: 6 }, () => {
          const { name: chromosome, size } = track.chromosomes[random.integer(track.chromosomes.length)];
          const start = random.integer(size);
          return { chromosome, start, end: Math.min(size, start + random.integer(3000)) };
        });
        const wanted = regions.map(({ chromosome, start, end }) => {
          const values = new Float32Array(end - start).fill(Number.NaN);
          const { starts, ends, values: stored } = lists.get(chromosome)!;
          for (let i = 0; i < starts.length; i++) {
            for (let b = Math.max(start, starts[i]); b < Math.min(end, ends[i]); b++)
              values[b - start] = stored[i];
          }
          return values;
        });
        const all = Float32Array.from(wanted.flatMap((values) => Array.from(values)));
        for (const each of [reader, memory]) {
          expect(await each.readManyValues(regions)).toEqual(all);
          for (let i = 0; i < regions.length; i++) {
            const { chromosome, start, end } = regions[i];
            expect(await each.readValues(chromosome, start, end)).toEqual(wanted[i]);
            if (end - start < 10) continue;
            const means = await each.mean(chromosome, start, end, 7, { exact: true });
            for (let bin = 0; bin < 7; bin++) {
              const from = Math.floor((bin * (end - start)) / 7);
              const to = Math.floor(((bin + 1) * (end - start)) / 7);
              const covered = wanted[i].slice(from, to).filter((value) => !Number.isNaN(value));
              const sum = covered.reduce((total, value) => total + value, 0);
              const scale = covered.reduce((total, value) => total + Math.abs(value), 1e-9);
              if (covered.length === 0) expect(means[bin]).toBeNaN();
              else expect(Math.abs(means[bin] - sum / covered.length) / scale).toBeLessThan(1e-12);
            }
          }
        }
        close();
      }),
      { numRuns: 40 },
    );
  });

  it("writes each shape of data in the smallest kind of section", async () => {
    const chromosomes = [{ name: "chr1", size: 100_000 }];
    const count = 1000;
    const index = Array.from({ length: count }, (_, i) => i);
    const kinds: number[] = [];
    const sizes: number[] = [];
    for (const [starts, ends] of [
      [index.map((i) => 7 + i), index.map((i) => 8 + i)],
      [index.map((i) => 50 * i), index.map((i) => 50 * i + 20)],
      [index.map((i) => i * 9 + (i % 3)), index.map((i) => i * 9 + (i % 3) + 5)],
      [index.map((i) => i * 9), index.map((i) => i * 9 + 1 + (i % 7))],
    ]) {
      const track = {
        chromosomes,
        runs: [{ chromosome: "chr1", starts, ends, values: index.map((i) => i % 17) }],
      };
      const path = await write(track, { compress: false, zoomLevels: 0 });
      await checkFile(path, track);
      const bytes = readFileSync(path);
      const dataOffset = Number(bytes.readBigUInt64LE(16));
      kinds.push(bytes[dataOffset + 8 + 20]);
      sizes.push(Number(bytes.readBigUInt64LE(24)) - dataOffset - 8);
    }
    expect(kinds).toEqual([3, 3, 2, 1]);
    expect(sizes).toEqual([24 + 4000, 24 + 4000, 24 + 8000, 24 + 12000]);
  });

  it("writes one value, a huge gap, a chromosome longer than 2^31, and no data at all", async () => {
    const one = {
      chromosomes: [{ name: "c", size: 1 }],
      runs: [{ chromosome: "c", starts: [0], ends: [1], values: [-2.5] }],
    };
    await checkFile(await write(one), one);
    const gap = {
      chromosomes: [{ name: "lungfish", size: 4294967295 }],
      runs: [
        {
          chromosome: "lungfish",
          starts: [0, 2 ** 31 - 1, 2 ** 31 + 5, 4294967290],
          ends: [1, 2 ** 31, 2 ** 31 + 6, 4294967295],
          values: [1, 2, 3, 4],
        },
      ],
    };
    const path = await write(gap);
    await checkFile(path, gap);
    const { reader, close } = await openBigWig(path);
    expect(Array.from(await reader.readValues("lungfish", 2 ** 31 - 2, 2 ** 31 + 1))).toEqual([
      Number.NaN,
      2,
      Number.NaN,
    ]);
    expect(Array.from(await reader.readValues("lungfish", 4294967293, 4294967295))).toEqual([4, 4]);
    await expect(reader.readValues("lungfish", 0, 4294967295)).rejects.toThrow(
      /at most 536870912 in one call/,
    );
    close();
    const long = {
      chromosomes: [{ name: "c", size: 4294967295 }],
      runs: [{ chromosome: "c", starts: [0], ends: [4294967295], values: [1] }],
    };
    await checkFile(await write(long), long);
    const none = { chromosomes: [{ name: "chr2", size: 10 }], runs: [] };
    const empty = await checkFile(await write(none), none);
    expect(empty.zoomLevels).toEqual([]);
  });

  it("gives up zoom levels that one long interval after many short ones would fill", async () => {
    const starts = Array.from({ length: 70_000 }, (_, i) => 2 * i);
    const runs = [
      { chromosome: "c", starts, ends: starts.map((s) => s + 1), values: starts.map((_, i) => i % 5) },
      { chromosome: "c", starts: [1_000_000], ends: [4_000_000_000], values: [3] },
    ];
    const path = await write({ chromosomes: [{ name: "c", size: 4_000_000_000 }], runs });
    const { reader, close } = await openBigWig(path);
    const coarsest = reader.zoomLevels.length - 1;
    const records = await reader.readZoom(coarsest, "c", 0, 4_000_000_000);
    expect(records.count.reduce((a, b) => a + b, 0)).toBe(70_000 + 3_999_000_000);
    expect(records.sum.reduce((a, b) => a + b, 0) / (3 * 3_999_000_000 + 140_000)).toBeCloseTo(1, 6);
    // The level of reduction 10 alone would have had 4e8 records.
    expect(reader.zoomLevels[0].reduction).toBeGreaterThan(10);
    close();
  });

  it("writes 5,000 chromosomes, found by name in a tree of several levels", async () => {
    const chromosomes = Array.from({ length: 5000 }, (_, i) => ({ name: `scaffold_${i}`, size: 500 + i }));
    const runs = chromosomes
      .filter((_, i) => i % 3 !== 0)
      .map(({ name, size }, i) => ({
        chromosome: name,
        starts: [i % 400, 490],
        ends: [450, size],
        values: [i / 8, 3],
      }));
    const track = { chromosomes, runs };
    const path = await write(track);
    const { reader, close } = await openBigWig(path);
    expect(reader.chromosomes).toEqual(chromosomes);
    expect(reader.zoomLevels.length).toBeGreaterThan(0);
    const bbi = new BigWig({ filehandle: new LocalFile(path) });
    for (const { chromosome, starts, ends, values } of runs.filter((_, i) => i % 37 === 0)) {
      const wanted = {
        starts: Uint32Array.from(starts),
        ends: Uint32Array.from(ends),
        values: Float32Array.from(values),
      };
      expect(await reader.readIntervals(chromosome, 0, ends[1])).toEqual(wanted);
      const theirs = await bbi.getFeaturesAsArrays(chromosome, 0, ends[1], { basesPerSpan: 1e-6 });
      expect(Array.from(theirs.scores)).toEqual(Array.from(wanted.values));
    }
    for (let level = 0; level < reader.zoomLevels.length; level++) {
      let bases = 0;
      for (const { name, size } of chromosomes) {
        bases += (await reader.readZoom(level, name, 0, size)).count.reduce((a, b) => a + b, 0);
      }
      expect(bases).toBe(reader.summary!.basesCovered);
    }
    close();
  });

  it("gives the same bytes however the intervals are cut into runs, and from an async iterable", async () => {
    const starts = Array.from({ length: 5000 }, (_, i) => 3 * i);
    const whole = {
      chromosome: "c",
      starts,
      ends: starts.map((s) => s + 2),
      values: starts.map((s) => s % 11),
    };
    async function* inPieces() {
      for (let at = 0; at < 5000; at += 777) {
        const cut = (list: number[]) => list.slice(at, at + 777);
        yield { chromosome: "c", starts: cut(starts), ends: cut(whole.ends), values: cut(whole.values) };
      }
    }
    const results: Uint8Array[] = [];
    for (const runs of [[whole], inPieces()]) {
      const sink = new MemorySink();
      await writeBigWig(sink, [{ name: "c", size: 20_000 }], runs);
      results.push(sink.toBytes());
    }
    expect(Buffer.compare(results[0], results[1])).toBe(0);
    expect(results[0].subarray(-4)).toEqual(results[0].subarray(0, 4));
  });

  it("has at most 10 zoom levels, each 4 times coarser, from about 10 times the mean interval", async () => {
    const starts = Array.from({ length: 200_000 }, (_, i) => 20 * i);
    const values = starts.map((_, i) => Math.fround(Math.sin(i)));
    const runs = [{ chromosome: "c", starts, ends: starts.map((s) => s + 20), values }];
    const { reader, close } = await openBigWig(
      await write({ chromosomes: [{ name: "c", size: 5_000_000 }], runs }),
    );
    const reductions = reader.zoomLevels.map(({ reduction }) => reduction);
    // At 200 the records take more than half the bytes of the data (these values do not compress).
    expect(reductions).toEqual(reductions.map((_, i) => 800 * 4 ** i));
    expect(reductions.length).toBeGreaterThanOrEqual(7);
    expect(reductions.length).toBeLessThanOrEqual(10);
    // Ten parts of 500,000 bp, from records of 204,800 bp: the means of a sine over many periods.
    const approximate = await reader.mean("c", 0, 4_000_000, 10);
    const exact = await reader.mean("c", 0, 4_000_000, 10, { exact: true });
    for (let i = 0; i < 10; i++) expect(Math.abs(approximate[i] - exact[i])).toBeLessThan(1e-3);
    close();
  });
});

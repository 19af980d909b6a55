import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { Random } from "@bindscape/numerics";
import { BigWig } from "@gmod/bbi";
import { LocalFile } from "generic-filehandle2";
import { afterAll, describe, expect, it } from "vitest";
import { openBigWig } from "../src/bigwig/open.node.js";
import { type BigWigIntervals, BigWigReader } from "../src/bigwig/read.js";
import { writeBigWigFile } from "../src/bigwig/write.node.js";
import { openFile } from "../src/byte-source.node.js";

const data = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const hasData = existsSync(data);
if (!hasData) console.warn(`SKIPPED: bigWig comparison with @gmod/bbi: the shared data are not at ${data}`);

function findFiles(pattern: RegExp): string[] {
  if (!hasData) return [];
  return ["gold/bigwig", "yeast", "human_hg38_regions"]
    .flatMap((folder) =>
      (readdirSync(join(data, folder), { recursive: true }) as string[]).map((file) =>
        join(data, folder, file),
      ),
    )
    .filter((file) => pattern.test(file))
    .sort();
}

/** Intervals or zoom records as bbi gives them, sorted; its coordinates are signed. */
async function readWithBbi(
  bbi: BigWig,
  chromosome: string,
  start: number,
  end: number,
  basesPerSpan: number,
) {
  const found = await bbi.getFeaturesAsArrays(chromosome, start, end, { basesPerSpan });
  // bbi hands on groups of blocks as they arrive, in any order.
  const order = Uint32Array.from(found.starts.keys()).sort((a, b) => found.starts[a] - found.starts[b]);
  const sort = <T extends Int32Array | Float32Array>(array: T) => array.map((_, i) => array[order[i]]) as T;
  const [starts, ends, scores] = [sort(found.starts), sort(found.ends), sort(found.scores)];
  if (!found.isSummary) return { isSummary: false as const, starts, ends, scores };
  const [minScores, maxScores] = [sort(found.minScores), sort(found.maxScores)];
  return { isSummary: true as const, starts, ends, scores, minScores, maxScores };
}

function expandIntervals(
  intervals: { starts: ArrayLike<number>; ends: ArrayLike<number>; values: ArrayLike<number> },
  start: number,
  end: number,
): Float32Array {
  const values = new Float32Array(end - start).fill(Number.NaN);
  for (let i = 0; i < intervals.starts.length; i++) {
    const from = Math.max(start, intervals.starts[i]);
    const to = Math.min(end, intervals.ends[i]);
    for (let base = from; base < to; base++) values[base - start] = intervals.values[i];
  }
  return values;
}

describe.skipIf(!hasData)("every bigWig of the shared data, value by value against @gmod/bbi", () => {
  const files = findFiles(/\.(bw|bigWig)$/);
  let compared = 0;
  it("finds them", () => expect(files.length).toBeGreaterThanOrEqual(20));
  afterAll(() => expect(compared).toBeGreaterThan(500_000));

  it.each(files.map((file) => [relative(data, file)]))("%s", async (name) => {
    const path = join(data, name);
    const { reader, close } = await openBigWig(path);
    // The second reader takes the other ways: fflate, promises, an index read node by node, no cache.
    const source = await openFile(path);
    const lazy = await BigWigReader.open(source, { indexLimit: 0, cacheSize: 0 });
    const bbi = new BigWig({ filehandle: new LocalFile(path) });
    const header = await bbi.getHeader();

    const expected = Object.values(header.refsByNumber).sort((a, b) => a.id - b.id);
    expect(reader.chromosomes).toEqual(expected.map(({ name, length }) => ({ name, size: length })));
    expect(reader.summary).toEqual({
      basesCovered: header.totalSummary.basesCovered,
      min: header.totalSummary.scoreMin,
      max: header.totalSummary.scoreMax,
      sum: header.totalSummary.scoreSum,
      sumSquares: header.totalSummary.scoreSumSquares,
    });
    expect(reader.zoomLevels.map(({ reduction }) => reduction)).toEqual(
      header.zoomLevels.map(({ reductionLevel }) => reductionLevel).sort((a, b) => a - b),
    );

    const random = new Random(name);
    for (const { name: chromosome, size } of reader.chromosomes) {
      const ours = await reader.readIntervals(chromosome, 0, size);
      const theirs = await readWithBbi(bbi, chromosome, 0, size, 1e-6);
      expect(ours.starts.length).toBe(theirs.starts.length);
      expect(Buffer.compare(bytesOf(ours.starts), bytesOf(theirs.starts))).toBe(0);
      expect(Buffer.compare(bytesOf(ours.ends), bytesOf(theirs.ends))).toBe(0);
      expect(Buffer.compare(bytesOf(ours.values), bytesOf(theirs.scores))).toBe(0);
      compared += ours.starts.length;

      for (let i = 0; i < 3; i++) {
        // Around a value where there is one: most chromosomes of most files are nearly empty.
        const some = ours.starts.length === 0 ? size / 2 : ours.starts[random.integer(ours.starts.length)];
        const start = Math.max(0, Math.floor(some) - random.integer(700));
        const end = Math.min(size, start + 1000);
        const wanted = expandIntervals(ours, start, end);
        expect(await reader.readValues(chromosome, start, end)).toEqual(wanted);
        expect(await lazy.readValues(chromosome, start, end)).toEqual(wanted);
      }
    }
    await compareZooms(reader, bbi, header.zoomLevels);
    await compareZooms(lazy, bbi, header.zoomLevels);
    close();
    await source.close();
  });

  async function compareZooms(
    reader: BigWigReader,
    bbi: BigWig,
    levels: readonly { reductionLevel: number }[],
  ): Promise<void> {
    for (let level = 0; level < reader.zoomLevels.length; level++) {
      const { reduction } = reader.zoomLevels[level];
      expect(levels.some(({ reductionLevel }) => reductionLevel === reduction)).toBe(true);
      for (const { name: chromosome, size } of reader.chromosomes) {
        const ours = await reader.readZoom(level, chromosome, 0, size);
        // bbi takes the coarsest level whose reduction is at most twice the bases a span stands for.
        const theirs = await readWithBbi(bbi, chromosome, 0, size, reduction * 0.51);
        if (!theirs.isSummary) throw new Error("bbi read no zoom level");
        expect(Array.from(ours.starts)).toEqual(Array.from(theirs.starts, (x) => x >>> 0));
        expect(Array.from(ours.ends)).toEqual(Array.from(theirs.ends, (x) => x >>> 0));
        expect(ours.min).toEqual(theirs.minScores);
        expect(ours.max).toEqual(theirs.maxScores);
        // bbi's scores of summaries are means, in float32.
        const means = ours.sum.map((sum, i) => sum / ours.count[i]);
        expect(theirs.scores).toEqual(means);
        compared += means.length;
      }
    }
  }
});

describe.skipIf(!hasData)("the yeast track, written again", () => {
  it("holds the same intervals and totals, read with @gmod/bbi and with our reader, in a smaller file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "bindscape-bigwig-"));
    let compared = 0;
    try {
      const path = join(data, "yeast/atac_cuts.bw");
      const copy = join(folder, "copy.bw");
      const { reader, close } = await openBigWig(path);
      const runs: (BigWigIntervals & { chromosome: string })[] = [];
      for (const { name: chromosome, size } of reader.chromosomes) {
        runs.push({ chromosome, ...(await reader.readIntervals(chromosome, 0, size)) });
      }
      await writeBigWigFile(copy, reader.chromosomes, runs);
      const again = await openBigWig(copy);
      expect(again.reader.chromosomes).toEqual(reader.chromosomes);
      expect(again.reader.summary).toEqual(reader.summary);
      const bbi = new BigWig({ filehandle: new LocalFile(copy) });
      for (const { chromosome, starts, ends, values } of runs) {
        const { size } = reader.chromosomes.find(({ name }) => name === chromosome)!;
        const ours = await again.reader.readIntervals(chromosome, 0, size);
        const theirs = await readWithBbi(bbi, chromosome, 0, size, 1e-6);
        for (const [found, wanted] of [
          [ours.starts, starts],
          [ours.ends, ends],
          [ours.values, values],
          [theirs.starts, starts],
          [theirs.ends, ends],
          [theirs.scores, values],
        ]) {
          expect(Buffer.compare(bytesOf(found), bytesOf(wanted))).toBe(0);
        }
        for (const { reduction } of again.reader.zoomLevels) {
          // Bins of 4 reductions are read from that level, and no record crosses their edges.
          const bins = Math.min(100, Math.floor(size / (4 * reduction)));
          if (bins === 0) continue;
          const end = bins * 4 * reduction;
          const means = await again.reader.mean(chromosome, 0, end, bins);
          const exact = await reader.mean(chromosome, 0, end, bins, { exact: true });
          expect(
            means.map((mean, i) => mean - exact[i]).every((d, i) => Math.abs(d) <= 1e-6 * exact[i]),
          ).toBe(true);
          compared += bins;
        }
      }
      expect(compared).toBeGreaterThan(1000);
      expect(statSync(copy).size).toBeLessThan(statSync(path).size);
      close();
      again.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(!hasData)("every bigBed of the shared data", () => {
  it.each(findFiles(/\.(bb|bigBed)$/).map((file) => [relative(data, file)]))(
    "%s is refused",
    async (name) => {
      await expect(openBigWig(join(data, name))).rejects.toThrow(
        /this is a bigBed file; expected a bigWig file/,
      );
    },
  );
});

function bytesOf(array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

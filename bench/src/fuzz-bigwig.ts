import { inflateSync } from "node:zlib";
import { BigWigReader, type ByteSource, type Inflate, MemorySink, writeBigWig } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

const inflateInNode: Inflate = (bytes, likely, limit) =>
  inflateSync(bytes, { maxOutputLength: limit, chunkSize: Math.max(64, likely) });

/** Damaged bigWig files: compressed and not, of one and of many chromosomes, with indexes of several levels. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const sound: Uint8Array[] = [];
  for (const compress of [true, false, false]) {
    for (const chromosomes of [1, 3, 40]) sound.push(await makeFile(compress, chromosomes, sound.length));
  }
  return fuzzReader(
    iterations,
    seed,
    (random) => mutate(sound[random.integer(sound.length)], random),
    readEverything,
  );
}

async function makeFile(compress: boolean, chromosomeCount: number, seed: number): Promise<Uint8Array> {
  const random = new Random(`bigwig/${seed}`);
  const chromosomes = Array.from({ length: chromosomeCount }, (_, i) => ({
    name: `chr${i + 1}`,
    size: 2000,
  }));
  const runs = chromosomes.map(({ name: chromosome }, c) => {
    const starts: number[] = [];
    const ends: number[] = [];
    const values: number[] = [];
    // In turn a fixed step, a variable step and free intervals.
    for (let at = random.integer(9), i = 0; i < 120 / Math.sqrt(chromosomeCount); i++) {
      starts.push(at);
      at += c % 3 === 2 ? 1 + random.integer(5) : 2;
      ends.push(at);
      values.push(random.normal());
      if (c % 3 > 0) at += random.integer(8);
    }
    return { chromosome, starts, ends, values };
  });
  const sink = new MemorySink();
  await writeBigWig(sink, chromosomes, runs, { compress, itemsPerSlot: 16, blockSize: 4 });
  return sink.toBytes();
}

/** Every way to read, with both ways to hold the index, on each of the first chromosomes. */
async function readEverything(source: ByteSource): Promise<void> {
  const isLazy = (await source.size()) % 2 === 0;
  const reader = await BigWigReader.open(source, {
    cacheSize: isLazy ? 0 : 1 << 20,
    indexLimit: isLazy ? 0 : undefined,
    inflate: isLazy ? undefined : inflateInNode,
  });
  for (const { name: chromosome, size } of reader.chromosomes.slice(0, 5)) {
    // A damaged length may be 4 Gb; reading so much in one call would be the caller's doing.
    const end = Math.min(size, 100_000);
    await reader.readValues(chromosome, 0, end);
    await reader.readManyValues([
      { chromosome, start: 0, end: Math.min(end, 50) },
      { chromosome, start: Math.min(end, 20), end },
    ]);
    await reader.readIntervals(chromosome, 0, size);
    for (let level = 0; level < Math.min(3, reader.zoomLevels.length); level++) {
      await reader.readZoom(level, chromosome, 0, size);
    }
    if (size > 0) {
      await reader.mean(chromosome, 0, size, 20);
      await reader.mean(chromosome, 0, size, 20, { exact: true });
    }
  }
}

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BigWigIntervals, openBigWig, writeBigWigFile } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { type Figure, findData, makeFigure, runPeer } from "./figure.js";

const windowCount = 20_000;
const windowLength = 1000;
const repeats = 5;

/**
 * Reading and writing bigWig files on one thread, against pyBigWig with the same windows: each repeat opens the
 * file anew (no decoded block is held) while the system's file cache is warm; medians of 5 repeats.
 */
export async function run(): Promise<Figure[]> {
  const track = findData("yeast/atac_cuts.bw");
  if (track === null) {
    console.error("bigwig: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), "bindscape-bench-"));
  try {
    return await measure(track, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(track: string, folder: string): Promise<Figure[]> {
  const { reader, close } = await openBigWig(track);
  const { chromosomes } = reader;
  const genomeLength = chromosomes.reduce((sum, { size }) => sum + size, 0);
  const windows = drawWindows(chromosomes);
  const windowFile = join(folder, "windows.json");
  writeFileSync(
    windowFile,
    JSON.stringify(windows.map(({ chromosome, start, end }) => [chromosome, start, end])),
  );
  const runs: (BigWigIntervals & { chromosome: string })[] = [];
  for (const { name, size } of chromosomes) {
    runs.push({ chromosome: name, ...(await reader.readIntervals(name, 0, size)) });
  }
  close();
  const intervals = runs.reduce((sum, { starts }) => sum + starts.length, 0);

  const peer = runPeer("bigwig.py", [track, windowFile, join(folder, "peer.bw"), String(repeats)]);
  const peerOf = (key: string) => (peer === null ? null : { name: "pyBigWig", value: peer[key] });
  const rate = async (amount: number, work: () => Promise<void>) => amount / (await medianSeconds(work));
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, better: "less" | "more", key: string) =>
    figures.push(makeFigure(`bigwig/${name}`, value, unit, better, peerOf(key)));

  let sum = 0;
  const oneByOne = (cacheSize?: number) => async () => {
    const { reader, close } = await openBigWig(track, { cacheSize });
    const into = new Float32Array(windowLength);
    sum = 0;
    for (const { chromosome, start, end } of windows) {
      const values = await reader.readValues(chromosome, start, end, into);
      for (const value of values) if (!Number.isNaN(value)) sum += value;
    }
    close();
  };
  add("random 1-kb windows", await rate(windowCount, oneByOne()), "windows/s", "more", "windows");
  if (peer !== null && Math.abs(sum - peer.windowSum) > 1e-6 * sum) {
    throw new Error(`the windows' values add up to ${sum}, with pyBigWig to ${peer.windowSum}`);
  }
  // What a track much larger than the cache costs: every window inflates its blocks anew, as pyBigWig does.
  add("random 1-kb windows, no cache", await rate(windowCount, oneByOne(0)), "windows/s", "more", "windows");
  const inBatches = async () => {
    const { reader, close } = await openBigWig(track, { cacheSize: 0 });
    const into = new Float32Array(500 * windowLength);
    for (let at = 0; at < windows.length; at += 500) {
      await reader.readManyValues(windows.slice(at, at + 500), into);
    }
    close();
  };
  const batches = await rate(windowCount, inBatches);
  add("random 1-kb windows, batches of 500, no cache", batches, "windows/s", "more", "windows");

  // As tracks are loaded: into an array that is there already. pyBigWig has no such call and makes new arrays.
  const kept = new Float32Array(Math.max(...chromosomes.map(({ size }) => size)));
  const readWhole = (into: (size: number) => Float32Array | undefined) => async () => {
    const { reader, close } = await openBigWig(track, { cacheSize: 0 });
    for (const { name, size } of chromosomes) await reader.readValues(name, 0, size, into(size));
    close();
  };
  const intoKept = await rate(
    genomeLength,
    readWhole((size) => kept.subarray(0, size)),
  );
  add("whole chromosomes", intoKept, "bases/s", "more", "bases");
  const intoNew = await rate(
    genomeLength,
    readWhole(() => undefined),
  );
  add("whole chromosomes, new arrays", intoNew, "bases/s", "more", "bases");

  const path = join(folder, "ours.bw");
  const written = await rate(intervals, () => writeBigWigFile(path, chromosomes, runs));
  add("write", written, "intervals/s", "more", "written");
  add("written file", statSync(path).size, "bytes", "less", "fileSize");
  return figures;
}

function drawWindows(chromosomes: readonly { name: string; size: number }[]) {
  const random = new Random("bench/bigwig");
  const long = chromosomes.filter(({ size }) => size >= windowLength);
  return Array.from({ length: windowCount }, () => {
    const { name, size } = long[random.integer(long.length)];
    const start = random.integer(size - windowLength + 1);
    return { chromosome: name, start, end: start + windowLength };
  });
}

async function medianSeconds(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[repeats >> 1];
}

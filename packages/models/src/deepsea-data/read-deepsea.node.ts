import { open, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describeFileError } from "@bindscape/genome";
import { BindscapeError, type ProgressListener, Random } from "@bindscape/numerics";
import type { SequenceSet, SequenceTask, SplitName } from "@bindscape/study";
import { loadHdf5 } from "../keras/hdf5.node.js";
import { isMatlab5, type MatlabArray, readMatlab5 } from "./matlab5.js";
import { type ChannelOrder, decodeOneHot } from "./one-hot-codes.js";

export interface ReadDeepSeaOptions {
  /** Names of the labels, in order; task1, task2 and so on where left out. */
  readonly tasks?: readonly SequenceTask[];
  /** "AGCT". */
  readonly channelOrder?: ChannelOrder;
  /** Most sequences of each part: as many are drawn. */
  readonly sample?: number;
  /** 0. */
  readonly seed?: number | string;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** Arrays of the published files, and the part of the data they are. */
const PARTS = [
  ["train", "training"],
  ["valid", "validation"],
  ["test", "test"],
] as const satisfies readonly (readonly [string, SplitName])[];

/** Sequences read at a time. */
const BLOCK = 2048;

/** Sequences and labels of one part, wherever they are. */
interface StoredPart {
  readonly split: SplitName;
  readonly count: number;
  readonly length: number;
  readonly tasks: number;
  /** Codes [b - a, length] and labels [b - a, tasks] of sequences a to before b. */
  read(a: number, b: number): Promise<{ codes: Uint8Array; labels: Float32Array }>;
}

/**
 * Reads labelled sequences as DeepSEA publishes them: MATLAB files of version 7.3, which are HDF5 (`train.mat`), and of
 * version 5 (`valid.mat`, `test.mat`), or other HDF5 files, with the arrays `trainxdata` and `traindata` (and `valid...`,
 * `test...`). MATLAB's sequences are [sequence, channel, position] and its labels [sequence, task]; HDF5 lists axes the
 * other way round; HDF5 files with the sequence as first axis, [sequence, channel, position] or [sequence, position,
 * channel], are read too.
 * @throws BindscapeError for files without such arrays, arrays that do not fit, and what is not one-hot
 */
export async function readDeepSea(
  paths: readonly string[],
  options: ReadDeepSeaOptions = {},
): Promise<SequenceSet> {
  const sets: SequenceSet[] = [];
  for (const path of paths) {
    const { parts, close } = await openParts(path, options.channelOrder ?? "AGCT");
    try {
      for (const part of parts) sets.push(await readPart(part, path, options));
    } finally {
      close();
    }
  }
  return joinSets(sets);
}

async function openParts(
  path: string,
  order: ChannelOrder,
): Promise<{ parts: StoredPart[]; close: () => void }> {
  const start = await readStart(path);
  if (isMatlab5(start)) {
    const arrays = await readMatlab5(await readFile(path), path);
    const parts = PARTS.flatMap(([prefix, split]) => {
      const [x, y] = [arrays.get(`${prefix}xdata`), arrays.get(`${prefix}data`)];
      return x && y ? [partOfMatlab5(x, y, split, path, order)] : [];
    });
    if (parts.length === 0) throw noArrays(path, [...arrays.keys()]);
    return { parts, close: () => {} };
  }
  const isHdf5 = start.subarray(1, 4).every((byte, i) => byte === "HDF".charCodeAt(i));
  const isMatlab73 = new TextDecoder("latin1").decode(start).startsWith("MATLAB 7.3");
  if (!isHdf5 && !isMatlab73) {
    throw new BindscapeError({
      source: path,
      found: "neither a MATLAB nor an HDF5 file",
      expected: "train.mat, valid.mat or test.mat of DeepSEA, or HDF5 with the same arrays",
    });
  }
  const hdf5 = await loadHdf5();
  let file: InstanceType<typeof hdf5.File>;
  try {
    file = new hdf5.File(resolve(path), "r");
  } catch (cause) {
    throw new BindscapeError({ source: path, found: "a damaged HDF5 file", cause });
  }
  try {
    const datasetOf = (name: string) => {
      const found = file.keys().includes(name) ? file.get(name) : null;
      return found instanceof hdf5.Dataset ? found : null;
    };
    const parts = PARTS.flatMap(([prefix, split]) => {
      const [x, y] = [datasetOf(`${prefix}xdata`), datasetOf(`${prefix}data`)];
      return x && y ? [partOfHdf5(x, y, split, path, order)] : [];
    });
    if (parts.length === 0) throw noArrays(path, file.keys());
    return { parts, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function readStart(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw describeFileError(error, path, "read");
  }
}

function partOfMatlab5(
  x: MatlabArray,
  y: MatlabArray,
  split: SplitName,
  path: string,
  order: ChannelOrder,
): StoredPart {
  const [count, channels, length] = x.shape;
  const [rows, tasks] = y.shape;
  if (x.shape.length !== 3 || channels !== 4 || y.shape.length !== 2 || rows !== count) {
    throw badShapes(path, x.shape, y.shape, "[sequence, 4, position] and [sequence, task]");
  }
  return {
    split,
    count,
    length,
    tasks,
    async read(a, b) {
      const codes = new Uint8Array((b - a) * length);
      const at = (row: number, channel: number, position: number) =>
        a + row + count * (channel + 4 * position);
      decodeOneHot(x.values, at, b - a, length, order, codes, path);
      const labels = Float32Array.from({ length: (b - a) * tasks }, (_, i) =>
        readLabel(y.values[a + Math.floor(i / tasks) + count * (i % tasks)], path),
      );
      return { codes, labels };
    },
  };
}

/** What is used of an HDF5 dataset. */
interface StoredDataset {
  readonly shape: number[] | null;
  slice(ranges: [number, number][]): unknown;
}

function partOfHdf5(
  x: StoredDataset,
  y: StoredDataset,
  split: SplitName,
  path: string,
  order: ChannelOrder,
): StoredPart {
  const [xShape, yShape] = [x.shape ?? [], y.shape ?? []];
  const [first, second, third] = xShape;
  const fits = xShape.length === 3 && yShape.length === 2;
  // As MATLAB stores them: axes reversed.
  const isMatlab = fits && second === 4 && yShape[1] === third;
  const isFirst = fits && yShape[0] === first && (second === 4 || third === 4);
  if (!isMatlab && !isFirst) {
    throw badShapes(
      path,
      xShape,
      yShape,
      "[position, 4, sequence] and [task, sequence] as MATLAB stores them, or sequences first",
    );
  }
  const hasChannelsLast = !isMatlab && second !== 4;
  const count = isMatlab ? third : first;
  const length = isMatlab ? first : hasChannelsLast ? second : third;
  const tasks = isMatlab ? yShape[0] : yShape[1];
  return {
    split,
    count,
    length,
    tasks,
    async read(a, b) {
      const rows = b - a;
      const read = (dataset: StoredDataset, ranges: [number, number][]) => {
        try {
          return dataset.slice(ranges) as ArrayLike<number>;
        } catch (cause) {
          throw new BindscapeError({ source: path, found: "data that cannot be decompressed", cause });
        }
      };
      const codes = new Uint8Array(rows * length);
      const block = isMatlab
        ? read(x, [
            [0, length],
            [0, 4],
            [a, b],
          ])
        : read(x, [[a, b], [0, second], [0, third]]); // biome-ignore format: three axes
      const at = isMatlab
        ? (row: number, channel: number, position: number) => (position * 4 + channel) * rows + row
        : hasChannelsLast
          ? (row: number, channel: number, position: number) => (row * length + position) * 4 + channel
          : (row: number, channel: number, position: number) => (row * 4 + channel) * length + position;
      decodeOneHot(block, at, rows, length, order, codes, path);
      const marks = isMatlab ? read(y, [[0, tasks], [a, b]]) : read(y, [[a, b], [0, tasks]]); // biome-ignore format: two axes
      const labels = Float32Array.from({ length: rows * tasks }, (_, i) => {
        const row = Math.floor(i / tasks);
        const task = i % tasks;
        return readLabel(marks[isMatlab ? task * rows + row : i], path);
      });
      return { codes, labels };
    },
  };
}

async function readPart(part: StoredPart, path: string, options: ReadDeepSeaOptions): Promise<SequenceSet> {
  const { count, length, tasks, split } = part;
  const rows = drawRows(count, options.sample, Random.forPart(options.seed ?? 0, "DeepSEA", split));
  if (rows.length * Math.max(length, tasks) > 2 ** 32 - 1) {
    throw new BindscapeError({
      source: path,
      found: `${rows.length.toLocaleString("en-US")} sequences of ${length} bp with ${tasks} labels`,
      expected: "what memory can hold",
      next: "Draw some of them with --sample",
    });
  }
  const codes = new Uint8Array(rows.length * length);
  const labels = new Float32Array(rows.length * tasks);
  for (let from = 0, at = 0; from < count && at < rows.length; from += BLOCK) {
    const to = Math.min(count, from + BLOCK);
    if (rows[at] >= to) continue;
    options.signal?.throwIfAborted();
    const block = await part.read(from, to);
    for (; at < rows.length && rows[at] < to; at++) {
      const row = rows[at] - from;
      codes.set(block.codes.subarray(row * length, (row + 1) * length), at * length);
      labels.set(block.labels.subarray(row * tasks, (row + 1) * tasks), at * tasks);
    }
    options.onProgress?.({ task: `reading ${split} data`, done: at, total: rows.length, unit: "sequences" });
  }
  const named = options.tasks;
  if (named && named.length !== tasks) {
    throw new BindscapeError({
      source: path,
      found: `${tasks} labels a sequence`,
      expected: `${named.length}, as there are names`,
    });
  }
  return {
    source: path,
    count: rows.length,
    length,
    tasks: named ?? Array.from({ length: tasks }, (_, i) => ({ factor: `task${i + 1}`, cell: "" })),
    codes,
    labels,
    splits: new Array<SplitName>(rows.length).fill(split),
    names: Array.from(rows, (row) => `${split}_${row + 1}`),
  };
}

/** All rows, or as many as asked for, ascending. */
function drawRows(count: number, sample: number | undefined, random: Random): Uint32Array {
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  if (sample === undefined || sample >= count) return rows;
  for (let i = 0; i < sample; i++) {
    const other = i + random.integer(count - i);
    [rows[i], rows[other]] = [rows[other], rows[i]];
  }
  return rows.slice(0, sample).sort();
}

function joinSets(sets: readonly SequenceSet[]): SequenceSet {
  const [first] = sets;
  const odd = sets.find((set) => set.length !== first.length || set.tasks.length !== first.tasks.length);
  if (odd) {
    throw new BindscapeError({
      source: odd.source,
      found: `sequences of ${odd.length} bp with ${odd.tasks.length} labels`,
      expected: `${first.length} bp with ${first.tasks.length}, as in ${first.source}`,
    });
  }
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const codes = new Uint8Array(count * first.length);
  const labels = new Float32Array(count * first.tasks.length);
  let row = 0;
  for (const set of sets) {
    codes.set(set.codes, row * first.length);
    labels.set(set.labels, row * first.tasks.length);
    row += set.count;
  }
  return {
    ...first,
    count,
    codes,
    labels,
    splits: sets.flatMap(({ splits }) => splits!),
    names: sets.flatMap(({ names }) => names!),
  };
}

function readLabel(value: number, source: string): number {
  if (value === 0 || value === 1 || Number.isNaN(value)) return value;
  throw new BindscapeError({ source, found: `the label ${value}`, expected: "0 or 1" });
}

function noArrays(path: string, names: readonly string[]): BindscapeError {
  return new BindscapeError({
    source: path,
    found: names.length === 0 ? "no array" : `the arrays ${names.slice(0, 8).join(", ")}`,
    expected: "trainxdata and traindata, validxdata and validdata, or testxdata and testdata",
  });
}

function badShapes(
  path: string,
  x: readonly number[],
  y: readonly number[],
  expected: string,
): BindscapeError {
  return new BindscapeError({
    source: path,
    found: `sequences of ${x.join(" x ")} and labels of ${y.join(" x ")}`,
    expected,
  });
}

import { BindscapeError } from "@bindscape/numerics";
import { GrowingArray } from "../bigwig/growing-array.js";
import type { BigWigRun } from "../bigwig/write.js";
import type { ByteSink } from "../byte-sink.js";
import type { ByteSource } from "../byte-source.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import type { NpyArray, NpyData } from "../npy/array.js";
import { readNpz } from "../npz/read.js";
import { writeNpz } from "../npz/write.js";
import { quote } from "../text/fields.js";
import type { Track } from "./track.js";

/** What an .npz of a track holds, for help texts and errors. */
export const npzTrackLayout =
  "for every chromosome the arrays NAME/starts, NAME/ends (integers; 0-based, half-open) and NAME/values (float32), " +
  "sorted and without overlap, and, where lengths are known, `sizes` (bp, in the order of the chromosomes)";

const columns = ["starts", "ends", "values"] as const;

/** Coordinates up to here fit NumPy's int32, which takes half the room of int64. */
const largestInt32 = 2 ** 31 - 1;

/**
 * Writes a track as .npz: {@link npzTrackLayout}. Coordinates are int32, or int64 where a chromosome has one
 * above 2^31 - 1. The whole track is held in memory, at 12 bytes an interval.
 */
export async function writeNpzTrack(sink: ByteSink, track: Track): Promise<void> {
  const gathered = new Map<
    string,
    { starts: GrowingArray<Uint32Array>; ends: GrowingArray<Uint32Array>; values: GrowingArray<Float32Array> }
  >();
  const begin = (name: string) => {
    const made = {
      starts: new GrowingArray(Uint32Array),
      ends: new GrowingArray(Uint32Array),
      values: new GrowingArray(Float32Array),
    };
    gathered.set(name, made);
    return made;
  };
  for (const { name } of track.chromosomes ?? []) begin(name);
  for await (const { chromosome, starts, ends, values } of track.runs) {
    const into = gathered.get(chromosome) ?? begin(chromosome);
    into.starts.pushAll(starts);
    into.ends.pushAll(ends);
    into.values.pushAll(values);
  }
  const arrays = new Map<string, NpyArray>();
  if (track.chromosomes !== null) {
    arrays.set("sizes", toNpy(BigInt64Array.from(track.chromosomes, ({ size }) => BigInt(size))));
  }
  for (const [name, { starts, ends, values }] of gathered) {
    arrays.set(`${name}/starts`, toNpy(toIntegers(starts.toArray())));
    arrays.set(`${name}/ends`, toNpy(toIntegers(ends.toArray())));
    arrays.set(`${name}/values`, toNpy(values.toArray()));
  }
  await writeNpz(sink, arrays, { compress: true });
}

function toIntegers(positions: Uint32Array): Int32Array | BigInt64Array {
  return positions.some((position) => position > largestInt32)
    ? BigInt64Array.from(positions, BigInt)
    : new Int32Array(positions.buffer as ArrayBuffer, positions.byteOffset, positions.length);
}

function toNpy<T extends NpyData>(data: T): NpyArray<T> {
  return { shape: [data.length], data };
}

/**
 * Reads a track from an .npz file of the layout that {@link writeNpzTrack} writes; integers and floating-point
 * numbers of any width will do. Intervals whose value is NaN are left out.
 * @throws BindscapeError naming the array for missing or further arrays, lengths that differ, and intervals that
 *   are unsorted, overlap or leave their chromosome
 */
export async function readNpzTrack(
  source: ByteSource,
  chromosomes?: readonly ChromosomeSize[],
): Promise<Track> {
  const arrays = await readNpz(source);
  const names: string[] = [];
  for (const name of arrays.keys()) {
    if (name === "sizes") continue;
    const slash = name.lastIndexOf("/");
    if (slash < 1 || !columns.some((column) => name.slice(slash + 1) === column)) {
      throw refuse(source, `an array ${quote(name)}`);
    }
    if (!names.includes(name.slice(0, slash))) names.push(name.slice(0, slash));
  }
  if (names.length === 0) throw refuse(source, "no chromosome");
  const own = readSizes(source, arrays.get("sizes"), names);
  const listed = own ?? (chromosomes ? inOrder(names, chromosomes) : null);
  const sizes = new Map(listed?.map(({ name, size }) => [name, size]));
  const unlisted = listed && names.find((name) => !sizes.has(name));
  if (unlisted) {
    throw new BindscapeError({
      source: source.name,
      found: `the chromosome ${quote(unlisted)}, which the list of chromosome lengths does not have`,
      expected: `one of ${[...sizes.keys()].slice(0, 6).join(", ")}`,
    });
  }
  const runs = names.map((name) => readRun(source, arrays, name, sizes.get(name)));
  return { chromosomes: listed, runs: streamRuns(runs) };
}

/** The archive's chromosomes first, since its intervals come in that order. */
function inOrder(names: readonly string[], chromosomes: readonly ChromosomeSize[]): ChromosomeSize[] {
  const byName = new Map(chromosomes.map((chromosome) => [chromosome.name, chromosome]));
  const first = names.flatMap((name) => byName.get(name) ?? []);
  return [...first, ...chromosomes.filter(({ name }) => !names.includes(name))];
}

async function* streamRuns(runs: readonly BigWigRun[]): AsyncGenerator<BigWigRun> {
  for (const run of runs) if (run.starts.length > 0) yield run;
}

function readSizes(
  source: ByteSource,
  array: NpyArray | undefined,
  names: readonly string[],
): ChromosomeSize[] | null {
  if (array === undefined) return null;
  if (array.shape.length !== 1 || array.data.length !== names.length) {
    throw refuse(source, `${array.data.length} sizes for ${names.length} chromosomes`);
  }
  return names.map((name, i) => ({ name, size: Number(array.data[i]) }));
}

function readRun(
  source: ByteSource,
  arrays: ReadonlyMap<string, NpyArray>,
  name: string,
  size: number | undefined,
): BigWigRun {
  const [startArray, endArray, valueArray] = columns.map((column) => {
    const array = arrays.get(`${name}/${column}`);
    if (array === undefined) throw refuse(source, `no array ${quote(`${name}/${column}`)}`);
    if (array.shape.length !== 1)
      throw refuse(source, `${array.shape.length} axes in ${quote(`${name}/${column}`)}`);
    return array.data;
  });
  const { length } = startArray;
  if (endArray.length !== length || valueArray.length !== length) {
    throw refuse(
      source,
      `${length} starts, ${endArray.length} ends and ${valueArray.length} values of ${name}`,
    );
  }
  const starts = new Uint32Array(length);
  const ends = new Uint32Array(length);
  const values = new Float32Array(length);
  const largest = size ?? 2 ** 32 - 1;
  let kept = 0;
  let position = 0;
  for (let i = 0; i < length; i++) {
    const start = Number(startArray[i]);
    const end = Number(endArray[i]);
    const value = Math.fround(Number(valueArray[i]));
    const isWhole = Number.isInteger(start) && Number.isInteger(end);
    if (!(isWhole && start >= position && end > start && end <= largest)) {
      throw new BindscapeError({
        source: source.name,
        found: `interval ${i} of ${name} is ${start}-${end}, behind one that ends at ${position}`,
        expected: `whole numbers, sorted and without overlap, 0 <= start < end <= ${largest}`,
      });
    }
    position = end;
    if (Number.isNaN(value)) continue;
    if (!Number.isFinite(value)) {
      throw new BindscapeError({
        source: source.name,
        found: `the value ${valueArray[i]} at ${name}:${start}-${end}`,
        expected: "a number that float32 can hold; NaN where there is no value",
      });
    }
    starts[kept] = start;
    ends[kept] = end;
    values[kept++] = value;
  }
  return {
    chromosome: name,
    starts: starts.subarray(0, kept),
    ends: ends.subarray(0, kept),
    values: values.subarray(0, kept),
  };
}

function refuse(source: ByteSource, found: string): BindscapeError {
  return new BindscapeError({ source: source.name, found, expected: `a track: ${npzTrackLayout}` });
}

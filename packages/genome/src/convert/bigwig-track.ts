import type { BigWigReader } from "../bigwig/read.js";
import type { BigWigRun } from "../bigwig/write.js";
import type { Track } from "./track.js";

/** Bases that are read at a time: at most as many intervals. */
const stretch = 1 << 20;

/**
 * The intervals of a bigWig as a track, read a stretch at a time; intervals without a number (NaN) are left out.
 * @param onBases hears how many bases are read
 */
export function openBigWigTrack(
  reader: BigWigReader,
  onBases?: (done: number, total: number) => void,
): Track {
  return { chromosomes: reader.chromosomes, runs: streamRuns(reader, onBases) };
}

async function* streamRuns(
  reader: BigWigReader,
  onBases?: (done: number, total: number) => void,
): AsyncGenerator<BigWigRun> {
  const total = reader.chromosomes.reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const { name, size } of reader.chromosomes) {
    for (let from = 0; from < size; from += stretch) {
      const to = Math.min(size, from + stretch);
      const { starts, ends, values } = await reader.readIntervals(name, from, to);
      // One that began before was handed out with the stretch before.
      let first = 0;
      while (first < starts.length && starts[first] < from) first++;
      const run = {
        chromosome: name,
        starts: starts.subarray(first),
        ends: ends.subarray(first),
        values: values.subarray(first),
      };
      if (first < starts.length) yield dropNaN(run);
      onBases?.(before + to, total);
    }
    before += size;
  }
}

interface TypedRun extends BigWigRun {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly values: Float32Array;
}

function dropNaN(run: TypedRun): TypedRun {
  const { chromosome, starts, ends, values } = run;
  if (!values.some(Number.isNaN)) return run;
  const hasValue = (_: number, i: number) => !Number.isNaN(values[i]);
  return {
    chromosome,
    starts: starts.filter(hasValue),
    ends: ends.filter(hasValue),
    values: values.filter(hasValue),
  };
}

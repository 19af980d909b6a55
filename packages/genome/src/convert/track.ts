import type { BigWigRun } from "../bigwig/write.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";

/**
 * A track in the form all formats are converted through: runs of intervals, chromosome by chromosome, sorted by
 * start and without overlap. Values are float32 numbers; a base without an interval has no value.
 */
export interface Track {
  /** Chromosomes in the order of the runs, with lengths in bp; null where the format does not say them. */
  readonly chromosomes: readonly ChromosomeSize[] | null;
  /** May be iterated once. */
  readonly runs: AsyncIterable<BigWigRun>;
}

/** Intervals that go into one run, so that memory stays bounded. */
export const runLength = 65536;

/** Gathers intervals of one chromosome into runs. */
export class RunBuilder {
  #starts: Uint32Array = new Uint32Array(runLength);
  #ends: Uint32Array = new Uint32Array(runLength);
  #values: Float32Array = new Float32Array(runLength);
  #length = 0;
  #chromosome = "";

  /** Adds an interval; returns the run that became complete by it, if any. */
  add(chromosome: string, start: number, end: number, value: number): BigWigRun | undefined {
    const isFull = this.#length === runLength || chromosome !== this.#chromosome;
    const done = isFull ? this.take() : undefined;
    this.#chromosome = chromosome;
    this.#starts[this.#length] = start;
    this.#ends[this.#length] = end;
    this.#values[this.#length++] = value;
    return done;
  }

  /** What is left; undefined where there is nothing. */
  take(): BigWigRun | undefined {
    const length = this.#length;
    if (length === 0) return undefined;
    this.#length = 0;
    return {
      chromosome: this.#chromosome,
      starts: this.#starts.slice(0, length),
      ends: this.#ends.slice(0, length),
      values: this.#values.slice(0, length),
    };
  }
}

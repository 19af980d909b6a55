import type { BigWigRun } from "../bigwig/write.js";
import type { JoinedGenome } from "./joined-genome.js";
import { mostOccurrences } from "./k-mer-counter.js";

/**
 * Uniqueness by number of occurrences, as Duke's track has it (FactorNet, section 2.3): 1/n for n of 1 to 4, 0
 * for more, and 0 where there is no k-mer: at unknown bases and the last k - 1 of a chromosome.
 */
const scores = Float32Array.from({ length: mostOccurrences + 1 }, (_, n) =>
  n === 0 || n === mostOccurrences ? 0 : 1 / n,
);

const runLength = 1 << 16;

/** Uniqueness of a counted genome as runs of equal values; every base has one. */
export function* uniquenessRuns({ codes, chromosomes }: JoinedGenome): Generator<BigWigRun> {
  for (const { name, size, offset } of chromosomes) {
    let starts: number[] = [];
    let ends: number[] = [];
    let values: number[] = [];
    for (let start = 0; start < size; ) {
      const value = scores[codes[offset + start] >> 3];
      let end = start + 1;
      while (end < size && scores[codes[offset + end] >> 3] === value) end++;
      starts.push(start);
      ends.push(end);
      values.push(value);
      start = end;
      if (starts.length < runLength) continue;
      yield { chromosome: name, starts, ends, values };
      starts = [];
      ends = [];
      values = [];
    }
    yield { chromosome: name, starts, ends, values };
  }
}

/** How many bases start a k-mer of so many occurrences (index 5: more than 4), and how many start none (index 0). */
export function tallyOccurrences({ codes, chromosomes }: JoinedGenome): number[] {
  const tally = new Array<number>(mostOccurrences + 1).fill(0);
  for (const { size, offset } of chromosomes) {
    for (let i = offset; i < offset + size; i++) tally[codes[i] >> 3]++;
  }
  return tally;
}

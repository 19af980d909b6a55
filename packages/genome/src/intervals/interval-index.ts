import type { Interval } from "./interval.js";
import { groupByChromosome, mergeSorted, type SortedArrays } from "./set-algebra.js";

interface ChromosomeIndex<T> extends SortedArrays {
  /** The intervals sorted by start; `starts` and `ends` are theirs. */
  readonly items: readonly T[];
  /** Largest end of the intervals up to each one, so that it can be searched by halving. */
  readonly largestEnds: Uint32Array;
  /** The union, and how many bp of it end before each of its intervals. */
  readonly merged: SortedArrays;
  readonly coveredBefore: Float64Array;
}

/**
 * Intervals that are ready to be asked what overlaps a stretch of a chromosome. Coordinates are 0-based and
 * half-open; intervals that only touch do not overlap, and empty ones overlap nothing. A chromosome without
 * intervals is one where nothing overlaps.
 */
export class IntervalIndex<T extends Interval = Interval> {
  readonly #chromosomes = new Map<string, ChromosomeIndex<T>>();
  /** How many intervals there are. */
  readonly length: number;

  constructor(intervals: Iterable<T>) {
    let length = 0;
    for (const [chromosome, group] of groupByChromosome(intervals)) {
      length += group.length;
      this.#chromosomes.set(chromosome, makeChromosomeIndex(group));
    }
    this.length = length;
  }

  /** Names of the chromosomes that have intervals, in order of appearance. */
  get chromosomes(): string[] {
    return [...this.#chromosomes.keys()];
  }

  /** Whether any interval has a base in [start, end). */
  overlaps(chromosome: string, start: number, end: number): boolean {
    const index = this.#chromosomes.get(chromosome);
    if (index === undefined || end <= start) return false;
    const { starts, ends } = index.merged;
    const first = countUpTo(ends, start);
    return first < starts.length && starts[first] < end;
  }

  /** How many bases of [start, end) are in any interval; a base in several counts once. */
  overlapLength(chromosome: string, start: number, end: number): number {
    const index = this.#chromosomes.get(chromosome);
    if (index === undefined || end <= start) return 0;
    return coveredUpTo(index, end) - coveredUpTo(index, start);
  }

  /** The intervals that have a base in [start, end), sorted by start. */
  find(chromosome: string, start: number, end: number): T[] {
    const index = this.#chromosomes.get(chromosome);
    const found: T[] = [];
    if (index === undefined || end <= start) return found;
    const { items, starts, ends, largestEnds } = index;
    for (let i = countUpTo(largestEnds, start); i < starts.length && starts[i] < end; i++) {
      if (ends[i] > start && ends[i] > starts[i]) found.push(items[i]);
    }
    return found;
  }

  /** The union of a chromosome's intervals, sorted. */
  merged(chromosome: string): SortedArrays {
    return (
      this.#chromosomes.get(chromosome)?.merged ?? { starts: new Uint32Array(0), ends: new Uint32Array(0) }
    );
  }
}

function makeChromosomeIndex<T extends Interval>(group: T[]): ChromosomeIndex<T> {
  const items = group.sort((a, b) => a.start - b.start || a.end - b.end);
  const starts = Uint32Array.from(items, ({ start }) => start);
  const ends = Uint32Array.from(items, ({ end }) => end);
  const largestEnds = ends.slice();
  for (let i = 1; i < largestEnds.length; i++) {
    if (largestEnds[i] < largestEnds[i - 1]) largestEnds[i] = largestEnds[i - 1];
  }
  const merged = mergeSorted(items);
  const coveredBefore = new Float64Array(merged.starts.length + 1);
  for (let i = 0; i < merged.starts.length; i++) {
    coveredBefore[i + 1] = coveredBefore[i] + merged.ends[i] - merged.starts[i];
  }
  return { items, starts, ends, largestEnds, merged, coveredBefore };
}

/** How many bases of the union lie before `position`. */
function coveredUpTo<T>({ merged, coveredBefore }: ChromosomeIndex<T>, position: number): number {
  const whole = countUpTo(merged.ends, position);
  const inside = whole < merged.starts.length ? Math.max(0, position - merged.starts[whole]) : 0;
  return coveredBefore[whole] + inside;
}

/** How many of the sorted values are at most `value`. */
function countUpTo(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

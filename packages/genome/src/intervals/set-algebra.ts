import { BindscapeError } from "@bindscape/numerics";
import type { Interval } from "./interval.js";

/** Throws unless an interval is 0-based, half-open and within 32 bits. */
export function checkInterval({ chromosome, start, end }: Interval): void {
  const whole = Number.isInteger(start) && Number.isInteger(end);
  if (!whole || start < 0 || start > end || end > 4294967295) {
    throw new BindscapeError({
      found: `the interval ${chromosome}:${start}-${end}`,
      expected: "whole numbers, 0 <= start <= end < 2^32",
    });
  }
}

/** Starts and ends of one chromosome, side by side. */
export interface SortedArrays {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Intervals by chromosome, chromosomes in order of appearance. */
export function groupByChromosome<T extends Interval>(intervals: Iterable<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const interval of intervals) {
    checkInterval(interval);
    const group = groups.get(interval.chromosome);
    if (group === undefined) groups.set(interval.chromosome, [interval]);
    else group.push(interval);
  }
  return groups;
}

/** Union of one chromosome's intervals, which must be sorted by start; empty ones are left out. */
export function mergeSorted(intervals: readonly Interval[], gap = 0): SortedArrays {
  const starts = new Uint32Array(intervals.length);
  const ends = new Uint32Array(intervals.length);
  let count = 0;
  for (const { start, end } of intervals) {
    if (start === end) continue;
    if (count > 0 && start <= ends[count - 1] + gap) {
      if (end > ends[count - 1]) ends[count - 1] = end;
    } else {
      starts[count] = start;
      ends[count++] = end;
    }
  }
  return { starts: starts.slice(0, count), ends: ends.slice(0, count) };
}

/**
 * The union as sorted intervals that neither overlap nor touch; chromosomes in order of appearance.
 * @param gap bp between neighbours that are merged all the same; 0 merges what overlaps or touches.
 */
export function mergeIntervals(intervals: Iterable<Interval>, gap = 0): Interval[] {
  return [...mergeByChromosome(intervals, gap)].flatMap(([chromosome, arrays]) =>
    toIntervals(chromosome, arrays),
  );
}

/** What is in `intervals` and not in `removed`, merged and sorted; chromosomes in order of appearance. */
export function subtractIntervals(intervals: Iterable<Interval>, removed: Iterable<Interval>): Interval[] {
  const holes = mergeByChromosome(removed);
  const left: Interval[] = [];
  for (const [chromosome, { starts, ends }] of mergeByChromosome(intervals)) {
    const hole = holes.get(chromosome);
    let next = 0;
    for (let i = 0; i < starts.length; i++) {
      let start = starts[i];
      const end = ends[i];
      if (hole !== undefined) {
        while (next < hole.starts.length && hole.ends[next] <= start) next++;
        // A hole may reach into the next interval, so `next` stays on the last one that was used.
        for (let j = next; j < hole.starts.length && hole.starts[j] < end; j++) {
          if (hole.starts[j] > start) left.push({ chromosome, start, end: hole.starts[j] });
          start = Math.max(start, hole.ends[j]);
          next = j;
        }
      }
      if (start < end) left.push({ chromosome, start, end });
    }
  }
  return left;
}

/** What is in both, merged and sorted; chromosomes in order of appearance in `a`. */
export function intersectIntervals(a: Iterable<Interval>, b: Iterable<Interval>): Interval[] {
  const others = mergeByChromosome(b);
  const common: Interval[] = [];
  for (const [chromosome, one] of mergeByChromosome(a)) {
    const other = others.get(chromosome);
    if (other === undefined) continue;
    let i = 0;
    let j = 0;
    while (i < one.starts.length && j < other.starts.length) {
      const start = Math.max(one.starts[i], other.starts[j]);
      const end = Math.min(one.ends[i], other.ends[j]);
      if (start < end) common.push({ chromosome, start, end });
      if (one.ends[i] < other.ends[j]) i++;
      else j++;
    }
  }
  return common;
}

/** Sum of the lengths in bp, counting what overlaps as often as it is there. */
export function totalLength(intervals: Iterable<Interval>): number {
  let sum = 0;
  for (const { start, end } of intervals) sum += end - start;
  return sum;
}

function mergeByChromosome(intervals: Iterable<Interval>, gap = 0): Map<string, SortedArrays> {
  const merged = new Map<string, SortedArrays>();
  for (const [chromosome, group] of groupByChromosome(intervals)) {
    group.sort((a, b) => a.start - b.start);
    merged.set(chromosome, mergeSorted(group, gap));
  }
  return merged;
}

function toIntervals(chromosome: string, { starts, ends }: SortedArrays): Interval[] {
  return Array.from(starts, (start, i) => ({ chromosome, start, end: ends[i] }));
}

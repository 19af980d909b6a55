import { type Interval, IntervalIndex } from "@bindscape/genome";
import type { SplitName } from "../sequence-set.js";
import type { HoldOuts } from "../splits.js";

const FARTHEST = 4294967295;

/** Intervals ready to be searched; a hold-out of a whole chromosome has no end. */
export function indexIntervals(intervals: readonly Interval[]): IntervalIndex {
  return new IntervalIndex(
    intervals.map(({ chromosome, start, end }) => ({ chromosome, start, end: Math.min(end, FARTHEST) })),
  );
}

/**
 * Says which part a window belongs to: a hold-out where it lies wholly inside it, training where it shares no base
 * with any; null where it lies across a border, so that no window shows sequence of another part's windows.
 */
export function makeWindowSplitter({
  validation,
  test,
}: Pick<HoldOuts, "validation" | "test">): (window: Interval) => SplitName | null {
  const parts = [
    ["test", indexIntervals(test)],
    ["validation", indexIntervals(validation)],
  ] as const;
  return ({ chromosome, start, end }) => {
    for (const [name, index] of parts) {
      const inside = index.overlapLength(chromosome, start, end);
      if (inside === end - start) return name;
      if (inside > 0) return null;
    }
    return "training";
  };
}

import { type Interval, IntervalIndex } from "@bindscape/genome";

/**
 * When an instance is bound. `strict`, the reference's rule: a peak starts before its first base and ends behind its
 * last. `inside`: a peak covers it, ends included. `overlap`: a peak has a base of it.
 */
export const BOUND_RULES = ["strict", "inside", "overlap"] as const;
export type BoundRule = (typeof BOUND_RULES)[number];

/** What a peak has to do with an instance. */
export const UNTOUCHED = 0;
export const BOUND_SITE = 1;
/** A peak overlaps the instance but the rule does not call it bound. */
export const TOUCHED = 2;

/**
 * Labels places by peaks, each peak by itself.
 * @returns one of UNTOUCHED, BOUND_SITE and TOUCHED a place
 */
export function labelSites(
  places: Iterable<Interval>,
  peaks: readonly Interval[],
  rule: BoundRule,
): Uint8Array {
  const index = new IntervalIndex(peaks);
  const labels: number[] = [];
  for (const { chromosome, start, end } of places) {
    const near = index.find(chromosome, start, end);
    const isBound = near.some((peak) =>
      rule === "strict"
        ? peak.start < start && end < peak.end
        : rule === "inside"
          ? peak.start <= start && end <= peak.end
          : true,
    );
    labels.push(isBound ? BOUND_SITE : near.length > 0 ? TOUCHED : UNTOUCHED);
  }
  return Uint8Array.from(labels);
}

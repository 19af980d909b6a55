import { BindscapeError } from "@bindscape/numerics";
import type { Interval } from "../intervals/interval.js";

interface PlacedLine extends Interval {
  /** 1-based line in the file. */
  readonly line: number;
}

/** The error for two intervals of one chromosome that share bases. */
export function describeOverlap(source: string, later: PlacedLine, earlier: PlacedLine): BindscapeError {
  return new BindscapeError({
    source,
    line: later.line,
    found: `${later.chromosome}:${later.start}-${later.end} overlaps ${earlier.start}-${earlier.end} of line ${earlier.line}`,
    expected: "intervals that do not overlap: a track has one value a base",
    next: "Merge or average them first, for instance with bedtools merge",
  });
}

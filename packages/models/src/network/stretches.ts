import type { WindowRequest } from "@bindscape/study";
import type { SharedOverlap } from "../model-definition.js";

/** Windows computed together: those of `order[from]` to `order[to - 1]`, which lie in one stretch. */
export interface Stretch {
  readonly segmentIndex: number;
  /** Chromosome coordinate of the first base; before the segment's start where a window hangs over it. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

/** How a request is cut into stretches of one length. */
export interface StretchPlan {
  /** bp, the same for all stretches. */
  readonly length: number;
  /** Windows in the fullest stretch. */
  readonly largest: number;
  /** Rows of the request by segment and ascending bin start. */
  readonly order: Uint32Array;
  readonly stretches: readonly Stretch[];
  /** bp; every window starts a multiple of it from its stretch's first, and is as much shorter than the stretch. */
  readonly phase: number;
}

/**
 * Windows a stretch. Sharing gains from more of them, recurrent layers lose: with 64 FactorNet's gates still fit
 * the processor's cache (docs/design/engine.md).
 */
const WINDOWS_A_STRETCH = [64, 32, 16, 8];

/** Numbers in the stem's output, at most: 32 MiB, a few times that in all. */
const LARGEST_STEM = 2 ** 23;

/** The work on the stem that sharing has to save to be worth its own: gathering, running maxima. */
const LEAST_SAVING = 2;

/**
 * Cuts a request into stretches of the chromosomes in which windows overlap, or says null where they overlap too
 * little for sharing to pay. Bins may stand anywhere, in any order, several times.
 */
export function planStretches(
  request: WindowRequest,
  windowLength: number,
  binSize: number,
  parts: Pick<SharedOverlap, "values">,
): StretchPlan | null {
  const fits = (length: number) => 2 * length * parts.values <= LARGEST_STEM;
  let best: StretchPlan | null = null;
  for (const plan of cutStretches(request, windowLength, binSize, WINDOWS_A_STRETCH, fits)) {
    if (best === null || plan.stretches.length * plan.length < best.stretches.length * best.length)
      best = plan;
  }
  if (best === null) return null;
  return LEAST_SAVING * best.stretches.length * best.length <= best.order.length * windowLength ? best : null;
}

/**
 * Cuts a request into stretches that hold up to so many windows; none where windows do not overlap.
 * @param sizes windows a stretch: one plan each
 * @param fits whether a stretch of this length may be
 */
export function cutStretches(
  request: WindowRequest,
  windowLength: number,
  binSize: number,
  sizes: readonly number[],
  fits: (length: number) => boolean = () => true,
): StretchPlan[] {
  const order = sortRows(request);
  const spacing = medianSpacing(request, order, windowLength);
  if (spacing === null) return [];
  const phase = commonPhase(request, order, spacing);
  const margin = Math.floor((windowLength - binSize) / 2);
  return sizes.flatMap((largest) => {
    const length = windowLength + (largest - 1) * spacing;
    if (!fits(length)) return [];
    const stretches = cut(request, order, windowLength, margin, length, largest);
    return [{ length, largest, order, stretches, phase }];
  });
}

/** The stretches that hold any of some rows of the request, cut as the whole request has them. */
export function keepStretches(plan: StretchPlan, rows: { from: number; to: number }): StretchPlan {
  const isWanted = (row: number) => row >= rows.from && row < rows.to;
  const stretches = plan.stretches.filter(({ from, to }) => plan.order.subarray(from, to).some(isWanted));
  return { ...plan, stretches };
}

function sortRows({ segmentIndices, binStarts }: WindowRequest): Uint32Array {
  const order = Uint32Array.from(binStarts, (_, row) => row);
  const compare = (a: number, b: number) =>
    segmentIndices[a] - segmentIndices[b] || binStarts[a] - binStarts[b];
  // Requests come in order as a rule, and may be tens of millions long.
  for (let row = 1; row < order.length; row++) if (compare(row - 1, row) > 0) return order.sort(compare);
  return order;
}

/** Median distance of windows and their successors, those that do not overlap left out; null where none do. */
function medianSpacing(
  { segmentIndices, binStarts }: WindowRequest,
  order: Uint32Array,
  windowLength: number,
): number | null {
  const counts = new Uint32Array(windowLength);
  let total = 0;
  for (let i = 1; i < order.length; i++) {
    if (segmentIndices[order[i]] !== segmentIndices[order[i - 1]]) continue;
    const distance = binStarts[order[i]] - binStarts[order[i - 1]];
    if (distance >= windowLength) continue;
    counts[distance]++;
    total++;
  }
  if (total === 0) return null;
  let seen = 0;
  return counts.findIndex((count) => {
    seen += count;
    return 2 * seen >= total;
  });
}

/** The greatest number of bp that all distances of neighbours in a segment, and `spacing`, are multiples of. */
function commonPhase(
  { segmentIndices, binStarts }: WindowRequest,
  order: Uint32Array,
  spacing: number,
): number {
  let phase = Math.max(1, spacing);
  for (let i = 1; i < order.length && phase > 1; i++) {
    if (segmentIndices[order[i]] !== segmentIndices[order[i - 1]]) continue;
    let rest = binStarts[order[i]] - binStarts[order[i - 1]];
    while (rest !== 0) [phase, rest] = [rest, phase % rest];
  }
  return phase;
}

function cut(
  { segmentIndices, binStarts }: WindowRequest,
  order: Uint32Array,
  windowLength: number,
  margin: number,
  length: number,
  largest: number,
): Stretch[] {
  const stretches: Stretch[] = [];
  for (let from = 0; from < order.length; ) {
    const segmentIndex = segmentIndices[order[from]];
    const first = binStarts[order[from]];
    let to = from + 1;
    while (
      to < order.length &&
      to - from < largest &&
      segmentIndices[order[to]] === segmentIndex &&
      binStarts[order[to]] - first + windowLength <= length
    ) {
      to++;
    }
    stretches.push({ segmentIndex, start: first - margin, from, to });
    from = to;
  }
  return stretches;
}

/** Sums over equal parts of a range. */
export interface Bins {
  readonly start: number;
  readonly length: number;
  readonly bins: number;
  readonly sums: Float64Array;
  /** Covered bases; not whole where zoom records are shared out. */
  readonly counts: Float64Array;
}

export function makeBins(start: number, end: number, bins: number): Bins {
  return { start, length: end - start, bins, sums: new Float64Array(bins), counts: new Float64Array(bins) };
}

/** Adds a value that stands on every base of `[start, end)`; returns how many borders of bins it crossed. */
export function addInterval(parts: Bins, start: number, end: number, value: number): number {
  return Number.isNaN(value) ? 0 : share(parts, start, end, 1, value);
}

/**
 * Adds a record of `count` covered bases with their `sum`, as if they were spread evenly over `[start, end)`;
 * returns how many borders of bins it crossed.
 */
export function addZoomRecord(parts: Bins, start: number, end: number, count: number, sum: number): number {
  return share(parts, start, end, count / (end - start), sum / (end - start));
}

/** The means of the covered bases, NaN where there are none. */
export function meansOf(parts: Bins): Float64Array {
  return parts.sums.map((sum, bin) => sum / parts.counts[bin]);
}

function share(parts: Bins, start: number, end: number, covered: number, perBase: number): number {
  const { bins, length, sums, counts } = parts;
  const last = Math.min(end - parts.start, length);
  let at = Math.max(start - parts.start, 0);
  // The bin of base b is the largest i with floor(i n / bins) <= b.
  let bin = Math.min(bins - 1, Math.floor(((at + 1) * bins - 1) / length));
  const first = bin;
  while (at < last) {
    const stop = Math.min(last, Math.floor(((bin + 1) * length) / bins));
    if (stop > at) {
      counts[bin] += (stop - at) * covered;
      sums[bin] += (stop - at) * perBase;
      at = stop;
    }
    bin++;
  }
  return Math.max(0, bin - first - 1);
}

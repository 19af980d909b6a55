const BUCKETS = 2048;

/**
 * The score that an unaligned column gets: the middle of its scores against all target columns (Tanaka et al. 2011).
 * Half the distribution lies at or below it, with linear interpolation: the n/2-th smallest for an even n, the mean of
 * the (n-1)/2-th and (n+1)/2-th for an odd one. (Tomtom's values show that it is not the usual median of odd n.)
 */
export class MiddleScore {
  readonly #tally = new Uint32Array(BUCKETS);
  #near = new Float64Array(256);

  /** @param values at least one; finite; left as they are */
  of(values: Float64Array, lowest: number, highest: number): number {
    const count = values.length;
    if (!(highest > lowest)) return lowest;
    const rank = (count >> 1) - 1;
    if (count === 1) return values[0];
    if (count % 2 === 0) return this.#select(values, lowest, highest, rank, rank)[0];
    // The 0-based ranks are (n-3)/2 and (n-1)/2.
    const [low, high] = this.#select(values, lowest, highest, Math.max(0, rank), rank + 1);
    return (low + high) / 2;
  }

  /** The values at two neighbouring ranks: a tally by coarse size says where they lie, and only those are sorted. */
  #select(
    values: Float64Array,
    lowest: number,
    highest: number,
    first: number,
    second: number,
  ): [number, number] {
    const tally = this.#tally.fill(0);
    const scale = (BUCKETS - 1) / (highest - lowest);
    for (let i = 0; i < values.length; i++) tally[((values[i] - lowest) * scale) | 0]++;
    let from = 0;
    let before = 0;
    while (before + tally[from] <= first) before += tally[from++];
    let to = from;
    let upTo = before + tally[from];
    while (upTo <= second) upTo += tally[++to];
    if (this.#near.length < upTo - before) this.#near = new Float64Array(2 * (upTo - before));
    let found = 0;
    for (let i = 0; i < values.length; i++) {
      const bucket = ((values[i] - lowest) * scale) | 0;
      if (bucket >= from && bucket <= to) this.#near[found++] = values[i];
    }
    const near = this.#near.subarray(0, found).sort();
    return [near[first - before], near[second - before]];
  }
}

/** Where the sites of a motif lie around the summits of peaks. */
export interface CentralityHistogram {
  /** Largest distance counted, in bp. */
  readonly range: number;
  /** Sites by offset from the summit, from -range to +range: entry `offset + range`. */
  readonly counts: Uint32Array;
  /** Sites counted. */
  readonly sites: number;
}

/** A site beside the summit it is measured from; 0-based and half-open, on one chromosome. */
export interface SiteAtSummit {
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  readonly summit: number;
}

/**
 * How far a site's middle lies from the summit in bp, downstream of it in the motif's direction above 0. The middle of an even
 * number of bases is the one before it, in the motif's direction.
 */
export function offsetFromSummit({ start, end, strand, summit }: SiteAtSummit): number {
  const half = (end - start - 1) >> 1;
  const offset = strand === "+" ? start + half - summit : summit - (end - 1 - half);
  return offset + 0; // never -0
}

/** Counts sites by their offset from summits (see {@link offsetFromSummit}); those beyond `range` bp are left out. */
export function countByOffset(sites: Iterable<SiteAtSummit>, range = 300): CentralityHistogram {
  const counts = new Uint32Array(2 * range + 1);
  let counted = 0;
  for (const site of sites) {
    const offset = offsetFromSummit(site);
    if (Math.abs(offset) > range) continue;
    counts[offset + range]++;
    counted++;
  }
  return { range, counts, sites: counted };
}

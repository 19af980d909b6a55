import { BindscapeError, type Random } from "@bindscape/numerics";

/**
 * Which of the bound are kept: `matched`, in every bin as many as there are unbound for, so that both classes are
 * alike (the paper's text: an identical number from each bin); `all`, with fewer unbound where a bin lacks them (the
 * reference's code).
 */
export const POSITIVE_RULES = ["matched", "all"] as const;
export type PositiveRule = (typeof POSITIVE_RULES)[number];

export interface MatchOptions {
  /** Unbound for each bound one; a whole number, 1 when left out. */
  readonly ratio?: number;
  /** "matched" when left out. */
  readonly positives?: PositiveRule;
  readonly random: Random;
}

/** What one bin had and gave. */
export interface MatchedBin {
  readonly key: string;
  readonly bound: number;
  readonly unbound: number;
  readonly keptBound: number;
  readonly keptUnbound: number;
}

export interface MatchedSites {
  /** Items that were kept, ascending. */
  readonly kept: Uint32Array;
  /** By key. */
  readonly bins: readonly MatchedBin[];
}

/**
 * Draws bound and unbound items so that both have the same share in every bin.
 * @param keys bin of each item; an empty key leaves the item out
 * @param isBound by item
 */
export function matchControls(
  keys: readonly string[],
  isBound: ArrayLike<number | boolean>,
  options: MatchOptions,
): MatchedSites {
  const { ratio = 1, positives = "matched", random } = options;
  if (!(Number.isSafeInteger(ratio) && ratio >= 1)) {
    throw new BindscapeError({
      source: "matchControls",
      found: `${ratio} negatives per positive`,
      expected: "a whole number of at least 1",
    });
  }
  const groups = new Map<string, { bound: number[]; unbound: number[] }>();
  for (const [item, key] of keys.entries()) {
    if (key === "") continue;
    let group = groups.get(key);
    if (group === undefined) {
      group = { bound: [], unbound: [] };
      groups.set(key, group);
    }
    (isBound[item] ? group.bound : group.unbound).push(item);
  }
  const kept: number[] = [];
  const bins: MatchedBin[] = [];
  // In the order of the keys, so that the draw does not depend on the order of the items' bins.
  for (const [key, { bound, unbound }] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const wanted =
      positives === "all" ? bound.length : Math.min(bound.length, Math.floor(unbound.length / ratio));
    const keptBound = draw(bound, wanted, random);
    const keptUnbound = draw(unbound, Math.min(unbound.length, ratio * keptBound.length), random);
    kept.push(...keptBound, ...keptUnbound);
    bins.push({
      key,
      bound: bound.length,
      unbound: unbound.length,
      keptBound: keptBound.length,
      keptUnbound: keptUnbound.length,
    });
  }
  return { kept: Uint32Array.from(kept).sort(), bins };
}

/** `count` of the items, each equally likely (the first steps of a Fisher-Yates shuffle, in place). */
function draw(items: number[], count: number, random: Random): number[] {
  if (count >= items.length) return items;
  for (let i = 0; i < count; i++) {
    const other = i + random.integer(items.length - i);
    [items[i], items[other]] = [items[other], items[i]];
  }
  return items.slice(0, count);
}

/** Number of the bin of `width` that a value lies in: [k width, (k + 1) width). Rounding does not move limits. */
export function binOf(value: number, width: number): number {
  return Math.floor(value / width + 1e-9);
}

import { BindscapeError } from "./error.js";
import { sortOrder } from "./sort.js";

/** Two clusters joined into one. Clusters below the number of items are items, later ones earlier merges in order. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  /** Mean distance between the members of the two. */
  readonly height: number;
  /** Items in the joined cluster. */
  readonly size: number;
}

/** Distances between items, of which each pair is held once; see {@link pairIndex}. */
export type PairDistances = Float32Array | Float64Array;

/** Place of a pair of items in the array of all pairs: (0,1), (0,2), ... (1,2), ...  */
export function pairIndex(first: number, second: number, items: number): number {
  const [i, j] = first < second ? [first, second] : [second, first];
  return (i * (2 * items - i - 1)) / 2 + j - i - 1;
}

/**
 * Average-linkage clustering (UPGMA; Sokal and Michener 1958): the two clusters of least mean distance are joined until
 * one is left. Found along chains of nearest neighbours (Murtagh 1983), in time that grows with the square of the items.
 *
 * @param distances of all pairs, items x (items - 1) / 2 of them; used up as working space
 * @returns items - 1 merges, heights ascending
 * @throws BindscapeError for a wrong number of distances, or one that is no finite number
 */
export function clusterByAverage(distances: PairDistances, items: number): Merge[] {
  checkDistances(distances, items);
  const size = new Uint32Array(items).fill(1);
  // A cluster lives at the place of one of its items; the other places are empty.
  const isLive = new Uint8Array(items).fill(1);
  const found: { a: number; b: number; height: number }[] = [];
  const chain: number[] = [];
  let start = 0;
  while (found.length < items - 1) {
    if (chain.length === 0) {
      while (!isLive[start]) start++;
      chain.push(start);
    }
    for (;;) {
      const top = chain[chain.length - 1];
      const previous = chain.length > 1 ? chain[chain.length - 2] : -1;
      // Among equally near ones the one the chain came from, so that it must end.
      let nearest = previous;
      let least = previous < 0 ? Number.POSITIVE_INFINITY : distances[pairIndex(top, previous, items)];
      for (let other = 0; other < items; other++) {
        if (!isLive[other] || other === top) continue;
        const distance = distances[pairIndex(top, other, items)];
        if (distance < least) [least, nearest] = [distance, other];
      }
      if (nearest === previous) {
        chain.length -= 2;
        found.push({ a: top, b: previous, height: least });
        joinInto(previous, top, distances, size, isLive, items);
        break;
      }
      chain.push(nearest);
    }
  }
  return inOrder(found, items);
}

/** Makes the cluster at `kept` the union of both, with mean distances to all others. */
function joinInto(
  kept: number,
  gone: number,
  distances: PairDistances,
  size: Uint32Array,
  isLive: Uint8Array,
  items: number,
): void {
  isLive[gone] = 0;
  const total = size[kept] + size[gone];
  for (let other = 0; other < items; other++) {
    if (!isLive[other] || other === kept) continue;
    const at = pairIndex(kept, other, items);
    distances[at] =
      (distances[at] * size[kept] + distances[pairIndex(gone, other, items)] * size[gone]) / total;
  }
  size[kept] = total;
}

/** Merges sorted by height, named by cluster numbers. */
function inOrder(found: readonly { a: number; b: number; height: number }[], items: number): Merge[] {
  const order = sortOrder(Float64Array.from(found, ({ height }) => height));
  const cluster = Uint32Array.from({ length: items }, (_, i) => i);
  const parent = Int32Array.from({ length: items }, (_, i) => i);
  const sizes = new Uint32Array(2 * items).fill(1);
  const root = (item: number) => {
    let at = item;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const merges: Merge[] = [];
  let height = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    const [a, b] = [root(found[index].a), root(found[index].b)];
    const [left, right] = cluster[a] < cluster[b] ? [cluster[a], cluster[b]] : [cluster[b], cluster[a]];
    // Rounding of means may not let a tree's heights go down.
    height = Math.max(height, found[index].height);
    const size = sizes[left] + sizes[right];
    sizes[items + merges.length] = size;
    cluster[a] = items + merges.length;
    parent[b] = a;
    merges.push({ left, right, height, size });
  }
  return merges;
}

/**
 * Groups that are left when merges above a height are undone.
 * @returns group of each item, numbered by their first item
 */
export function cutTree(merges: readonly Merge[], height: number): Uint32Array {
  const items = merges.length + 1;
  const parent = new Int32Array(2 * items - 1).fill(-1);
  merges.forEach((merge, index) => {
    if (merge.height > height) return;
    parent[merge.left] = parent[merge.right] = items + index;
  });
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: items }, (_, item) => {
    let at = item;
    while (parent[at] >= 0) at = parent[at];
    if (!numbers.has(at)) numbers.set(at, numbers.size);
    return numbers.get(at)!;
  });
}

function checkDistances(distances: PairDistances, items: number): void {
  const expected = (items * (items - 1)) / 2;
  if (!Number.isInteger(items) || items < 1 || distances.length !== expected) {
    throw new BindscapeError({
      source: "clustering",
      found: `${distances.length} distances of ${items} items`,
      expected: `${expected}, one a pair, of at least one item`,
    });
  }
  const bad = distances.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new BindscapeError({
      source: "clustering",
      found: `the distance ${distances[bad]} at index ${bad}`,
      expected: "finite numbers",
    });
  }
}

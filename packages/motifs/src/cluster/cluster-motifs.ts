import {
  BindscapeError,
  clusterByAverage,
  cutTree,
  type Merge,
  type ProgressListener,
  pairIndex,
} from "@bindscape/numerics";
import { type ComparerOptions, MotifComparer } from "../compare/motif-comparer.js";
import type { Motif } from "../motif.js";
import {
  type AlignedFamily,
  alignClusters,
  type FamilyMember,
  probabilitiesOf,
  turnFamily,
} from "./align-family.js";

/** What {@link clusterMotifs} may be told besides how motifs are compared. */
export interface ClusterOptions extends ComparerOptions {
  /**
   * Families are joined as long as the mean -log10 p between their members is at least this, from 0 to 10; 3 when left
   * out.
   */
  readonly similarity?: number;
  /** Whether motifs count in root motifs by their sites, or each alike; "sites" when left out. */
  readonly weights?: "sites" | "equal";
  /** {@link pairSimilarities} made before, as worker threads do it. */
  readonly similarities?: Float64Array;
  readonly onProgress?: ProgressListener;
}

/** Motifs alike, aligned. */
export interface MotifFamily {
  /** 1-based, largest family first. */
  readonly number: number;
  readonly members: readonly FamilyMember[];
  readonly columns: number;
  /** The motif that is most like all others of the family. */
  readonly medoid: number;
  /** The average of the aligned members, without ends that fewer than half of them reach. */
  readonly root: Motif;
  /** Column of the alignment that the root begins at. */
  readonly rootOffset: number;
}

/** All motifs in families, and the tree they come from. */
export interface MotifClusters {
  readonly families: readonly MotifFamily[];
  /** Joined clusters, by the mean distance between their members; see {@link similarityOfHeight}. */
  readonly merges: readonly Merge[];
  /** Family number of each motif. */
  readonly familyOf: Uint32Array;
  /** Of all pairs, {@link pairIndex}: the mean of -log10 p of either with the other, from 0 to 10. */
  readonly similarities: Float64Array;
}

/** -log10 p beyond this says no more: such motifs are the same. */
export const GREATEST_SIMILARITY = 10;
const DEFAULT_SIMILARITY = 3;

/** The mean -log10 p that a height of the tree stands for. */
export function similarityOfHeight(height: number): number {
  return (1 - height) * GREATEST_SIMILARITY;
}

/**
 * Sorts motifs into families: all are compared with all ({@link MotifComparer}), the distance of a pair is 1 less a tenth of
 * its mean -log10 p (10 at most), and the tree of average linkage is cut where that mean falls under a threshold.
 *
 * @throws BindscapeError without motifs, or for options that cannot be used
 */
export function clusterMotifs(motifs: readonly Motif[], options: ClusterOptions = {}): MotifClusters {
  const { similarity = DEFAULT_SIMILARITY, weights = "sites" } = options;
  if (!(similarity >= 0 && similarity <= GREATEST_SIMILARITY)) {
    throw new BindscapeError({
      source: "cluster",
      found: `a similarity of ${similarity}`,
      expected: `a mean -log10 p from 0 to ${GREATEST_SIMILARITY}`,
    });
  }
  const similarities = options.similarities ?? pairSimilarities(motifs, options);
  const distances = similarities.map((value) => 1 - value / GREATEST_SIMILARITY);
  const merges = clusterByAverage(distances, motifs.length);
  const groups = cutTree(merges, 1 - similarity / GREATEST_SIMILARITY + 1e-9);
  const aligned = alignClusters(motifs, merges, topsOfGroups(merges, groups), weights === "sites");
  const families = aligned
    .map((family) => ({ family, first: Math.min(...family.members.map(({ motif }) => motif)) }))
    .sort((a, b) => b.family.members.length - a.family.members.length || a.first - b.first)
    .map(({ family }, index) => describeFamily(index + 1, family, motifs, similarities));
  const familyOf = new Uint32Array(motifs.length);
  for (const { number, members } of families) for (const { motif } of members) familyOf[motif] = number;
  return { families, merges, familyOf, similarities };
}

/**
 * For each pair of motifs the mean of -log10 p of either as the query, at most 10: p-values depend on which is the query,
 * and on all motifs together, whose columns make the chance matches.
 */
export function pairSimilarities(
  motifs: readonly Motif[],
  options: ComparerOptions & { readonly onProgress?: ProgressListener } = {},
): Float64Array {
  const comparer = new MotifComparer(motifs, options);
  const similarities = new Float64Array((motifs.length * (motifs.length - 1)) / 2);
  for (let query = 0; query < motifs.length; query++) {
    addSimilarities(query, comparer.align(motifs[query]).pValues, similarities);
    options.onProgress?.({
      task: "comparing all with all",
      done: query + 1,
      total: motifs.length,
      unit: "motifs",
    });
  }
  return similarities;
}

/** Adds half of each pair's -log10 p with one of the two as the query. */
export function addSimilarities(query: number, pValues: Float64Array, similarities: Float64Array): void {
  const count = pValues.length;
  for (let target = 0; target < count; target++) {
    if (target === query) continue;
    const size = Math.min(GREATEST_SIMILARITY, -Math.log10(pValues[target]));
    similarities[pairIndex(query, target, count)] += Math.max(0, size) / 2;
  }
}

/** The topmost cluster of each group of {@link cutTree}. */
function topsOfGroups(merges: readonly Merge[], groups: Uint32Array): number[] {
  const items = groups.length;
  const top = new Map<number, number>();
  groups.forEach((group, item) => {
    if (!top.has(group)) top.set(group, item);
  });
  const groupOf = new Int32Array(items + merges.length).fill(-1);
  groupOf.set(groups);
  merges.forEach(({ left, right }, index) => {
    if (groupOf[left] !== groupOf[right] || groupOf[left] < 0) return;
    groupOf[items + index] = groupOf[left];
    top.set(groupOf[left], items + index);
  });
  return [...top.values()];
}

function describeFamily(
  number: number,
  family: AlignedFamily,
  motifs: readonly Motif[],
  similarities: Float64Array,
): MotifFamily {
  const medoid = findMedoid(family.members, motifs.length, similarities);
  // Families are shown as their medoid reads.
  const isTurned = family.members.find(({ motif }) => motif === medoid)!.isReversed;
  const { members, columns, counts, coverage } = isTurned ? turnFamily(family) : family;
  const enough = members.length / 2;
  let first = 0;
  while (coverage[first] < enough) first++;
  let end = columns;
  while (coverage[end - 1] < enough) end--;
  const sites = members.reduce((sum, { motif }) => sum + (motifs[motif].sites ?? 0), 0);
  const root: Motif = {
    id: `family_${number}`,
    name: motifs[medoid].name,
    probabilities: probabilitiesOf(counts.slice(first * 4, end * 4)),
    length: end - first,
    ...(sites > 0 ? { sites } : {}),
  };
  return { number, members, columns, medoid, root, rootOffset: first };
}

/** Of members equally alike the first in the file. */
function findMedoid(members: readonly FamilyMember[], items: number, similarities: Float64Array): number {
  let best = members[0].motif;
  let most = Number.NEGATIVE_INFINITY;
  for (const { motif } of members) {
    let sum = 0;
    for (const other of members) {
      if (other.motif !== motif) sum += similarities[pairIndex(motif, other.motif, items)];
    }
    if (sum > most || (sum === most && motif < best)) [most, best] = [sum, motif];
  }
  return best;
}

import type { Merge } from "@bindscape/numerics";
import type { Motif } from "../motif.js";
import { matchProfiles, type Profile, weightColumns } from "./match-profiles.js";

/** Where a motif stands in its family's alignment. */
export interface FamilyMember {
  /** Index among the motifs. */
  readonly motif: number;
  /** Column of its first position, from 0. */
  readonly offset: number;
  /** Positions. */
  readonly length: number;
  readonly isReversed: boolean;
}

/** Motifs aligned to one another and what they have in common. */
export interface AlignedFamily {
  /** In the order of the tree: motifs alike stand together. */
  readonly members: readonly FamilyMember[];
  /** Columns of the alignment. */
  readonly columns: number;
  /** columns x 4 counts: the members' probabilities times their sites. */
  readonly counts: Float64Array;
  /** Members that reach over each column. */
  readonly coverage: Uint16Array;
}

/** Sites of a motif that does not say, as the MEME suite assumes. */
const DEFAULT_SITES = 20;

/** One motif as a family of its own. */
export function familyOfOne(motifs: readonly Motif[], motif: number, isWeighted: boolean): AlignedFamily {
  const { probabilities, length, sites = DEFAULT_SITES } = motifs[motif];
  const weight = isWeighted ? sites : 1;
  return {
    members: [{ motif, offset: 0, length, isReversed: false }],
    columns: length,
    counts: probabilities.map((value) => value * weight),
    coverage: new Uint16Array(length).fill(1),
  };
}

/**
 * Aligns the motifs under each of the clusters of a tree from the leaves up: two clusters stand for each other as the
 * averages of their aligned columns, and are joined where these match best ({@link matchProfiles}).
 *
 * @param clusters numbers of clusters in the tree, none within another
 * @param isWeighted whether a motif counts by its sites, or each alike
 */
export function alignClusters(
  motifs: readonly Motif[],
  merges: readonly Merge[],
  clusters: readonly number[],
  isWeighted = true,
): AlignedFamily[] {
  const items = motifs.length;
  const align = (cluster: number): AlignedFamily => {
    // Trees may be as deep as there are motifs, so this does not call itself.
    const done = new Map<number, AlignedFamily>();
    const waiting = [cluster];
    while (waiting.length > 0) {
      const at = waiting[waiting.length - 1];
      if (at < items) {
        done.set(at, familyOfOne(motifs, at, isWeighted));
        waiting.pop();
        continue;
      }
      const { left, right } = merges[at - items];
      const [first, second] = [done.get(left), done.get(right)];
      if (first === undefined) waiting.push(left);
      if (second === undefined) waiting.push(right);
      if (first === undefined || second === undefined) continue;
      done.set(at, joinFamilies(first, second));
      done.delete(left);
      done.delete(right);
      waiting.pop();
    }
    return done.get(cluster)!;
  };
  return clusters.map(align);
}

function joinFamilies(a: AlignedFamily, b: AlignedFamily): AlignedFamily {
  const { offset, isReversed } = matchProfiles(profileOf(a), profileOf(b));
  const other = isReversed ? turnFamily(b) : b;
  const shift = Math.max(0, -offset);
  const columns = Math.max(a.columns + shift, other.columns + offset + shift);
  const counts = new Float64Array(columns * 4);
  const coverage = new Uint16Array(columns);
  const place = (family: AlignedFamily, by: number): FamilyMember[] => {
    family.counts.forEach((value, i) => {
      counts[i + by * 4] += value;
    });
    family.coverage.forEach((value, i) => {
      coverage[i + by] += value;
    });
    return family.members.map((member) => ({ ...member, offset: member.offset + by }));
  };
  return { members: [...place(a, shift), ...place(other, offset + shift)], columns, counts, coverage };
}

/** The average column of a family, weighted down where few members reach. */
function profileOf({ counts, coverage, members, columns }: AlignedFamily): Profile {
  const probabilities = probabilitiesOf(counts);
  const profile = weightColumns(probabilities);
  for (let column = 0; column < columns; column++) {
    const share = coverage[column] / members.length;
    for (let base = 0; base < 4; base++) profile[column * 4 + base] *= share;
  }
  return profile;
}

/** Rows of counts made to sum to 1; a row without any is even. */
export function probabilitiesOf(counts: Float64Array): Float64Array {
  const probabilities = new Float64Array(counts.length);
  for (let at = 0; at < counts.length; at += 4) {
    const sum = counts[at] + counts[at + 1] + counts[at + 2] + counts[at + 3];
    for (let base = 0; base < 4; base++) probabilities[at + base] = sum > 0 ? counts[at + base] / sum : 0.25;
  }
  return probabilities;
}

/** The whole family seen from the other strand. */
export function turnFamily(family: AlignedFamily): AlignedFamily {
  return {
    ...family,
    counts: family.counts.slice().reverse(),
    coverage: family.coverage.slice().reverse(),
    members: family.members.map((member) => ({
      ...member,
      isReversed: !member.isReversed,
      offset: family.columns - member.offset - member.length,
    })),
  };
}

import {
  matchProfiles,
  type Profile,
  type ProfileMatch,
  reverseProfile,
  weightColumns,
} from "@bindscape/motifs";

/** Where a kernel stands in an alignment. */
export interface AlignedKernel {
  /** Index in the list that was aligned. */
  readonly kernel: number;
  /** Column of its first position, as drawn. */
  readonly offset: number;
  /** Positions. */
  readonly length: number;
  /** Drawn as its reverse complement. */
  readonly isReversed: boolean;
}

export interface KernelAlignment {
  /** Columns over all kernels. */
  readonly columns: number;
  /** From the top of the picture down: kernels alike stand together. */
  readonly rows: readonly AlignedKernel[];
}

interface Cluster {
  readonly rows: readonly AlignedKernel[];
  /** Sum of the members' weighted columns in the cluster's own columns. */
  readonly profile: Profile;
}

/**
 * Aligns kernels to one another, as FactorNet's figure 3B does with RSAT, by a rule of our own.
 *
 * A kernel is a row of columns (p - 1/4) x information in bits, so that columns without preference weigh nothing
 * and contradicting ones count against each other. Two kernels fit as well as the largest correlation over all
 * offsets and both orientations: the sum of products over the columns they share, divided by the norms of both
 * whole kernels. The two most alike are joined and stand for each other as the sum of their aligned columns, until
 * one cluster is left. Where clusters join, the ends of their rows that are most alike come to touch.
 *
 * @param kernels probabilities, length x 4; lengths may differ. The first one is drawn forward
 */
export function alignKernels(kernels: readonly ArrayLike<number>[]): KernelAlignment {
  if (kernels.length === 0) return { columns: 0, rows: [] };
  const profiles = kernels.map(weightColumns);
  const pairs = kernels.map(() => new Float64Array(kernels.length));
  let clusters: Cluster[] = profiles.map((profile, kernel) => ({
    rows: [{ kernel, offset: 0, length: profile.length / 4, isReversed: false }],
    profile,
  }));
  // matches[a][b] for a < b, of the clusters that are left.
  let matches = clusters.map((a, i) =>
    clusters.map((b, j) => (i < j ? matchProfiles(a.profile, b.profile) : null)),
  );
  matches.forEach((row, i) => {
    row.forEach((match, j) => {
      if (match) pairs[i][j] = pairs[j][i] = match.similarity;
    });
  });
  while (clusters.length > 1) {
    let first = 0;
    let second = 1;
    for (let i = 0; i < clusters.length; i++) {
      for (let j = i + 1; j < clusters.length; j++) {
        if (matches[i][j]!.similarity > matches[first][second]!.similarity) [first, second] = [i, j];
      }
    }
    const joined = joinClusters(clusters[first], clusters[second], matches[first][second]!, pairs);
    // The joined cluster takes the first one's place, the second one goes.
    clusters[first] = joined;
    clusters = clusters.filter((_, i) => i !== second);
    matches = matches.filter((_, i) => i !== second).map((row) => row.filter((_, j) => j !== second));
    clusters.forEach((other, i) => {
      if (i < first) matches[i][first] = matchProfiles(other.profile, joined.profile);
      if (i > first) matches[first][i] = matchProfiles(joined.profile, other.profile);
    });
  }
  const [{ rows, profile }] = clusters;
  const columns = profile.length / 4;
  const isTurned = rows.find(({ kernel }) => kernel === 0)!.isReversed;
  return { columns, rows: isTurned ? turnRows(rows, columns) : rows };
}

function joinClusters(
  a: Cluster,
  b: Cluster,
  { offset, isReversed }: ProfileMatch,
  pairs: readonly Float64Array[],
): Cluster {
  const shift = Math.max(0, -offset);
  const columns = Math.max(a.profile.length / 4 + shift, b.profile.length / 4 + offset + shift);
  const profile = new Float64Array(columns * 4);
  a.profile.forEach((value, i) => {
    profile[i + shift * 4] += value;
  });
  (isReversed ? reverseProfile(b.profile) : b.profile).forEach((value, i) => {
    profile[i + (offset + shift) * 4] += value;
  });
  const rowsA = a.rows.map((row) => ({ ...row, offset: row.offset + shift }));
  const turned = isReversed ? turnRows(b.rows, b.profile.length / 4) : b.rows;
  const rowsB = turned.map((row) => ({ ...row, offset: row.offset + offset + shift }));
  const orders = [
    [rowsA, rowsB],
    [rowsA, rowsB.toReversed()],
    [rowsA.toReversed(), rowsB],
    [rowsA.toReversed(), rowsB.toReversed()],
  ];
  const touching = orders.map(([above, below]) => pairs[above.at(-1)!.kernel][below[0].kernel]);
  return { rows: orders[touching.indexOf(Math.max(...touching))].flat(), profile };
}

/** Rows of an alignment seen from the other strand. */
function turnRows(rows: readonly AlignedKernel[], columns: number): AlignedKernel[] {
  return rows.map((row) => ({
    ...row,
    offset: columns - row.offset - row.length,
    isReversed: !row.isReversed,
  }));
}

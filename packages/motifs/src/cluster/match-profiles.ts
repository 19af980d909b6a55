/** Length x 4 numbers, order A, C, G, T. */
export type Profile = Float64Array;

/** How two profiles fit best: the second one's first column stands at `offset` of the first. */
export interface ProfileMatch {
  readonly similarity: number;
  readonly offset: number;
  readonly isReversed: boolean;
}

/** Columns as (p - 1/4) x information, in bits against a uniform background. */
export function weightColumns(probabilities: ArrayLike<number>): Profile {
  const profile = new Float64Array(probabilities.length);
  for (let at = 0; at + 4 <= profile.length; at += 4) {
    let information = 2;
    for (let base = 0; base < 4; base++) {
      const p = probabilities[at + base];
      if (p > 0) information += p * Math.log2(p);
    }
    for (let base = 0; base < 4; base++) {
      profile[at + base] = (probabilities[at + base] - 0.25) * Math.max(0, information);
    }
  }
  return profile;
}

/** The best offset and orientation of two profiles, by correlation; unweighted ones fit anywhere with 0. */
export function matchProfiles(a: Profile, b: Profile): ProfileMatch {
  const norm = Math.sqrt(sumOfSquares(a) * sumOfSquares(b));
  let best: ProfileMatch = {
    similarity: norm > 0 ? Number.NEGATIVE_INFINITY : 0,
    offset: 0,
    isReversed: false,
  };
  if (!(norm > 0)) return best;
  for (const isReversed of [false, true]) {
    const other = isReversed ? reverseProfile(b) : b;
    for (let offset = 1 - b.length / 4; offset < a.length / 4; offset++) {
      const from = Math.max(0, offset * 4);
      const to = Math.min(a.length, offset * 4 + b.length);
      let sum = 0;
      for (let i = from; i < to; i++) sum += a[i] * other[i - offset * 4];
      // Rounding must not choose between placements that are equally good.
      if (sum / norm > best.similarity + 1e-12) best = { similarity: sum / norm, offset, isReversed };
    }
  }
  return best;
}

function sumOfSquares(values: Profile): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** A, C, G, T backwards is T, G, C, A: the other strand is the whole array backwards. */
export function reverseProfile(profile: Profile): Profile {
  return profile.toReversed();
}

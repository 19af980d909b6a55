import { BindscapeError } from "@bindscape/numerics";
import { type Background, checkBackground, type Motif, UNIFORM_BACKGROUND } from "./motif.js";

/** Whether a motif says how often each base was seen: by counts, or by probabilities and a number of sites. */
export function hasCounts(motif: Motif): boolean {
  return motif.counts !== undefined || motif.sites !== undefined;
}

/**
 * How often each base was seen, length x 4: the motif's own counts, else its probabilities times its number of sites, as the
 * MEME suite takes them.
 * @throws BindscapeError when it has neither
 */
export function requireCounts(motif: Motif, purpose: string): Float64Array {
  if (motif.counts !== undefined) return motif.counts;
  const { sites } = motif;
  if (sites === undefined) {
    throw new BindscapeError({
      source: `motif "${motif.id}"`,
      found: "probabilities without a number of sites",
      expected: `counts, for ${purpose}`,
      next: "Say how many sites the motifs were made from (--sites)",
    });
  }
  return motif.probabilities.map((probability) => probability * sites);
}

/** What {@link probabilitiesFromCounts} may be told. */
export interface PseudocountOptions {
  /** Added to each position's counts, divided among the bases as the background has them; 0 when left out. */
  readonly pseudocount?: number;
  /** A, C, G, T; a quarter each when left out. */
  readonly background?: Background;
}

/**
 * Probabilities from counts, length x 4: (count + pseudocount x background) / (sum of the position's counts +
 * pseudocount).
 * @throws BindscapeError for a position without counts where no pseudocount is given
 */
export function probabilitiesFromCounts(
  counts: ArrayLike<number>,
  options: PseudocountOptions = {},
): Float64Array {
  const { pseudocount = 0, background = UNIFORM_BACKGROUND } = options;
  checkBackground(background);
  if (!(pseudocount >= 0 && Number.isFinite(pseudocount))) {
    throw new BindscapeError({ source: "pseudocount", found: `${pseudocount}`, expected: "at least 0" });
  }
  if (counts.length % 4 !== 0) {
    throw new BindscapeError({
      source: "counts",
      found: `${counts.length} numbers`,
      expected: "rows of A, C, G, T",
    });
  }
  const probabilities = new Float64Array(counts.length);
  for (let at = 0; at < counts.length; at += 4) {
    const total = counts[at] + counts[at + 1] + counts[at + 2] + counts[at + 3] + pseudocount;
    if (!(total > 0 && Number.isFinite(total))) {
      throw new BindscapeError({
        source: "counts",
        found: `a sum of ${total} at position ${at / 4 + 1}`,
        expected: "a finite sum above 0, or a pseudocount",
      });
    }
    for (let base = 0; base < 4; base++)
      probabilities[at + base] = (counts[at + base] + pseudocount * background[base]) / total;
  }
  return probabilities;
}

/**
 * Probabilities from log-odds in bits, length x 4: background x 2^score, each position made to sum to 1. Undoes
 * {@link logOddsMatrix} with the same background, pseudocounts included.
 */
export function probabilitiesFromLogOdds(
  logOdds: ArrayLike<number>,
  background: Background = UNIFORM_BACKGROUND,
): Float64Array {
  checkBackground(background);
  return probabilitiesFromCounts(Float64Array.from(logOdds, (score, i) => background[i % 4] * 2 ** score));
}

/**
 * The motif with other probabilities: those of its counts with a pseudocount. The counts themselves stay as they are.
 * @throws BindscapeError when the motif has neither counts nor a number of sites
 */
export function withPseudocount(motif: Motif, options: PseudocountOptions): Motif {
  const counts = requireCounts(motif, "a pseudocount");
  return { ...motif, probabilities: probabilitiesFromCounts(counts, options) };
}

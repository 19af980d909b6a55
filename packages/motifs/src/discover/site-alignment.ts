import type { Random } from "@bindscape/numerics";
import { ColumnSignificance, logProductTail } from "./column-significance.js";
import type { SequenceSet } from "./sequence-set.js";

/** How sites are spread over sequences: one each, at most one each, or any number. */
export type SiteDistribution = "oops" | "zoops" | "anr";

/** Weight of the background in a column, in sites: MEME's -b for the Dirichlet prior. */
export const PRIOR_SITES = 0.01;

export interface EmOptions {
  readonly distribution: SiteDistribution;
  readonly minimumWidth: number;
  readonly maximumWidth: number;
  readonly bothStrands: boolean;
  /** A, C, G, T. */
  readonly background: Float64Array;
  readonly minimumSites: number;
  readonly maximumSites: number;
  readonly random: Random;
}

/** A site of a motif found by expectation maximisation. */
export interface EmSite {
  readonly sequence: number;
  /** Place in the sequence set. */
  readonly place: number;
  readonly isReverse: boolean;
  /** Posterior probability that a site is there. */
  readonly posterior: number;
}

export interface EmMotif {
  readonly width: number;
  /** width x 4, prior included. */
  readonly probabilities: Float64Array;
  readonly sites: readonly EmSite[];
  /** ln of the expected number of alignments as improbable among random sequences of the same size. */
  readonly logE: number;
  /** Sum of the columns' log-likelihood ratios, in nats. */
  readonly logLikelihoodRatio: number;
}

/** What the sites of a motif say when they are laid under one another. */
export class SiteAlignment {
  readonly #set: SequenceSet;
  readonly #options: EmOptions;
  readonly #columns: ColumnSignificance;

  constructor(set: SequenceSet, options: EmOptions) {
    this.#set = set;
    this.#options = options;
    this.#columns = new ColumnSignificance(options.background);
  }

  /** Of all contiguous parts of an alignment that are wide enough the one with the smallest E-value. */
  bestPart(sites: readonly EmSite[], width: number, narrowest: number, widest: number): EmMotif | null {
    const { ratios, logPs } = this.#columnsOf(sites, width);
    let best = { logE: Number.POSITIVE_INFINITY, from: 0, to: width };
    for (let from = 0; from + narrowest <= width; from++) {
      let product = 0;
      for (let to = from + 1; to <= width && to - from <= widest; to++) {
        product += logPs[to - 1];
        if (to - from < narrowest) continue;
        const logE = logProductTail(product, to - from) + this.#logAlignments(sites.length, to - from);
        if (logE < best.logE - 1e-9) best = { logE, from, to };
      }
    }
    if (!Number.isFinite(best.logE)) return null;
    const { from, to, logE } = best;
    const trimmed = sites.map((site) => ({
      ...site,
      place: site.place + (site.isReverse ? width - to : from),
    }));
    let ratio = 0;
    for (let column = from; column < to; column++) ratio += ratios[column];
    return {
      width: to - from,
      probabilities: this.frequencies(sites, width, from, to),
      sites: trimmed,
      logE,
      logLikelihoodRatio: ratio,
    };
  }

  /** ln of the E-value of a whole alignment. */
  logE(sites: readonly EmSite[], width: number): number {
    const { logPs } = this.#columnsOf(sites, width);
    const product = logPs.reduce((sum, value) => sum + value, 0);
    return logProductTail(product, width) + this.#logAlignments(sites.length, width);
  }

  #columnsOf(sites: readonly EmSite[], width: number): { ratios: Float64Array; logPs: Float64Array } {
    const counts = this.#countLetters(sites, width);
    const ratios = new Float64Array(width);
    const logPs = new Float64Array(width);
    for (let column = 0; column < width; column++) {
      ratios[column] = this.#columns.ratio(counts.subarray(column * 4, column * 4 + 4), sites.length);
      logPs[column] = this.#columns.logP(ratios[column], sites.length);
    }
    return { ratios, logPs };
  }

  #countLetters(sites: readonly EmSite[], width: number): Float64Array {
    const { codes } = this.#set;
    const counts = new Float64Array(width * 4);
    for (const { place, isReverse } of sites) {
      if (isReverse) for (let k = 0; k < width; k++) counts[(width - 1 - k) * 4 + 3 - codes[place + k]]++;
      else for (let k = 0; k < width; k++) counts[k * 4 + codes[place + k]]++;
    }
    return counts;
  }

  /** Letter probabilities of columns [from, to) of an alignment, prior included. */
  frequencies(sites: readonly EmSite[], width: number, from: number, to: number): Float64Array {
    const { background } = this.#options;
    return this.#countLetters(sites, width)
      .slice(from * 4, to * 4)
      .map((count, i) => (count + PRIOR_SITES * background[i & 3]) / (sites.length + PRIOR_SITES));
  }

  /** ln of the number of ways to place that many sites of that width. */
  #logAlignments(sites: number, width: number): number {
    const { distribution, bothStrands } = this.#options;
    const { starts, count } = this.#set;
    const strands = bothStrands ? 2 : 1;
    if (distribution === "anr") {
      let places = 0;
      for (let i = 0; i < count; i++) places += Math.max(0, this.#set.lengthOf(i) - width + 1);
      return logChoose(places, Math.min(sites, places)) + sites * Math.log(strands);
    }
    const mean = (starts[count] - count) / count;
    const places = Math.max(1, mean - width + 1) * strands;
    return (distribution === "oops" ? 0 : logChoose(count, sites)) + sites * Math.log(places);
  }
}

/** ln of n over k by Stirling's series where n is large: the numbers of places are. */
function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

function logGamma(x: number): number {
  // Shifted up until the series has converged.
  let shift = 0;
  let z = x;
  while (z < 10) shift += Math.log(z++);
  const inverse = 1 / z;
  return (
    (z - 0.5) * Math.log(z) -
    z +
    0.5 * Math.log(2 * Math.PI) +
    inverse / 12 -
    inverse ** 3 / 360 +
    inverse ** 5 / 1260 -
    shift
  );
}

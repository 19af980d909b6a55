import { choosePromisingPlaces } from "./promising-places.js";
import type { SequenceSet } from "./sequence-set.js";
import { type EmMotif, type EmOptions, type EmSite, PRIOR_SITES, SiteAlignment } from "./site-alignment.js";
import { SiteLikelihood } from "./site-likelihood.js";

const MOST_ITERATIONS = 50;
/** Largest distance between successive motifs that counts as none. */
const CONVERGED = 1e-5;
/** Probability of a word's own letter in the motif that it starts as. */
const START_PROBABILITY = 0.6;
/** Places scored while choosing starts, for each width; and fewest starts looked at. */
const START_BUDGET = 1.2e7;
const FEWEST_STARTS = 60;
/** Log-likelihood ratios below this leave nothing of a place's posterior. */
const NEGLIGIBLE = -30;

/**
 * Finds one motif in the manner of MEME (Bailey and Elkan 1994): a mixture of motif and background is fitted by
 * expectation maximisation from the most promising words of several widths; of the fitted motifs, and of their
 * parts that are wide enough, the one with the smallest E-value is taken.
 */
export class EmMotifSearch {
  readonly #set: SequenceSet;
  readonly #options: EmOptions;
  readonly #likelihood: SiteLikelihood;
  readonly #alignment: SiteAlignment;
  readonly #weightsForward: Float64Array;
  readonly #weightsReverse: Float64Array;

  constructor(set: SequenceSet, options: EmOptions) {
    this.#set = set;
    this.#options = options;
    this.#likelihood = new SiteLikelihood(set);
    this.#alignment = new SiteAlignment(set, options);
    this.#weightsForward = new Float64Array(set.codes.length);
    this.#weightsReverse = new Float64Array(set.codes.length);
  }

  /** The most significant motif of what is not erased; null where no sequence is long enough. */
  *findNext(): Generator<void, EmMotif | null> {
    let best: EmMotif | null = null;
    for (const width of this.#startWidths()) {
      for (const start of yield* this.#chooseStarts(width)) {
        const fitted = yield* this.#fit(start.probabilities, start.sites);
        const motif = this.#extract(fitted);
        if (motif !== null && (best === null || motif.logE < best.logE)) best = motif;
        yield;
      }
    }
    return best;
  }

  /** Makes the letters of a motif's sites unknown. */
  erase(motif: EmMotif): void {
    this.#set.erase(
      motif.sites.map(({ place }) => place),
      motif.width,
    );
  }

  /** From the shortest on by factors of the root of 2. */
  #startWidths(): number[] {
    const { minimumWidth, maximumWidth } = this.#options;
    const longest = this.#set.stretches.reduce(
      (most, end, i, all) => (i % 3 === 2 ? Math.max(most, end - all[i - 1]) : most),
      0,
    );
    const last = Math.min(maximumWidth, longest);
    const widths: number[] = [];
    for (
      let width = minimumWidth;
      width < last;
      width = Math.max(width + 1, Math.floor(width * Math.SQRT2))
    ) {
      widths.push(width);
    }
    if (last >= minimumWidth) widths.push(last);
    return widths;
  }

  /** Words whose best sites are least like chance, one for each of a few numbers of sites. */
  *#chooseStarts(width: number): Generator<void, { probabilities: Float64Array; sites: number }[]> {
    const { background, minimumSites, maximumSites, distribution } = this.#options;
    const places = this.#placesFor(width);
    if (places.length === 0) return [];
    const counts: number[] = [];
    if (distribution === "oops") counts.push(this.#set.count);
    else {
      for (
        let sites = Math.min(maximumSites, this.#set.count);
        sites >= minimumSites && counts.length < 3;
        sites = Math.floor(sites / 2)
      ) {
        counts.push(sites);
      }
    }
    const tops = counts.map(() => ({ logE: Number.POSITIVE_INFINITY, place: -1 }));
    const letters = this.#set.codes.length;
    const most = Math.max(FEWEST_STARTS, Math.floor(START_BUDGET / (letters * Math.ceil(width / 4))));
    let done = 0;
    for (const place of choosePromisingPlaces(this.#set, this.#options, places, width, most)) {
      const sites = this.#bestSites(this.#matrixOfWord(place, width), width);
      for (const [i, count] of counts.entries()) {
        if (sites.length < count) continue;
        const logE = this.#alignment.logE(sites.slice(0, count), width);
        if (logE < tops[i].logE) tops[i] = { logE, place };
      }
      if (++done % 32 === 0) yield;
    }
    const starts: { probabilities: Float64Array; sites: number }[] = [];
    for (const [i, { place }] of tops.entries()) {
      if (place < 0) continue;
      // Best sites of the word as the first motif: EM then starts nearer to its end.
      const sites = this.#bestSites(this.#matrixOfWord(place, width), width).slice(0, counts[i]);
      const probabilities = this.#alignment.frequencies(sites, width, 0, width);
      for (let at = 0; at < probabilities.length; at++) {
        probabilities[at] = 0.8 * probabilities[at] + 0.2 * background[at & 3];
      }
      starts.push({ probabilities, sites: counts[i] });
    }
    return starts;
  }

  /** All places where a site of this width fits. */
  #placesFor(width: number): number[] {
    const { stretches } = this.#set;
    const places: number[] = [];
    for (let at = 0; at < stretches.length; at += 3) {
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) places.push(i);
    }
    return places;
  }

  #matrixOfWord(place: number, width: number): Float64Array {
    const { codes } = this.#set;
    const probabilities = new Float64Array(width * 4).fill((1 - START_PROBABILITY) / 3);
    for (let i = 0; i < width; i++) probabilities[i * 4 + codes[place + i]] = START_PROBABILITY;
    return probabilities;
  }

  #logRatios(probabilities: Float64Array): Float64Array {
    const { background } = this.#options;
    return probabilities.map((p, i) => Math.log(p / background[i & 3]));
  }

  /** The best site of each sequence under a motif, best first. */
  #bestSites(probabilities: Float64Array, width: number): EmSite[] {
    const { bothStrands } = this.#options;
    this.#likelihood.score(this.#logRatios(probabilities), bothStrands);
    const { forward, reverse } = this.#likelihood;
    const { stretches, count } = this.#set;
    const best: (EmSite & { score: number })[] = new Array(count);
    for (let at = 0; at < stretches.length; at += 3) {
      const sequence = stretches[at];
      let score = best[sequence]?.score ?? Number.NEGATIVE_INFINITY;
      let place = -1;
      let isReverse = false;
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        if (forward[i] > score) {
          score = forward[i];
          place = i;
          isReverse = false;
        }
        if (bothStrands && reverse[i] > score) {
          score = reverse[i];
          place = i;
          isReverse = true;
        }
      }
      if (place >= 0) best[sequence] = { sequence, place, isReverse, posterior: 1, score };
    }
    return best.filter((site) => site !== undefined).sort((a, b) => b.score - a.score || a.place - b.place);
  }

  /** Expectation maximisation to convergence. */
  *#fit(start: Float64Array, sites: number): Generator<void, { probabilities: Float64Array; share: number }> {
    const { background, distribution } = this.#options;
    const width = start.length / 4;
    let probabilities = start;
    // The share of sequences with a site; of places with a site for any number of sites.
    let share =
      distribution === "anr" ? sites / Math.max(1, this.#countPlaces(width)) : sites / this.#set.count;
    share = Math.min(share, distribution === "oops" ? 1 : 0.9999);
    for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      const { counts, total } = this.#expect(probabilities, share);
      const next = counts.map(
        (value, i) => (value + PRIOR_SITES * background[i & 3]) / (total + PRIOR_SITES),
      );
      let squares = 0;
      for (let i = 0; i < next.length; i++) squares += (next[i] - probabilities[i]) ** 2;
      probabilities = next;
      if (distribution === "zoops") share = clampShare(total / this.#set.count);
      if (distribution === "anr") share = clampShare(total / this.#countPlaces(width));
      yield;
      if (squares < CONVERGED * CONVERGED) break;
    }
    return { probabilities, share };
  }

  #countPlaces(width: number): number {
    const { stretches } = this.#set;
    let places = 0;
    for (let at = 0; at < stretches.length; at += 3) {
      places += Math.max(0, stretches[at + 2] - stretches[at + 1] - width + 1);
    }
    return places;
  }

  /** Posterior probabilities of all places, into `#weights..`, and the letters counted with them. */
  #expect(probabilities: Float64Array, share: number): { counts: Float64Array; total: number } {
    const { bothStrands, distribution } = this.#options;
    const width = probabilities.length / 4;
    this.#likelihood.score(this.#logRatios(probabilities), bothStrands);
    const { stretches, codes } = this.#set;
    const weights = [this.#weightsForward, this.#weightsReverse];
    const strands = bothStrands ? 2 : 1;
    const counts = new Float64Array(width * 4);
    let total = 0;
    for (let first = 0; first < stretches.length; ) {
      let next = first;
      let places = 0;
      while (next < stretches.length && stretches[next] === stretches[first]) {
        places += Math.max(0, stretches[next + 2] - stretches[next + 1] - width + 1);
        next += 3;
      }
      if (places > 0) {
        if (distribution === "anr") this.#placeWise(first, next, width, share / strands, strands);
        else this.#sequenceWise(first, next, width, share, places * strands, strands);
      }
      for (let at = first; at < next && places > 0; at += 3) {
        for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
          const plus = weights[0][i];
          const minus = strands === 2 ? weights[1][i] : 0;
          if (plus > 1e-9) {
            total += plus;
            for (let k = 0; k < width; k++) counts[k * 4 + codes[i + k]] += plus;
          }
          if (minus > 1e-9) {
            total += minus;
            for (let k = 0; k < width; k++) counts[(width - 1 - k) * 4 + 3 - codes[i + k]] += minus;
          }
        }
      }
      first = next;
    }
    return { counts, total };
  }

  /** At most one site in a sequence: Bailey and Elkan 1995, eq. for ZOOPS; with a share of 1, OOPS. */
  #sequenceWise(
    first: number,
    next: number,
    width: number,
    share: number,
    places: number,
    strands: number,
  ): void {
    const { stretches } = this.#set;
    const { forward, reverse } = this.#likelihood;
    const scores = [forward, reverse];
    const weights = [this.#weightsForward, this.#weightsReverse];
    let highest = Number.NEGATIVE_INFINITY;
    for (let at = first; at < next; at += 3) {
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        for (let strand = 0; strand < strands; strand++) {
          if (scores[strand][i] > highest) highest = scores[strand][i];
        }
      }
    }
    const prior = share / places;
    let sum = share < 1 ? (1 - share) * Math.exp(-highest) : 0;
    for (let at = first; at < next; at += 3) {
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        for (let strand = 0; strand < strands; strand++) {
          const log = scores[strand][i] - highest;
          const weight = log > NEGLIGIBLE ? prior * Math.exp(log) : 0;
          weights[strand][i] = weight;
          sum += weight;
        }
      }
    }
    for (let at = first; at < next; at += 3) {
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        for (let strand = 0; strand < strands; strand++) weights[strand][i] /= sum;
      }
    }
  }

  /** Any number of sites: each place by itself, then scaled so that no letter is in more than one site. */
  #placeWise(first: number, next: number, width: number, share: number, strands: number): void {
    const { stretches } = this.#set;
    const { forward, reverse } = this.#likelihood;
    const scores = [forward, reverse];
    const weights = [this.#weightsForward, this.#weightsReverse];
    for (let at = first; at < next; at += 3) {
      const from = stretches[at + 1];
      const last = stretches[at + 2] - width;
      for (let i = from; i <= last; i++) {
        let odds = 0;
        for (let strand = 0; strand < strands; strand++) {
          weights[strand][i] = share * Math.exp(Math.min(600, scores[strand][i]));
          odds += weights[strand][i];
        }
        const scale = 1 / (odds + 1 - share * strands);
        for (let strand = 0; strand < strands; strand++) weights[strand][i] *= scale;
      }
      for (let start = from; start <= last; start += width) {
        // Twice, from offsets half a site apart, so that pairs across a border are seen too.
        for (const shifted of [start, start + (width >> 1)]) {
          let sum = 0;
          const end = Math.min(last + 1, shifted + width);
          for (let i = shifted; i < end; i++) {
            for (let strand = 0; strand < strands; strand++) sum += weights[strand][i];
          }
          if (sum <= 1) continue;
          for (let i = shifted; i < end; i++) {
            for (let strand = 0; strand < strands; strand++) weights[strand][i] /= sum;
          }
        }
      }
    }
  }

  /** The sites of a fitted mixture and the most significant part of their alignment. */
  #extract({ probabilities, share }: { probabilities: Float64Array; share: number }): EmMotif | null {
    const { minimumSites, maximumSites, minimumWidth, maximumWidth, distribution } = this.#options;
    const width = probabilities.length / 4;
    this.#expect(probabilities, share);
    const sites = distribution === "anr" ? this.#likelyPlaces(width) : this.#likelySites(width);
    let best: EmMotif | null = null;
    const likely = sites.filter(({ posterior }) => posterior > 0.5).length;
    const most = Math.min(maximumSites, sites.length);
    const counts = new Set<number>();
    if (distribution === "oops") counts.add(sites.length);
    else {
      for (const factor of [0.7, 0.85, 1, 1.15, 1.3]) {
        counts.add(Math.max(minimumSites, Math.min(most, Math.round(likely * factor))));
      }
    }
    for (const count of counts) {
      if (count > sites.length || count < 1) continue;
      const chosen = sites.slice(0, count);
      const found = this.#alignment.bestPart(
        chosen,
        width,
        Math.min(minimumWidth, width),
        Math.min(maximumWidth, width),
      );
      if (found !== null && (best === null || found.logE < best.logE)) best = found;
    }
    return best;
  }

  /** The most likely site of each sequence, likeliest first. */
  #likelySites(width: number): EmSite[] {
    const { stretches, count } = this.#set;
    const { bothStrands } = this.#options;
    const best: EmSite[] = new Array(count);
    for (let at = 0; at < stretches.length; at += 3) {
      const sequence = stretches[at];
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        const plus = this.#weightsForward[i];
        const minus = bothStrands ? this.#weightsReverse[i] : 0;
        const posterior = Math.max(plus, minus);
        if (posterior > (best[sequence]?.posterior ?? 0)) {
          best[sequence] = { sequence, place: i, isReverse: minus > plus, posterior };
        }
      }
    }
    return best
      .filter((site) => site !== undefined)
      .sort((a, b) => b.posterior - a.posterior || a.place - b.place);
  }

  /** Places with a posterior of at least a tenth, likeliest first, none overlapping a likelier one. */
  #likelyPlaces(width: number): EmSite[] {
    const { stretches } = this.#set;
    const { bothStrands } = this.#options;
    const places: EmSite[] = [];
    for (let at = 0; at < stretches.length; at += 3) {
      for (let i = stretches[at + 1]; i + width <= stretches[at + 2]; i++) {
        const plus = this.#weightsForward[i];
        const minus = bothStrands ? this.#weightsReverse[i] : 0;
        const posterior = Math.max(plus, minus);
        if (posterior >= 0.1) {
          places.push({ sequence: stretches[at], place: i, isReverse: minus > plus, posterior });
        }
      }
    }
    places.sort((a, b) => b.posterior - a.posterior || a.place - b.place);
    const taken = new Uint8Array(this.#set.codes.length);
    return places.filter(({ place }) => {
      if (taken[place] === 1 || taken[place + width - 1] === 1) return false;
      taken.fill(1, place, place + width);
      return true;
    });
  }
}

function clampShare(share: number): number {
  return Math.min(0.9999, Math.max(1e-9, share));
}

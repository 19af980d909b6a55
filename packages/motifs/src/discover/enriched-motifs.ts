import type { Random } from "@bindscape/numerics";
import type { Alphabet } from "../alphabet.js";
import type { MarkovBackground } from "../background.js";
import { type EnrichmentTest, findBestThreshold, makeEnrichmentTest } from "./enrichment.js";
import type { SequenceSet } from "./sequence-set.js";
import { type BestSites, makeBestSites, type ScoreMatrix, SiteScorer, scoreMatrix } from "./site-scorer.js";
import { WordIndex } from "./word-index.js";

/** Words of each width that are scored as motifs, as STREME's --neval. */
const WORDS_PER_WIDTH = 25;
/** Words that are refined to motifs: about as many as widths times STREME's --nref after those alike are left out. */
const REFINED_WORDS = 14;
/** Primary sequences that words are scored in; of more sequences, every second, third .. is looked at. */
const SCREENED_SEQUENCES = 4000;
/** Refined motifs whose width is tried shorter and longer. */
const RESIZED_MOTIFS = 2;
const MOST_REFINEMENTS = 20;
/**
 * Share of the background mixed into the motifs of the first refinements: a motif of few sites that are all the same
 * word would otherwise never find those that differ.
 */
const SOFTNESS: readonly number[] = [0.2, 0.15, 0.1, 0.05, 0.02];
/** Weight of the background in a motif's columns, in sites. */
const PRIOR_SITES = 0.15;
/** Probability of a word's own letter in the motif it starts as. */
const WORD_PROBABILITY = 0.76;
/** Least information of a motif's columns, on average, in bits against the background. */
const LEAST_BITS_PER_COLUMN = 0.75;
/** Fewest primary sequences that a word must occur in. */
const FEWEST_HITS = 3;
/** Sites score above 0: more like the motif than like the background. */
const LOWEST_SCORE = 1;

/** A motif by its training data. */
export interface EnrichedMotif {
  /** width x letters. */
  readonly probabilities: Float64Array;
  readonly matrix: ScoreMatrix;
  readonly width: number;
  /** Least score of a site, in hundredths of a bit. */
  readonly threshold: number;
  /** ln p of enrichment in the training sequences, minimised over motifs and thresholds. */
  readonly logP: number;
  readonly primaryHits: number;
  readonly controlHits: number;
  /** The word the search began with. */
  readonly seed: Uint8Array;
}

export interface EnrichedSearchOptions {
  readonly minimumWidth: number;
  readonly maximumWidth: number;
  readonly bothStrands: boolean;
  readonly background: MarkovBackground;
}

/**
 * Finds motifs enriched in primary over control sequences one after another, in the manner of STREME (Bailey 2021):
 * words of all widths by their enrichment, the best of them scored as motifs that allow mismatches, then refined by
 * making a motif of the best sites at the threshold of the smallest p-value until it gains nothing. Each motif's
 * sites are to be erased with {@link erase} before the next.
 */
export class EnrichedMotifSearch {
  readonly #set: SequenceSet;
  readonly #options: EnrichedSearchOptions;
  readonly #alphabet: Alphabet;
  readonly #all: { readonly step: number; readonly test: EnrichmentTest };
  readonly #screen: { readonly step: number; readonly test: EnrichmentTest };
  readonly #index: WordIndex;
  readonly #scorer: SiteScorer;
  #best: BestSites;
  #spare: BestSites;

  constructor(set: SequenceSet, options: EnrichedSearchOptions) {
    this.#set = set;
    this.#options = options;
    this.#alphabet = set.alphabet;
    this.#all = { step: 1, test: makeEnrichmentTest(set) };
    const step = Math.max(1, Math.floor(set.primaries / SCREENED_SEQUENCES));
    this.#screen = { step, test: makeEnrichmentTest(set, step) };
    this.#index = new WordIndex(set, options.minimumWidth, options.maximumWidth, options.bothStrands);
    this.#scorer = new SiteScorer(set, options.bothStrands, options.background);
    this.#best = makeBestSites(set.count);
    this.#spare = makeBestSites(set.count);
  }

  /** The most enriched motif of what is not erased; null where no word is enriched. */
  *findNext(): Generator<void, EnrichedMotif | null> {
    const seeds = yield* this.#chooseSeeds();
    const started: EnrichedMotif[] = [];
    for (const seed of seeds) {
      const motif = this.#evaluate(this.#matrixOfWord(seed), seed, this.#screen);
      if (motif !== null) started.push(motif);
      yield;
    }
    started.sort(byLogP);
    const refined: EnrichedMotif[] = [];
    for (const motif of this.#dropAlike(started).slice(0, REFINED_WORDS)) {
      refined.push(yield* this.#refine(motif));
    }
    // A vague motif only where there is no other.
    refined.sort((a, b) => Number(this.#isVague(a)) - Number(this.#isVague(b)) || byLogP(a, b));
    const resized: EnrichedMotif[] = [];
    for (const motif of refined.slice(0, RESIZED_MOTIFS)) resized.push(yield* this.#resize(motif));
    resized.sort(byLogP);
    return resized[0] ?? null;
  }

  /** Makes the letters of all sites at or above the threshold unknown. */
  erase({ matrix, threshold, width }: EnrichedMotif): void {
    const places: number[] = [];
    this.#scorer.visitSites(matrix, threshold, (_, place) => places.push(place));
    this.#set.erase(places, width);
    this.#index.update();
  }

  /** The most enriched words of each width, without reverse complements and words inside better ones. */
  *#chooseSeeds(): Generator<void, Uint8Array[]> {
    const { minimumWidth, maximumWidth } = this.#options;
    const seeds: { codes: Uint8Array; logP: number }[] = [];
    for (let width = minimumWidth; width <= maximumWidth; width++) {
      // Twice as many, since both strands' words are counted.
      const most = WORDS_PER_WIDTH * (this.#options.bothStrands ? 2 : 1);
      const top: { place: number; logP: number }[] = [];
      let beat = 0;
      const { primaries, count } = this.#set;
      const share = primaries / (count - primaries);
      this.#index.countWords(width, FEWEST_HITS, (place, hits, controlHits) => {
        if (hits <= controlHits * share || this.#all.test.lowerBound(hits, controlHits) >= beat) return;
        const logP = this.#all.test.logP(hits, controlHits);
        if (logP >= beat) return;
        top.push({ place, logP });
        if (top.length >= 2 * most) {
          top.sort((a, b) => a.logP - b.logP || a.place - b.place);
          top.length = most;
          beat = top[most - 1].logP;
        }
      });
      top.sort((a, b) => a.logP - b.logP || a.place - b.place);
      const words = new Set<string>();
      for (const { place, logP } of top) {
        if (words.size >= WORDS_PER_WIDTH) break;
        const codes = this.#canonical(this.#index.wordAt(place, width));
        const key = codes.join();
        if (words.has(key)) continue;
        words.add(key);
        seeds.push({ codes, logP });
      }
      yield;
    }
    return seeds.map(({ codes }) => codes);
  }

  /** The lesser of a word and its reverse complement. */
  #canonical(codes: Uint8Array): Uint8Array {
    if (!this.#options.bothStrands) return codes;
    const { complement } = this.#alphabet;
    const other = codes.map((_, i) => complement[codes[codes.length - 1 - i]]);
    for (let i = 0; i < codes.length; i++) {
      if (codes[i] !== other[i]) return codes[i] < other[i] ? codes : other;
    }
    return codes;
  }

  #matrixOfWord(word: Uint8Array): Float64Array {
    const size = this.#alphabet.letters.length;
    const probabilities = new Float64Array(word.length * size).fill((1 - WORD_PROBABILITY) / (size - 1));
    for (const [i, code] of word.entries()) probabilities[i * size + code] = WORD_PROBABILITY;
    return probabilities;
  }

  /** Scores a motif on the training sequences; its sites are then in `#best`. */
  #evaluate(probabilities: Float64Array, seed: Uint8Array, { step, test } = this.#all): EnrichedMotif | null {
    const [background] = this.#options.background.words;
    const matrix = scoreMatrix(probabilities, background);
    this.#scorer.findBest(matrix, this.#best, LOWEST_SCORE, step);
    const found = findBestThreshold(this.#best, this.#set.primaries, LOWEST_SCORE, test);
    if (found === null) return null;
    return { probabilities, matrix, width: matrix.length / background.length, seed, ...found };
  }

  /** Motif of the best sites, again and again, while the p-value falls. */
  *#refine(start: EnrichedMotif): Generator<void, EnrichedMotif> {
    let motif = this.#evaluate(start.probabilities, start.seed) ?? start;
    let best = motif;
    for (let round = 0; round < MOST_REFINEMENTS; round++) {
      const softness = SOFTNESS[round] ?? 0;
      const next = this.#evaluate(this.#soften(this.#matrixOfSites(motif, 0, 0), softness), motif.seed);
      yield;
      if (next === null || (softness === 0 && !(next.logP < motif.logP - 1e-9))) break;
      motif = next;
      if (motif.logP < best.logP) best = motif;
    }
    return best;
  }

  /** Mixes a share of the background into a motif, so that its sites may differ more. */
  #soften(probabilities: Float64Array, share: number): Float64Array {
    const [background] = this.#options.background.words;
    return share === 0
      ? probabilities
      : probabilities.map((p, i) => (1 - share) * p + share * background[i % background.length]);
  }

  /** Shorter, longer and shifted by the columns next to the sites, while the p-value falls. */
  *#resize(start: EnrichedMotif): Generator<void, EnrichedMotif> {
    const { minimumWidth, maximumWidth } = this.#options;
    let motif = start;
    for (let round = 0; round < 2 * MOST_REFINEMENTS; round++) {
      // The sites of the motif, which stay while its neighbours are tried.
      this.#evaluate(motif.probabilities, motif.seed);
      [this.#best, this.#spare] = [this.#spare, this.#best];
      const sites = this.#spare;
      let better: EnrichedMotif | null = null;
      for (const [left, right] of RESIZINGS) {
        const width = motif.width + left + right;
        if (width < minimumWidth || width > maximumWidth) continue;
        const next = this.#evaluate(this.#matrixOfSites(motif, left, right, sites), motif.seed);
        yield;
        if (next === null || this.#isVague(next)) continue;
        if (next.logP < (better ?? motif).logP - 1e-9) better = next;
      }
      if (better === null) return motif;
      motif = better;
    }
    return motif;
  }

  /** Frequencies at the best sites of the primary sequences, with columns added or taken away at either end. */
  #matrixOfSites(motif: EnrichedMotif, left: number, right: number, sites = this.#best): Float64Array {
    const { codes, primaries, starts } = this.#set;
    const [background] = this.#options.background.words;
    const { complement } = this.#alphabet;
    const size = background.length;
    const width = motif.width + left + right;
    const counts = new Float64Array(width * size);
    for (let sequence = 0; sequence < primaries; sequence++) {
      if (sites.scores[sequence] < motif.threshold) continue;
      const isReverse = sites.isReverse[sequence] === 1;
      const from = sites.places[sequence] - (isReverse ? right : left);
      const low = starts[sequence];
      const high = starts[sequence + 1];
      for (let i = 0; i < width; i++) {
        const at = from + i;
        if (at < low || at >= high) continue;
        const code = codes[at];
        if (code >= size) continue;
        counts[isReverse ? (width - 1 - i) * size + complement[code] : i * size + code]++;
      }
    }
    for (let at = 0; at < counts.length; at += size) {
      let sum = PRIOR_SITES;
      for (let letter = 0; letter < size; letter++) sum += counts[at + letter];
      for (let letter = 0; letter < size; letter++) {
        counts[at + letter] = (counts[at + letter] + PRIOR_SITES * background[letter]) / sum;
      }
    }
    return counts;
  }

  /** Whether a motif's columns tell too little on average: such motifs measure composition. */
  #isVague({ probabilities, width }: EnrichedMotif): boolean {
    const [background] = this.#options.background.words;
    let bits = 0;
    for (const [i, p] of probabilities.entries()) {
      if (p > 0) bits += p * Math.log2(p / background[i % background.length]);
    }
    return bits < LEAST_BITS_PER_COLUMN * width;
  }

  /** Leaves out motifs that are nearly a better one: their words share all but two letters in some alignment. */
  #dropAlike(motifs: readonly EnrichedMotif[]): EnrichedMotif[] {
    const kept: EnrichedMotif[] = [];
    const { complement } = this.#alphabet;
    for (const motif of motifs) {
      const other = motif.seed.map((_, i) => complement[motif.seed[motif.seed.length - 1 - i]]);
      const isAlike = kept.some(
        ({ seed }) => areAlike(seed, motif.seed) || (this.#options.bothStrands && areAlike(seed, other)),
      );
      if (!isAlike) kept.push(motif);
    }
    return kept;
  }
}

/** Columns added at the left and the right; below 0 taken away. */
const RESIZINGS: readonly (readonly [number, number])[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
  [1, -1],
  [-1, 1],
  [2, 0],
  [0, 2],
];

function byLogP(a: EnrichedMotif, b: EnrichedMotif): number {
  return a.logP - b.logP || a.width - b.width;
}

/** Whether two words, shifted by at most 2, agree in all but one of the letters they share. */
function areAlike(a: Uint8Array, b: Uint8Array): boolean {
  for (let shift = -2; shift <= 2; shift++) {
    let same = 0;
    let shared = 0;
    for (let i = Math.max(0, shift); i < Math.min(a.length, b.length + shift); i++) {
      shared++;
      if (a[i] === b[i - shift]) same++;
    }
    if (shared >= 6 && same >= shared - 1) return true;
  }
  return false;
}

/** Splits indices at random into training and hold-out: `share` of them, rounded down, are held out. */
export function drawHoldOut(count: number, share: number, random: Random): Uint8Array {
  const isHeldOut = new Uint8Array(count);
  isHeldOut.fill(1, 0, Math.floor(count * share));
  return random.shuffle(isHeldOut);
}

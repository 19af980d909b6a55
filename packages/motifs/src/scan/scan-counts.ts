import { NULL_SHARE_LAMBDAS, nullShareOfCounts } from "@bindscape/numerics";
import { nullShareClasses, type ScanPlan } from "./scan-plan.js";
import { lowestScoreAt } from "./score-distribution.js";
import { reverseScoreMatrix, type ScoreMatrix } from "./score-matrix.js";

const CLASSES = NULL_SHARE_LAMBDAS.length + 1;
/** Positions at which p-values are taken for the share of true nulls, whose standard error is then 0.003 at most. */
export const SAMPLED_POSITIONS = 1 << 17;
/** Letters of sampled sequence that are looked up together. */
const WORD_LETTERS = 4;
const WORDS = 4 ** WORD_LETTERS;

/** Counts of one motif over a scan; counts of parts of a scan add up. */
export interface MotifCounts {
  /** Places a site could be, on the strands scanned. */
  tested: number;
  /** Of sampled places, how many have a p-value in each class of {@link nullShareClasses}. */
  readonly sampled: Float64Array;
  /** Sites by score, from the lowest of interest on. */
  readonly sites: Float64Array;
}

export function makeCounts({ motifs }: ScanPlan): MotifCounts[] {
  return motifs.map(({ tail, lowest }) => ({
    tested: 0,
    sampled: new Float64Array(CLASSES),
    sites: new Float64Array(Math.max(0, tail.length - lowest)),
  }));
}

export function addCounts(sum: readonly MotifCounts[], part: readonly MotifCounts[]): void {
  for (const [motif, counts] of part.entries()) {
    sum[motif].tested += counts.tested;
    for (const [i, count] of counts.sampled.entries()) sum[motif].sampled[i] += count;
    for (const [i, count] of counts.sites.entries()) sum[motif].sites[i] += count;
  }
}

/** Every so many-th position is sampled: an odd number, so that no short period of sequence falls in step with it. */
export function samplingStep(bases: number): number {
  return bases <= SAMPLED_POSITIONS ? 1 : Math.floor(bases / SAMPLED_POSITIONS / 2) * 2 + 1;
}

/** Counts the places of a scan, and takes a sample of their p-values. */
export class PlaceCounter {
  readonly #plan: ScanPlan;
  readonly #classes: readonly Uint8Array[];
  /** By motif: scores of all words of four letters, forward and then reverse, at columns 0, 4, 8 .. */
  readonly #tables: readonly Int32Array[];
  readonly #widths: Map<number, number[]>;
  /** Words of a sampled place: those of the longest motif. */
  readonly #words: number;

  constructor(plan: ScanPlan) {
    this.#plan = plan;
    this.#classes = plan.computeQValues ? plan.motifs.map(({ tail }) => nullShareClasses(tail)) : [];
    this.#tables = plan.computeQValues ? plan.motifs.map(({ matrix }) => wordScores(matrix)) : [];
    this.#words = Math.ceil(Math.max(0, ...plan.motifs.map(({ matrix }) => matrix.length)) / WORD_LETTERS);
    this.#widths = new Map();
    for (const [motif, { matrix }] of plan.motifs.entries()) {
      this.#widths.set(matrix.length, [...(this.#widths.get(matrix.length) ?? []), motif]);
    }
  }

  /**
   * Counts the places where sites start in [start, end) of codes.
   * @param offset where `start` stands among all positions of the scan, which decides what is sampled
   */
  count(
    codes: Uint8Array,
    start: number,
    end: number,
    offset: number,
    step: number,
    counts: MotifCounts[],
  ): void {
    const strands = this.#plan.bothStrands ? 2 : 1;
    for (let at = start; at < end; at++) {
      if (codes[at] > 3) continue;
      const stop = findUnknown(codes, at + 1);
      for (const [width, motifs] of this.#widths) {
        const places = Math.min(stop - width + 1, end) - at;
        if (places > 0) for (const motif of motifs) counts[motif].tested += places * strands;
      }
      at = stop;
    }
    if (!this.#plan.computeQValues) return;
    this.#sample(codes, start + ((step - (offset % step)) % step), end, step, counts);
  }

  #sample(codes: Uint8Array, first: number, end: number, step: number, counts: MotifCounts[]): void {
    const places = Math.max(0, Math.ceil((end - first) / step));
    const words = this.#words;
    const letters = words * WORD_LETTERS;
    const sampled = new Uint8Array(places * words);
    // Known letters from each place on, as many as any motif has.
    const known = new Uint16Array(places);
    for (let place = 0, at = first; place < places; place++, at += step) {
      const most = Math.min(letters, codes.length - at);
      let k = 0;
      for (; k < most && codes[at + k] <= 3; k++) {
        sampled[place * words + (k >> 2)] |= codes[at + k] << (2 * (WORD_LETTERS - 1 - (k & 3)));
      }
      known[place] = k;
    }
    for (const [motif, { matrix }] of this.#plan.motifs.entries()) {
      const { length } = matrix;
      const tables = this.#tables[motif];
      const half = tables.length / 2;
      const classes = this.#classes[motif];
      const sums = counts[motif].sampled;
      for (let place = 0; place < places; place++) {
        if (known[place] < length) continue;
        let forward = 0;
        let reverse = 0;
        for (let table = 0, word = place * words; table < half; table += WORDS, word++) {
          forward += tables[table + sampled[word]];
          reverse += tables[half + table + sampled[word]];
        }
        sums[classes[forward]]++;
        if (this.#plan.bothStrands) sums[classes[reverse]]++;
      }
    }
  }
}

/** Where the next unknown letter is, or the end. */
function findUnknown(codes: Uint8Array, from: number): number {
  let at = from;
  while (at < codes.length && ((codes.byteOffset + at) & 3) !== 0) {
    if (codes[at] > 3) return at;
    at++;
  }
  if (codes.length - at < 4) {
    while (at < codes.length && codes[at] <= 3) at++;
    return at;
  }
  // Four letters at a time: known ones have no bit above the lowest two.
  const words = new Uint32Array(codes.buffer, codes.byteOffset + at, (codes.length - at) >> 2);
  let word = 0;
  while (word < words.length && (words[word] & 0xfcfcfcfc) === 0) word++;
  at += 4 * word;
  while (at < codes.length && codes[at] <= 3) at++;
  return at;
}

function wordScores(matrix: ScoreMatrix): Int32Array {
  const words = Math.ceil(matrix.length / WORD_LETTERS);
  const scores = new Int32Array(2 * words * WORDS);
  for (const [strand, { values }] of [matrix, reverseScoreMatrix(matrix)].entries()) {
    for (let i = 0; i < words * WORDS; i++) {
      const first = Math.floor(i / WORDS) * WORD_LETTERS;
      let sum = 0;
      for (let k = 0; k < WORD_LETTERS && first + k < matrix.length; k++) {
        sum += values[4 * (first + k) + ((i >> (2 * (WORD_LETTERS - 1 - k))) & 3)];
      }
      scores[strand * words * WORDS + i] = sum;
    }
  }
  return scores;
}

/** What a scan learned of a motif, beside its sites. */
export interface MotifStatistics {
  /** Places a site could be, on the strands scanned, whose p-values the q-values correct for. */
  readonly tested: number;
  /** Sites up to the p-value threshold. */
  readonly sites: number;
  /** Sites that random sequence of the background would have. */
  readonly expected: number;
  /** Share of true nulls (Storey), which q-values are multiplied by. */
  readonly nullShare: number;
  /** The q-value of each score from the motif's lowest on. */
  readonly qValues: Float64Array;
}

/**
 * q-values by score: the least of nullShare x tested x p / rank over this score and all lower ones of interest
 * (Benjamini and Hochberg 1995; Storey 2002). Ranks count sites, so what falls below the p-value threshold has none.
 */
export function summariseCounts({ motifs }: ScanPlan, counts: readonly MotifCounts[]): MotifStatistics[] {
  return motifs.map(({ tail, lowest }, motif) => {
    const { tested, sampled, sites } = counts[motif];
    const atMost = new Float64Array(CLASSES - 1);
    let total = 0;
    for (const [i, count] of sampled.entries()) {
      total += count;
      if (i < atMost.length) atMost[i] = total;
    }
    const nullShare = nullShareOfCounts(atMost, total);
    const qValues = new Float64Array(sites.length);
    let rank = sites.reduce((sum, count) => sum + count, 0);
    const all = rank;
    let least = 1;
    for (let i = 0; i < sites.length; i++) {
      if (rank > 0) least = Math.min(least, (nullShare * tested * tail[lowest + i]) / rank);
      qValues[i] = least;
      rank -= sites[i];
    }
    const expected = lowest < tail.length ? tested * tail[lowest] : 0;
    return { tested, sites: all, expected, nullShare, qValues };
  });
}

/** Sites of all motifs together with p-values up to each of some, beside those that random sequence would have. */
export interface SitesByPValue {
  readonly log10P: readonly number[];
  readonly found: readonly number[];
  readonly expected: readonly number[];
}

const LOG10_P_STEP = 0.25;

/** From the threshold on down to the smallest p-value of a site. */
export function countByPValue(
  { motifs }: ScanPlan,
  counts: readonly MotifCounts[],
  threshold: number,
): SitesByPValue {
  const log10P: number[] = [];
  const found: number[] = [];
  const expected: number[] = [];
  // No double is smaller.
  for (let logarithm = Math.log10(threshold); logarithm > -324; logarithm -= LOG10_P_STEP) {
    let sites = 0;
    let chance = 0;
    for (const [motif, { tail, lowest }] of motifs.entries()) {
      const from = Math.max(lowest, lowestScoreAt(tail, 10 ** logarithm * (1 + 1e-12)));
      if (from >= tail.length) continue;
      chance += counts[motif].tested * tail[from];
      for (let i = from - lowest; i < counts[motif].sites.length; i++) sites += counts[motif].sites[i];
    }
    if (sites === 0) break;
    log10P.push(logarithm);
    found.push(sites);
    expected.push(chance);
  }
  return { log10P, found, expected };
}

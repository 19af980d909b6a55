import { IntervalIndex } from "@bindscape/genome";
import { BindscapeError, type Random } from "@bindscape/numerics";

/** Candidates drawn for each region still wanted, in each round. */
const CANDIDATES_PER_REGION = 4;
const FEWEST_CANDIDATES = 256;
const MOST_CANDIDATES = 200_000;
/** Candidates looked at for one region in one round. */
const LONGEST_SEARCH = 64;
/** Rounds without a single new region before the rest counts as not to be had. */
const FRUITLESS_ROUNDS = 5;

/** A genome any stretch of which can be read. */
export interface ReadableGenome {
  readonly chromosomes: readonly { readonly name: string; readonly size: number }[];
  /** Codes (0..4) of the bases [start, end). */
  readCodes(name: string, start: number, end: number): Promise<Uint8Array> | Uint8Array;
}

/** What random regions are to match. */
export interface MatchedRegionsOptions {
  /** Sequences to match, as codes: a region has the length of one and about its share of G and C. */
  readonly sequences: readonly Uint8Array[];
  /** Regions for each sequence; 1 when left out, 100 in Factorbook's pipeline. */
  readonly perSequence?: number;
  /** Largest difference of the GC shares; 0.1 when left out. */
  readonly tolerance?: number;
  /** Regions that may not be touched, 0-based and half-open. */
  readonly avoid?: readonly { readonly chromosome: string; readonly start: number; readonly end: number }[];
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** A random region beside what it was drawn for. */
export interface MatchedRegion {
  readonly chromosome: string;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
  readonly codes: Uint8Array;
  /** Index of the sequence it matches. */
  readonly sequence: number;
}

/** The share of G and C among known bases; NaN where none is known. */
export function gcShare(codes: ArrayLike<number>): number {
  let known = 0;
  let strong = 0;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] > 3) continue;
    known++;
    if (codes[i] === 1 || codes[i] === 2) strong++;
  }
  return strong / known;
}

/**
 * Random regions of a genome, each as long as one of the sequences and alike in its share of G and C: every place
 * of the genome that fits is equally likely. Regions hold no unknown base, keep off `avoid`, and may overlap
 * one another.
 *
 * @returns by sequence; fewer than asked for where the genome has no place left that fits
 * @throws BindscapeError when nothing fits at all
 */
export async function sampleMatchedRegions(
  genome: ReadableGenome,
  options: MatchedRegionsOptions,
): Promise<MatchedRegion[]> {
  const { sequences, perSequence = 1, tolerance = 0.1, random, signal } = options;
  if (!(tolerance >= 0) || !(Number.isInteger(perSequence) && perSequence > 0)) {
    throw new BindscapeError({
      source: "matched regions",
      found: `${perSequence} for each sequence, GC share within ${tolerance}`,
      expected: "a whole number above 0 and a tolerance of at least 0",
    });
  }
  const isForbidden = makeAvoider(options.avoid ?? []);
  const byLength = new Map<number, number[]>();
  for (const [index, codes] of sequences.entries()) {
    if (Number.isNaN(gcShare(codes))) continue;
    byLength.set(codes.length, [...(byLength.get(codes.length) ?? []), index]);
  }
  const regions: MatchedRegion[] = [];
  for (const [length, indices] of byLength) {
    const wanted = indices.flatMap((index) => {
      const gc = gcShare(sequences[index]);
      return Array.from({ length: perSequence }, () => ({ index, gc }));
    });
    regions.push(...(await fill(genome, length, wanted, { tolerance, random, isForbidden, signal })));
  }
  if (regions.length === 0 && sequences.length > 0) {
    throw new BindscapeError({
      source: "matched regions",
      found: `no place in the genome for any of ${sequences.length} sequences`,
      expected: `places as long with a GC share within ${tolerance}, off the regions to avoid`,
    });
  }
  return regions.sort((a, b) => a.sequence - b.sequence);
}

interface Fill {
  readonly tolerance: number;
  readonly random: Random;
  readonly isForbidden: (chromosome: string, start: number, end: number) => boolean;
  readonly signal?: AbortSignal;
}

async function fill(
  genome: ReadableGenome,
  length: number,
  wanted: { index: number; gc: number }[],
  options: Fill,
): Promise<MatchedRegion[]> {
  const { random, isForbidden, signal } = options;
  const chromosomes = genome.chromosomes.filter(({ size }) => size >= length);
  const places = chromosomes.reduce((sum, { size }) => sum + size - length + 1, 0);
  const regions: MatchedRegion[] = [];
  let open = wanted;
  for (let fruitless = 0; places > 0 && open.length > 0 && fruitless < FRUITLESS_ROUNDS; ) {
    signal?.throwIfAborted();
    const count = Math.min(MOST_CANDIDATES, Math.max(FEWEST_CANDIDATES, open.length * CANDIDATES_PER_REGION));
    const drawn = Array.from({ length: count }, () => {
      let place = Math.floor(random.uniform() * places);
      let chromosome = 0;
      while (place > chromosomes[chromosome].size - length) {
        place -= chromosomes[chromosome].size - length + 1;
        chromosome++;
      }
      return { chromosome, start: place };
    });
    // Read in genome order.
    const gc = new Float64Array(count).fill(Number.NaN);
    const codes: Uint8Array[] = new Array(count);
    const order = drawn.map((_, i) => i);
    order.sort((i, j) => drawn[i].chromosome - drawn[j].chromosome || drawn[i].start - drawn[j].start);
    for (const i of order) {
      const { name } = chromosomes[drawn[i].chromosome];
      if (isForbidden(name, drawn[i].start, drawn[i].start + length)) continue;
      const read = await genome.readCodes(name, drawn[i].start, drawn[i].start + length);
      if (read.some((code) => code > 3)) continue;
      codes[i] = read.slice();
      gc[i] = gcShare(read);
    }
    const before = regions.length;
    open = matchRound(open, gc, options, (sequence, i) => {
      const { name } = chromosomes[drawn[i].chromosome];
      const { start } = drawn[i];
      regions.push({ chromosome: name, start, end: start + length, codes: codes[i], sequence });
    });
    fruitless = regions.length === before ? fruitless + 1 : 0;
  }
  return regions;
}

/** Gives each wanted region an unused candidate that fits, any one as likely; returns those left without one. */
function matchRound(
  open: { index: number; gc: number }[],
  gc: Float64Array,
  { tolerance, random }: Fill,
  take: (sequence: number, candidate: number) => void,
): { index: number; gc: number }[] {
  const sorted = Array.from(gc.keys())
    .filter((i) => !Number.isNaN(gc[i]))
    .sort((i, j) => gc[i] - gc[j] || i - j);
  const isUsed = new Uint8Array(gc.length);
  // Shares are multiples of 1/length: the slack is for rounding alone.
  const slack = tolerance + 1e-9;
  const firstAtLeast = (value: number) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (gc[sorted[middle]] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return open.filter(({ index, gc: share }) => {
    const low = firstAtLeast(share - slack);
    const fitting = firstAtLeast(share + slack) - low;
    if (fitting === 0) return true;
    const from = random.integer(fitting);
    for (let step = 0; step < Math.min(fitting, LONGEST_SEARCH); step++) {
      const candidate = sorted[low + ((from + step) % fitting)];
      if (isUsed[candidate] === 1) continue;
      isUsed[candidate] = 1;
      take(index, candidate);
      return false;
    }
    return true;
  });
}

function makeAvoider(
  avoid: readonly { readonly chromosome: string; readonly start: number; readonly end: number }[],
): (chromosome: string, start: number, end: number) => boolean {
  if (avoid.length === 0) return () => false;
  const index = new IntervalIndex(avoid);
  return (chromosome, start, end) => index.overlaps(chromosome, start, end);
}

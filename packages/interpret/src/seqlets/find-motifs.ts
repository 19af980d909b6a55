import { informationContent, type Motif } from "@bindscape/motifs";
import { BindscapeError, findCommunities, type ProgressListener, Random } from "@bindscape/numerics";
import {
  type AlignableSequences,
  alignSeqlets,
  bestPlacement,
  likenessTo,
  makePattern,
  meanProfile,
  normalise,
  SAME_SITE,
} from "./align-seqlets.js";
import { type FindSeqletsOptions, type FoundSeqlets, findSeqlets, type Seqlet } from "./find-seqlets.js";
import { findNeighbours } from "./gapped-words.js";
import { type LikePairs, makeLikenessGraph, measureNeighbours } from "./likeness-graph.js";
import { mergePatterns } from "./merge-patterns.js";
import { type PlacedSeqlet, patternMotif, type SeqletPattern, trimPattern } from "./seqlet-pattern.js";
import { stackSeqlets } from "./seqlet-stack.js";

export interface SeqletMotifOptions extends FindSeqletsOptions {
  /** Fewest seqlets of a pattern; default 20. */
  readonly minimumSeqlets?: number;
  /** Most seqlets of a sign that are clustered, drawn at random where there are more; default 5000. */
  readonly maximumSeqlets?: number;
  /** Cosine of contributions from which two patterns are one; default 0.75. */
  readonly mergeThreshold?: number;
  /** Positions at a pattern's ends that contribute less than this share of its largest are cut off; default 0.25. */
  readonly trimShare?: number;
  /**
   * Bits of information that the best 8 positions of a motif hold together at least; default 4. Aligned noise holds 1 to 3.
   */
  readonly minimumBits?: number;
  /** Above 1 for more and smaller clusters; default 1. */
  readonly resolution?: number;
  readonly seed?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** A pattern and the part of it that is its motif. */
export interface TrimmedPattern {
  /** "pos_1", "neg_2": sign and rank by number of seqlets. */
  readonly id: string;
  readonly pattern: SeqletPattern;
  /** First position and end of the motif in the pattern. */
  readonly trim: { readonly start: number; readonly end: number };
  /** The bases of the motif. */
  readonly motif: Motif;
}

/** Motifs of a model as its attributions show them. */
export interface SeqletMotifs {
  readonly found: FoundSeqlets;
  /** Patterns, positive ones first, those of most seqlets first. */
  readonly patterns: readonly TrimmedPattern[];
  /** Seqlets of each sign that are in no pattern. */
  readonly unused: { readonly positive: number; readonly negative: number };
  /** Seqlets that were clustered, of each sign. */
  readonly clustered: { readonly positive: number; readonly negative: number };
}

/** Neighbours of a seqlet that are aligned with it. */
const NEIGHBOURS = 100;
const RUNS = 4;
const MERGE_THRESHOLD = 0.75;
/** Share of the worst members of a pattern that set how well others must fit it. */
const LEFT_OUT = 0.02;
/** bp whose information tells a motif from aligned noise. */
const BITS_WINDOW = 8;

/**
 * Motifs from attributions, in the manner of TF-MoDISco (Shrikumar et al. 2018, arXiv 1811.00416): significant stretches
 * (seqlets) of either sign; those most alike by gapped words; continuous Jaccard similarity of aligned contributions on
 * both strands; communities of the graph of likeness; seqlets of a community aligned on their mean; patterns joined where
 * they show the same motif; and every seqlet that fits a pattern as well as its members do added to it.
 *
 * @throws BindscapeError for fewer than 2 x `minimumSeqlets` sequences, sequences shorter than a window, options out of
 *   range, and attributions that are 0 everywhere
 */
export function findSeqletMotifs(
  sequences: AlignableSequences,
  options: SeqletMotifOptions = {},
): SeqletMotifs {
  const { minimumSeqlets = 20, maximumSeqlets = 5000, seed = 0, onProgress, signal } = options;
  checkSequences(sequences, minimumSeqlets);
  onProgress?.({ task: "looking for seqlets", done: 0, total: sequences.count, unit: "sequences" });
  const found = findSeqlets(sequences.scores, sequences.count, sequences.length, options);
  signal?.throwIfAborted();
  const flank = options.flank ?? 10;
  const patterns: TrimmedPattern[] = [];
  const unused = { positive: 0, negative: 0 };
  const clustered = { positive: 0, negative: 0 };
  for (const sign of ["positive", "negative"] as const) {
    const seqlets = found[sign];
    const drawn = drawSeqlets(seqlets, maximumSeqlets, Random.forPart(seed, "seqlets", sign));
    clustered[sign] = drawn.length;
    const own =
      drawn.length < minimumSeqlets
        ? []
        : clusterSeqlets(sequences, drawn, found.width, flank, sign, options);
    const complete = assignAll(sequences, own, seqlets, flank, options);
    const motifs = nameMotifs(complete, sign, options);
    patterns.push(...motifs);
    unused[sign] = seqlets.length - motifs.reduce((sum, { pattern }) => sum + pattern.members.length, 0);
  }
  return { found, patterns, unused, clustered };
}

/** Patterns of seqlets of one sign. */
function clusterSeqlets(
  sequences: AlignableSequences,
  seqlets: readonly Seqlet[],
  width: number,
  flank: number,
  sign: SeqletPattern["sign"],
  options: SeqletMotifOptions,
): SeqletPattern[] {
  const { minimumSeqlets = 20, mergeThreshold = MERGE_THRESHOLD, resolution = 1, seed = 0 } = options;
  const stack = stackSeqlets(sequences, seqlets, width);
  const neighbours = findNeighbours(stack, NEIGHBOURS, options);
  const pairs = measureNeighbours(stack, neighbours, Math.ceil(0.6 * width), options);
  const communities = findCommunities(makeLikenessGraph(pairs), {
    random: Random.forPart(seed, "communities", sign),
    runs: RUNS,
    resolution,
  });
  const groups = groupByCommunity(communities, pairs);
  const aligned = groups
    // Small communities may still be parts of a motif that is joined below.
    .filter((group) => group.length >= Math.max(2, minimumSeqlets / 4))
    .map((group) =>
      alignSeqlets(
        sequences,
        group.map((index) => seqlets[index]),
        width,
        flank,
        sign,
      ),
    );
  return mergePatterns(sequences, aligned, flank, mergeThreshold).filter(
    ({ members }) => members.length >= minimumSeqlets,
  );
}

/** Members of each community, those most like all others of it first. */
function groupByCommunity(communities: Uint32Array, pairs: LikePairs): number[][] {
  const within = new Float64Array(communities.length);
  for (let e = 0; e < pairs.first.length; e++) {
    const [a, b] = [pairs.first[e], pairs.second[e]];
    if (communities[a] !== communities[b]) continue;
    within[a] += pairs.likeness[e];
    within[b] += pairs.likeness[e];
  }
  const groups: number[][] = [];
  communities.forEach((community, index) => {
    groups[community] ??= [];
    groups[community].push(index);
  });
  return groups.map((group) => group.sort((a, b) => within[b] - within[a] || a - b));
}

/** All seqlets assigned to patterns, and patterns that have become alike by it joined, until none has. */
function assignAll(
  sequences: AlignableSequences,
  patterns: readonly SeqletPattern[],
  seqlets: readonly Seqlet[],
  flank: number,
  { minimumSeqlets = 20, mergeThreshold = MERGE_THRESHOLD }: SeqletMotifOptions,
): SeqletPattern[] {
  let own = patterns;
  for (;;) {
    const assigned = addFitting(sequences, own, seqlets, flank).filter(
      ({ members }) => members.length >= minimumSeqlets,
    );
    own = mergePatterns(sequences, assigned, flank, mergeThreshold);
    if (own.length === assigned.length) {
      return [...own].sort((a, b) => b.members.length - a.members.length);
    }
  }
}

/** Adds to each pattern the seqlets that fit it at least as well as all but its worst members. */
function addFitting(
  sequences: AlignableSequences,
  patterns: readonly SeqletPattern[],
  seqlets: readonly Seqlet[],
  reach: number,
): SeqletPattern[] {
  const plans = patterns.map((pattern) => {
    const ranked = pattern.likeness.slice().sort();
    return {
      pattern,
      profile: normalise(meanProfile(sequences, pattern.members, pattern.width)),
      least: Math.max(0, ranked[Math.floor(LEFT_OUT * ranked.length)]),
      members: [] as PlacedSeqlet[],
      startsBySequence: new Map<number, number[]>(),
    };
  });
  for (const { sequence, start } of seqlets) {
    let best: { plan: (typeof plans)[number]; place: PlacedSeqlet; likeness: number } | null = null;
    for (const plan of plans) {
      const { width } = plan.pattern;
      const seqlet = { sequence, start, isReversed: false };
      const { place } = bestPlacement(sequences, seqlet, plan.profile, width, reach);
      const likeness = likenessTo(sequences, place, plan.profile, width);
      if (likeness >= plan.least && likeness > (best?.likeness ?? 0)) best = { plan, place, likeness };
    }
    if (best === null) continue;
    // Two seqlets that overlap may both have been moved onto the same site.
    const { members, startsBySequence } = best.plan;
    const starts = startsBySequence.get(sequence) ?? [];
    const { place } = best;
    if (starts.some((other) => Math.abs(other - place.start) <= SAME_SITE)) continue;
    startsBySequence.set(sequence, [...starts, place.start]);
    members.push(place);
  }
  return plans
    .filter(({ members }) => members.length > 0)
    .map(({ pattern, members }) => makePattern(sequences, members, pattern.width, pattern.sign));
}

/** Patterns that have a motif, with their names. */
function nameMotifs(
  patterns: readonly SeqletPattern[],
  sign: SeqletPattern["sign"],
  { trimShare = 0.25, minimumBits = 4 }: SeqletMotifOptions,
): TrimmedPattern[] {
  const named: TrimmedPattern[] = [];
  for (const pattern of patterns) {
    const trim = trimPattern(pattern, trimShare);
    if (trim === null) continue;
    const id = `${sign === "positive" ? "pos" : "neg"}_${named.length + 1}`;
    const motif = patternMotif(pattern, trim, id);
    if (bitsOfBestWindow(motif) >= minimumBits) named.push({ id, pattern, trim, motif });
  }
  return named;
}

/** Most information of any {@link BITS_WINDOW} neighbouring positions. */
function bitsOfBestWindow(motif: Motif): number {
  const bits = informationContent(motif);
  let best = 0;
  for (let start = 0; start === 0 || start + BITS_WINDOW <= bits.length; start++) {
    best = Math.max(
      best,
      bits.subarray(start, start + BITS_WINDOW).reduce((sum, value) => sum + value, 0),
    );
  }
  return best;
}

/** All seqlets, or as many as may be, drawn at random, in their order. */
function drawSeqlets(seqlets: readonly Seqlet[], most: number, random: Random): readonly Seqlet[] {
  if (seqlets.length <= most) return seqlets;
  const order = seqlets.map((_, index) => index);
  for (let i = 0; i < most; i++) {
    const j = i + random.integer(order.length - i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order
    .slice(0, most)
    .sort((a, b) => a - b)
    .map((index) => seqlets[index]);
}

function checkSequences({ count, scores }: AlignableSequences, minimumSeqlets: number): void {
  if (!(Number.isInteger(minimumSeqlets) && minimumSeqlets >= 2)) {
    throw new BindscapeError({
      source: "seqlets",
      found: `at least ${minimumSeqlets} seqlets a motif`,
      expected: "a whole number of at least 2",
    });
  }
  if (count < 2 * minimumSeqlets) {
    throw new BindscapeError({
      source: "seqlets",
      found: `${count} ${count === 1 ? "sequence" : "sequences"}`,
      expected: `at least ${2 * minimumSeqlets}, for motifs of at least ${minimumSeqlets} seqlets`,
      next: "Explain more sequences, or ask for fewer seqlets a motif (--min-seqlets)",
    });
  }
  if (!scores.some((score) => score !== 0)) {
    throw new BindscapeError({
      source: "seqlets",
      found: "contributions that are 0 everywhere",
      expected: "contributions of a trained model",
    });
  }
}

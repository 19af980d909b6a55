import { unknownBase } from "@bindscape/genome";
import type { Seqlet } from "./find-seqlets.js";
import {
  type PlacedSeqlet,
  positionOf,
  positionSizes,
  type SeqletPattern,
  summariseSeqlets,
} from "./seqlet-pattern.js";
import type { ScoredSequences } from "./seqlet-stack.js";

export interface AlignableSequences extends ScoredSequences {
  readonly hypothetical?: Float32Array;
}

/** Rounds of aligning on the mean; seqlets hardly move after the second. */
const ROUNDS = 5;
/** Placements of a sequence whose middles are this near show the same site twice. */
export const SAME_SITE = 3;

/**
 * Aligns seqlets on the mean of their contributions: the first is where it is, each next one goes where it fits the mean
 * of those before it best, on either strand; then all are fitted again on the mean until none moves, and the window is
 * moved so that what matters lies in its middle.
 * @param order seqlets in the order they are added
 * @param reach bp that a seqlet may be moved at most in a round
 */
export function alignSeqlets(
  sequences: AlignableSequences,
  order: readonly (Seqlet | PlacedSeqlet)[],
  width: number,
  reach: number,
  sign: SeqletPattern["sign"],
): SeqletPattern {
  const starts: PlacedSeqlet[] = order.map((seqlet) => ({
    sequence: seqlet.sequence,
    start: seqlet.start,
    isReversed: "isReversed" in seqlet && seqlet.isReversed,
  }));
  const profile = new Float64Array(width * 4);
  let placed = starts.map((seqlet, index) => {
    const place = index === 0 ? seqlet : bestPlacement(sequences, seqlet, profile, width, reach).place;
    addTo(profile, sequences, place, width, 1);
    return place;
  });
  for (let round = 0; round < ROUNDS; round++) {
    let hasMoved = false;
    const mean = profile.slice();
    profile.fill(0);
    placed = placed.map((seqlet) => {
      const { place } = bestPlacement(sequences, seqlet, mean, width, reach);
      if (place.start !== seqlet.start || place.isReversed !== seqlet.isReversed) hasMoved = true;
      addTo(profile, sequences, place, width, 1);
      return place;
    });
    placed = centre(placed, profile, width);
    profile.fill(0);
    for (const place of placed) addTo(profile, sequences, place, width, 1);
    if (!hasMoved) break;
  }
  return makePattern(sequences, dropRepeats(sequences, placed, profile, width), width, sign);
}

/** A pattern of seqlets as they are placed. */
export function makePattern(
  sequences: AlignableSequences,
  members: readonly PlacedSeqlet[],
  width: number,
  sign: SeqletPattern["sign"],
): SeqletPattern {
  const summary = summariseSeqlets(sequences, members, width);
  const normalised = normalise(meanProfile(sequences, members, width));
  return {
    sign,
    width,
    members,
    likeness: Float64Array.from(members, (member) => likenessTo(sequences, member, normalised, width)),
    ...summary,
  };
}

/** Where a seqlet fits a profile best: by the sum of products of contributions. */
export function bestPlacement(
  sequences: ScoredSequences,
  seqlet: PlacedSeqlet,
  profile: Float64Array,
  width: number,
  reach: number,
): { place: PlacedSeqlet; fit: number } {
  let place = seqlet;
  let fit = Number.NEGATIVE_INFINITY;
  const { length, codes, scores } = sequences;
  const from = seqlet.sequence * length;
  // The place it has comes first, so that of equal ones it stays.
  const shifts = [0];
  for (let shift = 1; shift <= reach; shift++) shifts.push(shift, -shift);
  for (const shift of shifts) {
    const start = seqlet.start + shift;
    const first = Math.max(0, -start);
    const end = Math.min(width, length - start);
    let forward = 0;
    let backward = 0;
    for (let p = first; p < end; p++) {
      const code = codes[from + start + p];
      if (code >= unknownBase) continue;
      const score = scores[from + start + p];
      forward += profile[p * 4 + code] * score;
      backward += profile[(width - 1 - p) * 4 + 3 - code] * score;
    }
    const fits = seqlet.isReversed ? [backward, forward] : [forward, backward];
    for (const [index, value] of fits.entries()) {
      if (value <= fit + 1e-12 * Math.abs(fit)) continue;
      fit = value;
      place = { sequence: seqlet.sequence, start, isReversed: seqlet.isReversed !== (index === 1) };
    }
  }
  return { place, fit };
}

/**
 * Continuous Jaccard similarity of a placed seqlet with a profile whose sizes sum to 1.
 */
export function likenessTo(
  { length, codes, scores }: ScoredSequences,
  member: PlacedSeqlet,
  profile: Float64Array,
  width: number,
): number {
  const from = member.sequence * length;
  let size = 0;
  for (let p = 0; p < width; p++) {
    const k = positionOf(member, p, width);
    if (k >= 0 && k < length && codes[from + k] < unknownBase) size += Math.abs(scores[from + k]);
  }
  if (size === 0) return 0;
  let shared = 0;
  let signed = 0;
  for (let p = 0; p < width; p++) {
    const k = positionOf(member, p, width);
    if (k < 0 || k >= length) continue;
    const code = codes[from + k];
    if (code >= unknownBase) continue;
    const x = scores[from + k] / size;
    const y = profile[p * 4 + (member.isReversed ? 3 - code : code)];
    const least = Math.min(Math.abs(x), Math.abs(y));
    shared += least;
    signed += x < 0 === y < 0 ? least : -least;
  }
  return signed / (2 - shared);
}

/** Mean of members' contributions, each scaled so that its sizes sum to 1, so that no strong one outweighs the others. */
export function meanProfile(
  sequences: ScoredSequences,
  members: readonly PlacedSeqlet[],
  width: number,
): Float64Array {
  const profile = new Float64Array(width * 4);
  for (const member of members) addTo(profile, sequences, member, width, 1 / members.length);
  return profile;
}

export function normalise(profile: Float64Array): Float64Array {
  let size = 0;
  for (const value of profile) size += Math.abs(value);
  return size > 0 ? profile.map((value) => value / size) : profile;
}

function addTo(
  profile: Float64Array,
  { length, codes, scores }: ScoredSequences,
  member: PlacedSeqlet,
  width: number,
  weight: number,
): void {
  const from = member.sequence * length;
  let size = 0;
  for (let p = 0; p < width; p++) {
    const k = positionOf(member, p, width);
    if (k >= 0 && k < length && codes[from + k] < unknownBase) size += Math.abs(scores[from + k]);
  }
  if (size === 0) return;
  for (let p = 0; p < width; p++) {
    const k = positionOf(member, p, width);
    if (k < 0 || k >= length) continue;
    const code = codes[from + k];
    if (code >= unknownBase) continue;
    profile[p * 4 + (member.isReversed ? 3 - code : code)] += (weight * scores[from + k]) / size;
  }
}

/** Moves all windows alike, so that the middle of what matters is the window's. */
function centre(placed: readonly PlacedSeqlet[], profile: Float64Array, width: number): PlacedSeqlet[] {
  const sizes = positionSizes(profile);
  const least = 0.3 * Math.max(...sizes);
  let first = 0;
  while (first < width - 1 && sizes[first] < least) first++;
  let last = width - 1;
  while (last > first && sizes[last] < least) last--;
  const shift = Math.trunc((first + last - (width - 1)) / 2);
  if (shift === 0) return [...placed];
  return placed.map((place) => ({ ...place, start: place.start + (place.isReversed ? -shift : shift) }));
}

/** Of placements that show the same site, the one that fits the profile better. */
function dropRepeats(
  sequences: ScoredSequences,
  placed: readonly PlacedSeqlet[],
  profile: Float64Array,
  width: number,
): PlacedSeqlet[] {
  const normalised = normalise(profile);
  const ranked = placed
    .map((place, index) => ({ place, index, likeness: likenessTo(sequences, place, normalised, width) }))
    .sort((a, b) => b.likeness - a.likeness || a.index - b.index);
  const bySequence = new Map<number, number[]>();
  const kept = ranked.filter(({ place }) => {
    const others = bySequence.get(place.sequence) ?? [];
    if (others.some((start) => Math.abs(start - place.start) <= SAME_SITE)) return false;
    bySequence.set(place.sequence, [...others, place.start]);
    return true;
  });
  return kept.sort((a, b) => a.index - b.index).map(({ place }) => place);
}

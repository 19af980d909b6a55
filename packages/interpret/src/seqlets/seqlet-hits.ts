import type { SequencePlace } from "@bindscape/study";
import type { TrimmedPattern } from "./find-motifs.js";
import { positionOf } from "./seqlet-pattern.js";

/** One site of a motif that the model looks at. */
export interface SeqletHit {
  /** Of the motif. */
  readonly id: string;
  readonly sequence: number;
  /** First base and end in the sequence as stored; cut at its ends. */
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  /** Sum of the contributions of the site's bases. */
  readonly contribution: number;
  /** Continuous Jaccard similarity with the motif's mean, 0 to 1. */
  readonly likeness: number;
}

/** The sites of all motifs, motif by motif, those that contribute most first. */
export function listHits(
  patterns: readonly TrimmedPattern[],
  { length, scores }: { readonly length: number; readonly scores: Float32Array },
): SeqletHit[] {
  return patterns.flatMap(({ id, pattern, trim }) =>
    pattern.members
      .map((member, index): SeqletHit => {
        const [a, b] = [trim.start, trim.end - 1].map((p) => positionOf(member, p, pattern.width));
        const start = Math.max(0, Math.min(a, b));
        const end = Math.min(length, Math.max(a, b) + 1);
        let contribution = 0;
        for (let k = start; k < end; k++) contribution += scores[member.sequence * length + k];
        return {
          id,
          sequence: member.sequence,
          start,
          end,
          strand: member.isReversed ? "-" : "+",
          contribution,
          likeness: pattern.likeness[index],
        };
      })
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution) || a.sequence - b.sequence),
  );
}

/** Where a stretch of a sequence lies on its chromosome. */
export function placeStretch(
  place: SequencePlace,
  { start, end, strand }: { readonly start: number; readonly end: number; readonly strand: "+" | "-" },
): { chromosome: string; start: number; end: number; strand: "+" | "-" } {
  const { chromosome } = place;
  return place.strand === "+"
    ? { chromosome, start: place.start + start, end: place.start + end, strand }
    : { chromosome, start: place.end - end, end: place.end - start, strand: strand === "+" ? "-" : "+" };
}

import { unknownBase } from "@bindscape/genome";
import type { Motif } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import type { ScoredSequences } from "./seqlet-stack.js";

/** Where an aligned seqlet lies: the sequence, where its pattern's window starts in it, and on which strand. */
export interface PlacedSeqlet {
  readonly sequence: number;
  /** First base of the pattern's window, in the sequence as stored; may be below 0 or reach beyond its end. */
  readonly start: number;
  readonly isReversed: boolean;
}

/** Seqlets aligned on one another. Matrices are position-major, rows of A, C, G, T. */
export interface SeqletPattern {
  readonly sign: "positive" | "negative";
  readonly width: number;
  readonly members: readonly PlacedSeqlet[];
  /** [members]: continuous Jaccard similarity of each with the mean of all, in the order of `members`. */
  readonly likeness: Float64Array;
  /** [width, 4]: mean contribution of each base (CWM: contribution weight matrix). */
  readonly contributions: Float64Array;
  /** [width, 4]: mean of what each base would contribute; absent where the attributions do not say. */
  readonly hypothetical?: Float64Array;
  /** [width, 4]: how many members have each base. */
  readonly counts: Float64Array;
}

/** Position of the sequence as stored that a pattern's position lies on. */
export function positionOf({ start, isReversed }: PlacedSeqlet, position: number, width: number): number {
  return isReversed ? start + width - 1 - position : start + position;
}

/** Means of contributions and counts of bases over placed seqlets. */
export function summariseSeqlets(
  sequences: ScoredSequences & { readonly hypothetical?: Float32Array },
  members: readonly PlacedSeqlet[],
  width: number,
): Pick<SeqletPattern, "contributions" | "counts" | "hypothetical"> {
  const { length, codes, scores, hypothetical } = sequences;
  const contributions = new Float64Array(width * 4);
  const counts = new Float64Array(width * 4);
  const imagined = new Float64Array(width * 4);
  for (const member of members) {
    const from = member.sequence * length;
    for (let p = 0; p < width; p++) {
      const k = positionOf(member, p, width);
      if (k < 0 || k >= length) continue;
      const code = codes[from + k];
      if (code < unknownBase) {
        const base = member.isReversed ? 3 - code : code;
        contributions[p * 4 + base] += scores[from + k];
        counts[p * 4 + base]++;
      }
      if (hypothetical === undefined) continue;
      for (let base = 0; base < 4; base++) {
        const stored = member.isReversed ? 3 - base : base;
        imagined[p * 4 + base] += hypothetical[(member.sequence * 4 + stored) * length + k];
      }
    }
  }
  const total = Math.max(1, members.length);
  return {
    contributions: contributions.map((value) => value / total),
    counts,
    ...(hypothetical !== undefined && { hypothetical: imagined.map((value) => value / total) }),
  };
}

/** Size of the contributions of each position, [width]. */
export function positionSizes(contributions: Float64Array): Float64Array {
  const sizes = new Float64Array(contributions.length / 4);
  for (let at = 0; at < contributions.length; at++) sizes[at >> 2] += Math.abs(contributions[at]);
  return sizes;
}

/** Bits that an end of a trimmed pattern has at least: below, bases there are drawn almost as chance draws them. */
const LEAST_BITS = 0.2;

/**
 * The part of a pattern that matters: from the first to the last position whose contributions are at least a share of the
 * largest position's and whose bases hold 0.2 bits or more. Null where no position does.
 */
export function trimPattern(
  pattern: Pick<SeqletPattern, "contributions" | "counts">,
  share: number,
): { start: number; end: number } | null {
  const sizes = positionSizes(pattern.contributions);
  const bits = positionBits(pattern.counts);
  const least = share * Math.max(...sizes);
  const matters = sizes.map((size, p) => (size > 0 && size >= least && bits[p] >= LEAST_BITS ? 1 : 0));
  const start = matters.indexOf(1);
  return start < 0 ? null : { start, end: matters.lastIndexOf(1) + 1 };
}

/** Information of each position in bits, against equal bases. */
export function positionBits(counts: Float64Array): Float64Array {
  return Float64Array.from({ length: counts.length / 4 }, (_, p) => {
    const row = counts.subarray(p * 4, p * 4 + 4);
    const sum = row[0] + row[1] + row[2] + row[3];
    let bits = sum > 0 ? 2 : 0;
    for (const count of row) if (count > 0) bits += (count / sum) * Math.log2(count / sum);
    return bits;
  });
}

/** Rows of a position-major matrix of four columns. */
export function sliceRows(matrix: Float64Array, start: number, end: number): Float64Array {
  return matrix.slice(start * 4, end * 4);
}

/**
 * The bases of a part of a pattern as a motif.
 * @throws BindscapeError for a position at which no member has a known base
 */
export function patternMotif(
  { counts, members }: SeqletPattern,
  { start, end }: { readonly start: number; readonly end: number },
  id: string,
): Motif {
  const own = sliceRows(counts, start, end);
  const probabilities = new Float64Array(own.length);
  for (let row = 0; row < own.length; row += 4) {
    const sum = own[row] + own[row + 1] + own[row + 2] + own[row + 3];
    if (sum === 0) {
      throw new BindscapeError({
        source: id,
        found: `no known base at position ${row / 4 + 1}`,
        expected: "at least one",
      });
    }
    for (let base = 0; base < 4; base++) probabilities[row + base] = own[row + base] / sum;
  }
  return { id, name: id, probabilities, length: end - start, sites: members.length, counts: own };
}

import { unknownBase } from "@bindscape/genome";

/** Which part of the data a row belongs to. */
export type SplitName = "training" | "validation" | "test";

/** A label of a sequence: whether a factor is bound in a cell; `cell` is empty where there is none to name. */
export interface SequenceTask {
  readonly factor: string;
  readonly cell: string;
}

/** Where a sequence lies: chromosome coordinates, 0-based and half-open. */
export interface SequencePlace {
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
}

/**
 * Labelled sequences of one length, in memory: from `sequence,label` tables, from motif sites, from a compendium of
 * peaks.
 */
export interface SequenceSet {
  /** File or folder it was read from, for errors and records. */
  readonly source: string;
  /** Number of sequences. */
  readonly count: number;
  /** bp of each sequence. */
  readonly length: number;
  readonly tasks: readonly SequenceTask[];
  /** [count, length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: Uint8Array;
  /** [count, tasks]: 1 bound, 0 unbound, NaN where the label is missing. */
  readonly labels: Float32Array;
  /** By sequence; absent where nothing says which part it belongs to. */
  readonly splits?: readonly SplitName[];
  /** By sequence; absent where unknown. */
  readonly names?: readonly string[];
  /** By sequence; absent where unknown. */
  readonly places?: readonly SequencePlace[];
  /** Core motif of each sequence, [count, 2]: first base and end, counted in the sequence; absent where it has none. */
  readonly cores?: Int32Array;
}

/**
 * One-hot rows of a sequence set, [rows, 4, length]: A, C, G, T; `unknown` in every channel at an unknown base.
 * @param into array to fill; made where absent
 */
export function encodeSequences(
  { codes, length }: Pick<SequenceSet, "codes" | "length">,
  rows: ArrayLike<number>,
  unknown: 0 | 0.25,
  into = new Float32Array(rows.length * 4 * length),
): Float32Array {
  into.fill(0, 0, rows.length * 4 * length);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i] * length;
    const to = i * 4 * length;
    for (let k = 0; k < length; k++) {
      const code = codes[from + k];
      if (code < unknownBase) into[to + code * length + k] = 1;
      else if (unknown > 0)
        for (let channel = 0; channel < 4; channel++) into[to + channel * length + k] = unknown;
    }
  }
  return into;
}

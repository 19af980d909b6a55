import { unknownBase } from "@bindscape/genome";
import { BindscapeError, type SparseRows } from "@bindscape/numerics";

/** Sequences of one length as codes, [count, length]: A, C, G, T = 0..3, unknown = 4. */
export interface CodedSequences {
  readonly count: number;
  /** bp of each. */
  readonly length: number;
  readonly codes: Uint8Array;
}

export interface KMerFeatures {
  /** Length of the words, 1 to 10. */
  readonly k: number;
  /** A word and its reverse complement are one feature, as binding does not know the strand. */
  readonly mergesStrands: boolean;
  /** Whether the counts of a sequence are divided by their Euclidean norm. */
  readonly hasUnitNorm: boolean;
}

const LONGEST = 10;

/**
 * How often each word of k letters occurs in each sequence, overlaps counted; columns are words as numbers of base 4,
 * A, C, G, T = 0..3, first letter highest. Words with an unknown base are not counted.
 * @throws BindscapeError for k out of range or longer than the sequences
 */
export function countKMers(sequences: CodedSequences, features: KMerFeatures): SparseRows {
  const { count, length, codes } = sequences;
  const { k, mergesStrands, hasUnitNorm } = features;
  if (!(Number.isInteger(k) && k >= 1 && k <= LONGEST))
    throw new BindscapeError({ source: "k", found: `${k}`, expected: `a whole number from 1 to ${LONGEST}` });
  if (k > length)
    throw new BindscapeError({
      source: "k",
      found: `words of ${k} letters in sequences of ${length} bp`,
      expected: "words no longer than the sequences",
    });
  const columns = 4 ** k;
  const places = length - k + 1;
  const starts = new Uint32Array(count + 1);
  const indices = new Uint32Array(count * places);
  const values = new Float32Array(count * places);
  const words = new Uint32Array(places);
  let to = 0;
  for (let row = 0; row < count; row++) {
    const found = readWords(codes, row * length, length, k, mergesStrands, words);
    const sorted = words.subarray(0, found).sort();
    const from = to;
    for (let i = 0; i < found; i++) {
      if (i > 0 && sorted[i] === sorted[i - 1]) values[to - 1]++;
      else {
        indices[to] = sorted[i];
        values[to++] = 1;
      }
    }
    if (hasUnitNorm) scaleToUnit(values.subarray(from, to));
    starts[row + 1] = to;
  }
  return { rows: count, columns, starts, indices: indices.slice(0, to), values: values.slice(0, to) };
}

/** Writes the words of a sequence in its order and returns how many there are. */
function readWords(
  codes: Uint8Array,
  start: number,
  length: number,
  k: number,
  mergesStrands: boolean,
  into: Uint32Array,
): number {
  const size = 4 ** k;
  let forward = 0;
  let backward = 0;
  let known = 0;
  let found = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[start + i];
    if (code >= unknownBase) {
      known = 0;
      continue;
    }
    known++;
    forward = (forward * 4 + code) % size;
    backward = Math.floor(backward / 4) + (3 - code) * (size / 4);
    if (known >= k) into[found++] = mergesStrands ? Math.min(forward, backward) : forward;
  }
  return found;
}

function scaleToUnit(values: Float32Array): void {
  let square = 0;
  for (const value of values) square += value * value;
  const scale = 1 / Math.sqrt(square);
  for (let i = 0; i < values.length; i++) values[i] *= scale;
}

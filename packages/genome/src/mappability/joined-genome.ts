import { BindscapeError } from "@bindscape/numerics";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import { unknownBase } from "../sequence/encode.js";

/**
 * Chromosomes behind one another in one array, an unknown base between them, so that no k-mer reaches from one
 * into the next. A byte holds a base in its low three bits (0-4); {@link KmerCounter} keeps the number of
 * occurrences of the k-mer that starts there in the bits above.
 */
export interface JoinedGenome {
  readonly codes: Uint8Array;
  readonly chromosomes: readonly (ChromosomeSize & { readonly offset: number })[];
}

/** Positions are kept as 32-bit numbers, 0 standing for none. */
const mostBases = 2 ** 32 - 2;

/**
 * Room for chromosomes of known sizes, to be filled at their offsets.
 * @param shared lets threads work on it together
 * @throws BindscapeError where there are no bases, or more than 2^32 - 2
 */
export function layOutGenome(sizes: readonly ChromosomeSize[], source: string, shared = false): JoinedGenome {
  let length = 0;
  const chromosomes = sizes.map(({ name, size }) => {
    const offset = length;
    length += size + 1;
    return { name, size, offset };
  });
  if (length <= sizes.length || length > mostBases) {
    throw new BindscapeError({
      source,
      found: `${length - sizes.length} bases in ${sizes.length} sequences`,
      expected: `a genome of 1 to ${mostBases} bases`,
    });
  }
  const codes = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  for (const { offset, size } of chromosomes) codes[offset + size] = unknownBase;
  return { codes, chromosomes };
}

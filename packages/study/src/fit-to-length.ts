import { unknownBase } from "@bindscape/genome";

/**
 * A sequence cut to a length around its centre, or filled up with N on both sides; of an odd number of bases the
 * larger part is taken off, or put on, behind.
 */
export function fitToLength(codes: Uint8Array, length: number): Uint8Array {
  if (codes.length === length) return codes;
  if (codes.length > length) {
    const first = Math.floor((codes.length - length) / 2);
    return codes.slice(first, first + length);
  }
  const filled = new Uint8Array(length).fill(unknownBase);
  filled.set(codes, Math.floor((length - codes.length) / 2));
  return filled;
}

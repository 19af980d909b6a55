import type { ScoreThreshold } from "./deficits.js";
import { ScalarFilter } from "./scalar-filter.js";
import { SimdFilter } from "./simd-filter.js";

/** Most positions a filter takes at a time: they and what is derived from them stay in a core's cache. */
export const BLOCK_POSITIONS = 1 << 16;

/** Positions that share an entry of {@link SiteFilter.found}, a bit each. */
export const ENTRY_POSITIONS = 32;

/** Finds positions where a motif may have a site: all that have one, and some that have none. */
export interface SiteFilter {
  /**
   * Takes a block of sequence.
   * @param codes 0..3; anything above breaks sites
   * @param start first position
   * @param count positions where sites may start, at most {@link BLOCK_POSITIONS}; letters after them are looked at
   *   where sites reach there
   */
  load(codes: Uint8Array, start: number, count: number): void;
  /** Looks for a motif in the block, writes what it finds into `found`, and returns how many entries these are. */
  find(motif: number): number;
  /** Three words an entry: position in the block of bit 0, bits of the forward strand, bits of the reverse strand. */
  readonly found: Uint32Array;
}

/** The filter with vector instructions where the machine has them, else the one in plain JavaScript. */
export function makeSiteFilter(motifs: readonly ScoreThreshold[], useSimd = isSimdSupported()): SiteFilter {
  if (!useSimd) return new ScalarFilter(motifs);
  try {
    return new SimdFilter(motifs);
  } catch (error) {
    // A page may forbid WebAssembly, and older browsers modules of this size on the main thread or so much memory.
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError)
      return new ScalarFilter(motifs);
    throw error;
  }
}

/** A module whose only function splats a byte and takes a vector apart again. */
const probe = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 83, 11],
);

/** Whether WebAssembly has 128-bit vectors here (all browsers since 2023, Node since 16). */
export function isSimdSupported(): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(probe);
}

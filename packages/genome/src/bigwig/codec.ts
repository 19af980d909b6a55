import { unzlibSync, zlibSync } from "fflate";

/** Compresses one block into the zlib format. */
export type Deflate = (bytes: Uint8Array) => Uint8Array;

/**
 * Inflates one block in the zlib format; throws anything where it cannot, or where the result is longer than
 * `limit` bytes. `likely` is a hint of the result's length.
 */
export type Inflate = (bytes: Uint8Array, likely: number, limit: number) => Uint8Array;

/** Inflates anywhere; in Node `openBigWig` uses the faster one of `node:zlib`. */
export const inflateAnywhere: Inflate = (bytes, likely, limit) => {
  // One byte more than allowed: fflate fills what it is given and drops the rest without a word.
  let room = Math.min(likely, limit) + 1;
  for (;;) {
    const out = new Uint8Array(room);
    let inflated: Uint8Array | null = null;
    try {
      inflated = unzlibSync(bytes, { out });
    } catch (error) {
      if (room > limit) throw error;
    }
    if (inflated !== null && inflated.length < room) return inflated;
    if (room > limit) throw new Error(`longer than ${limit} bytes when inflated`);
    room = limit + 1;
  }
};

/** Compresses anywhere; in Node `writeBigWigFile` uses the faster one of `node:zlib`. */
export const deflateAnywhere: Deflate = (bytes) => zlibSync(bytes);

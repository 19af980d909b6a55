// Whether two sequences share a stretch of 26 bp on either strand: how equal and overlapping sequences are told where
// their places in the genome are not known. By chance two sequences of 101 bp share one about once in 10^12 pairs.

/** 26 bases make a whole number below 2^52, which a double holds exactly. */
const CHUNK = 26;
const LEAD = 4 ** (CHUNK - 1);

export class ChunkIndex {
  #keys = new Set();

  /** All stretches of a sequence. */
  add(codes) {
    for (const key of keysOf(codes)) this.#keys.add(key);
  }

  /** Whether any stretch of the sequence was added, on the same strand or the other. */
  sharesChunk(codes) {
    for (const key of keysOf(codes)) if (this.#keys.has(key)) return true;
    return false;
  }
}

/** Keys of the stretches without unknown bases: of the two strands' numbers the smaller one. */
function* keysOf(codes) {
  let forward = 0;
  let reverse = 0;
  let known = 0;
  for (const code of codes) {
    if (code > 3) {
      known = 0;
      continue;
    }
    forward = (forward % LEAD) * 4 + code;
    reverse = Math.floor(reverse / 4) + (3 - code) * LEAD;
    if (++known >= CHUNK) yield Math.min(forward, reverse);
  }
}

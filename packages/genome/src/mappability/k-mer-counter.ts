import { BindscapeError } from "@bindscape/numerics";

export interface KmerCounterOptions {
  /** Length of the subsequences in bp. */
  readonly k: number;
  /** Count occurrences on the reverse strand too; a k-mer that is its own reverse complement counts once a place. */
  readonly bothStrands?: boolean;
  /** Bytes of the table of k-mers; a smaller one takes more passes over the genome. */
  readonly tableBytes: number;
  /** Called between stretches of work with the share done, 0 to 1; may throw to stop. */
  readonly pause?: (share: number) => void | Promise<void>;
}

/** Half-open range of hash values, in [0, 2^32]. */
export interface HashRange {
  readonly from: number;
  readonly to: number;
}

export const allHashes: HashRange = { from: 0, to: 2 ** 32 };

/** Most occurrences that are told apart: 5 stands for 5 and more. */
export const mostOccurrences = 5;

const baseBits = 7;
/** In place of the number of occurrences: the k-mer was seen before, and its first place has the number. */
const copyMark = 7;
const bytesPerSlot = 8;
const stretch = 1 << 21;
const plannedLoad = 0.55;
const highestLoad = 0.75;

// Multipliers of the two rolling hashes (odd, so that they have inverses modulo 2^32).
const multiplierA = 0x9e3779b1;
const multiplierB = 0x85ebca77;

/**
 * Counts how often the k-mer at every base occurs in a genome, exactly: k-mers are found by rolling hashes and
 * then compared base by base. The counts (0 for bases where no k-mer of known bases starts, 5 for 5 and more)
 * are written into the high bits of the genome's own bytes, so that memory beside the genome is the table
 * alone. A table too small for all k-mers is filled in several passes, each over the k-mers of one range of
 * hash values.
 */
export class KmerCounter {
  readonly #codes: Uint8Array;
  readonly #k: number;
  readonly #bothStrands: boolean;
  readonly #pause: (share: number) => void | Promise<void>;
  /** 1 + the first place of a k-mer, 0 where the slot is free. */
  #places: Uint32Array;
  #fingerprints: Uint32Array;
  #used = 0;
  #copies = 0;
  /** multiplier^k and, for the reverse complement, multiplier^(k-1) and the multiplier's inverse. */
  readonly #powers: {
    readonly kA: number;
    readonly kB: number;
    readonly lastA: number;
    readonly lastB: number;
    readonly inverseA: number;
    readonly inverseB: number;
  };

  constructor(codes: Uint8Array, options: KmerCounterOptions) {
    const { k, bothStrands = false, tableBytes, pause = () => {} } = options;
    if (!Number.isSafeInteger(k) || k < 1) {
      throw new BindscapeError({ found: `k is ${k}`, expected: "a whole number of at least 1" });
    }
    if (!(tableBytes >= 2 * bytesPerSlot)) {
      throw new BindscapeError({
        found: `a table of ${tableBytes} bytes`,
        expected: `at least ${2 * bytesPerSlot}`,
      });
    }
    this.#codes = codes;
    this.#k = k;
    this.#bothStrands = bothStrands;
    this.#pause = pause;
    const needed = Math.ceil((codes.length + 1) / plannedLoad);
    const slots = Math.max(2, Math.min(Math.floor(tableBytes / bytesPerSlot), needed, 2 ** 32));
    this.#places = new Uint32Array(slots);
    this.#fingerprints = new Uint32Array(slots);
    this.#powers = {
      kA: power(multiplierA, k),
      kB: power(multiplierB, k),
      lastA: power(multiplierA, k - 1),
      lastB: power(multiplierB, k - 1),
      inverseA: inverse(multiplierA),
      inverseB: inverse(multiplierB),
    };
  }

  /** Counts the k-mers whose hash lies in a range; ranges that do not meet may be counted at the same time. */
  async count(range: HashRange = allHashes): Promise<void> {
    const places = this.#codes.length - this.#k + 1;
    if (places <= 0) return;
    const whole = range.to - range.from;
    const share = Math.min(1, (this.#places.length * plannedLoad) / places);
    let width = Math.max(1, Math.min(whole, Math.floor(share * 2 ** 32)));
    for (let from = range.from; from < range.to; ) {
      const to = Math.min(range.to, from + width);
      const report = (part: number) => this.#pause((from - range.from + (to - from) * part) / whole);
      if (await this.#scan(from, to, "insert", (done) => report(done / 2))) {
        if (this.#copies > 0) await this.#scan(from, to, "resolve", (done) => report((1 + done) / 2));
        from = to;
      } else if (to - from > 1) width = Math.ceil((to - from) / 2);
      else this.#grow();
    }
    await this.#pause(1);
  }

  /** Many k-mers of one and the same hash value: nothing is left to split. */
  #grow(): void {
    const slots = this.#places.length * 2;
    this.#places = new Uint32Array(slots);
    this.#fingerprints = new Uint32Array(slots);
  }

  /** One pass over the genome; false where the table became too full. */
  async #scan(
    from: number,
    to: number,
    task: "insert" | "resolve",
    report: (share: number) => void | Promise<void>,
  ): Promise<boolean> {
    if (task === "insert") {
      this.#places.fill(0);
      this.#used = 0;
      this.#copies = 0;
    }
    const places = this.#codes.length - this.#k + 1;
    // Every stretch starts its hashes anew, which costs k bases.
    const step = Math.max(stretch, 8 * this.#k);
    for (let start = 0; start < places; start += step) {
      await report(start / places);
      if (!this.#scanStretch(start, Math.min(places, start + step), from, to, task === "insert"))
        return false;
    }
    return true;
  }

  #scanStretch(first: number, end: number, from: number, to: number, insert: boolean): boolean {
    const codes = this.#codes;
    const k = this.#k;
    const both = this.#bothStrands;
    const { kA, kB, lastA, lastB, inverseA, inverseB } = this.#powers;
    // Hash of s_0..s_(k-1) with values 1-4: sum of s_i m^(k-1-i); of the reverse complement: sum of (5 - s_i) m^i.
    let forwardA = 0;
    let forwardB = 0;
    let reverseA = 0;
    let reverseB = 0;
    let known = 0;
    for (let last = first; last < end + k - 1; last++) {
      const code = codes[last] & baseBits;
      if (code > 3) {
        known = forwardA = forwardB = reverseA = reverseB = 0;
        continue;
      }
      // Bases before the first known one count as 0.
      const leaving = known >= k ? (codes[last - k] & baseBits) + 1 : 0;
      forwardA = (Math.imul(forwardA, multiplierA) + code + 1 - Math.imul(leaving, kA)) | 0;
      forwardB = (Math.imul(forwardB, multiplierB) + code + 1 - Math.imul(leaving, kB)) | 0;
      let a = forwardA;
      let b = forwardB;
      if (both) {
        const leavingOther = known >= k ? 5 - leaving : 0;
        reverseA = (Math.imul(reverseA - leavingOther, inverseA) + Math.imul(4 - code, lastA)) | 0;
        reverseB = (Math.imul(reverseB - leavingOther, inverseB) + Math.imul(4 - code, lastB)) | 0;
        // The same for a k-mer and its reverse complement.
        a = (forwardA + reverseA) | 0;
        b = forwardB ^ reverseB;
      }
      if (known < k) known++;
      if (known < k) continue;
      const hash = mix(a ^ Math.imul(b, 0x27d4eb2f));
      if (hash < from || hash >= to) continue;
      const place = last - k + 1;
      if (insert) {
        this.#insert(place, a, b);
        if (this.#used > highestLoad * this.#places.length) return false;
      } else if (codes[place] >> 3 === copyMark) {
        const original = this.#places[this.#findSlot(place, a, b)] - 1;
        codes[place] = (codes[place] & baseBits) | (codes[original] & ~baseBits);
      }
    }
    return true;
  }

  #insert(place: number, a: number, b: number): void {
    const codes = this.#codes;
    const slot = this.#findSlot(place, a, b);
    const original = this.#places[slot] - 1;
    if (original < 0) {
      this.#places[slot] = place + 1;
      this.#fingerprints[slot] = a;
      this.#used++;
      codes[place] = (codes[place] & baseBits) | (1 << 3);
      return;
    }
    this.#copies++;
    const count = codes[original] >> 3;
    if (count < mostOccurrences) codes[original] += 1 << 3;
    codes[place] = (codes[place] & baseBits) | (copyMark << 3);
  }

  /** The slot of the k-mer at a place, or the free one where it belongs. */
  #findSlot(place: number, a: number, b: number): number {
    const places = this.#places;
    const slots = places.length;
    const fingerprint = a >>> 0;
    let slot = Math.floor(mix(b + Math.imul(a, 0x165667b1)) * (slots / 2 ** 32));
    while (places[slot] !== 0) {
      if (this.#fingerprints[slot] === fingerprint && this.#isSame(places[slot] - 1, place)) return slot;
      slot++;
      if (slot === slots) slot = 0;
    }
    return slot;
  }

  #isSame(one: number, other: number): boolean {
    const codes = this.#codes;
    const k = this.#k;
    let i = 0;
    while (i < k && ((codes[one + i] ^ codes[other + i]) & baseBits) === 0) i++;
    if (i === k) return true;
    if (!this.#bothStrands) return false;
    for (i = 0; i < k; i++) {
      if ((codes[one + i] & baseBits) + (codes[other + k - 1 - i] & baseBits) !== 3) return false;
    }
    return true;
  }
}

/** Spreads 32 bits evenly (the finaliser of MurmurHash3); unsigned. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function power(base: number, exponent: number): number {
  let result = 1;
  let square = base | 0;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** The inverse of an odd number modulo 2^32, by Newton's iteration: each step doubles the bits that are right. */
function inverse(odd: number): number {
  let x = odd | 0;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}

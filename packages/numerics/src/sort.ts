import { BindscapeError } from "./error.js";

const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;
/** Below this length a comparison sort beats the fixed cost of the radix histograms. */
const RADIX_THRESHOLD = 2048;

/**
 * The order that sorts `values` ascending: `values[order[0]] <= values[order[1]] <= ...`. Stable; -0 and 0 are
 * equal; infinities are allowed. Long input goes through a radix sort on the bits of the floats, which needs no
 * boxed numbers and no comparator calls: a million values take tens of milliseconds.
 *
 * @throws BindscapeError when a value is not a number; `name` says in the message what the values are.
 */
export function sortOrder(values: ArrayLike<number>, name = "values"): Uint32Array {
  const count = values.length;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    // One test for NaN, undefined and text alike: none of them equals itself as a number.
    if (!(+value === value)) throw notANumber(name, i, value);
  }
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  if (count < RADIX_THRESHOLD) {
    // The difference of two equal infinities is NaN, which falls through to the index as an equality should.
    return order.sort((i, j) => values[i] - values[j] || i - j);
  }
  return radixOrder(values, order);
}

function notANumber(name: string, index: number, value: unknown): BindscapeError {
  return new BindscapeError({
    source: name,
    found: `${String(value)} at index ${index}`,
    expected: "numbers that can be ranked",
    next: "Remove or impute missing values before ranking",
  });
}

function radixOrder(values: ArrayLike<number>, order: Uint32Array<ArrayBuffer>): Uint32Array {
  const count = order.length;
  const isSingle = values instanceof Float32Array || allSingle(values);
  const words = isSingle ? singleKeys(values) : doubleKeys(values);
  let from = order;
  let to = new Uint32Array(count);
  const starts = new Uint32Array(BUCKETS);
  for (const keys of words) {
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      starts.fill(0);
      for (let i = 0; i < count; i++) starts[(keys[i] >>> shift) & (BUCKETS - 1)]++;
      // A digit that all keys share orders nothing; common for counts and for rounded probabilities.
      if (starts[(keys[0] >>> shift) & (BUCKETS - 1)] === count) continue;
      for (let bucket = 0, sum = 0; bucket < BUCKETS; bucket++) {
        const size = starts[bucket];
        starts[bucket] = sum;
        sum += size;
      }
      for (let i = 0; i < count; i++) {
        const index = from[i];
        to[starts[(keys[index] >>> shift) & (BUCKETS - 1)]++] = index;
      }
      const spare = from;
      from = to;
      to = spare;
    }
  }
  return from;
}

function allSingle(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (Math.fround(values[i]) !== values[i]) return false;
  return true;
}

/** Unsigned keys in the order of the floats: negative ones have all bits flipped, the others only the sign bit. */
function singleKeys(values: ArrayLike<number>): Uint32Array[] {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < floats.length; i++) floats[i] = values[i] + 0; // -0 + 0 is 0
  const keys = new Uint32Array(floats.buffer);
  for (let i = 0; i < keys.length; i++) keys[i] ^= (keys[i] | 0) < 0 ? 0xffffffff : 0x80000000;
  return [keys];
}

/** The same for doubles, as two words, the low one first. */
function doubleKeys(values: ArrayLike<number>): Uint32Array[] {
  const count = values.length;
  const floats = new Float64Array(count);
  for (let i = 0; i < count; i++) floats[i] = values[i] + 0;
  const words = new Uint32Array(floats.buffer);
  // Where the high word of a double lies is the machine's choice: 1 has an empty low word.
  const highAt = new Uint32Array(Float64Array.of(1).buffer)[0] === 0 ? 1 : 0;
  const low = new Uint32Array(count);
  const high = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const top = words[2 * i + highAt];
    const isNegative = (top | 0) < 0;
    high[i] = top ^ (isNegative ? 0xffffffff : 0x80000000);
    low[i] = words[2 * i + 1 - highAt] ^ (isNegative ? 0xffffffff : 0);
  }
  return [low, high];
}

import type { SequenceSet } from "./sequence-set.js";
import type { EmOptions } from "./site-alignment.js";

/** Letters of the words that tell promising starts from others. */
const TELLING_LETTERS = 6;

/**
 * All places where they are few enough; else half of `most` at random, and half by how much more frequent the
 * words of 6 letters inside are than their letters make likely.
 */
export function choosePromisingPlaces(
  set: SequenceSet,
  options: EmOptions,
  places: readonly number[],
  width: number,
  most: number,
): readonly number[] {
  if (places.length <= most) return places;
  const { random } = options;
  const k = Math.min(TELLING_LETTERS, width);
  const excess = wordExcess(set, options, k);
  const { codes } = set;
  const tell = (place: number) => {
    let sum = 0;
    for (let i = place; i + k <= place + width; i++) {
      let word = 0;
      for (let j = 0; j < k; j++) word = word * 4 + codes[i + j];
      sum += excess[word];
    }
    return sum;
  };
  const told = places.map((place) => ({ place, value: tell(place) }));
  told.sort((a, b) => b.value - a.value || a.place - b.place);
  const chosen = new Set<number>();
  const blocked = new Set<string>();
  for (const { place } of told) {
    if (chosen.size >= most / 2) break;
    // The same word again tells nothing new, nor does one shifted by a letter from a word already chosen.
    const word = codes.subarray(place, place + Math.min(width, 10)).join("");
    if (blocked.has(word) || chosen.has(place - 1) || chosen.has(place + 1)) continue;
    blocked.add(word);
    chosen.add(place);
  }
  while (chosen.size < most) chosen.add(places[random.integer(places.length)]);
  return [...chosen];
}

/** (count - expected) / sqrt(expected) of every word of k letters, on the strands that are read. */
function wordExcess(set: SequenceSet, options: EmOptions, k: number): Float64Array {
  const { codes, runs } = set;
  const { background, bothStrands } = options;
  const counts = new Float64Array(4 ** k);
  let total = 0;
  for (let i = 0; i < codes.length; i++) {
    if (runs[i] < k) continue;
    let word = 0;
    let other = 0;
    for (let j = 0; j < k; j++) {
      word = word * 4 + codes[i + j];
      other = other * 4 + 3 - codes[i + k - 1 - j];
    }
    counts[word]++;
    total++;
    if (bothStrands && other !== word) counts[other]++;
  }
  return counts.map((count, word) => {
    let expected = bothStrands ? 2 * total : total;
    for (let j = 0, rest = word; j < k; j++, rest >>= 2) expected *= background[rest & 3];
    return (count - expected) / Math.sqrt(expected + 1);
  });
}

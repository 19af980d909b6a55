import { Random } from "@bindscape/numerics";

/** Sequences with motifs in them, and contributions as a perfect model would give them, with noise. */
export interface Planted {
  readonly count: number;
  readonly length: number;
  readonly codes: Uint8Array;
  readonly scores: Float32Array;
  readonly sites: readonly {
    readonly motif: number;
    readonly sequence: number;
    readonly start: number;
    readonly end: number;
    readonly isReversed: boolean;
  }[];
}

export const letters = (text: string) => Uint8Array.from(text, (letter) => "ACGT".indexOf(letter));

/** Plants each of several words once into every sequence with a chance of its own, on either strand, not overlapping. */
export function plantWords(
  words: readonly { readonly word: string; readonly weight: number; readonly chance: number }[],
  { count = 300, length = 120, noise = 0.1, seed = 1 } = {},
): Planted {
  const random = new Random(seed);
  const codes = Uint8Array.from({ length: count * length }, () => random.integer(4));
  const scores = Float32Array.from({ length: count * length }, () => noise * random.normal());
  const sites: Planted["sites"][number][] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    for (const [motif, { word, weight, chance }] of words.entries()) {
      if (random.uniform() >= chance) continue;
      const isReversed = random.uniform() < 0.5;
      let own = letters(word);
      if (isReversed) own = own.map((code) => 3 - code).reverse();
      const place = () => random.integer(length - word.length + 1);
      let start = place();
      const isFree = () =>
        sites.every(
          (site) =>
            site.sequence !== sequence || site.end + 25 <= start || start + word.length + 25 <= site.start,
        );
      for (let draw = 0; draw < 100 && !isFree(); draw++) start = place();
      if (!isFree()) continue;
      codes.set(own, sequence * length + start);
      for (let k = 0; k < word.length; k++) scores[sequence * length + start + k] += weight;
      sites.push({ motif, sequence, start, end: start + word.length, isReversed });
    }
  }
  return { count, length, codes, scores, sites };
}

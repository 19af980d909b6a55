import { Random } from "@bindscape/numerics";
import type { AttributionFile } from "../src/attribution-file.js";
import { letters } from "./seqlet-helpers.js";

/**
 * Sequences with a core on either strand, a word that matters beside some of them, and attributions as a perfect model
 * would give them, with noise.
 */
export function makeWordFile({
  seed = 1,
  count = 120,
  length = 100,
  word = "GATTA",
  chance = 0.6,
  offset = null as number | null,
  unknown = 0,
} = {}): AttributionFile {
  const random = new Random(seed);
  const codes = Uint8Array.from({ length: count * length }, () => random.integer(4));
  const attributions = new Float32Array(count * 4 * length);
  const cores = new Int32Array(2 * count);
  const strands = new Int8Array(count);
  const scores = Float32Array.from(codes, () => 0.1 * random.normal());
  for (let i = 0; i < count; i++) {
    const start = 40 + random.integer(10);
    cores.set([start, start + 8], 2 * i);
    strands[i] = random.uniform() < 0.5 ? 1 : -1;
    scores.fill(3, i * length + start, i * length + start + 8);
    if (random.uniform() < chance) {
      let own = letters(word);
      if (strands[i] < 0) own = own.map((code) => 3 - code).reverse();
      const distance = offset ?? random.integer(25);
      // Behind the core as its strand reads.
      const at = strands[i] > 0 ? start + 8 + distance : start - distance - word.length;
      codes.set(own, i * length + at);
      for (let k = at; k < at + word.length; k++) scores[i * length + k] += 1;
    }
    for (let k = 0; k < length; k++) {
      const at = i * length + k;
      if (random.uniform() < unknown) codes[at] = 4;
      else attributions[(i * 4 + codes[at]) * length + k] = scores[at];
    }
  }
  return {
    source: "made.npz",
    method: "deeplift",
    of: "logit",
    count,
    length,
    attributions,
    codes,
    cores,
    strands,
    target: 0,
    tasks: [{ factor: "Made", cell: "" }],
    labels: Float32Array.from({ length: count }, () => 1),
  };
}

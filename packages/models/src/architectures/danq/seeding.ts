import type { Initialiser } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import type { SeededKernel } from "../../model-definition.js";
import { uniform } from "../sequence-network/initial-values.js";
import { channelsOf } from "../sequence-network/options.js";
import type { DanQOptions } from "./options.js";

/** Which kernels start from which motif: the first ones, at most half of all, as DanQ-JASPAR has it. */
export function danQSeeds(options: DanQOptions, motifs: readonly (Motif | null)[]): SeededKernel[] {
  if (!options.seedKernels) return [];
  return distinctMotifs(motifs)
    .slice(0, Math.floor(options.kernels / 2))
    .map(({ name }, index) => ({ index, motif: name, strand: "+" }));
}

/**
 * First kernels with motifs in some: probability - 0.25 at a random offset, 0 around it, or the most informative
 * stretch of a motif that is wider than the kernel; the others as `otherwise` draws them.
 */
export function danQSeededKernels(
  options: DanQOptions,
  motifs: readonly (Motif | null)[],
  otherwise: Initialiser,
): Initialiser {
  return (shape, random) => {
    const values = otherwise(shape, random);
    const [, channels, width] = shape;
    const order = channelsOf(options.baseOrder);
    const seeds = distinctMotifs(motifs);
    for (const { index } of danQSeeds(options, motifs)) {
      const { probabilities, length } = seeds[index];
      const used = Math.min(length, width);
      const first = length > used ? mostInformativeStart(probabilities, length, used) : 0;
      const offset = random.integer(width - used + 1);
      values.fill(0, index * channels * width, (index + 1) * channels * width);
      for (let position = 0; position < used; position++) {
        order.forEach((base, channel) => {
          values[(index * channels + channel) * width + offset + position] =
            probabilities[(first + position) * 4 + base] - 0.25;
        });
      }
    }
    return values;
  };
}

/** First biases: uniform in -1 to 0 for kernels that start from motifs; the others as `otherwise` draws them. */
export function danQSeededBiases(
  options: DanQOptions,
  motifs: readonly (Motif | null)[],
  otherwise: Initialiser,
): Initialiser {
  return (shape, random) => {
    const values = otherwise(shape, random);
    const count = danQSeeds(options, motifs).length;
    values.set(uniform(-1, 0)([count], random));
    return values;
  };
}

function distinctMotifs(motifs: readonly (Motif | null)[]): Motif[] {
  const byId = new Map<string, Motif>();
  for (const motif of motifs) if (motif) byId.set(motif.id, motif);
  return [...byId.values()];
}

/** Start of the `width` rows with the largest sum of absolute differences from 0.25. */
function mostInformativeStart(probabilities: Float64Array, length: number, width: number): number {
  let best = 0;
  let bestSum = -1;
  for (let start = 0; start + width <= length; start++) {
    let sum = 0;
    for (let i = start * 4; i < (start + width) * 4; i++) sum += Math.abs(probabilities[i] - 0.25);
    if (sum > bestSum) {
      bestSum = sum;
      best = start;
    }
  }
  return best;
}

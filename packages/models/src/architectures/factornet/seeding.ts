import { glorotUniform, type Initialiser } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import type { NetworkContext, SeededKernel } from "../../model-definition.js";
import type { FactorNetOptions } from "./options.js";

/** Which kernels start from which motif: kernels 2m and 2m + 1 from motif m, forward and reverse complement. */
export function seededKernels(options: FactorNetOptions, motifs: readonly (Motif | null)[]): SeededKernel[] {
  if (!options.seedKernels) return [];
  const seeded: SeededKernel[] = [];
  for (const motif of distinctMotifs(motifs)) {
    if (seeded.length + 2 > options.kernels) break;
    seeded.push({ index: seeded.length, motif: motif.name, strand: "+" });
    seeded.push({ index: seeded.length, motif: motif.name, strand: "-" });
  }
  return seeded;
}

/**
 * Initial kernels with the motifs' log-odds in the first of them: log2((p + 0.001) / 0.25) in the middle of the
 * kernel, all other weights of a seeded kernel 0, as the published training script's -mo. Motifs wider than the
 * kernel lend their most informative stretch. The rest starts as without seeds.
 */
export function seededConvolution(
  options: FactorNetOptions,
  context: NetworkContext,
  channels: number,
): Initialiser {
  return (shape, random) => {
    const values = glorotUniform()(shape, random);
    const width = options.kernelWidth;
    const motifs = distinctMotifs(context.motifs);
    for (const { index, strand } of seededKernels(options, context.motifs)) {
      const motif = motifs[index >> 1];
      const logOdds = seedLogOdds(motif);
      const used = Math.min(motif.length, width);
      const first = motif.length > width ? mostInformativeStart(logOdds, motif.length, width) : 0;
      const at = Math.floor((width - used) / 2);
      values.fill(0, index * channels * width, (index + 1) * channels * width);
      for (let position = 0; position < used; position++) {
        for (let base = 0; base < 4; base++) {
          const row = strand === "+" ? first + position : first + used - 1 - position;
          const column = strand === "+" ? base : 3 - base;
          values[(index * channels + base) * width + at + position] =
            options.seedScale * logOdds[row * 4 + column];
        }
      }
    }
    return values;
  };
}

/**
 * Initial biases: 0, or for seeded kernels minus the wanted share of the best score their weights can give, so
 * that they start silent on sequence that hardly looks like the motif.
 */
export function seededBiases(
  options: FactorNetOptions,
  context: NetworkContext,
  channels: number,
): Initialiser {
  return (shape, random) => {
    const biases = new Float32Array(options.kernels);
    const size = channels * options.kernelWidth;
    const kernels = seededConvolution(
      options,
      context,
      channels,
    )([shape[0], channels, options.kernelWidth], random);
    for (const { index } of seededKernels(options, context.motifs)) {
      let best = 0;
      for (let position = 0; position < options.kernelWidth; position++) {
        let column = 0;
        for (let base = 0; base < 4; base++) {
          column = Math.max(column, kernels[index * size + base * options.kernelWidth + position]);
        }
        best += column;
      }
      biases[index] = -options.seedThreshold * best;
    }
    return biases;
  };
}

/** The published script's own log-odds: the 0.001 is added without making the shares sum to 1 again. */
function seedLogOdds(motif: Motif): Float64Array {
  return motif.probabilities.map((probability) => Math.log2((probability + 0.001) / 0.25));
}

function distinctMotifs(motifs: readonly (Motif | null)[]): Motif[] {
  const byId = new Map<string, Motif>();
  for (const motif of motifs) if (motif) byId.set(motif.id, motif);
  return [...byId.values()];
}

/** Start of the `width` rows with the largest sum of absolute log-odds. */
function mostInformativeStart(logOdds: Float64Array, length: number, width: number): number {
  let best = 0;
  let bestSum = -1;
  for (let start = 0; start + width <= length; start++) {
    let sum = 0;
    for (let i = start * 4; i < (start + width) * 4; i++) sum += Math.abs(logOdds[i]);
    if (sum > bestSum) {
      bestSum = sum;
      best = start;
    }
  }
  return best;
}

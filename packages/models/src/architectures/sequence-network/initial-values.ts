import { fromValues, glorotUniform, type Initialiser, zeros } from "@bindscape/gradient";
import type { Random } from "@bindscape/numerics";

/** How the kernels of convolutions and dense layers are drawn. */
export type Initialisation = "glorot" | "truncated-normal" | "fan-in";

/** First values of a layer's kernel and bias. */
export interface LayerStart {
  readonly kernel: Initialiser;
  readonly bias: Initialiser;
}

/**
 * How a layer starts: Glorot's uniform (Keras), a normal of standard deviation 0.01 without what lies beyond two of
 * them (AgentBind, TensorFlow), or uniform in +-1 / sqrt(fan in), biases too (Torch 7, hence the published DeepSEA).
 * @param fanIn values that one unit of the layer sees
 */
export function layerStart(initialisation: Initialisation, fanIn: number): LayerStart {
  switch (initialisation) {
    case "glorot":
      return { kernel: glorotUniform(), bias: zeros() };
    case "truncated-normal":
      return { kernel: truncatedNormal(0.01), bias: zeros() };
    case "fan-in": {
      const bound = 1 / Math.sqrt(fanIn);
      return { kernel: uniform(-bound, bound), bias: uniform(-bound, bound) };
    }
    default:
      return initialisation satisfies never;
  }
}

/** Normal of mean 0, drawn again where it lies more than two standard deviations away. */
export function truncatedNormal(standardDeviation: number): Initialiser {
  return fillBy((random) => {
    let value = random.normal();
    while (Math.abs(value) > 2) value = random.normal();
    return standardDeviation * value;
  });
}

/** Uniform from `from` to `to`. */
export function uniform(from: number, to: number): Initialiser {
  return fillBy((random) => from + (to - from) * random.uniform());
}

/** Log-odds of shares, as the bias of an output that starts at them. */
export function startAtShares(shares: readonly number[]): Initialiser {
  return fromValues(shares.map(logOdds));
}

/** ln(p / (1 - p)), of a share that is kept 1e-6 away from 0 and 1. */
export function logOdds(share: number): number {
  const clipped = Math.min(Math.max(share, 1e-6), 1 - 1e-6);
  return Math.log(clipped / (1 - clipped));
}

function fillBy(draw: (random: Random) => number): Initialiser {
  return (shape, random) => {
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < values.length; i++) values[i] = draw(random);
    return values;
  };
}

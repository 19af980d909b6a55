import { BindscapeError } from "@bindscape/numerics";
import { type Graph, misfit, type Tensor } from "../graph.js";
import { constantValue, zeros } from "../initialisers.js";
import { add, divide, maximum, multiply, subtract } from "../operators/arithmetic.js";
import { applyStatistics, channelwise, normalise } from "../operators/normalise.js";
import { reduceSum } from "../operators/reduce.js";
import { reshape } from "../operators/reshape.js";
import { type Dimension, elementCount, isFree, sameDimension } from "../shape.js";

/** One number a channel each. */
export interface BatchNormalisationParameters {
  /** [C] */
  readonly scale: Tensor;
  /** [C] */
  readonly offset: Tensor;
  /** [C], moved by training steps and not by gradients. */
  readonly runningMean: Tensor;
  /** [C], moved by training steps and not by gradients; unbiased. */
  readonly runningVariance: Tensor;
}

/** The parameters `name.scale` (1), `name.offset` (0), `name.runningMean` (0) and `name.runningVariance` (1). */
export function batchNormalisationParameters(
  graph: Graph,
  name: string,
  channels: number,
): BatchNormalisationParameters {
  const running = { trainable: false };
  return {
    scale: graph.parameter(`${name}.scale`, [channels], constantValue(1)),
    offset: graph.parameter(`${name}.offset`, [channels], zeros()),
    runningMean: graph.parameter(`${name}.runningMean`, [channels], zeros(), running),
    runningVariance: graph.parameter(`${name}.runningVariance`, [channels], constantValue(1), running),
  };
}

export interface BatchNormalisationOptions {
  /**
   * Share of the old value in a running statistic after a step: old momentum + new (1 - momentum), as Keras and ONNX
   * define it; PyTorch's momentum is 1 minus this.
   */
  readonly momentum: number;
  /** Added to variances. */
  readonly epsilon: number;
  /**
   * [N], 0 for rows that only fill a batch: they are normalised but left out of its statistics. Other weights count
   * as so many samples.
   */
  readonly weight?: Tensor;
  /**
   * Where a training step takes mean and variance from: the "batch", or the "running" ones, which then stay as they
   * are (fine-tuning). Prediction always takes the running ones. Default "batch".
   */
  readonly statistics?: "batch" | "running";
  /** What errors call this layer. */
  readonly name?: string;
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015): each channel brought to mean 0 and variance 1 over samples and
 * positions, then scaled and shifted. In training a batch's own mean and (biased) variance are used and differentiated,
 * and the running ones move towards its mean and unbiased variance; in inference the running ones are used.
 * @param x [N, C] or [N, C, positions]
 */
export function batchNormalisation(
  x: Tensor,
  parameters: BatchNormalisationParameters,
  options: BatchNormalisationOptions,
): Tensor {
  const { momentum, epsilon, weight, statistics = "batch", name = "batchNormalisation" } = options;
  const { scale, offset, runningMean, runningVariance } = parameters;
  const { graph } = x;
  const all = [scale, offset, runningMean, runningVariance];
  const fits = all.every(({ shape }) => shape.length === 1 && sameDimension(shape[0], x.shape[1]));
  if ((x.rank !== 2 && x.rank !== 3) || isFree(x.shape[1]) || !fits) {
    const needs = "an input [N, C] or [N, C, positions] and parameters [C]";
    throw misfit("batchNormalisation", [x, ...all], needs, name);
  }
  if (!(momentum >= 0 && momentum <= 1 && epsilon > 0)) {
    throw new BindscapeError({
      source: `layer "${name}"`,
      found: `momentum ${momentum}, epsilon ${epsilon}`,
      expected: "a momentum from 0 to 1 and a positive epsilon",
    });
  }
  if (graph.phase === "inference" || statistics === "running") return applyStatistics(x, all, epsilon, name);

  const axes = x.rank === 2 ? [0] : [0, 2];
  const positions = x.rank === 2 ? 1 : x.shape[2];
  const { share, count } = sharesOf(x, weight, positions, name);
  const [normalised, mean, variance] = normalise(x, share, { axes, epsilon }, name);
  // Unbiased: times count / (count - 1).
  const unbiased = multiply(variance, divide(count, maximum(subtract(count, 1), 1e-6)));
  const move = (running: Tensor, batch: Tensor) => {
    const next = add(multiply(running, momentum), multiply(reshape(batch, running.shape), 1 - momentum));
    graph.update(running, next);
  };
  move(runningMean, mean);
  move(runningVariance, unbiased);
  return add(multiply(normalised, channelwise(scale, x.rank)), channelwise(offset, x.rank));
}

/** Each sample's share in means over samples and positions (null where all are equal), and the number they are over. */
function sharesOf(
  x: Tensor,
  weight: Tensor | undefined,
  positions: Dimension,
  name: string,
): { share: Tensor | null; count: Tensor } {
  const { graph } = x;
  const samples = x.shape[0];
  if (isFree(positions)) throw misfit("batchNormalisation", [x], "positions of fixed length", name);
  if (weight === undefined) {
    if (isFree(samples)) throw misfit("batchNormalisation", [x], "a batch of fixed size in training", name);
    const count = samples * positions;
    if (count < 2) throw misfit("batchNormalisation", [x], "two or more values a channel in training", name);
    return { share: null, count: graph.scalar(count) };
  }
  if (!sameDimension(elementCount(weight.shape), samples))
    throw misfit("batchNormalisation", [x, weight], "a weight for each sample", name);
  const column = reshape(weight, [samples, ...new Array<number>(x.rank - 1).fill(1)]);
  const count = reshape(multiply(reduceSum(column), positions), []);
  return { share: divide(column, maximum(count, 1e-12)), count };
}

export interface LayerNormalisationParameters {
  /** The lengths of the normalised axes. */
  readonly scale: Tensor;
  readonly offset: Tensor;
}

/** The parameters `name.scale` (1) and `name.offset` (0), of the shape of the normalised axes. */
export function layerNormalisationParameters(
  graph: Graph,
  name: string,
  shape: readonly number[],
): LayerNormalisationParameters {
  return {
    scale: graph.parameter(`${name}.scale`, shape, constantValue(1)),
    offset: graph.parameter(`${name}.offset`, shape, zeros()),
  };
}

/**
 * Layer normalisation (Ba et al. 2016): the values of each sample (and position, where the parameters have fewer axes)
 * brought to mean 0 and variance 1, then scaled and shifted. The same in training and inference.
 * @param x its last axes are those of the parameters: [N, positions, C] with parameters [C] treats each position by
 *   itself
 */
export function layerNormalisation(
  x: Tensor,
  { scale, offset }: LayerNormalisationParameters,
  options: { readonly epsilon: number; readonly name?: string },
): Tensor {
  const { epsilon, name = "layerNormalisation" } = options;
  const first = x.rank - scale.rank;
  const fits =
    first >= 0 &&
    scale.rank > 0 &&
    offset.rank === scale.rank &&
    scale.shape.every(
      (length, axis) =>
        !isFree(length) &&
        sameDimension(length, x.shape[first + axis]) &&
        sameDimension(length, offset.shape[axis]),
    );
  if (!fits) {
    const needs = "a scale and an offset of the shape of the input's last axes";
    throw misfit("layerNormalisation", [x, scale, offset], needs, name);
  }
  if (!(epsilon > 0)) {
    throw new BindscapeError({
      source: `layer "${name}"`,
      found: `epsilon ${epsilon}`,
      expected: "a positive number",
    });
  }
  const axes = scale.shape.map((_, axis) => first + axis);
  const [normalised] = normalise(x, null, { axes, epsilon }, name);
  return add(multiply(normalised, scale), offset);
}

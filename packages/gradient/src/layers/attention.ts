import { misfit, type Tensor } from "../graph.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { matrixProduct } from "../operators/matrix-product.js";
import { tanh } from "../operators/pointwise.js";
import { reshape } from "../operators/reshape.js";
import { softmax } from "../operators/softmax.js";
import { transpose } from "../operators/transpose.js";
import { isFree, sameDimension } from "../shape.js";

export interface AttentionPoolOptions {
  /** [N, positions], 0 for positions that get no weight. One a sample at least must have 1. */
  readonly mask?: Tensor;
  /** What errors call this layer. */
  readonly name?: string;
}

/** Added to the scores of masked positions: their weights are then 0 in float32. */
const outOfSight = -1e9;

/**
 * Attention pooling: the mean of all positions' values, weighted by the softmax of their scores.
 * @param x [N, positions, channels]
 * @param scores [N, positions], or [N, positions, heads] for several means
 * @returns [N, channels], or [N, heads, channels]
 */
export function attentionPool1d(x: Tensor, scores: Tensor, options: AttentionPoolOptions = {}): Tensor {
  const { mask, name = "attentionPool1d" } = options;
  const ofPositions = (y: Tensor) =>
    y.shape.slice(0, 2).every((length, i) => sameDimension(length, x.shape[i]));
  const fits =
    x.rank === 3 &&
    x.shape.slice(1).every((length) => !isFree(length)) &&
    (scores.rank === 2 || (scores.rank === 3 && !isFree(scores.shape[2]))) &&
    ofPositions(scores) &&
    (mask === undefined || (mask.rank === 2 && ofPositions(mask)));
  if (!fits) {
    const needs = "values [N, positions, channels], scores [N, positions, heads] and a mask [N, positions]";
    throw misfit("attentionPool1d", mask ? [x, scores, mask] : [x, scores], needs, name);
  }
  const [samples, positions, channels] = x.shape;
  const heads = scores.rank === 2 ? 1 : scores.shape[2];
  // [N, heads, positions]: positions last, where the softmax and the product want them.
  const rows = scores.rank === 2 ? reshape(scores, [samples, 1, positions]) : transpose(scores, [0, 2, 1]);
  const seen = mask
    ? add(rows, reshape(multiply(subtract(1, mask), outOfSight), [samples, 1, positions]))
    : rows;
  const pooled = matrixProduct(softmax(seen, 2), x, {}, name);
  return scores.rank === 2
    ? reshape(pooled, [samples, channels])
    : reshape(pooled, [samples, heads, channels]);
}

/**
 * Scores for {@link attentionPool1d} from the values themselves: tanh(x kernel + bias) vector (Bahdanau et al. 2015).
 * @param x [N, positions, channels]
 * @param kernel [channels, A] @param bias [A], or null @param vector [A, heads]
 * @returns [N, positions, heads]
 */
export function attentionScores(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
  vector: Tensor,
  options: { readonly name?: string } = {},
): Tensor {
  const { name = "attentionScores" } = options;
  const projected = matrixProduct(x, kernel, {}, name);
  return matrixProduct(tanh(bias ? add(projected, bias) : projected), vector, {}, name);
}

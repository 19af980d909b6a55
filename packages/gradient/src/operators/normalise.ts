import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastShapes, type Shape, sameShape } from "../shape.js";
import { add, divide, multiply, subtract } from "./arithmetic.js";
import { broadcastStrides, forEachOffset } from "./broadcasting.js";
import { sqrt } from "./pointwise.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";

interface Normalisation {
  /** The axes whose values are brought to mean 0 and variance 1 together. */
  readonly axes: readonly number[];
  /** Added to the variance. */
  readonly epsilon: number;
}

/**
 * (x - mean) / sqrt(variance + epsilon) over some axes, with the variance as the mean of squared deviations. Inputs: x
 * and the share of each entry in its mean, of a shape that broadcasts to x's (1 / count for an ordinary mean; 0 for
 * entries that do not count but are normalised all the same). Outputs: the result, means, variances.
 */
const normaliseOperator: Operator<Normalisation> = {
  name: "normalise",
  infer([x, share], { axes, epsilon }) {
    if (axes.some((axis) => axis < 0 || axis >= x.length))
      throw new ShapeError(`a tensor with the axes ${axes.join(", ")}`);
    const joined = broadcastShapes(x, share);
    if (joined === null || !sameShape(joined, x)) throw new ShapeError("shares that broadcast to the input");
    if (!(epsilon > 0)) throw new ShapeError(`a positive epsilon, not ${epsilon}`);
    const kept: Shape = x.map((length, axis) => (axes.includes(axis) ? 1 : length));
    return [x, kept, kept];
  },
  emit(emitter, node) {
    const { axes, epsilon } = node.attributes;
    const [x, share] = emitter.names(node.inputs);
    const [result, mean, variance] = emitter.names(node.outputs);
    const reduce = (value: string, output: string) =>
      emitter.node("ReduceSum", [value, emitter.integers(axes)], { keepdims: { integer: 1 } }, [output]);
    reduce(emitter.node("Mul", [x, share])[0], mean);
    const [centred] = emitter.node("Sub", [x, mean]);
    const [weighted] = emitter.node("Mul", [centred, share]);
    reduce(emitter.node("Mul", [weighted, centred])[0], variance);
    const [above] = emitter.node("Add", [variance, emitter.scalar(epsilon)]);
    emitter.node("Div", [centred, emitter.node("Sqrt", [above])[0]], {}, [result]);
  },
  evaluate([x, share], { epsilon }, [shape, kept]) {
    const strides = [broadcastStrides(kept, shape), broadcastStrides(share.shape, shape)];
    const mean = new Float64Array(kept.reduce((a, b) => a * b, 1));
    const variance = new Float64Array(mean.length);
    forEachOffset(shape, strides, (i, [to, by]) => {
      mean[to] += x.data[i] * share.data[by];
    });
    forEachOffset(shape, strides, (i, [to, by]) => {
      variance[to] += (x.data[i] - mean[to]) ** 2 * share.data[by];
    });
    const result = new Float64Array(x.data.length);
    forEachOffset(shape, strides, (i, [to]) => {
      result[i] = (x.data[i] - mean[to]) / Math.sqrt(variance[to] + epsilon);
    });
    return [result, mean, variance];
  },
  gradient(node, [gradient, ofMean, ofVariance]) {
    if (ofMean || ofVariance) throw new Error("only the normalised values have a gradient");
    if (!gradient) return [null, null];
    const [, share] = node.inputs;
    const [result, , variance] = node.outputs;
    const { axes, epsilon } = node.attributes;
    // dx = (dy - share (sum dy + y sum(dy y))) / deviation: Ioffe and Szegedy 2015, section 3, put together.
    const total = reduceSum(gradient, axes);
    const along = reduceSum(multiply(gradient, result), axes);
    const common = multiply(add(total, multiply(result, along)), share);
    return [divide(subtract(gradient, common), sqrt(add(variance, epsilon))), null];
  },
};

/** @returns normalised values, and means and variances (with length 1 along the axes), which have no gradient */
export function normalise(
  x: Tensor,
  share: Tensor,
  normalisation: Normalisation,
  label: string,
): readonly Tensor[] {
  return applyOperator(normaliseOperator, [x, share], normalisation, label);
}

/**
 * Batch normalisation with given statistics, one number a channel: ONNX's operator, which ONNX Runtime makes part of
 * a convolution before it. Inputs: x [N, C, ...], scale, offset, mean, variance, each [C].
 */
const inferenceOperator: Operator<{ readonly epsilon: number }> = {
  name: "batchNormalisation",
  infer: ([x]) => [x],
  emit: (emitter, node) =>
    emitter.simple("BatchNormalization", node, { epsilon: { float: node.attributes.epsilon } }),
  evaluate([x, scale, offset, mean, variance], { epsilon }) {
    const channels = x.shape[1];
    const inner = x.shape.slice(2).reduce((a, b) => a * b, 1);
    return [
      x.data.map((value, i) => {
        const c = Math.floor(i / inner) % channels;
        const deviation = Math.sqrt(variance.data[c] + epsilon);
        return ((value - mean.data[c]) / deviation) * scale.data[c] + offset.data[c];
      }),
    ];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const [x, scale, , mean, variance] = node.inputs;
    const factor = divide(scale, sqrt(add(variance, node.attributes.epsilon)));
    const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
    const perChannel = (value: Tensor) => channelwise(value, x.rank);
    const sum = (value: Tensor) => reshape(reduceSum(value, others), scale.shape);
    const ofScale = () => {
      const deviation = sqrt(add(variance, node.attributes.epsilon));
      const centred = subtract(x, perChannel(mean));
      return divide(sum(multiply(gradient, centred)), deviation);
    };
    return [
      needed[0] ? multiply(gradient, perChannel(factor)) : null,
      needed[1] ? ofScale() : null,
      needed[2] ? sum(gradient) : null,
      null,
      null,
    ];
  },
};

/** [C] as [C, 1, ...], to stand beside [N, C, ...]. */
export function channelwise(x: Tensor, rank: number): Tensor {
  return reshape(x, [x.shape[0], ...new Array<number>(rank - 2).fill(1)]);
}

/** Applies statistics; see {@link inferenceOperator}. Means and variances get no gradient. */
export function applyStatistics(
  x: Tensor,
  [scale, offset, mean, variance]: readonly Tensor[],
  epsilon: number,
  label: string,
): Tensor {
  return applyOperator(inferenceOperator, [x, scale, offset, mean, variance], { epsilon }, label)[0];
}

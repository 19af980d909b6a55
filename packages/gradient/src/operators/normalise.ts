import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { broadcastShapes, isFree, product, type Shape, sameShape } from "../shape.js";
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
 * (x - mean) / sqrt(variance + epsilon) over some axes, with the variance as the mean of squared deviations. Inputs: x,
 * and perhaps the share of each entry in its mean, of a shape that broadcasts to x's (0 for entries that do not count but
 * are normalised all the same); without it the means are ordinary ones. Outputs: the result, means, variances, and
 * 1 / sqrt(variance + epsilon).
 */
const normaliseOperator: Operator<Normalisation> = {
  name: "normalise",
  infer([x, share], { axes, epsilon }) {
    if (axes.some((axis) => axis < 0 || axis >= x.length))
      throw new ShapeError(`a tensor with the axes ${axes.join(", ")}`);
    if (share) {
      const joined = broadcastShapes(x, share);
      if (joined === null || !sameShape(joined, x))
        throw new ShapeError("shares that broadcast to the input");
    } else if (axes.some((axis) => isFree(x[axis]))) throw new ShapeError("axes of fixed length");
    if (!(epsilon > 0)) throw new ShapeError(`a positive epsilon, not ${epsilon}`);
    const kept: Shape = x.map((length, axis) => (axes.includes(axis) ? 1 : length));
    return [x, kept, kept, kept];
  },
  emit(emitter, node) {
    const { axes, epsilon } = node.attributes;
    const [x, share] = emitter.names(node.inputs);
    const [result, mean, variance, inverse] = emitter.names(node.outputs);
    const average = (value: string, output: string) => {
      const attributes = { keepdims: { integer: 1 } };
      if (share === undefined) {
        emitter.node("ReduceMean", [value], { ...attributes, axes: { integers: axes } }, [output]);
      } else {
        const [weighted] = emitter.node("Mul", [value, share]);
        emitter.node("ReduceSum", [weighted, emitter.integers(axes)], attributes, [output]);
      }
    };
    average(x, mean);
    const [centred] = emitter.node("Sub", [x, mean]);
    average(emitter.node("Mul", [centred, centred])[0], variance);
    const [above] = emitter.node("Add", [variance, emitter.scalar(epsilon)]);
    emitter.node("Div", [emitter.scalar(1), emitter.node("Sqrt", [above])[0]], {}, [inverse]);
    emitter.node("Mul", [centred, inverse], {}, [result]);
  },
  evaluate([x, share], { epsilon }, [shape, kept]) {
    const strides = [broadcastStrides(kept, shape), broadcastStrides(share?.shape ?? [], shape)];
    const count = shape.reduce((a, b) => a * b, 1) / kept.reduce((a, b) => a * b, 1);
    const shareAt = (by: number) => (share ? share.data[by] : 1 / count);
    const mean = new Float64Array(kept.reduce((a, b) => a * b, 1));
    const variance = new Float64Array(mean.length);
    forEachOffset(shape, strides, (i, [to, by]) => {
      mean[to] += x.data[i] * shareAt(by);
    });
    forEachOffset(shape, strides, (i, [to, by]) => {
      variance[to] += (x.data[i] - mean[to]) ** 2 * shareAt(by);
    });
    const result = new Float64Array(x.data.length);
    forEachOffset(shape, strides, (i, [to]) => {
      result[i] = (x.data[i] - mean[to]) / Math.sqrt(variance[to] + epsilon);
    });
    return [result, mean, variance, variance.map((value) => 1 / Math.sqrt(value + epsilon))];
  },
  gradient(node, [gradient, ...others]) {
    if (others.some((other) => other !== null)) throw new Error("only the normalised values have a gradient");
    if (!gradient) return node.inputs.map(() => null);
    const [x, weights] = node.inputs as readonly [Tensor, Tensor | undefined];
    const [result, , , inverse] = node.outputs;
    const { axes } = node.attributes;
    const share = weights ?? 1 / product(axes.map((axis) => x.shape[axis] as number));
    // dx = (dy - share (sum dy + y sum(dy y))) / deviation (Ioffe and Szegedy 2015, section 3, put together), with
    // everything that is not of x's size multiplied first.
    const constant = multiply(multiply(reduceSum(gradient, axes), share), inverse);
    const slope = multiply(multiply(reduceSum(multiply(gradient, result), axes), share), inverse);
    const dx = subtract(multiply(gradient, inverse), add(multiply(result, slope), constant));
    return weights ? [dx, null] : [dx];
  },
};

/** @returns normalised values, and means and variances (with length 1 along the axes), which have no gradient */
export function normalise(
  x: Tensor,
  share: Tensor | null,
  normalisation: Normalisation,
  label: string,
): readonly Tensor[] {
  return applyOperator(normaliseOperator, share ? [x, share] : [x], normalisation, label);
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

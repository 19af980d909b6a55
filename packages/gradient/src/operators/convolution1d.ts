import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { convolution1dAdjoint } from "./convolution-transpose1d.js";
import { convolution1dKernelGradient } from "./convolution1d-kernel-gradient.js";
import {
  type Convolution,
  checkBias,
  checkConvolution,
  fixedLengths,
  type Padding1d,
  resolvePadding,
  spanOf,
} from "./convolution1d-shape.js";
import { matrixProduct } from "./matrix-product.js";
import { sumOverPositions } from "./max-pool1d.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";

export interface Convolution1dOptions {
  /** Zeros around the positions. Default 0 ("valid"). */
  readonly padding?: Padding1d;
  /** Distance between the kernel's taps, in positions. Default 1. */
  readonly dilation?: number;
  /** Distance between output positions. Default 1. */
  readonly stride?: number;
  /** Channels and filters are cut into so many groups, each convolved by itself. Default 1. */
  readonly groups?: number;
  /** What errors call this layer. */
  readonly name?: string;
}

const convolutionOperator: Operator<Convolution> = {
  name: "convolution1d",
  infer([x, kernel, bias], convolution) {
    checkConvolution(convolution);
    const { before, after, dilation, stride, groups } = convolution;
    const sizes = fixedLengths(x, kernel, "filters, channels, width");
    const { channels, positions, outer: filters, inner, width } = sizes;
    if (channels !== inner * groups || filters % groups !== 0) {
      throw new ShapeError(
        groups === 1
          ? "a kernel with as many channels as the input"
          : `a kernel with 1/${groups} of the input's channels, and a multiple of ${groups} filters`,
      );
    }
    checkBias(bias, filters);
    const span = spanOf(width, dilation);
    const length = Math.floor((positions + before + after - span) / stride) + 1;
    if (length < 1) throw new ShapeError(`at least ${span} positions`);
    return [[x[0], filters, length]];
  },
  emit(emitter, node) {
    const { before, after, dilation, stride, groups } = node.attributes;
    emitter.simple("Conv", node, {
      pads: { integers: [before, after] },
      dilations: { integers: [dilation] },
      strides: { integers: [stride] },
      group: { integer: groups },
    });
  },
  evaluate([x, kernel, bias], { before, dilation, stride, groups }, [[batch, filters, length]]) {
    const [, channels, positions] = x.shape;
    const [, inner, width] = kernel.shape;
    const result = new Float64Array(batch * filters * length);
    for (let n = 0; n < batch; n++) {
      for (let f = 0; f < filters; f++) {
        const first = Math.floor(f / (filters / groups)) * inner;
        for (let p = 0; p < length; p++) {
          let sum = bias ? bias.data[f] : 0;
          for (let c = 0; c < inner; c++) {
            for (let w = 0; w < width; w++) {
              const at = p * stride + w * dilation - before;
              if (at < 0 || at >= positions) continue;
              sum +=
                x.data[(n * channels + first + c) * positions + at] *
                kernel.data[(f * inner + c) * width + w];
            }
          }
          result[(n * filters + f) * length + p] = sum;
        }
      }
    }
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const [x, kernel] = node.inputs;
    return [
      needed[0] ? convolution1dAdjoint(gradient, kernel, node.attributes, x.shape[2] as number) : null,
      needed[1] ? kernelGradient(x, gradient, kernel, node.attributes) : null,
      ...(node.inputs.length > 2
        ? [needed[2] ? reshape(sumOverPositions(gradient), node.inputs[2].shape) : null]
        : []),
    ];
  },
};

function kernelGradient(x: Tensor, gradient: Tensor, kernel: Tensor, convolution: Convolution): Tensor {
  const [filters, channels, width] = kernel.shape as readonly number[];
  const { before, after, stride, groups } = convolution;
  if (width === 1 && stride === 1 && before === 0 && after === 0 && groups === 1) {
    const products = matrixProduct(gradient, x, { transposeB: true });
    return reshape(reduceSum(products, [0]), [filters, channels, 1]);
  }
  return convolution1dKernelGradient(x, gradient, width, convolution);
}

/**
 * Cross-correlation along positions, as neural networks call convolution.
 * @param x [N, channels, positions]
 * @param kernel [filters, channels / groups, width]
 * @param bias [filters], or null
 * @returns [N, filters, floor((positions + padding - dilation (width - 1) - 1) / stride) + 1]
 */
export function convolution1d(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null = null,
  options: Convolution1dOptions = {},
): Tensor {
  const { padding = 0, dilation = 1, stride = 1, groups = 1, name = "convolution1d" } = options;
  const [before, after] = resolvePadding(padding, x.shape[2], kernel.shape[2], { stride, dilation });
  return slide(x, kernel, bias, { before, after, dilation, stride, groups }, name);
}

/** For the engine: {@link convolution1d} with its numbers worked out. */
export function slide(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null,
  convolution: Convolution,
  label: string,
): Tensor {
  return applyOperator(convolutionOperator, bias ? [x, kernel, bias] : [x, kernel], convolution, label)[0];
}

/**
 * The same dense layer at every position: a convolution of width 1.
 * @param x [N, channels, positions]
 * @param kernel [filters, channels]
 * @param bias [filters], or null
 */
export function perPositionDense(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null = null,
  options: { readonly name?: string } = {},
): Tensor {
  const widened = reshape(kernel, [...kernel.shape, 1]);
  return convolution1d(x, widened, bias, { name: options.name ?? "perPositionDense" });
}

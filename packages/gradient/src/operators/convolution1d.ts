import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { type Dimension, isFree, sameDimension } from "../shape.js";
import { convolution1dKernelGradient } from "./convolution1d-kernel-gradient.js";
import { matrixProduct } from "./matrix-product.js";
import { sumOverPositions } from "./max-pool1d.js";
import { flip } from "./permute.js";
import { reduceSum } from "./reduce.js";
import { reshape } from "./reshape.js";
import { transpose } from "./transpose.js";

export interface Convolution1dOptions {
  /** Zeros added before the first and after the last position. Default 0 ("valid"). */
  readonly padding?: number;
  /** Distance between the kernel's taps, in positions. Default 1. */
  readonly dilation?: number;
  /** Distance between output positions. Default 1. */
  readonly stride?: number;
  /** What errors call this layer. */
  readonly name?: string;
}

export interface Convolution {
  readonly padding: number;
  readonly dilation: number;
  readonly stride: number;
}

/** The number of output positions. */
function outputLength(length: number, width: number, { padding, dilation, stride }: Convolution): number {
  return Math.floor((length + 2 * padding - dilation * (width - 1) - 1) / stride) + 1;
}

const convolutionOperator: Operator<Convolution> = {
  name: "convolution1d",
  infer([x, kernel, bias], convolution) {
    if (x.length !== 3 || kernel.length !== 3) {
      throw new ShapeError("an input [batch, channels, positions] and a kernel [filters, channels, width]");
    }
    const [batch, channels, positions] = x;
    const [filters, kernelChannels, width] = kernel;
    if (isFree(positions) || isFree(width) || !sameDimension(channels, kernelChannels)) {
      throw new ShapeError(`a kernel with as many channels as the input`);
    }
    if (bias && !(bias.length === 1 && sameDimension(bias[0], filters))) {
      throw new ShapeError("a bias with one value a filter");
    }
    const length = outputLength(positions, width, convolution);
    if (length < 1) throw new ShapeError(`at least ${convolution.dilation * (width - 1) + 1} positions`);
    return [[batch, filters, length as Dimension]];
  },
  emit(emitter, node) {
    const { padding, dilation, stride } = node.attributes;
    emitter.simple("Conv", node, {
      pads: { integers: [padding, padding] },
      dilations: { integers: [dilation] },
      strides: { integers: [stride] },
    });
  },
  evaluate([x, kernel, bias], { padding, dilation, stride }, [[batch, filters, length]]) {
    const [, channels, positions] = x.shape;
    const width = kernel.shape[2];
    const result = new Float64Array(batch * filters * length);
    for (let n = 0; n < batch; n++) {
      for (let f = 0; f < filters; f++) {
        for (let p = 0; p < length; p++) {
          let sum = bias ? bias.data[f] : 0;
          for (let c = 0; c < channels; c++) {
            for (let w = 0; w < width; w++) {
              const at = p * stride + w * dilation - padding;
              if (at < 0 || at >= positions) continue;
              sum +=
                x.data[(n * channels + c) * positions + at] * kernel.data[(f * channels + c) * width + w];
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
      needed[0] ? inputGradient(gradient, kernel, node.attributes, node.label) : null,
      needed[1] ? kernelGradient(x, gradient, kernel, node.attributes) : null,
      ...(node.inputs.length > 2
        ? [needed[2] ? reshape(sumOverPositions(gradient), node.inputs[2].shape) : null]
        : []),
    ];
  },
};

/** A convolution with the flipped kernel: on the CPU that is faster than ONNX's ConvTranspose. */
function inputGradient(gradient: Tensor, kernel: Tensor, convolution: Convolution, label: string): Tensor {
  if (convolution.stride !== 1)
    throw new Error(`layer "${label}": no input gradient for stride ${convolution.stride}`);
  const width = kernel.shape[2] as number;
  const flipped = transpose(width === 1 ? kernel : flip(kernel, 2), [1, 0, 2]);
  return convolution1d(gradient, flipped, null, {
    padding: convolution.dilation * (width - 1) - convolution.padding,
    dilation: convolution.dilation,
  });
}

function kernelGradient(x: Tensor, gradient: Tensor, kernel: Tensor, convolution: Convolution): Tensor {
  const [filters, channels, width] = kernel.shape as readonly number[];
  const { padding, stride } = convolution;
  if (width === 1 && stride === 1 && padding === 0) {
    const products = matrixProduct(gradient, x, { transposeB: true });
    return reshape(reduceSum(products, [0]), [filters, channels, 1]);
  }
  return convolution1dKernelGradient(x, gradient, width, convolution);
}

/**
 * Cross-correlation along positions, as neural networks call convolution.
 * @param x [N, channels, positions]
 * @param kernel [filters, channels, width]
 * @param bias [filters], or null
 * @returns [N, filters, floor((positions + 2 padding - dilation (width - 1) - 1) / stride) + 1]
 */
export function convolution1d(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null = null,
  options: Convolution1dOptions = {},
): Tensor {
  const { padding = 0, dilation = 1, stride = 1, name = "convolution1d" } = options;
  const inputs = bias ? [x, kernel, bias] : [x, kernel];
  return applyOperator(convolutionOperator, inputs, { padding, dilation, stride }, name)[0];
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

import { applyOperator, type Tensor } from "../graph.js";
import { type Operator, ShapeError } from "../operator.js";
import { slide } from "./convolution1d.js";
import { convolution1dKernelGradient } from "./convolution1d-kernel-gradient.js";
import {
  type Convolution,
  checkBias,
  checkConvolution,
  fixedLengths,
  spanOf,
} from "./convolution1d-shape.js";
import { sumOverPositions } from "./max-pool1d.js";
import { flip } from "./permute.js";
import { reshape } from "./reshape.js";
import { slice } from "./slice.js";
import { transpose } from "./transpose.js";

export interface ConvolutionTranspose1dOptions {
  /** Positions cut off at both ends, or `[before, after]`. Default 0. */
  readonly padding?: number | readonly [before: number, after: number];
  /** Further positions at the end, fewer than the stride or the dilation. Default 0. */
  readonly outputPadding?: number;
  /** Distance between the kernel's taps, in positions. Default 1. */
  readonly dilation?: number;
  /** Distance between the places of neighbouring input positions in the output. Default 1. */
  readonly stride?: number;
  /** Channels and filters are cut into so many groups, each convolved by itself. Default 1. */
  readonly groups?: number;
  /** What errors call this layer. */
  readonly name?: string;
}

interface Transposed extends Convolution {
  readonly outputPadding: number;
}

const transposeOperator: Operator<Transposed> = {
  name: "convolutionTranspose1d",
  infer([x, kernel, bias], convolution) {
    checkConvolution(convolution);
    const { before, after, dilation, stride, groups, outputPadding } = convolution;
    const sizes = fixedLengths(x, kernel, "channels, filters, width");
    const { channels, positions, outer, inner, width } = sizes;
    if (channels !== outer || channels % groups !== 0)
      throw new ShapeError("a kernel whose first axis is the input's channels, a multiple of the groups");
    const most = Math.max(stride, dilation);
    if (!(Number.isSafeInteger(outputPadding) && outputPadding >= 0 && outputPadding < most))
      throw new ShapeError(`an output padding of at least 0 and below the stride or dilation, ${most}`);
    const length = (positions - 1) * stride + spanOf(width, dilation) - before - after + outputPadding;
    if (positions < 1 || length < 1) throw new ShapeError("a padding that leaves at least one position");
    checkBias(bias, inner * groups);
    return [[x[0], inner * groups, length]];
  },
  emit(emitter, node) {
    const { before, after, dilation, stride, groups, outputPadding } = node.attributes;
    // What is cut off at the end and what is added there cancel: only one of them is left to ONNX.
    const cut = Math.max(0, after - outputPadding);
    const attributes = {
      pads: { integers: [before, cut] },
      output_padding: { integers: [Math.max(0, outputPadding - after)] },
      dilations: { integers: [dilation] },
      strides: { integers: [stride] },
    };
    if (groups === 1 || emitter.traits.groupedTranspose) {
      emitter.simple("ConvTranspose", node, { ...attributes, group: { integer: groups } });
      return;
    }
    const [channels, filters] = [node.inputs[0], node.outputs[0]].map(({ shape }) => shape[1] as number);
    const parts = node.inputs.map((input, i) => {
      const lengths = new Array<number>(groups).fill((i === 2 ? filters : channels) / groups);
      return emitter.split(emitter.name(input), i === 0 ? 1 : 0, lengths);
    });
    const outputs = Array.from({ length: groups }, (_, group) => {
      const inputs = parts.map((pieces) => pieces[group]);
      return emitter.node("ConvTranspose", inputs, attributes)[0];
    });
    emitter.concatenate(outputs, 1, emitter.name(node.outputs[0]));
  },
  evaluate([x, kernel, bias], { before, dilation, stride, groups }, [[batch, filters, length]]) {
    const [, channels, positions] = x.shape;
    const [, inner, width] = kernel.shape;
    const result = new Float64Array(batch * filters * length);
    for (let i = 0; bias && i < result.length; i++) result[i] = bias.data[Math.floor(i / length) % filters];
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        const first = Math.floor(c / (channels / groups)) * inner;
        for (let f = 0; f < inner; f++) {
          for (let p = 0; p < positions; p++) {
            for (let w = 0; w < width; w++) {
              const at = p * stride + w * dilation - before;
              if (at < 0 || at >= length) continue;
              result[(n * filters + first + f) * length + at] +=
                x.data[(n * channels + c) * positions + p] * kernel.data[(c * inner + f) * width + w];
            }
          }
        }
      }
    }
    return [result];
  },
  gradient(node, [gradient], needed) {
    if (!gradient) return node.inputs.map(() => null);
    const [x, kernel, bias] = node.inputs;
    const { outputPadding: _, ...convolution } = node.attributes;
    const positions = x.shape[2] as number;
    const ofInput = () => {
      // An output padding of a stride or more (dilated kernels) makes room for positions that the input lacks.
      const seen = slide(gradient, kernel, null, convolution, "convolution1d");
      return slice(seen, { axis: 2, start: 0, end: positions });
    };
    const width = kernel.shape[2] as number;
    return [
      needed[0] ? ofInput() : null,
      needed[1] ? convolution1dKernelGradient(gradient, x, width, convolution) : null,
      ...(bias ? [needed[2] ? reshape(sumOverPositions(gradient), bias.shape) : null] : []),
    ];
  },
};

/**
 * The adjoint of a convolution: what its output's gradient says about its input.
 * @param gradient [N, filters, output positions] @param kernel [filters, channels / groups, width]
 * @returns [N, channels, positions]
 */
export function convolution1dAdjoint(
  gradient: Tensor,
  kernel: Tensor,
  convolution: Convolution,
  positions: number,
): Tensor {
  const [filters, inner, width] = kernel.shape as readonly number[];
  const { before, after, dilation, stride, groups } = convolution;
  const span = spanOf(width, dilation);
  if (stride > 1) {
    const outputPadding = (positions + before + after - span) % stride;
    return applyOperator(transposeOperator, [gradient, kernel], { ...convolution, outputPadding })[0];
  }
  // With stride 1 it is a convolution with the flipped kernel: on the CPU that is faster than ONNX's ConvTranspose.
  const backwards = width === 1 ? kernel : flip(kernel, 2);
  const flipped =
    groups === 1
      ? transpose(backwards, [1, 0, 2])
      : reshape(transpose(reshape(backwards, [groups, filters / groups, inner, width]), [0, 2, 1, 3]), [
          inner * groups,
          filters / groups,
          width,
        ]);
  const [front, back] = [span - 1 - before, span - 1 - after];
  // More padding than the kernel reaches: output positions that saw nothing but padding.
  const seen = slice(gradient, {
    axis: 2,
    start: Math.max(0, -front),
    end: (gradient.shape[2] as number) - Math.max(0, -back),
  });
  const pads = { before: Math.max(0, front), after: Math.max(0, back) };
  return slide(seen, flipped, null, { ...pads, dilation, stride: 1, groups }, "convolution1d");
}

/**
 * Transposed convolution: the adjoint of {@link convolution1d}, which spreads each input position over `width` output
 * positions and so makes sequences longer.
 * @param x [N, channels, positions]
 * @param kernel [channels, filters / groups, width]
 * @param bias [filters], or null
 * @returns [N, filters, (positions - 1) stride + dilation (width - 1) + 1 - padding + output padding]
 */
export function convolutionTranspose1d(
  x: Tensor,
  kernel: Tensor,
  bias: Tensor | null = null,
  options: ConvolutionTranspose1dOptions = {},
): Tensor {
  const { padding = 0, outputPadding = 0, dilation = 1, stride = 1, groups = 1 } = options;
  const label = options.name ?? "convolutionTranspose1d";
  const [before, after] = typeof padding === "number" ? [padding, padding] : padding;
  const attributes = { before, after, dilation, stride, groups, outputPadding };
  return applyOperator(transposeOperator, bias ? [x, kernel, bias] : [x, kernel], attributes, label)[0];
}

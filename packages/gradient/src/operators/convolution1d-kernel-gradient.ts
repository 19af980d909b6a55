import { applyOperator, type Tensor } from "../graph.js";
import type { Operator } from "../operator.js";
import type { Convolution } from "./convolution1d.js";

interface KernelGradient extends Convolution {
  readonly width: number;
}

const kernelGradientOperator: Operator<KernelGradient> = {
  name: "convolution1dKernelGradient",
  infer: ([x, gradient], { width }) => [[gradient[1], x[1], width]],
  emit(emitter, node) {
    const { padding, dilation, stride, width } = node.attributes;
    const [x, gradient] = emitter.names(node.inputs);
    // With batch and channels swapped, the gradient's filters slide over the input: stride and dilation swap too.
    const swap = { perm: { integers: [1, 0, 2] } };
    const [input] = emitter.node("Transpose", [x], swap);
    const [kernel] = emitter.node("Transpose", [gradient], swap);
    const [full] = emitter.node("Conv", [input, kernel], {
      pads: { integers: [padding, padding] },
      dilations: { integers: [stride] },
      strides: { integers: [dilation] },
    });
    // Where the stride leaves input positions over at the end, the convolution finds more taps than there are.
    const [taps] = emitter.node("Slice", [
      full,
      emitter.integers([0]),
      emitter.integers([width]),
      emitter.integers([2]),
    ]);
    emitter.node("Transpose", [taps], swap, emitter.names(node.outputs));
  },
  evaluate([x, gradient], { padding, dilation, stride, width }) {
    const [batch, channels, positions] = x.shape;
    const [, filters, length] = gradient.shape;
    const result = new Float64Array(filters * channels * width);
    for (let n = 0; n < batch; n++) {
      for (let f = 0; f < filters; f++) {
        for (let c = 0; c < channels; c++) {
          for (let w = 0; w < width; w++) {
            let sum = 0;
            for (let p = 0; p < length; p++) {
              const at = p * stride + w * dilation - padding;
              if (at < 0 || at >= positions) continue;
              sum +=
                gradient.data[(n * filters + f) * length + p] * x.data[(n * channels + c) * positions + at];
            }
            result[(f * channels + c) * width + w] += sum;
          }
        }
      }
    }
    return [result];
  },
};

/**
 * The gradient of a convolution's kernel.
 * @param x the convolution's input, [N, channels, positions]
 * @param gradient that of its output, [N, filters, output positions]
 * @returns [filters, channels, width]
 */
export function convolution1dKernelGradient(
  x: Tensor,
  gradient: Tensor,
  width: number,
  convolution: Convolution,
): Tensor {
  return applyOperator(kernelGradientOperator, [x, gradient], { ...convolution, width })[0];
}
